package mock

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
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
	began  time.Time
	flush  *http.ResponseController

	in     map[string]any             // the body, decoded
	raw    map[string]json.RawMessage // its members as they came, for the cache
	events int
}

// serve goes the way of a real API: credentials, form, then the script.
func (x *exchange) serve() {
	o := x.p.o
	x.w.Header().Set("X-Mock-Instance", o.Name)
	id := "req_" + x.id("req", 0)
	switch o.Dialect {
	case "anthropic":
		x.w.Header().Set("Request-Id", id)
	case "openai":
		x.w.Header().Set("X-Request-Id", id)
	}
	path := x.r.URL.Path
	for _, prefix := range []string{"/v1beta", "/v1"} {
		path = strings.TrimPrefix(path, prefix)
	}
	parsed := x.parse()
	if err := x.step.direct(x.r.Header, x.model(path)); err != nil {
		x.fail(400, "this stand-in's script: "+err.Error())
		return
	}
	switch {
	case x.step.Hang:
		<-x.r.Context().Done()
		return
	case x.step.CloseBeforeHeaders:
		x.cut()
		return
	case !x.pause(o.Delay + x.step.Delay):
		return
	case o.APIKey != "" && !x.keyGiven():
		x.refuse(refusal{status: 401, message: "the API key is not valid", code: "invalid_api_key"})
		return
	case x.step.Status != 0:
		x.refuse(refusal{status: x.step.Status, message: "scripted: " + http.StatusText(x.step.Status), wait: x.step.RetryAfter})
		return
	case parsed != nil:
		x.fail(400, "We could not parse the JSON body of your request: "+parsed.Error())
		return
	case x.step.CloseAfterHeaders:
		x.w.WriteHeader(200)
		_ = x.flush.Flush()
		x.cut()
		return
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

func (x *exchange) parse() error {
	if x.r.Method != http.MethodPost {
		return nil
	}
	if err := json.Unmarshal(x.body, &x.in); err != nil {
		return err
	}
	return json.Unmarshal(x.body, &x.raw)
}

// model is the name that the request asks for, in the body or in the path.
func (x *exchange) model(path string) string {
	if rest, ok := strings.CutPrefix(path, "/models/"); ok {
		if i := strings.LastIndexByte(rest, ':'); i > 0 {
			return rest[:i]
		}
		return rest
	}
	return str(x.in, "model")
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
	_, _ = x.w.Write(encode(v)) // an error: the client is gone
}

// encode writes JSON as providers do: without HTML's escapes.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte(`{}`)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// event writes one event of a stream; false: the stream is over, by script or
// because the client went.
func (x *exchange) event(name string, v any) bool {
	if x.events == 0 {
		x.w.Header().Set("Content-Type", "text/event-stream")
		x.w.WriteHeader(200)
	}
	s := &x.step
	first := x.p.o.Dialect == "anthropic" || x.responsesStream() // whose first event carries no content
	switch {
	case s.Overload && (x.events > 0 || !first):
		x.broken(refusal{status: map[string]int{"anthropic": 529}[x.p.o.Dialect], message: "Overloaded"})
		return false
	case x.events == 0:
	case !x.pause(x.p.o.EventDelay + s.EventDelay):
		return false
	case s.ErrorAfterEvents > 0 && x.events == s.ErrorAfterEvents:
		x.broken(refusal{status: 500, message: "scripted error inside the stream"})
		return false
	case s.CutAfterEvents > 0 && x.events == s.CutAfterEvents:
		x.cut()
		return false
	case s.EndAfterEvents > 0 && x.events == s.EndAfterEvents:
		return false
	}
	x.events++
	x.write(name, v)
	return x.r.Context().Err() == nil
}

// broken ends a stream with the dialect's error event.
func (x *exchange) broken(r refusal) {
	if r.status == 0 {
		r.status = 503
	}
	if !x.responsesStream() {
		x.write("error", x.errorBody(r))
		return
	}
	e := openaiError(r)
	x.write("error", map[string]any{"type": "error", "sequence_number": x.events, "code": "server_error", "message": r.message, "param": nil, "error": e})
	x.write("response.failed", map[string]any{"type": "response.failed", "sequence_number": x.events + 1, "response": x.responseObject(
		"failed", []any{}, nil, map[string]any{"code": "server_error", "message": r.message})})
}

func (x *exchange) responsesStream() bool { return strings.HasSuffix(x.r.URL.Path, "/responses") }

func (x *exchange) write(name string, v any) {
	var b bytes.Buffer
	line := "\n"
	switch {
	case x.p.o.Dialect == "gemini":
		line, name = "\r\n", ""
	case x.p.o.Dialect == "openai" && !x.responsesStream():
		name = ""
	}
	if name != "" {
		b.WriteString("event: " + name + line)
	}
	b.WriteString("data: ")
	if s, ok := v.(string); ok {
		b.WriteString(s)
	} else {
		b.Write(encode(v))
	}
	b.WriteString(line + line)
	_, _ = x.w.Write(b.Bytes()) // a client that went shows in its context
	_ = x.flush.Flush()
}

// id is 24 characters that no other request of any instance gets.
func (x *exchange) id(what string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%d\x00%d", x.p.o.Name, what, x.serial, n, x.began.UnixNano()))
	return hex.EncodeToString(sum[:12])
}

// sign makes the signature that goes with a piece of reasoning, and that must
// come back with exactly that piece. Every instance of a provider makes the
// same, as real ones accept each other's.
func sign(dialect, what string) string {
	sum := sha256.Sum256([]byte("stand-in\x00" + dialect + "\x00" + what))
	return signaturePrefix + base64.StdEncoding.EncodeToString(sum[:])
}

// signaturePrefix marks the signatures of stand-ins; base64 like the rest.
const signaturePrefix = "bW9jay1zaWduYXR1cmUt"
