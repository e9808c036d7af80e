package openai_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// responsesTalk is a request of about size bytes with tools and a tool's turn.
func responsesTalk(size int) []byte {
	tool := `{"type":"function","name":"read_file","description":"Reads a file.","strict":false,"parameters":{"type":"object","properties":{"path":{"type":"string","description":"Where it is."},"from":{"type":"integer"}},"required":["path"]}}`
	body := `{"model":"asked","stream":true,"instructions":"` + strings.Repeat("Be brief and kind. ", 50) + `","tools":[` + strings.Repeat(tool+",", 9) + tool +
		`],"tool_choice":"auto","parallel_tool_calls":true,"store":false,"include":["reasoning.encrypted_content"],"reasoning":{"effort":"low","summary":"auto"},"input":[` +
		`{"type":"message","role":"user","content":[{"type":"input_text","text":"Read it."}]},{"type":"function_call","call_id":"c1","name":"read_file","arguments":"{\"path\":\"a.txt\"}"},` +
		`{"type":"function_call_output","call_id":"c1","output":"`
	end := `"}]}`
	return []byte(body + strings.Repeat("x", max(size-len(body)-len(end), 0)) + end)
}

func BenchmarkResponsesRequest(b *testing.B) {
	image := []byte(`{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,` + strings.Repeat("iVBORw0KGgo1", 500<<10/12) + `"}]}]}`)
	bodies := map[string][]byte{"10KB": responsesTalk(10 << 10), "image-500KB": image}
	bodies["codex"] = protocoltest.Capture(b, "codex-cli-0.169.0/codex-tool-02.json")
	for name, body := range bodies {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				x, err := responsesAsked(body, "gpt-5")
				if err != nil {
					b.Fatal(err)
				}
				protocol.Arrange(x)
				if dst, err = openai.EncodeChatRequest(dst[:0], x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// One event of an instance that speaks one API for a client that speaks the
// other.
func BenchmarkResponsesStreamEvent(b *testing.B) {
	chunk := []byte(`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795000000,"model":"gpt-5","choices":[{"index":0,"delta":{"content":" and then some"},"finish_reason":null}]}` + "\n\n")
	delta := []byte("event: response.output_text.delta\n" + `data: {"type":"response.output_text.delta","sequence_number":7,"item_id":"msg_1","output_index":0,"content_index":0,"delta":" and then some","logprobs":[],"obfuscation":"abcdefgh"}` + "\n\n")
	for _, bench := range []struct {
		name, begin string
		frame       []byte
		decoder     protocol.StreamDecoder
		encoder     protocol.StreamEncoder
	}{
		{"from-chat", "", chunk, openai.NewChatStreamDecoder(carrying()), openai.NewResponsesStreamEncoder(carrying())},
		{"to-chat", "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n", delta, openai.NewResponsesStreamDecoder(carrying()), openai.NewChatStreamEncoder(carrying())},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			var events []protocol.Event
			var dst []byte
			events = bench.decoder.Frame(events, []byte(bench.begin))
			for b.Loop() {
				events = bench.decoder.Frame(events[:0], bench.frame)
				dst = dst[:0]
				for i := range events {
					dst = bench.encoder.Event(dst, &events[i])
				}
			}
			if !bytes.Contains(dst, []byte(" and then some")) {
				b.Fatalf("the piece is lost: %s", dst)
			}
		})
	}
}
