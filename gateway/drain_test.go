package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// A node that leaves says so at once, still takes what comes and has it served
// elsewhere, and in the end tells those who wait to come again.
func TestDraining(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := New(t, Options{Nodes: 2, Drain: "5s", Extra: s.blocks(len(forms), "")})
	n := c.Owner("alice")
	var steps []http.HandlerFunc
	for _, f := range forms {
		steps = append(steps, func(w http.ResponseWriter, r *http.Request) {
			f.stream(f.prelude, f.content)(w, r)
			<-r.Context().Done()
		})
	}
	s.then(append(steps, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })...)

	// Streams in every form, which never end by themselves, and a call without a
	// stream: through the node itself.
	type result struct {
		form form
		body string
	}
	results := make(chan result, len(forms))
	for i, f := range forms {
		f = f.in(i)
		resp, err := http.DefaultClient.Do(Request(n, "alice", f.path, f.body))
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("%s: %v %v", f.name, resp, err)
		}
		go func() {
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if err != nil {
				b = append(b, err.Error()...)
			}
			results <- result{f, string(b)}
		}()
	}
	whole := make(chan *http.Response, 1)
	go func() {
		body := `{"model":"s-openai-0","messages":[{"role":"user","content":"hi"}]}`
		resp, err := http.DefaultClient.Do(Request(n, "alice", ChatPath, body))
		if err != nil {
			t.Error(err)
			close(whole)
			return
		}
		resp.Body.Close()
		whole <- resp
	}()
	c.Await(awhile, "all calls are with the provider", func() bool { return len(s.requests()) == len(forms)+1 })

	one := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}} // one kept-alive connection
	kept := func() *http.Response {
		resp, err := one.Do(Request(n, "bob", MessagesPath, Messages))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return resp
	}
	if resp := kept(); resp.StatusCode != 200 || resp.Close {
		t.Fatalf("before: %d, close %v", resp.StatusCode, resp.Close)
	}
	stopped := make(chan error, 1)
	began := time.Now()
	go func() { stopped <- n.Stop(t.Context()) }()
	ready := func() int {
		resp, err := http.Get("http://" + n.Addr() + "/ready")
		if err != nil {
			return 0
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	c.Await(awhile, "the node is not ready", func() bool { return ready() == 503 })
	other := c.Nodes[0]
	if other == n {
		other = c.Nodes[1]
	}
	c.Await(700*time.Millisecond, "what comes is served elsewhere", func() bool {
		resp := kept()
		if resp.StatusCode != 200 || !resp.Close {
			t.Errorf("on a kept connection: %d, close %v", resp.StatusCode, resp.Close)
		}
		return resp.Header.Get("X-Llm-Gateway-Owner") == other.Name()
	})

	for range forms {
		r := <-results
		if !strings.Contains(r.body, "hello") || !strings.Contains(r.body, "shutting down") || !strings.Contains(r.body, `"error"`) || strings.Contains(r.body, "EOF") {
			t.Errorf("%s: %q", r.form.name, r.body)
		}
	}
	if took := time.Since(began); took < 4*time.Second || took > 8*time.Second {
		t.Errorf("the streams were cut after %s", took)
	}
	if resp := <-whole; resp != nil && (resp.StatusCode != 503 || resp.Header.Get("X-Should-Retry") != "true" || resp.Header.Get("Retry-After") == "" || !resp.Close) {
		t.Errorf("a call in flight: %d %v", resp.StatusCode, resp.Header)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	c.Forget(n)
	for _, in := range []string{"one", "two"} {
		if !c.Healthy(other, "openai-0", in) {
			t.Errorf("a node that left marked %s", in)
		}
	}
}
