package gemini

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/llmgw/llmgw/protocol"
)

// outPart is one part of a chunk.
type outPart struct {
	text, signature       protocol.Text
	thought               bool
	call, media, file     protocol.Raw
	code, executionResult protocol.Raw
}

func (d *streamDecoder) part(ch *choice, c *protocol.Cursor) {
	var p outPart
	c.Object(func(name []byte) {
		v := c.Raw()
		if protocol.IsNull(v) {
			return
		}
		switch string(name) {
		case "text":
			p.text = textOf(v)
		case "thought":
			p.thought = string(v) == "true"
		case "thoughtSignature":
			p.signature = textOf(v)
		case "functionCall":
			p.call = v
		case "inlineData":
			p.media = v
		case "fileData":
			p.file = v
		case "executableCode":
			p.code = v
		case "codeExecutionResult":
			p.executionResult = v
		}
	})
	if p.call == nil && p.text.Empty() && p.signature.Empty() && p.media == nil && p.file == nil && p.code == nil && p.executionResult == nil {
		return // toolCall, toolResponse and what is not known yet
	}
	if p.call != nil {
		d.functionCall(ch, &p)
		return
	}
	d.endPartial(ch)
	switch {
	case p.media != nil || p.file != nil:
		d.media(ch, &p)
	case p.code != nil:
		var in decoder
		in.c = protocol.NewCursor(p.code)
		var made protocol.Part
		in.executableCode(&made)
		d.whole(ch, made)
	case p.executionResult != nil:
		var in decoder
		in.c = protocol.NewCursor(p.executionResult)
		var made protocol.Part
		in.executionResult(&made)
		d.whole(ch, made)
	case p.text != nil:
		d.text(ch, &p)
	case p.signature != nil && ch.open && !ch.sealed:
		d.text(ch, &p)
	}
}

// text passes on a piece of the open part, or of a new one. A signature ends
// the part that it came with; one without text belongs to the part before it.
func (d *streamDecoder) text(ch *choice, p *outPart) {
	kind := protocol.PartText
	if p.thought {
		kind = protocol.PartThinking
	}
	if p.text.Empty() {
		if ch.open && !ch.sealed {
			kind = ch.kind
		}
	}
	if ch.open && (ch.kind != kind || ch.sealed) {
		d.close(ch)
	}
	if !ch.open {
		d.start(ch, &protocol.Part{Kind: kind})
	}
	if !p.text.Empty() {
		d.emit(protocol.Event{Kind: protocol.EventDelta, Choice: ch.index, Text: p.text})
		if kind == protocol.PartText {
			ch.usable = true
			d.keepText(ch, p.text)
		}
	}
	if !p.signature.Empty() {
		ch.sealed = true
		d.emit(protocol.Event{Kind: protocol.EventSignature, Choice: ch.index, Part: &protocol.Part{Kind: kind, Signature: madeHere(p.signature)}})
	}
}

// keepText keeps what citations may point into.
func (d *streamDecoder) keepText(ch *choice, t protocol.Text) {
	if d.cited == 0 {
		return
	}
	if d.held += len(t); d.held > d.cited {
		d.cited = 0
		return
	}
	ch.text = appendDecoded(ch.text, t)
}

// appendDecoded appends what a text says.
func appendDecoded(dst []byte, t protocol.Text) []byte {
	if bytes.IndexByte(t, '\\') < 0 {
		return append(dst, t.Inner()...)
	}
	return append(dst, t.String()...)
}

func madeHere(data protocol.Text) protocol.Signature {
	if data.Empty() {
		return protocol.Signature{}
	}
	return protocol.Signature{Maker: protocol.MadeByGemini, Data: data}
}

func (d *streamDecoder) start(ch *choice, p *protocol.Part) {
	ch.open, ch.kind, ch.sealed, ch.partAt = true, p.Kind, false, len(ch.text)
	d.emit(protocol.Event{Kind: protocol.EventPartStart, Choice: ch.index, Part: p})
}

func (d *streamDecoder) close(ch *choice) {
	if ch.open {
		ch.open = false
		d.emit(protocol.Event{Kind: protocol.EventPartStop, Choice: ch.index})
	}
}

// whole passes on a part that comes in one piece.
func (d *streamDecoder) whole(ch *choice, p protocol.Part) {
	d.close(ch)
	text := p.Text
	p.Text = nil
	d.start(ch, &p)
	if text != nil {
		d.emit(protocol.Event{Kind: protocol.EventDelta, Choice: ch.index, Text: text})
	}
	d.close(ch)
	ch.usable = true
}

// media passes on an image. No client of another dialect has a place for other
// data that a model makes; that there was some is said.
func (d *streamDecoder) media(ch *choice, p *outPart) {
	in := decoder{x: d.x}
	var made protocol.Part
	if p.media != nil {
		in.c = protocol.NewCursor(p.media)
		in.inlineData(&made)
	} else {
		in.c = protocol.NewCursor(p.file)
		in.fileData(&made)
	}
	if in.c.Err() != nil || made.Media == nil {
		d.fail(unreadable())
		return
	}
	switch made.Kind {
	case protocol.PartAudio:
		d.x.Warn("messages", "audio in the answer is not shown")
		made = protocol.Part{Text: protocol.Text(`"[audio]"`)}
	case protocol.PartFile:
		d.x.Warn("messages", "a file in the answer is not shown")
		made = protocol.Part{Text: protocol.Text(`"[file]"`)}
	}
	made.Signature = madeHere(p.signature)
	d.whole(ch, made)
}

// functionCall reads a call: a whole one, or a piece of one that Vertex
// streams.
func (d *streamDecoder) functionCall(ch *choice, p *outPart) {
	var id, name protocol.Text
	var args, pieces protocol.Raw
	more := false
	c := protocol.NewCursor(p.call)
	c.Object(func(field []byte) {
		v := c.Raw()
		switch string(field) {
		case "id":
			id = textOf(v)
		case "name":
			name = textOf(v)
		case "args":
			if v[0] == '{' {
				args = v.Compact() // Google indents whole answers
			}
		case "partialArgs":
			pieces = v
		case "willContinue":
			more = string(v) == "true"
		}
	})
	if c.Err() != nil {
		d.fail(unreadable())
		return
	}
	if !name.Empty() {
		d.endPartial(ch)
		if more || pieces != nil {
			ch.partial = newPartialCall(id, name, p.signature)
		} else {
			d.call(ch, id, name, args, p.signature)
			return
		}
	}
	if ch.partial == nil {
		return
	}
	if d.held += len(pieces); d.held > maxHeld {
		d.fail(protocol.Errorf(protocol.BadGateway, "The provider's call of a tool is too long."))
		return
	}
	ch.partial.add(pieces)
	if !more {
		d.endPartial(ch)
	}
}

// endPartial passes on the call that came in pieces, if there is one.
func (d *streamDecoder) endPartial(ch *choice) {
	if p := ch.partial; p != nil {
		ch.partial = nil
		d.call(ch, p.id, p.name, p.args(), p.signature)
	}
}

// call passes on a whole call.
func (d *streamDecoder) call(ch *choice, id, name protocol.Text, args protocol.Raw, signature protocol.Text) {
	ch.calls++
	if d.single && ch.calls > 1 {
		return
	}
	d.close(ch)
	if id.Empty() {
		id = d.callID(ch)
	}
	p := &protocol.Part{Kind: protocol.PartCall, ID: id, Name: d.x.ClientName(name), Signature: madeHere(signature)}
	if d.x.Request != nil {
		if t := d.x.Tool(p.Name); t != nil {
			p.Custom, p.Namespace = t.Kind == protocol.ToolCustom, t.Namespace
		}
	}
	d.start(ch, p)
	d.emit(protocol.Event{Kind: protocol.EventDelta, Choice: ch.index, Text: protocol.AppendQuotedJSON(nil, argsOf(args).Compact())})
	d.close(ch)
	ch.usable = true
}

// callID makes the id of a call that has none, of the answer's and its number:
// two calls that say the same have two ids, and a replay has the same.
func (d *streamDecoder) callID(ch *choice) protocol.Text {
	if len(d.id) == 0 && d.x.Rand != nil {
		d.id = []byte(d.x.NewID(""))
	}
	seed := append([]byte(nil), d.id...)
	seed = strconv.AppendInt(append(seed, '/'), int64(ch.index), 10)
	seed = strconv.AppendInt(append(seed, '/'), int64(ch.calls), 10)
	sum := sha256.Sum256(seed)
	out := protocol.Text(`"call_`)
	out = hex.AppendEncode(out, sum[:12])
	return append(out, '"')
}
