package gemini

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// Piece tells what a frame of a stream of server-sent events is; the error is
// set with Failure. Once content has been seen (begun), all that is neither
// End nor Failure is Content, found by a search without parsing.
func Piece(frame []byte, begun bool) (protocol.Piece, *protocol.Error) {
	if begun && !matters(frame) {
		return protocol.Content, nil
	}
	data := sse.Data(frame)
	if len(data) == 0 {
		return neutral(begun), nil
	}
	return chunk(data, begun)
}

// ArrayPiece is [Piece] for a piece of an [ArraySplitter].
func ArrayPiece(piece []byte, begun bool) (protocol.Piece, *protocol.Error) {
	if begun && !matters(piece) {
		return protocol.Content, nil
	}
	data := Element(piece)
	if len(data) == 0 {
		return neutral(begun), nil // the closing bracket
	}
	return chunk(data, begun)
}

// UsablePiece is [Piece] for a client of another dialect, which has no word
// for an answer that ended because the model failed: where nothing came before,
// it is a Failure.
func UsablePiece(frame []byte, begun bool) (protocol.Piece, *protocol.Error) {
	piece, err := Piece(frame, begun)
	if piece != protocol.End || begun {
		return piece, err
	}
	list, _ := protocol.Find(sse.Data(frame), "candidates")
	failed, usable := "", false
	_ = protocol.ScanArray(list, func(c protocol.Member) { // the document has been validated
		candidate := c.Of(list)
		v, _ := protocol.Find(candidate, "finishReason")
		if reason, _ := protocol.String(v); modelFailed(reason) && !shows(candidate) {
			failed = reason
		} else {
			usable = true
		}
	})
	if usable || failed == "" {
		return piece, err
	}
	return protocol.Failure, unusable(failed)
}

func neutral(begun bool) protocol.Piece {
	if begun {
		return protocol.Content
	}
	return protocol.Prelude
}

// matters tells whether a chunk may end the stream, well or not.
func matters(b []byte) bool {
	return bytes.Contains(b, []byte(`finishReason"`)) || bytes.Contains(b, []byte(`rror"`)) || bytes.Contains(b, []byte(`blockReason"`))
}

func chunk(data []byte, begun bool) (protocol.Piece, *protocol.Error) {
	piece, failed := neutral(begun), false
	err := protocol.ScanObject(data, func(name []byte, m protocol.Member) {
		switch v := m.Of(data); string(name) {
		case "error":
			failed = !protocol.IsBlank(v)
		case "candidates":
			piece = max(piece, candidates(v))
		case "promptFeedback":
			if reason, ok := protocol.Find(v, "blockReason"); ok && !protocol.IsBlank(reason) {
				piece = protocol.End
			}
		}
	})
	switch {
	case failed:
		return protocol.Failure, protocol.DecodeError(0, data)
	case err != nil && !begun:
		return protocol.Failure, protocol.Errorf(protocol.BadGateway, "The provider's stream is not readable.")
	}
	return piece, nil
}

func candidates(list []byte) protocol.Piece {
	piece := protocol.Prelude
	_ = protocol.ScanArray(list, func(c protocol.Member) { // the document has been validated
		candidate := c.Of(list)
		if reason, ok := protocol.Find(candidate, "finishReason"); ok && !protocol.IsBlank(reason) {
			piece = protocol.End
		}
		if shows(candidate) {
			piece = max(piece, protocol.Content)
		}
	})
	return piece
}

// shows tells whether a candidate holds anything of an answer.
func shows(candidate []byte) (found bool) {
	parts, _ := protocol.Find(candidate, "content", "parts")
	_ = protocol.ScanArray(parts, func(p protocol.Member) { // of another type: nothing
		part := p.Of(parts)
		_ = protocol.ScanObject(part, func(_ []byte, m protocol.Member) {
			v := m.Of(part)
			found = found || !protocol.IsBlank(v) && string(v) != "true" // "thought": true alone shows nothing
		})
	})
	return found
}
