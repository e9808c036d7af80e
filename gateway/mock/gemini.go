package mock

import (
	"fmt"
	"strings"
)

// gemini answers generateContent, streamed and not, and countTokens.
func (x *exchange) gemini(path string) {
	if x.r.Method == "GET" && path == "/models" {
		x.json(200, map[string]any{"models": []any{map[string]any{"name": "models/gemini-mock", "displayName": "Mock", "supportedGenerationMethods": []any{"generateContent"}}}})
		return
	}
	i := strings.LastIndexByte(path, ':')
	if x.r.Method != "POST" || !strings.HasPrefix(path, "/models/") || i < 0 {
		x.fail(404, "Not found: "+path)
		return
	}
	model := strings.TrimPrefix(path[:i], "/models/")
	contents, _ := x.in["contents"].([]any)
	switch verb := path[i+1:]; verb {
	case "countTokens":
		x.json(200, map[string]any{"totalTokens": max(len(x.prompt())/4, 1)})
	case "embedContent":
		x.json(200, map[string]any{"embedding": map[string]any{"values": []float64{0.1, 0.2, 0.3}}})
	case "generateContent", "streamGenerateContent":
		if len(contents) == 0 {
			x.fail(400, "* GenerateContentRequest.contents: contents is not specified")
			return
		}
		x.generate(model, verb == "streamGenerateContent")
	default:
		x.fail(404, "Not found: "+path)
	}
}

func (x *exchange) generate(model string, stream bool) {
	input, cached := x.tokens()
	cached = automatic(cached)
	words := x.words()
	usage := map[string]any{"promptTokenCount": input, "candidatesTokenCount": len(words), "totalTokenCount": input + len(words)}
	if cached > 0 {
		usage["cachedContentTokenCount"] = cached
	}
	answer := func(text string, last bool) map[string]any {
		candidate := map[string]any{"content": map[string]any{"role": "model", "parts": []any{map[string]any{"text": text}}}, "index": 0}
		v := map[string]any{"candidates": []any{candidate}, "modelVersion": model, "responseId": fmt.Sprintf("%s-%d", x.p.o.Name, x.serial)}
		if last {
			candidate["finishReason"], v["usageMetadata"] = "STOP", usage
		}
		return v
	}
	if !stream {
		x.json(200, answer(strings.Join(words, ""), true))
		return
	}
	if x.r.URL.Query().Get("alt") != "sse" {
		list := make([]any, len(words))
		for i, w := range words {
			list[i] = answer(w, i == len(words)-1)
		}
		x.json(200, list)
		return
	}
	for i, w := range words {
		if !x.event("", answer(w, i == len(words)-1)) {
			return
		}
	}
}
