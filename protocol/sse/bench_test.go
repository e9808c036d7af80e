package sse_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/llmgw/llmgw/protocol/sse"
)

// textStream is a stream of n events as Anthropic's deltas look.
func textStream(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"word %d of many\"}}\n\n", i)
	}
	return b.Bytes()
}

func BenchmarkSplitter(b *testing.B) {
	const events = 100
	stream := textStream(events)
	for _, size := range []int{len(stream), 4096, len(stream) / events, 50} {
		b.Run(fmt.Sprintf("chunks%d", size), func(b *testing.B) {
			b.ReportAllocs()
			var s sse.Splitter
			n := 0
			for b.Loop() {
				for rest := stream; len(rest) > 0; rest = rest[min(size, len(rest)):] {
					if err := s.Feed(rest[:min(size, len(rest))], func([]byte) { n++ }); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
		})
	}
}

func BenchmarkReader(b *testing.B) {
	const events = 100
	stream := textStream(events)
	b.ReportAllocs()
	source := bytes.NewReader(nil)
	for b.Loop() {
		source.Reset(stream)
		r := sse.NewReader(source)
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
}

func BenchmarkData(b *testing.B) {
	frame := textStream(1)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n += len(sse.Data(frame))
	}
}
