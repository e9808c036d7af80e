package gateway

import (
	"bytes"
	"crypto/tls"
	"net"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/llmgw/llmgw/gateway/connwatch"
)

// lineLength holds the beginning of every endpoint's request line, with a long
// model's name.
const lineLength = 128

// lineListener remembers how the request on each of its connections begins.
// fasthttp forgets what it refuses to read to its end, and an SDK can show an
// error in its own dialect only.
type lineListener struct {
	net.Listener
	watch *connwatch.Listener
}

func (l lineListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if secure, ok := c.(*tls.Conn); ok {
		return &secureLineConn{lineConn{Conn: secure}, secure}, nil
	}
	return &lineConn{Conn: c}, nil
}

// Stop closes it and ends the watch of its connections.
func (l lineListener) Stop() error { return l.watch.Stop() }

// lineConn is read in the one goroutine of its connection.
type lineConn struct {
	net.Conn
	line [lineLength]byte
	n    uint8
}

func (c *lineConn) Read(p []byte) (int, error) {
	m, err := c.Conn.Read(p)
	if int(c.n) < len(c.line) {
		c.n += uint8(copy(c.line[c.n:], p[:m]))
	}
	return m, err
}

// NetConn is the connection below, for connwatch.
func (c *lineConn) NetConn() net.Conn { return c.Conn }

// secureLineConn also has what fasthttp knows a TLS connection by.
type secureLineConn struct {
	lineConn
	secure *tls.Conn
}

func (c *secureLineConn) Handshake() error { return c.secure.Handshake() }

func (c *secureLineConn) ConnectionState() tls.ConnectionState { return c.secure.ConnectionState() }

// nextLine is told of a connection's state: behind a request another begins.
func nextLine(c net.Conn, s fasthttp.ConnState) {
	if l := lineOf(c); l != nil && s == fasthttp.StateIdle {
		l.n = 0
	}
}

func lineOf(c net.Conn) *lineConn {
	switch c := c.(type) {
	case *lineConn:
		return c
	case *secureLineConn:
		return &c.lineConn
	}
	return nil
}

// requestPath is the path of the request that a connection is at; "" where it
// is not known: the line has not arrived or is none, or it came in one piece
// with the request before.
func requestPath(c net.Conn) string {
	l := lineOf(c)
	if l == nil {
		return ""
	}
	line, _, _ := bytes.Cut(l.line[:l.n], []byte("\n"))
	method, rest, _ := strings.Cut(string(line), " ")
	if method == "" || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	target, _, _ := strings.Cut(rest, " ")
	if _, absolute, ok := strings.Cut(target, "://"); ok && target[0] != '/' {
		_, target, _ = strings.Cut(absolute, "/")
		target = "/" + target
	}
	path, _, _ := strings.Cut(strings.TrimSpace(target), "?")
	if !strings.HasPrefix(path, "/") || path == "/" {
		return ""
	}
	return path
}
