package openai_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

func TestUsageOf(t *testing.T) {
	for body, want := range map[string]*protocol.Usage{
		`{"usage":{"prompt_tokens":100,"completion_tokens":7,"total_tokens":107,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":10}}}`: {Input: 30, Output: 7, CacheRead: 60, CacheWrite: 10},
		`{"usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":60},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":5}}}`:   {Input: 40, Output: 7, CacheRead: 60, Reasoning: 5},
		`{"object":"list","usage":{"prompt_tokens":8,"total_tokens":8}}`:                                                                                {Input: 8},
		`{"usage":{"prompt_tokens":10,"completion_tokens":2,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":6}}`:                                 {Input: 6, Output: 2, CacheRead: 4},
		`{"usage":{"prompt_tokens":12,"completion_tokens":2,"total_tokens":334,"completion_tokens_details":{"reasoning_tokens":320}}}`:                  {Input: 12, Output: 322, Reasoning: 320},
		`{"usage":{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":null}}`:                                                              {Input: 1, Output: 2},
		`{"usage":{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":5}}}`:                                                                     {CacheRead: 5},
		`{"usage":null}`:                  nil,
		`{"usage":{}}`:                    nil,
		`{"usage":{"prompt_tokens":"1"}}`: nil,
		`{"error":{}}`:                    nil,
		`{"usage":{"prompt_tokens":1}`:    nil,
		`<html>`:                          nil,
		``:                                nil,
	} {
		got, ok := openai.UsageOf([]byte(body))
		if ok != (want != nil) || ok && got != *want {
			t.Errorf("%s: %+v, %v", body, got, ok)
		}
	}
}

// totals reads every total_tokens of a document that stands beside counts.
func total(tb testing.TB, data []byte) (total, cached int64, ok bool) {
	tb.Helper()
	type usage struct {
		Total *int64 `json:"total_tokens"`
		Chat  struct {
			Cached int64 `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
		Responses struct {
			Cached int64 `json:"cached_tokens"`
		} `json:"input_tokens_details"`
	}
	var doc struct {
		Usage    *usage
		Response *struct{ Usage *usage }
	}
	if json.Unmarshal(data, &doc) != nil {
		return 0, 0, false
	}
	u := doc.Usage
	if u == nil && doc.Response != nil {
		u = doc.Response.Usage
	}
	if u == nil || u.Total == nil {
		return 0, 0, false
	}
	return *u.Total, u.Chat.Cached + u.Responses.Cached, true
}

// On every recording the parts add up to the total that the provider tells.
func TestUsageRecordings(t *testing.T) {
	seen := 0
	for _, folder := range []string{"openai-chat", "openai-responses"} {
		for _, r := range protocoltest.Recordings(t, folder) {
			var got protocol.Usage
			var want, cached int64
			var have, expected bool
			if r.Stream {
				for _, frame := range frames(t, r.Body) {
					found := openai.StreamUsage(frame, &got)
					n, c, ok := total(t, sse.Data(frame))
					if found != ok {
						t.Errorf("%s: %v for %.200s", r.Name, found, frame)
					}
					if ok {
						want, cached, expected, have = n, c, true, true
					}
				}
			} else {
				got, have = openai.UsageOf(r.Body)
				want, cached, expected = total(t, r.Body)
			}
			if have != expected || got.Total() != want || got.CacheRead != cached {
				t.Errorf("%s: %+v, %v, the provider says %d, %d of them cached", r.Name, got, have, want, cached)
			}
			if have {
				seen++
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d recordings with usage", seen)
	}
}

func TestIsUsageOnlyRecordings(t *testing.T) {
	seen := 0
	for _, r := range protocoltest.Recordings(t, "openai-chat") {
		if !r.Stream {
			continue
		}
		for _, frame := range frames(t, r.Body) {
			var chunk struct {
				Choices *[]any
				Usage   map[string]any
			}
			want := json.Unmarshal(sse.Data(frame), &chunk) == nil && chunk.Usage != nil && chunk.Choices != nil && len(*chunk.Choices) == 0
			if got := openai.IsUsageOnly(frame); got != want {
				t.Errorf("%s: %v for %.300s", r.Name, got, frame)
			}
			if want {
				seen++
			}
		}
	}
	if seen == 0 {
		t.Error("no such frame")
	}
}

func TestIsUsageOnly(t *testing.T) {
	for data, want := range map[string]bool{
		`{"choices":[],"usage":{"prompt_tokens":1}}`:                        true,
		`{"choices": [ ], "usage" : {"prompt_tokens":1}}`:                   true,
		`{"choices":[],"usage":null}`:                                       false,
		`{"choices":[],"prompt_filter_results":[]}`:                         false,
		`{"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}`:            false,
		`{"usage":{"prompt_tokens":1}}`:                                     false,
		`{"choices":[{"delta":{"content":"\"choices\":[],\"usage\":{}"}}]}`: false,
		`{"choices":[{"delta":{"content":"usage"}}],"x":"\\"}`:              false,
		`[DONE]`: false,
	} {
		if got := openai.IsUsageOnly([]byte("data: " + data + "\n\n")); got != want {
			t.Errorf("%s: %v", data, got)
		}
	}
}

// A stream's texts may speak of usage without being taken for it.
func TestStreamUsageInText(t *testing.T) {
	before := protocol.Usage{Input: 1}
	for _, data := range []string{
		`{"choices":[{"delta":{"content":"\"usage\":{\"prompt_tokens\":9}"}}],"usage":null}`,
		`{"choices":[{"delta":{"content":{"usage":{"prompt_tokens":9}}}}]}`,
		`{"type":"response.created","response":{"usage":null}}`,
		`{"usage":{"prompt_tokens":9`,
		`{"usage":7}`,
	} {
		u := before
		if openai.StreamUsage([]byte("data: "+data+"\n\n"), &u) || u != before {
			t.Errorf("%s: %+v", data, u)
		}
	}
}

func FuzzUsage(f *testing.F) {
	f.Add([]byte(`{"choices":[],"usage":{"prompt_tokens":1,"total_tokens":3,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}}}`))
	f.Add([]byte(`{"response":{"id":"r","usage":{"input_tokens":5,"output_tokens":9223372036854775807}},"sequence_number":3}`))
	f.Add([]byte(`{"usage":{"prompt_tokens":-1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		frame := sse.AppendEvent(nil, "", data)
		var u protocol.Usage
		found := openai.StreamUsage(frame, &u)
		if u.Input < 0 || u.Output < 0 || u.CacheRead < 0 || u.CacheWrite < 0 || !found && u != (protocol.Usage{}) {
			t.Fatalf("%q: %v, %+v", data, found, u)
		}
		only := openai.IsUsageOnly(frame)
		whole, ok := openai.UsageOf(data)
		if ok && protocol.ScanObject(data, func([]byte, protocol.Member) {}) == nil && !bytes.ContainsAny(data, "\r\n\\") && (!found || whole != u) {
			t.Fatalf("%q: whole %+v, streamed %+v", data, whole, u)
		}
		if only && !json.Valid(sse.Data(frame)) {
			t.Fatalf("%q is usage only", data)
		}
		head := openai.NewResponsesHead()
		head.Observe(frame)
		for _, part := range frames(t, head.ErrorEvents(&protocol.Error{Code: protocol.BadGateway, Message: string(data)})) {
			if !json.Valid(sse.Data(part)) {
				t.Fatalf("%q made %q", data, part)
			}
		}
	})
}

func BenchmarkStreamUsage(b *testing.B) {
	for name, data := range map[string]string{
		"text":  `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1755137933,"model":"gpt-5","service_tier":"default","choices":[{"index":0,"delta":{"content":" hello"},"finish_reason":null}],"obfuscation":"nX"}`,
		"null":  `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1755137933,"model":"gpt-5","choices":[{"index":0,"delta":{"content":" hello"},"finish_reason":null}],"usage":null,"obfuscation":"nX"}`,
		"usage": `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1755137933,"model":"gpt-5","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}`,
	} {
		frame := sse.AppendEvent(nil, "", []byte(data))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var u protocol.Usage
			for b.Loop() {
				openai.StreamUsage(frame, &u)
			}
		})
	}
}

func BenchmarkUsageOf(b *testing.B) {
	body := []byte(`{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":1772000000,"model":"gpt-5-2026-01-14","choices":[{"index":0,"message":{"role":"assistant","content":"The ring gives every key to one node, and that node keeps the key with the instance whose prompt cache is warm, so that the provider reads most of the prompt from its cache.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":219,"completion_tokens":36,"total_tokens":255,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp_50cad350e4"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := openai.UsageOf(body); !ok {
			b.Fatal("no usage")
		}
	}
}
