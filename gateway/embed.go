package gateway

import (
	"math/rand/v2"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
)

// embedRequest writes a request for embeddings for a provider of another
// dialect.
func (n *Node) embedRequest(t *trip, p *provider, model string) (*outbound, *protocol.Error) {
	c, e := t.embedding()
	if e != nil {
		return nil, e
	}
	c.x.Reset(c.kept)
	c.x.Target = model
	o := &outbound{dialect: p.dialect, conv: c, header: convertedHeader(t.header, p.dialect)}
	var err error
	switch p.dialect {
	case protocol.Gemini:
		o.path = "/models/" + gemini.PathModel(model) + ":batchEmbedContents"
		o.body, err = gemini.EncodeEmbeddingsRequest(nil, c.x, c.embed)
	case protocol.OpenAI:
		o.path = "/embeddings"
		o.body, err = openai.EncodeEmbeddingsRequest(nil, c.x, c.embed)
	default:
		return nil, protocol.Invalid("model", "This model's provider has no embeddings.")
	}
	if err != nil {
		return nil, protocol.AsError(err)
	}
	return o, nil
}

// embedding reads the request, once a trip.
func (t *trip) embedding() (*conversion, *protocol.Error) {
	if t.conv != nil {
		return t.conv, nil
	}
	x := &protocol.Exchange{Request: new(protocol.Request), Model: t.peek.Model, Now: t.began, Rand: protocol.NewRand(rand.Uint64(), rand.Uint64())}
	var embed *protocol.Embeddings
	var err error
	if t.endpoint.dialect == protocol.Gemini {
		embed, err = gemini.DecodeEmbeddingsRequest(x, t.body, t.endpoint.path == "batchEmbedContents")
	} else {
		embed, err = openai.DecodeEmbeddingsRequest(x, t.body)
	}
	if err != nil {
		return nil, protocol.AsError(err)
	}
	t.conv = &conversion{x: x, embed: embed, kept: len(x.Warnings())}
	return t.conv, nil
}

// embedAnswer writes the answer to a request for embeddings for the client. What
// was read is counted here where the provider does not tell.
func (n *Node) embedAnswer(t *trip, body []byte, m *meter, out *outbound) (*answer, *fault) {
	c := out.conv
	decode := openai.DecodeEmbeddingsResponse
	if out.dialect == protocol.Gemini {
		decode = gemini.DecodeEmbeddingsResponse
	}
	r, err := decode(c.embed, body)
	if err != nil {
		return nil, embedded(unreadable(err))
	}
	if r.Tokens == 0 {
		for _, input := range c.embed.Inputs {
			r.Tokens += n.tokens.Text(input.String())
		}
		c.x.Warn("usage", "estimated offline")
	}
	m.usage = protocol.Usage{Input: r.Tokens}
	a := &answer{status: 200}
	if t.endpoint.dialect == protocol.Gemini {
		a.body = gemini.EncodeEmbeddingsResponse(nil, c.embed, r)
	} else {
		a.body = openai.EncodeEmbeddingsResponse(nil, c.x, c.embed, r)
	}
	a.set("Content-Type", "application/json")
	return a, nil
}
