package anthropic_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file below testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}

// failures are an error of each code and errors with every field set.
func failures() []*protocol.Error {
	var all []*protocol.Error
	for c := protocol.InvalidRequest; c <= protocol.Overloaded; c++ {
		all = append(all, &protocol.Error{Code: c, Message: "What happened: " + c.String() + "."})
	}
	return append(all,
		&protocol.Error{},
		&protocol.Error{Code: protocol.InvalidRequest, Message: "Say \"please\".\n\x00\xff", Param: "messages[0].role", Reason: "context_length_exceeded"},
		&protocol.Error{Code: protocol.Permission, Status: 402, Message: "No credit.", Type: "insufficient_quota", Reason: "insufficient_quota"},
	)
}

func TestEncodeError(t *testing.T) {
	var text strings.Builder
	for _, e := range failures() {
		status, body := anthropic.EncodeError(e, "req_1")
		fmt.Fprintf(&text, "%s: %d %s\n", e.Code, status, body)
	}
	golden(t, "errors.txt", text.String())
}

func TestErrorsSchema(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "anthropic.error")
	for _, e := range failures() {
		for _, id := range []string{"", "req_\"1\""} {
			_, body := anthropic.EncodeError(e, id)
			if err := schema.Validate(body); err != nil {
				t.Errorf("%v: %s", err, body)
			}
			if err := schema.Validate(sse.Data(anthropic.ErrorEvent(e, id))); err != nil {
				t.Errorf("event: %v", err)
			}
		}
	}
}

// The error that the real API is recorded to answer comes out the same.
func TestEncodeErrorIsWhatTheAPISends(t *testing.T) {
	seen := 0
	for _, r := range protocoltest.Recordings(t, "anthropic") {
		if r.Status < 400 {
			continue
		}
		var real struct {
			Error     struct{ Message string }
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal(r.Body, &real); err != nil {
			t.Fatal(err)
		}
		status, body := anthropic.EncodeError(&protocol.Error{Code: protocol.CodeOf(r.Status), Message: real.Error.Message}, real.RequestID)
		var want, got map[string]any
		_ = json.Unmarshal(r.Body, &want)
		_ = json.Unmarshal(body, &got)
		if d := cmp.Diff(want, got); status != r.Status || d != "" {
			t.Errorf("%s: status %d (-want +got):\n%s", r.Name, status, d)
		}
		seen++
	}
	if seen == 0 {
		t.Error("no recorded error")
	}
}

func TestErrorEvent(t *testing.T) {
	e := &protocol.Error{Code: protocol.Overloaded, Message: "Try\nlater."}
	want := "event: error\ndata: " + `{"type":"error","error":{"type":"overloaded_error","message":"Try\nlater."},"request_id":"req_1"}` + "\n\n"
	if got := string(anthropic.ErrorEvent(e, "req_1")); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Clients know a prompt that is too long by how the message begins.
func TestATooLongPromptBeginsAsAnthropicsDoes(t *testing.T) {
	for message, want := range map[string]string{
		"This model's maximum context length is 8 tokens.":                                                                                      `"message":"prompt is too long: This model's`,
		"prompt is too long: 9 tokens > 8 maximum":                                                                                              `"message":"prompt is too long: 9 tokens`,
		"The input token count (1250074) exceeds the maximum number of tokens allowed (1048576).":                                               `"message":"prompt is too long: 1250074 tokens > 1048576 maximum"`,
		"This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.":                                   `"message":"prompt is too long: 9001 tokens > 8192 maximum"`,
		"This model's maximum context length is 16385 tokens. However, you requested 20000 tokens (19000 in the messages, 1000 in the answer).": `"message":"prompt is too long: 20000 tokens > 16385 maximum"`,
		"Your input exceeds the context window of this model.":                                                                                  `"message":"prompt is too long: Your input exceeds`,
	} {
		_, body := anthropic.EncodeError(&protocol.Error{Code: protocol.InvalidRequest, Reason: protocol.ReasonContextLength, Message: message}, "")
		if !strings.Contains(string(body), want) {
			t.Errorf("%s", body)
		}
	}
}
