package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// ChatPiece tells what a frame of a chat stream is; the error is set with
// Failure. Once content has been seen (begun), all that is neither End nor
// Failure is Content, found by a search without parsing.
func ChatPiece(frame []byte, begun bool) (protocol.Piece, *protocol.Error) {
	if begun && !mayFail(frame) {
		if finishes(frame) || isDone(frame) {
			return protocol.End, nil
		}
		return protocol.Content, nil
	}
	data := sse.Data(frame)
	if len(data) == 0 {
		return neutral(begun), nil
	}
	if isDone(frame) {
		return protocol.End, nil
	}
	piece := neutral(begun)
	failed := string(sse.Event(frame)) == "error"
	err := protocol.ScanObject(data, func(name []byte, m protocol.Member) {
		switch v := m.Of(data); string(name) {
		case "error":
			failed = failed || !protocol.IsBlank(v)
		case "choices":
			piece = max(piece, choices(v))
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

func neutral(begun bool) protocol.Piece {
	if begun {
		return protocol.Content
	}
	return protocol.Prelude
}

// choices looks for the first thing that a client would show. Whatever a delta
// holds besides its role counts: servers name reasoning, audio and images
// differently.
func choices(list []byte) protocol.Piece {
	piece := protocol.Prelude
	_ = protocol.ScanArray(list, func(c protocol.Member) { // the document has been validated
		choice := c.Of(list)
		_ = protocol.ScanObject(choice, func(name []byte, m protocol.Member) {
			switch v := m.Of(choice); string(name) {
			case "finish_reason":
				if !protocol.IsBlank(v) {
					piece = protocol.End
				}
			case "delta", "message":
				_ = protocol.ScanObject(v, func(name []byte, m protocol.Member) {
					if string(name) != "role" && !protocol.IsBlank(m.Of(v)) {
						piece = max(piece, protocol.Content)
					}
				})
			case "text":
				if !protocol.IsBlank(v) {
					piece = max(piece, protocol.Content)
				}
			}
		})
	})
	return piece
}

// mayFail tells whether a frame needs a closer look for an error. In a JSON
// string the quote behind the name would be escaped. A search that starts with
// a rare letter is several times faster than one that starts with a quote.
func mayFail(frame []byte) bool {
	return bytes.Contains(frame, []byte(`rror"`)) || bytes.HasPrefix(frame, []byte("event: error"))
}

func isDone(frame []byte) bool {
	return len(frame) < 64 && string(bytes.TrimSpace(sse.Data(frame))) == "[DONE]"
}

// finishes tells whether a choice of the chunk has a finish reason.
func finishes(frame []byte) bool {
	const name = `finish_reason"`
	for {
		i := bytes.Index(frame, []byte(name))
		if i < 0 {
			return false
		}
		frame = bytes.TrimLeft(frame[i+len(name):], " \t")
		if len(frame) == 0 || frame[0] != ':' {
			continue
		}
		if v := bytes.TrimLeft(frame[1:], " \t"); !bytes.HasPrefix(v, []byte("null")) && !bytes.HasPrefix(v, []byte(`""`)) {
			return true
		}
	}
}

// ResponsesPiece is [ChatPiece] for a stream of the Responses API. Opening an
// item or a part of the answer is no content yet: a model may think for long
// behind it.
func ResponsesPiece(frame []byte, begun bool) (protocol.Piece, *protocol.Error) {
	event := sse.Event(frame)
	var data []byte
	if len(event) == 0 {
		if data = sse.Data(frame); len(data) == 0 {
			return neutral(begun), nil
		}
		kind, _ := protocol.Find(data, "type")
		event = bytes.Trim(kind, `"`)
	}
	switch string(event) {
	case "response.completed", "response.incomplete":
		return protocol.End, nil
	case "error", "response.failed":
		if data == nil {
			data = sse.Data(frame)
		}
		return protocol.Failure, protocol.DecodeError(0, data)
	case "response.created", "response.in_progress", "response.queued", "response.output_item.added",
		"response.content_part.added", "response.reasoning_summary_part.added", "keepalive", "ping":
		return neutral(begun), nil
	case "":
		if !begun {
			return protocol.Failure, protocol.Errorf(protocol.BadGateway, "The provider's stream is not readable.")
		}
	}
	return protocol.Content, nil
}
