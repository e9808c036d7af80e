package gateway

import (
	"bytes"
	"strings"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
)

// peek validates a call's JSON and reads what routing needs of it.
func peek(c *call) (protocol.Peek, *protocol.Error) {
	var p protocol.Peek
	var err error
	switch c.endpoint.dialect {
	case protocol.Anthropic:
		p, err = anthropic.Peek(c.body)
	case protocol.Gemini:
		err = gemini.Check(c.body)
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

// outgoing is the body for an instance of the client's own dialect: the same
// bytes but for the model's name, where the route gives another, and the
// request for usage at a chat stream's end, which metering needs. The second
// result tells that the usage frame is our wish, not the client's.
func outgoing(c *call, p *protocol.Peek, model string) ([]byte, bool) {
	var edits []protocol.Edit
	if model != p.Model && p.ModelSpan.Present() {
		edits = append(edits, protocol.Edit{Start: p.ModelSpan.Start, End: p.ModelSpan.End, With: protocol.QuoteString(nil, model)})
	}
	forced := c.endpoint.path == "/chat/completions" && p.Stream && !p.IncludeUsage
	if forced {
		edits = append(edits, openai.ForceUsage(c.body, *p)...)
	}
	if len(edits) == 0 {
		return bytes.Clone(c.body), false
	}
	return protocol.Splice(nil, c.body, edits...), forced
}

// pathOf is what follows an instance's base URL.
func pathOf(e endpoint, model string) string {
	if e.dialect == protocol.Gemini {
		return "/models/" + model + ":" + e.path
	}
	return e.path
}
