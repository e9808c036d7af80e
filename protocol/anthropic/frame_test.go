package anthropic_test

import (
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

func TestPiece(t *testing.T) {
	for _, c := range []struct {
		frame         string
		before, after protocol.Piece
	}{
		{"event: message_start\ndata: {\"type\":\"message_start\"}\n\n", protocol.Prelude, protocol.Content},
		{"event: ping\ndata: {\"type\": \"ping\"}\n\n", protocol.Prelude, protocol.Content},
		{": comment\n\n", protocol.Prelude, protocol.Content},
		{"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n", protocol.Prelude, protocol.Content},
		{"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n", protocol.Prelude, protocol.Content},
		{"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"tool_use\",\"id\":\"x\",\"name\":\"f\",\"input\":{}}}\n\n", protocol.Content, protocol.Content},
		{"event: content_block_delta\ndata: {\"type\":\"content_block_delta\"}\n\n", protocol.Content, protocol.Content},
		{"event: compaction_delta\ndata: {}\n\n", protocol.Content, protocol.Content},
		{"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n", protocol.Content, protocol.Content},
		{"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", protocol.End, protocol.End},
		{"data: {\"type\":\"message_stop\"}\n\n", protocol.End, protocol.End},
		{"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n", protocol.Failure, protocol.Failure},
		{"data: {\"error\":\"x\"}\n\n", protocol.Failure, protocol.Content},
	} {
		for begun, want := range map[bool]protocol.Piece{false: c.before, true: c.after} {
			if piece, e := anthropic.Piece([]byte(c.frame), begun); piece != want || (e != nil) != (want == protocol.Failure) {
				t.Errorf("%q, begun %v: %s %+v", c.frame, begun, piece, e)
			}
		}
	}
	if _, e := anthropic.Piece([]byte("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"), false); e.HTTPStatus() != 529 {
		t.Errorf("%+v", e)
	}
}

// Every recorded stream has content, and ends with message_stop.
func TestPiecesOfRecordings(t *testing.T) {
	for _, r := range protocoltest.Recordings(t, "anthropic") {
		if !r.Stream {
			continue
		}
		var s sse.Splitter
		begun, last := false, protocol.Prelude
		see := func(raw []byte) {
			if sse.Data(raw) == nil {
				return
			}
			last, _ = anthropic.Piece(raw, begun)
			begun = begun || last >= protocol.Content
		}
		if err := s.Feed(r.Body, see); err != nil {
			t.Fatal(err)
		}
		s.Close(see)
		if !begun || last != protocol.End {
			t.Errorf("%s: begun %v, last %s", r.Name, begun, last)
		}
	}
}

func FuzzPiece(f *testing.F) {
	f.Add([]byte("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n"))
	f.Add([]byte("event: content_block_start\ndata: {\"content_block\":{\"type\":\"text\"}}\n\n"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		for _, begun := range []bool{false, true} {
			if piece, e := anthropic.Piece(frame, begun); (piece == protocol.Failure) != (e != nil) || begun && piece == protocol.Prelude {
				t.Fatalf("%q: %s %v", frame, piece, e)
			}
		}
	})
}
