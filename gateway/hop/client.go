package hop

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// ClientOptions make a client; what is zero takes its default.
type ClientOptions struct {
	// TLS authenticates both sides; nil: plain TCP, for tests and measuring.
	TLS *tls.Config
	// Dial opens a connection, within DialTimeout; nil: TCP, with keep-alive set
	// to notice a vanished peer within 30 s.
	Dial func(ctx context.Context, addr string) (net.Conn, error)

	DialTimeout   time.Duration // of connecting, without TLS: 250 ms
	AcceptTimeout time.Duration // from the request's head to the owner's word; also of the TLS handshake: 300 ms
	WriteTimeout  time.Duration // of each write: 30 s
	IdleTimeout   time.Duration // how long an unused connection is kept, less than the server's: 30 s
	MaxIdle       int           // how many unused connections are kept for an address: 256
}

// Client sends requests to owners. Its methods may be called from any goroutine.
type Client struct {
	o       ClientOptions
	pool    pool
	buffers buffers
}

// NewClient makes a client; it dials when it is asked to.
func NewClient(o ClientOptions) *Client {
	if o.TLS != nil {
		o.TLS = o.TLS.Clone()
		o.TLS.DynamicRecordSizingDisabled = true // small first records would cost writes
	}
	orDefault(&o.DialTimeout, 250*time.Millisecond)
	orDefault(&o.AcceptTimeout, 300*time.Millisecond)
	orDefault(&o.WriteTimeout, 30*time.Second)
	orDefault(&o.IdleTimeout, 30*time.Second)
	orDefault(&o.MaxIdle, 256)
	if o.Dial == nil {
		d := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}
		o.Dial = func(ctx context.Context, addr string) (net.Conn, error) { return d.DialContext(ctx, "tcp", addr) }
	}
	c := &Client{o: o}
	c.pool.init(o.IdleTimeout, o.MaxIdle)
	return c
}

func orDefault[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// CloseIdle closes the unused connections to an address, say of a node that has
// left.
func (c *Client) CloseIdle(addr string) { c.pool.drop(addr) }

// Close closes the unused connections. Exchanges under way go on, and close
// their connection at their end.
func (c *Client) Close() { c.pool.close() }

// Do runs one exchange with the owner at addr, and returns when the response's
// head has arrived; Response.Body must be closed. r is not touched after Do has
// returned.
//
// An error is ErrNotAccepted or ErrBroken, and wraps the cause. When ctx ends,
// the connection is closed at once, and the error wraps ctx.Err() and
// context.Cause(ctx), too; ctx rules the response until its end. A kept
// connection that turns out to be closed before the owner accepted is replaced
// by a fresh one, once.
func (c *Client) Do(ctx context.Context, addr string, r *Request) (*Response, error) {
	buf := c.buffers.getSmall()
	defer c.buffers.small.Put(buf)
	head, err := appendRequest(buf[:0], r)
	if err != nil {
		return nil, fmt.Errorf("hop to %s: %w: %w", addr, ErrNotAccepted, err)
	}
	if cn := c.pool.take(addr); cn != nil {
		resp, err := c.exchange(ctx, addr, cn, head, r.Body)
		var stale *staleError
		if err == nil || ctx.Err() != nil || !errors.As(err, &stale) {
			return resp, err
		}
		c.pool.drop(addr) // what closed this one closed the others
	}
	cn, err := c.dial(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("hop to %s: %w: %w", addr, ErrNotAccepted, because(ctx, err))
	}
	return c.exchange(ctx, addr, cn, head, r.Body)
}

// because puts the end of ctx in the place of the error that it led to.
func because(ctx context.Context, err error) error {
	ended := ctx.Err()
	if ended == nil {
		return err
	}
	if cause := context.Cause(ctx); cause != ended {
		return fmt.Errorf("%w: %w", ended, cause)
	}
	return ended
}

// staleError is a connection that failed before the owner accepted, other than
// by its silence.
type staleError struct{ err error }

func (e *staleError) Error() string { return "the connection failed: " + e.err.Error() }
func (e *staleError) Unwrap() error { return e.err }

func offerFailed(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errFrame) {
		return err
	}
	return &staleError{truncated(err)}
}

// clientConn is a connection to an owner.
type clientConn struct {
	link
	in     reader
	inBuf  *[smallSize]byte // of in, while an exchange runs
	unused time.Time        // since when
	probe  func() bool      // false: the peer has closed it
}

// dial opens a connection, ready for an exchange.
func (c *Client) dial(ctx context.Context, addr string) (*clientConn, error) {
	dialing, cancel := context.WithTimeout(ctx, c.o.DialTimeout)
	defer cancel()
	raw, err := c.o.Dial(dialing, addr)
	if err != nil {
		return nil, err
	}
	cn := &clientConn{link: newLink(raw, c.o.TLS, tls.Client, c.o.WriteTimeout), probe: prober(raw)}
	cn.in.src = cn.Conn
	stop := context.AfterFunc(ctx, cn.kill)
	defer stop()
	if err := cn.handshake(time.Now().Add(c.o.AcceptTimeout)); err != nil {
		cn.kill()
		return nil, fmt.Errorf("TLS handshake: %w", truncated(err))
	}
	return cn, nil
}

// exchange runs one exchange on cn, which it keeps or kills.
func (c *Client) exchange(ctx context.Context, addr string, cn *clientConn, head, body []byte) (*Response, error) {
	x := &exchange{client: c, addr: addr, ctx: ctx, conn: cn}
	if ctx.Done() != nil {
		x.detach = context.AfterFunc(ctx, cn.kill)
	}
	cn.inBuf = c.buffers.getSmall()
	cn.in.buf, cn.in.r, cn.in.w = cn.inBuf[:], 0, 0

	refused, err := cn.offer(head, time.Now().Add(c.o.AcceptTimeout))
	if err == nil && refused != nil {
		x.finish()
		return nil, fmt.Errorf("hop to %s: %w: %w", addr, ErrNotAccepted, refused)
	}
	if err != nil {
		x.abandon()
		if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
			c.pool.drop(addr) // the owner is frozen or cut off, on every connection
			err = fmt.Errorf("no answer within %v: %w", c.o.AcceptTimeout, err)
		}
		return nil, fmt.Errorf("hop to %s: %w: %w", addr, ErrNotAccepted, because(ctx, err))
	}
	if err := c.commit(cn, body); err != nil {
		x.abandon()
		return nil, fmt.Errorf("hop to %s: %w: send the body: %w", addr, ErrBroken, because(ctx, err))
	}
	if err := x.head(); err != nil {
		x.abandon()
		return nil, fmt.Errorf("hop to %s: %w: %w", addr, ErrBroken, because(ctx, err))
	}
	return &x.Response, nil
}

// offer sends a request's head and waits for the owner's word.
func (cn *clientConn) offer(head []byte, deadline time.Time) (refused *RefusedError, err error) {
	if err := cn.raw.SetDeadline(deadline); err != nil {
		return nil, offerFailed(err)
	}
	if _, err := cn.Conn.Write(head); err != nil {
		return nil, offerFailed(err)
	}
	kind, n, err := cn.in.header()
	if err != nil {
		return nil, offerFailed(err)
	}
	switch {
	case kind == frameAccept && n == 0:
		return nil, cn.raw.SetReadDeadline(time.Time{})
	case kind == frameRefuse:
		reason, err := cn.in.reason(n)
		if err != nil {
			return nil, offerFailed(err)
		}
		return &RefusedError{reason}, cn.raw.SetReadDeadline(time.Time{})
	}
	return nil, fmt.Errorf("%w: %q in the place of its word", errFrame, kind)
}

// commit sends the body.
func (c *Client) commit(cn *clientConn, body []byte) error {
	buf := c.buffers.getRecord()
	defer c.buffers.record.Put(buf)
	first := appendHeader(buf[:0], frameBody, len(body))
	n := min(len(body), cap(first)-len(first))
	first, body = append(first, body[:n]...), body[n:]
	if len(body) == 0 {
		return cn.send(first)
	}
	w := cn.startBulk(&c.buffers)
	err := w.send(first)
	for len(body) > 0 && err == nil { // in pieces, each within the write timeout
		n := min(len(body), 1<<20)
		err = w.send(body[:n])
		body = body[n:]
	}
	return w.done(err)
}

// head reads the response's head. A whole response without a body is finished
// with it.
func (x *exchange) head() error {
	kind, n, err := x.conn.in.header()
	switch {
	case err != nil:
		return truncated(err)
	case kind == frameAbort:
		reason, err := x.conn.in.reason(n)
		if err != nil {
			return err
		}
		return &AbortError{Reason: reason}
	case kind != frameResponse || n > maxHead:
		return fmt.Errorf("%w: %q of %d bytes in the place of a response", errFrame, kind, n)
	}
	head, err := x.conn.in.text(int(n))
	if err != nil {
		return err
	}
	if err := parseResponse(head, &x.Response); err != nil {
		return err
	}
	x.Body, x.remaining = x, x.Length
	if x.Length == 0 {
		if err := x.next(); err != io.EOF {
			return err
		}
		x.err = io.EOF
	}
	return nil
}
