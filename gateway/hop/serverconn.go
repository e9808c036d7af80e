package hop

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// States of a server's connection: Shutdown closes those that are unused.
const (
	connUnused int32 = iota
	connBusy
	connClosed
)

// serverConn is a connection of an edge, served by one goroutine.
type serverConn struct {
	link
	s     *Server
	in    reader
	state atomic.Int32
}

func (c *serverConn) closeUnused() {
	if c.state.CompareAndSwap(connUnused, connClosed) {
		c.kill()
	}
}

// serve runs the exchanges of a connection.
func (c *serverConn) serve() {
	defer c.s.forget(c)
	defer c.kill()
	if c.handshake(time.Now().Add(c.s.o.HandshakeTimeout)) != nil {
		return // a stranger, or the secret differs: the other side is told, and tells
	}
	buf := c.s.buffers.getSmall()
	c.in = reader{src: c.Conn, buf: buf[:]}
	for c.serveOne() && c.state.CompareAndSwap(connBusy, connUnused) && !c.s.shut.Load() {
	}
	c.s.buffers.small.Put(buf)
}

// serveOne runs one exchange; false: the connection is over.
func (c *serverConn) serveOne() bool {
	if c.raw.SetReadDeadline(time.Now().Add(c.s.o.IdleTimeout)) != nil {
		return false
	}
	kind, n, err := c.in.header()
	if err != nil || kind != frameRequest || n > maxHead {
		return false
	}
	if !c.state.CompareAndSwap(connUnused, connBusy) {
		return false
	}
	head, err := c.in.text(int(n))
	if err != nil {
		return false
	}
	r, length, err := parseRequest(head)
	if err != nil {
		return false
	}
	if why := c.decide(r, length); why != nil {
		return c.sendReason(frameRefuse, why.Error()) == nil
	}
	if c.send([]byte{frameAccept, 0, 0, 0, 0}) != nil {
		return false
	}
	if c.raw.SetReadDeadline(time.Now().Add(c.s.o.BodyTimeout)) != nil {
		return false
	}
	kind, n, err = c.in.header()
	if err != nil || kind != frameBody || uint64(n) != length {
		return false // the edge has gone elsewhere: nothing runs
	}
	// The body is not pooled: a handler's HTTP client may read it for a moment
	// longer than the handler runs, and must not find another's request in it.
	r.Body = make([]byte, length)
	if c.readFull(&c.in, r.Body, c.s.o.BodyTimeout) != nil {
		return false
	}
	return c.answer(r)
}

// decide says why a request is refused; nil: it is not.
func (c *serverConn) decide(r *Request, length uint64) (why error) {
	if c.s.shut.Load() {
		return errShutdown
	}
	if length > uint64(c.s.o.MaxBody) {
		return fmt.Errorf("a body of %d bytes is larger than this node takes", length)
	}
	if c.s.o.Accept == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			c.report(p)
			why = errPanic
		}
	}()
	return c.s.o.Accept(r)
}

// answer runs the handler and sends its response.
func (c *serverConn) answer(r *Request) bool {
	ctx, cancel := context.WithCancel(c.s.life)
	defer cancel()
	if c.s.o.Watch != nil {
		defer c.s.o.Watch(c.raw, cancel)()
	} else {
		defer c.watchByReading(cancel)()
	}
	resp := c.handle(ctx, r)
	if resp == nil {
		_ = c.sendReason(frameAbort, "the request has no response") // the connection is over either way
		return false
	}
	return c.respond(resp)
}

func (c *serverConn) handle(ctx context.Context, r *Request) (resp *Response) {
	defer func() {
		if p := recover(); p != nil {
			c.report(p)
			resp = &Response{Status: 500}
		}
	}()
	return c.s.o.Handler(ctx, r)
}

// report logs a panic. The panic's value may hold parts of a request, and stays
// out.
func (c *serverConn) report(p any) {
	c.s.o.Log.Error("a request of a peer made this node panic", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
}

// watchByReading notices the edge's leaving by a read: the edge sends nothing
// before its response has ended.
func (c *serverConn) watchByReading(left func()) (stop func()) {
	done := make(chan struct{})
	if c.raw.SetReadDeadline(time.Time{}) != nil {
		left()
	}
	go func() {
		defer close(done)
		if c.in.need(1) != nil {
			left() // or stop: then nobody minds
		}
	}()
	return func() {
		_ = c.raw.SetReadDeadline(time.Unix(1, 0)) // fails on a closed connection, which ends the read, too
		<-done
	}
}
