package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// OwnReasoning returns the edit that takes out of a request to the Responses
// API the reasoning that this gateway wrapped for its client, none where there
// is none. A conversation that began with a model of another provider brings
// it along, and OpenAI refuses what it has not encrypted itself. What is
// OpenAI's own of it is unwrapped. body must have been validated.
func OwnReasoning(body []byte) []protocol.Edit {
	if !bytes.Contains(body, []byte(`"llmgw1.`)) {
		return nil
	}
	var input protocol.Member
	_ = protocol.ScanObject(body, func(name []byte, m protocol.Member) { // it has been validated
		if string(name) == "input" {
			input = m
		}
	})
	if !input.Present() || body[input.Start] != '[' {
		return nil
	}
	list := input.Of(body)
	out := make([]byte, 0, len(list))
	changed := false
	_ = protocol.ScanArray(list, func(m protocol.Member) {
		item, own := ownItem(m.Of(list))
		changed = changed || !own || len(item) != m.End-m.Start
		if !own {
			return
		}
		out = append(out, "[,"[min(len(out), 1)])
		out = append(out, item...)
	})
	if !changed {
		return nil
	}
	if len(out) == 0 {
		out = append(out, '[')
	}
	return []protocol.Edit{protocol.Replace(input, append(out, ']'))}
}

// ownItem returns an item of the input as OpenAI takes it, false for one that
// it does not take.
func ownItem(item []byte) ([]byte, bool) {
	kind, _ := protocol.Find(item, "type")
	encrypted, ok := protocol.Get(item, protocol.Member{End: len(item)}, "encrypted_content")
	if !ok || !protocol.Text(kind).Is("reasoning") {
		return item, true
	}
	s, ours := protocol.Unwrap(encrypted.Of(item))
	switch {
	case !ours:
		return item, true
	case s.Maker != protocol.MadeByOpenAI:
		return nil, false
	}
	return protocol.Splice(nil, item, protocol.Replace(encrypted, s.Data)), true
}
