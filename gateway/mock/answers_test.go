package mock_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/gateway/mock"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// Requests of every kind that an answer can follow.
var questions = map[string][]string{
	"/v1/chat/completions": {
		`{"model":"gpt-5","messages":[{"role":"user","content":"hi"}]STREAM}`,
		`{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"},"n":{"type":"integer","minimum":3}},"required":["a","n"]}}}]STREAM}`,
		`{"model":"gpt-4o","max_completion_tokens":3,"messages":[{"role":"user","content":"hi"}]STREAM}`,
		`{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object","properties":{"a":{"type":"array","items":{"type":"string","enum":["é"]}}},"required":["a"]}}}STREAM}`,
	},
	"/v1/responses": {
		`{"model":"gpt-4o","input":"hi"STREAM}`,
		`{"model":"gpt-5","input":"hi","reasoning":{"effort":"low","summary":"auto"},"include":["reasoning.encrypted_content"]STREAM}`,
		`{"model":"gpt-5","input":"hi","tools":[{"type":"function","name":"f","strict":false,"parameters":{"type":"object","properties":{}}}]STREAM}`,
		`{"model":"gpt-5","input":"hi","tools":[{"type":"custom","name":"f"}]STREAM}`,
		`{"model":"gpt-4o","input":"hi","max_output_tokens":16STREAM}`,
	},
	"/v1/messages": {
		`{"model":"claude-sonnet-4-5","max_tokens":64,"messages":[{"role":"user","content":"hi"}]STREAM}`,
		`{"model":"claude-sonnet-4-5","max_tokens":4096,"thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}]STREAM}`,
		`{"model":"claude-sonnet-5","max_tokens":64,"messages":[{"role":"user","content":"hi"}]STREAM}`,
		`{"model":"claude-sonnet-4-5","max_tokens":3,"messages":[{"role":"user","content":"hi"}]STREAM}`,
		`{"model":"claude-sonnet-4-5","max_tokens":64,"stop_sequences":["stand"],"messages":[{"role":"user","content":"hi"}]STREAM}`,
	},
	"/v1beta/models/gemini-3-pro:generateContent": {
		`{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`,
		`{"contents":[{"parts":[{"text":"hi"}]}],"tools":[{"function_declarations":[{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}}]}]}`,
		`{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"thinkingConfig":{"includeThoughts":true},"maxOutputTokens":4}}`,
	},
}

var shapes = map[string][2]string{
	"/v1/chat/completions": {"openai.chat.completion", "openai.chat.completion.chunk"},
	"/v1/responses":        {"openai.response", "openai.response.stream-event"},
	"/v1/messages":         {"anthropic.message.response", "anthropic.stream-event"},
	"/v1beta/models/gemini-3-pro:generateContent": {"gemini.generateContent.response", "gemini.generateContent.response"},
}

func TestAnswersAreOfTheSchemas(t *testing.T) {
	for path, bodies := range questions {
		whole, event := protocoltest.LoadSchema(t, shapes[path][0]), protocoltest.LoadSchema(t, shapes[path][1])
		for _, body := range bodies {
			w := post(t, standIn(path), path, strings.Replace(body, "STREAM", "", 1))
			if w.Code != 200 {
				t.Fatalf("%s %s: %d %s", path, body, w.Code, w.Body)
			}
			if err := whole.Validate(w.Body.Bytes()); err != nil {
				t.Errorf("%s %s: %v\n%s", path, body, err, w.Body)
			}
			events := stream(t, path, body)
			for _, e := range events {
				if err := event.Validate([]byte(e)); err != nil {
					t.Errorf("%s %s: %v\n%s", path, body, err, e)
				}
			}
		}
	}
}

func standIn(path string) *mock.Provider {
	dialect := "openai"
	switch {
	case strings.Contains(path, "/messages"):
		dialect = "anthropic"
	case strings.Contains(path, "/models/"):
		dialect = "gemini"
	}
	return mock.New(mock.Options{Dialect: dialect, Name: "m"})
}

// stream returns the data of each event.
func stream(t *testing.T, path, body string, headers ...string) []string {
	t.Helper()
	p := standIn(path)
	at := path
	if i := strings.Index(path, ":generateContent"); i > 0 {
		at = path[:i] + ":streamGenerateContent?alt=sse"
	}
	w := post(t, p, at, strings.Replace(body, "STREAM", `,"stream":true`, 1), headers...)
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
		t.Fatalf("%s %s: %d %s", path, body, w.Code, w.Body)
	}
	return data(w)
}

func data(w *httptest.ResponseRecorder) []string {
	var list []string
	for line := range bytes.Lines(w.Body.Bytes()) {
		if d, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("data: ")); ok && string(d) != "[DONE]" {
			list = append(list, string(d))
		}
	}
	return list
}

func TestErrorsAreOfTheSchemas(t *testing.T) {
	for path, dialect := range map[string]string{"/v1/chat/completions": "openai", "/v1/messages": "anthropic", "/v1beta/models/gemini-3-pro:generateContent": "gemini"} {
		schema := protocoltest.LoadSchema(t, dialect+".error")
		for _, status := range []string{"400", "401", "403", "404", "429", "500", "503", "529"} {
			w := post(t, standIn(path), path, "{}", "x-mock", "status="+status+",retry-after=7")
			if err := schema.Validate(w.Body.Bytes()); err != nil || w.Code/100 != int(status[0]-'0') {
				t.Errorf("%s %s: %d %v\n%s", dialect, status, w.Code, err, w.Body)
			}
		}
	}
}

// The arguments that a stand-in calls a tool with are what its schema takes.
func TestToolArguments(t *testing.T) {
	body := questions["/v1/chat/completions"][1]
	w := post(t, standIn("/v1/chat/completions"), "/v1/chat/completions", strings.Replace(body, "STREAM", "", 1))
	var v struct {
		Choices []struct {
			FinishReason string `json:"finish_reason"`
			Message      struct {
				ToolCalls []struct {
					ID       string
					Function struct{ Name, Arguments string }
				} `json:"tool_calls"`
			}
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	c := v.Choices[0]
	if c.FinishReason != "tool_calls" || len(c.Message.ToolCalls) != 1 || c.Message.ToolCalls[0].Function.Arguments != `{"a":"stand-in","n":3}` {
		t.Errorf("%s", w.Body)
	}
}

// Pieces of a stream, put together, are the whole answer.
func TestAStreamIsTheAnswerInPieces(t *testing.T) {
	for _, body := range questions["/v1/chat/completions"] {
		w := post(t, standIn("/v1/chat/completions"), "/v1/chat/completions", strings.Replace(body, "STREAM", "", 1))
		type message struct {
			Content   string
			ToolCalls []struct {
				Function struct{ Name, Arguments string }
			} `json:"tool_calls"`
		}
		var whole struct{ Choices []struct{ Message message } }
		if err := json.Unmarshal(w.Body.Bytes(), &whole); err != nil {
			t.Fatal(err)
		}
		var content, arguments string
		for _, e := range stream(t, "/v1/chat/completions", body) {
			var chunk struct{ Choices []struct{ Delta message } }
			if err := json.Unmarshal([]byte(e), &chunk); err != nil {
				t.Fatal(err)
			}
			content += chunk.Choices[0].Delta.Content
			for _, c := range chunk.Choices[0].Delta.ToolCalls {
				arguments += c.Function.Arguments
			}
		}
		m := whole.Choices[0].Message
		if content != m.Content || len(m.ToolCalls) > 0 && arguments != m.ToolCalls[0].Function.Arguments {
			t.Errorf("%q %q in pieces of %s", content, arguments, w.Body)
		}
	}
}
