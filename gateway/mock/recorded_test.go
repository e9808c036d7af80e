package mock_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/gateway/mock"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// post sends a body to a fresh stand-in.
func post(t *testing.T, p *mock.Provider, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Header.Set("Anthropic-Version", "2023-06-01")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

var endpoints = map[string]struct{ dialect, path string }{
	"openai-chat":      {"openai", "/v1/chat/completions"},
	"openai-responses": {"openai", "/v1/responses"},
	"anthropic":        {"anthropic", "/v1/messages"},
	"gemini":           {"gemini", "/v1beta/models/MODEL:generateContent"},
}

// What a real provider has accepted, the stand-in accepts.
func TestRecordedRequestsAreAccepted(t *testing.T) {
	for folder, e := range endpoints {
		t.Run(folder, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(protocoltest.Shared(t, "recordings/"+folder), "*.request.json"))
			if err != nil || len(files) == 0 {
				t.Fatal("no recorded requests", err)
			}
			for _, file := range files {
				body, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var meta struct {
					Status int
					Note   string
				}
				b, err := os.ReadFile(strings.TrimSuffix(file, "request.json") + "meta.json")
				if err != nil || json.Unmarshal(b, &meta) != nil {
					t.Fatal(err)
				}
				if meta.Status != 200 || strings.Contains(meta.Note, "OpenRouter") || strings.Contains(meta.Note, "vertex") {
					continue // refused, or another API of the same look
				}
				var betas []string
				if strings.Contains(string(body), "mcp_servers") || strings.Contains(string(body), "task_budget") || strings.Contains(string(body), "tool_addition") {
					betas = []string{"Anthropic-Beta", "recorded"}
				}
				p := mock.New(mock.Options{Dialect: e.dialect, Name: "m"})
				if w := post(t, p, strings.ReplaceAll(e.path, "MODEL", modelOf(t, file)), string(body), betas...); w.Code != 200 {
					t.Errorf("%s: %d %s", filepath.Base(file), w.Code, w.Body)
				}
			}
		})
	}
}

// What real clients send, the stand-in accepts.
func TestCapturedRequestsAreAccepted(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(protocoltest.Shared(t, "captures"), "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no captures", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Method, Path string
			Headers      map[string]any
			Body         json.RawMessage
		}
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatal(err)
		}
		dialect := "openai"
		switch {
		case c.Method != "POST" || len(c.Body) < 3:
			continue
		case strings.Contains(c.Path, "/messages"):
			dialect = "anthropic"
		case strings.Contains(c.Path, "/models/"):
			dialect = "gemini"
		}
		var headers []string
		for name, v := range c.Headers {
			if s, ok := v.(string); ok && strings.HasPrefix(strings.ToLower(name), "anthropic-") {
				headers = append(headers, name, s)
			}
		}
		p := mock.New(mock.Options{Dialect: dialect, Name: "m"})
		if w := post(t, p, c.Path, string(c.Body), headers...); w.Code != 200 {
			t.Errorf("%s: %s: %d %s", filepath.Base(file), c.Path, w.Code, w.Body)
		}
	}
}

// The samples beside the schemas say what each API takes and what it refuses.
func TestSampleRequests(t *testing.T) {
	for _, s := range []struct{ schema, dialect, path, version string }{
		{"openai.chat.completions.request", "openai", "/v1/chat/completions", ""},
		{"openai.responses.request", "openai", "/v1/responses", ""},
		{"anthropic.messages.request.2023-06-01", "anthropic", "/v1/messages", "2023-06-01"},
		{"anthropic.messages.request.2026-10-21", "anthropic", "/v1/messages", "2026-10-21"},
		{"anthropic.count_tokens.request", "anthropic", "/v1/messages/count_tokens", "2023-06-01"},
		{"gemini.generateContent.request", "gemini", "/v1beta/models/gemini-x:generateContent", ""},
	} {
		t.Run(s.schema, func(t *testing.T) {
			b, err := os.ReadFile(protocoltest.Shared(t, "schemas/samples/"+s.schema+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var samples struct {
				Valid   []json.RawMessage
				Invalid []struct {
					Why  string
					Body json.RawMessage
				}
			}
			if err := json.Unmarshal(b, &samples); err != nil {
				t.Fatal(err)
			}
			send := func(body json.RawMessage) *httptest.ResponseRecorder {
				return post(t, mock.New(mock.Options{Dialect: s.dialect, Name: "m"}), s.path, string(body), "Anthropic-Version", s.version)
			}
			for _, body := range samples.Valid {
				w := send(body)
				if strings.Contains(w.Body.String(), "signature") || strings.Contains(w.Body.String(), "'additionalProperties'") {
					continue // rules that no schema can hold
				}
				if w.Code != 200 {
					t.Errorf("refused: %s\n%.300s", w.Body, body)
				}
			}
			for _, bad := range samples.Invalid {
				if w := send(bad.Body); w.Code != 400 && bad.Why != "snake_case" { // which the API takes
					t.Errorf("%s: %d", bad.Why, w.Code)
				}
			}
		})
	}
}

// modelOf reads the model of a recorded answer of Gemini, whose requests name
// it in the path.
func modelOf(t *testing.T, request string) string {
	files, err := filepath.Glob(request[:strings.Index(request, ".")] + ".response.*")
	if err != nil || len(files) == 0 {
		t.Fatal("no answer beside", request)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), `"modelVersion"`)
	rest = strings.TrimLeft(rest, ": ")
	if strings.Contains(request, "gemini-2-5-flash") {
		return "gemini-2.5-flash"
	}
	if rest == "" {
		return "unknown"
	}
	return strings.Split(rest, `"`)[1]
}
