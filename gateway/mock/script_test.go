package mock_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway/mock"
)

const chatHi = `{"model":"gpt-4o","messages":[{"role":"user","content":"hi there"}]STREAM}`

func plainChat() string { return strings.Replace(chatHi, "STREAM", "", 1) }

// A script reaches a stand-in in a header, in a header for each directive, in
// the model's name, and from another process.
func TestWaysToScript(t *testing.T) {
	p := standIn(chatPath)
	if w := post(t, p, chatPath, plainChat(), "x-mock", "status=429, retry-after=1500ms"); w.Code != 429 || w.Header().Get("Retry-After") != "2" {
		t.Errorf("x-mock: %d %v", w.Code, w.Header())
	}
	if w := post(t, p, chatPath, plainChat(), "X-Mock-Status", "503", "X-Mock-Retry-After", "3"); w.Code != 503 || w.Header().Get("Retry-After") != "3" {
		t.Errorf("a header for each: %d %v", w.Code, w.Header())
	}
	if w := post(t, p, chatPath, strings.Replace(plainChat(), "gpt-4o", "gpt-4o+status=500", 1)); w.Code != 500 {
		t.Errorf("the model's name: %d", w.Code)
	}
	if w := post(t, standIn(geminiPath), "/v1beta/models/gemini-3-pro+status=500:generateContent", "{}"); w.Code != 500 {
		t.Errorf("the model's name in a path: %d", w.Code)
	}
	if w := post(t, p, chatPath, plainChat(), "x-mock-text", "a, b"); !strings.Contains(w.Body.String(), `"a, b"`) {
		t.Errorf("a comma in a value: %s", w.Body)
	}
	if w := post(t, p, "/mock/script", "status=502\n\ntext=scripted\n"); w.Code != 200 {
		t.Errorf("POST /mock/script: %d %s", w.Code, w.Body)
	}
	if w := post(t, p, chatPath, plainChat()); w.Code != 502 {
		t.Errorf("the first step: %d", w.Code)
	}
	if w := post(t, p, chatPath, plainChat()); !strings.Contains(w.Body.String(), `"scripted"`) {
		t.Errorf("the second step: %s", w.Body)
	}
	for _, wrong := range []string{"stauts=503", "status=five", "status=200", "delay=soon", "cut-after=0", "hang=maybe"} {
		if w := post(t, p, chatPath, plainChat(), "x-mock", wrong); w.Code != 400 {
			t.Errorf("%s is taken: %d", wrong, w.Code)
		}
		if w := post(t, p, "/mock/script", wrong); w.Code != 400 {
			t.Errorf("%s is taken by /mock/script: %d", wrong, w.Code)
		}
	}
}

// A stand-in with inputs for tools prefers those tools, wherever they stand.
func TestInputsForTools(t *testing.T) {
	p := mock.New(mock.Options{Dialect: "openai", Tools: map[string]string{"read": `{"file":"note.txt"}`, "other": "{}"}})
	const tools = `,"tools":[{"type":"function","function":{"name":"agent"}},{"type":"function","function":{"name":"read"}}]`
	if w := post(t, p, chatPath, strings.Replace(chatHi, "STREAM", tools, 1)); !strings.Contains(w.Body.String(), `"name":"read"`) || !strings.Contains(w.Body.String(), `{\"file\":\"note.txt\"}`) {
		t.Errorf("%s", w.Body)
	}
	if w := post(t, p, chatPath, strings.Replace(chatHi, "STREAM", strings.Replace(tools, `"read"`, `"write"`, 1), 1)); !strings.Contains(w.Body.String(), `"name":"agent"`) {
		t.Errorf("without a tool that it knows: %s", w.Body)
	}
}

func TestAnswersToOrder(t *testing.T) {
	answer := func(path, body string, headers ...string) string {
		w := post(t, standIn(path), path, strings.Replace(body, "STREAM", "", 1), headers...)
		if w.Code != 200 {
			t.Fatalf("%s %v: %d %s", path, headers, w.Code, w.Body)
		}
		return w.Body.String()
	}
	if got := answer(chatPath, chatHi, "x-mock", "echo"); !strings.Contains(got, `"content":"hi there"`) {
		t.Error("echo:", got)
	}
	if got := answer(chatPath, questions[chatPath][1], "x-mock", "no-tool"); strings.Contains(got, "tool_calls") {
		t.Error("no-tool:", got)
	}
	if got := answer(chatPath, questions[chatPath][1], "x-mock", "calls=3"); strings.Count(got, `"call_`) != 3 {
		t.Error("calls:", got)
	}
	if got := answer(messagesPath, questions[messagesPath][0], "x-mock", "reasoning=so"); !strings.Contains(got, `"type":"thinking"`) {
		t.Error("reasoning:", got)
	}
	if got := answer(messagesPath, questions[messagesPath][0], "x-mock", "stop=refusal"); !strings.Contains(got, `"stop_reason":"refusal"`) {
		t.Error("stop:", got)
	}
}

func TestStreamsThatBreak(t *testing.T) {
	for _, tt := range []struct{ path, script, want string }{
		{chatPath, "error-after=3", `"error":{"code":null,"message":"scripted error`},
		{messagesPath, "error-after=4", `"type":"error"`},
		{messagesPath, "overload-in-stream", `"overloaded_error"`},
		{chatPath, "overload-in-stream", `"Overloaded"`},
		{"/v1/responses", "overload-in-stream", `"type":"response.failed"`},
		{geminiPath, "overload-in-stream", `"UNAVAILABLE"`},
		{geminiPath, "error-after=2", `"INTERNAL"`},
	} {
		events := stream(t, tt.path, questions[tt.path][0], "x-mock", tt.script)
		if last := events[len(events)-1]; !strings.Contains(last, tt.want) {
			t.Errorf("%s %s: ends with %s", tt.path, tt.script, last)
		}
	}
	if got := stream(t, messagesPath, questions[messagesPath][0], "x-mock", "end-after=5"); len(got) != 5 || strings.Contains(got[4], "message_stop") {
		t.Errorf("end-after=5: %d events", len(got))
	}
}

func TestFailEvery(t *testing.T) {
	p := mock.New(mock.Options{Dialect: "openai", Name: "m", FailEvery: 3})
	var got []int
	for range 6 {
		got = append(got, post(t, p, chatPath, plainChat()).Code)
	}
	if got[0] != 200 || got[1] != 200 || got[2] != 503 || got[5] != 503 {
		t.Errorf("%v", got)
	}
}

// What breaks a connection needs one.
func TestConnectionsThatBreak(t *testing.T) {
	s := httptest.NewServer(standIn(chatPath))
	defer s.Close()
	send := func(body, script string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+chatPath, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("x-mock", script)
		return s.Client().Do(r)
	}
	if resp, err := send(plainChat(), "close"); err == nil {
		resp.Body.Close()
		t.Error("close: an answer came")
	}
	for script, body := range map[string]string{"close-after-headers": plainChat(), "cut-after=2": strings.Replace(chatHi, "STREAM", `,"stream":true`, 1)} {
		resp, err := send(body, script)
		if err != nil {
			t.Fatal(script, err)
		}
		if _, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("%s: the body ended well", script)
		}
		resp.Body.Close()
	}
}

type cacheUsage struct {
	Usage struct {
		Input  int `json:"input_tokens"`
		Read   int `json:"cache_read_input_tokens"`
		Write  int `json:"cache_creation_input_tokens"`
		Detail struct {
			Cached int `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
	}
}

func usageOf(t *testing.T, p *mock.Provider, path, body string) cacheUsage {
	t.Helper()
	w := post(t, p, path, body)
	var v cacheUsage
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return v
}

func TestPromptCacheOfMarks(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	p := mock.New(mock.Options{Dialect: "anthropic", Name: "m", Now: func() time.Time { return now }})
	system := func(text, mark string) string {
		return `{"model":"claude-sonnet-4-5","max_tokens":9,"system":[{"type":"text","text":"` + text + `"` + mark + `}],"messages":[{"role":"user","content":"hi"}]}`
	}
	const mark = `,"cache_control":{"type":"ephemeral"}`
	long := strings.Repeat("long ", 2000)
	if v := usageOf(t, p, messagesPath, system(long, "")); v.Usage.Read+v.Usage.Write != 0 {
		t.Errorf("cached without a mark: %+v", v)
	}
	first := usageOf(t, p, messagesPath, system(long, mark))
	second := usageOf(t, p, messagesPath, system(long, mark))
	if first.Usage.Write < 2000 || first.Usage.Read != 0 || second.Usage.Read != first.Usage.Write || second.Usage.Write != 0 {
		t.Errorf("written %+v, read %+v", first, second)
	}
	if v := usageOf(t, p, messagesPath, system("x"+long, mark)); v.Usage.Read != 0 {
		t.Errorf("another prompt hit: %+v", v)
	}
	if v := usageOf(t, p, messagesPath, system("short", mark)); v.Usage.Read+v.Usage.Write != 0 {
		t.Errorf("too short to be kept: %+v", v)
	}
	now = now.Add(6 * time.Minute)
	if v := usageOf(t, p, messagesPath, system(long, mark)); v.Usage.Read != 0 {
		t.Errorf("kept for too long: %+v", v)
	}
	// A conversation's mark moves on; what is behind it was written before.
	turn := func(n int) string {
		body := `{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[`
		for i := range n {
			m := ""
			if i == n-1 {
				m = mark
			}
			body += `{"role":"user","content":[{"type":"text","text":"` + long + `"` + m + `}]},`
		}
		return strings.TrimSuffix(body, ",") + `]}`
	}
	one := usageOf(t, p, messagesPath, turn(1))
	if two := usageOf(t, p, messagesPath, turn(2)); two.Usage.Read != one.Usage.Write || two.Usage.Write == 0 {
		t.Errorf("a conversation goes on: %+v after %+v", two, one)
	}
}

func TestPromptCacheByItself(t *testing.T) {
	p := standIn(chatPath)
	body := func(text string) string {
		return `{"model":"gpt-4o","messages":[{"role":"system","content":"` + strings.Repeat("long ", 1500) + `"},{"role":"user","content":"` + text + `"}]}`
	}
	if v := usageOf(t, p, chatPath, body("a")); v.Usage.Detail.Cached != 0 {
		t.Errorf("a first request hit: %+v", v)
	}
	if v := usageOf(t, p, chatPath, body("b")); v.Usage.Detail.Cached < 1024 || v.Usage.Detail.Cached%128 != 0 {
		t.Errorf("a second request: %+v", v)
	}
	short := plainChat()
	usageOf(t, p, chatPath, short)
	if v := usageOf(t, p, chatPath, short); v.Usage.Detail.Cached != 0 {
		t.Errorf("under 1024 tokens: %+v", v)
	}
}
