package gateway

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// kind says what an endpoint does, in any dialect.
type kind uint8

const (
	kindNone     kind = iota
	kindGenerate      // an answer of a model, streamed or not
	kindCount         // tokens counted: touches neither limits, sessions nor health
	kindEmbed         // embeddings
	kindModels        // the list of models, answered here
	kindModel         // one model, answered here
)

// endpoint is one entry of the public listener. Values are compared by address
// nowhere; they are small and copied.
type endpoint struct {
	kind    kind
	dialect protocol.Dialect
	label   string // the metric's "endpoint": a constant, never a client's text
	path    string // what is appended to an instance's base URL; for Gemini, the method after the model
	stream  bool   // the endpoint itself says that the answer is streamed
	model   string // the model, where the path carries it
}

// endpointOf reads method and path. The second result lists the methods that
// the path does allow ("" when the path is unknown).
func endpointOf(method, path string) (endpoint, string) {
	switch path {
	case "/v1/chat/completions":
		return post(method, endpoint{kind: kindGenerate, dialect: protocol.OpenAI, label: "chat_completions", path: "/chat/completions"})
	case "/v1/responses":
		return post(method, endpoint{kind: kindGenerate, dialect: protocol.OpenAI, label: "responses", path: "/responses"})
	case "/v1/responses/input_tokens":
		return post(method, endpoint{kind: kindCount, dialect: protocol.OpenAI, label: "input_tokens", path: "/responses/input_tokens"})
	case "/v1/responses/compact":
		return post(method, endpoint{kind: kindGenerate, dialect: protocol.OpenAI, label: "responses_compact", path: "/responses/compact"})
	case "/v1/embeddings":
		return post(method, endpoint{kind: kindEmbed, dialect: protocol.OpenAI, label: "embeddings", path: "/embeddings"})
	case "/v1/messages":
		return post(method, endpoint{kind: kindGenerate, dialect: protocol.Anthropic, label: "messages", path: "/messages"})
	case "/v1/messages/count_tokens":
		return post(method, endpoint{kind: kindCount, dialect: protocol.Anthropic, label: "count_tokens", path: "/messages/count_tokens"})
	case "/v1/models":
		return get(method, endpoint{kind: kindModels, dialect: protocol.OpenAI, label: "models"})
	case "/v1beta/models":
		return get(method, endpoint{kind: kindModels, dialect: protocol.Gemini, label: "models"})
	case "/", "/health", "/healthz", "/ready", "/readyz": // Node.plain answers
		return endpoint{}, "GET, HEAD"
	}
	if rest, ok := strings.CutPrefix(path, "/v1beta/models/"); ok {
		return modelPath(method, rest, protocol.Gemini)
	}
	if rest, ok := strings.CutPrefix(path, "/v1/models/"); ok {
		return modelPath(method, rest, protocol.OpenAI)
	}
	return endpoint{}, ""
}

// modelPath reads what follows ".../models/": "{model}" or Gemini's
// "{model}:{method}". Models may hold slashes and colons, so the last colon
// divides, and only before a method of Gemini's API.
func modelPath(method, rest string, dialect protocol.Dialect) (endpoint, string) {
	model, verb := rest, ""
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		model, verb = rest[:i], rest[i+1:]
	}
	if model == "" {
		return endpoint{dialect: dialect}, ""
	}
	e := endpoint{dialect: protocol.Gemini, path: verb, model: model}
	switch verb {
	case "generateContent":
		e.kind, e.label = kindGenerate, "generate_content"
	case "streamGenerateContent":
		e.kind, e.label, e.stream = kindGenerate, "stream_generate_content", true
	case "countTokens":
		e.kind, e.label = kindCount, "gemini_count_tokens"
	case "embedContent":
		e.kind, e.label = kindEmbed, "embed_content"
	case "batchEmbedContents":
		e.kind, e.label = kindEmbed, "batch_embed_contents"
	default:
		if verb != "" && method == "POST" {
			return endpoint{dialect: protocol.Gemini}, "" // a method that the API does not have
		}
		return get(method, endpoint{kind: kindModel, dialect: dialect, label: "model", model: rest})
	}
	return post(method, e)
}

func post(method string, e endpoint) (endpoint, string) {
	if method != "POST" {
		return endpoint{dialect: e.dialect}, "POST"
	}
	return e, "POST"
}

func get(method string, e endpoint) (endpoint, string) {
	if method != "GET" && method != "HEAD" {
		return endpoint{dialect: e.dialect}, "GET, HEAD"
	}
	return e, "GET, HEAD"
}

// dialectOf guesses whose error form a path's caller understands, also where
// the path is unknown.
func dialectOf(path string) protocol.Dialect {
	switch {
	case strings.HasPrefix(path, "/v1/messages"), strings.HasPrefix(path, "/v1/complete"):
		return protocol.Anthropic
	case strings.HasPrefix(path, "/v1beta"), strings.HasPrefix(path, "/v1/models/") && strings.Contains(path, ":"):
		return protocol.Gemini
	default:
		return protocol.OpenAI
	}
}
