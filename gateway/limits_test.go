package gateway_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
	"github.com/llmgw/llmgw/gateway/mock"
)

func TestALimitIsToldInTheCallersDialect(t *testing.T) {
	c := New(t, Options{Nodes: 1, Limits: map[string]string{"alice": "requests_per_minute = 3\ntokens_per_minute = 100000"}})
	n := c.Nodes[0]
	for i, call := range []struct{ path, body, remaining, reset string }{
		{ChatPath, Chat, "X-Ratelimit-Remaining-Requests", "X-Ratelimit-Reset-Tokens"},
		{MessagesPath, Messages, "Anthropic-Ratelimit-Requests-Remaining", "Anthropic-Ratelimit-Tokens-Reset"},
		{GeminiPath, Gemini, "X-Ratelimit-Remaining-Requests", "X-Ratelimit-Reset-Requests"},
	} {
		r := c.Post(n, "alice", call.path, call.body)
		if r.Status != 200 || r.Header.Get(call.remaining) != strconv.Itoa(2-i) || r.Header.Get(call.reset) == "" {
			t.Errorf("%s: %d %v", call.path, r.Status, r.Header)
		}
		if call.path == MessagesPath {
			if _, err := time.Parse(time.RFC3339, r.Header.Get(call.reset)); err != nil {
				t.Error(err)
			}
			for name := range r.Header {
				if strings.HasPrefix(name, "X-Ratelimit-") {
					t.Errorf("a foreign name for this dialect: %s", name)
				}
			}
		} else if d, err := time.ParseDuration(r.Header.Get(call.reset)); err != nil || d <= 59*time.Second || d > 61*time.Second {
			t.Errorf("%s: %s", call.reset, r.Header.Get(call.reset))
		}
	}
	for _, call := range []struct{ path, body, want string }{
		{ChatPath, Chat, `"rate_limit_exceeded"`},
		{MessagesPath, Messages, `"rate_limit_error"`},
		{GeminiPath, Gemini, `"RESOURCE_EXHAUSTED"`},
	} {
		r := c.Post(n, "alice", call.path, call.body)
		if r.Status != 429 || !strings.Contains(r.Body, call.want) || !strings.Contains(r.Body, "alice") || !strings.Contains(r.Body, "3 requests per minute") {
			t.Errorf("%s: %d %s", call.path, r.Status, r.Body)
		}
		s, err := strconv.Atoi(r.Header.Get("Retry-After"))
		ms, err2 := strconv.Atoi(r.Header.Get("Retry-After-Ms"))
		if err != nil || err2 != nil || s < 50 || s > 61 || ms > s*1000 || ms < s*1000-1000 {
			t.Errorf("%s: retry-after %q, in ms %q", call.path, r.Header.Get("Retry-After"), r.Header.Get("Retry-After-Ms"))
		}
		if r.Header.Get("X-Should-Retry") != "" {
			t.Error("a limit of a minute says whether to retry")
		}
	}
	if r := c.Post(n, "bob", ChatPath, Chat); r.Status != 200 || r.Header.Get("X-Ratelimit-Limit-Requests") != "" {
		t.Errorf("a key without limits: %d %v", r.Status, r.Header)
	}
}

// A list of models and a head that is sent before the answer tell the limits,
// too, as their owner counts them.
func TestLimitsAreToldWithEveryAnswer(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := New(t, Options{Nodes: 3, Extra: s.blocks(fresh, ""), Keepalive: patience, Limits: map[string]string{"alice": "requests_per_minute = 50\ntokens_per_minute = 100000"}})
	used := 0
	check := func(what string, h http.Header, anthropic, late bool) {
		t.Helper()
		limit, remaining, reset := h.Get("X-Ratelimit-Limit-Requests"), h.Get("X-Ratelimit-Remaining-Requests"), h.Get("X-Ratelimit-Reset-Tokens")
		if anthropic {
			limit, remaining, reset = h.Get("Anthropic-Ratelimit-Requests-Limit"), h.Get("Anthropic-Ratelimit-Requests-Remaining"), h.Get("Anthropic-Ratelimit-Tokens-Reset")
			if _, err := time.Parse(time.RFC3339, reset); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		least := used
		if late { // on a busy machine the head may be sent before the owner has counted it
			least--
		}
		if n, err := strconv.Atoi(remaining); err != nil || limit != "50" || n < 50-used || n > 50-least || reset == "" {
			t.Errorf("%s: %v; %d are used", what, h, used)
		}
	}
	used++
	check("at once", c.Post(c.Nodes[0], "alice", ChatPath, Chat).Header, false, false)
	k := &streams{c: c, s: s}
	k.each(t, func(t *testing.T, c *Cluster, s *scripted, f form) {
		for _, n := range c.Nodes {
			s.then(slowly(f, 400*time.Millisecond, f.good()))
			resp, err := http.DefaultClient.Do(Request(n, "alice", f.path, f.body))
			if err != nil {
				t.Fatal(err)
			}
			used++
			check("a late "+f.name+" by "+n.Name(), resp.Header, f.name == "messages", true)
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Error(err)
			}
			resp.Body.Close()
		}
	})
	for _, n := range c.Nodes {
		for _, path := range []string{"/v1/models", "/v1/models/smart", "/v1/models/none-such", "/v1beta/models"} {
			check(path, getFrom(c, n, "alice", path).Header, false, false)
		}
		check("Anthropic's list", getFrom(c, n, "alice", "/v1/models", "Anthropic-Version", "2023-06-01").Header, true, false)
	}
	if h := getFrom(c, c.Nodes[0], "bob", "/v1/models").Header; h.Get("X-Ratelimit-Limit-Requests") != "" {
		t.Errorf("a key without limits: %v", h)
	}
}

func TestCountingAndListsCostNothing(t *testing.T) {
	c := New(t, Options{Nodes: 1, Limits: map[string]string{"alice": "requests_per_minute = 2"}})
	n := c.Nodes[0]
	for range 5 {
		if r := c.Post(n, "alice", "/v1/messages/count_tokens", strings.Replace(Messages, `"max_tokens":64,`, "", 1)); r.Status != 200 || r.Header.Get("Anthropic-Ratelimit-Requests-Remaining") != "2" {
			t.Fatalf("%d %s %v", r.Status, r.Body, r.Header)
		}
		list := Request(n, "alice", "/v1/models", "")
		list.Method = http.MethodGet
		if r := c.Do(list); r.Status != 200 {
			t.Fatalf("%d %s", r.Status, r.Body)
		}
	}
	for range 2 {
		if r := c.Post(n, "alice", MessagesPath, Messages); r.Status != 200 {
			t.Fatalf("%d %s", r.Status, r.Body)
		}
	}
}

func TestWhatReachedNoProviderIsGivenBack(t *testing.T) {
	c := New(t, Options{Nodes: 1, Limits: map[string]string{"alice": "requests_per_minute = 1"}})
	n := c.Nodes[0]
	for range 3 {
		if r := c.Post(n, "alice", ChatPath, `{"model":"unknown","messages":[]}`); r.Status != 404 || r.Header.Get("X-Ratelimit-Remaining-Requests") != "1" {
			t.Fatalf("%d %s %v", r.Status, r.Body, r.Header)
		}
		if r := c.Post(n, "alice", ChatPath, `{"model":`); r.Status != 400 || r.Header.Get("X-Ratelimit-Remaining-Requests") != "1" {
			t.Fatalf("%d %s %v", r.Status, r.Body, r.Header)
		}
	}
	if r := c.Post(n, "alice", ChatPath, Chat); r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	if r := c.Post(n, "alice", ChatPath, Chat); r.Status != 429 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
}

// The provider's own limits are not the key's.
func TestOnlyTheKeysLimitsAreTold(t *testing.T) {
	c := New(t, Options{Nodes: 1, Limits: map[string]string{"alice": "concurrent_requests = 5"}})
	r := c.Post(c.Nodes[0], "alice", MessagesPath, Messages)
	for name := range r.Header {
		if strings.Contains(strings.ToLower(name), "ratelimit") {
			t.Errorf("%s: %s", name, r.Header.Get(name))
		}
	}
}

const gptPrice = `
price "gpt-*" {
  input  = 1000000
  output = 1000000
}
`

func TestASpentDayIsNotRetried(t *testing.T) {
	c := New(t, Options{Nodes: 1, Extra: gptPrice, Limits: map[string]string{"alice": "usd_per_day = 40"}})
	n := c.Nodes[0]
	var spent int64
	for spent < 40 {
		r := c.Post(n, "alice", ChatPath, Chat)
		if r.Status != 200 {
			t.Fatalf("%d USD spent: %d %s", spent, r.Status, r.Body)
		}
		records := c.Records()
		spent += records[len(records)-1].Usage.Total()
	}
	// A changed price list or a reload changes nothing of what is spent.
	if _, err := n.Reload(); err != nil {
		t.Fatal(err)
	}
	r := c.Post(n, "alice", ChatPath, Chat)
	if r.Status != 429 || r.Header.Get("X-Should-Retry") != "false" || !strings.Contains(r.Body, "40 USD per day") || !strings.Contains(r.Body, "insufficient_quota") {
		t.Errorf("%d %v %s", r.Status, r.Header, r.Body)
	}
	midnight := time.Until(time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)).Seconds()
	if s, _ := strconv.ParseFloat(r.Header.Get("Retry-After"), 64); s < midnight-2 || s > midnight+2 {
		t.Errorf("retry-after %v, midnight is in %v s", s, midnight)
	}
	c.Edit(n.Name(), func(s string) string { return strings.Replace(s, "usd_per_day = 40", "usd_per_day = 4000", 1) })
	if _, err := n.Reload(); err != nil {
		t.Fatal(err)
	}
	if r := c.Post(n, "alice", ChatPath, Chat); r.Status != 200 {
		t.Errorf("the raised limit: %d %s", r.Status, r.Body)
	}
	var page string
	c.Admin(n, "/metrics", &page)
	if !strings.Contains(page, `llm_cost_usd_total{api_key="alice",model="other",provider="openai"}`) {
		t.Error("no metric of the cost")
	}
	var v struct {
		Limits []struct {
			APIKey string                                    `json:"api_key"`
			Day    struct{ Limit, Spent, Remaining float64 } `json:"usd_per_day"`
		}
	}
	c.Admin(n, "/api/limits", &v)
	if len(v.Limits) != 1 || v.Limits[0].APIKey != "alice" || v.Limits[0].Day.Spent < float64(spent) {
		t.Errorf("%+v", v)
	}
}

func TestTokensAreSettled(t *testing.T) {
	c := New(t, Options{Nodes: 1, Limits: map[string]string{"alice": "tokens_per_minute = 3000"}})
	n := c.Nodes[0]
	var used int64
	for i := range 10 { // 1,044 are reserved each time, and 20 used
		r := c.Post(n, "alice", ChatPath, Chat)
		if r.Status != 200 {
			t.Fatalf("request %d: %d %s", i, r.Status, r.Body)
		}
		records := c.Records()
		used += records[len(records)-1].Usage.Total()
	}
	if r := c.Post(n, "alice", "/v1/messages/count_tokens", strings.Replace(Messages, `"max_tokens":64,`, "", 1)); r.Header.Get("Anthropic-Ratelimit-Tokens-Remaining") != strconv.FormatInt(3000-used, 10) {
		t.Errorf("%d are used: %v", used, r.Header)
	}
	c.Mocks["openai/one"].Always(&mock.Step{Tokens: 3000})
	c.Mocks["openai/two"].Always(&mock.Step{Tokens: 3000})
	if r := c.Post(n, "alice", ChatPath, Chat); r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	if r := c.Post(n, "alice", ChatPath, Chat); r.Status != 429 || !strings.Contains(r.Body, "3000 tokens per minute") || r.Header.Get("X-Ratelimit-Remaining-Tokens") != "0" {
		t.Errorf("%d %s %v", r.Status, r.Body, r.Header)
	}
}

func TestConcurrentRequests(t *testing.T) {
	c := New(t, Options{Nodes: 1, Limits: map[string]string{"alice": "concurrent_requests = 2"}})
	n := c.Nodes[0]
	for _, m := range []string{"openai/one", "openai/two"} {
		c.Mocks[m].Always(&mock.Step{Tokens: 50, EventDelay: 50 * time.Millisecond})
	}
	var streams []*http.Response
	for range 2 {
		r, err := http.DefaultClient.Do(Request(n, "alice", ChatPath, ChatStream))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		streams = append(streams, r)
	}
	r := c.Post(n, "alice", ChatPath, Chat)
	if r.Status != 429 || r.Header.Get("Retry-After") != "1" || !strings.Contains(r.Body, "2 concurrent requests") {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	streams[0].Body.Close() // the client leaves
	c.Await(2*time.Second, "a slot is free", func() bool { return c.Post(n, "alice", ChatPath, Chat).Status == 200 })
}
