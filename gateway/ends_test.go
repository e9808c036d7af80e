package gateway_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

const (
	messageBegun = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n" +
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n" +
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n"
	messageStopped = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
		"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":2}}\n\n"
)

func messageError(kind string) string {
	return "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"" + kind + "\",\"message\":\"as it says\"}}\n\n"
}

// smallest is a small request for a streamed or whole answer of a model.
func smallest(a api, model string, stream bool) (path, body string) {
	return a.path(model, stream), plain(a, model, stream)
}

// How a stream of another dialect ends: whole once it has said why it ended,
// with one error in the client's own words otherwise.
func TestEndsOfConvertedStreams(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 1, Extra: s.blocks(fresh, "")})
	round := 0
	for _, tc := range []struct {
		name  string
		api   api
		step  http.HandlerFunc
		want  []string // all of it, once
		never []string
	}{
		{"the closing frame is missing", chatAPI, stream(messageBegun, messageStopped), []string{`"finish_reason":"stop"`, "[DONE]"}, []string{`"error"`}},
		{"the closing frame is missing", responsesAPI, stream(messageBegun, messageStopped), []string{"event: response.completed"}, []string{"event: error"}},
		{"the closing frame is missing", geminiAPI, stream(messageBegun, messageStopped), []string{`"finishReason":"STOP"`}, []string{`"error"`}},
		{"no reason has come", chatAPI, stream(messageBegun), []string{`data: {"error"`}, []string{"[DONE]"}},
		{"a broken frame, and nothing more", chatAPI, stream(messageBegun, "data: {\"type\":\n\n"), []string{`data: {"error"`}, []string{"[DONE]"}},
		{"a broken frame, and nothing more", responsesAPI, stream(messageBegun, "data: {\"type\":\n\n"), []string{"event: response.failed"}, nil},
		{"overloaded", chatAPI, stream(messageBegun, messageError("overloaded_error")), []string{`"type":"server_error"`, `"code":"overloaded"`}, []string{"overloaded_error"}},
		{"limited", geminiAPI, stream(messageBegun, messageError("rate_limit_error")), []string{`"status":"RESOURCE_EXHAUSTED"`}, nil},
		{"no account", chatAPI, stream(messageBegun, messageError("billing_error")), []string{`"type":"insufficient_quota"`}, []string{"billing_error"}},
		{"the gateway's key", chatAPI, stream(messageBegun, messageError("authentication_error")), []string{`"code":"upstream_auth"`}, []string{"as it says", "invalid_api_key"}},
	} {
		t.Run(tc.name+"/"+tc.api.name, func(t *testing.T) {
			s.forever(tc.step)
			round++
			path, body := smallest(tc.api, fmt.Sprintf("s-anthropic-%d", round), true)
			r := c.Post(c.Nodes[0], "alice", path, body)
			if r.Status != 200 || !strings.Contains(r.Body, "Hi") || r.Header.Get("Cache-Control") != "no-cache" {
				t.Fatalf("%d %v %s", r.Status, r.Header, r.Body)
			}
			for _, w := range tc.want {
				if strings.Count(r.Body, w) != 1 {
					t.Errorf("not once: %s\n%s", w, r.Body)
				}
			}
			if i := slices.IndexFunc(tc.never, func(n string) bool { return strings.Contains(r.Body, n) }); i >= 0 {
				t.Errorf("%s\n%s", tc.never[i], r.Body)
			}
		})
	}
}

// silentAfter leaves a stream open behind its frames.
func silentAfter(frames ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		stream(frames...)(w, r)
		<-r.Context().Done()
	}
}

// A connection that breaks, or hangs, behind the end of an answer takes nothing
// from it: the client's stream ends as it would have, in its own dialect and in
// another, and the instance has done nothing wrong.
func TestBreaksBehindTheEnd(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := New(t, Options{Nodes: 1, Extra: s.blocks(fresh, "500ms")})
	stop := "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	chatChunk := func(choice string) string {
		return `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[` + choice + "]}\n\n"
	}
	chatSaid := []string{chatChunk(`{"index":0,"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}`), chatChunk(`{"index":0,"delta":{},"finish_reason":"stop"}`), "data: [DONE]\n\n"}
	geminiSaid := []string{`data: {"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP","index":0}],"modelVersion":"m","responseId":"r"}` + "\r\n\r\n"}
	round := 0
	for _, tc := range []struct {
		provider string
		frames   []string
		native   api
	}{
		{"anthropic", []string{messageBegun, messageStopped, stop}, messagesAPI},
		{"anthropic", []string{messageBegun, messageStopped}, api{}}, // converted: it has said why it ended
		{"openai", chatSaid, chatAPI},
		{"openai", chatSaid[:2], api{}},
		{"gemini", geminiSaid, geminiAPI},
	} {
		for _, a := range []api{chatAPI, responsesAPI, messagesAPI, geminiAPI} {
			own := tc.provider == "openai" && (a.name == "chat" || a.name == "responses") || tc.provider == "anthropic" && a.name == "messages" || tc.provider == "gemini" && a.name == "gemini"
			if own && a.name != tc.native.name {
				continue
			}
			for how, step := range map[string]http.HandlerFunc{"cut": cut(tc.frames...), "hung": silentAfter(tc.frames...)} {
				round++
				s.forever(step)
				path, body := smallest(a, fmt.Sprintf("s-%s-%d", tc.provider, round), true)
				r := c.Post(c.Nodes[0], "alice", path, body)
				ends := map[string]string{"chat": "[DONE]", "responses": "event: response.completed", "messages": "event: message_stop", "gemini": `"finishReason"`}
				if r.Status != 200 || strings.Contains(r.Body, `"error":{`) || strings.Count(r.Body, ends[a.name]) != 1 || strings.Contains(r.Body, "READ ERROR") {
					t.Errorf("%s to %s, %s behind frame %d: %d %s", tc.provider, a.name, how, len(tc.frames), r.Status, r.Body)
				}
			}
		}
	}
}

// A stream without its closing frame is collected as the whole answer that it
// is, too.
func TestUnclosedStreamForAWholeAnswer(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 1, Extra: s.blocks(1, "")})
	s.forever(stream(messageBegun, messageStopped))
	path, body := smallest(chatAPI, "s-anthropic-0", false)
	if r := c.Post(c.Nodes[0], "alice", path, body); r.Status != 200 || !strings.Contains(r.Body, `"content":"Hi"`) {
		t.Errorf("%d %s", r.Status, r.Body)
	}
}

// A model of Gemini's that gave nothing of use is an error of its own name, and
// no fault of the instance.
func TestUnusableAnswers(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 1, Extra: s.blocks(1, "")})
	chunk := `{"candidates":[{"content":{"role":"model"},"finishReason":"MALFORMED_FUNCTION_CALL","index":0}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3},"responseId":"r"}`
	for _, a := range []api{chatAPI, messagesAPI, responsesAPI} {
		for _, streamed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", a.name, streamed), func(t *testing.T) {
				if s.forever(whole(200, "application/json", chunk)); streamed {
					s.forever(stream("data: " + chunk + "\r\n\r\n"))
				}
				path, body := smallest(a, "s-gemini-0", streamed)
				r := c.Post(c.Nodes[0], "alice", path, body)
				want := `"code":"malformed_function_call"`
				if a.name == "messages" {
					want = `"type":"api_error"`
				}
				if r.Status != 502 || !strings.Contains(r.Body, want) || r.Header.Get("X-LLM-Gateway-Attempts") != "1" {
					t.Errorf("%d %v %s", r.Status, r.Header, r.Body)
				}
			})
		}
	}
}

// Errors of an instance of the client's own dialect that SDKs could not read
// are brought into form.
func TestErrorsThatLackHalf(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 1, Extra: s.blocks(fresh, "")})
	for i, tc := range []struct {
		api    api
		model  string
		status int
		body   string
		want   int
		form   string
	}{
		{chatAPI, "s-openai-%d", 400, `{"error":{"message":"slow"}}`, 400, `"type":"invalid_request_error"`},
		{chatAPI, "s-openai-%d", 400, `{"error":{"message":"slow","type":"t","extra":1}}`, 400, `"extra":1`},
		{geminiAPI, "s-gemini-%d", 400, `{"error":{"message":"slow"}}`, 400, `"status":"INVALID_ARGUMENT"`},
		{chatAPI, "s-openai-%d", 307, ``, 502, `"code":"upstream_error"`},
		{chatAPI, "s-openai-%d", 304, ``, 502, `"code":"upstream_error"`},
		{chatAPI, "s-anthropic-%d", 402, `{"type":"error","error":{"type":"billing_error","message":"m"}}`, 429, `"type":"insufficient_quota"`},
		{chatAPI, "s-gemini-%d", 400, `{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"The input token count (9) exceeds the maximum number of tokens allowed (8)."}}`, 400, `"param":"messages"`},
		{chatAPI, "s-gemini-%d", 499, `{"error":{"code":499,"status":"CANCELLED","message":"m"}}`, 502, `"code":"upstream_error"`},
		{chatAPI, "s-gemini-%d", 503, `{"error":{"code":503,"status":"UNAVAILABLE","message":"m"}}`, 503, `"code":"overloaded"`},
	} {
		s.forever(whole(tc.status, "application/json", tc.body))
		path, body := smallest(tc.api, fmt.Sprintf(tc.model, i), false)
		if r := c.Post(c.Nodes[0], "alice", path, body); r.Status != tc.want || !strings.Contains(strings.ReplaceAll(r.Body, " ", ""), tc.form) {
			t.Errorf("%d %s: %d %s", tc.status, tc.body, r.Status, r.Body)
		}
	}
}
