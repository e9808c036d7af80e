package gemini

import "github.com/llmgw/llmgw/protocol"

// OwnSignatures returns the edits that take out of a generateContent request
// the thinking that this gateway gave its client to carry as a signature, none
// where there is none. A conversation that began with a model of another
// provider brings it along, and Gemini refuses a signature that is not its own.
// A call keeps its place for one, in which Gemini is told not to look. body
// must have been validated; where its [protocol.Signs] show nothing wrapped
// there is nothing.
func OwnSignatures(body []byte) []protocol.Edit {
	var contents protocol.Member
	_ = protocol.ScanObject(body, func(name []byte, m protocol.Member) { // it has been validated
		if string(name) == "contents" {
			contents = m
		}
	})
	if !contents.Present() || body[contents.Start] != '[' {
		return nil
	}
	if list := protocol.RewriteArray(contents.Of(body), ownContent); list != nil {
		return []protocol.Edit{protocol.Replace(contents, list)}
	}
	return nil
}

func ownContent(content []byte) []byte {
	parts, ok := protocol.Get(content, protocol.Member{End: len(content)}, "parts")
	if !ok || content[parts.Start] != '[' {
		return content
	}
	list := protocol.RewriteArray(parts.Of(content), ownPart)
	if list == nil {
		return content
	}
	return protocol.Splice(nil, content, protocol.Replace(parts, list))
}

func ownPart(part []byte) []byte {
	instead := []byte(`""`)
	var foreign protocol.Member
	_ = protocol.ScanObject(part, func(name []byte, m protocol.Member) { // what is no object stays
		switch string(name) {
		case "thoughtSignature", "thought_signature":
			if _, ours := uncarry(m.Of(part)); ours {
				foreign = m
			}
		case "functionCall", "function_call":
			instead = []byte(skipValidator)
		}
	})
	if !foreign.Present() {
		return part
	}
	return protocol.Splice(nil, part, protocol.Replace(foreign, instead))
}
