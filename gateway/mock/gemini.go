package mock

import (
	"encoding/json"
	"strings"
)

// gemini answers generateContent, streamed and not, countTokens, embeddings
// and the model list.
func (x *exchange) gemini(path string) {
	model, rest := strings.TrimPrefix(path, "/models/"), ""
	if i := strings.LastIndexByte(model, ':'); i > 0 {
		model, rest = model[:i], model[i+1:]
	}
	if x.r.Method == "GET" && rest == "" {
		switch {
		case path == "/models":
			x.json(200, map[string]any{"models": []any{geminiModel("gemini-mock")}})
			return
		case strings.HasPrefix(path, "/models/"):
			x.json(200, geminiModel(model))
			return
		}
	}
	checks := map[string]rule{"generateContent": generateRequest, "streamGenerateContent": generateRequest, "countTokens": geminiCount, "embedContent": geminiEmbed, "batchEmbedContents": geminiEmbeds}
	check := checks[rest]
	if x.r.Method != "POST" || !strings.HasPrefix(path, "/models/") || check == nil {
		x.fail(404, "Not found: "+path)
		return
	}
	x.in, _ = camel(x.in, "").(map[string]any)
	f := check("", any(x.in))
	if f == nil && checks[rest] != nil && strings.HasSuffix(strings.ToLower(rest), "generatecontent") {
		f = judgeGemini(x.in, model)
	}
	if f != nil {
		x.invalid(f)
		return
	}
	switch rest {
	case "countTokens":
		n := tokensOf(x.geminiPrompt())
		x.json(200, map[string]any{"totalTokens": n, "promptTokensDetails": []any{map[string]any{"modality": "TEXT", "tokenCount": n}}})
	case "embedContent":
		x.json(200, map[string]any{"embedding": embedded(x.in)})
	case "batchEmbedContents":
		list := []any{}
		for _, r := range objects(arr(x.in, "requests")) {
			list = append(list, embedded(r))
		}
		x.json(200, map[string]any{"embeddings": list})
	default:
		x.generate(model, rest == "streamGenerateContent")
	}
}

func geminiModel(id string) map[string]any {
	return map[string]any{
		"name": "models/" + id, "version": "mock", "displayName": "Mock", "inputTokenLimit": 1048576, "outputTokenLimit": 65536,
		"supportedGenerationMethods": []any{"generateContent", "streamGenerateContent", "countTokens", "embedContent"},
	}
}

func embedded(r map[string]any) any {
	size := 8
	if n, ok := num(r, "outputDimensionality"); ok {
		size = int(n)
	}
	return map[string]any{"values": vectorOf(r["content"], size)}
}

// geminiPrompt is the request in the order that its cache sees.
func (x *exchange) geminiPrompt() []segment {
	var prompt []segment
	raw := x.raw
	if inner := raw["generateContentRequest"]; inner != nil {
		raw = nil
		if json.Unmarshal(inner, &raw) != nil {
			return nil
		}
	}
	for _, name := range []string{"systemInstruction", "system_instruction", "tools", "contents"} {
		for _, part := range parts(raw[name]) {
			prompt = append(prompt, segment{bytes: stable(part)})
		}
	}
	return prompt
}

func (x *exchange) geminiQuestion(model string) question {
	in := x.in
	config := obj(in, "generationConfig")
	calling := obj(obj(in, "toolConfig"), "functionCallingConfig")
	q := question{choice: strings.ToLower(str(calling, "mode")), parallel: true, jsonOnly: str(config, "responseMimeType") == "application/json"}
	if allowed := arr(calling, "allowedFunctionNames"); len(allowed) > 0 {
		q.only = allowed[0].(string)
	}
	for _, t := range objects(arr(in, "tools")) {
		for _, d := range objects(arr(t, "functionDeclarations")) {
			schema := obj(d, "parametersJsonSchema")
			if schema == nil {
				schema = obj(d, "parameters")
			}
			q.tools = append(q.tools, tool{name: str(d, "name"), schema: schema})
		}
	}
	if q.schema = obj(config, "responseJsonSchema"); q.schema == nil {
		q.schema = obj(config, "responseSchema")
	}
	most, _ := num(config, "maxOutputTokens")
	q.most = int(most)
	for _, s := range arr(config, "stopSequences") {
		q.stops = append(q.stops, s.(string))
	}
	q.reasoning = flag(obj(config, "thinkingConfig"), "includeThoughts") && family(model) > 20
	for _, c := range objects(arr(in, "contents")) {
		if str(c, "role") == "model" {
			q.results = nil
			continue
		}
		q.resulted = holds(c, "functionResponse")
		for _, p := range objects(arr(c, "parts")) {
			if t := str(p, "text"); t != "" {
				q.user = t
			}
			if r := obj(p, "functionResponse"); r != nil {
				b, _ := json.Marshal(r["response"]) // came out of a decoder
				q.results = append(q.results, string(b))
			}
		}
	}
	return q
}

var geminiEnds = map[ending]string{endTurn: "STOP", endTools: "STOP", endLong: "MAX_TOKENS", endStop: "STOP"}

func (x *exchange) generate(model string, stream bool) {
	prompt := x.geminiPrompt()
	input, cached := tokensOf(prompt), x.p.cache.automatic(prompt, x.p.o.Now())
	a := x.answer(x.geminiQuestion(model))
	output, thoughts := a.tokens()
	output -= thoughts
	usage := map[string]any{
		"promptTokenCount": input, "candidatesTokenCount": output, "totalTokenCount": input + output + thoughts,
		"promptTokensDetails": []any{map[string]any{"modality": "TEXT", "tokenCount": input}},
	}
	if thoughts > 0 {
		usage["thoughtsTokenCount"] = thoughts
	}
	if cached > 0 {
		usage["cachedContentTokenCount"] = cached
	}
	finish := geminiEnds[a.end]
	if x.step.Stop != "" {
		finish = x.step.Stop
	}
	id := x.id("gemini", 0)
	frame := func(parts []any, last bool) map[string]any {
		candidate := map[string]any{"content": map[string]any{"role": "model", "parts": parts}, "index": 0}
		v := map[string]any{"candidates": []any{candidate}, "modelVersion": model, "responseId": id, "usageMetadata": map[string]any{"promptTokenCount": input, "totalTokenCount": input}}
		if last {
			candidate["finishReason"], v["usageMetadata"] = finish, usage
		}
		return v
	}
	pieces := x.geminiParts(a, model, stream)
	if !stream {
		x.json(200, frame(pieces, true))
		return
	}
	if x.r.URL.Query().Get("alt") != "sse" {
		list := make([]any, len(pieces))
		for i, p := range pieces {
			list[i] = frame([]any{p}, i == len(pieces)-1)
		}
		x.json(200, list)
		return
	}
	for i, p := range pieces {
		if !x.event("", frame([]any{p}, i == len(pieces)-1)) {
			return
		}
	}
}

// geminiParts writes the answer down; a stream gets a part for each word.
func (x *exchange) geminiParts(a answer, model string, stream bool) []any {
	var list []any
	if a.reasoning != "" {
		list = append(list, map[string]any{"text": a.reasoning, "thought": true})
	}
	words := a.words
	if !stream && len(words) > 0 {
		words = []string{a.text()}
	}
	for _, w := range words {
		list = append(list, map[string]any{"text": w})
	}
	for i, c := range a.calls {
		var args map[string]any
		if json.Unmarshal([]byte(c.args), &args) != nil {
			args = map[string]any{}
		}
		f := map[string]any{"name": c.name, "args": args}
		part := map[string]any{"functionCall": f}
		if family(model) >= 30 {
			f["id"] = c.id
			if i == 0 { // parallel calls have one signature, on the first
				part["thoughtSignature"] = callSignature(f)
			}
		}
		list = append(list, part)
	}
	if len(list) == 0 {
		list = append(list, map[string]any{"text": ""})
	}
	return list
}
