package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// ResponsesHead is what the end of a Responses stream repeats of its
// beginning: SDKs refuse a stream whose response id changes. Observe collects
// it from the frames that pass. It is not safe for use by several goroutines.
type ResponsesHead struct {
	// Sequence is the sequence_number seen last, -1 before the first.
	Sequence int64
	// ID, Model and CreatedAt (Unix seconds) are those of the response.
	ID        string
	Model     string
	CreatedAt int64
}

// NewResponsesHead returns the head of a stream of which nothing has been
// seen.
func NewResponsesHead() ResponsesHead { return ResponsesHead{Sequence: -1} }

// Observe looks into one frame. Frames that hold nothing new cost a search
// for the sequence number.
func (h *ResponsesHead) Observe(frame []byte) {
	if n, ok := lastSequence(frame); ok {
		h.Sequence = n
	}
	if h.ID != "" || !bytes.Contains(frame, []byte(`"response"`)) {
		return
	}
	data := sse.Data(frame)
	var response protocol.Member
	if protocol.ScanObject(data, func(name []byte, m protocol.Member) {
		if string(name) == "response" && data[m.Start] == '{' {
			response = m
		}
	}) != nil || !response.Present() {
		return
	}
	body := response.Of(data)
	_ = protocol.ScanObject(body, func(name []byte, m protocol.Member) {
		switch string(name) {
		case "id":
			h.ID, _ = protocol.String(m.Of(body))
		case "model":
			h.Model, _ = protocol.String(m.Of(body))
		case "created_at":
			h.CreatedAt, _ = protocol.Int(m.Of(body))
		}
	})
}

// lastSequence finds the sequence number without parsing the frame. Inside a
// JSON string both quotes of the name would be escaped, so the bytes searched
// for are a name, and only the events themselves have one of this kind.
func lastSequence(frame []byte) (int64, bool) {
	const name = `"sequence_number"`
	i := bytes.LastIndex(frame, []byte(name))
	if i < 0 {
		return 0, false
	}
	rest := bytes.TrimLeft(frame[i+len(name):], " \t")
	if len(rest) == 0 || rest[0] != ':' {
		return 0, false
	}
	rest = bytes.TrimLeft(rest[1:], " \t")
	end := 0
	for end < len(rest) && rest[end]-'0' <= 9 {
		end++
	}
	return protocol.Int(rest[:end])
}

// ErrorEvents returns the two frames that end a Responses stream in failure,
// "error" and "response.failed", numbered on from Sequence.
//
// The error event has the members of the published schema, message, code and
// param, and besides them the nested "error" that the real API sends and that
// SDKs throw on.
func (h *ResponsesHead) ErrorEvents(e *protocol.Error) []byte {
	c := classOf(e)
	data := append([]byte(nil), `{"type":"error","sequence_number":`...)
	data = appendInt(data, h.Sequence+1)
	data = append(data, `,"code":`...)
	data = appendNullable(data, c.code)
	data = append(data, `,"message":`...)
	data = protocol.QuoteString(data, e.Text())
	data = append(data, `,"param":`...)
	data = appendNullable(data, e.Param)
	data = append(data, `,"error":{`...)
	data = appendFields(data, e, c)
	data = append(data, "}}"...)
	frames := sse.AppendEvent(nil, "error", data)
	return sse.AppendEvent(frames, "response.failed", h.appendFailed(data[:0], e))
}

// appendFailed appends the event with the response as it ended.
func (h *ResponsesHead) appendFailed(dst []byte, e *protocol.Error) []byte {
	id := h.ID
	if id == "" {
		id = "resp_failed"
	}
	dst = append(dst, `{"type":"response.failed","sequence_number":`...)
	dst = appendInt(dst, h.Sequence+2)
	dst = append(dst, `,"response":{"id":`...)
	dst = protocol.QuoteString(dst, id)
	dst = append(dst, `,"object":"response","created_at":`...)
	dst = appendInt(dst, h.CreatedAt)
	dst = append(dst, `,"status":"failed","error":{"code":`...)
	dst = protocol.QuoteString(dst, failedCode(e))
	dst = append(dst, `,"message":`...)
	dst = protocol.QuoteString(dst, e.Text())
	dst = append(dst, `},"incomplete_details":null,"instructions":null,"model":`...)
	dst = protocol.QuoteString(dst, h.Model)
	return append(dst, `,"output":[],"parallel_tool_calls":true,"tool_choice":"auto","tools":[],"usage":null}}`...)
}

// failedCode is one of the codes that the schema lists for response.error, or
// one of two that the API sends all the same: Codex looks for them, to shorten
// the conversation and to stop asking.
func failedCode(e *protocol.Error) string {
	switch {
	case e.Reason == protocol.ReasonContextLength, e.Reason == protocol.ReasonNoQuota:
		return e.Reason
	case e.Code == protocol.RateLimited:
		return "rate_limit_exceeded"
	case e.Code == protocol.InvalidRequest:
		return "invalid_prompt"
	}
	return "server_error"
}

// ResponsesErrorEvent is [ResponsesHead.ErrorEvents] for a caller that knows
// of the stream only its last sequence number, -1 before the first.
func ResponsesErrorEvent(e *protocol.Error, lastSequence int64) []byte {
	h := ResponsesHead{Sequence: lastSequence}
	return h.ErrorEvents(e)
}
