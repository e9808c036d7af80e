package gateway

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/hop"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
)

// outbound is what an instance of a provider is sent, whichever it is.
type outbound struct {
	dialect     protocol.Dialect
	path, query string
	header      []hop.Field
	body        []byte
	lent        bool        // body may be the client's, which goes with the request
	usageForced bool        // the stream's usage frame is our wish, not the client's
	conv        *conversion // nil: client and instance speak one dialect
}

// outbound writes what the instances of a provider are sent.
func (n *Node) outbound(ctx context.Context, t *trip, p *provider, model string) (*outbound, *protocol.Error) {
	switch {
	case !t.converts(p):
		return n.native(t, p, model), nil
	case t.endpoint.kind == kindEmbed:
		return n.embedRequest(t, p, model)
	}
	return n.convertedRequest(ctx, t, p, model)
}

// native is the request for a provider of the client's own dialect: the same
// bytes but for the model's name, where the route gives another, the wish for
// usage at a chat stream's end, which metering needs, reasoning that another
// provider's model left in the conversation, and what makes prompts cached.
func (n *Node) native(t *trip, p *provider, model string) *outbound {
	o := &outbound{dialect: p.dialect, path: nativePath(t.endpoint, model), query: t.query, header: t.header}
	var edits []protocol.Edit
	if model != t.peek.Model && t.peek.ModelSpan.Present() {
		edits = append(edits, protocol.Edit{Start: t.peek.ModelSpan.Start, End: t.peek.ModelSpan.End, With: protocol.QuoteString(nil, model)})
	}
	if model != t.peek.Model && t.endpoint.dialect == protocol.Gemini {
		edits = append(edits, gemini.Rename(t.body, model)...)
	}
	o.usageForced = t.endpoint.path == "/chat/completions" && t.peek.Stream && !t.peek.IncludeUsage
	if o.usageForced {
		edits = append(edits, openai.ForceUsage(t.body, *t.peek)...)
	}
	own := ownThinking(t)
	if edits = append(edits, own...); own == nil && t.caches(p) {
		edits = anthropic.CacheEdits(edits, t.body, anthropic.SpansOf(t.peek), model, n.cacheOptions(p))
	}
	if t.wantsCacheKey(model) {
		edits = append(edits, protocol.AppendMember(t.body, "prompt_cache_key", protocol.QuoteString(nil, t.cacheKey())))
	}
	if len(edits) == 0 {
		o.body, o.lent = t.body, true
	} else {
		o.body = protocol.Splice(nil, t.body, edits...)
	}
	if own != nil { // the messages lie elsewhere than in the client's body
		o.body = n.autoCache(t, p, model, o.body)
	}
	if p.dialect == protocol.Anthropic && t.field("Anthropic-Version") == "" {
		o.header = append(o.header[:len(o.header):len(o.header)], hop.Field{Name: "Anthropic-Version", Value: anthropicVersion})
	}
	return o
}

// ownThinking takes out of a request what the gateway wrapped of another
// provider's thinking: it fits this one no better than before.
func ownThinking(t *trip) []protocol.Edit {
	switch {
	case !t.peek.Signs.Wrapped || t.endpoint.kind != kindGenerate && t.endpoint.kind != kindCount:
		return nil
	case t.endpoint.dialect == protocol.Anthropic:
		return anthropic.OwnThinking(t.body)
	case t.endpoint.dialect == protocol.Gemini:
		return gemini.OwnSignatures(t.body)
	}
	return openai.OwnReasoning(t.body)
}

// nativePath is what follows an instance's base URL.
func nativePath(e endpoint, model string) string {
	if e.dialect == protocol.Gemini {
		return "/models/" + gemini.PathModel(model) + ":" + e.path
	}
	return e.path
}

// wantsCacheKey tells whether OpenAI gets a prompt_cache_key of ours: requests
// that share it are sent to the machine that holds their prefix.
func (t *trip) wantsCacheKey(model string) bool {
	return t.endpoint.kind == kindGenerate && t.endpoint.dialect == protocol.OpenAI && t.peek.PromptCacheKey == "" && openai.TakesCacheKey(model) &&
		(t.endpoint.path == "/chat/completions" || t.endpoint.path == "/responses")
}

// cacheKey names the key's conversation to a provider.
func (t *trip) cacheKey() string {
	if t.conversation == "" {
		return t.snap.cacheKeys[t.key]
	}
	return cacheKeyOf(t.snap.keys[t.key], t.conversation)
}

// cacheKeyOf tells nothing of key or conversation; every node derives the same
// from the key's digest.
func cacheKeyOf(key *config.APIKey, conversation string) string {
	mac := hmac.New(sha256.New, key.Digest[:])
	mac.Write([]byte("prompt_cache_key\x00" + conversation))
	return "llmgw-" + hex.EncodeToString(mac.Sum(nil)[:16])
}

// autoCache sets the marks by which Anthropic caches a prompt, as far as the
// provider's cache block wants them and the client has set none.
func (n *Node) autoCache(t *trip, p *provider, model string, body []byte) []byte {
	if !t.caches(p) {
		return body
	}
	return anthropic.AutoCache(nil, body, model, n.cacheOptions(p))
}

func (t *trip) caches(p *provider) bool {
	return p.dialect == protocol.Anthropic && t.endpoint.kind == kindGenerate
}

func (n *Node) cacheOptions(p *provider) anthropic.CacheOptions {
	return anthropic.CacheOptions{
		System: p.Cache.AutoCacheSystem, Conversation: p.Cache.AutoCacheSystem, Tools: p.Cache.AutoCacheTools,
		MinSystemTokens: int64(p.Cache.MinSystemTokens), Count: n.countSystem,
	}
}

// countSystem counts the tokens of a "system": a string, or text blocks.
func (n *Node) countSystem(system protocol.Raw) int64 {
	var count int64
	c := protocol.NewCursor(system)
	if c.Kind() == '"' {
		return n.tokens.Text(c.Str())
	}
	c.Array(func(int) {
		c.Object(func(name []byte) {
			if string(name) == "text" {
				count += n.tokens.Text(c.Str())
			}
		})
	})
	return count
}

// hasAltSSE tells whether a query asks Gemini for server-sent events.
func hasAltSSE(query string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "alt=sse" {
			return true
		}
	}
	return false
}
