package upstream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/llmgw/llmgw/gateway/scope"
)

// TestBodyIsTheCallersAgain lets an instance answer before it has read the
// body: what it reads afterwards must not be what the caller does next.
func TestBodyIsTheCallersAgain(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<19) // more than sockets hold
	answered, overwritten := make(chan []byte, 1), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if err := errors.Join(c.EnableFullDuplex(), c.Flush()); err != nil {
			t.Error(err)
		}
		<-overwritten
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		answered <- b
	}))
	defer s.Close()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := New(Target{BaseURL: u}, Options{})
	defer c.Close()
	lent := bytes.Clone(body)
	r, fault := c.Do(t.Context(), &Call{Method: "POST", Path: "/", Header: http.Header{}, Body: lent, Lent: true})
	if fault != nil {
		t.Fatal(fault)
	}
	clear(lent)
	close(overwritten)
	if got := <-answered; !bytes.Equal(got, body) {
		t.Errorf("%d bytes arrived, or others than were sent", len(got))
	}
	if err := r.Body.Close(); err != nil {
		t.Error(err)
	}
}

func TestGivenBackIsNotRead(t *testing.T) {
	p := &payload{bytes: []byte("abcdef"), size: 6}
	r := &reading{p: p}
	b := make([]byte, 4)
	if n, err := r.Read(b); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	p.giveBack(false)
	if n, err := r.Read(b); n != 0 || !errors.Is(err, errGivenBack) {
		t.Error(n, err)
	}
	whole := &payload{bytes: []byte("abc"), size: 3}
	r = &reading{p: whole}
	if n, err := r.Read(b); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	whole.giveBack(true)
	if n, err := r.Read(b); n != 0 || err != io.EOF { // net/http asks once more
		t.Error(n, err)
	}
}

func TestWatch(t *testing.T) {
	for _, tt := range []struct {
		name string
		use  func(w *watch)
		want time.Duration // 0: never
		why  error
	}{
		{"silence", func(w *watch) { w.arm(10*time.Second, ErrIdle) }, 10 * time.Second, ErrIdle},
		{"a byte, then silence", func(w *watch) {
			w.arm(10*time.Second, ErrIdle)
			time.Sleep(9 * time.Second)
			w.arm(10*time.Second, ErrIdle)
		}, 19 * time.Second, ErrIdle},
		{"a shorter time", func(w *watch) {
			w.arm(time.Minute, ErrIdle)
			w.arm(time.Second, ErrIdle)
		}, time.Second, ErrIdle},
		{"nobody waits", func(w *watch) {
			w.arm(time.Second, ErrIdle)
			w.rest()
		}, 0, nil},
		{"waiting again, much later", func(w *watch) {
			w.arm(time.Second, ErrIdle)
			w.rest()
			time.Sleep(time.Minute)
			w.arm(time.Second, ErrIdle)
		}, 61 * time.Second, ErrIdle},
		{"the call's end", func(w *watch) {
			w.deadline = time.Now().Add(30 * time.Second)
			w.arm(time.Minute, ErrIdle)
		}, 30 * time.Second, ErrTimeout},
		{"the call's end alone", func(w *watch) {
			w.deadline = time.Now().Add(30 * time.Second)
			w.arm(0, ErrIdle)
		}, 30 * time.Second, ErrTimeout},
		{"stopped", func(w *watch) {
			w.arm(time.Second, ErrIdle)
			w.stop()
		}, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := new(scope.Scope)
				ctx.Begin(t.Context())
				w := &watch{call: ctx}
				began, took := time.Now(), time.Duration(0)
				context.AfterFunc(ctx, func() { took = time.Since(began) })
				tt.use(w)
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				if took != tt.want || context.Cause(ctx) != tt.why {
					t.Errorf("ended after %v with %v, want %v with %v", took, context.Cause(ctx), tt.want, tt.why)
				}
				ctx.End(nil)
			})
		})
	}
}
