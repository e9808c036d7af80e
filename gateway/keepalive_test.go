package gateway_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

const patience = 150 * time.Millisecond

func (f form) keepalive() string {
	switch {
	case f.contentType != "":
		return "\n"
	case f.name == "gemini":
		return "\r\n\r\n"
	case f.name == "messages":
		return "event: ping\ndata: {\"type\": \"ping\"}\n\n"
	}
	return ": keepalive\n\n"
}

// slowly waits before each of its parts.
func slowly(f form, pause time.Duration, parts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		started := false
		for _, part := range parts {
			select {
			case <-time.After(pause):
			case <-r.Context().Done():
				return
			}
			if !started {
				started = true
				w.Header().Set("Content-Type", map[bool]string{true: f.contentType, false: "text/event-stream"}[f.contentType != ""])
			}
			_, _ = io.WriteString(w, part)
			w.(http.Flusher).Flush()
		}
	}
}

func TestKeepalives(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	k := &streams{c: New(t, Options{Nodes: 2, Extra: s.blocks(fresh, ""), Keepalive: patience}), s: s}
	t.Run("before the head", k.beforeHead)
	t.Run("inside", k.keepaliveInside)
	t.Run("failing over behind the head", k.lateFailover)
	t.Run("an error behind the head", k.lateError)
	t.Run("no stream", k.noStream)
	t.Run("gone", k.goneBeforeHead)
}

// A client that waits for a head gets one, and the answer when it comes.
func (k *streams) beforeHead(t *testing.T) {
	k.each(t, func(t *testing.T, c *Cluster, s *scripted, f form) {
		for _, n := range c.Nodes { // the owner, and a node that forwards
			got := make(chan struct{})
			s.then(func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-got:
				case <-time.After(awhile):
				}
				slowly(f, 0, f.good())(w, r)
			})
			began := time.Now()
			resp, err := http.DefaultClient.Do(Request(n, "alice", f.path, f.body))
			if err != nil {
				t.Fatal(err)
			}
			head := time.Since(began)
			close(got)
			b, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			answer, ok := strings.CutSuffix(string(b), f.good())
			if err != nil || resp.StatusCode != 200 || head >= awhile || !ok {
				t.Fatalf("%s: %d after %s, %q, %v", n.Name(), resp.StatusCode, head, b, err)
			}
			if answer == "" || strings.ReplaceAll(answer, f.keepalive(), "") != "" {
				t.Errorf("%s: before the answer came %q", n.Name(), answer)
			}
			if ct := resp.Header.Get("Content-Type"); (ct == "application/json") != (f.contentType != "") {
				t.Errorf("a stream of %s", ct)
			}
		}
	})
}

// Keepalives stand between events, also where the provider pauses inside one.
func (k *streams) keepaliveInside(t *testing.T) {
	k.each(t, func(t *testing.T, c *Cluster, s *scripted, f form) {
		all := f.good()
		cut := strings.Index(all, "hello") + 2 // in the middle of the content's frame
		rest := strings.Join(f.end, "")
		s.then(slowly(f, 400*time.Millisecond, all[:cut], all[cut:len(all)-len(rest)], rest))
		r := c.Post(c.NonOwner("alice"), "alice", f.path, f.body)
		if r.Status != 200 || strings.ReplaceAll(r.Body, f.keepalive(), "") != strings.ReplaceAll(all, f.keepalive(), "") {
			t.Fatalf("%d %q", r.Status, r.Body)
		}
		content := strings.Join(f.content, "")
		i := strings.Index(r.Body, content)
		if i < 0 || !strings.Contains(r.Body[:i], f.keepalive()) || !strings.Contains(r.Body[i+len(content):], f.keepalive()) {
			t.Errorf("no keepalive before and behind the content: %q", r.Body)
		}
	})
}

// With the head gone, another instance may still answer.
func (k *streams) lateFailover(t *testing.T) {
	k.each(t, func(t *testing.T, c *Cluster, s *scripted, f form) {
		s.then(slowly(f, 300*time.Millisecond, strings.Join(f.prelude, "")+f.overloaded), f.stream(f.prelude, f.content, f.end))
		r := c.Post(c.NonOwner("alice"), "alice", f.path, f.body)
		if answer, ok := strings.CutSuffix(r.Body, f.good()); r.Status != 200 || !ok || strings.Contains(answer, "error") || len(s.requests()) != 2 {
			t.Fatalf("%d %q after %v", r.Status, r.Body, s.requests())
		}
	})
}

func (k *streams) lateError(t *testing.T) {
	k.each(t, func(t *testing.T, c *Cluster, s *scripted, f form) {
		s.then(func(w http.ResponseWriter, r *http.Request) {
			slowly(f, 300*time.Millisecond, strings.Join(f.prelude, "")+f.tooLong)(w, r)
		})
		r := c.Post(c.NonOwner("alice"), "alice", f.path, f.body)
		if r.Status != 200 || !strings.Contains(r.Body, `"error"`) || strings.Contains(r.Body, "READ ERROR") || strings.Contains(r.Body, "[DONE]") {
			t.Fatalf("%d %q", r.Status, r.Body)
		}
		if f.contentType != "" && !strings.HasSuffix(strings.TrimSpace(r.Body), "]") {
			t.Errorf("no JSON array: %q", r.Body)
		}
	})
}

// An answer that is no stream keeps its own status, however late.
func (k *streams) noStream(t *testing.T) {
	k.s.then(func(w http.ResponseWriter, r *http.Request) {
		<-time.After(400 * time.Millisecond)
		whole(400, "application/json", `{"error":{"message":"m","type":"invalid_request_error","param":null,"code":null}}`)(w, r)
	})
	r := k.c.Post(k.c.NonOwner("alice"), "alice", ChatPath, fmt.Sprintf(`{"model":"s-openai-%d","stream":false,"messages":[{"role":"user","content":"hi"}]}`, k.round))
	if r.Status != 400 || r.Body[0] != '{' {
		t.Errorf("%d %s", r.Status, r.Body)
	}
}

// A client that leaves behind the head, before any answer, cancels the call.
func (k *streams) goneBeforeHead(t *testing.T) {
	canceled := make(chan struct{})
	k.s.then(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(canceled)
	})
	f := forms[0].in(k.round)
	resp, err := http.DefaultClient.Do(Request(k.c.NonOwner("alice"), "alice", f.path, f.body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	select {
	case <-canceled:
	case <-time.After(awhile):
		t.Error("the provider still works for a client that has left")
	}
	for _, in := range []string{"one", "two"} {
		if !k.c.Healthy(k.c.Owner("alice"), f.provider, in) {
			t.Errorf("%s was marked", in)
		}
	}
}

// Keepalives and events that come at the same moment do not mix.
func TestKeepalivesAndEventsDoNotMix(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 1, Extra: s.blocks(1, ""), Keepalive: 2 * time.Millisecond})
	f := forms[0].in(0)
	var want strings.Builder
	parts := []string{strings.Join(f.prelude, "")}
	for i := range 100 {
		frame := strings.Replace(f.content[0], "hello", strings.Repeat(fmt.Sprint(i, " "), 1+i*20), 1)
		parts = append(parts, frame)
	}
	parts = append(parts, strings.Join(f.end, ""))
	want.WriteString(strings.Join(parts, ""))
	s.forever(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, p := range parts {
			<-time.After(time.Duration(rand.IntN(4)) * time.Millisecond)
			_, _ = io.WriteString(w, p)
			w.(http.Flusher).Flush()
		}
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r := c.Post(c.Nodes[0], "alice", f.path, f.body)
			if n := strings.Count(r.Body, ": keepalive\n\n"); n == 0 || strings.ReplaceAll(r.Body, ": keepalive\n\n", "") != want.String() {
				t.Errorf("%d, %d keepalives, %d bytes of %d", r.Status, n, len(r.Body), want.Len())
			}
		})
	}
	wg.Wait()
}
