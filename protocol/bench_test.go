package protocol_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

// captured returns the body of a recorded client request, nil without the
// recordings. name is a path below ../shared/captures.
func captured(tb testing.TB, name string) []byte {
	tb.Helper()
	file, err := os.ReadFile(filepath.Join("..", "..", "shared", "captures", name))
	if err != nil {
		return nil
	}
	var request struct{ Body json.RawMessage }
	if err := json.Unmarshal(file, &request); err != nil {
		tb.Fatalf("reading %s: %v", name, err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, request.Body); err != nil {
		tb.Fatalf("compacting %s: %v", name, err)
	}
	return compact.Bytes()
}

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
	for _, c := range []struct {
		name string
		body []byte
	}{
		{"small1KB", smallBody()},
		{"claudecode75KB", captured(b, "claude-code-2.1.197/claude-text-02.json")},
		{"codex40KB", captured(b, "codex-cli-0.169.0/codex-tool-02.json")},
		{"image500KB", imageBody(500_000)},
		{"tools75KB", toolBody(75_000)},
		{"chinese72KB", chinese},
		{"code80KB", escapes},
	} {
		if c.body == nil {
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.body)))
			b.ReportAllocs()
			members := 0
			for b.Loop() {
				if err := protocol.ScanObject(c.body, func([]byte, protocol.Member) { members++ }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
