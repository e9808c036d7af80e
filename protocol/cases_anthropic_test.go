package protocol_test

const (
	messageStart = `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":2479,"output_tokens":1}}}`
	messageStop  = `{"type":"message_stop"}`
	stopOf0      = `{"type":"content_block_stop","index":0}`
	textStart0   = `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
	textDelta0   = `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}`
	toolStart0   = `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}`
	overload     = `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`
)

func messageDelta(stop string) string {
	return `{"type":"message_delta","delta":{"stop_reason":"` + stop + `","stop_sequence":null},"usage":{"output_tokens":7}}`
}

func messageWith(content, stop string) string {
	return `{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[` + content + `],"stop_reason":"` + stop + `","stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":200,"cache_read_input_tokens":3000,"output_tokens":7}}`
}

var (
	refusal = []string{messageStart, `{"type":"message_delta","delta":{"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":"cyber","explanation":"Not this."}},"usage":{"output_tokens":1}}`, messageStop}
	// searching calls two functions with a search of the provider's own between.
	searching = []string{
		messageStart, textStart0, textDelta0, stopOf0,
		`{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"query\":\"leak\"}"}}`,
		`{"type":"content_block_stop","index":1}`,
		`{"type":"content_block_start","index":2,"content_block":{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}}`,
		`{"type":"content_block_stop","index":2}`,
		`{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}`,
		`{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":""}}`,
		`{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}`,
		`{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"1}"}}`,
		`{"type":"content_block_stop","index":3}`,
		`{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_2","name":"g","input":{}}}`,
		`{"type":"content_block_stop","index":4}`,
		messageDelta("tool_use"), messageStop,
	}
	// spliced starts twice and again in mid-way.
	spliced = []string{messageStart, messageStart, textStart0, textDelta0, messageStart, stopOf0, messageDelta("end_turn"), messageStop}
	// strange has what a client of today does not know.
	strange = []string{
		messageStart, `{"type":"aurora_event","x":1}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"compaction","content":null}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"compaction_delta","content":"leak"}}`, stopOf0,
		`{"type":"content_block_start","index":1,"content_block":{"type":"fallback","from":{"model":"a"},"to":{"model":"b"}}}`, `{"type":"content_block_stop","index":1}`,
		`{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"hello"}}`,
		`{"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{"type":"page_location","cited_text":"leak","document_index":0,"document_title":"D","start_page_number":1,"end_page_number":2}}}`,
		`{"type":"content_block_delta","index":2,"delta":{"type":"hologram_delta","x":"leak"}}`,
		`{"type":"content_block_stop","index":2}`, messageDelta("end_turn"), messageStop,
	}
	noArguments = []string{messageStart, toolStart0, stopOf0, messageDelta("tool_use"), messageStop}
	paused      = []string{messageStart, textStart0, textDelta0, stopOf0, messageDelta("pause_turn"), messageStop}
	counted     = []string{messageStart, textStart0, textDelta0, stopOf0, `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":404500,"cache_read_input_tokens":10,"cache_creation_input_tokens":null,"output_tokens":89}}`, messageStop}
	withTool    = `{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"mcp.server/f"}}]}`
	broken      = []string{messageStart, textStart0, textDelta0, overload}
)

// citing says three sentences, the second of which comes from somewhere.
var citing = []string{
	messageStart, textStart0, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"né 👍 "}}`, stopOf0,
	`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"","citations":[]}}`,
	`{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","cited_text":"x","url":"https://a","title":null,"encrypted_index":"E"}}}`,
	`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"网"}}`, `{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"关"}}`,
	`{"type":"content_block_stop","index":1}`,
	`{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}`, `{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"."}}`,
	`{"type":"content_block_stop","index":2}`, messageDelta("end_turn"), messageStop,
}

const interleaved = `{"type":"thinking","thinking":"one","signature":"EqQB"},{"type":"text","text":"a"},{"type":"tool_use","id":"toolu_1","name":"f","input":{"x":1}},{"type":"text","text":"b"}`

var casesFromAnthropic = []answered{
	{name: "case-55 a pause", from: "anthropic", to: "chat", body: messageWith(`{"type":"text","text":"hello"}`, "pause_turn"), want: []string{`"finish_reason":"stop"`, `!tool_calls`, `!error`}},
	{name: "case-55 a pause", from: "anthropic", to: "chat", stream: paused, want: []string{`hello`, `"finish_reason":"stop"`, `[DONE]`, `!tool_calls`, `!"error"`}},
	{name: "case-55 a pause", from: "anthropic", to: "responses", stream: paused, want: []string{`event: response.completed`, `"status":"completed"`}},
	{name: "case-55 a pause", from: "anthropic", to: "gemini", stream: paused, want: []string{`hello`, `"finishReason":"STOP"`}},

	{name: "case-56 a refusal", from: "anthropic", to: "chat", body: `{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":"cyber","explanation":"Not this."},"usage":{"input_tokens":10,"output_tokens":1}}`, want: []string{`"content":null`, `"refusal":"Not this."`, `"finish_reason":"content_filter"`}},
	{name: "case-56 a refusal", from: "anthropic", to: "chat", stream: refusal, want: []string{`"refusal":"Not this."`, `"finish_reason":"content_filter"`, `[DONE]`}},
	{name: "case-56 a refusal", from: "anthropic", to: "responses", stream: refusal, want: []string{`Not this.`, `event: response.incomplete`, `"reason":"content_filter"`}},
	{name: "case-56 a refusal", from: "anthropic", to: "gemini", stream: refusal, want: []string{`"finishReason":"SAFETY"`}},

	{name: "case-57 a call without arguments", from: "anthropic", to: "chat", stream: noArguments, want: []string{`"tool_calls":[{"index":0,"id":"toolu_1"`, `"arguments":"{}"`, `"finish_reason":"tool_calls"`}},
	{name: "case-57 a call without arguments", from: "anthropic", to: "responses", stream: noArguments, want: []string{`"type":"response.function_call_arguments.done"`, `"arguments":"{}"`, `"arguments":"{}"`}},
	{name: "case-57 a call without arguments", from: "anthropic", to: "gemini", stream: noArguments, want: []string{`"functionCall":{`, `"args":{}`}},

	{name: "case-58 a provider's own tools", from: "anthropic", to: "chat", stream: searching, want: []string{
		`hello`, `"tool_calls":[{"index":0,"id":"toolu_1"`, `"tool_calls":[{"index":1,"id":"toolu_2"`, `"finish_reason":"tool_calls"`, `!leak`, `!srvtoolu`, `!"index":2`}},
	{name: "case-58 a provider's own tools", from: "anthropic", to: "responses", stream: searching, want: []string{
		`"output_index":0`, `"output_index":1`, `"output_index":2`, `!"output_index":3`, `!leak`}},
	{name: "case-58 a provider's own tools", from: "anthropic", to: "gemini", stream: searching, want: []string{`hello`, `"name":"f"`, `"args":{"a":1}`, `"name":"g"`, `!leak`}},

	{name: "case-59 the last counts", from: "anthropic", to: "chat", stream: counted, want: []string{`"usage":{"prompt_tokens":404510,"completion_tokens":89,"total_tokens":404599,"prompt_tokens_details":{"cached_tokens":10`}},
	{name: "case-59 the last counts", from: "anthropic", to: "responses", stream: counted, want: []string{`"usage":{"input_tokens":404510,"input_tokens_details":{"cached_tokens":10`, `"output_tokens":89`, `"total_tokens":404599`}},
	{name: "case-59 the last counts", from: "anthropic", to: "gemini", stream: counted, want: []string{`"promptTokenCount":404510`, `"candidatesTokenCount":89`}},

	{name: "case-60 all that was read", from: "anthropic", to: "chat", body: messageWith(`{"type":"text","text":"hello"}`, "end_turn"), want: []string{`"prompt_tokens":3210,"completion_tokens":7,"total_tokens":3217`, `"cached_tokens":3000`, `"cache_write_tokens":200`}},
	{name: "case-60 all that was read", from: "anthropic", to: "responses", body: messageWith(`{"type":"text","text":"hello"}`, "end_turn"), want: []string{`"input_tokens":3210`, `"cached_tokens":3000`, `"total_tokens":3217`}},
	{name: "case-60 all that was read", from: "anthropic", to: "gemini", body: messageWith(`{"type":"text","text":"hello"}`, "end_turn"), want: []string{`"promptTokenCount":3210`, `"cachedContentTokenCount":3000`, `"totalTokenCount":3217`}},

	{name: "case-4 ids of answers stay", from: "anthropic", to: "chat", ask: chatOf(callWith("functions.Bash:0"), `,"stream":true`), stream: noArguments, want: []string{`"id":"toolu_1"`, `!functions`}},
	{name: "case-15 the name's way back", from: "anthropic", to: "chat", ask: withTool, stream: []string{messageStart, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"mcp_server_f_c8968790","input":{}}}`, stopOf0, messageDelta("tool_use"), messageStop}, want: []string{`"name":"mcp.server/f"`, `!mcp_server`}},
	{name: "case-53 a custom tool's call", from: "anthropic", to: "responses", ask: responsesOf(hi, `,"stream":true,"tools":[{"type":"custom","name":"apply_patch"}]`), stream: []string{messageStart, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"apply_patch","input":{}}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"input\":\"*** \\\"x\\\"\\n"}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"+y\"}"}}`, stopOf0, messageDelta("tool_use"), messageStop},
		want: []string{`"type":"custom_tool_call"`, `response.custom_tool_call_input.done`, `"input":"*** \"x\"\n+y"`, `response.output_item.done`, `"input":"*** \"x\"\n+y"`, `!function_call`}},

	{name: "case-79 an error behind content", from: "anthropic", to: "chat", stream: broken, want: []string{`hello`, `data: {"error":{`, `!DONE`, `!"finish_reason":"`}},
	{name: "case-79 an error behind content", from: "anthropic", to: "responses", stream: broken, want: []string{`hello`, `event: error`, `event: response.failed`, `"status":"failed"`, `!response.completed`}},
	{name: "case-79 an error behind content", from: "anthropic", to: "gemini", stream: broken, want: []string{`hello`, `"error":{"code":503`, `!finishReason`}},

	{name: "case-81 two starts and a third", from: "anthropic", to: "chat", stream: spliced, want: []string{`"role":"assistant"`, `hello`, `"finish_reason":"stop"`, `[DONE]`}},
	{name: "case-81 two starts and a third", from: "anthropic", to: "responses", stream: spliced, want: []string{`event: response.created`, `hello`, `event: response.completed`}},

	{name: "case-82 what nobody knows", from: "anthropic", to: "chat", stream: strange, want: []string{`hello`, `"finish_reason":"stop"`, `[DONE]`, `!leak`}},
	{name: "case-82 what nobody knows", from: "anthropic", to: "responses", stream: strange, want: []string{`"output_index":0`, `hello`, `response.completed`, `!leak`, `!"output_index":1`}},
	{name: "case-82 what nobody knows", from: "anthropic", to: "gemini", stream: strange, want: []string{`hello`, `"finishReason":"STOP"`, `!leak`}},

	{name: "case-84 nobody asked for usage", from: "anthropic", to: "chat", ask: chatOf(hi, `,"stream":true`), stream: counted, want: []string{`hello`, `[DONE]`, `!usage`, `!"choices":[]`}},
	{name: "case-84 nobody wants usage", from: "anthropic", to: "chat", ask: chatOf(hi, `,"stream":true,"stream_options":{"include_usage":false}`), stream: counted, want: []string{`[DONE]`, `!usage`}},

	{name: "case-85 later pieces are bare", from: "anthropic", to: "chat", stream: searching, want: []string{`"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}`, `"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}`}},

	{name: "case-86 all items at the end", from: "anthropic", to: "responses", stream: searching, want: []string{`"sequence_number":0`, `event: response.completed`, `"output":[{`, `"text":"hello"`, `"call_id":"toolu_1"`, `"call_id":"toolu_2"`}},

	{name: "case-89 interleaved", from: "anthropic", to: "chat", body: messageWith(interleaved, "tool_use"), want: []string{`"content":"ab"`, `"tool_calls":[{"id":"toolu_1"`}},
	{name: "case-89 interleaved", from: "anthropic", to: "responses", body: messageWith(interleaved, "tool_use"), want: []string{`"type":"reasoning"`, `"type":"message"`, `"text":"a"`, `"type":"function_call"`, `"type":"message"`, `"text":"b"`}},
	{name: "case-89 interleaved", from: "anthropic", to: "gemini", body: messageWith(interleaved, "tool_use"), want: []string{`"text":"one","thought":true`, `"text":"a"`, `"functionCall"`, `"text":"b"`}},

	{name: "case-90 cited sentences", from: "anthropic", to: "chat", body: messageWith(`{"type":"text","text":"né 👍 "},{"type":"text","text":"网关","citations":[{"type":"web_search_result_location","cited_text":"x","url":"https://a","title":null,"encrypted_index":"E"}]},{"type":"text","text":"."}`, "end_turn"), want: []string{`"content":"né 👍 网关."`, `"url_citation":{"`, `"start_index":5,"end_index":7`}},
	{name: "case-90 cited sentences", from: "anthropic", to: "responses", body: messageWith(`{"type":"text","text":"né 👍 "},{"type":"text","text":"网关","citations":[{"type":"web_search_result_location","cited_text":"x","url":"https://a","title":null,"encrypted_index":"E"}]},{"type":"text","text":"."}`, "end_turn"), want: []string{`"text":"né 👍 网关."`, `"start_index":5,"end_index":7`}},
	{name: "case-90 cited sentences", from: "anthropic", to: "chat", stream: citing, want: []string{`né 👍 `, `网`, `关`, `"content":"."`, `"start_index":5,"end_index":7`, `"finish_reason":"stop"`}},
	{name: "case-90 cited sentences", from: "anthropic", to: "responses", stream: citing, want: []string{`response.output_text.annotation.added`, `"start_index":5,"end_index":7`, `"text":"né 👍 网关."`, `!"output_index":1`}},
}
