package protocol_test

func candidateOf(fields string) string {
	return `{"candidates":[{` + fields + `,"index":0}],"usageMetadata":{"promptTokenCount":12,"cachedContentTokenCount":4,"thoughtsTokenCount":9,"totalTokenCount":21},"modelVersion":"gemini-x","responseId":"r1"}`
}

func partsOf(parts string) string {
	return candidateOf(`"content":{"role":"model","parts":[` + parts + `]}`)
}

var (
	onlyLimit    = candidateOf(`"content":{"role":"model"},"finishReason":"MAX_TOKENS"`)
	blocked      = `{"promptFeedback":{"blockReason":"SAFETY","blockReasonMessage":"Blocked."},"usageMetadata":{"promptTokenCount":12,"totalTokenCount":12},"modelVersion":"gemini-x","responseId":"r1"}`
	stopLater    = []string{partsOf(`{"functionCall":{"name":"f","args":{"a":1}}}`), candidateOf(`"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP"`)}
	twins        = candidateOf(`"content":{"role":"model","parts":[{"functionCall":{"name":"f"}},{"functionCall":{"name":"f"}}]},"finishReason":"STOP"`)
	signedAtEnd  = []string{partsOf(`{"text":"hello"}`), candidateOf(`"content":{"role":"model","parts":[{"text":"","thoughtSignature":"R0VN"}]},"finishReason":"STOP"`)}
	geminiBroken = []string{partsOf(`{"text":"hello"}`), `{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}`}
	geminiCut    = []string{partsOf(`{"text":"hello"}`)}
)

var casesFromGemini = []answered{
	{name: "case-62 thinking counts", from: "gemini", to: "chat", body: candidateOf(`"content":{"role":"model","parts":[{"text":"a"}]},"finishReason":"STOP"`), want: []string{`"prompt_tokens":12,"completion_tokens":9,"total_tokens":21`, `"cached_tokens":4`, `"reasoning_tokens":9`}},
	{name: "case-62 thinking counts", from: "gemini", to: "anthropic", body: candidateOf(`"content":{"role":"model","parts":[{"text":"a"}]},"finishReason":"STOP"`), want: []string{`"input_tokens":8`, `"cache_read_input_tokens":4`, `"output_tokens":9`}},
	{name: "case-62 no output", from: "gemini", to: "chat", body: blocked, want: []string{`"prompt_tokens":12,"completion_tokens":0,"total_tokens":12`}},
	{name: "case-62 thinking counts", from: "gemini", to: "responses", stream: signedAtEnd, want: []string{`"input_tokens":12`, `"output_tokens":9`, `"reasoning_tokens":9`}},

	{name: "case-63 nothing but the limit", from: "gemini", to: "chat", body: onlyLimit, want: []string{`"content":""`, `"finish_reason":"length"`}},
	{name: "case-63 nothing but the limit", from: "gemini", to: "chat", stream: []string{onlyLimit}, want: []string{`"finish_reason":"length"`, `[DONE]`}},
	{name: "case-63 nothing but the limit", from: "gemini", to: "anthropic", stream: []string{onlyLimit}, want: []string{`message_start`, `"stop_reason":"max_tokens"`, `message_stop`}},
	{name: "case-63 nothing but the limit", from: "gemini", to: "responses", stream: []string{onlyLimit}, want: []string{`event: response.incomplete`, `"reason":"max_output_tokens"`}},

	{name: "case-64 a blocked prompt", from: "gemini", to: "chat", body: blocked, want: []string{`"content":null`, `"refusal":"Blocked."`, `"finish_reason":"content_filter"`}},
	{name: "case-64 a blocked prompt", from: "gemini", to: "chat", stream: []string{blocked}, want: []string{`"finish_reason":"content_filter"`, `[DONE]`, `!"error"`}},
	{name: "case-64 a blocked prompt", from: "gemini", to: "anthropic", body: blocked, want: []string{`"content":[]`, `"stop_reason":"refusal"`, `"explanation":"Blocked."`}},
	{name: "case-64 a blocked prompt", from: "gemini", to: "anthropic", stream: []string{blocked}, want: []string{`event: message_start`, `"stop_reason":"refusal"`, `event: message_stop`, `!event: error`}},
	{name: "case-64 a blocked prompt", from: "gemini", to: "responses", body: blocked, want: []string{`"status":"incomplete"`, `"reason":"content_filter"`}},

	{name: "case-65 the stop comes later", from: "gemini", to: "chat", stream: stopLater, want: []string{`"name":"f"`, `"finish_reason":"tool_calls"`}},
	{name: "case-65 the stop comes later", from: "gemini", to: "anthropic", stream: stopLater, want: []string{`"type":"tool_use"`, `"stop_reason":"tool_use"`, `!"type":"text"`}},
	{name: "case-65 the stop comes later", from: "gemini", to: "responses", stream: stopLater, want: []string{`"type":"function_call"`, `response.completed`, `!"type":"message"`}},

	{name: "case-66 no arguments", from: "gemini", to: "chat", body: twins, want: []string{`"arguments":"{}"`, `"arguments":"{}"`}},
	{name: "case-66 no arguments", from: "gemini", to: "chat", stream: []string{twins}, want: []string{`"arguments":"{}"`, `"arguments":"{}"`, `"finish_reason":"tool_calls"`}},
	{name: "case-66 no arguments", from: "gemini", to: "anthropic", body: twins, want: []string{`"input":{}`, `"input":{}`}},
	{name: "case-66 no arguments", from: "gemini", to: "responses", stream: []string{twins}, want: []string{`"arguments":"{}"`, `"arguments":"{}"`}},

	{name: "case-68 a signature alone", from: "gemini", to: "anthropic", stream: signedAtEnd, want: []string{`"type":"text"`, `hello`, `"stop_reason":"end_turn"`, `!"index":1`, `!"text":""}}` + "\n\nevent: content_block_stop"}},
	{name: "case-68 a signature alone", from: "gemini", to: "chat", stream: signedAtEnd, want: []string{`"content":"hello"`, `R0VN`, `"finish_reason":"stop"`}},
	{name: "case-68 a signature alone", from: "gemini", to: "responses", stream: signedAtEnd, want: []string{`"delta":"hello"`, `response.completed`, `!"delta":""`}},

	{name: "case-78 no end", from: "gemini", to: "chat", stream: geminiCut, want: []string{`hello`, `"error":{`, `!DONE`}},
	{name: "case-78 no end", from: "gemini", to: "anthropic", stream: geminiCut, want: []string{`hello`, `event: error`, `!message_stop`}},
	{name: "case-78 no end", from: "gemini", to: "responses", stream: geminiCut, want: []string{`hello`, `event: response.failed`, `!response.completed`}},

	{name: "case-79 an error behind content", from: "gemini", to: "anthropic", stream: geminiBroken, want: []string{`hello`, `event: error`, `"type":"overloaded_error"`, `!message_stop`}},
	{name: "case-79 an error behind content", from: "gemini", to: "chat", stream: geminiBroken, want: []string{`hello`, `"error":{`, `!DONE`}},

	{name: "case-91 grounding in bytes", from: "gemini", to: "chat", ask: chatOf(hi, `,"web_search_options":{}`), body: candidateOf(`"content":{"role":"model","parts":[{"text":"网关 is fast. 速い!"}]},"finishReason":"STOP","groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a","title":"A"}}],"groundingSupports":[{"segment":{"startIndex":16,"endIndex":23,"text":"速い!"},"groundingChunkIndices":[0]}]}`), want: []string{`"start_index":12,"end_index":15`}},
	{name: "case-91 grounding in bytes", from: "gemini", to: "responses", ask: responsesOf(hi, `,"tools":[{"type":"web_search"}]`), body: candidateOf(`"content":{"role":"model","parts":[{"text":"网关 is fast. 速い!"}]},"finishReason":"STOP","groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a","title":"A"}}],"groundingSupports":[{"segment":{"startIndex":16,"endIndex":23,"text":"速い!"},"groundingChunkIndices":[0]}]}`), want: []string{`"start_index":12,"end_index":15`}},
}
