//go:build !linux

package connwatch

import (
	"net"
	"sync/atomic"
)

// Listener wraps accepted TCP connections. Outside Linux a client's leaving is
// not reported; only the lingering close works.
type Listener struct {
	net.Listener
	lingering atomic.Int64
}

type conn struct {
	*net.TCPConn
	l      *Listener
	linger atomic.Bool
}

// Listen wraps l, which it takes over.
func Listen(l net.Listener) (*Listener, error) { return &Listener{Listener: l}, nil }

// Accept returns the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if t, ok := c.(*net.TCPConn); ok && err == nil {
		return &conn{TCPConn: t, l: l}, nil
	}
	return c, err
}

func (w *conn) watch(func()) func() { return func() {} }

// Close closes the connection, lingering if it was asked to.
func (w *conn) Close() error {
	if w.linger.Swap(false) {
		return lingering(w.TCPConn, &w.l.lingering)
	}
	return w.TCPConn.Close()
}
