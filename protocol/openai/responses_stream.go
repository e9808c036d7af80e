package openai

import (
	"bytes"
	"slices"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// NewResponsesStreamDecoder returns the decoder of an instance's stream of the
// Responses API. Items that a server fills side by side come one after the
// other; what it says only when an item is done is said then.
func NewResponsesStreamDecoder(x *protocol.Exchange) protocol.StreamDecoder {
	return &responsesStreamDecoder{x: x, index: noIndex}
}

const noIndex = -1

type responsesStreamDecoder struct {
	x             *protocol.Exchange
	started, done bool
	frame         responsesFrame
	held          [][]byte // frames about items that must wait
	heldBytes     int
	parts         []*protocol.Part // that events point to, used again in the next frame
	used          int

	items   int    // that were seen
	index   int64  // of the open item, noIndex for none
	kind    string // of the open item
	isOpen  bool   // a part of the hub is
	part    protocol.PartKind
	content int64  // which content of the item the open part is
	said    bool   // the open item has said something
	pending []byte // arguments that came before the call's name, escaped
	end     responsesEnd
	refused []byte // escaped
}

// responsesFrame is where the members of a frame lie.
type responsesFrame struct {
	kind, delta, whole, item, response, annotation, logprobs []byte
	output, content                                          int64
}

func (f *responsesFrame) member(name, v []byte) {
	switch string(name) {
	case "type":
		f.kind = stringOrNil(v)
	case "output_index":
		f.output, _ = protocol.Int(v)
	case "content_index", "summary_index":
		f.content, _ = protocol.Int(v)
	case "delta":
		f.delta = stringOrNil(v)
	case "text", "refusal", "arguments", "input":
		f.whole = stringOrNil(v)
	case "item":
		f.item = v
	case "response":
		f.response = v
	case "annotation":
		f.annotation = v
	case "logprobs":
		f.logprobs = v
	}
}

// Frame implements [protocol.StreamDecoder].
func (d *responsesStreamDecoder) Frame(dst []protocol.Event, raw []byte) []protocol.Event {
	if d.done {
		return dst
	}
	d.used = 0
	data := bytes.TrimSpace(sse.Data(raw))
	switch {
	case data == nil:
		return append(dst, protocol.Event{Kind: protocol.EventPing})
	case string(data) == "[DONE]": // some servers end so, and have said all before
		return dst
	}
	return d.step(dst, data)
}

// End implements [protocol.StreamDecoder].
func (d *responsesStreamDecoder) End(dst []protocol.Event) []protocol.Event {
	if d.done {
		return dst
	}
	return d.fail(dst, protocol.Errorf(protocol.BadGateway, "The provider's answer broke off."))
}

func (d *responsesStreamDecoder) fail(dst []protocol.Event, err *protocol.Error) []protocol.Event {
	d.done, d.held = true, nil
	return append(dst, protocol.Event{Kind: protocol.EventError, Err: err})
}

// step takes what one frame says.
func (d *responsesStreamDecoder) step(dst []protocol.Event, data []byte) []protocol.Event {
	f := &d.frame
	*f = responsesFrame{output: noIndex}
	if protocol.ScanObject(data, func(name []byte, m protocol.Member) { f.member(name, m.Of(data)) }) != nil {
		return d.fail(dst, notReadable())
	}
	kind := protocol.Text(f.kind).Inner()
	switch string(kind) {
	case "response.created", "response.in_progress", "response.queued":
		return d.start(dst)
	case "response.completed", "response.incomplete", "response.done":
		return d.finish(d.start(dst))
	case "error", "response.failed", "response.cancelled":
		return d.fail(dst, protocol.DecodeError(0, data))
	}
	if f.output == noIndex {
		return dst
	}
	if d.index != noIndex && d.index != f.output {
		return d.hold(dst, data)
	}
	dst = d.start(dst)
	if string(kind) == "response.output_item.done" {
		return d.release(d.itemDone(dst))
	}
	return d.about(dst, kind)
}

// about takes a frame about an item that is not done yet.
func (d *responsesStreamDecoder) about(dst []protocol.Event, kind []byte) []protocol.Event {
	f := &d.frame
	switch string(kind) {
	case "response.output_item.added":
		return d.itemAdded(dst)
	case "response.output_text.delta":
		return d.logprobs(d.text(dst, protocol.PartText, f.delta))
	case "response.refusal.delta":
		return d.text(dst, protocol.PartRefusal, f.delta)
	case "response.output_text.done":
		return d.textDone(dst, protocol.PartText)
	case "response.refusal.done":
		return d.textDone(dst, protocol.PartRefusal)
	case "response.output_text.annotation.added":
		return d.cite(dst)
	case "response.reasoning_summary_text.delta", "response.reasoning_text.delta", "response.reasoning_summary.delta", "response.reasoning.delta":
		return d.thought(dst)
	case "response.function_call_arguments.delta":
		return d.arguments(dst, f.delta)
	case "response.custom_tool_call_input.delta":
		return d.input(dst, f.delta)
	}
	return dst
}

// start tells of the answer, once.
func (d *responsesStreamDecoder) start(dst []protocol.Event) []protocol.Event {
	if d.started {
		return dst
	}
	d.started = true
	e := protocol.Event{Kind: protocol.EventStart}
	if id, ok := protocol.Find(d.frame.response, "id"); ok {
		e.ID = stringOrNil(id)
	}
	if model, ok := protocol.Find(d.frame.response, "model"); ok {
		e.Model = stringOrNil(model)
	}
	return append(dst, e)
}

// hold keeps a frame about another item than the open one.
func (d *responsesStreamDecoder) hold(dst []protocol.Event, data []byte) []protocol.Event {
	d.heldBytes += len(data) + 256
	if d.heldBytes > maxHeld {
		return d.fail(dst, notReadable())
	}
	d.held = append(d.held, bytes.Clone(data))
	return dst
}

// release takes the frames that were held back, now that no item is open.
func (d *responsesStreamDecoder) release(dst []protocol.Event) []protocol.Event {
	held := d.held
	d.held, d.heldBytes = nil, 0
	for i := 0; i < len(held) && !d.done; i++ {
		dst = d.step(dst, held[i])
	}
	return dst
}

// finish ends the answer with what its last frame tells.
func (d *responsesStreamDecoder) finish(dst []protocol.Event) []protocol.Event {
	response := d.frame.response
	if d.index != noIndex { // its events may lie in frames of their own
		response = slices.Clone(response)
	}
	for d.index != noIndex { // a server that forgets to say that they are done
		dst = d.release(d.closeItem(dst))
		if d.done {
			return dst
		}
	}
	if status, ok := protocol.Find(response, "status"); ok {
		d.end.status = stringOrNil(status)
	}
	d.end.reason, _ = protocol.Find(response, "incomplete_details", "reason")
	if d.items == 0 {
		dst = d.unstreamed(dst, response)
	}
	if len(d.refused) > 0 {
		d.end.refusal = asText(d.refused)
	}
	stop, err := d.end.stop()
	if err != nil {
		return d.fail(dst, err)
	}
	e := protocol.Event{Kind: protocol.EventEnd}
	if usage, ok := protocol.Find(response, "usage"); ok {
		e.Usage, _ = usageObject(usage)
	}
	if tier, ok := protocol.Find(response, "service_tier"); ok {
		e.Tier, _ = protocol.String(tier)
	}
	d.done = true
	return append(dst, protocol.Event{Kind: protocol.EventStop, Stop: stop}, e)
}

// unstreamed appends the items of an answer that were never streamed.
func (d *responsesStreamDecoder) unstreamed(dst []protocol.Event, response []byte) []protocol.Event {
	r, err := DecodeResponsesResponse(d.x, response)
	if err != nil {
		return dst // no output: an answer of nothing
	}
	events := r.Replay(nil)
	for i := range events {
		switch events[i].Kind {
		case protocol.EventStart, protocol.EventStop, protocol.EventEnd:
			continue
		case protocol.EventPartStart:
			d.end.see(events[i].Part)
		}
		dst = append(dst, events[i])
	}
	return dst
}
