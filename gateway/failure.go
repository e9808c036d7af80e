package gateway

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
)

// failure is an error in the form of a dialect, with the headers that SDKs
// read: when to try again, and whether to.
func (n *Node) failure(d protocol.Dialect, requestID string, e *protocol.Error) *answer {
	a := &answer{}
	switch d {
	case protocol.Anthropic:
		a.status, a.body = anthropic.EncodeError(e, requestID)
		a.set("Request-Id", requestID)
	case protocol.Gemini:
		a.status, a.body = gemini.EncodeError(e)
	default:
		a.status, a.body = openai.EncodeError(e)
	}
	a.finishFailure(n.name, requestID, e)
	return a
}

// unionFailure is readable as OpenAI's and as Anthropic's error: for requests
// whose path is not known.
func (n *Node) unionFailure(requestID string, e *protocol.Error) *answer {
	body, err := json.Marshal(map[string]any{
		"type": "error",
		"error": map[string]any{
			"type": "invalid_request_error", "message": e.Message, "param": nil, "code": nil,
		},
		"request_id": requestID,
	})
	if err != nil {
		body = []byte(`{"type":"error","error":{"type":"invalid_request_error","message":"bad request"}}`)
	}
	a := &answer{status: e.Code.Status(), body: body}
	a.finishFailure(n.name, requestID, e)
	return a
}

func (a *answer) finishFailure(node, requestID string, e *protocol.Error) {
	a.set("Content-Type", "application/json")
	a.set("X-Request-Id", requestID)
	a.set("X-LLM-Gateway-Node", node)
	if e.RetryAfter > 0 {
		a.setRetryAfter(e.RetryAfter)
	}
	if e.ShouldRetry != nil {
		a.replace("X-Should-Retry", strconv.FormatBool(*e.ShouldRetry))
	}
}

// setRetryAfter tells the wait in whole seconds, rounded up so that it is
// never too early, and in milliseconds for the SDKs that read them.
func (a *answer) setRetryAfter(wait time.Duration) {
	ms := max((wait + time.Millisecond - 1).Milliseconds(), 1)
	a.replace("Retry-After", strconv.FormatInt((ms+999)/1000, 10))
	a.replace("Retry-After-Ms", strconv.FormatInt(ms, 10))
}

func yes() *bool { t := true; return &t }
func no() *bool  { return new(bool) }
