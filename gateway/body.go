package gateway

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
)

// peek validates a call's JSON and reads what routing needs of it, once a call.
func (c *call) peek() (*protocol.Peek, *protocol.Error) {
	if p := &c.peeked; !p.done {
		p.done = true
		p.peek, p.err = peek(c)
	}
	return &c.peeked.peek, c.peeked.err
}

// peeked is what a look into a body gave.
type peeked struct {
	done bool
	peek protocol.Peek
	err  *protocol.Error
}

func peek(c *call) (protocol.Peek, *protocol.Error) {
	var p protocol.Peek
	var err error
	switch c.endpoint.dialect {
	case protocol.Anthropic:
		p, err = anthropic.Peek(c.body)
	case protocol.Gemini:
		p, err = gemini.Peek(c.body)
		p.Model, p.Stream = strings.TrimPrefix(c.endpoint.model, "models/"), c.endpoint.stream
	default:
		p, err = openai.Peek(c.body)
	}
	if err != nil {
		return p, protocol.AsError(err)
	}
	if p.Model == "" {
		return p, protocol.Invalid("model", "The request names no model.")
	}
	return p, nil
}
