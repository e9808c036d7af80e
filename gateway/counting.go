package gateway

import (
	"strconv"

	"github.com/llmgw/llmgw/protocol"
)

// countsHere tells whether the provider that would generate cannot count for
// the client.
func (t *trip) countsHere(p *provider) bool {
	return t.endpoint.kind == kindCount && p.dialect != t.endpoint.dialect
}

// countHere answers a request for a count of tokens that no provider of its
// dialect can answer. It touches neither limits nor health.
func (n *Node) countHere(t *trip) *answer {
	c, e := n.conversion(t)
	if e != nil {
		return n.fail(t, e)
	}
	count := strconv.AppendInt(nil, n.tokens.Request(c.x.Request), 10)
	c.x.Warn("input_tokens", "estimated offline")
	a := &answer{status: 200, body: countAnswer(t.endpoint, count)}
	a.set("Content-Type", "application/json")
	n.stamp(t, a)
	return n.finish(t, a, a.status, "")
}

func countAnswer(e endpoint, count []byte) []byte {
	switch {
	case e.dialect == protocol.Gemini:
		return wrap(`{"totalTokens":`, count, `}`)
	case e.dialect == protocol.OpenAI:
		return wrap(`{"object":"response.input_tokens","input_tokens":`, count, `}`)
	}
	return wrap(`{"input_tokens":`, count, `}`)
}

func wrap(before string, v []byte, behind string) []byte {
	return append(append([]byte(before), v...), behind...)
}
