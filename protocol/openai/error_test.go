package openai_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
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
		status, body := openai.EncodeError(e)
		fmt.Fprintf(&text, "%s: %d %s\n", e.Code, status, body)
	}
	golden(t, "errors.txt", text.String())
}

func TestEncodeErrorSchema(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "openai.error")
	for _, e := range failures() {
		if _, body := openai.EncodeError(e); schema.Validate(body) != nil {
			t.Errorf("%s: %v", body, schema.Validate(body))
		}
	}
}

// The errors that the real API is recorded to answer, told through the
// gateway's own error, come out with the same members.
func TestEncodeErrorIsWhatTheAPISends(t *testing.T) {
	seen := 0
	for _, folder := range []string{"openai-chat", "openai-responses"} {
		for _, r := range protocoltest.Recordings(t, folder) {
			var real struct {
				Error *struct{ Message, Type, Param, Code *string }
			}
			if r.Status < 400 || json.Unmarshal(r.Body, &real) != nil || real.Error == nil || real.Error.Type == nil {
				continue
			}
			seen++
			e := &protocol.Error{Code: protocol.CodeOf(r.Status), Message: *real.Error.Message}
			if real.Error.Param != nil {
				e.Param = *real.Error.Param
			}
			if real.Error.Code != nil {
				e.Reason = *real.Error.Code
			}
			status, body := openai.EncodeError(e)
			var want, got map[string]any
			_ = json.Unmarshal(r.Body, &want)
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); status != r.Status || d != "" {
				t.Errorf("%s: status %d (-want +got):\n%s", r.Name, status, d)
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d recorded errors", seen)
	}
}

func TestErrorEvent(t *testing.T) {
	e := &protocol.Error{Code: protocol.Overloaded, Message: "Try\nlater."}
	want := `data: {"error":{"message":"Try\nlater.","type":"server_error","param":null,"code":"overloaded"}}` + "\n\n"
	if got := string(openai.ErrorEvent(e)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func frames(t *testing.T, stream []byte) [][]byte {
	t.Helper()
	var all [][]byte
	var s sse.Splitter
	keep := func(raw []byte) { all = append(all, bytes.Clone(raw)) }
	if err := s.Feed(stream, keep); err != nil {
		t.Fatal(err)
	}
	s.Close(keep)
	return all
}

func TestResponsesErrorEvents(t *testing.T) {
	head := openai.NewResponsesHead()
	head.Observe([]byte("event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"model\":\"gpt-5\",\"created_at\":1771881670}}\n\n"))
	head.Observe([]byte("event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\": 7,\"delta\":\"\\\"sequence_number\\\":99\"}\n\n"))
	if head != (openai.ResponsesHead{Sequence: 7, ID: "resp_1", Model: "gpt-5", CreatedAt: 1771881670}) {
		t.Errorf("%+v", head)
	}
	var text strings.Builder
	for _, e := range failures() {
		text.Write(head.ErrorEvents(e))
	}
	text.Write(openai.ResponsesErrorEvent(&protocol.Error{Code: protocol.BadGateway}, -1))
	golden(t, "responses-errors.txt", text.String())
}

// Both events are of the schema, but for what the real API sends besides: the
// nested error, where the schema has flat members only, and two codes.
func TestResponsesErrorEventsSchema(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "openai.response.stream-event")
	for _, e := range failures() {
		all := frames(t, openai.ResponsesErrorEvent(e, 3))
		if len(all) != 2 {
			t.Fatalf("%d frames", len(all))
		}
		for i, want := range []string{"error", "response.failed"} {
			var data map[string]any
			if err := json.Unmarshal(sse.Data(all[i]), &data); err != nil {
				t.Fatal(err)
			}
			if string(sse.Event(all[i])) != want || data["type"] != want || data["sequence_number"] != float64(4+i) {
				t.Errorf("frame %d: %s", i, all[i])
			}
			if want == "error" {
				nested, ok := data["error"].(map[string]any)
				if !ok || nested["message"] != e.Text() && e.Message == strings.ToValidUTF8(e.Message, "") {
					t.Errorf("nested error %v", data["error"])
				}
				delete(data, "error")
			}
			flat, _ := json.Marshal(data)
			if i == 1 && (e.Reason == protocol.ReasonContextLength || e.Reason == protocol.ReasonNoQuota) {
				if !bytes.Contains(flat, []byte(`"code":"`+e.Reason+`"`)) {
					t.Errorf("Codex does not find %s in %s", e.Reason, flat)
				}
				continue
			}
			if err := schema.Validate(flat); err != nil {
				t.Errorf("%v: %s", err, flat)
			}
		}
	}
}

// The head of every recorded stream is what its events say.
func TestResponsesHeadRecordings(t *testing.T) {
	for _, r := range protocoltest.Recordings(t, "openai-responses") {
		if !r.Stream {
			continue
		}
		head := openai.NewResponsesHead()
		want := openai.NewResponsesHead()
		for _, frame := range frames(t, r.Body) {
			head.Observe(frame)
			var event struct {
				Sequence *int64 `json:"sequence_number"`
				Response *struct {
					ID, Model string
					CreatedAt float64 `json:"created_at"`
				}
			}
			if json.Unmarshal(sse.Data(frame), &event) != nil {
				continue
			}
			if event.Sequence != nil {
				want.Sequence = *event.Sequence
			}
			if event.Response != nil && want.ID == "" {
				want.ID, want.Model, want.CreatedAt = event.Response.ID, event.Response.Model, int64(event.Response.CreatedAt)
			}
			if head != want {
				t.Fatalf("%s: %+v, want %+v after %.200s", r.Name, head, want, frame)
			}
		}
	}
}
