package openai

import "github.com/llmgw/llmgw/protocol"

var noArguments = protocol.Raw("{}")

// argumentsOf returns the object that a call's "arguments" say, a JSON text in
// a JSON string. Nothing is the empty object. What is no object cannot be sent
// to a provider that wants one: a value becomes {"value":...}, and broken
// JSON, which a call cut by the token limit leaves, {"_raw_arguments":"..."}
// and false.
func argumentsOf(t protocol.Text) (protocol.Raw, bool) {
	if t.Blank() {
		return noArguments, true
	}
	said := []byte(t.String())
	if protocol.ScanObject(said, func([]byte, protocol.Member) {}) == nil {
		return protocol.Raw(said), true
	}
	value := append([]byte(`{"value":`), said...)
	value = append(value, '}')
	members := 0
	if protocol.ScanObject(value, func([]byte, protocol.Member) { members++ }) == nil && members == 1 {
		return value, true
	}
	return append(append([]byte(`{"_raw_arguments":`), t...), '}'), false
}
