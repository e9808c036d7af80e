package hop

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestShutdownWaitsForRunningRequests(t *testing.T) {
	running, release := make(chan bool, 1), make(chan bool)
	n := start(t, ServerOptions{Handler: func(ctx context.Context, r *Request) *Response {
		if r.Key == "slow" {
			running <- true
			<-release
		}
		if ctx.Err() != nil {
			t.Error("the context of a request that may end itself has ended")
		}
		return echo(ctx, r)
	}}, ClientOptions{})
	get(t, n, "leaves an unused connection", "good")
	type result struct {
		body string
		err  error
	}
	results := make(chan result, 1)
	go func() {
		r := request([]byte("late"))
		r.Key = "slow"
		resp, err := n.client.Do(t.Context(), n.addr, r)
		if err != nil {
			results <- result{err: err}
			return
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		results <- result{string(b), err}
	}()
	wait(t, running, "the handler")
	down := make(chan error, 1)
	go func() { down <- n.server.Shutdown(context.Background()) }()
	for !n.server.shut.Load() {
		time.Sleep(time.Millisecond)
	}
	if _, err := n.client.Do(t.Context(), n.addr, request(nil)); !errors.Is(err, ErrNotAccepted) {
		t.Errorf("a request after the shutdown: %v", err)
	}
	select {
	case err := <-down:
		t.Errorf("shutdown did not wait: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(release)
	if r := wait(t, results, "the running request"); r.err != nil || r.body != "late" {
		t.Errorf("the running request: %q, %v", r.body, r.err)
	}
	if err := wait(t, down, "Shutdown"); err != nil {
		t.Error(err)
	}
	if conns := n.conns(); conns != 0 {
		t.Errorf("%d connections are left", conns)
	}
}

func TestShutdownCutsWhatTakesTooLong(t *testing.T) {
	causes := make(chan error, 2)
	closed := make(chan bool, 1)
	ended := make(chan time.Time, 1)
	n := start(t, ServerOptions{Handler: func(ctx context.Context, r *Request) *Response {
		context.AfterFunc(ctx, func() { causes <- context.Cause(ctx) })
		return &Response{Status: 200, Streamed: true, Body: &silent{ctx: ctx, closed: closed, ended: ended}}
	}}, ClientOptions{})
	resp, err := n.client.Do(t.Context(), n.addr, request(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	broken := make(chan error, 1)
	go func() { _, err := resp.Body.Read(make([]byte, 10)); broken <- err }()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	err = n.server.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 requests") {
		t.Errorf("Shutdown: %v", err)
	}
	var abort *AbortError
	if err := wait(t, broken, "the edge"); !errors.As(err, &abort) || abort.Lost != nil {
		t.Errorf("the edge was not told: %v", err)
	}
	if cause := wait(t, causes, "the context"); cause != errShutdown {
		t.Errorf("cause: %v", cause)
	}
	wait(t, closed, "the body was not closed")
}

// A handler that does not heed its context for a while is waited for.
func TestShutdownWaitsForEveryGoroutine(t *testing.T) {
	running := make(chan bool, 1)
	var over atomic.Bool
	n := start(t, ServerOptions{Handler: func(context.Context, *Request) *Response {
		running <- true
		time.Sleep(3 * lastWords)
		over.Store(true)
		return nil
	}}, ClientOptions{})
	failed := make(chan error, 1)
	go func() { _, err := n.client.Do(t.Context(), n.addr, request(nil)); failed <- err }()
	wait(t, running, "the handler")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.server.Shutdown(ctx); err == nil {
		t.Error("nothing was cut")
	}
	if !over.Load() {
		t.Error("Shutdown left a handler behind")
	}
	if err := wait(t, failed, "Do"); !errors.Is(err, ErrBroken) {
		t.Errorf("Do: %v", err)
	}
}

func TestServeAfterShutdown(t *testing.T) {
	s := NewServer(ServerOptions{Handler: echo})
	for range 2 {
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	l := listen(t)
	if err := s.Serve(l); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is open: %v", err)
	}
}

// tired fails a few times before it accepts.
type tired struct {
	net.Listener
	left atomic.Int32
}

func (l *tired) Accept() (net.Conn, error) {
	if l.left.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestServeSurvivesAShortageOfFiles(t *testing.T) {
	noLeaks(t)
	l := &tired{Listener: listen(t)}
	l.left.Store(3)
	var log bytes.Buffer
	n := serveOn(t, l, ServerOptions{Handler: echo, Log: slog.New(slog.NewTextHandler(&log, nil))}, ClientOptions{})
	get(t, n, "after the shortage", "good")
	if got := strings.Count(log.String(), "too many open files"); got != 3 {
		t.Errorf("logged %d times:\n%s", got, log.String())
	}
}

func TestAPanicIsLoggedWithoutWhatItHolds(t *testing.T) {
	noLeaks(t)
	var log bytes.Buffer
	n := serveOn(t, listen(t), ServerOptions{
		Handler: func(_ context.Context, r *Request) *Response { panic(errors.New(string(r.Body))) },
		Log:     slog.New(slog.NewTextHandler(&log, nil)),
	}, ClientOptions{})
	resp, err := n.client.Do(t.Context(), n.addr, request([]byte("sk-secret")))
	if err != nil || resp.Status != 500 {
		t.Fatalf("%v, %v", resp, err)
	}
	_ = resp.Body.Close()
	if err := n.server.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := log.String(); !strings.Contains(s, "type=*errors.errorString") || !strings.Contains(s, "TestAPanic") || strings.Contains(s, "sk-secret") {
		t.Error(s)
	}
}

// An edge that takes nothing holds a handler for one write's timeout, no more.
func TestAnEdgeThatDoesNotRead(t *testing.T) {
	closed := make(chan bool, 1)
	n := start(t, ServerOptions{
		WriteTimeout: 50 * time.Millisecond,
		Handler: func(context.Context, *Request) *Response {
			return &Response{Status: 200, Streamed: true, Body: &endless{closed: closed}}
		},
	}, ClientOptions{})
	resp, err := n.client.Do(t.Context(), n.addr, request(nil))
	if err != nil {
		t.Fatal(err)
	}
	wait(t, closed, "the handler's body was not closed")
	if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, ErrBroken) {
		t.Errorf("what is left: %v", err)
	}
	_ = resp.Body.Close()
}

type endless struct{ closed chan<- bool }

func (*endless) Read(p []byte) (int, error) { return len(p), nil }
func (e *endless) Close() error             { e.closed <- true; return nil }
