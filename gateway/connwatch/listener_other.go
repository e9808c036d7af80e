//go:build !linux

package connwatch

import (
	"errors"
	"net"
	"sync/atomic"
)

// Listener wraps the TCP connections that it accepts. On this system a client's
// leaving is reported to nobody, and noticed at the next write to it; lingering
// and keep-alive work as on Linux. Its methods may be called from any goroutine.
type Listener struct {
	net.Listener
	lingering atomic.Int64
}

// Listen takes l over.
func Listen(l net.Listener) (*Listener, error) { return &Listener{Listener: l}, nil }

// Accept returns the next connection, with TCP keep-alive set to notice a
// vanished client within 30 s.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	t, ok := c.(*net.TCPConn)
	if !ok {
		return c, nil
	}
	_ = t.SetKeepAliveConfig(keepAlive) // fails when the connection has failed: its first read tells
	return &conn{TCPConn: t, l: l}, nil
}

func (l *Listener) forget(*conn) {}

// Stop closes the listener. It may be called after Close, and again.
func (l *Listener) Stop() error {
	if err := l.Listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
