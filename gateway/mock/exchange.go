package mock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// exchange is one request being answered.
type exchange struct {
	p      *Provider
	w      http.ResponseWriter
	r      *http.Request
	body   []byte
	step   Step
	serial int
	flush  *http.ResponseController

	in     map[string]any
	events int
}

// serve goes the way of a real API: credentials, form, then the script.
func (x *exchange) serve() {
	o := x.p.o
	x.w.Header().Set("X-Mock-Instance", o.Name)
	id := fmt.Sprintf("req_%s_%d", o.Name, x.serial)
	if o.Dialect == "anthropic" {
		x.w.Header().Set("Request-Id", id)
	} else {
		x.w.Header().Set("X-Request-Id", id)
	}
	switch {
	case x.step.Hang:
		<-x.r.Context().Done()
		return
	case x.step.CloseBeforeHeaders:
		x.cut()
		return
	}
	if !x.pause(o.Delay + x.step.Delay) {
		return
	}
	if o.APIKey != "" && !x.keyGiven() {
		x.fail(401, "the API key is not valid")
		return
	}
	if x.step.Status != 0 {
		if x.step.RetryAfter > 0 {
			x.w.Header().Set("Retry-After", strconv.Itoa(int((x.step.RetryAfter+time.Second-1)/time.Second)))
		}
		x.fail(x.step.Status, "scripted: "+http.StatusText(x.step.Status))
		return
	}
	if x.r.Method == http.MethodPost {
		if err := json.Unmarshal(x.body, &x.in); err != nil {
			x.fail(400, "the body is not a JSON object: "+err.Error())
			return
		}
	}
	if x.step.CloseAfterHeaders {
		x.w.WriteHeader(200)
		_ = x.flush.Flush()
		x.cut()
		return
	}
	path := x.r.URL.Path
	for _, prefix := range []string{"/v1beta", "/v1"} {
		path = strings.TrimPrefix(path, prefix)
	}
	switch o.Dialect {
	case "anthropic":
		x.anthropic(path)
	case "gemini":
		x.gemini(path)
	default:
		x.openai(path)
	}
}

func (x *exchange) keyGiven() bool {
	h, want := x.r.Header, x.p.o.APIKey
	bearer := strings.TrimPrefix(h.Get("Authorization"), "Bearer ")
	switch x.p.o.Dialect {
	case "anthropic":
		return h.Get("X-Api-Key") == want || bearer == want
	case "gemini":
		return h.Get("X-Goog-Api-Key") == want || x.r.URL.Query().Get("key") == want
	default:
		return bearer == want
	}
}

// pause waits; false: the client went.
func (x *exchange) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-x.r.Context().Done():
		return false
	}
}

// cut breaks the connection without an end.
func (x *exchange) cut() {
	c, _, err := x.flush.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // a reset, as a crash gives
	}
	_ = c.Close()
}

func (x *exchange) json(status int, v any) {
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(status)
	_ = json.NewEncoder(x.w).Encode(v) // the client is gone
}

// fail answers in the dialect's error form.
func (x *exchange) fail(status int, message string) {
	x.json(status, x.errorBody(status, message))
}

func (x *exchange) errorBody(status int, message string) any {
	switch x.p.o.Dialect {
	case "anthropic":
		kind := map[int]string{400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}[status]
		if kind == "" {
			kind = "api_error"
		}
		return map[string]any{"type": "error", "error": map[string]any{"type": kind, "message": message}, "request_id": x.w.Header().Get("Request-Id")}
	case "gemini":
		name := map[int]string{400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}[status]
		if name == "" {
			name = "INTERNAL"
		}
		return map[string]any{"error": map[string]any{"code": status, "message": message, "status": name}}
	default:
		kind := "invalid_request_error"
		switch {
		case status == 429:
			kind = "rate_limit_error"
		case status >= 500:
			kind = "server_error"
		}
		return map[string]any{"error": map[string]any{"message": message, "type": kind, "param": nil, "code": nil}}
	}
}

// event writes one event of a stream; false: the stream is over, by script or
// because the client went.
func (x *exchange) event(name string, v any) bool {
	if x.events == 0 {
		x.w.Header().Set("Content-Type", "text/event-stream")
		x.w.WriteHeader(200)
	}
	if x.events > 0 && !x.pause(x.p.o.EventDelay+x.step.EventDelay) {
		return false
	}
	if x.step.ErrorAfterEvents > 0 && x.events == x.step.ErrorAfterEvents {
		x.events++
		x.step.ErrorAfterEvents = 0
		x.write("error", x.errorBody(503, "scripted error inside the stream"))
		return false
	}
	if x.step.CutAfterEvents > 0 && x.events == x.step.CutAfterEvents {
		x.cut()
		return false
	}
	x.events++
	x.write(name, v)
	return x.r.Context().Err() == nil
}

func (x *exchange) write(name string, v any) {
	var b bytes.Buffer
	line := "\n"
	if x.p.o.Dialect == "gemini" {
		line, name = "\r\n", ""
	}
	if x.p.o.Dialect == "openai" && !strings.Contains(x.r.URL.Path, "/responses") && name != "error" {
		name = ""
	}
	if name != "" {
		b.WriteString("event: " + name + line)
	}
	b.WriteString("data: ")
	if s, ok := v.(string); ok {
		b.WriteString(s)
	} else if err := json.NewEncoder(&b).Encode(v); err == nil {
		b.Truncate(b.Len() - 1) // Encode's line feed
	}
	b.WriteString(line + line)
	_, _ = x.w.Write(b.Bytes()) // a client that went shows in its context
	_ = x.flush.Flush()
}

// words is the answer's text, in the pieces that a stream sends.
func (x *exchange) words() []string {
	if x.step.Text != "" {
		return strings.SplitAfter(x.step.Text, " ")
	}
	n := x.p.o.Tokens
	if x.step.Tokens > 0 {
		n = x.step.Tokens
	}
	pieces := make([]string, 0, n)
	fixed := strings.SplitAfter("Hello from "+x.p.o.Name+", a stand-in that knows these words only: ", " ")
	for i := range n {
		if i < len(fixed) {
			pieces = append(pieces, fixed[i])
		} else {
			pieces = append(pieces, "word"+strconv.Itoa(i)+" ")
		}
	}
	return pieces
}

// prompt is what the cache sees of a body: all of it but what changes a
// request without changing its prompt.
func (x *exchange) prompt() []byte {
	keep := make(map[string]any, len(x.in))
	for k, v := range x.in {
		switch k {
		case "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "metadata", "generationConfig":
		default:
			keep[k] = v
		}
	}
	b, err := json.Marshal(keep)
	if err != nil {
		return x.body
	}
	return b
}

func (x *exchange) tokens() (input, cached int) {
	p := x.prompt()
	return max(len(p)/4, 1), x.p.cache.hit(p, x.p.o.Now())
}

// toolCall tells whether the answer calls a tool, and with what.
func (x *exchange) toolCall(names []string) (string, bool) {
	if x.step.Tool != "" {
		return x.step.Tool, true
	}
	if len(names) == 0 || bytes.Contains(x.body, []byte(`"tool_result"`)) || bytes.Contains(x.body, []byte(`"role":"tool"`)) || bytes.Contains(x.body, []byte(`functionResponse`)) || bytes.Contains(x.body, []byte(`function_call_output`)) {
		return "", false
	}
	if bytes.Contains(x.body, []byte("use the tool")) {
		return names[0], true
	}
	return "", false
}
