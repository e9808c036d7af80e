package hop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway/connwatch"
)

// soon is how long an end may take to reach the other side.
const soon = 20 * time.Millisecond

// watchers are the ways in which an owner notices that the edge has left.
var watchers = map[string]func(net.Conn, func()) func(){"connwatch": connwatch.Watch, "reading": nil}

// startWatched is start with a listener of connwatch under TLS.
func startWatched(t *testing.T, so ServerOptions, co ClientOptions) *nodes {
	t.Helper()
	noLeaks(t)
	so.TLS, co.TLS = testTLS(t)
	watched, err := connwatch.Listen(listen(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = watched.Stop() })
	return serveOn(t, watched, so, co)
}

// silence is a handler that says nothing until its context ends.
type silence struct {
	running chan string
	ended   chan time.Time
	closed  chan bool
	stream  bool // after the response's head, and one piece
}

func newSilence() *silence {
	return &silence{running: make(chan string, 1), ended: make(chan time.Time, 1), closed: make(chan bool, 1)}
}

func (s *silence) handle(ctx context.Context, r *Request) *Response {
	s.running <- r.RequestID
	if s.stream {
		return &Response{Status: 200, Streamed: true, Body: &afterwards{"first", &silent{ctx: ctx, closed: s.closed, ended: s.ended}}}
	}
	<-ctx.Done()
	s.ended <- time.Now()
	return nil
}

// afterwards is a piece and then silence.
type afterwards struct {
	first string
	*silent
}

func (a *afterwards) Read(p []byte) (int, error) {
	if a.first == "" {
		return a.silent.Read(p)
	}
	n := copy(p, a.first)
	a.first = ""
	return n, nil
}

func TestTheEdgeLeavesWhileTheHandlerThinks(t *testing.T) {
	for name, watch := range watchers {
		t.Run(name, func(t *testing.T) {
			s := newSilence()
			n := startWatched(t, ServerOptions{Handler: s.handle, Watch: watch}, ClientOptions{})
			promptly(t, soon, "leaving", func(t *testing.T) time.Duration {
				why := errors.New("the client left")
				ctx, cancel := context.WithCancelCause(t.Context())
				failed := make(chan error, 1)
				go func() {
					_, err := n.client.Do(ctx, n.addr, request([]byte("body")))
					failed <- err
				}()
				wait(t, s.running, "the handler")
				at := time.Now()
				cancel(why)
				err := wait(t, failed, "Do")
				if !errors.Is(err, ErrBroken) || errors.Is(err, ErrNotAccepted) || !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
					t.Errorf("Do: %v", err)
				}
				return max(time.Since(at), wait(t, s.ended, "the handler's context").Sub(at))
			})
		})
	}
}

func TestTheEdgeLeavesASilentStream(t *testing.T) {
	leave := map[string]func(cancel func(), resp *Response){
		"cancel": func(cancel func(), _ *Response) { cancel() },
		"close":  func(_ func(), resp *Response) { _ = resp.Body.Close() },
	}
	for name, watch := range watchers {
		for how, leave := range leave {
			t.Run(name+"/"+how, func(t *testing.T) {
				s := newSilence()
				s.stream = true
				n := startWatched(t, ServerOptions{Handler: s.handle, Watch: watch}, ClientOptions{})
				promptly(t, soon, "leaving", func(t *testing.T) time.Duration {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					resp, err := n.client.Do(ctx, n.addr, request(nil))
					if err != nil {
						t.Fatal(err)
					}
					wait(t, s.running, "the handler")
					p := make([]byte, 100)
					if m, err := resp.Body.Read(p); string(p[:m]) != "first" || err != nil {
						t.Fatalf("%q, %v", p[:m], err)
					}
					failed := make(chan error, 1)
					go func() {
						_, err := resp.Body.Read(p)
						failed <- err
					}()
					at := time.Now()
					leave(cancel, resp)
					err = wait(t, failed, "Read")
					took := time.Since(at)
					want := net.ErrClosed
					if how == "cancel" {
						want = context.Canceled
					}
					if !errors.Is(err, want) || errors.Is(err, io.EOF) {
						t.Errorf("Read: %v", err)
					}
					took = max(took, wait(t, s.ended, "the handler's context").Sub(at))
					wait(t, s.closed, "the handler's body was not closed")
					_ = resp.Body.Close()
					return took
				})
			})
		}
	}
}

// What ends after the response is of no consequence to the next one on the
// connection.
func TestContextsThatEndLate(t *testing.T) {
	for name, watch := range watchers {
		t.Run(name, func(t *testing.T) {
			n := startWatched(t, ServerOptions{Handler: echo, Watch: watch}, ClientOptions{})
			for range 50 {
				ctx, cancel := context.WithCancel(t.Context())
				resp, err := n.client.Do(ctx, n.addr, request([]byte("body")))
				if err != nil {
					t.Fatal(err)
				}
				if b, err := io.ReadAll(resp.Body); string(b) != "body" || err != nil {
					t.Fatalf("%q, %v", b, err)
				}
				cancel()
				_ = resp.Body.Close()
			}
			if conns := n.conns(); conns != 1 {
				t.Errorf("%d connections were used", conns)
			}
		})
	}
}

func TestCancelBeforeTheOwnerAccepts(t *testing.T) {
	offered, release := make(chan bool, 1), make(chan bool)
	ran := make(chan string, 1)
	n := start(t, ServerOptions{
		Accept:  func(*Request) error { offered <- true; <-release; return nil },
		Handler: func(_ context.Context, r *Request) *Response { ran <- r.RequestID; return nil },
	}, ClientOptions{AcceptTimeout: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := n.client.Do(ctx, n.addr, request(nil))
		failed <- err
	}()
	wait(t, offered, "Accept")
	cancel()
	err := wait(t, failed, "Do")
	if !errors.Is(err, ErrNotAccepted) || !errors.Is(err, context.Canceled) {
		t.Errorf("Do: %v", err)
	}
	close(release)
	n.idle(t)
	select {
	case <-ran:
		t.Error("the handler ran")
	default:
	}
	if _, err := n.client.Do(ctx, n.addr, request(nil)); !errors.Is(err, ErrNotAccepted) || !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

// idle waits until the owner has no connection.
func (n *nodes) idle(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); n.conns() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the owner still has connections")
		}
	}
}

// The owner goes away while the edge waits: the edge hears of it at once.
func TestTheOwnerLeaves(t *testing.T) {
	for _, stream := range []bool{false, true} {
		t.Run(fmt.Sprintf("streamed %v", stream), func(t *testing.T) {
			s := newSilence()
			s.stream = stream
			n := start(t, ServerOptions{Handler: s.handle}, ClientOptions{})
			promptly(t, soon, "hearing of it", func(t *testing.T) time.Duration {
				failed := make(chan error, 1)
				headed := make(chan bool, 1)
				go func() {
					resp, err := n.client.Do(t.Context(), n.addr, request(nil))
					if err == nil {
						headed <- true
						_, err = io.ReadAll(resp.Body)
						_ = resp.Body.Close()
					}
					failed <- err
				}()
				wait(t, s.running, "the handler")
				if stream {
					wait(t, headed, "the head")
				}
				at := time.Now()
				n.server.mu.Lock()
				for c := range n.server.conns {
					c.kill()
				}
				n.server.mu.Unlock()
				err := wait(t, failed, "the edge")
				took := time.Since(at)
				if !errors.Is(err, ErrBroken) || errors.Is(err, io.EOF) {
					t.Errorf("streamed %v: %v", stream, err)
				}
				if stream {
					wait(t, s.closed, "the handler's body was not closed")
				} else {
					wait(t, s.ended, "the handler's context")
				}
				return took
			})
		})
	}
}
