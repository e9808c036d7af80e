package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/llmgw/llmgw/gateway/scope"
)

// attempt is one call to an instance in one piece of memory: the call's
// context, the watch over its bytes, the request and the response, whose body
// it is. Read and Close are called from one goroutine.
type attempt struct {
	scope.Scope
	watch    watch
	url      url.URL
	sent     bytes.Reader
	response Response
	received io.ReadCloser
	idle     time.Duration // the most between two pieces of the body
	armed    bool          // for the first Read, by Do
}

// begin starts the clock of an attempt.
func (c *Client) begin(ctx context.Context) *attempt {
	a := &attempt{idle: c.target.IdleTimeout}
	a.Scope.Begin(ctx)
	a.watch.call = &a.Scope
	if c.target.Timeout > 0 {
		a.watch.deadline = time.Now().Add(c.target.Timeout)
	}
	a.watch.arm(c.target.FirstByteTimeout, ErrIdle)
	return a
}

// request makes the attempt's request. A large body is lent to it, and that of
// a stream.
func (a *attempt) request(c *Client, call *Call) (*http.Request, *payload) {
	a.url = *c.target.BaseURL
	a.url.Path, a.url.RawPath = c.join(call.Path)
	a.url.RawQuery = call.RawQuery
	h := call.Header
	for name, values := range c.target.Header {
		h[name] = values
	}
	if h["Content-Type"] == nil && len(call.Body) > 0 {
		h["Content-Type"] = []string{"application/json"}
	}
	if h["User-Agent"] == nil {
		h["User-Agent"] = nil // net/http would invent one
	}
	req := c.blank.WithContext(&a.Scope)
	req.Method, req.URL, req.Host, req.Header = call.Method, &a.url, a.url.Host, h
	req.ContentLength = int64(len(call.Body))
	// GetBody is for a kept connection that the instance closed while it was
	// idle: nothing of the request was read then.
	switch {
	case len(call.Body) > lendFrom || call.Stream && len(call.Body) > 0:
		lent := &payload{bytes: call.Body, size: len(call.Body)}
		req.Body = &reading{p: lent}
		req.GetBody = func() (io.ReadCloser, error) { return &reading{p: lent}, nil }
		return req, lent
	case len(call.Body) > 0:
		own := call.Body
		if call.Lent {
			own = bytes.Clone(own)
		}
		a.sent.Reset(own)
		req.Body = io.NopCloser(&a.sent)
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(own)), nil }
	}
	return req, nil
}

// Read returns data as it comes. At a timer's end it returns ErrIdle or
// ErrTimeout, when the connection breaks ErrCut, when the caller's context
// ended its cause.
func (a *attempt) Read(p []byte) (int, error) {
	if !a.armed {
		a.watch.arm(a.idle, ErrIdle)
	}
	a.armed = false
	n, err := a.received.Read(p)
	a.watch.rest()
	if err != nil {
		err = a.explain(err)
	}
	return n, err
}

func (a *attempt) explain(err error) error {
	if err == io.EOF {
		return err
	}
	if cause := a.Err(); cause != nil {
		return cause
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCut, err)
}

// Close ends the call, also one whose body was not read to its end.
func (a *attempt) Close() error {
	a.watch.stop()
	err := a.received.Close()
	a.End(nil)
	return err
}
