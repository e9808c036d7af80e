package mock

import "strings"

// The request of the Messages API as the real one checks it. Blocks and tools
// that the provider runs itself pass as they are: no conversion makes them.

var (
	cacheControl = nullable(object(fields{"type!": oneOf("ephemeral"), "ttl": oneOf("5m", "1h")}))
	base64Text   = matches(`^[A-Za-z0-9+/=\r\n]{4,}$`)
	webAddress   = matches(`^https?://`)
	notBlank     = matches(`\S`)
	toolID       = matches(`^[a-zA-Z0-9_-]+$`)
	nullableText = nullable(text)

	textBlock = object(fields{"type!": anything, "text!": sized(1, 0), "cache_control": cacheControl, "citations": nullable(listOf(anyObject, 0, 0))})

	imageBlock = object(fields{"type!": anything, "cache_control": cacheControl, "transformations": nullable(anyObject), "source!": tagged("type", map[string]rule{
		"base64": object(fields{"type!": anything, "data!": base64Text, "media_type!": oneOf("image/jpeg", "image/png", "image/gif", "image/webp")}),
		"url":    object(fields{"type!": anything, "url!": webAddress}),
		"file":   object(fields{"type!": anything, "file_id!": text}),
	})})

	documentBlock = object(fields{
		"type!": anything, "cache_control": cacheControl, "title": nullableText, "context": nullableText,
		"citations": nullable(object(fields{"enabled": boolean})),
		"source!": tagged("type", map[string]rule{
			"base64":  object(fields{"type!": anything, "data!": base64Text, "media_type!": oneOf("application/pdf")}),
			"text":    object(fields{"type!": anything, "data!": text, "media_type!": oneOf("text/plain")}),
			"content": object(fields{"type!": anything, "content!": textOr(listOf(tagged("type", map[string]rule{"text": textBlock, "image": imageBlock}), 0, 0))}),
			"url":     object(fields{"type!": anything, "url!": webAddress}),
			"file":    object(fields{"type!": anything, "file_id!": text}),
		}),
	})

	searchBlock = object(fields{"type!": anything, "cache_control": cacheControl, "citations": anyObject, "content!": listOf(textBlock, 0, 0), "source!": text, "title!": text})

	toolUse = object(fields{
		"type!": anything, "id!": toolID, "name!": matches(`^[a-zA-Z0-9_-]{1,200}$`), "input!": anyObject,
		"cache_control": cacheControl, "caller": anyObject, "toolset_name": nullableText,
	})

	toolResult = object(fields{
		"type!": anything, "tool_use_id!": toolID, "is_error": boolean, "cache_control": cacheControl, "toolset_name": nullableText,
		"content": textOr(listOf(tagged("type", map[string]rule{
			"text": textBlock, "image": imageBlock, "document": documentBlock, "search_result": searchBlock, "tool_reference": anyObject, "browser_state": anyObject,
		}), 0, 0)),
	})

	thinkingBlock = object(fields{"type!": anything, "thinking!": text, "signature!": text})
	redactedBlock = object(fields{"type!": anything, "data!": text})

	anthropicBlock = tagged("type", map[string]rule{
		"text": textBlock, "image": imageBlock, "document": documentBlock, "search_result": searchBlock, "tool_use": toolUse, "tool_result": toolResult,
		"thinking": thinkingBlock, "redacted_thinking": redactedBlock, "server_tool_use": anyObject, "web_search_tool_result": anyObject,
		"web_fetch_tool_result": anyObject, "code_execution_tool_result": anyObject, "bash_code_execution_tool_result": anyObject,
		"text_editor_code_execution_tool_result": anyObject, "tool_search_tool_result": anyObject, "container_upload": anyObject,
	})

	anthropicMessage = object(fields{"role!": oneOf("user", "assistant", "system"), "content!": textOr(listOf(anthropicBlock, 0, 0))})

	customTool = object(fields{
		"type": nullable(oneOf("custom")), "name!": matches(`^[a-zA-Z0-9_-]{1,128}$`), "description": text, "cache_control": cacheControl,
		"strict": boolean, "defer_loading": boolean, "eager_input_streaming": nullable(boolean),
		"allowed_callers": listOf(text, 0, 0), "input_examples": listOf(anyObject, 0, 0),
		"input_schema!": openObject(fields{"type!": oneOf("object"), "properties": nullable(anyObject), "required": nullable(listOf(text, 0, 0))}),
	})

	parallelOff = fields{"type!": anything, "disable_parallel_tool_use": boolean}

	thinkingShown  = nullable(oneOf("summarized", "omitted"))
	anthropicThink = map[string]rule{
		"enabled":       object(fields{"type!": anything, "budget_tokens!": integer(1024, 1e9), "display": thinkingShown}),
		"adaptive":      object(fields{"type!": anything, "display": thinkingShown}),
		"disabled":      object(fields{"type!": anything}),
		"between_tools": object(fields{"type!": anything}),
	}
	anthropicChoice = map[string]rule{
		"auto": object(parallelOff), "any": object(parallelOff), "tool": object(parallelOff.with(fields{"name!": text})), "none": object(fields{"type!": anything}),
	}
	outputFormat = nullable(object(fields{"type!": oneOf("json_schema"), "schema!": anyObject}))

	// countFields are what count_tokens takes, too.
	countFields = fields{
		"model!": sized(1, 0), "messages!": listOf(anthropicMessage, 1, 100_000), "system": textOr(listOf(textBlock, 0, 0)),
		"tools": listOf(anthropicTool, 0, 0), "tool_choice": tagged("type", anthropicChoice), "thinking": tagged("type", anthropicThink),
		"cache_control": cacheControl,
		"output_config": object(fields{"effort": nullable(oneOf("low", "medium", "high", "xhigh", "max")), "format": outputFormat}),
	}
	messageFields = countFields.with(fields{
		"max_tokens!": integer(0, 1e9), "stream": boolean, "stop_sequences": listOf(notBlank, 0, 0),
		"metadata":     object(fields{"user_id": nullable(sized(0, 256))}),
		"service_tier": oneOf("auto", "standard_only"), "speed": nullable(oneOf("standard", "fast")),
		"container": anything, "inference_geo": nullableText, "diagnostics": nullable(anyObject),
	})
	sampling = fields{"temperature": number(0, 1), "top_p": number(0, 1), "top_k": integer(0, 1e9)}

	countRequest   = object(countFields)
	messageRequest = object(messageFields) // of version 2026-10-21
	messageOld     = object(messageFields.with(sampling))

	// With betas the fields that they bring are not this stand-in's to judge.
	betaMessage = openObject(messageFields.with(sampling).with(betaFields))
	betaCount   = openObject(countFields.with(betaFields))
	betaFields  = fields{
		"messages!": listOf(betaTurn, 1, 100_000), "tools": listOf(anyObject, 0, 0), "output_config": anyObject, "tool_choice": anyObject,
		"thinking": openThinking, "system": textOr(listOf(anyObject, 0, 0)),
	}
	betaTurn = openObject(fields{"role!": oneOf("user", "assistant", "system"), "content!": textOr(listOf(betaBlock, 0, 0))})
)

// anthropicTool is a client's tool, or one of the provider's own by its dated
// type.
func anthropicTool(at string, v any) *fault {
	m, ok := v.(map[string]any)
	if !ok {
		return typeFault(at, "object", v)
	}
	switch kind := str(m, "type"); {
	case kind == "" || kind == "custom":
		return customTool(at, v)
	case strings.Contains(kind, "_20") || strings.HasPrefix(kind, "tool_search_tool_"):
		return nil
	default:
		return wrong(join(at, "type"), "Input tag '%s' found using 'type' does not match any of the expected tags", kind)
	}
}

// betaBlock judges the blocks that no beta changes.
func betaBlock(at string, v any) *fault {
	m, ok := v.(map[string]any)
	if !ok {
		return typeFault(at, "object", v)
	}
	switch str(m, "type") {
	case "text":
		return openObject(fields{"text!": sized(1, 0)})(at, v)
	case "image_url", "input_text", "output_text", "function":
		return wrong(join(at, "type"), "Input tag '%s' found using 'type' does not match any of the expected tags", str(m, "type"))
	case "tool_use":
		return openObject(fields{"id!": toolID, "name!": text, "input!": anyObject})(at, v)
	case "tool_result":
		return openObject(fields{"tool_use_id!": toolID})(at, v)
	case "thinking":
		return openObject(fields{"thinking!": text, "signature!": text})(at, v)
	}
	return nil
}

func openThinking(at string, v any) *fault {
	return openObject(fields{"type!": oneOf("enabled", "adaptive", "disabled", "between_tools")})(at, v)
}
