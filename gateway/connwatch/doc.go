// Package connwatch reports that a client has left while its request is being
// handled, and lets a client that is refused in the middle of an upload read
// why.
//
// fasthttp does not read a connection while a handler runs, so it learns of a
// closed one only when it writes; a model may think for minutes before it does.
// On Linux each accepted connection is registered once with an epoll instance
// of the listener, for the peer's end of sending (EPOLLRDHUP, edge-triggered);
// a request costs no system call. Nothing is read from the socket: pipelined
// bytes, TLS records and deadlines stay as they are. The listener belongs under
// TLS:
//
//	watched, err := connwatch.Listen(raw)
//	l := tls.NewListener(watched, config)
//
// On other systems nothing is reported, and a client's leaving is noticed at
// the next write to it.
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
	lingerMost  = 256 // connections of one listener at once
)

// keepAlive finds a client that vanished without a word within 30 s.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

// Watch calls left, once, when the client of c ends its sending side or its
// connection is reset; if that has happened already, Watch calls left itself. A
// half-closed connection counts as left, as it does for net/http. A client that
// closes TLS and keeps the connection open below it has not left.
//
// stop ends the watch. After stop has returned left neither begins nor runs: a
// stop that meets a running left waits for it, so left must not call its own
// stop. left runs on the listener's one goroutine and must not block; it may
// close the connection. stop may be called more than once and from any
// goroutine.
//
// A connection has one watch: a new one replaces the old one, whose left is not
// called any more and whose stop does nothing. c may be wrapped in TLS or in
// anything else with a NetConn method. If c is not of a Listener (in memory, or
// a Unix socket), Watch does nothing.
func Watch(c net.Conn, left func()) (stop func()) {
	w := unwrap(c)
	if w == nil {
		return nothing
	}
	return w.watch(left)
}

func nothing() {}

// Linger makes the next Close of c half-close it and discard what the client
// still sends, for at most 3 s and 64 MiB: a client that is refused while it
// uploads reads the answer instead of a reset. Close blocks meanwhile; closing
// a second time ends the lingering. At most 256 connections of a Listener
// linger at once, any more are closed as usual. If c is not of a Listener,
// Linger does nothing.
func Linger(c net.Conn) {
	if w := unwrap(c); w != nil {
		w.linger.Store(true)
	}
}

// unwrap finds the connection that a Listener made.
func unwrap(c net.Conn) *conn {
	for {
		switch t := c.(type) {
		case *conn:
			return t
		case interface{ NetConn() net.Conn }:
			c = t.NetConn()
		default:
			return nil
		}
	}
}

// discard lets the client finish sending; count is of the connections of the
// listener that are at it.
func discard(c *net.TCPConn, count *atomic.Int64) {
	defer count.Add(-1)
	if count.Add(1) > lingerMost {
		return
	}
	if c.CloseWrite() != nil || c.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return // closed, or reset by the client: nobody reads the answer
	}
	_, _ = io.CopyN(io.Discard, c, lingerBytes) // its end is what matters, not why
}
