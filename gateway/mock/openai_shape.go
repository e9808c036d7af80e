package mock

import (
	"regexp"
	"strings"
)

// The request of Chat Completions as the real API checks it.

var (
	functionName = matches(`^[a-zA-Z0-9_-]{1,64}$`)
	effort       = nullable(oneOf("none", "minimal", "low", "medium", "high", "xhigh", "max"))
	breakpoint   = object(fields{"mode!": oneOf("explicit"), "ttl": oneOf("30m", "12h")})

	textPart = object(fields{"type!": anything, "text!": text, "prompt_cache_breakpoint": breakpoint})
	userPart = tagged("type", map[string]rule{
		"text":        textPart,
		"image_url":   object(fields{"type!": anything, "prompt_cache_breakpoint": breakpoint, "image_url!": object(fields{"url!": imageAddress, "detail": oneOf("auto", "low", "high", "original")})}),
		"input_audio": object(fields{"type!": anything, "prompt_cache_breakpoint": breakpoint, "input_audio!": object(fields{"data!": text, "format!": oneOf("wav", "mp3")})}),
		"file":        object(fields{"type!": anything, "prompt_cache_breakpoint": breakpoint, "file!": object(fields{"filename": text, "file_data": dataAddress, "file_id": text})}),
	})
	textParts     = textOr(listOf(tagged("type", map[string]rule{"text": textPart}), 1, 0))
	systemMessage = object(fields{"role!": anything, "content!": textParts, "name": text})

	chatCall = tagged("type", map[string]rule{
		"function": object(fields{"id!": sized(1, 64), "type!": anything, "function!": object(fields{"name!": functionName, "arguments!": text})}),
		"custom":   object(fields{"id!": sized(1, 64), "type!": anything, "custom!": object(fields{"name!": functionName, "input!": text})}),
	})

	chatMessage = tagged("role", map[string]rule{
		"system": systemMessage, "developer": systemMessage,
		"user": object(fields{"role!": anything, "content!": textOr(listOf(userPart, 1, 0)), "name": text}),
		"assistant": object(fields{
			"role!": anything, "name": text, "refusal": nullableText, "annotations": nullable(listOf(anyObject, 0, 0)), "audio": nullable(object(fields{"id!": text})),
			"content": nullable(textOr(listOf(tagged("type", map[string]rule{
				"text": textPart, "refusal": object(fields{"type!": anything, "refusal!": text}),
			}), 1, 0))),
			"tool_calls":    listOf(chatCall, 1, 128),
			"function_call": nullable(object(fields{"name!": text, "arguments!": text})),
		}),
		"tool":     object(fields{"role!": anything, "content!": textParts, "tool_call_id!": sized(1, 64), "name": text}),
		"function": object(fields{"role!": anything, "content!": nullableText, "name!": functionName}),
	})

	function = object(fields{"name!": functionName, "description": text, "parameters": anyObject, "strict": nullable(boolean)})
	chatTool = tagged("type", map[string]rule{
		"function": object(fields{"type!": anything, "function!": function}),
		"custom":   object(fields{"type!": anything, "custom!": object(fields{"name!": functionName, "description": text, "format": anyObject})}),
	})

	chatChoice = func(at string, v any) *fault {
		if s, ok := v.(string); ok {
			return oneOf("none", "auto", "required")(at, s)
		}
		return tagged("type", map[string]rule{
			"function":      object(fields{"type!": anything, "function!": object(fields{"name!": functionName})}),
			"custom":        object(fields{"type!": anything, "custom!": object(fields{"name!": functionName})}),
			"allowed_tools": object(fields{"type!": anything, "allowed_tools!": object(fields{"mode!": oneOf("auto", "required"), "tools!": listOf(anyObject, 1, 0)})}),
		})(at, v)
	}

	chatFormat = tagged("type", map[string]rule{
		"text": object(fields{"type!": anything}), "json_object": object(fields{"type!": anything}),
		"json_schema": object(fields{"type!": anything, "json_schema!": object(fields{"name!": functionName, "description": text, "schema": anyObject, "strict": nullable(boolean)})}),
	})

	// shared are what Chat Completions and Responses take alike.
	shared = fields{
		"model!": sized(1, 0), "metadata": nullable(anyObject), "top_logprobs": nullable(integer(0, 20)),
		"temperature": nullable(number(0, 2)), "top_p": nullable(number(0, 1)), "user": text, "safety_identifier": nullable(sized(0, 64)),
		"prompt_cache_key": nullableText, "prompt_cache_retention": nullable(oneOf("in_memory", "24h")), "prompt_cache_options": anyObject,
		"service_tier": nullable(oneOf("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")), "moderation": nullable(anyObject),
		"stream": nullable(boolean), "store": nullable(boolean), "parallel_tool_calls": nullable(boolean),
		"stream_options": nullable(object(fields{"include_usage": boolean, "include_obfuscation": boolean})),
	}
	chatRequest = object(shared.with(fields{
		"messages!": listOf(chatMessage, 1, 0), "modalities": nullable(listOf(oneOf("text", "audio"), 0, 0)),
		"verbosity": nullable(oneOf("low", "medium", "high")), "reasoning_effort": effort,
		"max_completion_tokens": nullable(integer(1, 1e9)), "max_tokens": nullable(integer(1, 1e9)),
		"frequency_penalty": nullable(number(-2, 2)), "presence_penalty": nullable(number(-2, 2)),
		"web_search_options": anyObject, "response_format": chatFormat, "audio": nullable(anyObject),
		"stop": nullable(textOr(listOf(text, 1, 4))), "logit_bias": nullable(anyObject), "logprobs": nullable(boolean),
		"n": nullable(integer(1, 128)), "prediction": nullable(anyObject), "seed": nullable(integer(-1<<63, 1<<63)),
		"tools": listOf(chatTool, 0, 128), "tool_choice": chatChoice,
		"function_call": anything, "functions": listOf(anyObject, 1, 128),
	}))

	embeddingRequest = object(fields{
		"model!": sized(1, 0), "input!": embeddingInput, "dimensions": integer(1, 4096), "encoding_format": oneOf("float", "base64"), "user": text,
	})
)

var imageData = regexp.MustCompile(`^data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$`)

func imageAddress(at string, v any) *fault {
	s, ok := v.(string)
	switch {
	case !ok:
		return typeFault(at, "string", v)
	case strings.HasPrefix(s, "http://"), strings.HasPrefix(s, "https://"), imageData.MatchString(s):
		return nil
	}
	return wrong(at, "expected an http(s) URL, or a base64-encoded data URL of a png, jpeg, gif or webp image")
}

func dataAddress(at string, v any) *fault {
	if s, ok := v.(string); ok && strings.HasPrefix(s, "data:") && strings.Contains(s, ";base64,") {
		return nil
	}
	return wrong(at, "expected a base64-encoded data URL with a MIME type (e.g. 'data:application/pdf;base64,...')")
}

func embeddingInput(at string, v any) *fault {
	switch v := v.(type) {
	case string:
		return sized(1, 0)(at, v)
	case []any:
		if len(v) > 0 && kindOf(v[0]) == "string" {
			return listOf(sized(1, 0), 1, 2048)(at, v)
		}
		if len(v) > 0 && kindOf(v[0]) == "array" {
			return listOf(listOf(integer(0, 1e9), 1, 0), 1, 2048)(at, v)
		}
		return listOf(integer(0, 1e9), 1, 0)(at, v)
	}
	return typeFault(at, "string", v)
}
