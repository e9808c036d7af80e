package gemini

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// NewStreamEncoder returns the encoder of one stream of server-sent events,
// whose frames end in CRLFs as Google's do. [ArrayElement] makes of them the
// stream of a client that did not ask for alt=sse. A ping writes nothing:
// Google's SDKs for Go and Python take a comment for a broken chunk.
func NewStreamEncoder(x *protocol.Exchange) protocol.StreamEncoder { return newStreamEncoder(x) }

func newStreamEncoder(x *protocol.Exchange) *streamEncoder {
	e := &streamEncoder{x: x, cited: maxUnasked}
	e.choices = e.first[:0]
	if r := x.Request; r != nil {
		e.show = r.Reasoning.Show == protocol.Yes
		if r.WebSearch != nil {
			e.cited = maxHeld
		}
	}
	return e
}

// ArrayElement makes of a frame of the encoder's the next piece of a stream
// that is one JSON array: the bracket or comma, and the element. first tells
// that no piece has been sent before. [ArrayEnd] closes the array, and
// [ArrayErrorEvent] is what an error is.
func ArrayElement(dst, frame []byte, first bool) []byte {
	data := sse.Data(frame)
	if len(data) == 0 {
		return dst
	}
	if first {
		dst = append(dst, '[')
	} else {
		dst = append(dst, ",\r\n"...)
	}
	return append(dst, data...)
}

// ArrayEnd is what stands behind the last piece of an array.
const ArrayEnd = "]\n"

// streamEncoder writes the chunks of one answer, or with whole set one object
// at the end.
type streamEncoder struct {
	x     *protocol.Exchange
	show  bool
	cited int // so much text is kept for the places of citations
	whole bool

	tail    []byte // what every chunk ends with
	tier    string
	choices []answerPart
	first   [1]answerPart
	parts   []byte   // of the event at hand
	all     [][]byte // with whole: each choice's parts
	done    bool
}

func (e *streamEncoder) Event(dst []byte, ev *protocol.Event) []byte {
	if e.done {
		return dst
	}
	if ev.Tier != "" {
		e.tier = ev.Tier
	}
	switch ev.Kind {
	case protocol.EventPing, protocol.EventUsage:
		return dst
	case protocol.EventStart:
		if e.tail == nil {
			e.setTail(ev.ID)
		}
		return dst
	case protocol.EventEnd:
		e.done = true
		return e.end(dst, ev.Usage)
	case protocol.EventError:
		e.done = true
		return append(dst, ErrorEvent(ev.Err)...)
	}
	n := e.choice(ev.Choice)
	a := &e.choices[n]
	switch {
	case ev.Kind == protocol.EventLogprobs:
		a.logs = bytes.Clone(ev.Raw)
	case ev.Kind == protocol.EventStop && ev.Stop.Reason == protocol.StopPause:
		e.x.Warn("stop_reason", "pause_turn becomes STOP")
	}
	if e.whole {
		e.all[n] = a.event(e.all[n], ev)
		return dst
	}
	e.parts = a.event(e.parts[:0], ev)
	if a.over {
		e.done = true
		return append(dst, ErrorEvent(protocol.Errorf(protocol.BadGateway, "The provider's call of a tool is too long."))...)
	}
	if len(e.parts) == 0 && a.logs == nil {
		return dst
	}
	dst = append(dst, `data: {"candidates":[`...)
	dst = a.appendCandidate(dst, e.parts, false)
	dst = append(dst, ']')
	dst = append(dst, e.tail...)
	return append(dst, "\r\n\r\n"...)
}

func (e *streamEncoder) setTail(id protocol.Text) {
	e.tail = append(e.tail, `,"modelVersion":`...)
	e.tail = protocol.QuoteString(e.tail, e.x.Model)
	e.tail = append(e.tail, `,"responseId":`...)
	switch {
	case !id.Empty():
		e.tail = append(e.tail, id...)
	case e.x.Rand != nil:
		e.tail = protocol.QuoteString(e.tail, e.x.NewID(""))
	default:
		e.tail = append(e.tail, `""`...)
	}
	e.tail = append(e.tail, '}')
}

// choice finds the number of a choice in choices.
func (e *streamEncoder) choice(index int) int {
	for i := range e.choices {
		if e.choices[i].index == index {
			return i
		}
	}
	e.choices = append(e.choices, answerPart{index: index, show: e.show, keep: e.cited})
	e.all = append(e.all, nil)
	return len(e.choices) - 1
}

// end writes the last chunk: why each choice ended, and the usage.
func (e *streamEncoder) end(dst []byte, usage protocol.Usage) []byte {
	if e.tail == nil {
		e.setTail(nil)
	}
	if !e.whole {
		dst = append(dst, "data: "...)
	}
	dst = append(dst, `{"candidates":[`...)
	for i := range e.choices {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = e.choices[i].appendCandidate(dst, e.all[i], true)
	}
	dst = append(dst, ']')
	dst = appendUsage(dst, usage, e.tier)
	dst = append(dst, e.tail...)
	if !e.whole {
		dst = append(dst, "\r\n\r\n"...)
	}
	return dst
}
