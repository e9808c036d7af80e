package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// instance serves with h, and makes a client of it with short timeouts.
func instance(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return clientOf(t, s.URL+"/v1", Options{})
}

func clientOf(t *testing.T, base string, o Options) *Client {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	c := New(Target{BaseURL: u, Header: http.Header{"Authorization": {"Bearer ours"}}, Timeout: 10 * time.Second, FirstByteTimeout: 200 * time.Millisecond, IdleTimeout: 200 * time.Millisecond}, o)
	t.Cleanup(c.Close)
	return c
}

func ask() *Call {
	return &Call{Method: "POST", Path: "/chat/completions", Header: http.Header{"X-Session-Id": {"s"}}, Body: []byte(`{"model":"m"}`)}
}

func flush(w http.ResponseWriter) { w.(http.Flusher).Flush() }

// Each way in which an attempt can fail is told apart.
func TestFaults(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body); <-r.Context().Done() }
	refused := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return "http://" + l.Addr().String()
	}()
	for _, c := range []struct {
		name    string
		client  *Client
		outcome Outcome
		cause   string
	}{
		{"refused", clientOf(t, refused, Options{}), Unreachable, "connect"},
		{"no TLS there", clientOf(t, strings.Replace(instance(t, hang).target.BaseURL.String(), "http:", "https:", 1), Options{}), Unreachable, "connect"},
		{"no such name", clientOf(t, "http://no.such.host.invalid", Options{Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}
		}}), Unreachable, "connect"},
		{"silence", instance(t, hang), Unreachable, "timeout"},
		{"hung up", instance(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), Unreachable, "reset"},
		{"no HTTP", instance(t, func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH\r\n\r\n")
				conn.Close()
			}
		}), Unreachable, "reset"},
		{"503", instance(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }), Failed, "overloaded"},
		{"500", instance(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }), Failed, "status"},
		{"a redirect is not followed", instance(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusTemporaryRedirect)
		}), Failed, "status"},
		{"a protocol that nobody asked for", instance(t, func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
				_, _ = io.Copy(io.Discard, conn) // until the client hangs up
				conn.Close()
			}
		}), Failed, "status"},
		{"401", instance(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }), Credentials, "credentials"},
		{"402", instance(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(402) }), Exhausted, "exhausted"},
		{"429", instance(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }), Cooling, "cooling"},
	} {
		resp, f := c.client.Do(t.Context(), ask())
		if resp != nil || f == nil {
			t.Errorf("%s: answered", c.name)
			continue
		}
		if f.Outcome != c.outcome || f.Cause != c.cause || f.Reason == "" || strings.Contains(f.Reason, "ours") || strings.Contains(f.Reason, "\n") {
			t.Errorf("%s: outcome %d, cause %q, %q", c.name, f.Outcome, f.Cause, f.Reason)
		}
	}
}

func TestACallersEndIsNobodysFault(t *testing.T) {
	began := make(chan struct{})
	c := instance(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		close(began)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { <-began; cancel(errors.New("left")) }()
	if _, f := c.Do(ctx, ask()); f == nil || f.Outcome != Canceled {
		t.Errorf("%+v", f)
	}
}

func TestBodiesThatBreak(t *testing.T) {
	for name, c := range map[string]struct {
		then func(http.ResponseWriter, *http.Request)
		want error
	}{
		"silence": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, ErrIdle},
		"cut":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ErrCut},
		"end":     {func(http.ResponseWriter, *http.Request) {}, nil},
	} {
		cl := instance(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: x\n\n")
			flush(w)
			c.then(w, r)
		})
		resp, f := cl.Do(t.Context(), ask())
		if f != nil {
			t.Fatalf("%s: %+v", name, f)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(b) != "data: x\n\n" || !errors.Is(err, c.want) && (err != nil || c.want != nil) {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

// The first byte of a stream has the time that a head has.
func TestSilenceBehindAStreamsHead(t *testing.T) {
	c := instance(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		flush(w)
		<-r.Context().Done()
	})
	resp, f := c.Do(t.Context(), ask())
	if f != nil || !resp.Stream {
		t.Fatalf("%+v %+v", resp, f)
	}
	defer resp.Body.Close()
	if n, err := resp.Body.Read(make([]byte, 9)); n != 0 || !errors.Is(err, ErrIdle) {
		t.Errorf("%d, %v", n, err)
	}
}

// What the caller's fault or an error said stays readable; what belongs to the
// connection does not go on.
func TestAnswersKeepWhatTheySay(t *testing.T) {
	c := instance(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer ours" || r.Header.Get("X-Session-Id") != "s" || r.URL.Path != "/v1/chat/completions" {
			t.Errorf("asked %s with %v", r.URL, r.Header)
		}
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Hop", "1")
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("X-Kept", "1")
		w.WriteHeader(422)
		_, _ = io.WriteString(w, "no")
	})
	resp, f := c.Do(t.Context(), ask())
	if f != nil || resp.Outcome != CallerFault || resp.Status != 422 {
		t.Fatalf("%+v %+v", resp, f)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if string(b) != "no" || resp.Header.Get("X-Kept") != "1" || resp.Header.Get("X-Hop")+resp.Header.Get("Set-Cookie") != "" {
		t.Errorf("%q %v", b, resp.Header)
	}
}

// A request that was read is not sent again by itself, whatever the client's
// headers say.
func TestNothingIsSentTwice(t *testing.T) {
	var seen atomic.Int32
	c := instance(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		seen.Add(1)
		panic(http.ErrAbortHandler)
	})
	call := ask()
	name, ok := Forwardable([]byte("Idempotency-Key"))
	if !ok {
		t.Fatal("the header is dropped")
	}
	call.Header[name] = []string{"k"}
	if _, f := c.Do(t.Context(), call); f == nil || f.Cause != "reset" || seen.Load() != 1 {
		t.Errorf("sent %d times, %+v", seen.Load(), f)
	}
}

func TestProbeAndReach(t *testing.T) {
	status := atomic.Int32{}
	status.Store(200)
	c := instance(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "GET" || r.URL.Path != "/v1/models" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if s := int(status.Load()); s != 0 {
			w.WriteHeader(s)
			return
		}
		<-r.Context().Done()
	})
	for s, cause := range map[int]string{200: "", 404: "", 503: "overloaded", 401: "credentials", 0: "timeout"} {
		status.Store(int32(s))
		got := ""
		if f := c.Probe(t.Context(), "/models", 100*time.Millisecond); f != nil {
			got = f.Cause
		}
		if got != cause {
			t.Errorf("%d: %q, want %q", s, got, cause)
		}
	}
	if f := c.Reach(t.Context(), time.Second); f != nil {
		t.Errorf("an instance that is there: %+v", f)
	}
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	if f := clientOf(t, secure.URL, Options{}).Reach(t.Context(), time.Second); f == nil || f.Cause != "connect" {
		t.Errorf("a certificate of nobody: %+v", f)
	}
	secure.Close()
	if f := clientOf(t, secure.URL, Options{}).Reach(t.Context(), time.Second); f == nil || f.Cause != "connect" {
		t.Errorf("nobody there: %+v", f)
	}
	proxied := clientOf(t, secure.URL, Options{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})})
	if f := proxied.Reach(t.Context(), time.Second); f != nil {
		t.Errorf("behind a proxy nothing is known: %+v", f)
	}
}
