package openai_test

import (
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

type looker = func(frame []byte, begun bool) (protocol.Piece, *protocol.Error)

func TestChatPiece(t *testing.T) {
	for _, c := range []struct {
		frame         string
		before, after protocol.Piece
		status        int
	}{
		{": OPENROUTER PROCESSING\n\n", protocol.Prelude, protocol.Content, 0},
		{`data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n", protocol.Prelude, protocol.Content, 0},
		{`data: {"choices":[],"prompt_filter_results":[]}` + "\n\n", protocol.Prelude, protocol.Content, 0},
		{`data: {"choices":[{"delta":{"role":"assistant","content":"","reasoning":"We"},"finish_reason":null}]}` + "\n\n", protocol.Content, protocol.Content, 0},
		{`data: {"choices":[{"delta":{"tool_calls":[{"index":0}]},"finish_reason":null}]}` + "\n\n", protocol.Content, protocol.Content, 0},
		{`data: {"choices":[{"delta":{"content":"the \"error\" and \"finish_reason\": \"stop\""}}]}` + "\n\n", protocol.Content, protocol.Content, 0},
		{`data: {"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n\n", protocol.End, protocol.End, 0},
		{`data: {"choices":[{"delta":{},"finish_reason":null},{"delta":{},"finish_reason" : "stop"}]}` + "\n\n", protocol.End, protocol.End, 0},
		{"data: [DONE]\n\n", protocol.End, protocol.End, 0},
		{"data:[DONE]", protocol.End, protocol.End, 0},
		{`data: {"error":{"message":"m","type":"server_error","code":503}}` + "\n\n", protocol.Failure, protocol.Failure, 503},
		{`data: {"error":"overloaded"}` + "\n\n", protocol.Failure, protocol.Failure, 500},
		{"event: error\ndata: {\"message\":\"m\",\"type\":\"overloaded_error\"}\n\n", protocol.Failure, protocol.Failure, 529},
		{`data: {"error":null,"choices":[{"delta":{"content":"x"}}]}` + "\n\n", protocol.Content, protocol.Content, 0},
		{"data: <html>\n\n", protocol.Failure, protocol.Content, 502},
	} {
		for begun, want := range map[bool]protocol.Piece{false: c.before, true: c.after} {
			piece, e := openai.ChatPiece([]byte(c.frame), begun)
			if piece != want || (e != nil) != (want == protocol.Failure) || e != nil && e.HTTPStatus() != c.status {
				t.Errorf("%q, begun %v: %s %+v", c.frame, begun, piece, e)
			}
		}
	}
}

func TestResponsesPiece(t *testing.T) {
	for _, c := range []struct {
		frame         string
		before, after protocol.Piece
	}{
		{"event: response.created\ndata: {}\n\n", protocol.Prelude, protocol.Content},
		{"data: {\"type\":\"response.in_progress\"}\n\n", protocol.Prelude, protocol.Content},
		{"event: response.output_item.added\ndata: {}\n\n", protocol.Prelude, protocol.Content},
		{"event: response.output_text.delta\ndata: {}\n\n", protocol.Content, protocol.Content},
		{"event: response.output_item.done\ndata: {}\n\n", protocol.Content, protocol.Content},
		{"event: response.incomplete\ndata: {}\n\n", protocol.End, protocol.End},
		{"event: response.completed\ndata: {}\n\n", protocol.End, protocol.End},
		{"event: error\ndata: {\"type\":\"error\",\"code\":\"server_is_overloaded\",\"message\":\"m\"}\n\n", protocol.Failure, protocol.Failure},
		{"data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"rate_limit_exceeded\"}}}\n\n", protocol.Failure, protocol.Failure},
		{": keepalive\n\n", protocol.Prelude, protocol.Content},
		{"data: nonsense\n\n", protocol.Failure, protocol.Content},
	} {
		for begun, want := range map[bool]protocol.Piece{false: c.before, true: c.after} {
			if piece, e := openai.ResponsesPiece([]byte(c.frame), begun); piece != want || (e != nil) != (want == protocol.Failure) {
				t.Errorf("%q, begun %v: %s %+v", c.frame, begun, piece, e)
			}
		}
	}
}

// Every recorded stream has content, and says where it ends.
func TestPiecesOfRecordings(t *testing.T) {
	for folder, look := range map[string]looker{"openai-chat": openai.ChatPiece, "openai-responses": openai.ResponsesPiece} {
		for _, r := range protocoltest.Recordings(t, folder) {
			if r.Stream {
				checkRecording(t, r, look)
			}
		}
	}
}

func checkRecording(t *testing.T, r protocoltest.Recording, look looker) {
	t.Helper()
	var s sse.Splitter
	var last protocol.Piece
	begun, ended, frames := false, false, 0
	see := func(raw []byte) {
		frames++
		piece, e := look(raw, begun)
		if piece == protocol.Failure && e == nil {
			t.Errorf("%s: a failure without an error", r.Name)
		}
		if again, _ := look(raw, false); piece == protocol.End && again != protocol.End {
			t.Errorf("%s: %q is an end only behind content", r.Name, raw)
		}
		begun, ended = begun || piece >= protocol.Content, ended || piece == protocol.End
		last = piece
	}
	if err := s.Feed(r.Body, see); err != nil {
		t.Fatal(err)
	}
	s.Close(see)
	whole := !strings.Contains(r.Name, "starting") // one recording is the half of a stream
	if !begun || whole && !ended && last != protocol.Failure {
		t.Errorf("%s: begun %v, ended %v, last %s, %d frames", r.Name, begun, ended, last, frames)
	}
}

func FuzzPieces(f *testing.F) {
	f.Add([]byte("event: error\ndata: {\"error\":{\"message\":\"m\"}}\n\n"))
	f.Add([]byte("data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":null}]}\n\n"))
	f.Add([]byte("data: [DONE]\n\n"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		for _, look := range []looker{openai.ChatPiece, openai.ResponsesPiece} {
			for _, begun := range []bool{false, true} {
				if piece, e := look(frame, begun); (piece == protocol.Failure) != (e != nil) || begun && piece == protocol.Prelude {
					t.Fatalf("%q: %s %v", frame, piece, e)
				}
			}
		}
	})
}

func BenchmarkChatPiece(b *testing.B) {
	frame := []byte(`data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1767225600,"model":"gpt-5","choices":[{"index":0,"delta":{"content":"word "},"logprobs":null,"finish_reason":null}],"obfuscation":"abcdef"}` + "\n\n")
	b.ReportAllocs()
	for b.Loop() {
		openai.ChatPiece(frame, true)
	}
}
