package gateway_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
	"github.com/llmgw/llmgw/gateway/mock"
)

func TestEveryNodeSendsAKeyToTheSameInstance(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 3})
	for _, path := range []struct{ path, body string }{{ChatPath, Chat}, {MessagesPath, Messages}, {GeminiPath, Gemini}} {
		for key := range Keys {
			seen := map[string]bool{}
			for _, n := range c.Nodes {
				r := c.Post(n, key, path.path, path.body)
				if r.Status != 200 {
					t.Fatalf("%s %s through %s: %d %s", key, path.path, n.Name(), r.Status, r.Body)
				}
				if got := r.Header.Get("X-Llm-Gateway-Node"); got != n.Name() {
					t.Errorf("edge %q, want %q", got, n.Name())
				}
				seen[r.Header.Get("X-Llm-Gateway-Owner")+" "+r.Instance()] = true
			}
			if len(seen) != 1 {
				t.Errorf("%s at %s went to %v", key, path.path, seen)
			}
		}
	}
}

func TestAFailureMovesTheRequestAndIsKnownEverywhere(t *testing.T) {
	c := New(t, Options{Nodes: 3})
	edge := c.NonOwner("alice")
	first := c.Post(edge, "alice", ChatPath, Chat)
	c.Mocks["openai/"+first.Instance()].Down(true)
	began := time.Now()
	second := c.Post(edge, "alice", ChatPath, Chat)
	if second.Status != 200 || second.Instance() == first.Instance() || second.Header.Get("X-Llm-Gateway-Attempts") != "2" {
		t.Fatalf("after %s failed: %d from %q with %s attempts", first.Instance(), second.Status, second.Instance(), second.Header.Get("X-Llm-Gateway-Attempts"))
	}
	for _, n := range c.Nodes {
		c.Await(time.Second, n.Name()+" knows", func() bool { return !c.Healthy(n, "openai", first.Instance()) })
	}
	t.Logf("known everywhere after %s", time.Since(began))
	third := c.Post(edge, "alice", ChatPath, Chat)
	if third.Header.Get("X-Llm-Gateway-Attempts") != "1" || third.Instance() != second.Instance() {
		t.Errorf("the next request: %s attempts at %s", third.Header.Get("X-Llm-Gateway-Attempts"), third.Instance())
	}
}

func TestAMovedSessionStaysAndNewKeysComeBack(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 3, Recovery: "300ms"})
	first := c.Post(c.Nodes[0], "alice", ChatPath, Chat)
	m := c.Mocks["openai/"+first.Instance()]
	m.Down(true)
	second := c.Post(c.Nodes[1], "alice", ChatPath, Chat)
	m.Down(false)
	time.Sleep(400 * time.Millisecond)
	if third := c.Post(c.Nodes[2], "alice", ChatPath, Chat); third.Instance() != second.Instance() {
		t.Errorf("the session went back to %s although its cache is warm at %s", third.Instance(), second.Instance())
	}
	// Keys that belong there try it, and it is healthy again everywhere.
	for key := range Keys {
		c.Post(c.Nodes[0], key, ChatPath, Chat)
	}
	for _, n := range c.Nodes {
		c.Await(awhile, "healthy again at "+n.Name(), func() bool {
			for key := range Keys {
				c.Post(n, key, ChatPath, Chat)
			}
			return c.Healthy(n, "openai", first.Instance())
		})
	}
}

func TestARateLimitRestsTheModelOnly(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 3})
	first := c.Post(c.Nodes[0], "bob", ChatPath, Chat)
	c.Mocks["openai/"+first.Instance()].Script(mock.Step{Status: 429, RetryAfter: time.Second})
	if second := c.Post(c.Nodes[1], "bob", ChatPath, Chat); second.Status != 200 || second.Instance() == first.Instance() {
		t.Fatalf("%d from %s", second.Status, second.Instance())
	}
	if !c.Healthy(c.Nodes[2], "openai", first.Instance()) {
		t.Error("a rate limit took the instance down")
	}
	other := strings.Replace(Chat, "gpt-5", "gpt-5-mini", 1)
	if r := c.Post(c.Nodes[1], "bob", ChatPath, other); r.Instance() != first.Instance() {
		t.Error("another model rests, too")
	}
	c.Await(awhile, "the key comes back", func() bool { return c.Post(c.Nodes[2], "bob", ChatPath, Chat).Instance() == first.Instance() })
}

func TestErrorsHaveTheCallersDialect(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	n := c.Nodes[0]
	for _, tt := range []struct {
		name, path, key, body string
		status                int
		want                  string
	}{
		{"unknown key", ChatPath, "nobody", Chat, 401, `"code":"invalid_api_key"`},
		{"unknown key", MessagesPath, "nobody", Messages, 401, `"authentication_error"`},
		{"unknown key", GeminiPath, "nobody", Gemini, 401, `"UNAUTHENTICATED"`},
		{"no JSON", ChatPath, "alice", `{"model":`, 400, `"invalid_request_error"`},
		{"no JSON", MessagesPath, "alice", `[]`, 400, `"type":"error"`},
		{"no JSON", GeminiPath, "alice", `{`, 400, `"INVALID_ARGUMENT"`},
		{"no model", ChatPath, "alice", `{"messages":[]}`, 400, `"model"`},
		{"unknown model", ChatPath, "alice", `{"model":"nope","messages":[]}`, 404, `"model_not_found"`},
		{"unknown model", MessagesPath, "alice", `{"model":"nope"}`, 404, `"not_found_error"`},
		{"unknown path", "/v1/nothing", "alice", `{}`, 404, `"invalid_request_error"`},
		{"unknown path", "/v1/messages/x", "alice", `{}`, 404, `"not_found_error"`},
		{"too large", MessagesPath, "alice", strings.Repeat("x", 11<<20), 413, `{"type":"error","error":{"type":"invalid_request_error"`},
		{"too large", GeminiPath, "alice", strings.Repeat("x", 11<<20), 413, `"status":"INVALID_ARGUMENT"`},
	} {
		r := c.Post(n, tt.key, tt.path, tt.body)
		if r.Status != tt.status || !strings.Contains(r.Body, tt.want) {
			t.Errorf("%s at %s: %d %s, want %d with %s", tt.name, tt.path, r.Status, r.Body, tt.status, tt.want)
		}
		if r.Header.Get("X-Request-Id") == "" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s at %s: headers %v", tt.name, tt.path, r.Header)
		}
	}
}

// awhile is how long a test waits for what should come at once.
const awhile = 20 * time.Second
