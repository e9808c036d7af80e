package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// streams is a cluster with scripted providers, of which each test of a form
// gets a fresh one.
type streams struct {
	c     *Cluster
	s     *scripted
	round int
}

// each runs f for each form, through an edge that is not the owner.
func (k *streams) each(t *testing.T, f func(t *testing.T, c *Cluster, s *scripted, in form)) {
	for _, in := range forms {
		k.round++
		round := k.round
		t.Run(in.name, func(t *testing.T) { f(t, k.c, k.s, in.in(round-1)) })
	}
}

func TestStreamFaults(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	k := &streams{c: New(t, Options{Nodes: 2, Extra: s.blocks(fresh, "1s")}), s: s}
	t.Run("before content", k.beforeContent)
	t.Run("the client's own", k.clientsOwn)
	t.Run("inside", k.inside)
	t.Run("error behind content", k.behindContent)
	t.Run("empty", k.empty)
}

// What fails before content goes to the next instance, unseen.
func (k *streams) beforeContent(t *testing.T) {
	for name, bad := range map[string]func(form) http.HandlerFunc{
		"overloaded":   func(f form) http.HandlerFunc { return f.stream(f.prelude, []string{f.overloaded}) },
		"rate limit":   func(f form) http.HandlerFunc { return f.stream(f.prelude, []string{f.limited}) },
		"end":          func(f form) http.HandlerFunc { return f.stream(f.prelude) },
		"nothing":      func(form) http.HandlerFunc { return stream("\n") },
		"not readable": func(form) http.HandlerFunc { return stream("data: <html>please log in</html>\n\n") },
		"HTML":         func(form) http.HandlerFunc { return whole(200, "text/html", "<html>please log in</html>") },
		"an error, no SSE": func(f form) http.HandlerFunc {
			return whole(200, "application/json", `{"error":{"type":"overloaded_error","code":503,"message":"busy"}}`)
		},
		"cut": func(f form) http.HandlerFunc { return cut(f.prelude...) },
	} {
		t.Run(name, func(t *testing.T) {
			k.each(t, func(t *testing.T, c *Cluster, s *scripted, f form) {
				s.then(bad(f), f.stream(f.prelude, f.content, f.end))
				r := c.Post(c.NonOwner("alice"), "alice", f.path, f.body)
				if r.Status != 200 || r.Body != f.good() || r.Header.Get("X-Llm-Gateway-Attempts") != "2" {
					t.Fatalf("%d after %s attempts: %q", r.Status, r.Header.Get("X-Llm-Gateway-Attempts"), r.Body)
				}
				bad, _, _ := strings.Cut(s.requests()[0], " ")
				if up := c.Healthy(c.Owner("alice"), f.provider, bad); up != (name == "rate limit") {
					t.Errorf("the first instance is healthy: %v", up)
				}
			})
		})
	}
}

// A client's own mistake in a stream is answered as an error.
func (k *streams) clientsOwn(t *testing.T) {
	k.each(t, func(t *testing.T, c *Cluster, s *scripted, f form) {
		s.then(f.stream(f.prelude, []string{f.tooLong}))
		r := c.Post(c.NonOwner("alice"), "alice", f.path, f.body)
		if r.Status != 400 || !strings.HasPrefix(r.Body, "{") || len(s.requests()) != 1 || r.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%d %s after %v", r.Status, r.Body, s.requests())
		}
		if !strings.Contains(r.Body, "context_length_exceeded") && !strings.Contains(r.Body, "prompt is too long") && !strings.Contains(r.Body, "exceeds the maximum number of tokens") {
			t.Errorf("the cause is lost: %s", r.Body)
		}
		for _, in := range []string{"one", "two"} {
			if !c.Healthy(c.Owner("alice"), f.provider, in) {
				t.Errorf("%s was marked", in)
			}
		}
	})
}

// A stream that stops inside of an answer says so.
func (k *streams) inside(t *testing.T) {
	for name, bad := range map[string]func(form) http.HandlerFunc{
		"end": func(f form) http.HandlerFunc { return f.stream(f.prelude, f.content) },
		"cut": func(f form) http.HandlerFunc {
			if f.contentType != "" {
				return f.stream(f.prelude, f.content)
			}
			return cut(join(f.prelude, f.content)...)
		},
		"half a frame": func(f form) http.HandlerFunc {
			if f.contentType != "" {
				return f.stream(f.prelude, f.content)
			}
			last := f.end[len(f.end)-1]
			if f.name == "chat" {
				last = f.end[0]
			}
			return f.stream(f.prelude, f.content, []string{last[:len(last)-6]})
		},
		"silence": func(f form) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				f.stream(f.prelude, f.content)(w, r)
				<-r.Context().Done()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			k.each(t, func(t *testing.T, c *Cluster, s *scripted, f form) {
				s.then(bad(f))
				r := c.Post(c.NonOwner("alice"), "alice", f.path, f.body)
				begin := strings.Join(join(f.prelude, f.content), "")
				rest, ok := strings.CutPrefix(r.Body, begin)
				if r.Status != 200 || !ok || !strings.Contains(rest, `"error"`) || strings.Contains(r.Body, "READ ERROR") {
					t.Fatalf("%d %q", r.Status, r.Body)
				}
				for _, fake := range []string{"[DONE]", "message_stop", "finishReason", "response.completed"} {
					if strings.Contains(r.Body, fake) {
						t.Errorf("a fake end: %q", r.Body)
					}
				}
				if len(s.requests()) != 1 {
					t.Errorf("asked %v", s.requests())
				}
				bad, _, _ := strings.Cut(s.requests()[0], " ")
				c.Await(awhile, "the instance is marked", func() bool { return !c.Healthy(c.Owner("alice"), f.provider, bad) })
			})
		})
	}
}

// An error behind content passes, and nothing behind it.
func (k *streams) behindContent(t *testing.T) {
	k.each(t, func(t *testing.T, c *Cluster, s *scripted, f form) {
		frames := join(f.prelude, f.content, []string{f.overloaded})
		want := strings.Join(frames, "")
		if f.name == "chat" {
			frames = append(frames, "data: [DONE]\n\n") // as OpenRouter does
		}
		if f.contentType != "" {
			frames, want = append(frames, "]\n"), want+"]\n"
		}
		s.then(f.stream(frames))
		r := c.Post(c.NonOwner("alice"), "alice", f.path, f.body)
		if r.Status != 200 || r.Body != want {
			t.Fatalf("%d %q, want %q", r.Status, r.Body, want)
		}
		bad, _, _ := strings.Cut(s.requests()[0], " ")
		c.Await(awhile, "the instance is marked", func() bool { return !c.Healthy(c.Owner("alice"), f.provider, bad) })
	})
}

// An answer may be empty and still be an answer: it says how it ended.
func (k *streams) empty(t *testing.T) {
	k.each(t, func(t *testing.T, c *Cluster, s *scripted, f form) {
		last := f.end[len(f.end)-1]
		if f.contentType == "" { // without the last blank line it is an end, too
			last = strings.TrimRight(last, "\r\n")
		}
		s.then(f.stream(f.prelude, f.content, f.end[:len(f.end)-1], []string{last}))
		r := c.Post(c.NonOwner("alice"), "alice", f.path, f.body)
		if want := strings.TrimRight(f.good(), "\r\n"); r.Status != 200 || strings.TrimRight(r.Body, "\r\n") != want {
			t.Fatalf("%d %q", r.Status, r.Body)
		}
	})
	k.each(t, func(t *testing.T, c *Cluster, s *scripted, f form) {
		s.then(f.stream(f.prelude, f.end))
		r := c.Post(c.NonOwner("alice"), "alice", f.path, f.body)
		if want := strings.Join(join(f.prelude, f.end), ""); r.Status != 200 || r.Body != want || len(s.requests()) != 1 {
			t.Fatalf("%d %q after %v", r.Status, r.Body, s.requests())
		}
	})
}
