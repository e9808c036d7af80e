package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

const byConversation = `sticky_by = ["conversation", "api_key"]`

// conversations lists what the live sessions are bound by.
func conversations(c *Cluster) map[string]bool {
	var v struct {
		Sessions []struct{ Conversation string }
	}
	c.Admin(c.Nodes[0], "/api/sessions", &v)
	found := map[string]bool{}
	for _, s := range v.Sessions {
		found[s.Conversation] = true
	}
	return found
}

// The metric agrees with the list, also in the moment when a session ends.
func TestExpiredSessionsAreNotCounted(t *testing.T) {
	c := New(t, Options{Nodes: 1, Provider: `session_ttl = "50ms"`})
	if r := c.Post(c.Nodes[0], "alice", ChatPath, Chat); r.Status != 200 {
		t.Fatal(r.Status, r.Body)
	}
	c.Await(awhile, "the session's end", func() bool { return len(conversations(c)) == 0 })
	var metrics string
	if c.Admin(c.Nodes[0], "/metrics", &metrics); !strings.Contains(metrics, `llm_gateway_session_count{provider="openai"} 0`) {
		t.Error("the session that expired is counted")
	}
}

// Each agent names its conversation in its own way.
func TestConversationsOfAgents(t *testing.T) {
	c := New(t, Options{Nodes: 1, Provider: byConversation})
	chat := func(more string) string { return strings.Replace(Chat, "{", "{"+more, 1) }
	for name, ask := range map[string]struct{ path, body, header, want string }{
		"Claude Code":              {MessagesPath, Messages, "X-Claude-Code-Session-Id: claude-1", "claude-1"},
		"Claude Code's body":       {MessagesPath, strings.Replace(Messages, "{", `{"metadata":{"user_id":"{\"device_id\":\"d\",\"account_uuid\":\"\",\"session_id\":\"claude-2\"}"},`, 1), "", "claude-2"},
		"a user's id":              {MessagesPath, strings.Replace(Messages, "{", `{"metadata":{"user_id":"user-3"},`, 1), "", "user-3"},
		"Codex":                    {"/v1/responses", `{"model":"gpt-5","input":"hi","prompt_cache_key":"other"}`, "Thread-Id: codex-4", "codex-4"},
		"Codex's session":          {"/v1/responses", `{"model":"gpt-5","input":"hi"}`, "Session-Id: codex-5", "codex-5"},
		"an older Codex":           {"/v1/responses", `{"model":"gpt-5","input":"hi"}`, "Session_id: codex-6", "codex-6"},
		"opencode":                 {ChatPath, Chat, "X-Session-Affinity: opencode-7", "opencode-7"},
		"anyone's header":          {GeminiPath, Gemini, "X-Session-Id: any-8", "any-8"},
		"OpenAI's cache key":       {ChatPath, chat(`"prompt_cache_key":"cache-9",`), "", "cache-9"},
		"a client that names none": {GeminiPath, Gemini, "", ""},
	} {
		r := Request(c.Nodes[0], "alice", ask.path, ask.body)
		if header, value, ok := strings.Cut(ask.header, ": "); ok {
			r.Header.Set(header, value)
		}
		if reply := c.Do(r); reply.Status != 200 {
			t.Errorf("%s: %d %s", name, reply.Status, reply.Body)
		}
		if found := conversations(c); !found[ask.want] {
			t.Errorf("%s: no session by %q, but by %v", name, ask.want, found)
		}
	}
}

// What agents were seen to send: each recorded conversation is recognised.
func TestRecordedConversations(t *testing.T) {
	folder := protocoltest.Shared(t, "captures")
	c := New(t, Options{Nodes: 1, Provider: byConversation, Extra: `route "*" { provider = "openai" }`})
	for agent, conversation := range map[string]string{
		"claude-code-2.1.197": "00000000-0000-4000-8000-000000000001",
		"codex-cli-0.169.0":   "00000000-0000-4000-8000-000000000001",
		"opencode-1.18.33":    "ses_000000000000000000000000001",
		"gemini-cli-0.61.0":   "",
	} {
		files, err := filepath.Glob(filepath.Join(folder, agent, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		for i, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			if conversation != "" {
				want = fmt.Sprintf("%s-%d", agent, i)
				b = []byte(strings.ReplaceAll(string(b), conversation, want))
			}
			var seen struct {
				Method, Path string
				Headers      map[string]string
				Body         json.RawMessage
			}
			if err := json.Unmarshal(b, &seen); err != nil {
				t.Fatal(err)
			}
			if seen.Method != http.MethodPost || strings.Contains(seen.Path, "count_tokens") || len(seen.Body) < 3 {
				continue
			}
			r := Request(c.Nodes[0], "bob", seen.Path, string(seen.Body))
			for name, value := range seen.Headers {
				switch strings.ToLower(name) {
				case "authorization", "x-api-key", "x-goog-api-key", "content-length", "host", "connection", "accept-encoding", "transfer-encoding":
				default:
					r.Header.Set(name, value)
				}
			}
			asked++
			if reply := c.Do(r); reply.Status != 200 {
				t.Errorf("%s: %d %.300s", file, reply.Status, reply.Body)
			} else if found := conversations(c); !found[want] {
				t.Errorf("%s: no session by %q", file, want)
			}
		}
		if asked < 4 {
			t.Errorf("%s: %d requests", agent, asked)
		}
	}
}

// What agents ask before and beside their questions.
func TestDoorsOfAgents(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	ask := func(method, path string, header ...string) Reply {
		r := Request(c.Nodes[0], "alice", path, "")
		r.Method = method
		if len(header) > 0 {
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", header[0])
		}
		return c.Do(r)
	}
	if r := ask(http.MethodHead, "/"); r.Status != 200 {
		t.Errorf("HEAD /: %d", r.Status)
	}
	if r := ask(http.MethodGet, "/v1/responses", "websocket"); r.Status != 426 || r.Header.Get("Upgrade") != "HTTP/1.1" || r.Header.Get("Connection") != "Upgrade" {
		t.Errorf("a WebSocket for Responses: %d %v %s", r.Status, r.Header, r.Body)
	}
	if r := ask(http.MethodGet, "/v1/responses"); r.Status != 405 {
		t.Errorf("GET of Responses without an upgrade: %d %s", r.Status, r.Body)
	}
}

// Claude Code's /context counts fifteen times at once, with its tools and
// without, for whichever model it was given. What a provider cannot count is
// counted here, and no instance suffers.
func TestFifteenCountsAtOnce(t *testing.T) {
	c := New(t, Options{Nodes: 2})
	for _, model := range []string{"claude-sonnet-4-5", "gpt-5", "gemini-3-pro"} {
		var all sync.WaitGroup
		replies := make([]Reply, 15)
		for i := range replies {
			all.Go(func() {
				r := Request(c.Nodes[i%2], "alice", "/v1/messages/count_tokens?beta=true", fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"How many are these? %d"}],"tools":[{"name":"t%d","input_schema":{"type":"object"}}]}`, model, i, i))
				r.Header.Set("Anthropic-Version", "2023-06-01")
				r.Header.Set("Anthropic-Beta", "token-counting-2024-11-01")
				replies[i] = c.Do(r)
			})
		}
		all.Wait()
		for _, r := range replies {
			var v struct {
				InputTokens int `json:"input_tokens"`
			}
			if err := json.Unmarshal([]byte(r.Body), &v); err != nil || r.Status != 200 || v.InputTokens < 5 {
				t.Errorf("%s: %d %s", model, r.Status, r.Body)
			}
		}
	}
	for _, provider := range []string{"anthropic", "openai", "gemini"} {
		if !c.Healthy(c.Nodes[0], provider, "one") || !c.Healthy(c.Nodes[0], provider, "two") {
			t.Errorf("counting made an instance of %s unhealthy", provider)
		}
	}
}

// Cursor sends bodies of other APIs to Chat Completions.
func TestBodiesOfOtherAPIsAtChatCompletions(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	for _, model := range []string{"gpt-4.1", "claude-sonnet-4-5", "gemini-3-pro"} {
		for name, body := range map[string]string{
			"Responses": `{"model":"` + model + `","stream":true,"instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]},{"type":"function_call","call_id":"call_1","name":"read","arguments":"{}"},{"type":"function_call_output","call_id":"call_1","output":"x"}],"tools":[{"type":"function","name":"read","parameters":{"type":"object","properties":{}}}],"reasoning":{"effort":"low"},"store":false}`,
			"Anthropic": `{"model":"` + model + `","stream":true,"max_tokens":100,"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"read","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"x"}]}],"tools":[{"name":"read","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"auto"}}`,
		} {
			r := c.Post(c.Nodes[0], "alice", ChatPath, body)
			if r.Status != 200 || !strings.Contains(r.Body, `"object":"chat.completion.chunk"`) || !strings.HasSuffix(strings.TrimSpace(r.Body), "data: [DONE]") {
				t.Errorf("%s's body for %s: %d %.600s", name, model, r.Status, r.Body)
			}
		}
	}
}
