package mock_test

import (
	"strings"
	"testing"
)

const (
	chatPath     = "/v1/chat/completions"
	messagesPath = "/v1/messages"
	geminiPath   = "/v1beta/models/gemini-3-pro:generateContent"
)

// What a wrong conversion would send, and what the real API says to it.
func TestWhatIsRefused(t *testing.T) {
	chat := func(messages, more string) string {
		return `{"model":"gpt-4o","messages":[` + messages + `]` + more + `}`
	}
	claude := func(messages, more string) string {
		return `{"model":"claude-sonnet-4-5","max_tokens":4096,"messages":[` + messages + `]` + more + `}`
	}
	gemini := func(contents, more string) string { return `{"contents":[` + contents + `]` + more + `}` }
	const (
		hi     = `{"role":"user","content":"hi"}`
		called = `{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}]}`
		resA   = `{"role":"tool","tool_call_id":"a","content":"1"}`
		resB   = `{"role":"tool","tool_call_id":"b","content":"2"}`
		used   = `{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"f","input":{}}]}`
		tools  = `,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}]`
		gHi    = `{"role":"user","parts":[{"text":"hi"}]}`
		gCall  = `{"role":"model","parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"name":"g","args":{}}}]}`
	)
	for _, tt := range []struct{ name, path, body, want string }{
		{"calls and results", chatPath, chat(hi+","+called+","+resA+","+resB, ""), ""},
		{"results in another order", chatPath, chat(hi+","+called+","+resB+","+resA, ""), ""},
		{"a result is missing", chatPath, chat(hi+","+called+","+resA+","+hi, ""), "did not have response messages: b"},
		{"a result without a call", chatPath, chat(hi+","+resA, ""), "must be a response to a preceeding message"},
		{"null content without calls", chatPath, chat(hi+`,{"role":"assistant","content":null}`, ""), "expected a string, got null"},
		{"choice without tools", chatPath, chat(hi, `,"tool_choice":"auto"`), "'tool_choice' is only allowed when 'tools' are specified"},
		{"stream options", chatPath, chat(hi, `,"stream_options":{"include_usage":true}`), "only allowed when 'stream' is enabled"},
		{"json without the word", chatPath, chat(hi, `,"response_format":{"type":"json_object"}`), "must contain the word 'json'"},
		{"strict schema", chatPath, chat(hi, `,"response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}}}`), "Missing 'a'"},
		{"Anthropic's cache mark", chatPath, chat(`{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}`, ""), "Unknown parameter: 'messages[0].content[0].cache_control'"},
		{"reasoning model, temperature", chatPath, strings.Replace(chat(hi, `,"temperature":0.5`), "gpt-4o", "gpt-5", 1), "'temperature' does not support 0.5"},
		{"reasoning model, max_tokens", chatPath, strings.Replace(chat(hi, `,"max_tokens":5`), "gpt-4o", "gpt-5", 1), "'max_tokens' is not supported"},
		{"effort where nothing reasons", chatPath, chat(hi, `,"reasoning_effort":"low"`), "'reasoning_effort' is not supported"},
		{"a small image that lies", chatPath, chat(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/svg+xml;base64,AAAA"}}]}`, ""), "expected an http(s) URL"},

		{"function call, no output", "/v1/responses", `{"model":"gpt-4o","input":[{"role":"user","content":"hi"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]}`, "No tool output found for function call c"},
		{"output, no call", "/v1/responses", `{"model":"gpt-4o","input":[{"type":"function_call_output","call_id":"c","output":"1"}]}`, "No tool call found for function call output with call_id c"},
		{"strict by default", "/v1/responses", `{"model":"gpt-4o","input":"hi","tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}]}`, "'additionalProperties' is required"},
		{"another's reasoning", "/v1/responses", `{"model":"gpt-5","input":[{"type":"reasoning","summary":[],"encrypted_content":"llmgw1.abc"},{"role":"user","content":"hi"}]}`, "could not be verified"},

		{"uses and results", messagesPath, claude(hi+","+used+`,{"role":"user","content":[{"type":"tool_result","tool_use_id":"b"},{"type":"tool_result","tool_use_id":"a","content":"1"},{"type":"text","text":"go on"}]}`, tools), ""},
		{"results in two messages", messagesPath, claude(hi+","+used+`,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"b"}]}`, tools), ""},
		{"a result is missing", messagesPath, claude(hi+","+used+`,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}`, tools), "without `tool_result` blocks immediately after: b"},
		{"text before results", messagesPath, claude(hi+","+used+`,{"role":"user","content":[{"type":"text","text":"x"},{"type":"tool_result","tool_use_id":"a"},{"type":"tool_result","tool_use_id":"b"}]}`, tools), "immediately after"},
		{"a result without a use", messagesPath, claude(`{"role":"user","content":[{"type":"tool_result","tool_use_id":"z"}]}`, tools), "unexpected `tool_use_id` found in `tool_result` blocks: z"},
		{"max_tokens", messagesPath, `{"model":"claude-x","messages":[` + hi + `]}`, "max_tokens: Field required"},
		{"empty text", messagesPath, claude(`{"role":"user","content":[{"type":"text","text":""}]}`, ""), "messages.0.content.0.text"},
		{"blank text alone", messagesPath, claude(`{"role":"user","content":" "}`, ""), "non-whitespace"},
		{"empty message", messagesPath, claude(`{"role":"user","content":[]},`+hi, ""), "non-empty content"},
		{"unknown field", messagesPath, claude(hi, `,"frequency_penalty":1`), "frequency_penalty: Extra inputs are not permitted"},
		{"both samplers", messagesPath, claude(hi, `,"temperature":0.5,"top_p":0.5`), "cannot both be specified"},
		{"sampling on a new model", messagesPath, strings.Replace(claude(hi, `,"temperature":0.5`), "sonnet-4-5", "opus-4-8", 1), "`temperature` is not supported"},
		{"budget on a new model", messagesPath, strings.Replace(claude(hi, `,"thinking":{"type":"enabled","budget_tokens":1024}`), "sonnet-4-5", "opus-5", 1), "thinking.type.enabled"},
		{"budget over max_tokens", messagesPath, claude(hi, `,"thinking":{"type":"enabled","budget_tokens":8192}`), "must be greater than `thinking.budget_tokens`"},
		{"forced tool while thinking", messagesPath, claude(hi, tools+`,"tool_choice":{"type":"any"},"thinking":{"type":"enabled","budget_tokens":1024}`), "Thinking may not be enabled"},
		{"forced tool on fable", messagesPath, strings.Replace(claude(hi, tools+`,"tool_choice":{"type":"any"}`), "sonnet-4-5", "fable-5", 1), "forced tool use"},
		{"tool use without its thinking", messagesPath, claude(hi+`,{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}`, tools+`,"thinking":{"type":"enabled","budget_tokens":1024}`), "Expected `thinking` or `redacted_thinking`"},
		{"a signature that is none", messagesPath, claude(hi+`,{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"EqQ"},{"type":"text","text":"y"}]},`+hi, ""), "Invalid `signature`"},
		{"prefill", messagesPath, strings.Replace(claude(hi+`,{"role":"assistant","content":"It is"}`, ""), "sonnet-4-5", "opus-4-8", 1), "prefill"},
		{"prefill with a blank end", messagesPath, claude(hi+`,{"role":"assistant","content":"It is "}`, ""), "trailing whitespace"},
		{"union at the root", messagesPath, claude(hi, `,"tools":[{"name":"f","input_schema":{"type":"object","anyOf":[{"type":"object"}]}}]`), "does not support oneOf"},
		{"five marks", messagesPath, claude(`{"role":"user","content":[`+strings.Repeat(`{"type":"text","text":"x","cache_control":{"type":"ephemeral"}},`, 4)+`{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}`, ""), "A maximum of 4 blocks"},
		{"long mark behind a short one", messagesPath, claude(`{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}},{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1h"}}]}`, ""), "must not come after"},
		{"open schema", messagesPath, claude(hi, `,"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{}}}}`), "additionalProperties"},
		{"too many tokens", messagesPath, claude(hi, `,"max_tokens":100000`), "100000 > 64000"},
		{"role system on an old model", messagesPath, claude(hi+`,{"role":"system","content":"x"}`, ""), "role 'system' is not supported"},

		{"calls and responses", geminiPath, gemini(gHi+","+gCall+`,{"role":"user","parts":[{"functionResponse":{"name":"g","response":{}}},{"functionResponse":{"name":"f","response":{}}}]}`, ""), ""},
		{"responses in two contents", geminiPath, gemini(gHi+","+gCall+`,{"role":"user","parts":[{"functionResponse":{"name":"g","response":{}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}`, ""), ""},
		{"a response is missing", geminiPath, gemini(gHi+","+gCall+`,{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}`, ""), "number of function response parts is equal"},
		{"a response of another name", geminiPath, gemini(gHi+","+gCall+`,{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}},{"functionResponse":{"name":"h","response":{}}}]}`, ""), "answers no function call"},
		{"a response without a call", geminiPath, gemini(gHi+`,{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}`, ""), "comes immediately after a function call turn"},
		{"a response that is no object", geminiPath, gemini(gHi+","+gCall+`,{"role":"user","parts":[{"functionResponse":{"name":"f","response":[1]}}]}`, ""), "got array"},
		{"no signature", geminiPath, gemini(gHi+","+strings.Replace(gCall, `,"thoughtSignature":"skip_thought_signature_validator"`, "", 1)+`,{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}},{"functionResponse":{"name":"g","response":{}}}]}`, ""), "missing a thought_signature"},
		{"no parts", geminiPath, gemini(`{"role":"user","parts":[]}`, ""), "contents[0].parts"},
		{"unknown field", geminiPath, gemini(gHi, `,"temperature":1`), `Unknown name \"temperature\"`},
		{"a schema with additionalProperties", geminiPath, gemini(gHi, `,"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"object","additionalProperties":false}}]}]`), `Unknown name \"additionalProperties\"`},
		{"allowed names in mode AUTO", geminiPath, gemini(gHi, `,"tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":{"mode":"AUTO","allowedFunctionNames":["f"]}}`), "ANY or VALIDATED"},
		{"budget and level", geminiPath, gemini(gHi, `,"generationConfig":{"thinkingConfig":{"thinkingBudget":1,"thinkingLevel":"LOW"}}`), "only set one of"},
		{"two kinds in a part", geminiPath, gemini(`{"role":"user","parts":[{"text":"x","functionCall":{"name":"f"}}]}`, ""), "already set"},
	} {
		w := post(t, standIn(tt.path), tt.path, tt.body)
		if tt.want == "" && w.Code != 200 || tt.want != "" && (w.Code != 400 || !strings.Contains(w.Body.String(), tt.want)) {
			t.Errorf("%s at %s: %d %s", tt.name, tt.path, w.Code, w.Body)
		}
	}
}
