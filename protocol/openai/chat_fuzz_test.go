package openai_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

// seeds adds what is recorded, where it is there.
func seeds(f *testing.F, pattern string) {
	files, _ := filepath.Glob("../../../shared/recordings/openai-chat/" + pattern)
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil && len(b) < 64<<10 {
			f.Add(b)
		}
	}
}

func FuzzDecodeChatRequest(f *testing.F) {
	for _, c := range chatRequests {
		f.Add([]byte(c.body))
	}
	seeds(f, "*.request.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		x := exchange(nil)
		if err := openai.DecodeChatRequest(x, body); err != nil {
			if e, ok := errors.AsType[*protocol.Error](err); !ok || e.Code != protocol.InvalidRequest {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		protocol.Arrange(x)
		out, err := openai.EncodeChatRequest(nil, x)
		if err != nil {
			return
		}
		if err := protocol.ScanObject(out, func([]byte, protocol.Member) {}); err != nil {
			t.Fatalf("%s\nbecame %s: %v", body, out, err)
		}
	})
}

func FuzzDecodeChatResponse(f *testing.F) {
	seeds(f, "*.response.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		x := exchange(&protocol.Request{})
		r, err := openai.DecodeChatResponse(x, body)
		if err != nil {
			return
		}
		out := openai.EncodeChatResponse(nil, x, r)
		if err := protocol.ScanObject(out, func([]byte, protocol.Member) {}); err != nil {
			t.Fatalf("%s\nbecame %s: %v", body, out, err)
		}
		checkOrder(t, r.Replay(nil))
	})
}

func FuzzChatStream(f *testing.F) {
	seeds(f, "*.response.sse")
	f.Add(chunksOf(piece(`"index":0,"id":"1",`+fn("f", `{"a"`)), `"delta":{"content":"late"}`, piece(`"index":1,`+fn("g", `{}`)), piece(`"index":0,"function":{"arguments":":1}"}`), `"delta":{},"finish_reason":"stop"`, "[DONE]"))
	f.Fuzz(func(t *testing.T, body []byte) {
		x := exchange(&protocol.Request{Stream: true, IncludeUsage: true})
		events := decodeStream(t, openai.NewChatStreamDecoder(x), body, len(body)+1)
		checkOrder(t, events)
		out := encodeStream(x, events)
		var split sse.Splitter
		check := func(raw []byte) {
			if data := sse.Data(raw); data != nil && string(data) != "[DONE]" {
				if err := protocol.ScanObject(data, func([]byte, protocol.Member) {}); err != nil {
					t.Fatalf("%s: %v", data, err)
				}
			}
		}
		if err := split.Feed(out, check); err != nil {
			t.Fatal(err)
		}
	})
}

// One more turn leaves what stood before it, byte for byte: else the provider
// would not find the prompt in its cache.
func TestChatRequestKeepsItsPrefix(t *testing.T) {
	turns := []string{
		`{"role":"system","content":"s"}`,
		`{"role":"user","content":"a"}`,
		`{"role":"assistant","content":"","reasoning_content":"hm","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}}]}`,
		`{"role":"tool","tool_call_id":"1","content":"r"}`,
		`{"role":"assistant","content":"b"}`,
		`{"role":"user","content":[{"type":"text","text":"json"},{"type":"image_url","image_url":{"url":"https://x/y.png"}}]}`,
		`{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}}`,
		`{"role":"function","name":"f","content":"r"}`,
		`{"role":"assistant","content":"c"}`,
		`{"role":"system","content":"t"}`,
		`{"role":"user","content":"d"}`,
	}
	for _, target := range []string{"gpt-4o", "gpt-5.6", "deepseek-chat", "claude-sonnet-5"} {
		before := ""
		for n := 2; n <= len(turns); n++ {
			if strings.Contains(turns[n-1], `_call`) && strings.Contains(turns[n-1], "assistant") {
				continue // without its result the call is not yet a turn
			}
			body := fmt.Sprintf(`{"messages":[%s],"response_format":{"type":"json_object"},%s}`, strings.Join(turns[:n], ","), oneTool)
			out, _, err := chatRequest(t, body, target)
			if err != nil {
				t.Fatal(err)
			}
			if open := strings.TrimSuffix(before, "]}"); !strings.HasPrefix(out, open) {
				t.Errorf("for %s with %d turns:\n%s\nbefore:\n%s", target, n, out, before)
			}
			before = out
		}
	}
}

// A request can be written again and again, for one model after the other.
func TestChatRequestIsNotChanged(t *testing.T) {
	x := exchange(nil)
	body := protocoltest.Capture(t, "opencode-1.18.33/opencode-tool-03.json")
	if err := openai.DecodeChatRequest(x, body); err != nil {
		t.Fatal(err)
	}
	protocol.Arrange(x)
	kept := len(x.Warnings())
	first, err := openai.EncodeChatRequest(nil, x)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"o3", "llama-4", x.Target} {
		x.Reset(kept)
		x.Target = target
		out, err := openai.EncodeChatRequest([]byte("before"), x)
		if err != nil || !strings.HasPrefix(string(out), "before{") {
			t.Fatalf("%v %.20s", err, out)
		}
		if target == "gpt-4o" && string(out[len("before"):]) != string(first) {
			t.Error("the second writing differs from the first")
		}
	}
}

// OpenAI's own models are asked by the new name, which some of them insist on,
// all others by the old one, which is the only one that some servers know.
func TestMaxTokensByModel(t *testing.T) {
	x := exchange(nil)
	if err := openai.DecodeChatRequest(x, []byte(`{"messages":[{"role":"user","content":"x"}],"max_completion_tokens":5}`)); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{"llama-4": `"max_tokens":5`, "gpt-oss-120b": `"max_tokens":5`, "gpt-5": `"max_completion_tokens":5`, "gpt-4o": `"max_completion_tokens":5`, "o3": `"max_completion_tokens":5`} {
		x.Target = target
		if out, err := openai.EncodeChatRequest(nil, x); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s, %v", out, err)
		}
	}
}

func BenchmarkChatRequest(b *testing.B) {
	body := chatBody(b)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var out []byte
	for b.Loop() {
		x := exchange(nil)
		if err := openai.DecodeChatRequest(x, body); err != nil {
			b.Fatal(err)
		}
		protocol.Arrange(x)
		var err error
		if out, err = openai.EncodeChatRequest(out[:0], x); err != nil {
			b.Fatal(err)
		}
	}
}

// chatBody is a request of about 10 KB: a long system message, ten tools, five
// turns with calls.
func chatBody(tb testing.TB) []byte {
	tb.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, `{"model":"gpt-4o","messages":[{"role":"system","content":"%s"}`, strings.Repeat("be brief and kind. ", 150))
	for i := range 5 {
		fmt.Fprintf(&b, `,{"role":"user","content":"what is in file %d?"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_%d","type":"function","function":{"name":"tool_1","arguments":"{\"path\":\"/a/b/%d\",\"lines\":[1,2]}"}}]},{"role":"tool","tool_call_id":"call_%d","content":"%s"},{"role":"assistant","content":"It says much."}`, i, i, i, i, strings.Repeat("line of text\\n", 20))
	}
	b.WriteString(`,{"role":"user","content":"and now?"}],"tools":[`)
	for i := range 10 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"function","function":{"name":"tool_%d","description":"%s","parameters":{"type":"object","properties":{"path":{"type":"string","description":"where it lies"},"lines":{"type":"array","items":{"type":"integer"}}},"required":["path"],"additionalProperties":false}}}`, i, strings.Repeat("does things ", 10))
	}
	b.WriteString(`],"temperature":0.7,"max_tokens":1000,"stream":true,"stream_options":{"include_usage":true}}`)
	return []byte(b.String())
}

func BenchmarkChatImage(b *testing.B) {
	body := []byte(`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + strings.Repeat("iVBORw0KGgo", 500<<10/11) + `"}}]}]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var out []byte
	for b.Loop() {
		x := exchange(nil)
		if err := openai.DecodeChatRequest(x, body); err != nil {
			b.Fatal(err)
		}
		protocol.Arrange(x)
		out, _ = openai.EncodeChatRequest(out[:0], x)
	}
}

func BenchmarkChatStreamEvent(b *testing.B) {
	x := exchange(&protocol.Request{Stream: true, IncludeUsage: true})
	for name, delta := range map[string]string{
		"text":      `"delta":{"content":" word"},"finish_reason":null`,
		"arguments": piece(`"index":0,"function":{"arguments":" \"a\","}`),
		"thinking":  `"delta":{"reasoning_content":" word","content":null}`,
	} {
		b.Run(name, func(b *testing.B) {
			d, e := openai.NewChatStreamDecoder(x), openai.NewChatStreamEncoder(x)
			var events []protocol.Event
			var out []byte
			frame := chunksOf(delta)
			for _, ev := range d.Frame(nil, chunksOf(piece(`"index":0,"id":"1",`+fn("f", "[")))) {
				out = e.Event(out[:0], &ev)
			}
			if name != "arguments" {
				d = openai.NewChatStreamDecoder(x)
			}
			b.ReportAllocs()
			for b.Loop() {
				events = d.Frame(events[:0], frame)
				out = out[:0]
				for i := range events {
					out = e.Event(out, &events[i])
				}
			}
			if len(out) == 0 {
				b.Fatal("nothing came out")
			}
		})
	}
}
