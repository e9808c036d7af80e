package upstream

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Probe makes a GET and tells what it says of the instance; nil: it is well.
// A 400-class answer but for bad credentials is well, too: it was reached.
func (c *Client) Probe(ctx context.Context, path string, timeout time.Duration) *Fault {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, ErrIdle)
	defer cancel()
	resp, f := c.Do(ctx, &Call{Method: http.MethodGet, Path: path, Header: http.Header{}})
	if f != nil {
		return f
	}
	_ = resp.Body.Close() // what it says does not matter
	return nil
}

// Reach opens a connection to the instance and closes it again, TLS included:
// whether it can be reached from here, at no cost to it. Behind a proxy that
// says nothing, and nil is returned.
func (c *Client) Reach(ctx context.Context, timeout time.Duration) *Fault {
	u := c.target.BaseURL
	if p, err := c.transport.Proxy(&http.Request{URL: u}); p != nil || err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, ErrIdle)
	defer cancel()
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	conn, err := c.transport.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err == nil && u.Scheme == "https" {
		cfg := c.transport.TLSClientConfig.Clone()
		cfg.ServerName = u.Hostname()
		secure := tls.Client(conn, cfg)
		err = secure.HandshakeContext(ctx)
		conn = secure
	}
	if conn != nil {
		_ = conn.Close() // nothing was said on it
	}
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil && cause != ErrIdle {
		return canceled(cause)
	}
	return &Fault{Outcome: Unreachable, Cause: "connect", Reason: c.clean(err)}
}
