package gateway

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/llmgw/llmgw/gateway/fetch"
	"github.com/llmgw/llmgw/gateway/hop"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
)

// conversion is a call between two dialects: the client's request read into
// the hub once, and written for each provider that is tried.
type conversion struct {
	x       *protocol.Exchange
	client  clientCodec
	from    providerCodec        // of the provider that is tried at the moment
	kept    int                  // warnings that reading the request gave
	fetched int                  // URLs fetched for it
	embed   *protocol.Embeddings // instead of the request in x, for embeddings
}

// converts tells whether a call must be converted for a provider: another
// dialect, or a body in another API's shape than its endpoint's.
func (t *trip) converts(p *provider) bool {
	return p.dialect != t.endpoint.dialect || misshaped(t.endpoint, t.peek)
}

// conversion reads the request into the hub, once a trip.
func (n *Node) conversion(t *trip) (*conversion, *protocol.Error) {
	if t.conv != nil {
		return t.conv, nil
	}
	if e := t.endpoint; e.kind == kindGenerate && e.path == "/responses/compact" {
		return nil, protocol.Errorf(protocol.NotImplemented, "Compaction works only with models of OpenAI's dialect.")
	}
	c := &conversion{
		x:      &protocol.Exchange{Request: new(protocol.Request), Model: t.peek.Model, Scanned: true, Now: t.began, Clock: time.Now, Rand: protocol.NewRand(rand.Uint64(), rand.Uint64())},
		client: clientCodecFor(t.endpoint, t.peek),
	}
	if err := c.client.request(c.x, t.prompt()); err != nil {
		return nil, protocol.AsError(err)
	}
	if t.endpoint.dialect == protocol.Gemini {
		c.x.Request.Stream = t.endpoint.stream
	}
	c.x.Request.IncludeUsage = c.x.Request.IncludeUsage || t.handed // the owner counts
	protocol.Arrange(c.x)
	c.kept = len(c.x.Warnings())
	t.conv = c
	return c, nil
}

// prompt is the body to read. Gemini's countTokens has the whole request one
// level below.
func (t *trip) prompt() []byte {
	if t.endpoint.kind == kindCount && t.endpoint.dialect == protocol.Gemini {
		if inner, ok := protocol.Find(t.body, "generateContentRequest"); ok {
			return inner
		}
	}
	return t.body
}

// convertedRequest writes the request for a provider's model: its body, and
// what of the client's header is for it.
func (n *Node) convertedRequest(ctx context.Context, t *trip, p *provider, model string) (*outbound, *protocol.Error) {
	c, e := n.conversion(t)
	if e != nil {
		return nil, e
	}
	c.from = providerCodecFor(p.dialect)
	c.x.Reset(c.kept)
	c.x.Target = model
	if e := fetchMedia(ctx, t.snap.fetch, c); e != nil {
		return nil, e
	}
	n.recall.Restore(t.key, c.x.Request, c.from.maker)
	if p.dialect == protocol.OpenAI && c.x.Request.CacheKey == nil {
		c.x.Request.CacheKey = protocol.TextOf(t.cacheKey())
		defer func() { c.x.Request.CacheKey = nil }()
	}
	body, err := c.from.request(make([]byte, 0, len(t.body)+len(t.body)/4+512), c.x)
	if err != nil {
		return nil, protocol.AsError(err)
	}
	o := &outbound{dialect: p.dialect, conv: c, body: n.autoCache(t, p, model, body), header: convertedHeader(t.header, p.dialect)}
	o.path, o.query = generatePath(p.dialect, model, c.x.Request.Stream)
	return o, nil
}

// generatePath is what follows an instance's base URL for an answer of a model.
func generatePath(d protocol.Dialect, model string, stream bool) (path, query string) {
	switch {
	case d == protocol.Anthropic:
		return "/messages", ""
	case d == protocol.Gemini && stream:
		return "/models/" + gemini.PathModel(model) + ":streamGenerateContent", "alt=sse"
	case d == protocol.Gemini:
		return "/models/" + gemini.PathModel(model) + ":generateContent", ""
	}
	return "/chat/completions", ""
}

// anthropicVersion is what this gateway's own requests are written for, and
// what a client's native ones get that name none.
const anthropicVersion = "2023-06-01"

// convertedHeader keeps of a client's header what means the same to every
// provider. The rest speaks of the client's own API.
func convertedHeader(fields []hop.Field, d protocol.Dialect) []hop.Field {
	kept := make([]hop.Field, 0, 6)
	for _, f := range fields {
		switch f.Name {
		case "User-Agent", "Traceparent", "Tracestate", "Baggage":
			kept = append(kept, f)
		}
	}
	kept = append(kept, hop.Field{Name: "Content-Type", Value: "application/json"})
	if d == protocol.Anthropic {
		kept = append(kept, hop.Field{Name: "Anthropic-Version", Value: anthropicVersion})
	}
	return kept
}

// fetchMedia gets what the request points to by URL where the provider wants
// the bytes.
func fetchMedia(ctx context.Context, f *fetch.Fetcher, c *conversion) *protocol.Error {
	if c.from.bytes == nil {
		return nil
	}
	for i := range c.x.Request.Messages {
		if e := fetchParts(ctx, f, c, c.x.Request.Messages[i].Parts); e != nil {
			return e
		}
	}
	return nil
}

// maxFetches bounds how many URLs one request may have fetched.
const maxFetches = 20

func fetchParts(ctx context.Context, f *fetch.Fetcher, c *conversion, parts []protocol.Part) *protocol.Error {
	for i := range parts {
		p := &parts[i]
		if p.Kind == protocol.PartResult {
			if e := fetchParts(ctx, f, c, p.Parts); e != nil {
				return e
			}
		}
		if p.Media == nil || p.Media.URL.Empty() || !c.from.bytes(p) {
			continue
		}
		if c.fetched++; c.fetched > maxFetches {
			return p.Media.Refuse("", fmt.Sprintf("the request points to more than %d images and files by URL.", maxFetches))
		}
		mediaType, data, err := f.Get(ctx, p.Media.URL.String())
		if err != nil {
			return p.Media.Refuse("image_url_fetch", fmt.Sprintf("An image or file of the request could not be fetched from its URL: %v.", err))
		}
		m := *p.Media
		m.URL, m.Data = nil, quotedBase64(data)
		if m.Type.Empty() || !strings.Contains(m.Type.String(), "/") {
			m.Type = protocol.TextOf(mediaType)
		}
		p.Media = &m
	}
	return nil
}

func quotedBase64(data []byte) protocol.Text {
	out := make([]byte, 1, base64.StdEncoding.EncodedLen(len(data))+2)
	out[0] = '"'
	out = base64.StdEncoding.AppendEncode(out, data)
	return append(out, '"')
}

// unreadable is a provider's answer that no decoder understands: the
// instance's fault, whatever the decoder calls it.
func unreadable(err error) *protocol.Error {
	e := protocol.AsError(err)
	if e.Code == protocol.InvalidRequest || e.Code == protocol.Internal {
		return protocol.Errorf(protocol.BadGateway, "The provider's answer is not readable.")
	}
	return e
}

// converted writes a whole answer for the client: as the stream that it would
// have been, where the client asked for one and the instance gave none.
func (n *Node) converted(t *trip, c *conversion, r *protocol.Response) *answer {
	var ids protocol.CallIDs
	for i := range r.Choices {
		for j := range r.Choices[i].Parts {
			ids.Part(c.x, &r.Choices[i].Parts[j])
		}
		n.recall.Keep(t.key, r.Choices[i].Parts)
	}
	a := &answer{status: 200}
	if !c.x.Request.Stream {
		a.body = c.client.answer(nil, c.x, r)
		a.set("Content-Type", "application/json")
		return a
	}
	enc := c.client.stream(c.x)
	w := clientFrames{array: t.wantsArray(), emit: func(raw []byte) { a.body = append(a.body, raw...) }}
	var out []byte
	for _, e := range r.Replay(nil) {
		out = enc.Event(out, &e)
	}
	w.write(out)
	w.end()
	a.set("Content-Type", t.streamType())
	a.set("Cache-Control", "no-cache")
	return a
}

// streamType is the media type of the client's stream.
func (t *trip) streamType() string {
	if t.wantsArray() {
		return "application/json"
	}
	return "text/event-stream"
}
