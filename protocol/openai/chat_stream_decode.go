package openai

import (
	"bytes"
	"slices"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// NewChatStreamDecoder returns the decoder of an instance's stream of chat
// completion chunks. Servers that speak this dialect differ in much: calls
// that are interleaved, unnumbered or named late, chunks without choices,
// finish reasons that come twice. The events are in the hub's order all the
// same; what comes too early is held back.
func NewChatStreamDecoder(x *protocol.Exchange) protocol.StreamDecoder {
	return &chatStreamDecoder{x: x}
}

// Bounds of what a stream may make the decoder keep.
const (
	maxChoices = 128
	maxHeld    = 16 << 20 // bytes held back of all choices
)

type chatStreamDecoder struct {
	x             *protocol.Exchange
	c             protocol.Cursor
	started, done bool
	usage         protocol.Usage
	tier          string
	choices       []*choiceState
	held          int             // bytes held back
	parts         []protocol.Part // that the events of the frame at hand point to
	delta         chatDelta
}

// chunk is where the members of a chunk lie.
type chunk struct{ id, model, tier, choices, usage, failure []byte }

// Frame appends the events of one frame.
func (d *chatStreamDecoder) Frame(dst []protocol.Event, raw []byte) []protocol.Event {
	if d.done {
		return dst
	}
	d.parts = d.parts[:0]
	data := bytes.TrimSpace(sse.Data(raw))
	switch {
	case data == nil:
		return append(dst, protocol.Event{Kind: protocol.EventPing})
	case string(data) == "[DONE]":
		return d.finish(dst)
	}
	var ck chunk
	err := protocol.ScanObject(data, func(name []byte, m protocol.Member) { ck.member(name, m.Of(data)) })
	switch {
	case err != nil:
		return d.fail(dst, notReadable())
	case ck.failure != nil, bytes.HasPrefix(raw, []byte("event: error")):
		return d.fail(dst, protocol.DecodeError(0, data))
	}
	if !d.started && (ck.choices != nil || len(ck.id) > len(`""`)) {
		d.started = true
		d.tier, _ = protocol.String(ck.tier)
		dst = append(dst, protocol.Event{Kind: protocol.EventStart, ID: ck.id, Model: ck.model, Tier: d.tier})
	}
	if ck.choices != nil {
		d.c.Reset(ck.choices)
		d.c.Array(func(int) { dst = d.choice(dst) })
		if d.c.Err() != nil {
			return d.fail(dst, notReadable())
		}
	}
	if ck.usage == nil || d.done {
		return dst
	}
	if u, ok := usageObject(ck.usage); ok {
		d.usage = u
		dst = append(dst, protocol.Event{Kind: protocol.EventUsage, Usage: u})
	}
	return dst
}

func (ck *chunk) member(name, v []byte) {
	switch string(name) {
	case "id":
		ck.id = stringOrNil(v)
	case "model":
		ck.model = stringOrNil(v)
	case "service_tier":
		ck.tier = v
	case "choices":
		if v[0] == '[' && !protocol.IsBlank(v) {
			ck.choices = v
		}
	case "usage":
		if v[0] == '{' {
			ck.usage = v
		}
	case "error":
		if !protocol.IsBlank(v) {
			ck.failure = v
		}
	}
}

func stringOrNil(v []byte) []byte {
	if v[0] != '"' {
		return nil
	}
	return v
}

// End appends what the end of the stream means.
func (d *chatStreamDecoder) End(dst []protocol.Event) []protocol.Event {
	if d.done {
		return dst
	}
	d.parts = d.parts[:0]
	return d.finish(dst)
}

// finish ends all choices. A choice without a finish reason was cut.
func (d *chatStreamDecoder) finish(dst []protocol.Event) []protocol.Event {
	cut := len(d.choices) == 0
	for _, s := range d.choices {
		cut = cut || s != nil && s.finish == nil
	}
	if cut {
		return d.fail(dst, protocol.Errorf(protocol.BadGateway, "The provider's answer broke off."))
	}
	for i, s := range d.choices {
		if s == nil {
			continue
		}
		if dst = d.flush(dst, s); d.done {
			return dst
		}
		dst = d.closePart(dst, s)
		stop := stopOf(d.x.Request, s.finish, s.matched, len(s.calls) > 0, s.refusalText())
		dst = append(dst, protocol.Event{Kind: protocol.EventStop, Choice: i, Stop: stop})
	}
	d.done = true
	return append(dst, protocol.Event{Kind: protocol.EventEnd, Usage: d.usage, Tier: d.tier})
}

func (d *chatStreamDecoder) fail(dst []protocol.Event, err *protocol.Error) []protocol.Event {
	if d.done {
		return dst
	}
	d.done = true
	return append(dst, protocol.Event{Kind: protocol.EventError, Err: err})
}

// chatDelta is what one choice of a chunk says, in whatever order its members
// come.
type chatDelta struct {
	index            int
	content, refusal protocol.Text
	finish, matched  protocol.Text
	logprobs         protocol.Raw
	thinking         thinking
	calls            []callPiece
	annotations      []protocol.Citation
	images           []protocol.Part
}

func (t *chatDelta) reset() {
	t.thinking.reset()
	*t = chatDelta{thinking: t.thinking, calls: t.calls[:0]}
}

// choice takes one of a chunk's choices and appends its events.
func (d *chatStreamDecoder) choice(dst []protocol.Event) []protocol.Event {
	c, t := &d.c, &d.delta
	t.reset()
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "index":
			t.index = index(c)
		case "delta", "message":
			if c.Kind() == '{' {
				c.Object(func(name []byte) { t.member(c, name) })
			}
		case "finish_reason":
			t.finish = optionalText(c)
		case "stop_reason":
			t.matched = optionalText(c)
		case "logprobs":
			t.logprobs = c.Raw()
		}
	})
	if c.Err() != nil || d.done {
		return dst
	}
	if t.index >= maxChoices {
		return d.fail(dst, notReadable())
	}
	return d.say(dst, d.state(t.index), t)
}

func (t *chatDelta) member(c *protocol.Cursor, name []byte) {
	if c.Null() {
		return
	}
	switch string(name) {
	case "content":
		t.content = contentOf(c, &t.thinking)
	case "refusal":
		t.refusal = optionalText(c)
	case "tool_calls":
		if c.Kind() == '[' {
			c.Array(func(int) { t.calls = append(t.calls, readPiece(c)) })
		}
	case "function_call": // deprecated: one call, without an id
		piece := callPiece{index: 0}
		piece.function(c)
		t.calls = append(t.calls, piece)
	case "annotations":
		t.annotations = readAnnotations(c)
	case "images":
		t.images = readImages(c)
	default:
		t.thinking.member(c, name)
	}
}

func (d *chatStreamDecoder) state(i int) *choiceState {
	for len(d.choices) <= i {
		d.choices = append(d.choices, nil)
	}
	if d.choices[i] == nil {
		d.choices[i] = &choiceState{index: i}
	}
	return d.choices[i]
}

// say appends the events of a delta.
func (d *chatStreamDecoder) say(dst []protocol.Event, s *choiceState, t *chatDelta) []protocol.Event {
	dst = d.think(dst, s, &t.thinking)
	dst = d.text(dst, s, protocol.PartText, t.content)
	dst = d.text(dst, s, protocol.PartRefusal, t.refusal)
	if len(t.annotations) > 0 && s.isOpen && s.part == protocol.PartText {
		for i := range t.annotations {
			a := &t.annotations[i]
			a.Start, a.End = max(a.Start-s.at, 0), max(a.End-s.at, 0)
		}
		p := d.newPart(protocol.Part{Citations: t.annotations})
		dst = append(dst, protocol.Event{Kind: protocol.EventCite, Choice: s.index, Part: p})
	}
	if t.logprobs != nil && t.logprobs[0] == '{' {
		dst = append(dst, protocol.Event{Kind: protocol.EventLogprobs, Choice: s.index, Raw: t.logprobs})
	}
	for i := range t.images {
		dst = d.image(dst, s, t.images[i])
	}
	for i := range t.calls {
		dst = d.call(dst, s, &t.calls[i])
	}
	if !t.matched.Empty() {
		s.matched = slices.Clone(t.matched)
	}
	switch {
	case t.finish.Empty():
	case t.finish.Is("error"):
		return d.fail(dst, protocol.Errorf(protocol.BadGateway, "The provider's answer broke off."))
	default:
		s.finish = slices.Clone(t.finish)
		return d.flush(dst, s)
	}
	return dst
}
