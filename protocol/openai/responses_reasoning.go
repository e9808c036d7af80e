package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// A reasoning item's encrypted_content is the one place where a client of the
// Responses API carries what a provider wants back. What it was taken from is
// not always a block of thinking, so the wrapped signature's id, which only
// OpenAI's own have a use for, says what else it was: the id of a call that
// was signed, or redacted.
var redactedID = protocol.Text(`"redacted"`)

// addReasoning adds the part that a reasoning item stands for.
func (d *responsesDecoder) addReasoning(p protocol.Part, encrypted, id protocol.Text) {
	s, ours := protocol.Unwrap(encrypted)
	switch {
	case !ours && !encrypted.Empty():
		p.Signature = protocol.Signature{Maker: protocol.MadeByOpenAI, Data: encrypted, ID: id}
	case s.Maker == protocol.MadeByOpenAI:
		p.Signature = s
	case s.Present():
		p.Signature = protocol.Signature{Maker: s.Maker, Data: s.Data}
		if bytes.Equal(s.ID, redactedID) {
			p.Kind = protocol.PartRedacted
		} else if s.ID != nil {
			if d.signed == nil {
				d.signed = make(map[string]protocol.Signature)
			}
			d.signed[string(s.ID)] = p.Signature
			return
		} else if d.signText(&p) {
			return
		}
	}
	d.add(protocol.RoleAssistant, p)
}

// signText gives a signature that came with a text, which Gemini's may, back
// to the text that it stands behind.
func (d *responsesDecoder) signText(p *protocol.Part) bool {
	n := len(d.r.Messages)
	if p.Signature.Maker != protocol.MadeByGemini || !p.Text.Empty() || n == 0 || d.r.Messages[n-1].Role != protocol.RoleAssistant {
		return false
	}
	parts := d.r.Messages[n-1].Parts
	if len(parts) == 0 || parts[len(parts)-1].Kind != protocol.PartText {
		return false
	}
	parts[len(parts)-1].Signature = p.Signature
	return true
}

// sign gives calls the signatures that came in items of their own.
func (d *responsesDecoder) sign() {
	if d.signed == nil {
		return
	}
	for i := range d.r.Messages {
		for j := range d.r.Messages[i].Parts {
			if p := &d.r.Messages[i].Parts[j]; p.Kind == protocol.PartCall {
				p.Signature = d.signed[string(p.ID)]
			}
		}
	}
}

// encryptedContent is what the client shall carry for a signed part, nil for
// nothing.
func encryptedContent(p *protocol.Part) protocol.Text {
	s := p.Signature
	if !s.Present() {
		return nil
	}
	switch {
	case s.Maker == protocol.MadeByOpenAI:
		return s.Wrap()
	case p.Kind == protocol.PartRedacted:
		s.ID = redactedID
	case p.Kind == protocol.PartCall:
		s.ID = p.ID
	default:
		s.ID = nil
	}
	return s.Wrap()
}
