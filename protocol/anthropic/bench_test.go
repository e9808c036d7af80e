package anthropic_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

// tenKB is a request of 10 KB with tools, as a client of this dialect writes it.
func tenKB() []byte {
	var b bytes.Buffer
	b.WriteString(`{"model":"claude-opus-5","max_tokens":1000,"system":[{"type":"text","text":"` + prose(1500) + `"}],"tools":[`)
	for i := range 6 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"tool_%d","description":"%s","input_schema":{"type":"object","properties":{"path":{"type":"string","description":"Where."},"limit":{"type":"integer"},"deep":{"type":"array","items":{"type":"object","properties":{"a":{"type":"string"}}}}},"required":["path"]}}`, i, prose(300))
	}
	b.WriteString(`],"messages":[`)
	for i := range 4 {
		fmt.Fprintf(&b, `{"role":"user","content":[{"type":"text","text":"%s"}]},{"role":"assistant","content":[{"type":"text","text":"%s"},{"type":"tool_use","id":"toolu_%d","name":"tool_1","input":{"path":"/a/b"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%d","content":"%s"}]},{"role":"assistant","content":"%s"},`, prose(200), prose(200), i, i, prose(300), prose(200))
	}
	b.WriteString(`{"role":"user","content":"and?"}]}`)
	return b.Bytes()
}

// withImage is a request that holds an image of 500 KB.
func withImage() []byte {
	return fmt.Appendf(nil, `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo%s"}},{"type":"text","text":"what?"}]}]}`, bytes.Repeat([]byte("QUJD"), 125<<10))
}

func BenchmarkRequest(b *testing.B) {
	for _, c := range []struct {
		name string
		body []byte
	}{{"10KB", tenKB()}, {"image500KB", withImage()}} {
		dst := make([]byte, 0, 2*len(c.body))
		b.Run(c.name+"/decode", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.body)))
			for b.Loop() {
				if err := anthropic.DecodeRequest(newExchange("claude-opus-5"), c.body); err != nil {
					b.Fatal(err)
				}
			}
		})
		x := newExchange("claude-opus-5")
		if err := anthropic.DecodeRequest(x, c.body); err != nil {
			b.Fatal(err)
		}
		protocol.Arrange(x)
		b.Run(c.name+"/encode", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.body)))
			for b.Loop() {
				x.Reset(0)
				if _, err := anthropic.EncodeRequest(dst, x); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/all", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.body)))
			for b.Loop() {
				x := newExchange("claude-opus-5")
				if err := anthropic.DecodeRequest(x, c.body); err != nil {
					b.Fatal(err)
				}
				protocol.Arrange(x)
				if _, err := anthropic.EncodeRequest(dst, x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStream converts a recorded stream from this dialect to itself.
func BenchmarkStream(b *testing.B) {
	for _, r := range protocoltest.Recordings(b, "anthropic") {
		if r.Name != "pyd-thinking-part-stream-0" {
			continue
		}
		var frames [][]byte
		var s sse.Splitter
		if err := s.Feed(r.Body, func(raw []byte) { frames = append(frames, bytes.Clone(raw)) }); err != nil {
			b.Fatal(err)
		}
		x := newExchange("m")
		var events []protocol.Event
		var out []byte
		b.ReportAllocs()
		for b.Loop() {
			dec, enc := anthropic.NewStreamDecoder(x), anthropic.NewStreamEncoder(x)
			for _, f := range frames {
				events = dec.Frame(events[:0], f)
				for i := range events {
					out = enc.Event(out[:0], &events[i])
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(frames)), "ns/frame")
		return
	}
}
