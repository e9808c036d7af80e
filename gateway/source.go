package gateway

import (
	"errors"
	"io"
	"sync"

	"github.com/llmgw/llmgw/gateway/hop"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/sse"
)

// frameSource is a stream as whole frames. It is used from one goroutine.
type frameSource interface {
	// pull waits for bytes, which it reads into room, and hands each frame that
	// they complete to emit; a frame is valid during that call. It returns io.EOF
	// once the stream has come to its own end, and any other error for one that
	// has not.
	pull(room []byte, emit func(raw []byte)) error
	Close() error
}

// splitter divides bytes into frames.
type splitter interface {
	Feed(chunk []byte, frame func(raw []byte)) error
	Close(frame func(raw []byte)) // hands out what is left at a clean end
}

func splitterOf(array bool) splitter {
	if array {
		return &gemini.ArraySplitter{}
	}
	return &sse.Splitter{}
}

// part is what of a reader's room is read into: with the beginning of a frame
// from the read before, what it brings fits into the room again. The rest would
// cost a write of its own.
func part(room []byte) []byte { return room[:len(room)-len(room)/8] }

const (
	readChunk  = 4 << 10  // how much one Read of a source brings where nobody says
	burstChunk = 16 << 10 // the same, where the one before brought all that it could
)

// buffers lends buffers. A stream waits for minutes and there are thousands:
// only one that has something at hand keeps a buffer.
type buffers struct{ chunks, bursts sync.Pool }

// buffer is one that was lent; the zero buffer is none.
type buffer struct {
	chunk *[readChunk]byte
	burst *[burstChunk]byte
}

func (b *buffers) get(burst bool) buffer {
	if !burst {
		if c, ok := b.chunks.Get().(*[readChunk]byte); ok {
			return buffer{chunk: c}
		}
		return buffer{chunk: new([readChunk]byte)}
	}
	if c, ok := b.bursts.Get().(*[burstChunk]byte); ok {
		return buffer{burst: c}
	}
	return buffer{burst: new([burstChunk]byte)}
}

func (b *buffers) put(lent buffer) {
	if lent.chunk != nil {
		b.chunks.Put(lent.chunk)
	}
	if lent.burst != nil {
		b.bursts.Put(lent.burst)
	}
}

func (b buffer) bytes() []byte {
	switch {
	case b.chunk != nil:
		return b.chunk[:]
	case b.burst != nil:
		return b.burst[:]
	}
	return nil
}

// hopStream is a stream that another node serves. What ends well there ends
// well here: the owner has judged it.
type hopStream struct {
	body     io.ReadCloser
	split    splitter
	carriage *carriage
}

func newHopStream(r *hop.Response, c *carriage, array bool) *hopStream {
	return &hopStream{body: r.Body, split: splitterOf(array), carriage: c}
}

func (s *hopStream) pull(room []byte, emit func(raw []byte)) error {
	s.carriage.wait()
	m, err := s.body.Read(part(room))
	s.carriage.resume()
	if m > 0 {
		if ferr := s.split.Feed(room[:m], emit); ferr != nil {
			return ferr
		}
	}
	if err == io.EOF {
		s.split.Close(emit)
	}
	return err
}

func (s *hopStream) Close() error {
	err := s.body.Close()
	s.carriage.end()
	return err
}

// errUnfinished is a stream that ended without its dialect's own end.
var errUnfinished = errors.New("the stream ended before the answer was complete")

// maxHeld bounds what is held back before the first content. Far more than the
// longest prelude seen: response.created repeats the request's tools, twice.
const maxHeld = 1 << 20

// heldFrames are frames that wait for the first content.
type heldFrames struct {
	lent  buffer // where bytes begins
	bytes []byte
	ends  []int
}

func (h *heldFrames) add(raw []byte, from *buffers) {
	if h.bytes == nil {
		h.lent = from.get(false)
		h.bytes = h.lent.bytes()[:0]
	}
	h.bytes = append(h.bytes, raw...)
	h.ends = append(h.ends, len(h.bytes))
}

// release hands out the frames as they came, and lets go of them.
func (h *heldFrames) release(to *buffers, emit func(raw []byte)) {
	start := 0
	for _, end := range h.ends {
		emit(h.bytes[start:end:end])
		start = end
	}
	to.put(h.lent)
	*h = heldFrames{}
}

// look tells what a provider's frame is.
type look func(raw []byte, begun bool) (protocol.Piece, *protocol.Error)
