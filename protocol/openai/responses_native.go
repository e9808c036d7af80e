package openai

import "github.com/llmgw/llmgw/protocol"

// OwnReasoning returns the edit that takes out of a request to the Responses
// API the reasoning that this gateway wrapped for its client, none where there
// is none. A conversation that began with a model of another provider brings
// it along, and OpenAI refuses what it has not encrypted itself. What is
// OpenAI's own of it is unwrapped. body must have been validated;
// where its [protocol.Signs] show nothing wrapped there is nothing.
func OwnReasoning(body []byte) []protocol.Edit {
	var input protocol.Member
	_ = protocol.ScanObject(body, func(name []byte, m protocol.Member) { // it has been validated
		if string(name) == "input" {
			input = m
		}
	})
	if !input.Present() || body[input.Start] != '[' {
		return nil
	}
	if list := protocol.RewriteArray(input.Of(body), ownItem); list != nil {
		return []protocol.Edit{protocol.Replace(input, list)}
	}
	return nil
}

// ownItem returns an item of the input as OpenAI takes it, nil for one that it
// does not take.
func ownItem(item []byte) []byte {
	kind, _ := protocol.Find(item, "type")
	encrypted, ok := protocol.Get(item, protocol.Member{End: len(item)}, "encrypted_content")
	if !ok || !protocol.Text(kind).Is("reasoning") {
		return item
	}
	s, ours := protocol.Unwrap(encrypted.Of(item))
	switch {
	case !ours:
		return item
	case s.Maker != protocol.MadeByOpenAI:
		return nil
	}
	return protocol.Splice(nil, item, protocol.Replace(encrypted, s.Data))
}
