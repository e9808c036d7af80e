package mock

import (
	"slices"
	"strings"
)

// gpt is what an OpenAI model accepts. Other names are other servers' models,
// and accept what their server does.
type gpt struct {
	known     bool
	reasons   bool // by default
	canReason bool
	none      bool // effort none is accepted
}

func gptOf(model string) gpt {
	has := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(model, p) })
	}
	switch {
	case has("gpt-5-chat", "gpt-4", "gpt-3", "chatgpt"):
		return gpt{known: true}
	case has("gpt-5.5-pro", "gpt-5.4-pro", "gpt-5.2-pro", "gpt-5.1-chat", "gpt-5.2-chat", "gpt-5.3-chat", "gpt-5.1-codex"):
		return gpt{known: true, reasons: true, canReason: true}
	case has("gpt-5.5", "gpt-5.6"):
		return gpt{known: true, reasons: true, canReason: true, none: true}
	case has("gpt-5.1", "gpt-5.2", "gpt-5.3", "gpt-5.4"):
		return gpt{known: true, canReason: true, none: true}
	case has("gpt-5", "o1", "o3", "o4"):
		return gpt{known: true, reasons: true, canReason: true}
	}
	return gpt{}
}

// judgeModel applies what a reasoning model refuses; effort is the request's.
func judgeModel(in map[string]any, at, effort string) *fault {
	g := gptOf(str(in, "model"))
	if !g.known {
		return nil
	}
	switch {
	case effort != "" && !g.canReason:
		return wrong("", "Unsupported parameter: '%s' is not supported with this model.", at)
	case effort == "none" && !g.none:
		return wrong("", "Unsupported value: '%s' does not support 'none' with this model.", at)
	case effort == "none" || !g.reasons && effort == "":
		return nil
	}
	if t, ok := num(in, "temperature"); ok && t != 1 {
		return wrong("", "Unsupported value: 'temperature' does not support %v with this model. Only the default (1) value is supported.", t)
	}
	if t, ok := num(in, "top_p"); ok && t != 1 {
		return wrong("", "Unsupported parameter: 'top_p' is not supported with this model.")
	}
	for _, name := range []string{"presence_penalty", "frequency_penalty"} {
		if n, ok := num(in, name); ok && n != 0 {
			return wrong("", "Unsupported parameter: '%s' is not supported with this model.", name)
		}
	}
	for _, name := range []string{"logit_bias", "top_logprobs", "max_tokens"} {
		if in[name] != nil {
			return wrong("", "Unsupported parameter: '%s' is not supported with this model.", name)
		}
	}
	if flag(in, "logprobs") {
		return wrong("", "Unsupported parameter: 'logprobs' is not supported with this model.")
	}
	return nil
}

// judgeChat applies the rules that hold between the fields of a request.
func judgeChat(in map[string]any) *fault {
	if f := judgeModel(in, "reasoning_effort", str(in, "reasoning_effort")); f != nil {
		return f
	}
	switch {
	case in["stream_options"] != nil && !flag(in, "stream"):
		return wrong("stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
	case in["max_tokens"] != nil && in["max_completion_tokens"] != nil:
		return wrong("", "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
	case in["top_logprobs"] != nil && !flag(in, "logprobs"):
		return wrong("top_logprobs", "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.")
	}
	if f := judgeChatTools(in); f != nil {
		return f
	}
	format := obj(in, "response_format")
	switch str(format, "type") {
	case "json_object":
		if !mentionsJSON(in["messages"]) {
			return wrong("messages", "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.")
		}
	case "json_schema":
		s := obj(format, "json_schema")
		if flag(s, "strict") {
			if f := everyRequired("response_format.json_schema.schema", obj(s, "schema")); f != nil {
				return f
			}
		}
	}
	return judgeChatTurns(objects(arr(in, "messages")))
}

func judgeChatTools(in map[string]any) *fault {
	names := map[string]bool{}
	for i, t := range objects(arr(in, "tools")) {
		f := obj(t, str(t, "type"))
		names[str(f, "name")] = true
		if p := obj(f, "parameters"); p != nil {
			at := item("tools", i) + ".function.parameters"
			if fault := functionSchema(at, p); fault != nil {
				return fault
			}
			if flag(f, "strict") {
				if fault := everyRequired(at, p); fault != nil {
					return fault
				}
			}
		}
	}
	if len(names) == 0 {
		for _, name := range []string{"tool_choice", "parallel_tool_calls"} {
			if in[name] != nil {
				return wrong(name, "'%s' is only allowed when 'tools' are specified.", name)
			}
		}
	}
	choice := obj(in, "tool_choice")
	if name := str(obj(choice, str(choice, "type")), "name"); name != "" && !names[name] {
		return wrong("tool_choice", "Tool choice '%s' not found in 'tools' parameter.", name)
	}
	return nil
}

// functionSchema is what any tool's parameters must be.
func functionSchema(at string, s map[string]any) *fault {
	kind, given := s["type"]
	switch {
	case len(s) == 0:
		return nil
	case !given && s["$ref"] == nil && s["anyOf"] == nil, given && kind != "object":
		return wrong(at, "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"%v\"'.", kind)
	case given && s["properties"] == nil:
		return wrong(at, "object schema missing properties.")
	}
	return nil
}

// everyRequired is what strict asks of a schema.
func everyRequired(at string, s map[string]any) *fault {
	if s == nil {
		return nil
	}
	properties := obj(s, "properties")
	if str(s, "type") == "object" {
		if closed, ok := s["additionalProperties"].(bool); !ok || closed {
			return wrong(at, "'additionalProperties' is required to be supplied and to be false.")
		}
		required := arr(s, "required")
		for _, name := range sortedKeys(properties) {
			if !slices.Contains(required, any(name)) {
				return wrong(at, "'required' is required to be supplied and to be an array including every key in properties. Missing '%s'.", name)
			}
		}
	}
	for _, group := range []map[string]any{properties, obj(s, "$defs")} {
		for _, name := range sortedKeys(group) {
			if f := everyRequired(join(at, name), obj(group, name)); f != nil {
				return f
			}
		}
	}
	for _, sub := range objects(arr(s, "anyOf")) {
		if f := everyRequired(at, sub); f != nil {
			return f
		}
	}
	return everyRequired(join(at, "items"), obj(s, "items"))
}

func mentionsJSON(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(strings.ToLower(v), "json")
	case []any:
		return slices.ContainsFunc(v, mentionsJSON)
	case map[string]any:
		return mentionsJSON(v["content"]) || mentionsJSON(v["text"])
	}
	return false
}

// judgeChatTurns: each call is answered before anything else is said.
func judgeChatTurns(messages []map[string]any) *fault {
	var open []string
	for i, m := range messages {
		at := item("messages", i)
		if str(m, "role") == "tool" {
			j := slices.Index(open, str(m, "tool_call_id"))
			if j < 0 {
				return wrong("", "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'. (%s: '%s')", brackets(at), str(m, "tool_call_id"))
			}
			open = slices.Delete(open, j, j+1)
			continue
		}
		if len(open) > 0 {
			return unansweredCalls(open)
		}
		if str(m, "role") != "assistant" {
			continue
		}
		for _, c := range objects(arr(m, "tool_calls")) {
			if slices.Contains(open, str(c, "id")) {
				return wrong(at, "Duplicate tool call id '%s'.", str(c, "id"))
			}
			open = append(open, str(c, "id"))
		}
		if m["content"] == nil && len(open) == 0 && m["function_call"] == nil && m["refusal"] == nil && m["audio"] == nil {
			return wrong(join(at, "content"), "expected a string, got null.")
		}
	}
	if len(open) > 0 {
		return unansweredCalls(open)
	}
	return nil
}

func unansweredCalls(open []string) *fault {
	return wrong("", "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: %s", strings.Join(open, ", "))
}
