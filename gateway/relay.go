package gateway

import (
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/llmgw/llmgw/gateway/hop"
	"github.com/llmgw/llmgw/gateway/upstream"
	"github.com/llmgw/llmgw/protocol"
)

// relay moves a stream to the client: whole frames as they come, nothing
// buffered beyond a frame's end. A stream that breaks, and one that the drain
// ends, gets its dialect's error event behind the last whole frame. Read runs
// in one goroutine, Close in the same.
type relay struct {
	n       *Node
	ctx     context.Context
	call    *call
	src     frameSource
	form    streamForm
	emit    func(raw []byte) // the method, bound once
	lent    buffer           // where out begins; none: nothing waits
	out     []byte           // whole frames that wait for the reader, behind room for a chunk's head
	at      int              // how far they were read
	burst   bool             // the last pull brought all that it could
	sent    bool             // a frame has gone out
	ended   bool
	endWith error
}

// newRelay takes over an answer's stream.
func (n *Node) newRelay(ctx context.Context, c *call, a *answer) *relay {
	r := &relay{n: n, ctx: ctx, call: c, src: a.stream, form: formOf(c, a)}
	r.emit = r.frame
	return r
}

// Read gives whole frames; at the end of a broken stream, the error event.
func (r *relay) Read(p []byte) (int, error) {
	r.fill(p)
	return r.read(p)
}

// read gives what waits, without waiting for more.
func (r *relay) read(p []byte) (int, error) {
	if r.waiting() == 0 {
		return 0, r.endWith
	}
	m := copy(p, r.out[r.at:])
	if r.at += m; r.at == len(r.out) {
		r.release()
	}
	return m, nil
}

// waiting counts the bytes that are at hand.
func (r *relay) waiting() int { return len(r.out) - r.at }

// rest is what waits. It is valid until release.
func (r *relay) rest() []byte { return r.out[r.at:] }

// fill waits until something is at hand, or the stream has ended; room is read
// into.
func (r *relay) fill(room []byte) {
	for r.waiting() == 0 && !r.ended {
		r.pull(room)
	}
}

// prime takes what the source has at hand already.
func (r *relay) prime() {
	if s, ok := r.src.(interface{ atHand() bool }); ok && s.atHand() {
		r.pull(nil)
	}
}

// pull reads the source once. Where the last pull filled its room more is
// waiting, mostly, and a larger room saves writes.
func (r *relay) pull(room []byte) {
	if r.burst {
		lent := r.n.buffers.get(true)
		defer r.n.buffers.put(lent)
		room = lent.bytes()
	}
	defer func() { // here, not around a call: a stream's goroutine waits below for minutes, and each frame of its stack counts
		if v := recover(); v != nil {
			r.n.panicked(r.call.target, v)
			r.stop(internalError())
		}
	}()
	err := r.src.pull(room, r.emit)
	r.burst = len(room) > 0 && r.waiting() >= len(room)/4*3
	if err != nil {
		r.stop(err)
	}
}

// stop ends the stream; a broken one with its dialect's error event.
func (r *relay) stop(err error) {
	r.ended, r.endWith = true, io.EOF
	switch {
	case err == io.EOF:
	case clientLeft(r.ctx):
		r.endWith = errClientLeft
	default:
		r.wait(r.form.fail(brokenStream(r.ctx, err), r.sent))
	}
}

func (r *relay) frame(raw []byte) {
	r.form.observe(raw)
	r.wait(raw)
	r.sent = true
}

// chunkHead is kept free in front of what waits: the length of an HTTP chunk.
const chunkHead = 12

// wait keeps bytes for the reader.
func (r *relay) wait(raw []byte) {
	if r.out == nil {
		r.lent = r.n.buffers.get(r.burst)
		r.out, r.at = r.lent.bytes()[:chunkHead], chunkHead
	}
	r.out = append(r.out, raw...)
}

// chunk makes one HTTP chunk of all that waits, in place. It is valid until
// release.
func (r *relay) chunk() []byte {
	head := strconv.AppendInt(make([]byte, 0, chunkHead), int64(r.waiting()), 16)
	head = append(head, '\r', '\n')
	start := r.at - len(head)
	copy(r.out[start:], head)
	r.out = append(r.out, '\r', '\n')
	return r.out[start:]
}

// release gives back the buffer of what was read, or is not.
func (r *relay) release() {
	r.n.buffers.put(r.lent)
	r.lent, r.out, r.at = buffer{}, nil, 0
}

// Close ends the source, whether or not it was read to its end.
func (r *relay) Close() error {
	r.release()
	return r.src.Close()
}

// brokenStream says why a stream ended, in words for the client.
func brokenStream(ctx context.Context, err error) *protocol.Error {
	var abort *hop.AbortError
	var told *protocol.Error
	switch {
	case errors.As(err, &told):
		return told
	case context.Cause(ctx) == errDraining:
		return drainError()
	case errors.Is(err, upstream.ErrIdle):
		return protocol.Errorf(protocol.GatewayTimeout, "The provider went silent in the middle of the answer.")
	case errors.Is(err, upstream.ErrTimeout):
		return protocol.Errorf(protocol.GatewayTimeout, "The answer took longer than this gateway waits.")
	case errors.Is(err, errUnfinished):
		return protocol.Errorf(protocol.BadGateway, "The provider's answer ended before it was complete.")
	case errors.As(err, &abort):
		return protocol.Errorf(protocol.BadGateway, "The gateway node that carried this answer was lost.")
	default:
		return protocol.Errorf(protocol.BadGateway, "The provider's answer broke off.")
	}
}

// endingStream is what the hop reads on the owner.
type endingStream struct {
	*relay
	finish func()
	closed bool
}

func (s *endingStream) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.relay.Close()
	s.finish()
	return err
}
