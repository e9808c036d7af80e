package anthropic

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// Piece tells what a frame of a Messages stream is; the error is set with
// Failure. Once content has been seen (begun), all that is neither End nor
// Failure is Content. The beginning of a text or thinking block is no content
// yet, that of a tool call or of any other block is.
func Piece(frame []byte, begun bool) (protocol.Piece, *protocol.Error) {
	event := sse.Event(frame)
	if len(event) == 0 {
		data := sse.Data(frame)
		if len(data) == 0 {
			return neutral(begun), nil // a comment
		}
		kind, ok := protocol.Find(data, "type")
		if !ok && !begun {
			return protocol.Failure, protocol.DecodeError(0, data)
		}
		event = bytes.Trim(kind, `"`)
	}
	switch string(event) {
	case "message_stop":
		return protocol.End, nil
	case "error":
		return protocol.Failure, protocol.DecodeError(0, sse.Data(frame))
	case "message_start", "ping":
		return neutral(begun), nil
	case "content_block_start":
		if !begun && opens(sse.Data(frame)) {
			return protocol.Prelude, nil
		}
	}
	return protocol.Content, nil
}

func neutral(begun bool) protocol.Piece {
	if begun {
		return protocol.Content
	}
	return protocol.Prelude
}

// opens tells whether a block starts empty, its text still to come.
func opens(data []byte) bool {
	kind, _ := protocol.Find(data, "content_block", "type")
	switch string(kind) {
	case `"text"`:
		text, ok := protocol.Find(data, "content_block", "text")
		return !ok || protocol.IsBlank(text)
	case `"thinking"`:
		text, ok := protocol.Find(data, "content_block", "thinking")
		return !ok || protocol.IsBlank(text)
	}
	return false
}
