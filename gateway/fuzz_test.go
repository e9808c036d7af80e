package gateway

import (
	"bytes"
	"context"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"github.com/llmgw/llmgw/gateway/upstream"
)

// Whatever a provider sends, and however it is cut: what goes on is what came,
// up to where it broke, and it ends well only where the provider said so.
func FuzzInstanceStream(f *testing.F) {
	for kind := range byte(5) {
		f.Add(kind, true, []byte("data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]"))
		f.Add(kind, false, []byte("event: message_start\ndata: {}\n\nevent: content_block_delta\ndata: {}\n\nevent: error\ndata: {\"error\":{}}\n\n"))
		f.Add(kind, false, []byte("[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]},\"finishReason\":\"STOP\"}]}\n,\n{\"error\":{\"code\":503}}]"))
		f.Add(kind, true, []byte("event: response.output_text.delta\ndata: {}\n\nevent: response.completed\ndata: {"))
	}
	forms := []struct {
		method, path string
		array        bool
	}{
		{"POST", "/v1/chat/completions", false}, {"POST", "/v1/responses", false}, {"POST", "/v1/messages", false},
		{"POST", "/v1beta/models/m:streamGenerateContent", false}, {"POST", "/v1beta/models/m:streamGenerateContent", true},
	}
	f.Fuzz(func(t *testing.T, kind byte, bytewise bool, input []byte) {
		form := forms[int(kind)%len(forms)]
		e, _ := endpointOf(form.method, form.path)
		var r io.Reader = bytes.NewReader(input)
		if bytewise {
			r = iotest.OneByteReader(r)
		}
		n := &Node{}
		c := &call{endpoint: e}
		m := &meter{dialect: e.dialect, array: form.array}
		s := n.newInstanceStream(&trip{call: c}, nil, nil, &upstream.Response{Body: io.NopCloser(r)}, m, time.Time{}, &outbound{dialect: e.dialect, path: e.path})
		if fault := s.await(context.Background()); fault != nil {
			if fault.Reason == "" {
				t.Fatal("a fault without a reason")
			}
			s.drop()
			return
		}
		var out []byte
		var err error
		room := make([]byte, readChunk)
		for range len(input) + 10 {
			if err = s.pull(room, func(raw []byte) { out = append(out, raw...) }); err != nil {
				break
			}
		}
		switch {
		case err == nil:
			t.Fatal("it does not end")
		case s.failure == nil && !bytes.HasPrefix(input, out):
			t.Fatalf("%q became %q", input, out)
		case err == io.EOF && !s.ended && s.failure == nil:
			t.Fatalf("%q looks whole", out)
		}
		s.drop()
	})
}
