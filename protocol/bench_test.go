package protocol_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

func smallBody() []byte {
	return []byte(`{"model":"gpt-5","messages":[{"role":"system","content":"` +
		string(bytes.Repeat([]byte("You are helpful. "), 40)) +
		`"},{"role":"user","content":"What is the weather in Bergen today? Answer in \"short\" sentences.\nThanks."}],` +
		`"temperature":0.7,"max_completion_tokens":1024,"stream":true,"stream_options":{"include_usage":true}}`)
}

func imageBody(size int) []byte {
	image := make([]byte, size*3/4)
	for i := range image {
		image[i] = byte(i * 7919 >> 3)
	}
	return fmt.Appendf(nil, `{"model":"gpt-5","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,%s"}}]}]}`,
		base64.StdEncoding.EncodeToString(image))
}

// toolBody is what scanning finds hardest: many short strings and braces.
func toolBody(size int) []byte {
	b := []byte(`{"tools":[`)
	for i := 0; len(b) < size; i++ {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"type":"function","function":{"name":"tool_%d","parameters":{"type":"object","properties":{"path":{"type":"string"},"n":{"type":"integer","minimum":0}},"required":["path"]}}}`, i)
	}
	return append(b, `]}`...)
}

func BenchmarkScanObject(b *testing.B) {
	chinese := fmt.Appendf(nil, `{"messages":[{"role":"user","content":"%s"}]}`, bytes.Repeat([]byte("網關把請求轉給主人節點。"), 2000))
	escapes := fmt.Appendf(nil, `{"messages":[{"role":"user","content":"%s"}]}`, bytes.Repeat([]byte(`\tif err != nil {\n\t\treturn err\n\t}\n`), 2000))
	of := func(body []byte) func(testing.TB) []byte { return func(testing.TB) []byte { return body } }
	capture := func(name string) func(testing.TB) []byte {
		return func(tb testing.TB) []byte { return protocoltest.Capture(tb, name) }
	}
	for _, c := range []struct {
		name string
		body func(testing.TB) []byte
	}{
		{"small1KB", of(smallBody())},
		{"claudecode75KB", capture("claude-code-2.1.197/claude-text-02.json")},
		{"codex40KB", capture("codex-cli-0.169.0/codex-tool-02.json")},
		{"image500KB", of(imageBody(500_000))},
		{"tools75KB", of(toolBody(75_000))},
		{"chinese72KB", of(chinese)},
		{"code80KB", of(escapes)},
	} {
		b.Run(c.name, func(b *testing.B) {
			body := c.body(b)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			members := 0
			for b.Loop() {
				if err := protocol.ScanObject(body, func([]byte, protocol.Member) { members++ }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
