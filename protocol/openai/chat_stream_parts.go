package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// choiceState is how far one choice of a stream has come.
type choiceState struct {
	index      int
	isOpen     bool
	part       protocol.PartKind // of the open part
	at, length int               // code points of text before the open part, and of it
	calls      []*callState
	open       *callState      // the call that is the open part
	held       []protocol.Part // what came while a call was open and not whole
	signed     []protocol.Part
	refusal    []byte // escaped
	finish     protocol.Text
	matched    protocol.Text
}

func (s *choiceState) refusalText() protocol.Text {
	if len(s.refusal) == 0 {
		return nil
	}
	return asText(s.refusal)
}

// newPart returns a part that lives until the next frame.
func (d *chatStreamDecoder) newPart(p protocol.Part) *protocol.Part {
	d.parts = append(d.parts, p)
	return &d.parts[len(d.parts)-1]
}

// startPart ends the open part and starts another one.
func (d *chatStreamDecoder) startPart(dst []protocol.Event, s *choiceState, p protocol.Part) []protocol.Event {
	dst = d.closePart(dst, s)
	s.isOpen, s.part, s.length = true, p.Kind, 0
	return append(dst, protocol.Event{Kind: protocol.EventPartStart, Choice: s.index, Part: d.newPart(p)})
}

func (d *chatStreamDecoder) closePart(dst []protocol.Event, s *choiceState) []protocol.Event {
	if !s.isOpen {
		return dst
	}
	if s.part == protocol.PartText {
		s.at += s.length
	}
	if s.open != nil {
		s.open.closed, s.open = true, nil
	}
	s.isOpen = false
	return append(dst, protocol.Event{Kind: protocol.EventPartStop, Choice: s.index})
}

// text appends a piece of text, of thinking or of a refusal.
func (d *chatStreamDecoder) text(dst []protocol.Event, s *choiceState, kind protocol.PartKind, text protocol.Text) []protocol.Event {
	if text.Empty() {
		return dst
	}
	if s.open != nil && !s.open.whole() {
		return d.holdPart(dst, s, protocol.Part{Kind: kind, Text: text})
	}
	if !s.isOpen || s.part != kind {
		dst = d.startPart(dst, s, protocol.Part{Kind: kind})
	}
	switch kind {
	case protocol.PartText:
		s.length += codePoints(text.Inner())
	case protocol.PartRefusal:
		s.refusal = append(s.refusal, text.Inner()...)
	}
	return append(dst, protocol.Event{Kind: protocol.EventDelta, Choice: s.index, Text: text})
}

// image appends an image.
func (d *chatStreamDecoder) image(dst []protocol.Event, s *choiceState, p protocol.Part) []protocol.Event {
	if s.open != nil && !s.open.whole() {
		return d.holdPart(dst, s, p)
	}
	return d.closePart(d.startPart(dst, s, p), s)
}

// holdPart keeps a piece of text or an image until the open call ends.
func (d *chatStreamDecoder) holdPart(dst []protocol.Event, s *choiceState, p protocol.Part) []protocol.Event {
	size := len(p.Text)
	if p.Media != nil {
		size = len(p.Media.Data) + len(p.Media.URL)
	}
	if !d.hold(size + 256) {
		return d.fail(dst, notReadable())
	}
	s.held = append(s.held, p.Clone())
	return dst
}

func (d *chatStreamDecoder) sayHeld(dst []protocol.Event, s *choiceState, p *protocol.Part) []protocol.Event {
	if p.Kind == protocol.PartImage {
		return d.image(dst, s, *p)
	}
	return d.text(dst, s, p.Kind, p.Text)
}

// hold counts bytes that are held back, and tells whether there may be as many.
func (d *chatStreamDecoder) hold(n int) bool {
	d.held += n
	return d.held <= maxHeld
}

// think appends what a delta says of thinking.
func (d *chatStreamDecoder) think(dst []protocol.Event, s *choiceState, t *thinking) []protocol.Event {
	dst = d.text(dst, s, protocol.PartThinking, t.text)
	details := t.details
	if len(details) == 0 {
		details = t.blocks
	}
	for i := range details {
		p := &details[i]
		switch {
		case s.open != nil: // its signature would be taken for the call's
		case p.Kind == protocol.PartRedacted:
			dst = d.closePart(d.startPart(dst, s, *p), s)
		default:
			if t.text.Empty() {
				dst = d.text(dst, s, protocol.PartThinking, p.Text)
			}
			if p.Signature.Present() {
				dst = d.sign(dst, s, protocol.PartThinking, p.Signature)
			}
		}
	}
	if t.tail.Present() && s.open == nil {
		dst = d.sign(dst, s, protocol.PartText, t.tail)
	}
	for _, p := range t.calls {
		dst = d.signCall(dst, s, p.Clone())
	}
	return dst
}

// sign gives a signature to the open part where that is of the kind, else to
// an empty one, and ends it.
func (d *chatStreamDecoder) sign(dst []protocol.Event, s *choiceState, kind protocol.PartKind, sig protocol.Signature) []protocol.Event {
	if !s.isOpen || s.part != kind {
		dst = d.startPart(dst, s, protocol.Part{Kind: kind})
	}
	p := d.newPart(protocol.Part{Kind: kind, Signature: sig})
	dst = append(dst, protocol.Event{Kind: protocol.EventSignature, Choice: s.index, Part: p})
	return d.closePart(dst, s)
}

// signCall gives a signature to the call that it names, which may not have
// come yet.
func (d *chatStreamDecoder) signCall(dst []protocol.Event, s *choiceState, signed protocol.Part) []protocol.Event {
	for _, k := range s.calls {
		if bytes.Equal(k.part.ID, signed.ID) {
			return d.signOpen(dst, s, k, signed.Signature)
		}
	}
	if !d.hold(len(signed.Signature.Data)) {
		return d.fail(dst, notReadable())
	}
	s.signed = append(s.signed, signed)
	return dst
}

// signOpen gives a signature to a call, in the stream where the call is open.
func (d *chatStreamDecoder) signOpen(dst []protocol.Event, s *choiceState, k *callState, sig protocol.Signature) []protocol.Event {
	if k.part.Signature.Present() {
		return dst
	}
	k.part.Signature = sig
	if k != s.open {
		return dst
	}
	p := d.newPart(protocol.Part{Kind: protocol.PartCall, Signature: sig})
	return append(dst, protocol.Event{Kind: protocol.EventSignature, Choice: s.index, Part: p})
}
