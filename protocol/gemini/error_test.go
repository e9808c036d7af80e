package gemini_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
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
		status, body := gemini.EncodeError(e)
		fmt.Fprintf(&text, "%s: %d %s\n", e.Code, status, body)
	}
	golden(t, "errors.txt", text.String())
}

func TestErrorsSchema(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "gemini.error")
	for _, e := range failures() {
		_, body := gemini.EncodeError(e)
		if err := schema.Validate(body); err != nil {
			t.Errorf("%v: %s", err, body)
		}
		if err := schema.Validate(sse.Data(gemini.ErrorEvent(e))); err != nil {
			t.Errorf("event: %v", err)
		}
	}
}

// The errors that the real API is recorded to answer come out the same, but
// for Google's details.
func TestEncodeErrorIsWhatTheAPISends(t *testing.T) {
	seen := 0
	for _, r := range protocoltest.Recordings(t, "gemini") {
		if r.Status < 400 {
			continue
		}
		var want, got struct {
			Error struct {
				Code    int
				Message string
				Status  string
			}
		}
		if err := json.Unmarshal(r.Body, &want); err != nil {
			t.Fatal(err)
		}
		status, body := gemini.EncodeError(&protocol.Error{Code: protocol.CodeOf(r.Status), Message: want.Error.Message})
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

func TestErrorEvents(t *testing.T) {
	e := &protocol.Error{Code: protocol.Overloaded, Message: "Try\nlater."}
	const object = `{"error":{"code":503,"message":"Try\nlater.","status":"UNAVAILABLE"}}`
	if got, want := string(gemini.ErrorEvent(e)), "data: "+object+"\r\n\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := string(gemini.ArrayErrorEvent(e, true)), "["+object+"]\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, stream := range []string{string(gemini.ArrayErrorEvent(e, true)), `[{"a":1}` + string(gemini.ArrayErrorEvent(e, false))} {
		var array []map[string]any
		if err := json.Unmarshal([]byte(stream), &array); err != nil || array[len(array)-1]["error"] == nil {
			t.Errorf("%q: %v", stream, err)
		}
	}
}
