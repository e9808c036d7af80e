package protocol_test

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

// nextTurns is what a client of each API appends to its conversation: the
// answer that it got, and what its user or its tools say then.
var nextTurns = map[string]struct {
	list  string            // the member that holds the conversation
	user  string            // where the assistant spoke last
	turns map[string]string // where the user did
}{
	"chat": {"messages", `{"role":"user","content":"Go on."}`, map[string]string{
		"text":     `{"role":"assistant","content":"So it is."},{"role":"user","content":"Go on."}`,
		"tools":    `{"role":"assistant","content":"Let me see.","tool_calls":[{"id":"call:one more","type":"function","function":{"name":"one.more","arguments":"{\"a\": 1}"}},{"id":"call2","type":"function","function":{"name":"one.more","arguments":""}}]},{"role":"tool","tool_call_id":"call2","content":"two"},{"role":"tool","tool_call_id":"call:one more","content":"[1]"}`,
		"thinking": `{"role":"assistant","content":"So it is.","reasoning_content":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"EqQBCkYIBxgCKkA","format":"anthropic-claude-v1","index":0}]},{"role":"user","content":"Go on."}`,
		"signed":   `{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"R0VN"}}}]},{"role":"tool","tool_call_id":"c1","content":"ok"}`,
	}},
	"responses": {"input", `{"role":"user","content":"Go on."}`, map[string]string{
		"text":     `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"So it is."}]},{"role":"user","content":"Go on."}`,
		"tools":    `{"type":"function_call","call_id":"call:one more","name":"one.more","arguments":"{\"a\": 1}"},{"type":"function_call","call_id":"call2","name":"one.more","arguments":"{}"},{"type":"function_call_output","call_id":"call2","output":"two"},{"type":"function_call_output","call_id":"call:one more","output":"[1]"}`,
		"thinking": `{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAAAAB"},{"role":"assistant","content":"So it is."},{"role":"user","content":"Go on."}`,
	}},
	"anthropic": {"messages", `{"role":"user","content":"Go on."}`, map[string]string{
		"text":     `{"role":"assistant","content":[{"type":"text","text":"So it is."}]},{"role":"user","content":"Go on."}`,
		"tools":    `{"role":"assistant","content":[{"type":"tool_use","id":"call_1","name":"one_more","input":{"a": 1}},{"type":"tool_use","id":"call_2","name":"one_more","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_2","content":"two"},{"type":"tool_result","tool_use_id":"call_1","content":[{"type":"text","text":"[1]"},` + onePNG + `]},{"type":"text","text":"Go on."}]}`,
		"thinking": `{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"EqQBCkYIBxgCKkA"},{"type":"text","text":"So it is."}]},{"role":"user","content":"Go on."}`,
		"wrapped":  `{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"llmgw1.none"},{"type":"tool_use","id":"call_1","name":"one_more","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1"}]}`,
	}},
	"gemini": {"contents", `{"role":"user","parts":[{"text":"Go on."}]}`, map[string]string{
		"text":     `{"role":"model","parts":[{"text":"So it is."}]},{"role":"user","parts":[{"text":"Go on."}]}`,
		"tools":    `{"role":"model","parts":[{"functionCall":{"name":"one.more","args":{"a": 1}},"thoughtSignature":"R0VN"},{"functionCall":{"name":"one.more","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"name":"one.more","response":{"output":"one"}}},{"functionResponse":{"name":"one.more","response":{"output":[1]}}}]}`,
		"thinking": `{"role":"model","parts":[{"text":"hm","thought":true},{"text":"So it is.","thoughtSignature":"R0VN"}]},{"role":"user","parts":[{"text":"Go on."}]}`,
	}},
}

var calls = regexp.MustCompile(`"(tool_calls|function_call|tool_use|functionCall)"`)

// One more turn of a conversation leaves the bytes that a provider is sent for
// it up to there as they were, or the provider's prompt cache would miss: for
// every request that a client was seen to send and every provider's models,
// with turns of each kind behind one another.
func TestOneMoreTurnLeavesTheEarlierBytes(t *testing.T) {
	for _, from := range clients {
		bodies := requestsOf(t, from)
		for _, to := range instances {
			if strings.HasPrefix(to.name, from.name) && from.name != "chat" && from.name != "responses" {
				continue // one dialect on both sides: the bytes pass
			}
			t.Run(from.name+"-to-"+to.name, func(t *testing.T) {
				compared, turns := 0, nextTurns[from.name].turns
				kinds := slices.Sorted(maps.Keys(turns))
				for i, name := range slices.Sorted(maps.Keys(bodies)) {
					body, at := bodies[name], i%len(kinds) // every kind is the first of some
					for _, kind := range slices.Concat(kinds[at:], kinds[:at]) {
						before := promptOf(from, to, body)
						if before.toolless(to) && calls.MatchString(turns[kind]) {
							continue // who offers no tool gets no call
						}
						next := extended(from, body, turns[kind])
						if !stays(t, name+" and "+kind, before, promptOf(from, to, next)) {
							break
						}
						body, compared = next, compared+1
					}
				}
				t.Logf("%d steps of %d conversations", compared, len(bodies))
				if compared < len(bodies) {
					t.Errorf("only %d steps compared", compared)
				}
			})
		}
	}
}

// stays tells whether one prompt begins with all of another but what closes
// it. A prompt that was refused compares with none. Where a client left its
// thinking out of a turn with calls, Claude cannot be asked to think until the
// next one (the gateway remembers thinking for that reason): the settings
// change then, and what is cached, tools and on, does not.
func stays(t *testing.T, name string, before, after prompt) bool {
	t.Helper()
	if before.body == nil || after.body == nil {
		return false
	}
	if before.thinks != after.thinks {
		before.body, after.body = before.cached(), after.cached()
	}
	open := bytes.TrimRight(before.body, "]}")
	if bytes.HasPrefix(after.body, open) {
		return true
	}
	at := 0
	for at < len(open) && at < len(after.body) && open[at] == after.body[at] {
		at++
	}
	t.Errorf("%s: of %d bytes %d stay\n%.300s\n%.300s", name, len(open), at, before.body[at:], after.body[at:])
	return false
}

// prompt is what a provider gets; body is nil where the request is refused.
type prompt struct {
	body   []byte
	thinks bool
}

func promptOf(from client, to instance, body []byte) (p prompt) {
	x := converting(false)
	x.Target = to.model
	if body == nil || from.decode(x, body) != nil {
		return p
	}
	protocol.Arrange(x)
	out, err := to.encode(nil, x)
	if err != nil {
		return p
	}
	_, thinks := protocol.Find(out, "thinking")
	return prompt{out, thinks}
}

// toolless tells whether a prompt is Claude's and has no tools: those that the
// history calls would be declared with the first call of one.
func (p prompt) toolless(to instance) bool {
	return to.schema == "anthropic.messages.request.2023-06-01" && !bytes.Contains(p.body, []byte(`"tools":[`))
}

// cached is the part of a request to Claude that is cached.
func (p prompt) cached() []byte {
	for _, first := range []string{`"tools":[`, `"system":[`, `"messages":[`} {
		if i := bytes.Index(p.body, []byte(first)); i >= 0 {
			return p.body[i:]
		}
	}
	return p.body
}

// extended puts a turn behind a conversation; nil where it is none that a turn
// can be put behind.
func extended(from client, body []byte, turn string) []byte {
	next := nextTurns[from.name]
	list, ok := protocol.Find(body, next.list)
	if !ok || list[0] != '[' {
		return nil
	}
	var last []byte
	asked := false
	if protocol.ScanArray(list, func(m protocol.Member) {
		last = m.Of(list)
		role, _ := protocol.Find(last, "role")
		asked = asked || string(role) != `"system"` && string(role) != `"developer"`
	}) != nil || !asked { // without a user there is nothing to go on from
		return nil
	}
	role, _ := protocol.Find(last, "role")
	if kind, _ := protocol.Find(last, "type"); string(role) == `"assistant"` || string(role) == `"model"` || string(kind) == `"function_call"` {
		turn = next.user
	}
	if last != nil {
		turn = "," + turn
	}
	at := bytes.Index(body, list) + len(list) - 1
	return slices.Concat(body[:at], []byte(turn), body[at:])
}
