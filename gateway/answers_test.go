package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// What the provider calls a request is for its support: the client is told,
// whatever the answer is, beside the gateway's own name for it.
func TestTheProvidersRequestID(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 2, Extra: s.blocks(fresh, "")})
	message := `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`
	named := func(step http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Request-Id", "req_theirs")
			step(w, r)
		}
	}
	steps := map[string]http.HandlerFunc{
		"whole":  named(whole(200, "application/json", message)),
		"stream": named(stream(messageBegun, messageStopped, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")),
		"error":  named(whole(400, "application/json", `{"type":"error","error":{"type":"invalid_request_error","message":"no"}}`)),
		"busy":   named(whole(529, "application/json", `{"type":"error","error":{"type":"overloaded_error","message":"no"}}`)),
	}
	round := 0
	for name, step := range steps {
		for _, a := range []api{chatAPI, messagesAPI} {
			round++
			s.forever(step)
			path, body := smallest(a, fmt.Sprintf("s-anthropic-%d", round), name == "stream")
			r := c.Post(c.NonOwner("alice"), "alice", path, body)
			if got := r.Header.Get("X-Llmgw-Upstream-Request-Id"); got != "req_theirs" || r.Header.Get("X-Request-Id") == got || r.Header.Get("Request-Id") == got {
				t.Errorf("%s to %s: %v", name, a.name, r.Header)
			}
		}
	}
}

// A character that the provider cuts in two, half a surrogate pair in each
// piece, is one for clients that decode each piece alone.
func TestCharactersCutInTwo(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 1, Extra: s.blocks(fresh, "")})
	piece := func(text string) string {
		return "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" + text + "\"}}\n\n"
	}
	s.forever(stream(messageBegun, piece(`\ud83d`), piece(`\ude00.\ud83d`), piece(`\ude01`), messageStopped))
	for i, a := range []api{chatAPI, responsesAPI, geminiAPI} {
		path, body := smallest(a, fmt.Sprintf("s-anthropic-%d", i), true)
		r := c.Post(c.Nodes[0], "alice", path, body)
		if !strings.Contains(r.Body, `"\ud83d\ude00."`) || !strings.Contains(r.Body, `"\ud83d\ude01"`) || strings.Contains(r.Body, `\ud83d"`) {
			t.Errorf("%s: %s", a.name, r.Body)
		}
	}
}

// What an answer says and the client's dialect has no word for is told as a
// warning; what it must be told is in it.
func TestWhatAnswersTell(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 1, Extra: s.blocks(fresh, "")})
	message := func(reason string) string {
		return `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi"}],"stop_reason":"` + reason + `","usage":{"input_tokens":1,"output_tokens":1}}`
	}
	candidate := func(reason string) string {
		return `{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"` + reason + `","index":0}],"usageMetadata":{"promptTokenCount":1}}`
	}
	for round, tc := range []struct {
		provider, answer string
		api              api
		status           int
		warning, says    string
	}{
		{"anthropic", message("pause_turn"), chatAPI, 200, "stop_reason: pause_turn", `"finish_reason":"stop"`},
		{"anthropic", message("pause_turn"), responsesAPI, 200, "stop_reason: pause_turn", `"status":"completed"`},
		{"anthropic", message("pause_turn"), geminiAPI, 200, "stop_reason: pause_turn", `"STOP"`},
		{"anthropic", message("compaction"), chatAPI, 200, "stop_reason: compaction", `"finish_reason":"stop"`},
		{"anthropic", message("end_turn"), chatAPI, 200, "", `"finish_reason":"stop"`},
		{"anthropic", message("end_turn"), responsesAPI, 200, "", `"completed_at":1`},
		{"anthropic", message("max_tokens"), responsesAPI, 200, "", `"completed_at":null`},
		{"gemini", candidate("MALFORMED_FUNCTION_CALL"), chatAPI, 200, "finish_reason: ", `"finish_reason":"stop"`},
		{"gemini", candidate("MALFORMED_RESPONSE"), messagesAPI, 200, "finish_reason: ", `"end_turn"`},
		{"gemini", candidate("OTHER"), messagesAPI, 200, "", `"end_turn"`},
		{"anthropic", `{"type":"error","error":{"type":"billing_error","message":"pay"}}`, messagesAPI, 402, "", `"billing_error"`},
		{"anthropic", `{"type":"error","error":{"type":"billing_error","message":"pay"}}`, chatAPI, 429, "", `"insufficient_quota"`},
	} {
		s.forever(whole(200, "application/json", tc.answer))
		path, body := smallest(tc.api, fmt.Sprintf("s-%s-%d", tc.provider, round), false)
		r := c.Post(c.Nodes[0], "alice", path, body)
		w := r.Header.Get("X-LLM-Gateway-Warnings")
		if r.Status != tc.status || !strings.Contains(r.Body, tc.says) || !strings.HasPrefix(w, tc.warning) || tc.warning == "" && w != "" {
			t.Errorf("%s to %s: %d, warnings %q: %s", tc.answer, tc.api.name, r.Status, w, r.Body)
		}
	}
}

// Calls that a provider gives one id are two for the client, streamed or not.
func TestCallsOfOneID(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 1, Extra: s.blocks(fresh, "")})
	tool := func(index int, args string) string {
		return fmt.Sprintf(`{"index":%d,"id":"call_0","type":"function","function":{"name":"f","arguments":"%s"}}`, index, args)
	}
	calls := `[` + tool(0, `{\"a\":1}`) + `,` + tool(1, `{\"b\":2}`) + `]`
	answers := map[bool]http.HandlerFunc{
		false: whole(200, "application/json", `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":`+calls+`},"finish_reason":"tool_calls"}]}`),
		true:  stream(`data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","tool_calls":`+calls+`},"finish_reason":"tool_calls"}]}`+"\n\n", "data: [DONE]\n\n"),
	}
	round := 0
	for streamed, step := range answers {
		for _, a := range []api{messagesAPI, geminiAPI} {
			round++
			s.forever(step)
			path, body := smallest(a, fmt.Sprintf("s-openai-%d", round), streamed)
			r := c.Post(c.Nodes[0], "alice", path, body)
			if r.Status != 200 || strings.Count(r.Body, `"id":"call_0"`) != 1 || strings.Count(r.Body, `"id":"call_`) != 2 {
				t.Errorf("%s, streamed %v: %d %s", a.name, streamed, r.Status, r.Body)
			}
		}
	}
}

// A Responses stream that fails before a frame of it has come says when it
// began all the same.
func TestAFailureBeforeTheFirstFrame(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 2, Extra: s.blocks(1, ""), Keepalive: 20 * time.Millisecond})
	s.forever(func(w http.ResponseWriter, r *http.Request) {
		<-time.After(200 * time.Millisecond)
		whole(400, "application/json", `{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}`)(w, r)
	})
	for _, n := range c.Nodes {
		path, body := smallest(responsesAPI, "s-openai-0", true)
		r := c.Post(n, "alice", path, body)
		_, at, failed := strings.Cut(r.Body, `"created_at":`)
		if r.Status != 200 || !failed || !strings.Contains(r.Body, "event: response.failed") || len(at) < 10 || at[0] != '1' {
			t.Errorf("%d %s", r.Status, r.Body)
		}
	}
}
