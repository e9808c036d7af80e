package gateway_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// caseKit is what a numbered case of the gateway needs: a cluster, and
// providers that nothing is known of.
type caseKit struct {
	*Cluster
	*witness
	room int
}

func newCaseKit(t *testing.T, rooms int, extra string) *caseKit {
	w := newWitness(t)
	return &caseKit{New(t, Options{Nodes: 1, Extra: w.blocks(rooms) + extra}), w, 0}
}

func (k *caseKit) id(dialect string) string { return fmt.Sprintf("k%d-%s", k.room, dialect) }

// then goes to providers that were not asked yet, and tells that of a dialect
// what to answer.
func (k *caseKit) then(dialect string, steps ...http.HandlerFunc) (id string) {
	k.room++
	k.witness.then(k.id(dialect), steps...)
	return k.id(dialect)
}

// ask sends a body in a client's API for the model of a dialect.
func (k *caseKit) ask(a api, dialect string, stream bool) Reply {
	model := k.id(dialect)
	return k.Post(k.Nodes[0], "alice", a.path(model, stream), plain(a, model, stream))
}

// hello is a whole answer of a dialect, and helloStream a stream of it.
var hello = map[string]string{
	"openai":    `{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"hello"}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}`,
	"anthropic": `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}}`,
	"gemini":    `{"candidates":[{"content":{"role":"model","parts":[{"text":"hello"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5}}`,
}

func formOf(dialect string) form {
	i := slices.IndexFunc(forms, func(f form) bool { return f.provider == dialect && f.name != "responses" })
	return forms[i]
}

func good(dialect string) http.HandlerFunc { return whole(200, "application/json", hello[dialect]) }

// native is the API that a dialect's own clients speak.
var native = map[string]api{"openai": chatAPI, "anthropic": messagesAPI, "gemini": geminiAPI}

var ends = map[string]string{"chat": "[DONE]", "messages": "message_stop", "gemini": "finishReason", "responses": "response.completed"}

var gatewayCases = []struct {
	number, what string
	run          func(*testing.T, *caseKit)
}{
	{"case-79", "an error inside of a stream", errorInStream},
	{"case-80", "comments keep a stream alive", commentsKeepAlive},
	{"case-82", "what nobody knows passes to its own client", unknownPasses},
	{"case-92", "a compressed answer", compressed},
	{"case-96", "overloaded", overloaded},
	{"case-97", "Google's bad key", badKey},
	{"case-98", "Google's wait", googleWait},
	{"case-99", "retry-after of a 200", retryAfterOfSuccess},
	{"case-100", "no quota", noQuota},
	{"case-101", "too long", tooLong},
	{"case-102", "a page", odderErrors(502, "<html><body>502 Bad Gateway</body></html>")},
	{"case-103", "an array", odderErrors(400, `[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]`)},
	{"case-103", "nothing", odderErrors(500, ``)},
	{"case-103", "a string", odderErrors(400, `{"error":"no"}`)},
	{"case-105", "the client leaves", clientLeaves},
	{"case-109", "a whole answer where a stream was asked", wholeForStream},
}

func TestCases(t *testing.T) {
	t.Parallel()
	k := newCaseKit(t, 140, "")
	for _, tc := range gatewayCases {
		t.Run(tc.number+" "+tc.what, func(t *testing.T) { tc.run(t, k) })
	}
}

// Before the first content another instance answers; behind it the client is
// told, and no end is made up.
func errorInStream(t *testing.T, k *caseKit) {
	for dialect := range native {
		f := formOf(dialect)
		for _, a := range apis {
			t.Run(a.name+" from "+dialect, func(t *testing.T) {
				if a.name == "responses" && dialect == "openai" {
					a = chatAPI // its own API is not the one of the frames
				}
				id := k.then(dialect, stream(join(f.prelude, f.content, []string{f.limited})...))
				r := k.ask(a, dialect, true)
				if r.Status != 200 || !strings.Contains(r.Body, "hello") || !strings.Contains(r.Body, `"error"`) || strings.Contains(r.Body, ends[a.name]) || len(k.seen(id)) != 1 {
					t.Errorf("behind content, asked %d times: %d %s", len(k.seen(id)), r.Status, r.Body)
				}
			})
		}
		t.Run("case-83 before content from "+dialect, func(t *testing.T) {
			a := native[map[string]string{"openai": "anthropic", "anthropic": "gemini", "gemini": "openai"}[dialect]]
			id := k.then(dialect, stream(join(f.prelude, []string{f.overloaded})...), stream(join(f.prelude, f.content, f.end)...))
			r := k.ask(a, dialect, true)
			if r.Status != 200 || !strings.Contains(r.Body, "hello") || !strings.Contains(r.Body, ends[a.name]) || strings.Contains(r.Body, `"error"`) || len(k.seen(id)) != 2 {
				t.Errorf("asked %d times: %d %s", len(k.seen(id)), r.Status, r.Body)
			}
		})
	}
}

// A comment is a sign of life: twice the idle timeout passes without an
// event.
func commentsKeepAlive(t *testing.T, k *caseKit) {
	f := formOf("openai")
	k.then("openai", func(w http.ResponseWriter, r *http.Request) {
		stream(join(f.prelude, f.content)...)(w, r)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for range 25 {
			select {
			case <-tick.C:
				_, _ = io.WriteString(w, ": OPENROUTER PROCESSING\n\n")
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
		_, _ = io.WriteString(w, strings.Join(f.end, ""))
	})
	r := k.ask(messagesAPI, "openai", true)
	if s := messagesAPI.read(t, true, r); r.Status != 200 || s.text != "hello" || s.end != "stop" || strings.Contains(r.Body, "OPENROUTER") {
		t.Errorf("%d %s", r.Status, r.Body)
	}
}

// Client and instance of one dialect: bytes pass, known or not.
func unknownPasses(t *testing.T, k *caseKit) {
	frames := "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n" +
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"compaction\",\"content\":null}}\n\n" +
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"compaction_delta\",\"content\":\"so far\"}}\n\n" +
		"event: aurora\ndata: {\"type\":\"aurora\",\"x\":1   }\n\n" +
		"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
		"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"compaction\"},\"usage\":{\"output_tokens\":2}}\n\n" +
		"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	id := k.then("anthropic", stream(frames))
	body := `{"model":"` + id + `","max_tokens":9,"stream":true,"thinking":{"type":"disabled"},"aurora":{"b":1, "a":[]},"messages":[{"role":"user","content":"hi"}]}`
	t.Run("case-29 thinking disabled passes", func(t *testing.T) {
		r := k.Post(k.Nodes[0], "alice", MessagesPath, body)
		if got := k.seen(id); len(got) != 1 || got[0].body != body {
			t.Errorf("sent %+v", got)
		}
		if r.Status != 200 || r.Body != frames {
			t.Errorf("%d %s", r.Status, r.Body)
		}
	})
}

// What an instance compresses without being asked is read all the same.
func compressed(t *testing.T, k *caseKit) {
	packed := func(contentType, body string) http.HandlerFunc {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, body)
		_ = z.Close()
		return whole(200, contentType, b.String(), "Content-Encoding", "gzip")
	}
	for dialect, text := range hello {
		for _, a := range []api{native[dialect], messagesAPI, geminiAPI} {
			for _, streamed := range []bool{false, true} {
				step := packed("application/json", text)
				if streamed {
					f := formOf(dialect)
					step = packed("text/event-stream", strings.Join(join(f.prelude, f.content, f.end), ""))
				}
				k.then(dialect, step)
				r := k.ask(a, dialect, streamed)
				if s := a.read(t, streamed, r); r.Status != 200 || s.text != "hello" || r.Header.Get("Content-Encoding") != "" {
					t.Errorf("%s from %s, streamed %v: %d %v %q", a.name, dialect, streamed, r.Status, r.Header, r.Body)
				}
			}
		}
	}
}

func overloaded(t *testing.T, k *caseKit) {
	step := whole(529, "application/json", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, "Retry-After", "7")
	for _, tc := range []struct {
		api    api
		status int
		form   string
	}{{chatAPI, 503, `"code":"overloaded"`}, {responsesAPI, 503, `"code":"overloaded"`}, {geminiAPI, 503, `"code":503`}, {messagesAPI, 529, `"overloaded_error"`}} {
		k.then("anthropic", step)
		if r := k.ask(tc.api, "anthropic", false); r.Status != tc.status || !strings.Contains(r.Body, tc.form) || r.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d, after %q: %s", tc.api.name, r.Status, r.Header.Get("Retry-After"), r.Body)
		}
	}
}

func badKey(t *testing.T, k *caseKit) {
	bad := whole(400, "application/json", `{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`)
	id := k.then("gemini", bad, good("gemini"))
	if r := k.ask(chatAPI, "gemini", false); r.Status != 200 || len(k.seen(id)) != 2 || k.Healthy(k.Nodes[0], id, k.seen(id)[0].instance) {
		t.Errorf("%d after %d attempts: %s", r.Status, len(k.seen(id)), r.Body)
	}
	k.then("gemini", bad)
	if r := k.ask(messagesAPI, "gemini", false); r.Status != 502 || strings.Contains(r.Body, "API key") {
		t.Errorf("%d %s", r.Status, r.Body)
	}
}

func googleWait(t *testing.T, k *caseKit) {
	id := k.then("gemini", whole(429, "application/json", `{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"48.9s"}]}}`))
	if r := k.ask(chatAPI, "gemini", false); r.Status != 429 || r.Header.Get("Retry-After") != "49" || len(k.seen(id)) != 2 {
		t.Errorf("%d, after %q, asked %d times: %s", r.Status, r.Header.Get("Retry-After"), len(k.seen(id)), r.Body)
	}
	if r := k.ask(messagesAPI, "gemini", false); r.Status != 429 || !strings.HasPrefix(r.Header.Get("Retry-After"), "4") || len(k.seen(id)) != 2 {
		t.Errorf("the instances are asked within their wait: %d, after %q, asked %d times", r.Status, r.Header.Get("Retry-After"), len(k.seen(id)))
	}
}

func retryAfterOfSuccess(t *testing.T, k *caseKit) {
	id := k.then("anthropic", whole(200, "application/json", hello["anthropic"], "Retry-After", "43"))
	for _, a := range []api{messagesAPI, chatAPI, messagesAPI} {
		if r := k.ask(a, "anthropic", false); r.Status != 200 {
			t.Errorf("%s: %d %s", a.name, r.Status, r.Body)
		}
	}
	got := k.seen(id)
	if len(got) != 3 || got[1].instance != got[0].instance || got[2].instance != got[0].instance {
		t.Errorf("the instance was left: %d requests", len(got))
	}
}

func noQuota(t *testing.T, k *caseKit) {
	id := k.then("openai", whole(429, "application/json", `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`, "Retry-After", "1"))
	r := k.ask(messagesAPI, "openai", false)
	if r.Status != 402 && r.Status != 429 || !strings.Contains(r.Body, `"type":"error"`) || r.Header.Get("X-Should-Retry") != "false" {
		t.Errorf("%d %v %s", r.Status, r.Header, r.Body)
	}
	if got := k.seen(id); len(got) != 2 || got[0].instance == got[1].instance {
		t.Errorf("asked %d times", len(got))
	}
}

// The client's conversation is too long for the model: nobody else is asked,
// and every client is told in the words that it knows.
func tooLong(t *testing.T, k *caseKit) {
	bodies := map[string]string{
		"openai":    `{"error":{"message":"This model's maximum context length is 8 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`,
		"anthropic": `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}`,
		"gemini":    `{"error":{"code":400,"message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","status":"INVALID_ARGUMENT"}}`,
	}
	words := map[string]string{"chat": `"code":"context_length_exceeded"`, "responses": `"code":"context_length_exceeded"`, "messages": `prompt is too long`, "gemini": `"status":"INVALID_ARGUMENT"`}
	for dialect, body := range bodies {
		for _, a := range apis {
			id := k.then(dialect, whole(400, "application/json", body))
			r := k.ask(a, dialect, false)
			if r.Status != 400 || !strings.Contains(r.Body, words[a.name]) || len(k.seen(id)) != 1 || !k.Healthy(k.Nodes[0], id, "one") || !k.Healthy(k.Nodes[0], id, "two") {
				t.Errorf("%s from %s, asked %d times: %d %s", a.name, dialect, len(k.seen(id)), r.Status, r.Body)
			}
		}
	}
}

// An error of any form is one in the client's dialect.
func odderErrors(status int, body string) func(*testing.T, *caseKit) {
	contentType := "application/json"
	if strings.HasPrefix(body, "<") {
		contentType = "text/html"
	}
	shapes := map[string]string{"chat": `{"error":{"message":"`, "responses": `{"error":{"message":"`, "messages": `{"type":"error","error":{"type":"`, "gemini": `{"error":{"code":`}
	return func(t *testing.T, k *caseKit) {
		for dialect := range native {
			for _, a := range apis {
				k.then(dialect, whole(status, contentType, body))
				r := k.ask(a, dialect, false)
				if r.Status < status || r.Status >= status+100 || !strings.HasPrefix(r.Body, shapes[a.name]) || strings.Contains(r.Body, "<html") || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
					t.Errorf("%s from %s: %d %s %s", a.name, dialect, r.Status, r.Header.Get("Content-Type"), r.Body)
				}
			}
		}
	}
}

// The provider's call ends with the client's, what was used until then counts,
// and nobody is blamed.
func clientLeaves(t *testing.T, k *caseKit) {
	f := formOf("anthropic")
	gone := make(chan struct{})
	id := k.then("anthropic", func(w http.ResponseWriter, r *http.Request) {
		stream(join(f.prelude, f.content)...)(w, r)
		<-r.Context().Done()
		close(gone)
	})
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := http.DefaultClient.Do(Request(k.Nodes[0], "alice", ChatPath, plain(chatAPI, id, true)).WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadAtLeast(resp.Body, make([]byte, 4096), 10); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case <-gone:
	case <-time.After(900 * time.Millisecond): // below the idle timeout, which would end it, too
		t.Error("the provider's call goes on")
	}
	k.Await(awhile, "the request is recorded", func() bool {
		for _, r := range k.Records() {
			if r.Provider == id {
				return r.Status == 499 && r.Usage.Input == 3
			}
		}
		return false
	})
	if !k.Healthy(k.Nodes[0], id, "one") || !k.Healthy(k.Nodes[0], id, "two") {
		t.Error("an instance was marked")
	}
}

// A server that ignores "stream" answers whole, with an answer or an error.
func wholeForStream(t *testing.T, k *caseKit) {
	refusals := map[string]string{
		"openai":    `{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}`,
		"anthropic": `{"type":"error","error":{"type":"invalid_request_error","message":"no"}}`,
		"gemini":    `{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}`,
	}
	for dialect := range hello {
		for _, a := range apis {
			whole200 := good(dialect)
			switch {
			case a.name == "gemini" && dialect == "gemini":
				continue // JSON is a stream of its own there
			case a.name == "responses" && dialect == "openai":
				whole200 = whole(200, "application/json", `{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m","output":[{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"hello","annotations":[]}]}],"usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5}}`)
			}
			k.then(dialect, whole200)
			r := k.ask(a, dialect, true)
			if s := a.read(t, true, r); r.Status != 200 || s.text != "hello" || s.end != "stop" || s.input != 3 || s.output != 2 || !strings.Contains(r.Body, ends[a.name]) {
				t.Errorf("%s from %s: %d %s", a.name, dialect, r.Status, r.Body)
			}
			k.then(dialect, whole(200, "application/json", refusals[dialect]))
			if r := k.ask(a, dialect, true); r.Status != 400 || !strings.Contains(r.Body, `"error"`) || strings.Contains(r.Body, ends[a.name]) {
				t.Errorf("%s from %s: %d %s", a.name, dialect, r.Status, r.Body)
			}
		}
	}
}
