package hop

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// ClientOptions make a client. Zero durations take the defaults.
type ClientOptions struct {
	TLS           *tls.Config   // mutual; nil: plain TCP, for tests
	DialTimeout   time.Duration // of TCP and TLS together; default 250 ms
	AcceptTimeout time.Duration // default 300 ms
	WriteTimeout  time.Duration // one write; default 30 s
	IdleTimeout   time.Duration // of a kept connection; default 30 s
	MaxIdle       int           // kept connections an address; default 256
}

// Client sends requests to peers. It may be used from any goroutine.
type Client struct {
	o  ClientOptions
	mu sync.Mutex
	// idle holds each address's free connections, the last used last.
	idle   map[string][]*clientConn
	closed bool
}

// NewClient makes a client; nothing is dialed yet.
func NewClient(o ClientOptions) *Client {
	or := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	or(&o.DialTimeout, 250*time.Millisecond)
	or(&o.AcceptTimeout, 300*time.Millisecond)
	or(&o.WriteTimeout, 30*time.Second)
	or(&o.IdleTimeout, 30*time.Second)
	if o.MaxIdle <= 0 {
		o.MaxIdle = 256
	}
	return &Client{o: o, idle: make(map[string][]*clientConn)}
}

// Close closes the idle connections; exchanges under way go on and close
// theirs at their end.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, list := range c.idle {
		for _, cc := range list {
			_ = cc.conn.Close()
		}
	}
	clear(c.idle)
}

// clientConn is one connection; one goroutine uses it at a time.
type clientConn struct {
	conn    net.Conn
	r       *bufio.Reader
	w       []byte // what is written next, in one write
	scratch [frameHeader]byte
	used    time.Time
	reused  bool
}

// Do runs one exchange. It returns when the response's head is there. The
// request is not touched after Do has returned. Errors wrap ErrNotAccepted or
// ErrBroken; when ctx ended, its cause.
func (c *Client) Do(ctx context.Context, addr string, r *Request) (*Response, error) {
	for {
		cc, err := c.conn(ctx, addr)
		if err != nil {
			return nil, fmt.Errorf("%w: dial %s: %w", ErrNotAccepted, addr, err)
		}
		resp, err := c.exchange(ctx, addr, cc, r)
		// A kept connection that the peer closed while it was idle says nothing
		// about the peer: once more, on a fresh one.
		if err != nil && cc.reused && errors.Is(err, errStale) && ctx.Err() == nil {
			continue
		}
		return resp, err
	}
}

var errStale = errors.New("the connection was closed by the peer")

func (c *Client) conn(ctx context.Context, addr string) (*clientConn, error) {
	c.mu.Lock()
	list := c.idle[addr]
	for len(list) > 0 {
		cc := list[len(list)-1]
		list = list[:len(list)-1]
		c.idle[addr] = list
		if time.Since(cc.used) < c.o.IdleTimeout {
			c.mu.Unlock()
			cc.reused = true
			return cc, nil
		}
		_ = cc.conn.Close()
	}
	c.mu.Unlock()
	return c.dial(ctx, addr)
}

func (c *Client) dial(ctx context.Context, addr string) (*clientConn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.DialTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if c.o.TLS != nil {
		t := tls.Client(conn, c.o.TLS)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("TLS with the cluster secret: %w", err)
		}
		conn = t
	}
	return &clientConn{conn: conn, r: bufio.NewReaderSize(conn, 8<<10)}, nil
}

func (c *Client) keep(addr string, cc *clientConn) {
	if cap(cc.w) > maxData {
		cc.w = nil
	}
	cc.used = time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if list := c.idle[addr]; !c.closed && len(list) < c.o.MaxIdle {
		c.idle[addr] = append(list, cc)
		return
	}
	_ = cc.conn.Close()
}

// exchange runs one request on a connection, which it keeps or closes.
func (c *Client) exchange(ctx context.Context, addr string, cc *clientConn, r *Request) (resp *Response, err error) {
	stop := context.AfterFunc(ctx, func() { _ = cc.conn.SetDeadline(time.Unix(1, 0)) })
	fail := func(kind, err error) (*Response, error) {
		stop()
		_ = cc.conn.Close()
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, fmt.Errorf("%w: %w", kind, err)
	}

	cc.w = appendRequest(cc.w[:0], r)
	if len(cc.w) > maxHead {
		stop()
		c.keep(addr, cc)
		return nil, fmt.Errorf("%w: the request's head is larger than 128 KiB", ErrNotAccepted)
	}
	if err := cc.conn.SetDeadline(time.Now().Add(c.o.AcceptTimeout)); err != nil {
		return fail(ErrNotAccepted, fmt.Errorf("%w: %w", errStale, err))
	}
	if ctx.Err() != nil { // the deadline above may have undone the cancellation's
		return fail(ErrNotAccepted, context.Cause(ctx))
	}
	if _, err := cc.conn.Write(cc.w); err != nil {
		return fail(ErrNotAccepted, fmt.Errorf("%w: %w", errStale, err))
	}
	kind, n, err := readHeader(cc.r, &cc.scratch, maxData)
	if err != nil {
		if !isTimeout(err) {
			err = fmt.Errorf("%w: %w", errStale, err)
		}
		return fail(ErrNotAccepted, err)
	}
	if kind == frameRefuse {
		reason := make([]byte, n)
		if _, err := io.ReadFull(cc.r, reason); err != nil {
			return fail(ErrNotAccepted, err)
		}
		stop()
		c.keep(addr, cc)
		return nil, fmt.Errorf("%w: %w", ErrNotAccepted, &RefusedError{string(reason)})
	}
	if kind != frameAccept || n != 0 {
		return fail(ErrNotAccepted, errFrame)
	}

	if err := cc.sendBody(r.Body, c.o.WriteTimeout); err != nil {
		return fail(ErrBroken, err)
	}
	if err := cc.conn.SetDeadline(time.Time{}); err != nil {
		return fail(ErrBroken, err)
	}
	if ctx.Err() != nil {
		return fail(ErrBroken, context.Cause(ctx))
	}
	kind, n, err = readHeader(cc.r, &cc.scratch, maxHead)
	if err != nil {
		return fail(ErrBroken, err)
	}
	head := make([]byte, n)
	if _, err := io.ReadFull(cc.r, head); err != nil {
		return fail(ErrBroken, err)
	}
	if kind != frameResponse {
		return fail(ErrBroken, errFrame)
	}
	resp, err = parseResponse(head)
	if err != nil {
		return fail(ErrBroken, err)
	}
	resp.Body = &responseBody{ctx: ctx, c: c, addr: addr, cc: cc, stop: stop}
	return resp, nil
}

// sendBody writes the body: the commit. An empty one is a frame, too.
func (cc *clientConn) sendBody(body []byte, timeout time.Duration) error {
	if err := cc.conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	cc.w = append(cc.w[:0], frameBody, 0, 0, 0, 0)
	if len(body) <= maxData {
		cc.w = append(cc.w, body...)
		_, err := cc.conn.Write(cc.w)
		return err
	}
	if _, err := cc.conn.Write(cc.w); err != nil {
		return err
	}
	for len(body) > 0 { // in pieces, so that a slow peer has the timeout for each
		piece := body[:min(len(body), 1<<20)]
		body = body[len(piece):]
		if err := cc.conn.SetDeadline(time.Now().Add(timeout)); err != nil {
			return err
		}
		if _, err := cc.conn.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// responseBody reads data frames. Read and Close are called by one goroutine.
type responseBody struct {
	ctx   context.Context
	c     *Client
	addr  string
	cc    *clientConn
	stop  func() bool
	left  int // of the current frame
	ended bool
	err   error
	done  bool
}

func (b *responseBody) Read(p []byte) (int, error) {
	for b.left == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.next()
	}
	n, err := b.cc.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	if err != nil {
		b.err = b.lost(err)
		b.left = 0
		if n == 0 {
			return 0, b.err
		}
	}
	return n, nil
}

func (b *responseBody) next() {
	kind, n, err := readHeader(b.cc.r, &b.cc.scratch, maxData)
	switch {
	case err != nil:
		b.err = b.lost(err)
	case kind == frameData:
		b.left = n
	case kind == frameEnd && n == 0:
		b.err, b.ended = io.EOF, true
	case kind == frameAbort:
		reason := make([]byte, n)
		if _, err := io.ReadFull(b.cc.r, reason); err != nil {
			b.err = b.lost(err)
			return
		}
		b.err = &AbortError{string(reason)}
	default:
		b.err = &AbortError{errFrame.Error()}
	}
}

func (b *responseBody) lost(err error) error {
	if cause := context.Cause(b.ctx); cause != nil {
		return cause
	}
	return &AbortError{"the connection to the peer was lost: " + err.Error()}
}

// Close gives the connection back after a clean end, else closes it, which
// ends the owner's context.
func (b *responseBody) Close() error {
	if b.done {
		return nil
	}
	b.done = true
	if !b.ended && b.left == 0 && b.err == nil && b.cc.r.Buffered() >= frameHeader {
		b.next() // a whole body read by its length leaves the end frame unread
	}
	if b.stop() && b.ended {
		b.c.keep(b.addr, b.cc)
		return nil
	}
	return b.cc.conn.Close()
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
