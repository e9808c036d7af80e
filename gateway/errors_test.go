package gateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// What an instance answers, and what the client then sees, when every instance
// answers so.
var answers = []struct {
	name     string
	form     string // chat, messages, gemini
	answer   http.HandlerFunc
	status   int
	want     string // in the body
	attempts string
	healthy  bool
	header   map[string]string // "" for none
}{
	{name: "the client's own", form: "chat", answer: whole(400, "application/json", `{"error":{"message":"no","type":"invalid_request_error","param":"x","code":null}}`),
		status: 400, want: `{"error":{"message":"no","type":"invalid_request_error","param":"x","code":null}}`, attempts: "1", healthy: true},
	{name: "too long", form: "messages", answer: whole(400, "application/json", `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}`),
		status: 400, want: "prompt is too long: 9", attempts: "1", healthy: true},
	{name: "bad credentials", form: "chat", answer: whole(401, "application/json", `{"error":{"message":"Incorrect API key provided: sk-prov***ret","type":"invalid_request_error","code":"invalid_api_key"}}`),
		status: 502, want: `"code":"upstream_auth"`, attempts: "2", header: map[string]string{"X-Should-Retry": "false"}},
	{name: "bad credentials", form: "messages", answer: whole(403, "application/json", `{"type":"error","error":{"type":"permission_error","message":"m"}}`),
		status: 502, want: `"api_error"`, attempts: "2"},
	{name: "Google's bad key", form: "gemini", answer: whole(400, "application/json", `{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`),
		status: 502, want: `"UNAVAILABLE"`, attempts: "2"},
	{name: "no quota", form: "chat", answer: whole(429, "application/json", `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`),
		status: 429, want: "insufficient_quota", attempts: "2", healthy: true, header: map[string]string{"X-Should-Retry": "false"}},
	{name: "no money", form: "messages", answer: whole(402, "application/json", `{"type":"error","error":{"type":"billing_error","message":"m"}}`),
		status: 402, want: "billing_error", attempts: "2", healthy: true, header: map[string]string{"X-Should-Retry": "false"}},
	{name: "no credit", form: "messages", answer: whole(400, "application/json", `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}`),
		status: 400, want: "credit balance", attempts: "2", healthy: true, header: map[string]string{"X-Should-Retry": "false"}},
	{name: "rate limit, a date", form: "chat", answer: func(w http.ResponseWriter, r *http.Request) {
		whole(429, "application/json", `{"error":{"message":"in organization org-AbCdEf123456","type":"requests","param":null,"code":"rate_limit_exceeded"}}`,
			"Retry-After", time.Now().Add(50*time.Second).UTC().Format(http.TimeFormat))(w, r)
	}, status: 429, want: "organization org-...", attempts: "2", healthy: true, header: map[string]string{"Retry-After": "4|50"}},
	{name: "rate limit, RetryInfo", form: "gemini", answer: whole(429, "application/json", `{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"48.9s"}]}}`),
		status: 429, want: "RESOURCE_EXHAUSTED", attempts: "2", healthy: true, header: map[string]string{"Retry-After": "49"}},
	{name: "overloaded", form: "messages", answer: whole(529, "application/json", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, "Retry-After", "7"),
		status: 529, want: "overloaded_error", attempts: "2", header: map[string]string{"Retry-After": "7"}},
	{name: "overloaded", form: "chat", answer: whole(529, "application/json", `{"error":{"message":"busy","type":"overloaded_error"}}`),
		status: 503, want: `"overloaded"`, attempts: "2"},
	{name: "no status of HTTP", form: "chat", answer: whole(600, "text/plain", "odd"), status: 502, want: "The provider answered with status 600.", attempts: "2"},
	{name: "HTML", form: "chat", answer: whole(502, "text/html", "<html><head><title>x</title></head><body>502 Bad Gateway</body></html>"),
		status: 502, want: `"message":"502 Bad Gateway"`, attempts: "2"},
	{name: "HTML", form: "messages", answer: whole(404, "text/html", "<html>nginx: no such place</html>"),
		status: 404, want: `"not_found_error"`, attempts: "1", healthy: true},
	{name: "nothing", form: "gemini", answer: whole(500, "application/json", ""), status: 500, want: `"INTERNAL"`, attempts: "2"},
	{name: "an array", form: "chat", answer: whole(400, "application/json", `[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]`),
		status: 400, want: `{"error":{"message":"m"`, attempts: "1", healthy: true},
	{name: "a string", form: "messages", answer: whole(400, "application/json", `{"error":"no"}`),
		status: 400, want: `{"type":"error","error":{"type":"invalid_request_error","message":"no"}`, attempts: "1", healthy: true},
	{name: "a string", form: "gemini", answer: whole(503, "application/json", `{"error":"loading"}`),
		status: 503, want: `"message":"loading"`, attempts: "2"},
	{name: "an error in a 200", form: "messages", answer: whole(200, "application/json", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`),
		status: 529, want: `"overloaded_error"`, attempts: "2"},
	{name: "a mistake in a 200", form: "chat", answer: whole(200, "application/json", `{"error":{"message":"m","code":"context_length_exceeded"}}`),
		status: 400, want: `"context_length_exceeded"`, attempts: "1", healthy: true},
}

func TestErrorsOfInstances(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 2, Extra: s.blocks(fresh, "")})
	ask := map[string]form{
		"chat":     {provider: "openai", path: ChatPath, body: `{"model":"s-openai","messages":[{"role":"user","content":"hi"}]}`},
		"messages": {provider: "anthropic", path: MessagesPath, body: `{"model":"s-anthropic","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`},
		"gemini":   {provider: "gemini", path: "/v1beta/models/s-gemini:generateContent", body: Gemini},
	}
	for round, tt := range answers {
		t.Run(tt.name+" "+tt.form, func(t *testing.T) {
			s.forever(func(w http.ResponseWriter, r *http.Request) {
				for _, name := range []string{"Set-Cookie", "Anthropic-Organization-Id", "Openai-Organization", "Openai-Project", "Cf-Ray", "Alt-Svc", "Www-Authenticate"} {
					w.Header().Set(name, "secret-of-the-gateway")
				}
				tt.answer(w, r)
			})
			f := ask[tt.form].in(round)
			r := c.Post(c.NonOwner("alice"), "alice", f.path, f.body)
			if r.Status != tt.status || !strings.Contains(r.Body, tt.want) || r.Header.Get("X-Llm-Gateway-Attempts") != tt.attempts {
				t.Errorf("%d after %s attempts: %s", r.Status, r.Header.Get("X-Llm-Gateway-Attempts"), r.Body)
			}
			if !json.Valid([]byte(r.Body)) || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
				t.Errorf("not JSON: %s %s", r.Header.Get("Content-Type"), r.Body)
			}
			if all := strings.Join(flat(r.Header), "\n") + r.Body; strings.Contains(all, "secret") || strings.Contains(all, "sk-prov") {
				t.Errorf("it tells what is the gateway's: %s", all)
			}
			if id := r.Header.Get("X-Request-Id"); id == "" || tt.form == "messages" && r.Header.Get("Request-Id") != id {
				t.Errorf("request ids: %v", r.Header)
			}
			for name, want := range tt.header {
				low, high, ranged := strings.Cut(want, "|")
				if got := r.Header.Get(name); got != want && !(ranged && strings.HasPrefix(got, low) || ranged && got == high) {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			for _, in := range []string{"one", "two"} {
				if c.Healthy(c.Owner("alice"), f.provider, in) != tt.healthy {
					t.Errorf("%s is healthy: %v", in, !tt.healthy)
				}
			}
		})
	}
}

func flat(h http.Header) []string {
	var all []string
	for name, values := range h {
		all = append(all, name+": "+strings.Join(values, ", "))
	}
	return all
}

// An instance without quota is left alone also for other models, and for long.
func TestAnInstanceWithoutQuotaRests(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 1, Extra: s.blocks(1, "") + "route \"s-other\" { provider = \"openai-0\" }\n"})
	ok := whole(200, "application/json", `{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`, "Retry-After", "43")
	s.then(whole(429, "application/json", `{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}`, "Retry-After", "1"), ok, ok, ok)
	for _, model := range []string{"s-openai-0", "s-openai-0", "s-other"} {
		if r := c.Post(c.Nodes[0], "alice", ChatPath, `{"model":"`+model+`","messages":[{"role":"user","content":"hi"}]}`); r.Status != 200 {
			t.Fatalf("%d %s", r.Status, r.Body)
		}
	}
	asked := s.requests()
	if len(asked) != 4 || asked[1] == asked[0] || asked[2] != asked[1] || asked[3] != asked[1] {
		t.Errorf("asked %v", asked)
	}
}
