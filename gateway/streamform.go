package gateway

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
)

// streamForm is what the gateway itself writes into a client's stream.
type streamForm interface {
	observe(frame []byte) // each frame that goes out
	fail(e *protocol.Error, sent bool) []byte
	keepalive() []byte // what a client skips, between two events
}

// formOf picks the form of an endpoint's stream.
func formOf(c *call, a *answer) streamForm {
	switch {
	case c.endpoint.dialect == protocol.Anthropic:
		return &sseForm{end: func(e *protocol.Error) []byte { return anthropic.ErrorEvent(e, c.requestID) }, pulse: anthropicPing}
	case c.endpoint.dialect == protocol.Gemini && a.isArray():
		return arrayForm{}
	case c.endpoint.dialect == protocol.Gemini:
		return &sseForm{end: gemini.ErrorEvent, pulse: blankEvent}
	case c.endpoint.path == "/responses":
		head := openai.NewResponsesHead()
		head.CreatedAt = c.began.Unix() // until a frame tells
		return &responsesForm{head: head}
	default:
		return &sseForm{end: openai.ErrorEvent, pulse: comment}
	}
}

const (
	comment       = ": keepalive\n\n"
	anthropicPing = "event: ping\ndata: {\"type\": \"ping\"}\n\n"
	blankEvent    = "\r\n\r\n" // Google's Go SDK takes a comment for an error
	whiteSpace    = "\n"
)

type sseForm struct {
	pulse string
	end   func(*protocol.Error) []byte
}

func (f *sseForm) observe([]byte) {}

func (f *sseForm) fail(e *protocol.Error, _ bool) []byte { return f.end(e) }

func (f *sseForm) keepalive() []byte { return []byte(f.pulse) }

// responsesForm remembers what the failure's events must repeat.
type responsesForm struct {
	head openai.ResponsesHead
}

func (f *responsesForm) observe(frame []byte) { f.head.Observe(frame) }

func (f *responsesForm) fail(e *protocol.Error, _ bool) []byte { return f.head.ErrorEvents(e) }

func (f *responsesForm) keepalive() []byte { return []byte(comment) }

// arrayForm is Gemini's stream without alt=sse: one JSON array, element by
// element.
type arrayForm struct{}

func (arrayForm) observe([]byte) {}

func (arrayForm) keepalive() []byte { return []byte(whiteSpace) }

func (arrayForm) fail(e *protocol.Error, sent bool) []byte {
	return gemini.ArrayErrorEvent(e, !sent)
}

// isArray tells whether a Gemini stream is one JSON array.
func (a *answer) isArray() bool {
	return !strings.HasPrefix(a.field("Content-Type"), "text/event-stream")
}
