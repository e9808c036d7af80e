package gemini_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
)

// toolRequest is a request of 10 KB: eight tools and a tool loop.
func toolRequest() []byte {
	var b strings.Builder
	b.WriteString(`{"systemInstruction":{"parts":[{"text":"` + strings.Repeat("You are careful. ", 150) + `"}]},"contents":[{"role":"user","parts":[{"text":"Look at \"x\".\n"}]}`)
	for i := range 4 {
		fmt.Fprintf(&b, `,{"role":"model","parts":[{"functionCall":{"id":"c%d","name":"tool_%d","args":{"path":"/a/b","lines":[1,2,3]}},"thoughtSignature":"%s"}]},{"role":"user","parts":[{"functionResponse":{"id":"c%d","name":"tool_%d","response":{"output":"%s"}}}]}`,
			i, i, strings.Repeat("QUJD", 50), i, i, strings.Repeat(`line of a file\n`, 20))
	}
	b.WriteString(`],"tools":[{"functionDeclarations":[`)
	for i := range 8 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"tool_%d","description":"Reads a file from the disk and returns its lines.","parametersJsonSchema":{"type":"object","properties":{"path":{"type":"string","description":"Where the file is."},"lines":{"type":"array","items":{"type":"integer"}}},"required":["path"],"additionalProperties":false}}`, i)
	}
	b.WriteString(`]}],"generationConfig":{"temperature":1,"topP":0.95,"maxOutputTokens":4096,"thinkingConfig":{"thinkingLevel":"HIGH"}}}`)
	return []byte(b.String())
}

func benchmarkRequest(b *testing.B, body []byte) {
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	dst := make([]byte, 0, 2*len(body))
	for b.Loop() {
		x := protocol.Exchange{Model: "m", Target: "gemini-3-flash"}
		if err := gemini.DecodeRequest(&x, body); err != nil {
			b.Fatal(err)
		}
		protocol.Arrange(&x)
		if _, err := gemini.EncodeRequest(dst[:0], &x); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRequest(b *testing.B) { benchmarkRequest(b, toolRequest()) }

// BenchmarkEncodeRequest is the half that a request from another dialect has.
func BenchmarkEncodeRequest(b *testing.B) {
	body := toolRequest()
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	x := protocol.Exchange{Model: "m", Target: "gemini-3-flash"}
	if err := gemini.DecodeRequest(&x, body); err != nil {
		b.Fatal(err)
	}
	protocol.Arrange(&x)
	dst := make([]byte, 0, 2*len(body))
	for b.Loop() {
		if _, err := gemini.EncodeRequest(dst[:0], &x); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkImageRequest(b *testing.B) {
	benchmarkRequest(b, []byte(`{"contents":[{"role":"user","parts":[{"text":"What is this?"},{"inlineData":{"mimeType":"image/png","data":"`+strings.Repeat("QUJD", 125<<10)+`"}}]}]}`))
}

// One event of a stream, from Google's form to the hub's and back.
func BenchmarkStreamEvent(b *testing.B) {
	frame := []byte(`data: {"candidates": [{"content": {"parts": [{"text": "some words of \"it\"\n"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 9,"candidatesTokenCount": 12,"totalTokenCount": 21,"promptTokensDetails": [{"modality": "TEXT","tokenCount": 9}]},"modelVersion": "gemini-3-flash","responseId": "n1P6abvRFaKdz7IPkcuQ2Aw"}` + "\r\n\r\n")
	x := &protocol.Exchange{Request: &protocol.Request{}, Model: "m"}
	d, e := gemini.NewStreamDecoder(x), gemini.NewStreamEncoder(x)
	var events []protocol.Event
	var out []byte
	b.ReportAllocs()
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		events = d.Frame(events[:0], frame)
		out = out[:0]
		for i := range events {
			out = e.Event(out, &events[i])
		}
	}
}

func BenchmarkPeek(b *testing.B) {
	body := toolRequest()
	for b.Loop() {
		if _, err := gemini.Peek(body); err != nil {
			b.Fatal(err)
		}
	}
}
