package gemini

import (
	"github.com/llmgw/llmgw/protocol"
)

// contents writes the messages behind the leading system messages, or those
// where there are no others.
func (e *encoder) contents(lead int, only bool) {
	messages := e.r.Messages
	if only {
		lead = 0
	}
	end := len(messages)
	for end > lead && messages[end-1].Role == protocol.RoleAssistant {
		end--
		e.x.Warn("messages", "the model cannot continue an answer; the last one is left out")
	}
	for i := lead; i < end; i++ {
		m := &messages[i]
		switch m.Role {
		case protocol.RoleAssistant:
			e.model(m.Parts)
		case protocol.RoleUser:
			e.user(m.Parts)
		default:
			e.inlineSystem(m.Parts, only)
		}
	}
	e.shut()
	if !e.begun {
		e.dot()
	}
}

// begin opens a content unless the speaker's is open already.
func (e *encoder) begin(speaker byte) {
	if e.speaker == speaker {
		return
	}
	e.shut()
	if speaker == 'm' && !e.begun {
		e.dot() // the API wants the user to begin
	}
	e.next()
	if speaker == 'u' {
		e.dst = append(e.dst, `{"role":"user","parts":[`...)
	} else {
		e.dst = append(e.dst, `{"role":"model","parts":[`...)
	}
	e.speaker, e.begun = speaker, true
}

// shut closes the open content.
func (e *encoder) shut() {
	if e.speaker != 0 {
		e.dst = append(e.dst, `]}`...)
		e.speaker = 0
	}
}

// dot is a user's turn that says nothing.
func (e *encoder) dot() {
	e.dst = append(e.dst, `{"role":"user","parts":[{"text":"."}]}`...)
	e.begun = true
}

// inlineSystem writes a system message that comes late into a user's turn: to
// move it to the front would change what it means and every byte behind it.
func (e *encoder) inlineSystem(parts []protocol.Part, only bool) {
	if !only {
		e.x.Warn("messages", "a late system message became a part of the user's turn")
	}
	for i := range parts {
		p := &parts[i]
		if p.Kind != protocol.PartText || p.Text.Blank() {
			continue
		}
		e.begin('u')
		if only {
			e.text(p.Text)
			continue
		}
		e.next()
		e.dst = append(e.dst, `{"text":"<system>`...)
		e.dst = append(e.dst, p.Text.Inner()...)
		e.dst = append(e.dst, `</system>"}`...)
	}
}

// user writes a user's turn: the results of calls in a content of their own,
// which the API counts against the calls, then what a result cannot hold, then
// the rest.
func (e *encoder) user(parts []protocol.Part) {
	var below []*protocol.Part
	n := 0
	for n < len(parts) && parts[n].Kind == protocol.PartResult {
		if n == 0 {
			e.shut()
			e.begin('u')
		}
		below = e.result(&parts[n], below)
		n++
	}
	if n > 0 {
		e.shut()
	}
	for _, p := range below {
		e.begin('u')
		e.media(p)
	}
	for i := n; i < len(parts); i++ {
		e.part(&parts[i], 'u')
	}
}

// model writes the model's turn. The first call of a step carries the proof
// of the thinking before it; the calls beside it have none.
func (e *encoder) model(parts []protocol.Part) {
	var held protocol.Signature // of thinking, which may be meant for the call behind it
	calls := 0
	for i := range parts {
		p := &parts[i]
		switch p.Kind {
		case protocol.PartThinking, protocol.PartRedacted:
			if p.Signature.Maker == protocol.MadeByGemini && p.Signature.Present() {
				e.loose(held)
				held = p.Signature
			}
		case protocol.PartCall:
			s := p.Signature
			if s.Maker != protocol.MadeByGemini {
				s = protocol.Signature{}
			}
			if calls++; calls == 1 && !s.Present() {
				s, held = held, protocol.Signature{}
			}
			e.loose(held)
			held = protocol.Signature{}
			e.call(p, s, calls == 1)
		default:
			e.loose(held)
			held = protocol.Signature{}
			e.part(p, 'm')
		}
	}
	e.loose(held)
}

// loose writes a signature that belongs to no text and no call.
func (e *encoder) loose(s protocol.Signature) {
	if s.Present() {
		e.begin('m')
		e.next()
		e.dst = append(e.dst, `{"text":"","thoughtSignature":`...)
		e.dst = append(e.dst, s.Data...)
		e.dst = append(e.dst, '}')
	}
}

func (e *encoder) call(p *protocol.Part, s protocol.Signature, first bool) {
	e.begin('m')
	e.next()
	e.dst = append(e.dst, `{"functionCall":{`...)
	if e.t.ids && !p.ID.Empty() {
		e.key("id")
		e.dst = append(e.dst, p.ID...)
	}
	e.key("name")
	e.dst = append(e.dst, e.x.SendName(p.Name, &toolNames)...)
	e.dst = append(e.dst, `,"args":`...)
	e.dst = append(e.dst, argsOf(p.Args).Compact()...)
	e.dst = append(e.dst, '}')
	switch {
	case s.Present():
		e.key("thoughtSignature")
		e.dst = append(e.dst, s.Data...)
	case first && e.t.signatures:
		e.x.Warn("messages", "a call's thought signature is missing; its check is skipped")
		e.key("thoughtSignature")
		e.dst = append(e.dst, skipValidator...)
	}
	e.dst = append(e.dst, '}')
}

func argsOf(args protocol.Raw) protocol.Raw {
	if len(args) == 0 {
		return protocol.Raw("{}")
	}
	return args
}

// part writes what stands neither for a call nor for its result.
func (e *encoder) part(p *protocol.Part, speaker byte) {
	switch p.Kind {
	case protocol.PartText, protocol.PartRefusal:
		signed := speaker == 'm' && p.Signature.Maker == protocol.MadeByGemini && p.Signature.Present()
		if p.Text.Empty() && !signed {
			return
		}
		e.begin(speaker)
		e.text(p.Text)
		if signed {
			e.dst = append(e.dst[:len(e.dst)-1], `,"thoughtSignature":`...)
			e.dst = append(append(e.dst, p.Signature.Data...), '}')
		}
	case protocol.PartImage, protocol.PartFile, protocol.PartAudio:
		e.begin(speaker)
		e.media(p)
	case protocol.PartServerTool:
		e.x.Warn("messages", "what another provider's own tools did is told in words or left out")
		if !p.Text.Blank() {
			e.begin(speaker)
			e.text(p.Text)
		}
	}
}
