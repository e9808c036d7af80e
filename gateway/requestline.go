package gateway

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/llmgw/llmgw/gateway/connwatch"
	"github.com/llmgw/llmgw/protocol"
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

// refuse shapes what fiber and fasthttp refuse before the door: a body or
// headers too large, a request that cannot be parsed or takes too long. Where
// the path is not known the form is readable for every dialect.
func (n *Node) refuse(c *fiber.Ctx, err error) error {
	pe := &protocol.Error{Code: protocol.InvalidRequest, Message: "The HTTP request could not be parsed."}
	var fe *fiber.Error
	if errors.As(err, &fe) {
		switch fe.Code {
		case fiber.StatusRequestEntityTooLarge:
			pe = &protocol.Error{Code: protocol.TooLarge, Message: "The request body is larger than this gateway accepts (server.max_body_size)."}
		case fiber.StatusRequestHeaderFieldsTooLarge:
			pe = &protocol.Error{Code: protocol.HeadersTooLarge, Message: "The request headers are larger than this gateway accepts (16 KiB)."}
		case fiber.StatusRequestTimeout:
			pe = &protocol.Error{Code: protocol.RequestTimeout, Message: "The request took too long to arrive."}
		}
	}
	connwatch.Linger(c.Context().Conn())
	c.Response().Header.SetConnectionClose()
	id := n.requestID(c.Request().Header.Peek("X-Request-Id"))
	if path := requestPath(c.Context().Conn()); path != "" {
		return n.reply(c, n.failure(dialectOf(path), id, pe))
	}
	return n.reply(c, n.unionFailure(id, pe))
}
