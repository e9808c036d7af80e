package anthropic

import "github.com/llmgw/llmgw/protocol"

// OwnThinking returns the edits that take out of a Messages request the
// thinking that this gateway wrapped for its client, none where there is none.
// A conversation that began with a model of another provider brings it along,
// and Anthropic refuses a signature that is not its own. body must have been
// validated; where its [protocol.Signs] show nothing wrapped there is nothing.
func OwnThinking(body []byte) []protocol.Edit {
	var messages protocol.Member
	_ = protocol.ScanObject(body, func(name []byte, m protocol.Member) { // it has been validated
		if string(name) == "messages" {
			messages = m
		}
	})
	if !messages.Present() || body[messages.Start] != '[' {
		return nil
	}
	if list := protocol.RewriteArray(messages.Of(body), ownMessage); list != nil {
		return []protocol.Edit{protocol.Replace(messages, list)}
	}
	return nil
}

// ownMessage returns a message without foreign thinking. One that was nothing
// else is left out: neighbours of one role are one turn to Anthropic.
func ownMessage(message []byte) []byte {
	content, ok := protocol.Get(message, protocol.Member{End: len(message)}, "content")
	if !ok || message[content.Start] != '[' {
		return message
	}
	blocks := protocol.RewriteArray(content.Of(message), ownBlock)
	switch {
	case blocks == nil:
		return message
	case len(blocks) == len("[]"):
		return nil
	}
	return protocol.Splice(nil, message, protocol.Replace(content, blocks))
}

func ownBlock(block []byte) []byte {
	for _, name := range [...]string{"signature", "data"} { // of thinking, of redacted_thinking
		v, ok := protocol.Find(block, name)
		if !ok {
			continue
		}
		if _, ours := protocol.Unwrap(v); ours {
			return nil
		}
	}
	return block
}
