package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Options are common to all instances. The zero value is good for production.
type Options struct {
	DialTimeout    time.Duration                         // of TCP and, apart, of TLS; default 5 s
	MaxIdlePerHost int                                   // kept-alive connections; default 512
	Proxy          func(*http.Request) (*url.URL, error) // default: the environment's HTTPS_PROXY and NO_PROXY
	RootCAs        *x509.CertPool                        // default: the system's

	// Dial opens connections in the place of a net.Dialer, for tests of broken
	// networks; nil: a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Target is one instance.
type Target struct {
	BaseURL          *url.URL
	Header           http.Header   // credentials and configured headers; they override the call's
	Timeout          time.Duration // the whole call
	FirstByteTimeout time.Duration // until the head and, for a stream, the first byte of the body
	IdleTimeout      time.Duration // between two pieces of the body
}

// Client calls one instance over connections of its own: no other instance's
// load or fault touches them. It may be used from any goroutine.
type Client struct {
	target    Target
	path      string // of the base URL, escaped
	transport *http.Transport
	blank     *http.Request // what every request is made from
}

// New makes a client; nothing is dialed yet.
func New(t Target, o Options) *Client {
	return &Client{
		target: t, path: strings.TrimSuffix(t.BaseURL.EscapedPath(), "/"), transport: NewTransport(o),
		blank: &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1},
	}
}

// NewTransport makes the transport of one instance.
func NewTransport(o Options) *http.Transport {
	if o.DialTimeout <= 0 {
		o.DialTimeout = 5 * time.Second
	}
	if o.MaxIdlePerHost <= 0 {
		o.MaxIdlePerHost = 512
	}
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: o.DialTimeout, KeepAlive: 15 * time.Second}).DialContext
	}
	return &http.Transport{
		DialContext:            aborting(o.Dial),
		TLSHandshakeTimeout:    o.DialTimeout,
		TLSClientConfig:        &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
		Proxy:                  o.Proxy,
		MaxIdleConnsPerHost:    o.MaxIdlePerHost,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 256 << 10,
		ReadBufferSize:         streamBuffer,
		WriteBufferSize:        streamBuffer,
	}
}

// streamBuffer is the size of a connection's two buffers, which a stream holds
// for minutes. A usual head fits in, larger bodies pass by.
const streamBuffer = 2 << 10

// Close gives back idle connections; calls under way go on.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Call is one request, which Header belongs to.
type Call struct {
	Method   string
	Path     string // appended to the base URL's path
	RawQuery string
	Header   http.Header
	Body     []byte // never changed; the client may read it for as long as the response is open
	Lent     bool   // Body is the caller's again when Do has returned
	Stream   bool   // the answer may take minutes; a Body that was read is not kept for so long
}

// Response is an answer for the client: a 2xx, or a 400-class one that is its
// own fault (Outcome tells).
type Response struct {
	Status  int
	Outcome Outcome // OK or CallerFault
	Header  http.Header
	Length  int64 // of the body; -1: not told
	Stream  bool  // text/event-stream; the first Read ends with FirstByteTimeout
	Body    io.ReadCloser
}

// maxFault bounds how much is read of an answer that only tells of a fault.
const maxFault = 256 << 10

// Do makes one attempt. Exactly one of the results is nil. The response's body
// must be closed; closing it early cancels the call.
func (c *Client) Do(ctx context.Context, call *Call) (*Response, *Fault) {
	a := c.begin(ctx)
	req, lent := a.request(c, call)
	resp, err := c.transport.RoundTrip(req)
	if lent != nil {
		lent.giveBack(err == nil)
	}
	if err != nil {
		f := c.noAnswer(a, err)
		a.watch.stop()
		a.End(nil)
		return nil, f
	}
	cleanResponse(resp.Header)
	outcome, _ := Classify(resp.StatusCode, resp.Header, nil, time.Now())
	a.received = plain(resp)
	if outcome != OK && outcome != CallerFault {
		defer a.Close()
		return nil, c.answered(a, resp, outcome)
	}
	a.response = Response{
		Status: resp.StatusCode, Outcome: outcome, Header: resp.Header, Length: resp.ContentLength, Body: a,
		Stream: strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream"),
	}
	a.armed = a.response.Stream
	resp.Header = nil // net/http holds on to the response for as long as its body
	return &a.response, nil
}

// join appends an escaped path to the base's.
func (c *Client) join(path string) (plain, raw string) {
	raw = c.path + path
	plain, err := url.PathUnescape(raw)
	if err != nil {
		return c.target.BaseURL.Path + path, ""
	}
	return plain, raw
}

// noAnswer classifies an attempt that brought no head.
func (c *Client) noAnswer(a *attempt, err error) *Fault {
	cause := a.Err()
	if cause != nil && cause != ErrIdle && cause != ErrTimeout { // the caller's context ended, not one of our timers
		return canceled(cause)
	}
	f := &Fault{Outcome: Unreachable, Cause: "reset", Reason: c.clean(err), Unanswered: true}
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case cause == ErrIdle:
		f.Cause, f.Reason = "timeout", fmt.Sprintf("no byte of an answer within %s", c.target.FirstByteTimeout)
	case cause == ErrTimeout:
		f.Cause, f.Reason = "timeout", fmt.Sprintf("no answer within %s", c.target.Timeout)
	case errors.As(err, &dns), errors.As(err, &op) && op.Op == "dial", isTLS(err):
		f.Cause, f.Scarce = "connect", scarce(err)
	}
	return f
}

func scarce(err error) bool {
	for _, e := range [...]error{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func isTLS(err error) bool {
	var record tls.RecordHeaderError
	var verify *tls.CertificateVerificationError
	return errors.As(err, &record) || errors.As(err, &verify) || strings.Contains(err.Error(), "TLS handshake")
}

func canceled(cause error) *Fault {
	return &Fault{Outcome: Canceled, Cause: "canceled", Reason: cause.Error()}
}

// answered classifies an answer that serves nobody, and reads it for the
// client that gets it in the end.
func (c *Client) answered(a *attempt, resp *http.Response, outcome Outcome) *Fault {
	a.watch.arm(2*time.Second, ErrIdle)
	var text []byte
	if resp.StatusCode != http.StatusSwitchingProtocols { // behind which no context ends a read
		text, _ = io.ReadAll(io.LimitReader(a.received, maxFault)) // what arrived is enough
	}
	_, wait := Classify(resp.StatusCode, resp.Header, text, time.Now())
	f := &Fault{
		Outcome: outcome, Status: resp.StatusCode, RetryAfter: wait, Cause: "status",
		Reason:   fmt.Sprintf("HTTP %d", resp.StatusCode),
		Response: &Buffered{Header: resp.Header, Body: text},
	}
	switch {
	case outcome == Credentials:
		f.Cause = "credentials"
	case outcome == Cooling:
		f.Cause = "cooling"
	case outcome == Exhausted:
		f.Cause = "exhausted"
	case resp.StatusCode == 529 || resp.StatusCode == http.StatusServiceUnavailable:
		f.Cause = "overloaded"
	}
	return f
}

// clean makes one line of an error; URLs hold no secrets here, but keep them
// short all the same.
func (c *Client) clean(err error) string {
	s := strings.Join(strings.Fields(err.Error()), " ")
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "..."
	}
	return s
}
