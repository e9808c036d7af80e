package mock

import (
	"fmt"
	"strings"
)

// anthropic answers the Messages API.
func (x *exchange) anthropic(path string) {
	if x.r.Header.Get("Anthropic-Version") == "" && x.r.Method == "POST" {
		x.fail(400, "anthropic-version: header is required")
		return
	}
	switch x.r.Method + " " + path {
	case "POST /messages":
		x.message()
	case "POST /messages/count_tokens":
		x.json(200, map[string]any{"input_tokens": max(len(x.prompt())/4, 1)})
	case "GET /models":
		x.json(200, map[string]any{"data": []any{map[string]any{"type": "model", "id": "claude-mock", "display_name": "Mock", "created_at": "2026-01-01T00:00:00Z"}}, "has_more": false, "first_id": "claude-mock", "last_id": "claude-mock"})
	default:
		x.fail(404, "Not found: "+path)
	}
}

func (x *exchange) message() {
	model, _ := x.in["model"].(string)
	messages, _ := x.in["messages"].([]any)
	_, hasMax := x.in["max_tokens"].(float64)
	switch {
	case model == "":
		x.fail(400, "model: Field required")
		return
	case !hasMax:
		x.fail(400, "max_tokens: Field required")
		return
	case len(messages) == 0:
		x.fail(400, "messages: at least one message is required")
		return
	case strings.Count(string(x.body), `"cache_control"`) > 4:
		x.fail(400, "A maximum of 4 blocks with cache_control may be provided.")
		return
	}
	input, cached := x.tokens()
	if !strings.Contains(string(x.body), `"cache_control"`) {
		cached = 0 // nothing is cached that was not marked
	}
	words := x.words()
	usage := func(output int) map[string]any {
		return map[string]any{"input_tokens": input - cached, "cache_read_input_tokens": cached, "cache_creation_input_tokens": 0, "output_tokens": output}
	}
	var names []string
	tools, _ := x.in["tools"].([]any)
	for _, t := range tools {
		if m, ok := t.(map[string]any); ok {
			if n, ok := m["name"].(string); ok {
				names = append(names, n)
			}
		}
	}
	id := fmt.Sprintf("msg_%s_%d", x.p.o.Name, x.serial)
	tool, called := x.toolCall(names)
	stop := "end_turn"
	if called {
		stop = "tool_use"
	}
	toolBlock := map[string]any{"type": "tool_use", "id": fmt.Sprintf("toolu_%d", x.serial), "name": tool, "input": map[string]any{}}
	if stream, _ := x.in["stream"].(bool); !stream {
		content := []any{map[string]any{"type": "text", "text": strings.Join(words, "")}}
		if called {
			content = []any{toolBlock}
		}
		x.json(200, map[string]any{"id": id, "type": "message", "role": "assistant", "model": model, "content": content, "stop_reason": stop, "stop_sequence": nil, "usage": usage(len(words))})
		return
	}
	start := map[string]any{"id": id, "type": "message", "role": "assistant", "model": model, "content": []any{}, "stop_reason": nil, "stop_sequence": nil, "usage": usage(1)}
	if !x.event("message_start", map[string]any{"type": "message_start", "message": start}) {
		return
	}
	block := map[string]any{"type": "text", "text": ""}
	if called {
		block = toolBlock
	}
	if !x.event("content_block_start", map[string]any{"type": "content_block_start", "index": 0, "content_block": block}) ||
		!x.event("ping", map[string]any{"type": "ping"}) {
		return
	}
	if called {
		words = []string{"{}"}
	}
	for _, w := range words {
		delta := map[string]any{"type": "text_delta", "text": w}
		if called {
			delta = map[string]any{"type": "input_json_delta", "partial_json": w}
		}
		if !x.event("content_block_delta", map[string]any{"type": "content_block_delta", "index": 0, "delta": delta}) {
			return
		}
	}
	_ = x.event("content_block_stop", map[string]any{"type": "content_block_stop", "index": 0}) &&
		x.event("message_delta", map[string]any{"type": "message_delta", "delta": map[string]any{"stop_reason": stop, "stop_sequence": nil}, "usage": map[string]any{"output_tokens": len(words)}}) &&
		x.event("message_stop", map[string]any{"type": "message_stop"})
}
