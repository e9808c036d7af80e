// Package connwatch reports that a client has left while its request is being
// handled, and lets a client that is refused in the middle of an upload read
// why.
//
// fasthttp does not read a connection while a handler runs, so it learns of a
// closed one only when it writes. On Linux each accepted connection is
// registered once with an epoll instance of the listener, for the peer's end of
// sending (EPOLLRDHUP); a request costs one atomic store. Nothing is read from
// the socket: pipelined bytes, TLS records and deadlines stay as they are.
// Elsewhere nothing is reported, and a client's leaving is noticed at the next
// write.
package connwatch

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Bounds of a lingering close.
const (
	lingerTime  = 3 * time.Second
	lingerBytes = 64 << 20
	lingerMost  = 256 // connections at once
)

// lingering drains what the client still sends, so that it reads our error
// instead of a reset, and then closes.
func lingering(c *net.TCPConn, count *atomic.Int64) error {
	if count.Add(1) > lingerMost {
		count.Add(-1)
		return c.Close()
	}
	defer count.Add(-1)
	if err := c.CloseWrite(); err != nil {
		return c.Close()
	}
	if err := c.SetReadDeadline(time.Now().Add(lingerTime)); err == nil {
		_, _ = io.CopyN(io.Discard, c, lingerBytes) // its end is all that matters
	}
	return c.Close()
}

// unwrap finds the connection that this package made, also under TLS.
func unwrap(c net.Conn) *conn {
	for range 4 {
		switch t := c.(type) {
		case *conn:
			return t
		case interface{ NetConn() net.Conn }:
			c = t.NetConn()
		default:
			return nil
		}
	}
	return nil
}

// Linger makes the next Close of a connection half-close it and discard what
// the client still sends, for at most 3 s and 64 MiB. At most 256 connections
// of a listener linger at once; more are closed at once. A connection of
// another listener is left alone.
func Linger(c net.Conn) {
	if w := unwrap(c); w != nil {
		w.linger.Store(true)
	}
}

// Watch calls left, once, when the client of c closes its side, at once if it
// has already; a half-closed connection counts as left. left runs on the
// listener's own goroutine and must not block. After stop returns, left is not
// called any more. Only one watch can be active for a connection. For a
// connection of another listener nothing happens.
func Watch(c net.Conn, left func()) (stop func()) {
	w := unwrap(c)
	if w == nil {
		return func() {}
	}
	return w.watch(left)
}
