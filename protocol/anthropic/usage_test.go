package anthropic_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

func TestUsageOf(t *testing.T) {
	for body, want := range map[string]*protocol.Usage{
		`{"usage":{"input_tokens":3,"cache_creation_input_tokens":20,"cache_read_input_tokens":100,"output_tokens":7}}`: {Input: 3, Output: 7, CacheRead: 100, CacheWrite: 20},
		`{"usage":{"input_tokens":3,"cache_creation_input_tokens":null,"output_tokens":7}}`:                             {Input: 3, Output: 7},
		`{"input_tokens":12}`:           nil, // count_tokens: nothing was used
		`{"usage":null}`:                nil,
		`{"usage":{}}`:                  nil,
		`{"usage":{"input_tokens":-1}}`: nil,
		`{"type":"error"}`:              nil,
		`<html>`:                        nil,
	} {
		got, ok := anthropic.UsageOf([]byte(body))
		if ok != (want != nil) || ok && got != *want {
			t.Errorf("%s: %+v, %v", body, got, ok)
		}
	}
}

// Only a compaction is missing in the counts of the message itself.
func TestUsageIterations(t *testing.T) {
	const own = `{"usage":{"input_tokens":10,"output_tokens":1,"iterations":[`
	const message = `{"type":"message","input_tokens":10,"output_tokens":1}`
	const compaction = `{"type":"compaction","input_tokens":500,"output_tokens":50,"cache_read_input_tokens":5,"cache_creation_input_tokens":6}`
	const advisor = `{"type":"advisor_message","input_tokens":9000,"output_tokens":900}`
	for list, want := range map[string]protocol.Usage{
		``:                         {Input: 10, Output: 1},
		message:                    {Input: 10, Output: 1},
		message + "," + advisor:    {Input: 10, Output: 1},
		compaction + "," + message: {Input: 510, Output: 51, CacheRead: 5, CacheWrite: 6},
		compaction + "," + advisor + "," + message:  {Input: 510, Output: 51, CacheRead: 5, CacheWrite: 6},
		compaction + `,{"type":"fallback_message"}`: {Input: 10, Output: 1},
		`1,null`: {Input: 10, Output: 1},
	} {
		if got, ok := anthropic.UsageOf([]byte(own + list + `]}}`)); !ok || got != want {
			t.Errorf("%s: %+v, %v", list, got, ok)
		}
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

// counts are the counts as encoding/json reads them.
type counts struct {
	Input      *int64 `json:"input_tokens"`
	Output     *int64 `json:"output_tokens"`
	CacheRead  *int64 `json:"cache_read_input_tokens"`
	CacheWrite *int64 `json:"cache_creation_input_tokens"`
	Details    *struct {
		Thinking *int64 `json:"thinking_tokens"`
	} `json:"output_tokens_details"`
}

// over writes the counts that are there over those before them.
func (c *counts) over(u *protocol.Usage) bool {
	if c == nil {
		return false
	}
	for part, n := range map[*int64]*int64{&u.Input: c.Input, &u.Output: c.Output, &u.CacheRead: c.CacheRead, &u.CacheWrite: c.CacheWrite} {
		if n != nil {
			*part = *n
		}
	}
	if c.Details != nil && c.Details.Thinking != nil {
		u.Reasoning = *c.Details.Thinking
	}
	return true
}

type event struct {
	Type    string
	Usage   *counts
	Message *struct{ Usage *counts }
}

func TestUsageRecordings(t *testing.T) {
	seen := 0
	for _, r := range protocoltest.Recordings(t, "anthropic") {
		var got, want protocol.Usage
		if !r.Stream {
			var e event
			if err := json.Unmarshal(r.Body, &e); err != nil {
				t.Fatal(err)
			}
			expected := e.Usage.over(&want)
			got, ok := anthropic.UsageOf(r.Body)
			if ok != expected || got != want {
				t.Errorf("%s: %+v, %v, want %+v", r.Name, got, ok, want)
			}
			seen++
			continue
		}
		for _, frame := range frames(t, r.Body) {
			var e event
			if err := json.Unmarshal(sse.Data(frame), &e); err != nil {
				t.Fatalf("%s: %v in %q", r.Name, err, frame)
			}
			expected := e.Usage.over(&want) || e.Message != nil && e.Message.Usage.over(&want)
			if ok := anthropic.StreamUsage(frame, &got); ok != expected || got != want {
				t.Errorf("%s: %+v, %v, want %+v, %v at %.200s", r.Name, got, ok, want, expected, frame)
			}
		}
		if got.Input == 0 || got.Output == 0 {
			t.Errorf("%s: %+v", r.Name, got)
		}
		seen++
	}
	if seen < 70 {
		t.Errorf("only %d recordings", seen)
	}
}

// Server tools multiply the input behind the start of the message.
func TestStreamUsageIsTheLast(t *testing.T) {
	var u protocol.Usage
	for _, data := range []string{
		`{"type":"message_start","message":{"usage":{"input_tokens":2479,"cache_read_input_tokens":10,"cache_creation_input_tokens":0,"output_tokens":1}}}`,
		`{"type":"content_block_delta","delta":{"type":"text_delta","text":"\"usage\":{\"input_tokens\":1}"}}`,
		`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":404500,"cache_read_input_tokens":null,"output_tokens":877}}`,
		`{"type":"message_stop"}`,
	} {
		anthropic.StreamUsage(sse.AppendEvent(nil, "x", []byte(data)), &u)
	}
	if want := (protocol.Usage{Input: 404500, Output: 877, CacheRead: 10}); u != want {
		t.Errorf("%+v, want %+v", u, want)
	}
}

func FuzzUsage(f *testing.F) {
	f.Add([]byte(`{"type":"message_start","message":{"usage":{"input_tokens":1,"cache_read_input_tokens":2,"cache_creation_input_tokens":3,"output_tokens":4}}}`))
	f.Add([]byte(`{"usage":{"output_tokens":4,"iterations":[{"type":"compaction","input_tokens":1},{"type":"message"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var u protocol.Usage
		found := anthropic.StreamUsage(sse.AppendEvent(nil, "message_delta", data), &u)
		if !found && u != (protocol.Usage{}) {
			t.Fatalf("%q: nothing found, but %+v", data, u)
		}
		whole, ok := anthropic.UsageOf(data)
		if ok && protocol.ScanObject(data, func([]byte, protocol.Member) {}) == nil && !bytes.ContainsAny(data, "\r\n\\") && (!found || whole != u) {
			t.Fatalf("%q: whole %+v, streamed %+v", data, whole, u)
		}
		if !json.Valid(sse.Data(anthropic.ErrorEvent(&protocol.Error{Message: string(data), Type: string(data)}, string(data)))) {
			t.Fatalf("%q made a broken error", data)
		}
	})
}

func BenchmarkStreamUsage(b *testing.B) {
	for name, data := range map[string]string{
		"text":  `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"some words of an answer"}}`,
		"usage": `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":4096,"output_tokens":877}}`,
	} {
		frame := sse.AppendEvent(nil, "x", []byte(data))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var u protocol.Usage
			for b.Loop() {
				anthropic.StreamUsage(frame, &u)
			}
		})
	}
}
