// Package fetch gets what a client's request points to by URL, where a
// provider wants the bytes: images and documents. It is a client of the whole
// internet on behalf of strangers, so it is bounded in every way: size, time,
// redirects, and no address of a private network unless the operator allows
// it, checked on the address that is dialed and not on the name.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Options of a Fetcher. The zero value is good for production.
type Options struct {
	MaxBytes     int64         // of one body; default 20 MiB
	Timeout      time.Duration // of one fetch, redirects included; default 10 s
	AllowPrivate bool          // also loopback, link-local and private addresses
}

// Fetcher fetches over connections of its own. It may be used from any
// goroutine.
type Fetcher struct {
	client *http.Client
	max    int64
}

// New makes a Fetcher.
func New(o Options) *Fetcher {
	if o.MaxBytes <= 0 {
		o.MaxBytes = 20 << 20
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	dialer := &net.Dialer{Timeout: 3 * time.Second}
	if !o.AllowPrivate {
		dialer.Control = public
	}
	return &Fetcher{max: o.MaxBytes, client: &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{
			DialContext:            dialer.DialContext, // no proxy: it would be asked for private addresses
			TLSHandshakeTimeout:    3 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns:           16,
			IdleConnTimeout:        30 * time.Second,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > 3 {
				return errors.New("it redirects more than three times")
			}
			return check(req.URL)
		},
	}}
}

// Close gives back idle connections.
func (f *Fetcher) Close() { f.client.CloseIdleConnections() }

// Get fetches a URL and returns its media type, without parameters, and its
// bytes. Errors say what was wrong in words for the client and do not repeat
// the URL, which may hold a signature.
func (f *Fetcher) Get(ctx context.Context, rawURL string) (mediaType string, body []byte, err error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", nil, errors.New("it is no URL")
	}
	if err := check(u); err != nil {
		return "", nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", nil, errors.New("it is no URL")
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return "", nil, reason(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", nil, fmt.Errorf("its server answers with status %d", resp.StatusCode)
	}
	if resp.ContentLength > f.max {
		return "", nil, f.tooLarge()
	}
	body, err = io.ReadAll(io.LimitReader(resp.Body, f.max+1))
	if err != nil {
		return "", nil, reason(err)
	}
	if int64(len(body)) > f.max {
		return "", nil, f.tooLarge()
	}
	return typeOf(resp.Header.Get("Content-Type"), body), body, nil
}

func (f *Fetcher) tooLarge() error {
	return fmt.Errorf("it is larger than %d MiB", f.max>>20)
}

// typeOf believes a server that names a type, and looks for itself where it
// does not.
func typeOf(header string, body []byte) string {
	t, _, err := mime.ParseMediaType(header)
	if err != nil || t == "application/octet-stream" || t == "binary/octet-stream" {
		t, _, _ = mime.ParseMediaType(http.DetectContentType(body))
	}
	return t
}

func check(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("only http and https URLs are fetched")
	}
	if u.Hostname() == "" {
		return errors.New("it names no host")
	}
	return nil
}

var errPrivate = errors.New("its address belongs to a private network")

// public refuses to dial what the internet cannot reach.
func public(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return errPrivate
	}
	a := ap.Addr().Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || inside(a) {
		return errPrivate
	}
	return nil
}

// inside lists ranges that IsPrivate does not know: shared address space,
// benchmarking, documentation, reserved, and IPv6 forms that hold an IPv4 one.
func inside(a netip.Addr) bool {
	for _, p := range [...]string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		if netip.MustParsePrefix(p).Contains(a) {
			return true
		}
	}
	return false
}

// reason makes a short sentence of net/http's error, without the URL in it.
func reason(err error) error {
	var u *url.Error
	var dns *net.DNSError
	switch {
	case errors.Is(err, errPrivate):
		return errPrivate
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &u) && u.Timeout():
		return errors.New("its server did not answer in time")
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &dns):
		return errors.New("its host is not known")
	case u != nil && strings.HasPrefix(u.Err.Error(), "it redirects"), u != nil && strings.HasPrefix(u.Err.Error(), "only http"):
		return u.Err
	}
	return errors.New("its server could not be reached")
}
