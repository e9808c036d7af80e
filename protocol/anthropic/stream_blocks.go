package anthropic

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// block takes a frame about a block. The hub's parts do not overlap: where a
// server's blocks do, all but the open one wait.
func (d *streamDecoder) block(dst []protocol.Event, f *frame, data []byte) []protocol.Event {
	switch {
	case d.open != blockNone && !d.here(f):
		if d.room -= len(data) + 64; d.room < 0 {
			return d.fail(dst, protocol.Errorf(protocol.BadGateway, "The provider's stream holds too much at once."))
		}
		d.held = append(d.held, bytes.Clone(data))
	case string(f.kind) == `"content_block_delta"`:
		return d.delta(dst, f)
	case string(f.kind) == `"content_block_start"`:
		return d.blockStart(dst, f)
	case d.open != blockNone:
		return d.release(d.blockStop(dst))
	}
	return dst
}

// release takes the frames that waited, now that no block is open.
func (d *streamDecoder) release(dst []protocol.Event) []protocol.Event {
	held := d.held
	d.held = nil
	for i := 0; i < len(held) && !d.done; i++ {
		data, f := held[i], frame{}
		_ = protocol.ScanObject(data, func(name []byte, m protocol.Member) { f.member(name, m.Of(data)) }) // it has been read before
		dst = d.block(dst, &f, data)
	}
	return dst
}

// newPart returns a part that lives until the next frame.
func (d *streamDecoder) newPart(p protocol.Part) *protocol.Part {
	if d.used == len(d.parts) {
		d.parts = append(d.parts, new(protocol.Part))
	}
	d.used++
	*d.parts[d.used-1] = p
	return d.parts[d.used-1]
}

// blockStart opens a block. One that is open still has lost its end.
func (d *streamDecoder) blockStart(dst []protocol.Event, f *frame) []protocol.Event {
	if !d.started {
		dst = d.start(dst, nil, nil)
	}
	dst = d.blockStop(dst)
	d.index, d.begun, d.streamed = f.index, false, false
	d.input, d.sig = nil, d.sig[:0]

	var b struct{ kind, text, data, id, name, input []byte }
	_ = protocol.ScanObject(f.block, func(name []byte, m protocol.Member) { // what is no object is no block
		v := m.Of(f.block)
		switch string(name) {
		case "type":
			b.kind = v
		case "text", "thinking":
			b.text = v
		case "signature", "data":
			b.data = v
		case "id":
			b.id = v
		case "name":
			b.name = v
		case "input":
			b.input = v
		}
	})
	switch kind := string(text(b.kind).Inner()); kind {
	case "text":
		d.open = blockText
		return d.piece(dst, text(b.text))
	case "thinking":
		d.open = blockThinking
		d.sign(text(b.data))
		return d.piece(d.begin(dst, protocol.Part{Kind: protocol.PartThinking}), text(b.text))
	case "redacted_thinking":
		d.open = blockRedacted
		return d.begin(dst, protocol.Part{Kind: protocol.PartRedacted, Signature: signed(text(b.data))})
	case "tool_use":
		return d.callStart(dst, text(b.id), text(b.name), b.input)
	default:
		d.open = blockHidden
		if blockKind(text(b.kind)) == serverBlock {
			d.open = blockServer
			d.server.start(f.block)
		}
		return dst
	}
}

func (d *streamDecoder) callStart(dst []protocol.Event, id, name protocol.Text, input []byte) []protocol.Event {
	if len(input) > 2 && input[0] == '{' { // some servers give it whole
		d.input = bytes.Clone(input)
	}
	if d.x.FormatTool != "" && name.Is(d.x.FormatTool) {
		d.open = blockFormat
		return dst
	}
	d.open, d.calls = blockCall, true
	return d.begin(dst, clientCall(d.x, protocol.Part{Kind: protocol.PartCall, ID: id, Name: name}))
}

// begin gives the start of the open block's part.
func (d *streamDecoder) begin(dst []protocol.Event, p protocol.Part) []protocol.Event {
	d.begun = true
	return append(dst, protocol.Event{Kind: protocol.EventPartStart, Part: d.newPart(p)})
}

// piece gives a piece of the open block, if it is not empty.
func (d *streamDecoder) piece(dst []protocol.Event, t protocol.Text) []protocol.Event {
	if t.Empty() {
		return dst
	}
	if !d.begun {
		dst = d.begin(dst, protocol.Part{Kind: protocol.PartText})
	}
	d.streamed = true
	return append(dst, protocol.Event{Kind: protocol.EventDelta, Text: t})
}

// sign keeps a signature until its block ends: the last one counts.
func (d *streamDecoder) sign(t protocol.Text) {
	if !t.Empty() {
		d.sig = append(d.sig[:0], t...)
	}
}

func (d *streamDecoder) delta(dst []protocol.Event, f *frame) []protocol.Event {
	if d.open == blockNone || d.open == blockHidden {
		return dst
	}
	var kind, value, cite []byte
	_ = protocol.ScanObject(f.delta, func(name []byte, m protocol.Member) { // what is no object says nothing
		switch string(name) {
		case "type":
			kind = m.Of(f.delta)
		case "text", "thinking", "partial_json", "signature":
			value = m.Of(f.delta)
		case "citation":
			cite = m.Of(f.delta)
		}
	})
	t := text(value)
	switch string(kind) {
	case `"text_delta"`:
		if d.open == blockText {
			return d.piece(dst, t)
		}
	case `"thinking_delta"`:
		if d.open == blockThinking {
			return d.piece(dst, t)
		}
	case `"input_json_delta"`:
		switch d.open {
		case blockCall, blockFormat:
			return d.piece(dst, t)
		case blockServer:
			d.server.add(t)
		}
	case `"signature_delta"`:
		if d.open == blockThinking {
			d.sign(t)
		}
	case `"citations_delta"`:
		return d.cite(dst, cite)
	}
	return dst
}

func (d *streamDecoder) cite(dst []protocol.Event, raw []byte) []protocol.Event {
	c, ok := citation(raw)
	if !ok || d.open != blockText {
		return dst
	}
	if !d.begun {
		dst = d.begin(dst, protocol.Part{Kind: protocol.PartText})
	}
	p := d.newPart(protocol.Part{Kind: protocol.PartText, Citations: []protocol.Citation{c}})
	return append(dst, protocol.Event{Kind: protocol.EventCite, Part: p})
}

// blockStop closes the open block, if there is one.
func (d *streamDecoder) blockStop(dst []protocol.Event) []protocol.Event {
	switch d.open {
	case blockCall, blockFormat:
		if !d.streamed {
			if d.input == nil {
				d.input = []byte("{}")
			}
			dst = d.piece(dst, protocol.AppendQuotedJSON(nil, d.input))
		}
	case blockThinking:
		if len(d.sig) > 0 {
			p := d.newPart(protocol.Part{Kind: protocol.PartThinking, Signature: signed(bytes.Clone(d.sig))})
			dst = append(dst, protocol.Event{Kind: protocol.EventSignature, Part: p})
		}
	case blockServer:
		if raw := d.server.raw(); raw != nil {
			dst = d.begin(dst, d.server.part(raw))
		}
	}
	if d.open = blockNone; d.begun {
		d.begun = false
		dst = append(dst, protocol.Event{Kind: protocol.EventPartStop})
	}
	return dst
}

// serverBlockState puts the block of a server tool together.
type serverBlockState struct {
	block []byte
	input []byte // its arguments, if they are streamed
	large bool
}

// maxServerInput bounds what is held of a server tool's arguments.
const maxServerInput = 1 << 20

func (s *serverBlockState) start(block []byte) {
	*s = serverBlockState{block: bytes.Clone(block)}
}

func (s *serverBlockState) add(t protocol.Text) {
	if s.large = s.large || len(s.input)+len(t) > maxServerInput; !s.large {
		s.input = append(s.input, t.String()...)
	}
}

// raw returns the whole block, nil where its arguments are broken.
func (s *serverBlockState) raw() protocol.Raw {
	block := s.block
	switch m, ok := protocol.Get(block, protocol.Member{End: len(block)}, "input"); {
	case s.large:
		return nil
	case len(s.input) == 0:
		return block
	case !ok || protocol.ScanObject(s.input, func([]byte, protocol.Member) {}) != nil:
		return nil
	default:
		return protocol.Splice(nil, block, protocol.Replace(m, s.input))
	}
}

func (s *serverBlockState) part(raw protocol.Raw) protocol.Part {
	name, _ := protocol.Find(raw, "name")
	return protocol.Part{
		Kind: protocol.PartServerTool, Name: text(name), Raw: raw,
		Signature: protocol.Signature{Maker: protocol.MadeByAnthropic},
	}
}
