package gateway_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// chatRequest is a chat of 1 KB.
func chatRequest(stream bool) string {
	const frame = `{"model":"gpt-5","stream":%t,"stream_options":{"include_usage":true},"messages":[{"role":"system","content":"You answer in one sentence."},{"role":"user","content":%q}]}`
	empty := fmt.Sprintf(frame, stream, "")
	return fmt.Sprintf(frame, stream, prose(1024-len(empty)))
}

const chatAnswer = `{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":1772000000,"model":"gpt-5-2026-01-14","choices":[{"index":0,"message":{"role":"assistant","content":"The ring gives every key to one node, and that node keeps the key with the instance whose prompt cache is warm, so that the provider reads most of the prompt from its cache.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":219,"completion_tokens":36,"total_tokens":255,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp_50cad350e4"}`

// streamEvents is how many events a stream has.
const streamEvents = 200

// chatEvents are the events of a chat stream, the last ones its usage and end.
func chatEvents() []string {
	const id = `{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1772000000,"model":"gpt-5-2026-01-14","service_tier":"default","system_fingerprint":"fp_50cad350e4",`
	var events []string
	for i := range streamEvents - 2 {
		events = append(events, fmt.Sprintf("data: %s\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word%d\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n", id, i))
	}
	return append(events,
		"data: "+id+`"choices":[],"usage":{"prompt_tokens":219,"completion_tokens":198,"total_tokens":417,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}`+"\n\n",
		"data: [DONE]\n\n")
}

// agentRequest is what a coding agent sends in the middle of its work: a long
// system prompt, some twenty tools with their schemas, and turns of tool calls
// with files as their results. It has 75 KB.
func agentRequest() string {
	type m = map[string]any
	cached := m{"type": "ephemeral"}
	var tools []any
	for i := range 20 {
		properties := m{}
		for j := range 4 {
			properties[fmt.Sprintf("parameter_%d", j)] = m{"type": "string", "description": prose(120)}
		}
		tools = append(tools, m{"name": fmt.Sprintf("tool_%d", i), "description": prose(700), "input_schema": m{"type": "object", "properties": properties, "required": []string{"parameter_0"}, "additionalProperties": false}})
	}
	messages := []any{m{"role": "user", "content": []any{m{"type": "text", "text": prose(600)}}}}
	body := func() string {
		b, err := json.Marshal(m{
			"model": "claude-sonnet-5", "max_tokens": 32000, "temperature": 1, "stream": false,
			"metadata": m{"user_id": "user_6f1e_account__session_0d1c8f52-7a6e-4c0c-9c4e-1f6a2b7d9e35"},
			"system":   []any{m{"type": "text", "text": "You are a coding agent."}, m{"type": "text", "text": prose(14000), "cache_control": cached}},
			"tools":    tools, "messages": messages,
		})
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	for i := 0; ; i++ {
		missing := 75<<10 - len(body())
		if missing < 400 {
			return body()
		}
		id := fmt.Sprintf("toolu_%024d", i)
		messages = append(messages,
			m{"role": "assistant", "content": []any{m{"type": "text", "text": prose(80)}, m{"type": "tool_use", "id": id, "name": "tool_1", "input": m{"parameter_0": "gateway/edge.go"}}}},
			m{"role": "user", "content": []any{m{"type": "tool_result", "tool_use_id": id, "content": source(min(4000, missing-380))}}})
	}
}

// prose is n bytes of words.
func prose(n int) string {
	const words = "Route the request to the state; do not copy the state to the requests. A node that leaves gives its keys to the next one. "
	return strings.Repeat(words, n/len(words)+1)[:n]
}

// source is about n bytes of program text: quotes, tabs and line ends, which
// JSON escapes.
func source(n int) string {
	const lines = "\tif err := json.Unmarshal(body, &request); err != nil {\n\t\treturn fmt.Errorf(\"decode %q: %w\", name, err)\n\t}\n"
	return strings.Repeat(lines, n*len(lines)/(len(lines)+12)/len(lines)+1)
}
