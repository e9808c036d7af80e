package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
	"github.com/llmgw/llmgw/gateway/mock"

	"net/http"
)

func TestStreamsPassWholeAndUnchanged(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 2})
	for _, tt := range []struct{ path, body, end string }{
		{ChatPath, ChatStream, "data: [DONE]\n\n"},
		{"/v1/responses", `{"model":"gpt-5","input":"hi","stream":true}`, "}\n\n"},
		{MessagesPath, strings.Replace(Messages, `"max_tokens"`, `"stream":true,"max_tokens"`, 1), "{\"type\":\"message_stop\"}\n\n"},
		{"/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", Gemini, "\r\n\r\n"},
	} {
		for _, n := range c.Nodes {
			r := c.Post(n, "alice", tt.path, tt.body)
			if r.Status != 200 || !strings.HasSuffix(r.Body, tt.end) || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") {
				t.Errorf("%s through %s: %d %s …%q", tt.path, n.Name(), r.Status, r.Header.Get("Content-Type"), tail(r.Body))
			}
			if strings.Contains(r.Body, `"choices":[]`) {
				t.Errorf("%s: the client got a usage chunk that it did not ask for", tt.path)
			}
		}
	}
	for _, r := range c.Records() {
		if r.Usage.Output == 0 {
			t.Errorf("%s: no usage was read", r.Endpoint)
		}
	}
}

func tail(s string) string { return s[max(0, len(s)-80):] }

func TestABrokenStreamEndsWithTheDialectsError(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 2})
	stream := strings.Replace(Messages, `"max_tokens"`, `"stream":true,"max_tokens"`, 1)
	for _, in := range []string{"one", "two"} {
		c.Mocks["anthropic/"+in].Script(mock.Step{CutAfterEvents: 4})
	}
	r := c.Post(c.NonOwner("alice"), "alice", MessagesPath, stream)
	if !strings.Contains(r.Body, "event: error\n") || strings.Contains(r.Body, "message_stop") || strings.Contains(r.Body, "READ ERROR") {
		t.Errorf("a cut stream: %q", tail(r.Body))
	}
}

func TestAClientThatLeavesCancelsTheProvider(t *testing.T) {
	c := New(t, Options{Nodes: 2})
	for _, n := range c.Nodes { // once the edge is the owner, once it is not
		for _, m := range c.Mocks {
			m.Reset()
			m.Always(&mock.Step{Hang: true})
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			resp, err := http.DefaultClient.Do(Request(n, "alice", ChatPath, Chat).WithContext(ctx))
			if err == nil {
				_, _ = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			done <- err
		}()
		seen := func(canceled bool) bool {
			for _, m := range c.Mocks {
				for _, r := range m.Requests() {
					if !canceled || !r.Canceled.IsZero() {
						return true
					}
				}
			}
			return false
		}
		c.Await(awhile, "the provider has the request", func() bool { return seen(false) })
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		took := c.Await(time.Second, "the call is cancelled", func() bool { return seen(true) })
		t.Logf("cancelled after %s through %s", took, n.Name())
		for _, in := range []string{"one", "two"} {
			if !c.Healthy(n, "openai", in) {
				t.Errorf("a client that left marked %s", in)
			}
		}
	}
}

func TestStopLetsStreamsEnd(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 2})
	for _, m := range c.Mocks {
		m.Always(&mock.Step{EventDelay: 30 * time.Millisecond})
	}
	n := c.Owner("alice")
	got := make(chan string, 1)
	go func() {
		resp, err := http.DefaultClient.Do(Request(n, "alice", ChatPath, ChatStream))
		if err != nil {
			got <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			b = append(b, err.Error()...)
		}
		got <- string(b)
	}()
	c.Await(awhile, "the stream runs", func() bool {
		return len(c.Mocks["openai/one"].Requests())+len(c.Mocks["openai/two"].Requests()) > 0
	})
	if err := n.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if body := <-got; !strings.HasSuffix(body, "data: [DONE]\n\n") {
		t.Errorf("the stream was cut: %q", tail(body))
	}
}

// A burst reaches the client in pieces other than those it came in, and nothing
// of it waits for what comes later.
func TestABurstPassesUnchanged(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for i := range 3000 {
		text := strings.Repeat("word ", 1+i%40)
		if i == 1500 {
			text = strings.Repeat("large ", 100_000)
		}
		fmt.Fprintf(&all, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%q},\"finish_reason\":null}],\"usage\":null}\n\n", text)
	}
	const end = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
	s := newScripted(t)
	c := New(t, Options{Nodes: 2, Extra: s.blocks(1, "")})
	for _, n := range c.Nodes {
		goOn := make(chan struct{})
		s.forever(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, all.String())
			w.(http.Flusher).Flush()
			<-goOn
			_, _ = io.WriteString(w, end)
		})
		resp, err := http.DefaultClient.Do(Request(n, "alice", ChatPath, `{"model":"s-openai-0","stream":true,"messages":[{"role":"user","content":"hi"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, all.Len())
		if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != all.String() {
			t.Errorf("through %s: %d of %d bytes are as they were: %v", n.Name(), commonPrefix(string(got), all.String()), all.Len(), err)
		}
		close(goOn)
		if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != end {
			t.Errorf("through %s: the end is %q: %v", n.Name(), tail(string(rest)), err)
		}
		resp.Body.Close()
	}
}

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
