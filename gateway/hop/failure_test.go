package hop

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A frozen owner: the system takes the connection, nobody answers. When the
// owner wakes up, it must not run what the edge has taken elsewhere.
func TestAFrozenOwnerRunsNothing(t *testing.T) {
	noLeaks(t)
	server, client := testTLS(t)
	l := listen(t)
	c := NewClient(ClientOptions{TLS: client})
	defer c.Close()
	promptly(t, 400*time.Millisecond, "giving up", func(t *testing.T) time.Duration {
		began := time.Now()
		_, err := c.Do(t.Context(), l.Addr().String(), request(nil))
		took := time.Since(began)
		if !errors.Is(err, ErrNotAccepted) || errors.Is(err, ErrBroken) || took < 250*time.Millisecond {
			t.Errorf("Do: %v after %v", err, took)
		}
		return took
	})
	var ran atomic.Int32
	s := NewServer(ServerOptions{TLS: server, Handler: func(context.Context, *Request) *Response { ran.Add(1); return nil }})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	time.Sleep(50 * time.Millisecond)
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := wait(t, done, "Serve"); err != nil {
		t.Error(err)
	}
	if n := ran.Load(); n > 0 {
		t.Errorf("%d requests ran", n)
	}
}

// The owner freezes between the request's head and its word, on a connection
// that has served before.
func TestAnOwnerThatFreezesBeforeItAccepts(t *testing.T) {
	var frozen atomic.Bool
	var ran atomic.Int32
	thaw := make(chan bool)
	n := start(t, ServerOptions{
		Accept: func(*Request) error {
			if frozen.Load() {
				<-thaw
			}
			return nil
		},
		Handler: func(ctx context.Context, r *Request) *Response { ran.Add(1); return echo(ctx, r) },
	}, ClientOptions{})
	get(t, n, "before", "good")
	frozen.Store(true)
	n.client.o.AcceptTimeout = 50 * time.Millisecond
	_, err := n.client.Do(t.Context(), n.addr, request([]byte("body")))
	if !errors.Is(err, ErrNotAccepted) {
		t.Errorf("Do: %v", err)
	}
	n.client.o.AcceptTimeout = time.Minute
	close(thaw)
	n.idle(t)
	if n := ran.Load(); n != 1 {
		t.Errorf("%d requests ran, only the first was given to this node", n)
	}
	get(t, n, "afterwards", "good")
}

func TestNobodyListens(t *testing.T) {
	l := listen(t)
	addr := l.Addr().String()
	_ = l.Close()
	c := NewClient(ClientOptions{})
	_, err := c.Do(t.Context(), addr, request(nil))
	var op *net.OpError
	if !errors.Is(err, ErrNotAccepted) || !errors.As(err, &op) {
		t.Errorf("Do: %v", err)
	}
	c.o.Dial = func(ctx context.Context, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	promptly(t, 350*time.Millisecond, "giving up", func(t *testing.T) time.Duration {
		began := time.Now()
		_, err := c.Do(t.Context(), addr, request(nil))
		took := time.Since(began)
		if !errors.Is(err, ErrNotAccepted) || !errors.Is(err, context.DeadlineExceeded) || took < 200*time.Millisecond {
			t.Errorf("Do: %v after %v", err, took)
		}
		return took
	})
}

func TestAnotherSecret(t *testing.T) {
	noLeaks(t)
	server, _ := testTLS(t)
	_, client := testTLS(t)
	trusting := client.Clone() // a stranger that does not look at whom it talks to
	trusting.InsecureSkipVerify = true
	var ran atomic.Int32
	n := serveOn(t, listen(t), ServerOptions{
		TLS:     server,
		Accept:  func(*Request) error { ran.Add(1); return nil },
		Handler: func(context.Context, *Request) *Response { ran.Add(1); return nil },
	}, ClientOptions{TLS: client})
	for name, config := range map[string]*tls.Config{"no certificate": {InsecureSkipVerify: true}, "another CA": client, "another CA, trusting": trusting, "no TLS": nil} {
		c := NewClient(ClientOptions{TLS: config, AcceptTimeout: time.Minute})
		_, err := c.Do(t.Context(), n.addr, request(nil))
		if !errors.Is(err, ErrNotAccepted) || errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
		c.Close()
	}
	if n := ran.Load(); n > 0 {
		t.Errorf("%d strangers came in", n)
	}
}

// scripted is an owner without TLS that plays one connection after the other.
func scripted(t *testing.T, conns ...func(c net.Conn, in *reader)) (addr string, dialed *atomic.Int32) {
	t.Helper()
	noLeaks(t)
	l := listen(t)
	dialed = new(atomic.Int32)
	done := make(chan bool)
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if i := int(dialed.Add(1)) - 1; i < len(conns) {
				conns[i](c, &reader{src: c, buf: make([]byte, smallSize)})
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String(), dialed
}

// skip reads a frame.
func skip(in *reader) {
	if _, n, err := in.header(); err == nil {
		_, _ = in.text(int(n))
	}
}

var accept = []byte{frameAccept, 0, 0, 0, 0}

// answer is the wire of a response that is streamed in two pieces.
func answer(t testing.TB) []byte {
	t.Helper()
	b, err := appendResponse(nil, &Response{Status: 200, Header: []Field{{"A", "b"}}, Body: nothing{}})
	if err != nil {
		t.Fatal(err)
	}
	b = append(appendHeader(b, frameData, 3), "one"...)
	b = append(appendHeader(b, frameData, 3), "two"...)
	return appendHeader(b, frameEnd, 0)
}

// nothing is a body of nothing.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }
func (nothing) Close() error             { return nil }

// An owner that dies at any byte of its answer never makes it look whole.
func TestNoTruncatedResponseLooksWhole(t *testing.T) {
	wire := answer(t)
	var plays []func(net.Conn, *reader)
	for cut := range wire {
		plays = append(plays, func(c net.Conn, in *reader) {
			skip(in)
			_, _ = c.Write(accept)
			skip(in)
			_, _ = c.Write(wire[:cut])
		})
	}
	addr, dialed := scripted(t, plays...)
	c := NewClient(ClientOptions{AcceptTimeout: time.Minute})
	defer c.Close()
	head := strings.Index(string(wire), string([]byte{frameData, 0, 0, 0, 3}))
	for cut := range wire {
		resp, err := c.Do(t.Context(), addr, request([]byte("body")))
		if cut < head {
			if !errors.Is(err, ErrBroken) || errors.Is(err, ErrNotAccepted) || errors.Is(err, io.EOF) {
				t.Errorf("cut at %d: Do: %v", cut, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("cut at %d: Do: %v", cut, err)
			continue
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		var abort *AbortError
		if !errors.Is(err, ErrBroken) || !errors.As(err, &abort) || abort.Lost == nil || errors.Is(err, io.EOF) || !strings.HasPrefix("onetwo", string(b)) {
			t.Errorf("cut at %d: %q, %v", cut, b, err)
		}
	}
	if n := int(dialed.Load()); n != len(wire) {
		t.Errorf("%d connections for %d requests that were accepted: some ran twice", n, len(wire))
	}
}

// A kept connection that was closed is replaced once; one that breaks after the
// owner's word is not: the request may have run.
func TestStaleConnections(t *testing.T) {
	good := func(c net.Conn, in *reader) {
		skip(in)
		_, _ = c.Write(accept)
		skip(in)
		_, _ = c.Write(answer(t))
	}
	closed := make(chan bool, 1)
	addr, dialed := scripted(t,
		func(c net.Conn, in *reader) { good(c, in); _ = c.Close(); closed <- true },
		func(c net.Conn, in *reader) { good(c, in); skip(in); _, _ = c.Write(accept); skip(in) },
		func(c net.Conn, in *reader) { good(c, in); _ = c.Close(); closed <- true },
		func(c net.Conn, in *reader) { skip(in) },
		func(net.Conn, *reader) { t.Error("replaced a fresh connection") },
	)
	c := NewClient(ClientOptions{AcceptTimeout: time.Minute})
	defer c.Close()
	do := func() error {
		resp, err := c.Do(t.Context(), addr, request([]byte("body")))
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			_ = resp.Body.Close()
		}
		return err
	}
	if err := do(); err != nil {
		t.Fatal(err)
	}
	wait(t, closed, "the owner's close")
	if err := do(); err != nil { // fails on the first connection, runs on the second
		t.Fatal(err)
	}
	if err := do(); !errors.Is(err, ErrBroken) || dialed.Load() != 2 {
		t.Errorf("broken after its word: %v, %d connections", err, dialed.Load())
	}
	if err := do(); err != nil {
		t.Fatal(err)
	}
	wait(t, closed, "the owner's close")
	if err := do(); !errors.Is(err, ErrNotAccepted) || dialed.Load() != 4 {
		t.Errorf("stale, and the fresh one fails, too: %v, %d connections", err, dialed.Load())
	}
}

// What is no frame of ours ends the exchange, whatever it is.
func TestPeersThatSpeakAnotherLanguage(t *testing.T) {
	say := func(before int, what string) func(net.Conn, *reader) {
		return func(c net.Conn, in *reader) {
			skip(in)
			if before > 0 {
				_, _ = c.Write(accept)
				skip(in)
			}
			_, _ = io.WriteString(c, what)
			_, _ = in.text(1 << 20) // until the edge closes
		}
	}
	head := string(answer(t)[:strings.Index(string(answer(t)), "D\x00")])
	for name, play := range map[string]struct {
		say  func(net.Conn, *reader)
		want error
	}{
		"HTTP in the place of a word":     {say(0, "HTTP/1.1 400 Bad Request\r\n\r\n"), ErrNotAccepted},
		"a word with a payload":           {say(0, "A\x00\x00\x00\x01x"), ErrNotAccepted},
		"an endless reason":               {say(0, "R\xff\xff\xff\xff"), ErrNotAccepted},
		"an endless head":                 {say(1, "H\xff\xff\xff\xff"), ErrBroken},
		"a head of another version":       {say(1, "H\x00\x00\x00\x05\x02\xc8\x01\x00\x00"), ErrBroken},
		"data before the head":            {say(1, "D\x00\x00\x00\x01x"), ErrBroken},
		"a frame of data that is endless": {say(1, head+"D\xff\xff\xff\xff"), ErrBroken},
		"a frame of no data":              {say(1, head+"D\x00\x00\x00\x00"), ErrBroken},
		"a second head":                   {say(1, head+head), ErrBroken},
		"an abort that is endless":        {say(1, head+"X\xff\xff\xff\xff"), ErrBroken},
		"more than the length":            {say(1, "H\x00\x00\x00\x06\x01\xc8\x01\x00\x01\x00D\x00\x00\x00\x02xx"), ErrBroken},
		"less than the length":            {say(1, "H\x00\x00\x00\x06\x01\xc8\x01\x00\x02\x00D\x00\x00\x00\x01xE\x00\x00\x00\x00"), ErrBroken},
	} {
		t.Run(name, func(t *testing.T) {
			addr, _ := scripted(t, play.say)
			c := NewClient(ClientOptions{AcceptTimeout: time.Minute})
			defer c.Close()
			resp, err := c.Do(t.Context(), addr, request(nil))
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
			}
			if !errors.Is(err, play.want) || !errors.Is(err, errFrame) {
				t.Error(err)
			}
		})
	}
}
