package openai

import (
	"bytes"
	"slices"

	"github.com/llmgw/llmgw/protocol"
)

// callPiece is what a delta says of one call.
type callPiece struct {
	index          int64 // -1: it does not say
	id, name, args protocol.Text
	custom         bool
	signature      protocol.Signature
}

// callState is how far a call has come. A call is opened, so that its events
// go out, when its name is known and no call before it is open.
type callState struct {
	index          int64
	part           protocol.Part // ID, Name, Custom, Signature
	pending        []byte        // arguments that came before it was opened, escaped
	opened, closed bool
	args           jsonDepth
}

// whole tells whether the arguments are complete.
func (k *callState) whole() bool { return k.args.whole() }

func readPiece(c *protocol.Cursor) callPiece {
	p := callPiece{index: -1}
	if c.Kind() != '{' {
		return p
	}
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "index":
			if n, ok := protocol.Int(c.Raw()); ok {
				p.index = n
			}
		case "id":
			p.id = optionalText(c)
		case "function":
			p.function(c)
		case "custom":
			p.custom = true
			p.function(c)
		case "extra_content":
			p.signature = thoughtSignature(c)
		}
	})
	return p
}

// function takes the object below a call, a function's or a custom tool's.
func (p *callPiece) function(c *protocol.Cursor) {
	if c.Kind() != '{' {
		return
	}
	c.Object(func(name []byte) {
		switch string(name) {
		case "name":
			p.name = optionalText(c)
		case "arguments", "input":
			if c.Kind() == '{' {
				p.args = protocol.AppendQuotedJSON(nil, c.Raw())
			} else {
				p.args = optionalText(c)
			}
		case "thought_signature":
			p.signature = protocol.Signature{Maker: protocol.MadeByGemini, Data: optionalText(c)}
		}
	})
}

// call appends the events of a piece of a call.
func (d *chatStreamDecoder) call(dst []protocol.Event, s *choiceState, p *callPiece) []protocol.Event {
	k := s.find(p)
	if k == nil {
		k = &callState{index: p.index, part: protocol.Part{Kind: protocol.PartCall, Custom: p.custom}}
		s.calls = append(s.calls, k)
		if !d.hold(256) {
			return d.fail(dst, notReadable())
		}
	}
	if k.part.ID.Empty() && !p.id.Empty() {
		k.part.ID = slices.Clone(p.id)
		for _, signed := range s.signed {
			if bytes.Equal(signed.ID, p.id) {
				k.part.Signature = signed.Signature
			}
		}
	}
	if k.part.Name.Empty() && !p.name.Empty() {
		k.part.Name = slices.Clone(p.name)
	}
	if p.signature.Present() {
		sig := protocol.Signature{Maker: p.signature.Maker, Data: slices.Clone(p.signature.Data)}
		dst = d.signOpen(dst, s, k, sig)
	}
	if !p.args.Empty() {
		switch {
		case k.closed: // nothing can follow what was whole
		case k == s.open:
			dst = d.arguments(dst, s, k, p.args)
		case !d.hold(len(p.args)):
			return d.fail(dst, notReadable())
		default:
			k.pending = append(k.pending, p.args.Inner()...)
		}
	}
	return d.advance(dst, s, false)
}

// find returns the call that a piece is of, nil for a new one. An index that
// comes with another id is a new call: some servers number all calls 0.
func (s *choiceState) find(p *callPiece) *callState {
	if len(s.calls) == 0 {
		return nil
	}
	for _, k := range slices.Backward(s.calls) {
		sameID := bytes.Equal(k.part.ID, p.id)
		switch {
		case p.index >= 0 && k.index == p.index:
			if p.id.Empty() || k.part.ID.Empty() || sameID {
				return k
			}
			return nil
		case p.index < 0 && !p.id.Empty() && sameID:
			return k
		}
	}
	last := s.calls[len(s.calls)-1]
	if p.index >= 0 || !p.id.Empty() || !p.name.Empty() && !last.part.Name.Empty() {
		return nil
	}
	return last
}

// arguments appends a piece of the open call's arguments. A custom tool's are
// free text in the provider's words and an object in the hub's, so they wait
// until they are all there.
func (d *chatStreamDecoder) arguments(dst []protocol.Event, s *choiceState, k *callState, text protocol.Text) []protocol.Event {
	if k.part.Custom {
		if !d.hold(len(text)) {
			return d.fail(dst, notReadable())
		}
		k.pending = append(k.pending, text.Inner()...)
		return dst
	}
	k.args.read(text.Inner())
	return append(dst, protocol.Event{Kind: protocol.EventDelta, Choice: s.index, Text: text})
}

// advance opens the next call where it can. The open one is left when its
// arguments are whole and something waits for its end; with force, at the
// stream's end, in any case.
func (d *chatStreamDecoder) advance(dst []protocol.Event, s *choiceState, force bool) []protocol.Event {
	for {
		next := s.next(force)
		if s.open != nil {
			if !force && (!s.open.whole() || next == nil && len(s.held) == 0) {
				return dst
			}
			dst = d.closeCall(dst, s)
		}
		held := s.held
		s.held = nil
		for i := range held {
			dst = d.sayHeld(dst, s, &held[i])
		}
		if next == nil || d.done {
			return dst
		}
		dst = d.openCall(dst, s, next)
	}
}

// next returns the first call that waits and can be opened. It waits for its
// id as long as its arguments do not come first.
func (s *choiceState) next(force bool) *callState {
	for _, k := range s.calls {
		if !k.opened {
			if k.part.Name.Empty() || k.part.ID.Empty() && len(k.pending) == 0 && !force {
				return nil
			}
			return k
		}
	}
	return nil
}

func (d *chatStreamDecoder) openCall(dst []protocol.Event, s *choiceState, k *callState) []protocol.Event {
	if k.part.ID.Empty() {
		k.part.ID = protocol.TextOf(d.x.NewID("call_"))
	}
	dst = d.startPart(dst, s, clientCall(d.x, k.part))
	k.opened, s.open = true, k
	if len(k.pending) > 0 && !k.part.Custom {
		text := asText(k.pending)
		k.pending = nil
		dst = d.arguments(dst, s, k, text)
	}
	return dst
}

func (d *chatStreamDecoder) closeCall(dst []protocol.Event, s *choiceState) []protocol.Event {
	if k := s.open; k.part.Custom {
		args := protocol.AppendQuotedJSON(nil, customInput(asText(k.pending)))
		k.pending = nil
		dst = append(dst, protocol.Event{Kind: protocol.EventDelta, Choice: s.index, Text: args})
	}
	return d.closePart(dst, s)
}

// flush appends all that waits, at the end of a choice.
func (d *chatStreamDecoder) flush(dst []protocol.Event, s *choiceState) []protocol.Event {
	if len(s.calls) == 0 {
		return dst
	}
	dst = d.advance(dst, s, true)
	for _, k := range s.calls {
		if !k.opened {
			return d.fail(dst, protocol.Errorf(protocol.BadGateway, "The provider's answer calls a tool without a name."))
		}
	}
	return dst
}

// jsonDepth follows a JSON value that comes in pieces of a JSON string, as far
// as it takes to know when it ends.
type jsonDepth struct {
	depth             int
	begun             bool
	inString, escaped bool
}

func (j *jsonDepth) whole() bool { return j.begun && j.depth == 0 }

// read takes the inside of a JSON string, with whole escapes.
func (j *jsonDepth) read(inner []byte) {
	for i := 0; i < len(inner); i++ {
		b := inner[i]
		if b == '\\' && i+1 < len(inner) {
			i++
			switch b = inner[i]; b {
			case '"', '\\':
			case 'u':
				b = ascii(inner[i+1:])
				i = min(i+4, len(inner))
			default:
				b = 'x' // white space, or a slash
			}
		}
		j.char(b)
	}
}

// ascii reads four hex digits, as far as the structure of JSON needs it.
func ascii(hex []byte) byte {
	r, ok := protocol.String(append(append([]byte(`"\u`), hex[:min(4, len(hex))]...), '"'))
	if !ok || len(r) != 1 {
		return 'x'
	}
	return r[0]
}

func (j *jsonDepth) char(b byte) {
	switch {
	case j.escaped:
		j.escaped = false
	case j.inString:
		j.escaped = b == '\\'
		j.inString = b != '"'
	case b == '"':
		j.inString = true
	case b == '{' || b == '[':
		j.depth++
		j.begun = true
	case b == '}' || b == ']':
		j.depth = max(j.depth-1, 0)
	}
}
