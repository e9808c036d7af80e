package gateway_test

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// BenchmarkServe is a chat request at its owner, from the door to the answer,
// with the call to the provider over a socket.
func BenchmarkServe(b *testing.B) {
	for _, bb := range []struct{ name, path, body string }{
		{"chat=1KB", "/v1/chat/completions", chatRequest(false)},
		{"agent=75KB", "/v1/messages", agentRequest()},
	} {
		b.Run(bb.name, func(b *testing.B) {
			serve := benchNode(b, newResponder(b).Addr().String(), "gw-1", "").Handler()
			raw := request(benchKey(0), bb.path, "whole", bb.body)
			b.ReportAllocs()
			in, buffered, ctx := bytes.NewReader(nil), bufio.NewReaderSize(nil, 16<<10), &fasthttp.RequestCtx{}
			for b.Loop() {
				in.Reset(raw)
				buffered.Reset(in)
				ctx.Response.Reset()
				if err := ctx.Request.Read(buffered); err != nil {
					b.Fatal(err)
				}
				serve(ctx)
				if ctx.Response.StatusCode() != 200 {
					b.Fatalf("%s", ctx.Response.Body())
				}
			}
		})
	}
}

// BenchmarkRelayedEvent is one event of a chat stream on its way to the client.
func BenchmarkRelayedEvent(b *testing.B) {
	n := benchNode(b, "127.0.0.1:1", "gw-1", "")
	for name, perRead := range map[string]int{"one by one": 1, "in bursts": 18} {
		b.Run(name, func(b *testing.B) {
			event := []byte(strings.Repeat(chatEvents()[0], perRead))
			r := n.ChatRelay(endless(event))
			p := make([]byte, 4096)
			b.SetBytes(int64(len(event) / perRead))
			b.ReportAllocs()
			for i := 0; i < b.N; i += perRead {
				if _, err := r.Read(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// endless gives its bytes with every Read.
type endless []byte

func (e endless) Read(p []byte) (int, error) { return copy(p, e), nil }
func (endless) Close() error                 { return nil }
