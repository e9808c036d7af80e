package gemini_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

func TestUsageOf(t *testing.T) {
	const chunk = `{"usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":60,"toolUsePromptTokenCount":9,"candidatesTokenCount":7,"thoughtsTokenCount":5}}`
	full := protocol.Usage{Input: 49, Output: 12, CacheRead: 60, Reasoning: 5}
	for body, want := range map[string]*protocol.Usage{
		chunk: &full,
		" [{\"usageMetadata\":{\"promptTokenCount\":1}}\n,\r\n" + chunk + "\n]\n": &full,
		`[` + chunk + `,{"candidates":[]}]`:                                       &full,
		`{"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}`:            {Input: 3},
		`{"usageMetadata":{"candidatesTokenCount":null,"promptTokenCount":3}}`:    {Input: 3},
		`{"usageMetadata":{"trafficType":"ON_DEMAND"}}`:                           nil,
		`{"usageMetadata":null}`:                                                  nil,
		`{"totalTokens":31}`:                                                      nil,
		`[]`:                                                                      nil,
		`[1,2]`:                                                                   nil,
		`{"error":{}}`:                                                            nil,
		``:                                                                        nil,
	} {
		got, ok := gemini.UsageOf([]byte(body))
		if ok != (want != nil) || ok && got != *want {
			t.Errorf("%s: %+v, %v", body, got, ok)
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

type answer struct {
	Usage *struct {
		Total    *int64 `json:"totalTokenCount"`
		Cached   int64  `json:"cachedContentTokenCount"`
		Thoughts int64  `json:"thoughtsTokenCount"`
	} `json:"usageMetadata"`
}

// On every recording the parts add up to the total that the provider tells,
// streamed as events and as an array.
func TestUsageRecordings(t *testing.T) {
	seen := 0
	for _, r := range protocoltest.Recordings(t, "gemini") {
		var got, pieced protocol.Usage
		var last answer
		var have bool
		if r.Stream {
			var elements []string
			for _, frame := range frames(t, r.Body) {
				var a answer
				data := sse.Data(frame)
				if err := json.Unmarshal(data, &a); err != nil {
					t.Fatalf("%s: %v", r.Name, err)
				}
				elements = append(elements, string(data))
				found := gemini.StreamUsage(frame, &got)
				if found != (a.Usage != nil && a.Usage.Total != nil) {
					t.Errorf("%s: %v for %.300s", r.Name, found, frame)
				}
				if found {
					last, have = a, true
				}
			}
			var ok bool
			if pieced, ok = gemini.UsageOf([]byte("[" + strings.Join(elements, "\n,\r\n") + "]")); ok != have || pieced != got {
				t.Errorf("%s: %+v as an array, %+v as events", r.Name, pieced, got)
			}
		} else {
			if err := json.Unmarshal(r.Body, &last); err != nil {
				t.Fatal(err)
			}
			if got, have = gemini.UsageOf(r.Body); have != (last.Usage != nil) {
				t.Errorf("%s: %v", r.Name, have)
			}
		}
		if !have {
			continue
		}
		seen++
		if got.Total() != *last.Usage.Total || got.CacheRead != last.Usage.Cached || got.Reasoning != last.Usage.Thoughts {
			t.Errorf("%s: %+v, want a total of %d", r.Name, got, *last.Usage.Total)
		}
	}
	if seen < 50 {
		t.Errorf("only %d recordings with usage", seen)
	}
}

func FuzzUsage(f *testing.F) {
	f.Add([]byte(`{"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"cachedContentTokenCount":3}}`))
	f.Add([]byte(`[{"usageMetadata":{"promptTokenCount":1}},{"usageMetadata":{}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var u protocol.Usage
		found := gemini.StreamUsage(sse.AppendEvent(nil, "", data), &u)
		if u.Input < 0 || u.Output < 0 || u.CacheRead < 0 || !found && u != (protocol.Usage{}) {
			t.Fatalf("%q: %v, %+v", data, found, u)
		}
		whole, ok := gemini.UsageOf(data)
		if found && (!ok || whole != u) && !bytes.ContainsAny(data, "\r\n\\") {
			t.Fatalf("%q: whole %+v, streamed %+v", data, whole, u)
		}
		if !json.Valid(sse.Data(gemini.ErrorEvent(&protocol.Error{Message: string(data), Type: string(data)}))) {
			t.Fatalf("%q made a broken error", data)
		}
	})
}

func BenchmarkStreamUsage(b *testing.B) {
	frame := []byte(`data: {"candidates": [{"content": {"parts": [{"text": "some words"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 9,"candidatesTokenCount": 12,"totalTokenCount": 21,"promptTokensDetails": [{"modality": "TEXT","tokenCount": 9}]},"modelVersion": "gemini-3","responseId": "x"}` + "\r\n\r\n")
	b.ReportAllocs()
	var u protocol.Usage
	for b.Loop() {
		gemini.StreamUsage(frame, &u)
	}
}
