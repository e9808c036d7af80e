package openai

import "github.com/llmgw/llmgw/protocol"

// newPart returns a part that lives until the next frame.
func (d *responsesStreamDecoder) newPart(p protocol.Part) *protocol.Part {
	if d.used == len(d.parts) {
		d.parts = append(d.parts, new(protocol.Part))
	}
	d.used++
	*d.parts[d.used-1] = p
	return d.parts[d.used-1]
}

func (d *responsesStreamDecoder) open(dst []protocol.Event, p protocol.Part) []protocol.Event {
	dst = d.closePart(dst)
	d.isOpen, d.part, d.content = true, p.Kind, d.frame.content
	return append(dst, protocol.Event{Kind: protocol.EventPartStart, Part: d.newPart(p)})
}

func (d *responsesStreamDecoder) closePart(dst []protocol.Event) []protocol.Event {
	if !d.isOpen {
		return dst
	}
	d.isOpen = false
	return append(dst, protocol.Event{Kind: protocol.EventPartStop})
}

func (d *responsesStreamDecoder) say(dst []protocol.Event, text protocol.Text) []protocol.Event {
	if text.Empty() {
		return dst
	}
	d.said = true
	return append(dst, protocol.Event{Kind: protocol.EventDelta, Text: text})
}

// begin makes the item of the frame at hand the open one.
func (d *responsesStreamDecoder) begin(kind string) {
	if d.index == noIndex {
		d.items++
		d.index, d.kind, d.said, d.pending = d.frame.output, kind, false, nil
	}
}

func (d *responsesStreamDecoder) itemAdded(dst []protocol.Event) []protocol.Event {
	item := readResponsesItem(d.frame.item)
	d.begin(item.kind)
	if item.kind == "function_call" || item.kind == "custom_tool_call" {
		return d.startCall(dst, &item)
	}
	return dst
}

// startCall opens a call once its name is known.
func (d *responsesStreamDecoder) startCall(dst []protocol.Event, item *responsesItem) []protocol.Event {
	if item.name.Empty() || d.isOpen {
		return dst
	}
	p := item.callHead(d.x)
	if isFormat(d.x, &p) {
		p = protocol.Part{}
	} else {
		d.end.called = true
	}
	dst = d.open(dst, p)
	if len(d.pending) > 0 {
		dst = d.say(dst, asText(d.pending))
	}
	return dst
}

// arguments takes a piece of a function's arguments.
func (d *responsesStreamDecoder) arguments(dst []protocol.Event, piece protocol.Text) []protocol.Event {
	d.begin("function_call")
	if d.isOpen {
		return d.say(dst, piece)
	}
	d.pending = append(d.pending, piece.Inner()...)
	return dst
}

// input takes a piece of a custom tool's text, as a piece of the arguments that
// stand for it.
func (d *responsesStreamDecoder) input(dst []protocol.Event, piece protocol.Text) []protocol.Event {
	d.begin("custom_tool_call")
	args := make([]byte, 0, len(piece)+16)
	if !d.said && len(d.pending) == 0 {
		args = append(args, `{"input":"`...)
	}
	args = append(args, piece.Inner()...)
	return d.arguments(dst, protocol.AppendQuotedJSON(nil, args))
}

// text takes a piece of a message. Nothing is opened before there is some.
func (d *responsesStreamDecoder) text(dst []protocol.Event, kind protocol.PartKind, piece protocol.Text) []protocol.Event {
	if d.begin("message"); piece.Empty() {
		return dst
	}
	if !d.isOpen || d.part != kind || d.content != d.frame.content {
		dst = d.open(dst, protocol.Part{Kind: kind})
	}
	if kind == protocol.PartRefusal {
		d.refused = append(d.refused, piece.Inner()...)
	}
	return d.say(dst, piece)
}

// textDone takes the whole text of a content, which counts where no piece of
// it came.
func (d *responsesStreamDecoder) textDone(dst []protocol.Event, kind protocol.PartKind) []protocol.Event {
	if d.isOpen && d.content == d.frame.content {
		return dst
	}
	return d.text(dst, kind, d.frame.whole)
}

func (d *responsesStreamDecoder) logprobs(dst []protocol.Event) []protocol.Event {
	if l := d.frame.logprobs; len(l) > 2 && l[0] == '[' {
		return append(dst, protocol.Event{Kind: protocol.EventLogprobs, Raw: joined(nil, l)})
	}
	return dst
}

func (d *responsesStreamDecoder) cite(dst []protocol.Event) []protocol.Event {
	cite, ok := readResponsesCitation(d.frame.annotation)
	if !ok || !d.isOpen || d.part != protocol.PartText {
		return dst
	}
	return append(dst, protocol.Event{Kind: protocol.EventCite, Part: d.newPart(protocol.Part{Citations: []protocol.Citation{cite}})})
}

// thought takes a piece of reasoning.
func (d *responsesStreamDecoder) thought(dst []protocol.Event) []protocol.Event {
	if d.begin("reasoning"); protocol.Text(d.frame.delta).Empty() {
		return dst
	}
	if !d.isOpen {
		dst = d.open(dst, protocol.Part{Kind: protocol.PartThinking})
	}
	if d.content != d.frame.content {
		d.content = d.frame.content
		dst = d.say(dst, protocol.Text(`"\n\n"`))
	}
	return d.say(dst, d.frame.delta)
}

// itemDone ends the open item with all that it says as a whole and has not said
// in pieces.
func (d *responsesStreamDecoder) itemDone(dst []protocol.Event) []protocol.Event {
	item := readResponsesItem(d.frame.item)
	d.begin(item.kind)
	switch item.kind {
	case "function_call", "custom_tool_call":
		dst = d.callDone(dst, &item)
	case "reasoning":
		dst = d.reasoningDone(dst, &item)
	case "message":
		if !d.said {
			for i := range item.content {
				dst = d.whole(dst, &item.content[i])
			}
		}
	default:
		parts := item.asParts(d.x)
		for i := range parts {
			dst = d.open(dst, parts[i])
		}
	}
	return d.closeItem(dst)
}

// whole appends a content that no piece came of.
func (d *responsesStreamDecoder) whole(dst []protocol.Event, p *protocol.Part) []protocol.Event {
	if p.Text.Empty() {
		return dst
	}
	if p.Kind == protocol.PartRefusal {
		d.refused = append(d.refused, p.Text.Inner()...)
	}
	dst = d.say(d.open(dst, protocol.Part{Kind: p.Kind}), p.Text)
	if len(p.Citations) > 0 {
		dst = append(dst, protocol.Event{Kind: protocol.EventCite, Part: d.newPart(protocol.Part{Citations: p.Citations})})
	}
	return d.closePart(dst)
}

func (d *responsesStreamDecoder) callDone(dst []protocol.Event, item *responsesItem) []protocol.Event {
	dst = d.startCall(dst, item)
	switch {
	case !d.isOpen || d.said:
	case item.kind == "custom_tool_call":
		return d.input(dst, item.input)
	default:
		dst = d.say(dst, item.arguments)
	}
	return dst
}

func (d *responsesStreamDecoder) reasoningDone(dst []protocol.Event, item *responsesItem) []protocol.Event {
	p, ok := item.thinking()
	if !ok {
		return dst
	}
	if !d.isOpen {
		dst = d.say(d.open(dst, protocol.Part{Kind: protocol.PartThinking}), p.Text)
	}
	if p.Signature.Present() {
		dst = append(dst, protocol.Event{Kind: protocol.EventSignature, Part: d.newPart(protocol.Part{Signature: p.Signature})})
	}
	return dst
}

// closeItem ends the open item. A custom tool's arguments end where its text
// does.
func (d *responsesStreamDecoder) closeItem(dst []protocol.Event) []protocol.Event {
	if d.kind == "custom_tool_call" && d.isOpen && d.said {
		dst = d.say(dst, protocol.Text(`"\"}"`))
	}
	d.index = noIndex
	return d.closePart(dst)
}
