package gateway

import (
	"errors"
	"io"

	"github.com/llmgw/llmgw/gateway/recall"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// convertedStream is an instance's stream in the client's dialect: a frame in,
// its events, the frames they give out. It is used from one goroutine.
type convertedStream struct {
	src    *instanceStream
	dec    protocol.StreamDecoder
	enc    protocol.StreamEncoder
	watch  *recall.Watcher
	x      *protocol.Exchange
	ids    protocol.CallIDs
	halves protocol.Halves
	take   func(raw []byte) // the method, bound once
	events []protocol.Event
	out    []byte
	client clientFrames
	failed bool // the client has been told of an error
	ended  bool // and has the whole answer
}

func (n *Node) newConvertedStream(t *trip, c *conversion, src *instanceStream) *convertedStream {
	s := &convertedStream{
		src: src, x: c.x, dec: c.from.stream(c.x), enc: c.client.stream(c.x),
		watch:  n.recall.Watch(t.key),
		client: clientFrames{array: t.wantsArray()},
	}
	s.take = s.frame
	return s
}

// pull converts what the instance sends next.
func (s *convertedStream) pull(room []byte, emit func(raw []byte)) error {
	err := s.src.pull(room, s.take)
	if err != nil && !s.failed {
		s.finish(err)
	}
	if err != nil && (s.failed || s.ended) {
		err = io.EOF // one error is enough
	}
	s.client.emit = emit
	if len(s.out) > 0 {
		if ferr := s.client.write(s.out); ferr != nil && err == nil {
			err = ferr
		}
		if s.out = s.out[:0]; cap(s.out) > 64<<10 {
			s.out = nil // a large frame must not be held as long as the stream
		}
	}
	if err == io.EOF {
		s.client.end()
	}
	return err
}

// finish judges the end of the instance's stream by its own dialect's decoder:
// an answer that has said why it ended is whole, also where the frame that
// closes it is missing, and however the stream broke behind it.
func (s *convertedStream) finish(why error) {
	events := s.dec.End(s.events[:0])
	if atEnd(why) || isWhole(events) {
		s.convert(events)
	}
	if s.ended {
		s.src.whole()
	}
}

// isWhole tells whether the events of a stream's end are those of a whole
// answer.
func isWhole(events []protocol.Event) bool {
	return len(events) > 0 && events[len(events)-1].Kind == protocol.EventEnd
}

// frame converts one frame of the instance.
func (s *convertedStream) frame(raw []byte) {
	if !s.failed {
		s.convert(s.dec.Frame(s.events[:0], raw))
	}
}

func (s *convertedStream) convert(events []protocol.Event) {
	for i := range events {
		e := &events[i]
		s.meter(e)
		if e.Kind == protocol.EventPartStart {
			s.ids.Part(s.x, e.Part)
		}
		s.watch.Event(e)
		if half := s.halves.Join(e); half != nil {
			s.out = s.enc.Event(s.out, &protocol.Event{Kind: protocol.EventDelta, Choice: e.Choice, Text: half})
		}
		s.out = s.enc.Event(s.out, e)
		if s.failed {
			break
		}
	}
	clear(events) // they point into the frame
	s.events = events[:0]
}

// meter notes what an event means for the request's accounts, and puts an error
// in words for the client.
func (s *convertedStream) meter(e *protocol.Event) {
	switch e.Kind {
	case protocol.EventUsage:
		s.src.meter.usage = e.Usage
	case protocol.EventEnd:
		s.src.meter.usage, s.ended = e.Usage, true
	case protocol.EventError:
		s.failed, e.Err = true, translated(e.Err)
	}
}

// atEnd tells whether an instance's stream has no more bytes.
func atEnd(err error) bool { return err == io.EOF || errors.Is(err, errUnfinished) }

func (s *convertedStream) atHand() bool { return s.src.atHand() }

func (s *convertedStream) Close() error { return s.src.Close() }

// collect reads an instance's stream to its end, for a client that asked for
// none.
func (s *convertedStream) collect() (*protocol.Response, *protocol.Error) {
	var c protocol.Collector
	frame := func(raw []byte) {
		events := s.dec.Frame(s.events[:0], raw)
		for i := range events {
			c.Add(&events[i])
		}
		s.events = events[:0]
	}
	room := make([]byte, readChunk)
	for {
		err := s.src.pull(room, frame)
		if err == nil {
			continue
		}
		end := s.dec.End(nil)
		if r, e := c.Response(); e == nil {
			return r, nil
		}
		if !atEnd(err) && !isWhole(end) {
			return nil, protocol.Errorf(protocol.BadGateway, "The provider's answer broke off.")
		}
		for _, e := range end {
			c.Add(&e)
		}
		return c.Response()
	}
}

// clientFrames cuts an encoder's bytes into frames, and makes one JSON array of
// them for a Gemini client that streams without alt=sse.
type clientFrames struct {
	array  bool
	emit   func(raw []byte)
	split  sse.Splitter
	opened bool
}

func (w *clientFrames) write(out []byte) error {
	if !w.array {
		return w.split.Feed(out, w.emit)
	}
	return w.split.Feed(out, w.element)
}

// element turns a frame into an element of the array. A comment has no place
// there.
func (w *clientFrames) element(raw []byte) {
	data := sse.Data(raw)
	if len(data) == 0 {
		return
	}
	lead := byte('[')
	if w.opened {
		lead = ','
	}
	w.opened = true
	w.emit(append([]byte{lead}, data...))
}

// end closes the array.
func (w *clientFrames) end() {
	switch {
	case !w.array:
	case w.opened:
		w.emit([]byte("]"))
	default:
		w.emit([]byte("[]"))
	}
}

// wantsArray tells whether a Gemini client streams without alt=sse.
func (c *call) wantsArray() bool {
	return c.endpoint.dialect == protocol.Gemini && c.endpoint.stream && !hasAltSSE(c.query)
}
