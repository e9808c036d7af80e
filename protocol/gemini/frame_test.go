package gemini_test

import (
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

func TestPiece(t *testing.T) {
	for _, c := range []struct {
		chunk         string
		before, after protocol.Piece
	}{
		{`{"usageMetadata":{"promptTokenCount":3}}`, protocol.Prelude, protocol.Content},
		{`{"candidates":[{"content":{"role":"model","parts":[{"text":""}]}}]}`, protocol.Prelude, protocol.Content},
		{`{"candidates":[{"content":{"role":"model"}}]}`, protocol.Prelude, protocol.Content},
		{`{"candidates":[{"content":{"parts":[{"text":"x"}]}}]}`, protocol.Content, protocol.Content},
		{`{"candidates":[{"content":{"parts":[{"text":"x","thought":true}]}}]}`, protocol.Content, protocol.Content},
		{`{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]}`, protocol.Content, protocol.Content},
		{`{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}]}`, protocol.End, protocol.End},
		{`{"promptFeedback":{"blockReason":"SAFETY"}}`, protocol.End, protocol.End},
		{`{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}`, protocol.Failure, protocol.Failure},
		{`nonsense`, protocol.Failure, protocol.Content},
	} {
		for begun, want := range map[bool]protocol.Piece{false: c.before, true: c.after} {
			if piece, e := gemini.Piece([]byte("data: "+c.chunk+"\r\n\r\n"), begun); piece != want || (e != nil) != (want == protocol.Failure) {
				t.Errorf("%s, begun %v: %s %+v", c.chunk, begun, piece, e)
			}
			if !strings.HasPrefix(c.chunk, "{") {
				continue
			}
			if piece, e := gemini.ArrayPiece([]byte(",\r\n"+c.chunk), begun); piece != want || (e != nil) != (want == protocol.Failure) {
				t.Errorf("element %s, begun %v: %s %+v", c.chunk, begun, piece, e)
			}
		}
	}
}

// An answer that ended because the model failed is a failure for a client of
// another dialect, unless something of use came before or with it.
func TestUsablePiece(t *testing.T) {
	const failed = `"finishReason":"MALFORMED_FUNCTION_CALL"`
	for _, c := range []struct {
		chunk string
		begun bool
		want  protocol.Piece
	}{
		{`{"candidates":[{"content":{"role":"model"},` + failed + `}]}`, false, protocol.Failure},
		{`{"candidates":[{` + failed + `}]}`, true, protocol.End},
		{`{"candidates":[{"content":{"parts":[{"text":"x"}]},` + failed + `}]}`, false, protocol.End},
		{`{"candidates":[{` + failed + `},{"finishReason":"STOP"}]}`, false, protocol.End},
		{`{"candidates":[{"finishReason":"SAFETY"}]}`, false, protocol.End},
		{`{"promptFeedback":{"blockReason":"SAFETY"}}`, false, protocol.End},
		{`{"candidates":[{"content":{"parts":[{"text":"x"}]}}]}`, false, protocol.Content},
	} {
		piece, e := gemini.UsablePiece([]byte("data: "+c.chunk+"\r\n\r\n"), c.begun)
		if piece != c.want || (e != nil) != (piece == protocol.Failure) || e != nil && (!e.Unusable || e.Reason != "malformed_function_call") {
			t.Errorf("%s, begun %v: %s %+v", c.chunk, c.begun, piece, e)
		}
	}
}

// Every recorded stream has content, and a finish reason in the end.
func TestPiecesOfRecordings(t *testing.T) {
	for _, r := range protocoltest.Recordings(t, "gemini") {
		if !r.Stream {
			continue
		}
		var s sse.Splitter
		begun, ended := false, false
		see := func(raw []byte) {
			piece, e := gemini.Piece(raw, begun)
			if e != nil {
				t.Errorf("%s: %v", r.Name, e)
			}
			begun, ended = begun || piece >= protocol.Content, ended || piece == protocol.End
		}
		if err := s.Feed(r.Body, see); err != nil {
			t.Fatal(err)
		}
		s.Close(see)
		if !begun || !ended {
			t.Errorf("%s: begun %v, ended %v", r.Name, begun, ended)
		}
	}
}

func FuzzPiece(f *testing.F) {
	f.Add([]byte("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]},\"finishReason\":\"STOP\"}]}\r\n\r\n"))
	f.Add([]byte("[{\"error\":{\"code\":503}}"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		for _, begun := range []bool{false, true} {
			for _, look := range []func([]byte, bool) (protocol.Piece, *protocol.Error){gemini.Piece, gemini.ArrayPiece} {
				if piece, e := look(frame, begun); (piece == protocol.Failure) != (e != nil) || begun && piece == protocol.Prelude {
					t.Fatalf("%q: %s %v", frame, piece, e)
				}
			}
		}
	})
}
