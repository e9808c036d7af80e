package protocol_test

const (
	signedCall = `{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"R0VN"}}}`
	bareCall   = `{"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}`
)

func thoughtOf(thinking, signature string) string {
	return messagesOf(`{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"thinking","thinking":"`+thinking+`","signature":"`+signature+`"},{"type":"text","text":"so"}]},{"role":"user","content":"on"}`, `,"thinking":{"type":"adaptive"}`)
}

func callsOf(calls string) string {
	return chatOf(`{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[` + calls + `]},` + result1 + "," + result2)
}

var casesOfThinking = []asked{
	{name: "case-42 thinking of another provider", from: "chat", model: "claude-opus-4-6", body: chatOf(`{"role":"user","content":"go"},{"role":"assistant","content":"so","reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"R0VN","format":"google-gemini-v1","index":0}]},{"role":"user","content":"on"}`), want: []string{`"so"`, `!R0VN`, `!"thinking"`}},
	{name: "case-42 thinking nobody signed", from: "chat", model: "claude-opus-4-6", body: chatOf(`{"role":"user","content":"go"},{"role":"assistant","content":"so","reasoning_content":"hm"},{"role":"user","content":"on"}`), want: []string{`"so"`, `!hm`}},
	{name: "case-42 Claude's thinking", from: "anthropic", model: "gemini-3-pro", body: thoughtOf("hm", "EqQBCkYIBxgCKkA"), want: []string{`"so"`, `!EqQBCkYIBxgCKkA`, `!hm`}},
	{name: "case-42 Claude's thinking", from: "anthropic", model: "gpt-5.4", body: thoughtOf("hm", "EqQBCkYIBxgCKkA"), want: []string{`"so"`, `!EqQBCkYIBxgCKkA`, `!hm`}},
	{name: "case-42 thinking of OpenAI's", from: "responses", model: "claude-opus-4-6", body: responsesOf(`{"role":"user","content":"go"},{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAAAAB"},{"role":"assistant","content":"so"},{"role":"user","content":"on"}`), want: []string{`"so"`, `!gAAAAAB`, `!hm`}},

	{name: "case-43 thinking without words", from: "chat", model: "claude-sonnet-5", body: chatOf(`{"role":"user","content":"go"},{"role":"assistant","content":"so","reasoning_details":[{"type":"reasoning.text","text":"","signature":"EqQBCkYIBxgCKkA","format":"anthropic-claude-v1","index":0}]},{"role":"user","content":"on"}`), want: []string{`{"type":"thinking","thinking":"","signature":"EqQBCkYIBxgCKkA"},{"type":"text","text":"so"}`}},
	{name: "case-43 thinking without words", from: "chat", model: "claude-sonnet-5", body: chatOf(`{"role":"user","content":"go"},{"role":"assistant","content":"so","thinking_blocks":[{"type":"thinking","thinking":"","signature":"EqQBCkYIBxgCKkA"}]},{"role":"user","content":"on"}`), want: []string{`{"type":"thinking","thinking":"","signature":"EqQBCkYIBxgCKkA"},{"type":"text","text":"so"}`}},

	{name: "case-49 a call's signature", from: "chat", model: "gemini-3-pro", body: callsOf(signedCall + "," + bareCall), want: []string{`"thoughtSignature":"R0VN"`, `"functionCall":{"id":"c2"`, `!skip_thought`}},
	{name: "case-49 the client dropped it", from: "chat", model: "gemini-3-pro", body: callsOf(`{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},` + bareCall), want: []string{`"thoughtSignature":"skip_thought_signature_validator"`, `"functionCall":{"id":"c2","name":"g","args":{}}}]`}, warn: "messages: a call's thought signature is missing; its check is skipped"},
	{name: "case-49 not needed", from: "chat", model: "gemini-2.5-pro", body: callsOf(`{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},` + bareCall), want: []string{`"functionCall"`, `!houghtSignature`}},

	{name: "case-50 one signature for parallel calls", from: "chat", model: "gemini-3-pro", body: callsOf(signedCall + "," + bareCall), want: []string{`"thoughtSignature":"R0VN"`, `"functionCall":{"id":"c2","name":"g","args":{}}}]`, `!skip_thought`}},
}
