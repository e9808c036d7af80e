package gateway

import (
	"context"
	"errors"
	"io"

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
	chunk   *[readChunk]byte // where out begins; nil: nothing waits
	out     []byte           // whole frames that wait for the reader
	at      int              // how far they were read
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
	for len(r.out) == 0 {
		if r.ended {
			return 0, r.endWith
		}
		r.pull(p)
	}
	m := copy(p, r.out[r.at:])
	if r.at += m; r.at == len(r.out) {
		r.release()
	}
	return m, nil
}

// pull reads the source once, by way of the client's buffer.
func (r *relay) pull(p []byte) {
	err := r.next(p)
	if err == nil {
		return
	}
	r.ended, r.endWith = true, io.EOF
	switch {
	case err == io.EOF:
	case clientLeft(r.ctx):
		r.endWith = errClientLeft
	default:
		r.wait(r.form.fail(brokenStream(r.ctx, err), r.sent))
	}
}

// next pulls from the source. A panic ends this stream, and nothing else.
func (r *relay) next(p []byte) (err error) {
	defer func() {
		if v := recover(); v != nil {
			r.n.panicked(r.call.target, v)
			err = internalError()
		}
	}()
	return r.src.pull(p, r.emit)
}

func (r *relay) frame(raw []byte) {
	r.form.observe(raw)
	r.wait(raw)
	r.sent = true
}

// wait keeps bytes for the reader.
func (r *relay) wait(raw []byte) {
	if r.chunk == nil {
		r.chunk = r.n.chunks.get()
		r.out = r.chunk[:0]
	}
	r.out = append(r.out, raw...)
}

// release gives back the buffer of what was read, or is not.
func (r *relay) release() {
	if r.chunk != nil {
		r.n.chunks.put(r.chunk)
	}
	r.chunk, r.out, r.at = nil, nil, 0
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
