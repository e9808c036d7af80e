package protocol_test

import "strings"

const (
	twoCalls = `{"role":"user","content":"go"},{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"c2","type":"function","function":{"name":"g","arguments":""}}]}`
	result1  = `{"role":"tool","tool_call_id":"c1","content":"one"}`
	result2  = `{"role":"tool","tool_call_id":"c2","content":"two"}`
	twoItems = `{"role":"user","content":"go"},{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"},{"type":"function_call","call_id":"c2","name":"g","arguments":"{}"}`
	output1  = `{"type":"function_call_output","call_id":"c1","output":"one"}`
	output2  = `{"type":"function_call_output","call_id":"c2","output":"two"}`
	twoUses  = `{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{"a":1}},{"type":"tool_use","id":"c2","name":"g","input":{}}]}`
	used1    = `{"type":"tool_result","tool_use_id":"c1","content":"one"}`
	used2    = `{"type":"tool_result","tool_use_id":"c2","content":[{"type":"text","text":"two"}]}`
	twoParts = `{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"g"}}]}`
	gave1    = `{"functionResponse":{"name":"f","response":{"output":"one"}}}`
	gave2    = `{"functionResponse":{"name":"g","response":{"output":"two"}}}`
)

func chatOf(messages string, more ...string) string {
	return `{"model":"m","messages":[` + messages + `]` + strings.Join(more, "") + `}`
}

func responsesOf(items string, more ...string) string {
	return `{"model":"m","input":[` + items + `]` + strings.Join(more, "") + `}`
}

func messagesOf(messages string, more ...string) string {
	return `{"model":"m","max_tokens":2000,"messages":[` + messages + `]` + strings.Join(more, "") + `}`
}

func contentsOf(contents string, more ...string) string {
	return `{"contents":[` + contents + `]` + strings.Join(more, "") + `}`
}

func idOf(n int) string { return "call_" + strings.Repeat("x", n-5) }

func callWith(ids ...string) string {
	var calls, results []string
	for _, id := range ids {
		calls = append(calls, `{"id":"`+id+`","type":"function","function":{"name":"f","arguments":"{}"}}`)
		results = append(results, `{"role":"tool","tool_call_id":"`+id+`","content":"ok"}`)
	}
	return `{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[` + strings.Join(calls, ",") + `]},` + strings.Join(results, ",")
}

func itemsWith(ids ...string) string {
	var calls, results []string
	for _, id := range ids {
		calls = append(calls, `{"type":"function_call","call_id":"`+id+`","name":"f","arguments":"{}"}`)
		results = append(results, `{"type":"function_call_output","call_id":"`+id+`","output":"ok"}`)
	}
	return hi + "," + strings.Join(calls, ",") + "," + strings.Join(results, ",")
}

func usesWith(ids ...string) string {
	var calls, results []string
	for _, id := range ids {
		calls = append(calls, `{"type":"tool_use","id":"`+id+`","name":"f","input":{}}`)
		results = append(results, `{"type":"tool_result","tool_use_id":"`+id+`","content":"ok"}`)
	}
	return hi + `,{"role":"assistant","content":[` + strings.Join(calls, ",") + `]},{"role":"user","content":[` + strings.Join(results, ",") + `]}`
}

// bothResults is a turn of Anthropic's that answers both calls before it says more.
var bothResults = []string{
	`{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{"a":1}},{"type":"tool_use","id":"c2","name":"g","input":{}}]}`,
	`{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"one"},{"type":"tool_result","tool_use_id":"c2","content":"two"},{"type":"text","text":"and?"}]}]`,
}

var bothResponses = []string{
	`{"role":"user","parts":[{"functionResponse":{`, `"name":"f"`, `"response":{"output":"one"}}},{"functionResponse":{`, `"name":"g"`, `"response":{"output":"two"}}}]},{"role":"user","parts":[{"text":"and?"}]}]`,
}

var casesOfTurns = []asked{
	{name: "case-1 parallel calls", from: "chat", model: "claude-sonnet-4-5", body: chatOf(twoCalls + "," + result1 + "," + result2 + `,{"role":"user","content":"and?"}`), want: bothResults},
	{name: "case-1 parallel calls", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(twoItems + "," + output1 + "," + output2 + `,{"role":"user","content":"and?"}`), want: bothResults},
	{name: "case-1 parallel calls", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(twoParts + `,{"role":"user","parts":[` + gave1 + "," + gave2 + `,{"text":"and?"}]}`), want: []string{
		`"type":"tool_use"`, `"type":"tool_use"`, `{"role":"user","content":[{"type":"tool_result"`, `{"type":"tool_result"`, `{"type":"text","text":"and?"}]}`}},
	{name: "case-1 parallel calls", from: "anthropic", model: "gpt-4o", body: messagesOf(twoUses + `,{"role":"user","content":[` + used1 + "," + used2 + `,{"type":"text","text":"and?"}]}`), want: []string{
		`"tool_calls":[{"id":"c1",`, `{"id":"c2"`, `{"role":"tool","tool_call_id":"c1","content":"one"},{"role":"tool","tool_call_id":"c2","content":"two"},{"role":"user","content":"and?"}`}},

	{name: "case-2 parallel calls", from: "chat", model: "gemini-2.5-pro", body: chatOf(twoCalls + "," + result1 + "," + result2 + `,{"role":"user","content":"and?"}`), want: append(bothResponses, `!"id"`)},
	{name: "case-2 parallel calls", from: "responses", model: "gemini-2.5-pro", body: responsesOf(twoItems + "," + output1 + "," + output2 + `,{"role":"user","content":"and?"}`), want: bothResponses},
	{name: "case-2 parallel calls", from: "anthropic", model: "gemini-2.5-pro", body: messagesOf(twoUses + `,{"role":"user","content":[` + used1 + "," + used2 + `,{"type":"text","text":"and?"}]}`), want: bothResponses},

	{name: "case-3 results in another order", from: "chat", model: "claude-sonnet-4-5", body: chatOf(twoCalls + "," + result2 + "," + result1 + `,{"role":"user","content":"and?"}`), want: bothResults},
	{name: "case-3 results in another order", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(twoItems + "," + output2 + "," + output1 + `,{"role":"user","content":"and?"}`), want: bothResults},
	{name: "case-3 results in another order", from: "chat", model: "gemini-2.5-pro", body: chatOf(twoCalls + "," + result2 + "," + result1 + `,{"role":"user","content":"and?"}`), want: bothResponses},
	{name: "case-3 results in another order", from: "anthropic", model: "gemini-2.5-pro", body: messagesOf(twoUses + `,{"role":"user","content":[` + used2 + "," + used1 + `,{"type":"text","text":"and?"}]}`), want: bothResponses},
	{name: "case-3 results in another order", from: "anthropic", model: "gpt-4o", body: messagesOf(twoUses + `,{"role":"user","content":[` + used2 + "," + used1 + `]}`), want: []string{`"tool_call_id":"c1","content":"one"`, `"tool_call_id":"c2","content":"two"`}},

	{name: "case-4 an id that does not fit", from: "chat", model: "claude-sonnet-4-5", body: chatOf(callWith("functions.Bash:0")), want: []string{`"type":"tool_use","id":"functions_Bash_0_`, `"tool_use_id":"functions_Bash_0_`, `!functions.Bash`}},
	{name: "case-4 an id that does not fit", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(`{"role":"user","content":"go"},{"type":"function_call","call_id":"functions.Bash:0","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"functions.Bash:0","output":"ok"}`), want: []string{`"type":"tool_use","id":"functions_Bash_0_`, `"tool_use_id":"functions_Bash_0_`, `!functions.Bash`}},
	{name: "case-4 an id that fits everywhere else", from: "chat", model: "gemini-3-pro", body: chatOf(callWith("functions.Bash:0")), want: []string{`"functionCall":{"id":"functions.Bash:0"`, `"functionResponse":{"id":"functions.Bash:0"`}, warn: "messages: a call's thought signature is missing; its check is skipped"},

	{name: "case-8 an empty turn", from: "chat", model: "claude-sonnet-4-5", body: chatOf(`{"role":"user","content":"a"},{"role":"assistant","content":null},{"role":"user","content":"b"}`), want: []string{`"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]`}},
	{name: "case-8 an empty turn", from: "chat", model: "gemini-2.5-pro", body: chatOf(`{"role":"user","content":"a"},{"role":"assistant","content":null},{"role":"user","content":"b"}`), want: []string{`"contents":[{"role":"user","parts":[{"text":"a"},{"text":"b"}]}]`}},
	{name: "case-8 an empty turn", from: "chat", model: "gpt-4o", body: chatOf(`{"role":"user","content":"a"},{"role":"assistant","content":""},{"role":"user","content":"b"}`), want: []string{`!assistant`, `"a"`, `"b"`}},

	{name: "case-7 empty text beside a call", from: "chat", model: "claude-sonnet-4-5", body: chatOf(callWith("c1")), want: []string{`{"role":"assistant","content":[{"type":"tool_use"`}},
	{name: "case-7 empty text beside a call", from: "chat", model: "claude-sonnet-4-5", body: chatOf(twoCalls + "," + result1 + "," + result2), want: []string{`{"role":"assistant","content":[{"type":"tool_use"`, `!"text":""`}},
	{name: "case-7 empty text beside a call", from: "chat", model: "gemini-2.5-pro", body: chatOf(twoCalls + "," + result1 + "," + result2), want: []string{`{"role":"model","parts":[{"functionCall"`, `!"text":""`}},
	{name: "case-7 empty text beside a call", from: "gemini", model: "gpt-4o", body: contentsOf(`{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"text":""},{"functionCall":{"name":"f"}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}`), want: []string{`"role":"assistant"`, `"arguments":"{}"`, `!"text":""`}},

	{name: "case-9 system behind the first turn", from: "chat", model: "claude-sonnet-4-5", body: chatOf(`{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"system","content":"late"},{"role":"user","content":"c"}`), want: []string{`"system":[{"type":"text","text":"s"}]`, `{"role":"user","content":[{"type":"text","text":"<system>late</system>"},{"type":"text","text":"c"}]}`}, warn: "messages: a system message behind the first turn is sent as a user's text"},
	{name: "case-9 system behind the first turn", from: "chat", model: "claude-opus-5", body: chatOf(`{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"system","content":"late"},{"role":"user","content":"c"}`), want: []string{`"text":"c"`, `{"role":"system","content":[{"type":"text","text":"late"}]}]`}},
	{name: "case-9 system behind the first turn", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(`{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"developer","content":"late"},{"role":"user","content":"c"}`, `,"instructions":"s"`), want: []string{`"system":[{"type":"text","text":"s"}]`, `<system>late</system>`}, warn: "messages: a system message behind the first turn is sent as a user's text"},
	{name: "case-9 system behind the first turn", from: "chat", model: "gemini-2.5-pro", body: chatOf(`{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"system","content":"late"},{"role":"user","content":"c"}`), want: []string{`"systemInstruction":{"parts":[{"text":"s"}]}`, `{"role":"user","parts":[{"text":"<system>late</system>"},{"text":"c"}]}`}, warn: "messages: a late system message became a part of the user's turn"},

	{name: "case-10 system only", from: "chat", model: "claude-sonnet-4-5", body: chatOf(`{"role":"system","content":"s"}`), want: []string{`"messages":[{"role":"user","content":[{"type":"text","text":"s"}]}]`, `!"system"`}},
	{name: "case-10 system only", from: "responses", model: "gemini-2.5-pro", body: responsesOf(`{"role":"developer","content":"s"}`), want: []string{`"contents":[{"role":"user","parts":[{"text":"s"}]}]`, `!systemInstruction`}},
	{name: "case-10 system only", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(``, `,"systemInstruction":{"parts":[{"text":"s"}]}`), want: []string{`"messages":[{"role":"user","content":[{"type":"text","text":"s"}]}]`}},

	{name: "case-11 developer", from: "chat", model: "claude-sonnet-4-5", body: chatOf(`{"role":"developer","content":"d"},{"role":"user","content":"x"}`), want: []string{`"system":[{"type":"text","text":"d"}]`}},
	{name: "case-11 developer", from: "chat", model: "gemini-2.5-pro", body: chatOf(`{"role":"developer","content":"d"},{"role":"user","content":"x"}`), want: []string{`"systemInstruction":{"parts":[{"text":"d"}]}`}},
	{name: "case-11 developer", from: "responses", model: "gpt-4", body: responsesOf(`{"role":"developer","content":"d"},{"role":"user","content":"x"}`), want: []string{`{"role":"system","content":"d"}`}},
	{name: "case-11 developer", from: "anthropic", model: "gpt-5", body: messagesOf(`{"role":"user","content":"x"}`, `,"system":"d"`), want: []string{`{"role":"developer","content":"d"}`}},

	{name: "case-39 text before the result", from: "anthropic", model: "gpt-4o", body: messagesOf(twoUses + `,{"role":"user","content":[{"type":"text","text":"and?"},` + used1 + "," + used2 + `]}`), want: []string{`{"role":"tool","tool_call_id":"c1"`, `{"role":"tool","tool_call_id":"c2"`, `{"role":"user","content":"and?"}`}},
	{name: "case-39 text before the result", from: "anthropic", model: "gemini-2.5-pro", body: messagesOf(twoUses + `,{"role":"user","content":[{"type":"text","text":"and?"},` + used1 + "," + used2 + `]}`), want: bothResponses},
	{name: "case-39 text before the result", from: "anthropic", model: "responses:gpt-5", body: messagesOf(twoUses + `,{"role":"user","content":[{"type":"text","text":"and?"},` + used1 + "," + used2 + `]}`), want: []string{`"function_call_output"`, `"function_call_output"`, `"and?"`}},

	{name: "case-40 system among the messages", from: "anthropic", model: "gpt-4o", body: messagesOf(`{"role":"user","content":"a"},{"role":"system","content":"late"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}`), want: []string{`"a"`, `{"role":"system","content":"late"}`, `"b"`}},
	{name: "case-40 system among the messages", from: "anthropic", model: "gemini-3-pro", body: messagesOf(`{"role":"user","content":"a"},{"role":"system","content":"late"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}`), want: []string{`{"role":"user","parts":[{"text":"a"},{"text":"<system>late</system>"}]}`}, warn: "messages: a late system message became a part of the user's turn"},
}
