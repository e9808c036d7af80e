package gateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
	"github.com/llmgw/llmgw/gateway/mock"
)

// plain is a plain question in an API.
func plain(a api, model string, stream bool) string {
	body := a.body(model, stream, []turn{{user: "hi"}})
	i, j := strings.Index(body, `,"tools":`), strings.LastIndex(body, "}")
	return body[:i] + body[j:]
}

// Errors of a provider reach a client of another dialect in its own form, with
// its own status, and what tells when to come back.
func TestErrorsAreTranslated(t *testing.T) {
	for _, tc := range []struct {
		api    api
		model  string
		status int // of the provider
		want   int
		form   string
	}{
		{chatAPI, "claude-sonnet-4-5", 400, 400, `"type":"invalid_request_error"`},
		{chatAPI, "claude-sonnet-4-5", 529, 503, `"code":"overloaded"`},
		{chatAPI, "gemini-3-pro", 429, 429, `"type":"rate_limit_error"`},
		{responsesAPI, "claude-sonnet-4-5", 404, 404, `"code":"model_not_found"`},
		{messagesAPI, "gpt-5", 400, 400, `"type":"invalid_request_error"`},
		{messagesAPI, "gpt-5", 429, 429, `"type":"rate_limit_error"`},
		{messagesAPI, "gemini-3-pro", 503, 529, `"type":"overloaded_error"`},
		{geminiAPI, "gpt-5", 400, 400, `"status":"INVALID_ARGUMENT"`},
		{geminiAPI, "claude-sonnet-4-5", 529, 503, `"status":"UNAVAILABLE"`},
		{messagesAPI, "gpt-5", 401, 502, `"type":"api_error"`},
	} {
		t.Run(fmt.Sprintf("%s/%s/%d", tc.api.name, tc.model, tc.status), func(t *testing.T) {
			c := New(t, Options{Nodes: 1})
			for _, m := range c.Mocks {
				m.Always(&mock.Step{Status: tc.status, RetryAfter: 7e9})
			}
			r := c.Post(c.Nodes[0], "alice", tc.api.path(tc.model, false), plain(tc.api, tc.model, false))
			if r.Status != tc.want || !strings.Contains(strings.ReplaceAll(r.Body, " ", ""), tc.form) {
				t.Errorf("%d %s, want %d with %s", r.Status, r.Body, tc.want, tc.form)
			}
			if tc.status == 429 && r.Header.Get("Retry-After") == "" {
				t.Error("no retry-after")
			}
		})
	}
}

// What breaks before the first content moves on unseen; what breaks behind it
// ends with an error in the client's dialect, and never with an end.
func TestConvertedStreamsThatBreak(t *testing.T) {
	ends := map[string]string{"chat": "[DONE]", "responses": "response.completed", "messages": "message_stop", "gemini": `"finishReason"`}
	errors := map[string]string{"chat": `data: {"error":`, "responses": "event: response.failed", "messages": "event: error", "gemini": `data: {"error":`}
	for _, a := range apis {
		for _, model := range models {
			if a.name == "chat" && model == "gpt-5" || a.name == "responses" && model == "gpt-5" || a.name == "messages" && model == "claude-sonnet-4-5" || a.name == "gemini" && model == "gemini-3-pro" {
				continue // one dialect
			}
			for what, step := range map[string]mock.Step{
				"overload": {Overload: true}, "hang up": {CloseAfterHeaders: true},
				"cut": {CutAfterEvents: 4}, "early end": {EndAfterEvents: 4}, "error": {ErrorAfterEvents: 4},
			} {
				t.Run(a.name+"/"+model+"/"+what, func(t *testing.T) {
					c := New(t, Options{Nodes: 1})
					for _, m := range c.Mocks {
						m.Script(step)
					}
					r := c.Post(c.Nodes[0], "alice", a.path(model, true), plain(a, model, true))
					if r.Status != 200 && r.Status < 500 {
						t.Fatalf("%d %s", r.Status, r.Body)
					}
					if what == "overload" || what == "hang up" {
						return // both instances are scripted so: any answer of an error's form will do
					}
					if !strings.Contains(r.Body, errors[a.name]) || strings.Contains(r.Body, ends[a.name]) {
						t.Errorf("the stream does not end as one that broke: %s", r.Body)
					}
				})
			}
		}
	}
}

// A single instance's overload inside of a 200 is not seen.
func TestConvertedStreamMovesOn(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	home := c.Post(c.Nodes[0], "alice", "/v1/chat/completions", plain(chatAPI, "claude-sonnet-4-5", true)).Instance()
	c.Mocks["anthropic/"+home].Script(mock.Step{Overload: true})
	r := c.Post(c.Nodes[0], "alice", "/v1/chat/completions", plain(chatAPI, "claude-sonnet-4-5", true))
	if r.Status != 200 || r.Instance() == home || !strings.Contains(r.Body, "[DONE]") {
		t.Errorf("%d from %s: %s", r.Status, r.Instance(), r.Body)
	}
}

// odd serves one fixed answer, for servers that do not keep to what was asked.
func odd(t *testing.T, contentType, body string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func oddCluster(t *testing.T, contentType, body string) *Cluster {
	return New(t, Options{Nodes: 1, Extra: fmt.Sprintf(`
provider "odd" {
  dialect = "openai"
  instance "one" { base_url = %q }
}
route "odd" { provider = "odd" }
`, odd(t, contentType, body))})
}

func TestWholeAnswerWhereAStreamWasAsked(t *testing.T) {
	c := oddCluster(t, "application/json", `{"id":"c1","object":"chat.completion","created":1,"model":"odd","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"hello"}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}`)
	r := c.Post(c.Nodes[0], "alice", "/v1/messages", plain(messagesAPI, "odd", true))
	s := messagesAPI.read(t, true, r)
	if r.Status != 200 || s.text != "hello" || s.end != "stop" || s.input != 3 || s.output != 2 {
		t.Errorf("%d %+v from %s", r.Status, s, r.Body)
	}
}

func TestStreamWhereAWholeAnswerWasAsked(t *testing.T) {
	c := oddCluster(t, "text/event-stream", `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"odd","choices":[{"index":0,"delta":{"role":"assistant","content":"hel"},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"odd","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"odd","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}

data: [DONE]

`)
	r := c.Post(c.Nodes[0], "alice", "/v1/messages", plain(messagesAPI, "odd", false))
	s := messagesAPI.read(t, false, r)
	if r.Status != 200 || s.text != "hello" || s.end != "stop" || s.input != 3 || s.output != 2 {
		t.Errorf("%d %+v from %s", r.Status, s, r.Body)
	}
}

func TestUnreadableAnswerIsTheInstancesFault(t *testing.T) {
	for _, body := range []string{`<html>`, `{}`, `[]`, ``, `{"choices":7}`} {
		c := oddCluster(t, "application/json", body)
		if r := c.Post(c.Nodes[0], "alice", "/v1/messages", plain(messagesAPI, "odd", false)); r.Status != 502 || !strings.Contains(r.Body, `"api_error"`) {
			t.Errorf("%q: %d %s", body, r.Status, r.Body)
		}
	}
}

// A Gemini client without alt=sse reads one JSON array.
func TestGeminiArrayFromAnotherDialect(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	for _, model := range []string{"gpt-5", "claude-sonnet-4-5"} {
		r := c.Post(c.Nodes[0], "alice", "/v1beta/models/"+model+":streamGenerateContent", Gemini)
		var list []struct {
			Candidates []struct{ FinishReason string }
		}
		if err := json.Unmarshal([]byte(r.Body), &list); r.Status != 200 || err != nil || len(list) < 2 || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			t.Fatalf("%s: %d %v %s", model, r.Status, err, r.Body)
		}
	}
}

// Counting needs no provider of the client's dialect, and costs nothing.
func TestCountingInEveryDialect(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	for path, body := range map[string]string{
		"/v1/messages/count_tokens":               `{"model":"gpt-5","messages":[{"role":"user","content":"hello world"}]}`,
		"/v1beta/models/claude-x:countTokens":     Gemini,
		"/v1/responses/input_tokens":              `{"model":"claude-x","input":"hello world"}`,
		"/v1beta/models/gpt-5:countTokens":        `{"generateContentRequest":{"model":"models/gpt-5","contents":[{"role":"user","parts":[{"text":"hello world"}]}]}}`,
		"/v1/messages/count_tokens?beta=true":     `{"model":"gemini-3-pro","messages":[{"role":"user","content":"hello world"}],"system":"be brief"}`,
		"/v1beta/models/claude-x:countTokens?k=1": `{"contents":[{"parts":[{"text":"hello world"}]}]}`,
	} {
		r := c.Post(c.Nodes[0], "alice", path, body)
		var n struct {
			InputTokens int `json:"input_tokens"`
			TotalTokens int
		}
		if err := json.Unmarshal([]byte(r.Body), &n); r.Status != 200 || err != nil || n.InputTokens+n.TotalTokens < 4 || n.InputTokens+n.TotalTokens > 60 {
			t.Errorf("%s: %d %s", path, r.Status, r.Body)
		}
	}
	for name, m := range c.Mocks {
		if got := m.Requests(); len(got) > 0 {
			t.Errorf("%s was asked: %s", name, got[0].Path)
		}
	}
}

// Cursor sends bodies of the Responses API to the chat endpoint.
func TestChatEndpointTakesResponsesBodies(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	for _, model := range models {
		for _, stream := range []bool{false, true} {
			r := c.Post(c.Nodes[0], "alice", "/v1/chat/completions", plain(responsesAPI, model, stream))
			if s := chatAPI.read(t, stream, r); r.Status != 200 || s.text == "" || s.end != "stop" {
				t.Errorf("%s stream %v: %d %s", model, stream, r.Status, r.Body)
			}
		}
	}
}

func TestFallbackToAnotherDialect(t *testing.T) {
	c := New(t, Options{Nodes: 1, Extra: `
route "best" {
  provider = "anthropic"
  model    = "claude-sonnet-4-5"
  fallback = ["gpt-5"]
}
`})
	c.Mocks["anthropic/one"].Down(true)
	c.Mocks["anthropic/two"].Down(true)
	r := c.Post(c.Nodes[0], "alice", "/v1/messages", plain(messagesAPI, "best", false))
	if s := messagesAPI.read(t, false, r); r.Status != 200 || s.text == "" || r.Header.Get("X-Llm-Gateway-Provider") != "openai" || !strings.Contains(r.Body, `"model":"best"`) {
		t.Errorf("%d %v %s", r.Status, r.Header, r.Body)
	}
}

func TestWarningsAreTold(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	r := c.Post(c.Nodes[0], "alice", "/v1/chat/completions", `{"model":"claude-sonnet-4-5","seed":7,"logit_bias":{"1":2},"messages":[{"role":"user","content":"hi"}]}`)
	if w := r.Header.Get("X-Llm-Gateway-Warnings"); r.Status != 200 || !strings.Contains(w, "seed: ") || !strings.Contains(w, "logit_bias: ") {
		t.Errorf("%d, warnings %q", r.Status, w)
	}
	r = c.Post(c.Nodes[0], "alice", "/v1/chat/completions", `{"model":"claude-sonnet-4-5","n":2,"messages":[{"role":"user","content":"hi"}]}`)
	if r.Status != 400 || !strings.Contains(r.Body, `"param":"n"`) {
		t.Errorf("n=2: %d %s", r.Status, r.Body)
	}
}

// OpenAI is told which requests share a prefix, and not by whose key.
func TestCacheKeyForOpenAI(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	keys := map[string]bool{}
	for _, who := range []string{"alice", "alice", "bob"} {
		for _, r := range []Reply{
			c.Post(c.Nodes[0], who, ChatPath, Chat),
			c.Post(c.Nodes[0], who, "/v1/responses", plain(responsesAPI, "gpt-5", false)),
			c.Post(c.Nodes[0], who, MessagesPath, plain(messagesAPI, "gpt-5", false)),
		} {
			if r.Status != 200 {
				t.Fatalf("%d %s", r.Status, r.Body)
			}
		}
	}
	for _, in := range []string{"openai/one", "openai/two"} {
		for _, r := range c.Mocks[in].Requests() {
			var b struct {
				Key string `json:"prompt_cache_key"`
			}
			decode(t, string(r.Body), &b)
			if len(b.Key) < 20 || len(b.Key) > 64 || strings.Contains(b.Key, "alice") {
				t.Errorf("prompt_cache_key %q in %s", b.Key, r.Body)
			}
			keys[b.Key] = true
		}
	}
	if len(keys) != 2 {
		t.Errorf("two keys give %d: %v", len(keys), keys)
	}
}

// A conversation that goes on with a model of OpenAI leaves behind what the
// gateway wrapped of another's thinking.
func TestForeignReasoningStaysBehind(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	r := c.Post(c.Nodes[0], "alice", "/v1/responses", `{"model":"gpt-5","input":[{"role":"user","content":"a"},{"type":"reasoning","summary":[],"encrypted_content":"llmgw1.YQpFcVFC"},
		{"role":"assistant","content":"b"},{"type":"reasoning","summary":[],"encrypted_content":"gAAA"},{"role":"assistant","content":"c"},{"role":"user","content":"d"}]}`)
	if r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	sent := append(c.Mocks["openai/one"].Requests(), c.Mocks["openai/two"].Requests()...)
	if len(sent) != 1 || strings.Contains(string(sent[0].Body), "llmgw1.") || !strings.Contains(string(sent[0].Body), "gAAA") {
		t.Errorf("sent %+v", sent)
	}
}

// A long system prompt, the last tool and a conversation's last turn are
// marked for Anthropic's cache, in its own requests and in converted ones; a
// client's own marks are the only ones then.
func TestPromptsAreMarkedForTheCache(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	long := quote(strings.Repeat("All work and no play makes Jack a dull boy. ", 900))
	tools := `"tools":[{"name":"weather","input_schema":` + schema + `}]`
	turns := `"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}]`
	for name, tc := range map[string]struct {
		path, body string
		marks      int
	}{
		"native":            {MessagesPath, `{"model":"claude-sonnet-4-5","max_tokens":9,"system":` + long + `,` + tools + `,` + turns + `}`, 3},
		"native, marked":    {MessagesPath, `{"model":"claude-sonnet-4-5","max_tokens":9,"system":[{"type":"text","text":` + long + `,"cache_control":{"type":"ephemeral"}}],` + tools + `,` + turns + `}`, 1},
		"native, short":     {MessagesPath, Messages, 0},
		"converted":         {ChatPath, `{"model":"claude-sonnet-4-5","messages":[{"role":"system","content":` + long + `},{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}],"tools":[{"type":"function","function":{"name":"weather","parameters":` + schema + `}}]}`, 3},
		"converted, short":  {ChatPath, `{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"a"}]}`, 0},
		"count_tokens stay": {"/v1/messages/count_tokens", `{"model":"claude-sonnet-4-5","system":` + long + `,` + turns + `}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			for _, m := range c.Mocks {
				m.Reset()
			}
			if r := c.Post(c.Nodes[0], "alice", tc.path, tc.body); r.Status != 200 {
				t.Fatalf("%d %s", r.Status, r.Body)
			}
			for _, in := range []string{"anthropic/one", "anthropic/two"} {
				for _, r := range c.Mocks[in].Requests() {
					if got := strings.Count(string(r.Body), `"cache_control"`); got != tc.marks {
						t.Errorf("%d marks, want %d, in ...%s", got, tc.marks, r.Body[max(len(r.Body)-600, 0):])
					}
				}
			}
		})
	}
}
