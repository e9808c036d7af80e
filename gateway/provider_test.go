package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// scripted is a provider of each dialect with two instances that answer what a
// test tells them, byte by byte: whichever is asked takes the next step.
type scripted struct {
	mu      sync.Mutex
	steps   []http.HandlerFunc
	always  http.HandlerFunc
	asked   []string // "instance path", in order
	servers []*httptest.Server
}

func newScripted(t *testing.T) *scripted {
	s := &scripted{}
	for _, name := range []string{"one", "two"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.answer(name, w, r) }))
		t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
		s.servers = append(s.servers, srv)
	}
	return s
}

func (s *scripted) answer(name string, w http.ResponseWriter, r *http.Request) {
	_, _ = io.ReadAll(r.Body) // a client that goes shows later
	s.mu.Lock()
	s.asked = append(s.asked, name+" "+r.URL.Path)
	step := s.always
	if len(s.steps) > 0 {
		step, s.steps = s.steps[0], s.steps[1:]
	}
	s.mu.Unlock()
	if step == nil {
		step = whole(418, "application/json", `{"error":{"message":"no step is left"}}`)
	}
	step(w, r)
}

func (s *scripted) then(steps ...http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps, s.asked = append([]http.HandlerFunc(nil), steps...), nil
}

func (s *scripted) forever(step http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always, s.steps = step, nil
}

func (s *scripted) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

// fresh is how often a test may start with providers that nothing is known of.
const fresh = 80

// blocks is the configuration: providers "openai-0", "anthropic-0", ... for the
// models "s-openai-0", ..., all at the two instances, which may be silent for
// idle inside of a stream; "": for long, as a busy machine is no silent instance.
func (s *scripted) blocks(rounds int, idle string) string {
	if idle == "" {
		idle = "30s"
	}
	var b strings.Builder
	for round := range rounds {
		for d, version := range map[string]string{"openai": "/v1", "anthropic": "/v1", "gemini": "/v1beta"} {
			fmt.Fprintf(&b, "provider \"%s-%d\" {\n  dialect = %q\n", d, round, d)
			for i, name := range []string{"one", "two"} {
				fmt.Fprintf(&b, "  instance %q {\n    base_url = %q\n    api_key = \"provider-secret\"\n    first_byte_timeout = \"30s\"\n    idle_timeout = %q\n  }\n", name, s.servers[i].URL+version, idle)
			}
			fmt.Fprintf(&b, "}\nroute \"s-%s-%d\" { provider = \"%s-%d\" }\n", d, round, d, round)
		}
	}
	return b.String()
}

// whole answers with a body in one piece.
func whole(status int, contentType, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// stream answers with a stream, a flush behind each frame, and ends it well as
// far as HTTP is concerned.
func stream(frames ...string) http.HandlerFunc { return streamAs("text/event-stream", frames...) }

func streamAs(contentType string, frames ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(200)
		for _, f := range frames {
			_, _ = io.WriteString(w, f)
			w.(http.Flusher).Flush()
		}
	}
}

// cut is a stream whose connection breaks behind its frames.
func cut(frames ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		stream(frames...)(w, r)
		panic(http.ErrAbortHandler)
	}
}

// form is one kind of stream: how to ask for it, and its frames.
type form struct {
	name, provider, path, body string
	contentType                string
	prelude, content, end      []string
	overloaded, limited        string // error frames
	tooLong                    string
}

var forms = []form{
	{
		name: "chat", provider: "openai", path: ChatPath, body: `{"model":"s-openai","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}`,
		prelude:    []string{": PROCESSING\n\n", `data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n"},
		content:    []string{`data: {"id":"c","choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":null}]}` + "\n\n"},
		end:        []string{`data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n", "data: [DONE]\n\n"},
		overloaded: `data: {"error":{"message":"busy","type":"server_error","code":503}}` + "\n\n",
		limited:    `data: {"error":{"message":"slow down","type":"rate_limit_error","code":"rate_limit_exceeded"}}` + "\n\n",
		tooLong:    `data: {"error":{"message":"too many tokens","type":"invalid_request_error","code":"context_length_exceeded"}}` + "\n\n",
	},
	{
		name: "responses", provider: "openai", path: "/v1/responses", body: `{"model":"s-openai","input":"hi","stream":true}`,
		prelude: []string{
			"event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"status\":\"in_progress\",\"error\":null}}\n\n",
			"event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"sequence_number\":1}\n\n",
		},
		content:    []string{"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":2,\"delta\":\"hello\"}\n\n"},
		end:        []string{"event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":3,\"response\":{\"id\":\"resp_1\",\"status\":\"completed\"}}\n\n"},
		overloaded: "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":3,\"response\":{\"id\":\"resp_1\",\"status\":\"failed\",\"error\":{\"code\":\"server_is_overloaded\",\"message\":\"busy\"}}}\n\n",
		limited:    "event: error\ndata: {\"type\":\"error\",\"sequence_number\":3,\"code\":\"rate_limit_exceeded\",\"message\":\"slow down\",\"param\":null}\n\n",
		tooLong:    "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":3,\"response\":{\"id\":\"resp_1\",\"status\":\"failed\",\"error\":{\"code\":\"context_length_exceeded\",\"message\":\"too many tokens\"}}}\n\n",
	},
	{
		name: "messages", provider: "anthropic", path: MessagesPath, body: `{"model":"s-anthropic","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}`,
		prelude: []string{
			"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n",
			"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
			"event: ping\ndata: {\"type\": \"ping\"}\n\n",
		},
		content:    []string{"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hello\"}}\n\n"},
		end:        []string{"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n", "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"},
		overloaded: "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
		limited:    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow down\"}}\n\n",
		tooLong:    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too long: 9 tokens > 8 maximum\"}}\n\n",
	},
	{
		name: "gemini", provider: "gemini", path: "/v1beta/models/s-gemini:streamGenerateContent?alt=sse", body: Gemini,
		prelude:    []string{"data: {\"usageMetadata\":{\"promptTokenCount\":3}}\r\n\r\n"},
		content:    []string{"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hello\"}]}}]}\r\n\r\n"},
		end:        []string{"data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\r\n\r\n"},
		overloaded: "data: {\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}\r\n\r\n",
		limited:    "data: {\"error\":{\"code\":429,\"message\":\"slow down\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"retryDelay\":\"48.9s\"}]}}\r\n\r\n",
		tooLong:    "data: {\"error\":{\"code\":400,\"message\":\"The input token count (9) exceeds the maximum number of tokens allowed (8).\",\"status\":\"INVALID_ARGUMENT\"}}\r\n\r\n",
	},
	{
		name: "gemini array", provider: "gemini", path: "/v1beta/models/s-gemini:streamGenerateContent", body: Gemini, contentType: "application/json",
		prelude:    []string{"[{\"usageMetadata\":{\"promptTokenCount\":3}}"},
		content:    []string{",\r\n{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hello\"}]}}]}"},
		end:        []string{",\r\n{\"candidates\":[{\"finishReason\":\"STOP\"}]}", "]\n"},
		overloaded: ",\r\n{\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}",
		limited:    ",\r\n{\"error\":{\"code\":429,\"message\":\"slow down\",\"status\":\"RESOURCE_EXHAUSTED\"}}",
		tooLong:    ",\r\n{\"error\":{\"code\":400,\"message\":\"The input token count (9) exceeds the maximum number of tokens allowed (8).\",\"status\":\"INVALID_ARGUMENT\"}}",
	},
}

func (f form) stream(parts ...[]string) http.HandlerFunc {
	ct := f.contentType
	if ct == "" {
		ct = "text/event-stream"
	}
	return streamAs(ct, join(parts...)...)
}

func join(parts ...[]string) []string {
	var all []string
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func (f form) good() string { return strings.Join(join(f.prelude, f.content, f.end), "") }

// in gives the form the provider and the model of a round.
func (f form) in(round int) form {
	old := "s-" + f.provider
	f.provider = fmt.Sprintf("%s-%d", f.provider, round)
	f.path, f.body = strings.ReplaceAll(f.path, old, "s-"+f.provider), strings.ReplaceAll(f.body, old, "s-"+f.provider)
	return f
}
