package hop

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
)

// States of an exchange: whoever leaves open has the connection to keep or kill.
const (
	exchangeOpen int32 = iota
	exchangeFinished
	exchangeClosed
)

// exchange is a response, and the body of it.
type exchange struct {
	Response
	client *Client
	addr   string
	ctx    context.Context
	detach func() bool // of ctx; nil: ctx never ends
	conn   *clientConn
	state  atomic.Int32

	left      int   // of the data frame that is being read
	remaining int64 // of a whole body; -1: a stream
	err       error // what Read has to say from now on
}

// Read reads from one data frame, at most.
func (x *exchange) Read(p []byte) (int, error) {
	switch {
	case x.err != nil:
		return 0, x.err
	case x.state.Load() == exchangeClosed:
		return 0, net.ErrClosed
	case len(p) == 0:
		return 0, nil
	}
	if x.left == 0 {
		if x.err = x.next(); x.err != nil {
			return 0, x.err
		}
	}
	in := &x.conn.in
	n, err := in.read(p[:min(len(p), x.left)])
	x.left -= n
	if x.remaining > 0 {
		x.remaining -= int64(n)
	}
	switch {
	case err != nil && (n == 0 || x.left > 0):
		x.err = x.lost(err)
	case x.left == 0 && (x.remaining == 0 || in.endFollows()):
		// The end is taken with the last data: who reads a body by its length
		// does not ask for it, and the connection is free for others.
		x.err = x.next()
	}
	if n == 0 {
		return 0, x.err
	}
	return n, nil
}

// next takes the header of the next data frame, or the response's end.
func (x *exchange) next() error {
	kind, n, err := x.conn.in.header()
	switch {
	case err != nil:
		return x.lost(err)
	case kind == frameData && n > 0 && n <= maxData && (x.remaining < 0 || int64(n) <= x.remaining):
		x.left = int(n)
		return nil
	case kind == frameEnd && n == 0 && x.remaining <= 0:
		if !x.finish() {
			return x.lost(net.ErrClosed)
		}
		return io.EOF
	case kind == frameAbort:
		reason, err := x.conn.in.reason(n)
		if err != nil {
			return x.lost(err)
		}
		x.abandon()
		return &AbortError{Reason: reason}
	}
	return x.lost(fmt.Errorf("%w: %q of %d bytes in a body", errFrame, kind, n))
}

// lost is the end of an exchange by its connection's failing, or by ctx.
func (x *exchange) lost(err error) error {
	if x.state.Load() == exchangeClosed {
		err = net.ErrClosed
	}
	x.abandon()
	return &AbortError{Lost: because(x.ctx, truncated(err))}
}

// finish gives the connection back after a clean end. False: it was closed.
func (x *exchange) finish() bool {
	if !x.state.CompareAndSwap(exchangeOpen, exchangeFinished) {
		return false
	}
	cn := x.conn
	alive := x.detach == nil || x.detach()
	if alive && cn.in.buffered() == 0 {
		cn.in.buf = nil
		x.client.buffers.small.Put(cn.inBuf)
		cn.inBuf = nil
		x.client.pool.put(x.addr, cn)
	} else {
		cn.kill()
	}
	return true
}

// abandon kills the connection, unless the exchange is over. The buffer is left
// to a Read that may be at it.
func (x *exchange) abandon() {
	if !x.state.CompareAndSwap(exchangeOpen, exchangeClosed) {
		return
	}
	if x.detach != nil {
		x.detach()
	}
	x.conn.kill()
}

// Close ends the exchange.
func (x *exchange) Close() error {
	x.abandon()
	return nil
}
