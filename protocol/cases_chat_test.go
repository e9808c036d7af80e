package protocol_test

func chunkOf(delta string, finish ...string) string {
	end := "null"
	if len(finish) > 0 {
		end = `"` + finish[0] + `"`
	}
	return `{"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-x","choices":[{"index":0,"delta":{` + delta + `},"finish_reason":` + end + `}]}`
}

func callPiece(fields string) string { return chunkOf(`"tool_calls":[{` + fields + `}]`) }

const (
	done       = "[DONE]"
	usageChunk = `{"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-x","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":10}}}`
)

var (
	roleChunk   = chunkOf(`"role":"assistant","content":""`)
	helloChunk  = chunkOf(`"content":"hello"`)
	usageLast   = []string{roleChunk, helloChunk, chunkOf(``, "stop"), usageChunk, done}
	azure       = []string{`{"id":"","object":"","created":0,"model":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]}`, chunkOf(`"role":""`), helloChunk, chunkOf(`"role":null`), chunkOf(``, "stop"), done}
	woven       = []string{callPiece(`"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":"}`), callPiece(`"index":1,"id":"c2","type":"function","function":{"name":"g","arguments":"{\"b\":"}`), callPiece(`"index":0,"function":{"arguments":"1}"}`), callPiece(`"index":1,"function":{"arguments":"2}"}`), chunkOf(``, "tool_calls"), usageChunk, done}
	nameLate    = []string{callPiece(`"index":1,"id":"c1","type":"function"`), callPiece(`"index":1,"function":{"name":"f","arguments":""}`), callPiece(`"index":1,"function":{"name":null,"arguments":"{\"a\":"}`), callPiece(`"index":1,"function":{"name":"","arguments":"1}"}`), chunkOf(``, "tool_calls"), done}
	noIndex     = []string{callPiece(`"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":"}`), callPiece(`"function":{"arguments":"1}"}`), chunkOf(``, "tool_calls"), done}
	emptyBeside = []string{chunkOf(`"role":"assistant","content":"","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]`), chunkOf(`"content":"","tool_calls":[{"index":0,"function":{"arguments":"{}"}}]`), chunkOf(``, "tool_calls"), done}
	plainStop   = []string{chunkOf(`"role":"assistant","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]`, "stop"), done}
	cutArgs     = []string{callPiece(`"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":\"b"}`), chunkOf(``, "length"), done}
	noFinish    = []string{roleChunk, helloChunk, done}
	noEnd       = []string{roleChunk, helloChunk}
	chatBroken  = []string{roleChunk, helloChunk, `{"error":{"message":"busy","type":"server_error","code":503}}`, done}
	openrouter  = []string{": OPENROUTER PROCESSING", ": OPENROUTER PROCESSING", roleChunk, ": OPENROUTER PROCESSING", helloChunk, chunkOf(``, "stop"), done}
)

// oneUse is a stream of one complete call, and nothing else, for Anthropic's client.
var oneUse = []string{`"index":0,"content_block":{"type":"tool_use","id":"c1","name":"f"`, `"type":"content_block_stop","index":0`, `"stop_reason":"tool_use"`, `message_stop`, `!"index":1`, `!"type":"text"`}

var casesFromChat = []answered{
	{name: "case-61 what was cached", from: "chat", to: "anthropic", body: `{"id":"c1","object":"chat.completion","created":1,"model":"gpt-x","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"a"}}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":60}}}`, want: []string{`"input_tokens":40`, `"cache_read_input_tokens":60`, `"output_tokens":20`}},
	{name: "case-61 what was cached", from: "chat", to: "anthropic", stream: usageLast, want: []string{`"type":"message_delta"`, `"input_tokens":30`, `"output_tokens":20`}},
	{name: "case-61 what was cached", from: "chat", to: "gemini", stream: usageLast, want: []string{`"promptTokenCount":100`, `"cachedContentTokenCount":60`}},
	{name: "case-61 what was cached", from: "chat", to: "responses", stream: usageLast, want: []string{`"input_tokens":100,"input_tokens_details":{"cached_tokens":60`}},

	{name: "case-71 usage behind the finish", from: "chat", to: "anthropic", stream: usageLast, want: []string{`content_block_stop`, `event: message_delta`, `"stop_reason":"end_turn"`, `"output_tokens":20`, `event: message_stop`}},
	{name: "case-71 usage behind the finish", from: "chat", to: "responses", stream: usageLast, want: []string{`response.output_item.done`, `response.completed`, `"output_tokens":20`}},

	{name: "case-72 odd beginnings", from: "chat", to: "anthropic", stream: azure, want: []string{`message_start`, `"index":0,"content_block":{"type":"text"`, `hello`, `"stop_reason":"end_turn"`, `!"index":1`, `!error`}},
	{name: "case-72 odd beginnings", from: "chat", to: "gemini", stream: azure, want: []string{`hello`, `"finishReason":"STOP"`, `!error`}},
	{name: "case-72 odd beginnings", from: "chat", to: "responses", stream: azure, want: []string{`response.created`, `hello`, `response.completed`}},

	{name: "case-73 interleaved calls", from: "chat", to: "anthropic", stream: woven, want: []string{`"index":0,"content_block":{"type":"tool_use","id":"c1","name":"f"`, `{\"a\":`, `1}`, `"type":"content_block_stop","index":0`, `"index":1,"content_block":{"type":"tool_use","id":"c2","name":"g"`, `{\"b\":`, `2}`, `"type":"content_block_stop","index":1`, `"stop_reason":"tool_use"`}},
	{name: "case-73 interleaved calls", from: "chat", to: "responses", stream: woven, want: []string{`"arguments":"{\"a\":1}"`, `"arguments":"{\"b\":2}"`, `response.completed`}},
	{name: "case-73 interleaved calls", from: "chat", to: "gemini", stream: woven, want: []string{`"args":{"a":1}`, `"args":{"b":2}`}},

	{name: "case-74 the name comes late", from: "chat", to: "anthropic", stream: nameLate, want: append([]string{`"index":0,"content_block":{"type":"tool_use","id":"c1","name":"f"`, `{\"a\":`, `1}`}, oneUse[1:]...)},
	{name: "case-74 no index", from: "chat", to: "anthropic", stream: noIndex, want: append([]string{`"index":0,"content_block":{"type":"tool_use","id":"c1","name":"f"`, `{\"a\":`, `1}`}, oneUse[1:]...)},
	{name: "case-74 the name comes late", from: "chat", to: "responses", stream: nameLate, want: []string{`"name":"f"`, `"arguments":"{\"a\":1}"`, `!"output_index":1`}},

	{name: "case-75 empty text beside a call", from: "chat", to: "anthropic", stream: emptyBeside, want: oneUse},
	{name: "case-75 empty text beside a call", from: "chat", to: "responses", stream: emptyBeside, want: []string{`"type":"function_call"`, `!"type":"message"`}},

	{name: "case-76 a call, but stop", from: "chat", to: "anthropic", stream: plainStop, want: oneUse},
	{name: "case-76 a call, but stop", from: "chat", to: "anthropic", body: `{"id":"c1","object":"chat.completion","created":1,"model":"gpt-x","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}}]}`, want: []string{`"content":[{"type":"tool_use"`, `"stop_reason":"tool_use"`, `!"type":"text"`}},

	{name: "case-77 arguments that were cut", from: "chat", to: "anthropic", stream: cutArgs, want: []string{`"type":"tool_use"`, `"partial_json":"{\"a\":\"b"`, `content_block_stop`, `"stop_reason":"max_tokens"`, `message_stop`}},
	{name: "case-77 arguments that were cut", from: "chat", to: "anthropic", body: `{"id":"c1","object":"chat.completion","created":1,"model":"gpt-x","choices":[{"index":0,"finish_reason":"length","message":{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":\"b"}}]}}]}`, want: []string{`"input":{"_raw_arguments":"{\"a\":\"b"}`, `"stop_reason":"max_tokens"`}},
	{name: "case-77 arguments that were cut", from: "chat", to: "responses", stream: cutArgs, want: []string{`"arguments":"{\"a\":\"b"`, `response.incomplete`, `"max_output_tokens"`}},

	{name: "case-78 no finish", from: "chat", to: "anthropic", stream: noFinish, want: []string{`hello`, `event: error`, `!message_stop`}},
	{name: "case-78 no end", from: "chat", to: "anthropic", stream: noEnd, want: []string{`hello`, `event: error`, `!message_stop`}},
	{name: "case-78 no end", from: "chat", to: "gemini", stream: noEnd, want: []string{`hello`, `"error":{"code":502`, `!finishReason`}},
	{name: "case-78 no end", from: "chat", to: "responses", stream: noEnd, want: []string{`hello`, `event: error`, `event: response.failed`, `!response.completed`}},

	{name: "case-79 an error behind content", from: "chat", to: "anthropic", stream: chatBroken, want: []string{`hello`, `event: error`, `"type":"overloaded_error"`, `!message_stop`}},
	{name: "case-79 an error behind content", from: "chat", to: "gemini", stream: chatBroken, want: []string{`hello`, `"error":{"code":503`, `!finishReason`}},
	{name: "case-79 an error behind content", from: "chat", to: "responses", stream: chatBroken, want: []string{`hello`, `event: error`, `event: response.failed`, `!response.completed`}},

	{name: "case-80 comments", from: "chat", to: "anthropic", stream: openrouter, want: []string{`message_start`, `hello`, `message_stop`, `!OPENROUTER`}},
	{name: "case-80 comments", from: "chat", to: "gemini", stream: openrouter, want: []string{`hello`, `"finishReason":"STOP"`, `!OPENROUTER`}},
}
