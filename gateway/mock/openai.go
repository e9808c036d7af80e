package mock

import (
	"fmt"
	"strings"
)

// openai answers Chat Completions, Responses, embeddings and the model list.
func (x *exchange) openai(path string) {
	switch x.r.Method + " " + path {
	case "POST /chat/completions":
		x.chat()
	case "POST /responses":
		x.responses()
	case "POST /embeddings":
		x.json(200, map[string]any{"object": "list", "model": x.in["model"], "data": []any{map[string]any{"object": "embedding", "index": 0, "embedding": []float64{0.1, 0.2, 0.3}}}, "usage": map[string]any{"prompt_tokens": len(x.body) / 4, "total_tokens": len(x.body) / 4}})
	case "POST /responses/input_tokens":
		x.json(200, map[string]any{"object": "response.input_tokens", "input_tokens": max(len(x.prompt())/4, 1)})
	case "GET /models":
		x.json(200, map[string]any{"object": "list", "data": []any{map[string]any{"id": "gpt-mock", "object": "model", "created": 1767225600, "owned_by": "mock"}}})
	default:
		x.fail(404, "Invalid URL ("+x.r.Method+" "+x.r.URL.Path+")")
	}
}

// automatic is the prompt cache of OpenAI and Gemini: from 1024 tokens on.
func automatic(cached int) int {
	if cached < 1024 {
		return 0
	}
	return cached
}

func (x *exchange) chat() {
	model, _ := x.in["model"].(string)
	messages, _ := x.in["messages"].([]any)
	if model == "" {
		x.fail(400, "you must provide a model parameter")
		return
	}
	if len(messages) == 0 {
		x.fail(400, "Missing required parameter: 'messages'.")
		return
	}
	input, cached := x.tokens()
	cached = automatic(cached)
	words := x.words()
	usage := map[string]any{
		"prompt_tokens": input, "completion_tokens": len(words), "total_tokens": input + len(words),
		"prompt_tokens_details": map[string]any{"cached_tokens": cached}, "completion_tokens_details": map[string]any{"reasoning_tokens": 0},
	}
	var names []string
	tools, _ := x.in["tools"].([]any)
	for _, t := range tools {
		if m, ok := t.(map[string]any); ok {
			if f, ok := m["function"].(map[string]any); ok {
				if n, ok := f["name"].(string); ok {
					names = append(names, n)
				}
			}
		}
	}
	tool, called := x.toolCall(names)
	id := fmt.Sprintf("chatcmpl-%s-%d", x.p.o.Name, x.serial)
	call := map[string]any{"id": fmt.Sprintf("call_%d", x.serial), "type": "function", "function": map[string]any{"name": tool, "arguments": "{}"}}
	finish := "stop"
	if called {
		finish = "tool_calls"
	}
	if stream, _ := x.in["stream"].(bool); !stream {
		message := map[string]any{"role": "assistant", "content": strings.Join(words, ""), "refusal": nil}
		if called {
			message["content"], message["tool_calls"] = nil, []any{call}
		}
		x.json(200, map[string]any{"id": id, "object": "chat.completion", "created": 1767225600, "model": model, "choices": []any{map[string]any{"index": 0, "message": message, "logprobs": nil, "finish_reason": finish}}, "usage": usage})
		return
	}
	options, _ := x.in["stream_options"].(map[string]any)
	include, _ := options["include_usage"].(bool)
	chunk := func(delta map[string]any, finish any) bool {
		return x.event("", map[string]any{"id": id, "object": "chat.completion.chunk", "created": 1767225600, "model": model, "choices": []any{map[string]any{"index": 0, "delta": delta, "logprobs": nil, "finish_reason": finish}}})
	}
	first := map[string]any{"role": "assistant", "content": ""}
	if called {
		call["index"] = 0
		first["tool_calls"], words = []any{call}, nil
	}
	if !chunk(first, nil) {
		return
	}
	for _, w := range words {
		if !chunk(map[string]any{"content": w}, nil) {
			return
		}
	}
	if !chunk(map[string]any{}, finish) {
		return
	}
	if include && !x.event("", map[string]any{"id": id, "object": "chat.completion.chunk", "created": 1767225600, "model": model, "choices": []any{}, "usage": usage}) {
		return
	}
	x.event("", "[DONE]")
}

func (x *exchange) responses() {
	model, _ := x.in["model"].(string)
	if model == "" || x.in["input"] == nil {
		x.fail(400, "Missing required parameter: 'input' or 'model'.")
		return
	}
	input, cached := x.tokens()
	cached = automatic(cached)
	words := x.words()
	text := strings.Join(words, "")
	id, item := fmt.Sprintf("resp_%s_%d", x.p.o.Name, x.serial), fmt.Sprintf("msg_%d", x.serial)
	part := func(t string) map[string]any {
		return map[string]any{"type": "output_text", "text": t, "annotations": []any{}, "logprobs": []any{}}
	}
	message := func(status string, content ...any) map[string]any {
		if content == nil {
			content = []any{}
		}
		return map[string]any{"type": "message", "id": item, "status": status, "role": "assistant", "content": content}
	}
	response := func(status string, output []any, usage any) map[string]any {
		return map[string]any{
			"id": id, "object": "response", "created_at": 1767225600, "status": status, "model": model, "output": output, "usage": usage,
			"error": nil, "incomplete_details": nil, "instructions": nil, "metadata": map[string]any{}, "parallel_tool_calls": true,
			"temperature": 1, "top_p": 1, "tool_choice": "auto", "tools": []any{}, "store": false, "text": map[string]any{"format": map[string]any{"type": "text"}},
		}
	}
	usage := map[string]any{"input_tokens": input, "input_tokens_details": map[string]any{"cached_tokens": cached}, "output_tokens": len(words), "output_tokens_details": map[string]any{"reasoning_tokens": 0}, "total_tokens": input + len(words)}
	done := response("completed", []any{message("completed", part(text))}, usage)
	if stream, _ := x.in["stream"].(bool); !stream {
		x.json(200, done)
		return
	}
	sequence := -1
	send := func(kind string, fields map[string]any) bool {
		sequence++
		fields["type"], fields["sequence_number"] = kind, sequence
		return x.event(kind, fields)
	}
	at := func(fields map[string]any) map[string]any {
		fields["item_id"], fields["output_index"], fields["content_index"] = item, 0, 0
		return fields
	}
	ok := send("response.created", map[string]any{"response": response("in_progress", []any{}, nil)}) &&
		send("response.in_progress", map[string]any{"response": response("in_progress", []any{}, nil)}) &&
		send("response.output_item.added", map[string]any{"output_index": 0, "item": message("in_progress")}) &&
		send("response.content_part.added", at(map[string]any{"part": part("")}))
	for i := 0; ok && i < len(words); i++ {
		ok = send("response.output_text.delta", at(map[string]any{"delta": words[i], "logprobs": []any{}}))
	}
	_ = ok && send("response.output_text.done", at(map[string]any{"text": text, "logprobs": []any{}})) &&
		send("response.content_part.done", at(map[string]any{"part": part(text)})) &&
		send("response.output_item.done", map[string]any{"output_index": 0, "item": message("completed", part(text))}) &&
		send("response.completed", map[string]any{"response": done})
}
