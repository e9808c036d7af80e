package mock

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
)

// openai answers Chat Completions, Responses, embeddings and the model list.
func (x *exchange) openai(path string) {
	id, one := strings.CutPrefix(path, "/models/")
	refused := func(check rule, rules func(map[string]any) *fault) bool {
		f := check("", any(x.in))
		if f == nil && rules != nil {
			f = rules(x.in)
		}
		if f != nil {
			x.invalid(f)
		}
		return f != nil
	}
	switch {
	case x.r.Method == "POST" && path == "/chat/completions":
		if !refused(chatRequest, judgeChat) {
			x.chat()
		}
	case x.r.Method == "POST" && path == "/responses":
		if !refused(responsesRequest, judgeResponses) {
			x.responses()
		}
	case x.r.Method == "POST" && path == "/responses/input_tokens":
		x.json(200, map[string]any{"object": "response.input_tokens", "input_tokens": tokensOf(x.openaiPrompt())})
	case x.r.Method == "POST" && path == "/embeddings":
		if !refused(embeddingRequest, nil) {
			x.embeddings()
		}
	case x.r.Method == "GET" && path == "/models":
		x.json(200, map[string]any{"object": "list", "data": []any{openaiModel("gpt-mock")}})
	case x.r.Method == "GET" && one && id != "":
		x.json(200, openaiModel(id))
	default:
		x.fail(404, "Invalid URL ("+x.r.Method+" "+x.r.URL.Path+")")
	}
}

// made is the creation time of everything that a stand-in makes.
const made = 1767225600

func openaiModel(id string) map[string]any {
	return map[string]any{"id": id, "object": "model", "created": made, "owned_by": "mock"}
}

// openaiPrompt is the request in the order that its cache sees.
func (x *exchange) openaiPrompt() []segment {
	prompt := []segment{{bytes: x.raw["model"]}}
	for _, name := range []string{"tools", "instructions", "messages", "input"} {
		for _, raw := range parts(x.raw[name]) {
			prompt = append(prompt, segment{bytes: stable(raw)})
		}
	}
	return prompt
}

func (x *exchange) embeddings() {
	inputs := []any{x.in["input"]}
	if list, ok := x.in["input"].([]any); ok && kindOf(list[0]) != "integer" {
		inputs = list
	}
	size := 8
	if n, ok := num(x.in, "dimensions"); ok {
		size = int(n)
	}
	data := make([]any, len(inputs))
	for i, in := range inputs {
		vector := vectorOf(in, size)
		var e any = vector
		if str(x.in, "encoding_format") == "base64" {
			b := make([]byte, 0, 4*size)
			for _, f := range vector {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
			}
			e = base64.StdEncoding.EncodeToString(b)
		}
		data[i] = map[string]any{"object": "embedding", "index": i, "embedding": e}
	}
	n := max(len(x.raw["input"])/4, 1)
	x.json(200, map[string]any{"object": "list", "model": x.in["model"], "data": data, "usage": map[string]any{"prompt_tokens": n, "total_tokens": n}})
}

// vectorOf is the same for the same input, of length 1.
func vectorOf(in any, size int) []float32 {
	b, _ := json.Marshal(in) // came out of a decoder
	v := make([]float32, size)
	norm := 0.0
	for i := range v {
		h := uint32(2166136261 + i)
		for _, c := range b {
			h = (h ^ uint32(c)) * 16777619
		}
		f := float64(h%2001)/1000 - 1
		v[i] = float32(f)
		norm += f * f
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(max(norm, 1e-9)))
	}
	return v
}

func (x *exchange) chatQuestion() question {
	in := x.in
	q := question{choice: "auto", parallel: in["parallel_tool_calls"] != false}
	for _, t := range objects(arr(in, "tools")) {
		f := obj(t, str(t, "type"))
		q.tools = append(q.tools, tool{name: str(f, "name"), schema: obj(f, "parameters"), raw: str(t, "type") == "custom"})
	}
	if s := str(in, "tool_choice"); s != "" {
		q.choice = s
	}
	choice := obj(in, "tool_choice")
	q.only = str(obj(choice, str(choice, "type")), "name")
	if allowed := objects(arr(obj(choice, "allowed_tools"), "tools")); len(allowed) > 0 {
		q.only = str(obj(allowed[0], str(allowed[0], "type")), "name")
	}
	format := obj(in, "response_format")
	q.schema, q.jsonOnly = obj(obj(format, "json_schema"), "schema"), str(format, "type") == "json_object"
	for _, name := range []string{"max_tokens", "max_completion_tokens"} {
		if n, ok := num(in, name); ok {
			q.most = int(n)
		}
	}
	if s := str(in, "stop"); s != "" {
		q.stops = []string{s}
	}
	for _, s := range arr(in, "stop") {
		q.stops = append(q.stops, s.(string))
	}
	for _, m := range objects(arr(in, "messages")) {
		switch str(m, "role") {
		case "user":
			q.user, q.results, q.resulted = plain(m["content"]), nil, false
		case "assistant":
			q.results = nil
		case "tool":
			q.resulted = true
			q.results = append(q.results, plain(m["content"]))
		}
	}
	return q
}

var openaiEnds = map[ending]string{endTurn: "stop", endTools: "tool_calls", endLong: "length", endStop: "stop"}

// hidden is how many tokens a model thinks that does not show its thoughts.
func hidden(model, effort string) int {
	g := gptOf(model)
	if effort == "none" || effort == "" && !g.reasons {
		return 0
	}
	return 64
}

func (x *exchange) chat() {
	prompt := x.openaiPrompt()
	input, cached := tokensOf(prompt), x.p.cache.automatic(prompt, x.p.o.Now())
	a := x.answer(x.chatQuestion())
	output, reasoning := a.tokens()
	if a.reasoning == "" {
		reasoning = hidden(str(x.in, "model"), str(x.in, "reasoning_effort"))
		output += reasoning
	}
	usage := map[string]any{
		"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
		"prompt_tokens_details":     map[string]any{"cached_tokens": cached, "audio_tokens": 0},
		"completion_tokens_details": map[string]any{"reasoning_tokens": reasoning, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
	}
	finish := openaiEnds[a.end]
	if x.step.Stop != "" {
		finish = x.step.Stop
	}
	id := "chatcmpl-" + x.id("chat", 0)
	if flag(x.in, "stream") {
		x.chatStream(id, a, finish, usage)
		return
	}
	message := map[string]any{"role": "assistant", "content": a.text(), "refusal": nil, "annotations": []any{}}
	if len(a.calls) > 0 {
		message["content"] = nil
		var list []any
		for _, c := range a.calls {
			list = append(list, c.chat())
		}
		message["tool_calls"] = list
	}
	if a.reasoning != "" {
		message["reasoning_content"] = a.reasoning
	}
	n, choices := 1.0, []any{}
	if v, ok := num(x.in, "n"); ok {
		n = v
	}
	for i := range int(n) {
		choices = append(choices, map[string]any{"index": i, "message": message, "logprobs": nil, "finish_reason": finish})
	}
	x.json(200, map[string]any{
		"id": id, "object": "chat.completion", "created": made, "model": x.in["model"], "choices": choices, "usage": usage,
		"service_tier": "default", "system_fingerprint": nil,
	})
}

func (c call) chat() map[string]any {
	if c.raw {
		return map[string]any{"id": "call_" + c.id, "type": "custom", "custom": map[string]any{"name": c.name, "input": c.args}}
	}
	return map[string]any{"id": "call_" + c.id, "type": "function", "function": map[string]any{"name": c.name, "arguments": c.args}}
}

func (x *exchange) chatStream(id string, a answer, finish string, usage map[string]any) {
	include := flag(obj(x.in, "stream_options"), "include_usage")
	send := func(choices []any, usage any) bool {
		v := map[string]any{"id": id, "object": "chat.completion.chunk", "created": made, "model": x.in["model"], "choices": choices, "service_tier": "default", "system_fingerprint": nil}
		if include {
			v["usage"] = usage
		}
		return x.event("", v)
	}
	chunk := func(delta map[string]any, finish any) bool {
		return send([]any{map[string]any{"index": 0, "delta": delta, "logprobs": nil, "finish_reason": finish}}, nil)
	}
	first := map[string]any{"role": "assistant", "content": "", "refusal": nil}
	if len(a.calls) > 0 {
		first["content"] = nil
	}
	if !chunk(first, nil) {
		return
	}
	if a.reasoning != "" && !chunk(map[string]any{"reasoning_content": a.reasoning}, nil) {
		return
	}
	for i, c := range a.calls {
		start := c.chat()
		start["index"] = i
		inside, name := start[start["type"].(string)].(map[string]any), "arguments"
		if c.raw {
			name = "input"
		}
		inside[name] = ""
		if !chunk(map[string]any{"tool_calls": []any{start}}, nil) {
			return
		}
		for _, piece := range halves(c.args) {
			if !chunk(map[string]any{"tool_calls": []any{map[string]any{"index": i, start["type"].(string): map[string]any{name: piece}}}}, nil) {
				return
			}
		}
	}
	for _, w := range a.words {
		if !chunk(map[string]any{"content": w}, nil) {
			return
		}
	}
	if !chunk(map[string]any{}, finish) || include && !send([]any{}, usage) {
		return
	}
	x.event("", "[DONE]")
}
