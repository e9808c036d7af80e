package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/llmgw/llmgw/gateway/hop"
	"github.com/llmgw/llmgw/gateway/upstream"
	"github.com/llmgw/llmgw/protocol"
)

// relay moves a stream to the client: whole frames as they come, nothing
// buffered beyond a frame's end. A stream that breaks, and one that the drain
// ends, gets its dialect's error event behind the last whole frame. Read runs
// in one goroutine, Close in the same.
type relay struct {
	ctx     context.Context
	call    *call
	src     io.ReadCloser
	watch   func(frame []byte) bool // nil: every frame passes
	form    streamForm
	buf     []byte // what was read
	out     []byte // whole frames that wait for the reader
	sent    bool   // a frame has gone out
	ended   bool
	endWith error
}

// newRelay takes over an answer's stream.
func (n *Node) newRelay(ctx context.Context, c *call, a *answer) *relay {
	r := &relay{ctx: ctx, call: c, src: a.stream, form: formOf(c, a)}
	if s, ok := a.stream.(*instanceStream); ok {
		r.watch = s.meter.frame
	}
	return r
}

// relayChunk is how much one Read of the source may bring.
const relayChunk = 4 << 10

// Read gives whole frames; at the end of a broken stream, the error event.
func (r *relay) Read(p []byte) (int, error) {
	for len(r.out) == 0 {
		if r.ended {
			return 0, r.endWith
		}
		r.pull()
	}
	m := copy(p, r.out)
	if r.out = r.out[m:]; len(r.out) == 0 {
		r.out = nil
	}
	return m, nil
}

// pull reads the source once.
func (r *relay) pull() {
	if r.buf == nil {
		r.buf = make([]byte, relayChunk)
	}
	m, err := r.src.Read(r.buf)
	if m > 0 {
		if ferr := r.form.Feed(r.buf[:m], r.frame); ferr != nil {
			err = ferr
		}
	}
	if err == nil {
		return
	}
	r.ended, r.endWith = true, io.EOF
	if err == io.EOF {
		r.form.Close(r.frame) // a last frame without its blank line
		return
	}
	if clientLeft(r.ctx) {
		r.endWith = errClientLeft
		return
	}
	r.out = append(r.out, r.form.fail(brokenStream(r.ctx, err), r.sent)...)
}

func (r *relay) frame(raw []byte) {
	r.form.observe(raw)
	if r.watch == nil || r.watch(raw) {
		r.out, r.sent = append(r.out, raw...), true
	}
}

// Close ends the source, whether or not it was read to its end.
func (r *relay) Close() error { return r.src.Close() }

// brokenStream says why a stream ended, in words for the client.
func brokenStream(ctx context.Context, err error) *protocol.Error {
	var abort *hop.AbortError
	switch {
	case context.Cause(ctx) == errDraining:
		return drainError()
	case errors.Is(err, upstream.ErrIdle):
		return protocol.Errorf(protocol.GatewayTimeout, "The provider went silent in the middle of the answer.")
	case errors.Is(err, upstream.ErrTimeout):
		return protocol.Errorf(protocol.GatewayTimeout, "The answer took longer than this gateway waits.")
	case errors.As(err, &abort):
		return protocol.Errorf(protocol.BadGateway, "The gateway node that carried this answer was lost.")
	default:
		return protocol.Errorf(protocol.BadGateway, "The provider's answer broke off.")
	}
}

// instanceStream is the body of an instance's stream with its accounts: it
// ends the request's record exactly once.
type instanceStream struct {
	n     *Node
	t     *trip
	p     *provider
	in    *instance
	body  io.ReadCloser
	meter *meter
	began time.Time
	err   error
	done  bool
}

func (s *instanceStream) Read(p []byte) (int, error) {
	m, err := s.body.Read(p)
	if err != nil && s.err == nil {
		s.err = err
	}
	return m, err
}

// Close settles the request. A stream that the instance broke is the
// instance's fault, also after the first byte.
func (s *instanceStream) Close() error {
	if s.done {
		return nil
	}
	s.done = true
	err := s.body.Close()
	s.t.record.Usage = s.meter.usage
	var status int
	var why string
	switch {
	case s.err == io.EOF:
		status = 200
	case s.err == nil: // closed before its end: nobody reads any more
		status, why = 499, "the client left"
	default:
		status, why = 502, fmt.Sprintf("the stream broke: %v", s.err)
		if !errors.Is(s.err, context.Canceled) {
			s.n.blame(s.t, s.p, s.in, "", &upstream.Fault{Outcome: upstream.Unreachable, Cause: causeOf(s.err), Reason: why})
		} else {
			status, why = 499, "the client left"
		}
	}
	s.n.finish(s.t, nil, status, why)
	return err
}

// clientStream is what fasthttp reads: the relay, with a write deadline for
// each piece and its end told.
type clientStream struct {
	conn   net.Conn
	relay  *relay
	finish func()
	closed bool
}

func (s *clientStream) Read(p []byte) (m int, err error) {
	m, err = s.relay.Read(p)
	if m > 0 {
		// A stalled reader is dropped; the deadline of the last write would
		// otherwise count the time that the provider was silent.
		_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	}
	return m, err
}

func (s *clientStream) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.relay.Close()
	s.finish()
	return err
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
