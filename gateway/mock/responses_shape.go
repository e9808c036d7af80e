package mock

import (
	"slices"
	"strings"
)

// The request of the Responses API as the real one checks it. Items and tools
// that the provider runs itself pass as they are: no conversion makes them.

var (
	callID    = sized(1, 64)
	inputPart = tagged("type", map[string]rule{
		"input_text":  object(fields{"type!": anything, "text!": text, "prompt_cache_breakpoint": anything}),
		"input_image": object(fields{"type!": anything, "image_url": nullable(imageAddress), "file_id": nullableText, "detail": nullable(oneOf("auto", "low", "high", "original")), "prompt_cache_breakpoint": anything}),
		"input_file":  object(fields{"type!": anything, "file_data": nullable(dataAddress), "file_id": nullableText, "file_url": nullable(webAddress), "filename": text, "detail": text, "prompt_cache_breakpoint": anything}),
	})
	inputParts = textOr(listOf(inputPart, 0, 0))
	outputPart = tagged("type", map[string]rule{
		"output_text": object(fields{"type!": anything, "text!": text, "annotations": listOf(anyObject, 0, 0), "logprobs": nullable(listOf(anyObject, 0, 0))}),
		"refusal":     object(fields{"type!": anything, "refusal!": text}),
		"input_text":  anyObject,
	})
	messageItem = func(at string, v any) *fault {
		parts := inputParts
		if m, _ := v.(map[string]any); str(m, "role") == "assistant" {
			parts = textOr(listOf(outputPart, 0, 0))
		}
		return object(fields{
			"type": oneOf("message"), "role!": oneOf("user", "assistant", "system", "developer"), "content!": parts, "phase": nullableText,
			"id": nullableText, "status": itemStatus, "internal_chat_message_metadata_passthrough": anything,
		})(at, v)
	}
	itemStatus = nullable(oneOf("in_progress", "completed", "incomplete"))

	inputItems = map[string]rule{
		"message": messageItem,
		"function_call": object(fields{
			"type!": anything, "call_id!": callID, "name!": matches(`^[a-zA-Z0-9_-]{1,128}$`), "arguments!": text, "id": nullableText, "status": itemStatus,
			"namespace": nullableText, "caller": anything, "async": boolean,
		}),
		"function_call_output": object(fields{
			"type!": anything, "call_id!": callID, "output!": inputParts, "id": nullableText, "status": itemStatus, "name": nullableText, "namespace": nullableText, "caller": anything,
		}),
		"custom_tool_call":        object(fields{"type!": anything, "call_id!": callID, "name!": text, "input!": text, "id": nullableText, "status": itemStatus, "namespace": nullableText, "caller": anything}),
		"custom_tool_call_output": object(fields{"type!": anything, "call_id!": callID, "output!": inputParts, "id": nullableText, "caller": anything}),
		"reasoning": object(fields{
			"type!": anything, "id": nullableText, "status": itemStatus, "encrypted_content": nullableText,
			"summary!": listOf(object(fields{"type!": oneOf("summary_text"), "text!": text}), 0, 0),
			"content":  nullable(listOf(object(fields{"type!": oneOf("reasoning_text"), "text!": text}), 0, 0)),
		}),
		"item_reference": object(fields{"type!": anything, "id!": text}),
	}

	// hostedItems end so; the provider's own tools made them.
	hostedItems = []string{"_call", "_call_output", "_output", "compaction", "compaction_trigger", "additional_tools", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "program", "configuration_update"}

	responsesFunction = object(fields{
		"type!": anything, "name!": matches(`^[a-zA-Z0-9_-]{1,128}$`), "description": nullableText, "parameters": nullable(anyObject), "strict": nullable(boolean),
		"output_schema": nullable(anyObject), "defer_loading": boolean, "allowed_callers": nullable(listOf(text, 0, 0)), "async": boolean,
	})
	responsesCustom = object(fields{"type!": anything, "name!": text, "description": text, "format": anyObject, "defer_loading": boolean, "allowed_callers": nullable(listOf(text, 0, 0))})

	hostedTools = []string{
		"file_search", "computer", "computer_use_preview", "web_search", "web_search_2025_08_26", "mcp", "code_interpreter", "programmatic_tool_calling",
		"image_generation", "local_shell", "shell", "namespace", "tool_search", "web_search_preview", "web_search_preview_2025_03_11", "apply_patch",
	}

	responsesChoice = func(at string, v any) *fault {
		if s, ok := v.(string); ok {
			return oneOf("none", "auto", "required")(at, s)
		}
		m, ok := v.(map[string]any)
		if ok && slices.Contains(hostedTools, str(m, "type")) {
			return nil
		}
		return tagged("type", map[string]rule{
			"function":      object(fields{"type!": anything, "name!": text}),
			"custom":        object(fields{"type!": anything, "name!": text}),
			"allowed_tools": object(fields{"type!": anything, "mode!": oneOf("auto", "required"), "tools!": listOf(anyObject, 1, 0)}),
		})(at, v)
	}

	responsesFormat = tagged("type", map[string]rule{
		"text": object(fields{"type!": anything}), "json_object": object(fields{"type!": anything}),
		"json_schema": object(fields{"type!": anything, "name!": functionName, "description": text, "schema!": anyObject, "strict": nullable(boolean)}),
	})

	responsesRequest = object(shared.with(fields{
		"input": textOr(listOf(inputItem, 0, 0)), "instructions": nullableText, "previous_response_id": nullableText,
		"tools": listOf(responsesTool, 0, 0), "tool_choice": responsesChoice, "max_output_tokens": nullable(integer(16, 1e9)),
		"max_tool_calls": nullable(integer(1, 1e9)), "background": nullable(boolean), "truncation": nullable(oneOf("auto", "disabled")),
		"include": nullable(listOf(text, 0, 0)), "prompt": nullable(anyObject), "conversation": anything, "context_management": anything,
		"reasoning": nullable(object(fields{
			"effort": effort, "summary": nullable(oneOf("auto", "concise", "detailed")), "generate_summary": nullable(oneOf("auto", "concise", "detailed")),
			"context": nullableText, "mode": text,
		})),
		"text":            object(fields{"format": responsesFormat, "verbosity": nullable(oneOf("low", "medium", "high"))}),
		"access_programs": anyObject, "image": anyObject, "client_metadata": anyObject,
	}))
)

func inputItem(at string, v any) *fault {
	m, ok := v.(map[string]any)
	if !ok {
		return typeFault(at, "object", v)
	}
	kind := str(m, "type")
	if m["role"] != nil && m["type"] == nil {
		kind = "message"
	}
	switch r := inputItems[kind]; {
	case r != nil:
		return r(at, v)
	case kind != "" && slices.ContainsFunc(hostedItems, func(end string) bool { return strings.HasSuffix(kind, end) }):
		return nil
	}
	return wrong(join(at, "type"), "'%s' is no type of an input item", kind)
}

func responsesTool(at string, v any) *fault {
	m, ok := v.(map[string]any)
	if ok && slices.Contains(hostedTools, str(m, "type")) {
		return nil
	}
	return tagged("type", map[string]rule{"function": responsesFunction, "custom": responsesCustom})(at, v)
}

// judgeResponses applies the rules that hold between the fields of a request.
func judgeResponses(in map[string]any) *fault {
	if f := judgeModel(in, "reasoning.effort", str(obj(in, "reasoning"), "effort")); f != nil {
		return f
	}
	if in["input"] == nil && in["previous_response_id"] == nil && in["prompt"] == nil && in["conversation"] == nil {
		return wrong("", "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided.")
	}
	for i, t := range objects(arr(in, "tools")) {
		if str(t, "type") != "function" {
			continue
		}
		at := item("tools", i) + ".parameters"
		p := obj(t, "parameters")
		if f := functionSchema(at, p); f != nil {
			return f
		}
		if strict, given := t["strict"]; p != nil && (!given || strict == true) { // strict unless told otherwise
			if f := everyRequired(at, p); f != nil {
				return f
			}
		}
	}
	format := obj(obj(in, "text"), "format")
	if str(format, "type") == "json_object" && !mentionsJSON(in["input"]) && !mentionsJSON(in["instructions"]) {
		return wrong("input", "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.")
	}
	if flag(format, "strict") {
		if f := everyRequired("text.format.schema", obj(format, "schema")); f != nil {
			return f
		}
	}
	if in["previous_response_id"] != nil || in["conversation"] != nil {
		return nil // the other half of the items is stored
	}
	return judgeItems(objects(arr(in, "input")))
}

// judgeItems pairs calls with their outputs, and reads sealed reasoning.
func judgeItems(items []map[string]any) *fault {
	open := map[string]bool{}
	for i, it := range items {
		switch kind := str(it, "type"); kind {
		case "function_call", "custom_tool_call":
			open[str(it, "call_id")] = true
		case "function_call_output", "custom_tool_call_output":
			id := str(it, "call_id")
			if _, called := open[id]; !called {
				return wrong("input", "No tool call found for %s with call_id %s.", strings.ReplaceAll(strings.TrimSuffix(kind, "_output"), "_", " ")+" output", id)
			}
			open[id] = false
		case "reasoning":
			sealed := str(it, "encrypted_content")
			if strings.HasPrefix(sealed, "llmgw") || strings.HasPrefix(sealed, signaturePrefix) && sealed != sign("responses", summaryOf(it)) {
				return wrong(join(item("input", i), "encrypted_content"), "The encrypted content could not be verified. Reason: Encrypted content could not be decrypted or parsed.")
			}
		}
	}
	for _, id := range sortedKeys(open) {
		if open[id] {
			return wrong("input", "No tool output found for function call %s.", id)
		}
	}
	return nil
}

func summaryOf(it map[string]any) string {
	var b strings.Builder
	for _, s := range objects(arr(it, "summary")) {
		b.WriteString(str(s, "text"))
	}
	return b.String()
}
