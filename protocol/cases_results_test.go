package protocol_test

const (
	onePNG   = `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgoAAAA"}}`
	seenPNG  = `{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"seen"},` + onePNG + `]}`
	pngBytes = `"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgoAAAA"`
)

func resultOf(fields string) string {
	return messagesOf(`{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1"` + fields + `}]}`)
}

var casesOfResults = []asked{
	{name: "case-36 an image in a result", from: "anthropic", model: "gpt-4o", body: messagesOf(twoUses + `,{"role":"user","content":[` + seenPNG + "," + used2 + `]}`), want: []string{
		`{"role":"tool","tool_call_id":"c1","content":"seen`, `{"role":"tool","tool_call_id":"c2"`, `{"role":"user","content":[`, `"image_url":{"url":"data:image/png;base64,iVBORw0KGgoAAAA"`}},
	{name: "case-36 an image in a result", from: "anthropic", model: "gemini-3-pro", body: messagesOf(twoUses + `,{"role":"user","content":[` + seenPNG + "," + used2 + `]}`), want: []string{`"functionResponse":{`, `"parts":[{` + pngBytes, `"functionResponse":{`}, warn: "messages: a call's thought signature is missing; its check is skipped"},
	{name: "case-36 an image in a result", from: "anthropic", model: "gemini-2.5-pro", body: messagesOf(twoUses + `,{"role":"user","content":[` + seenPNG + "," + used2 + `]}`), want: []string{`"functionResponse":{`, `"functionResponse":{`, `{"role":"user","parts":[{`, pngBytes}},
	{name: "case-36 an image in a result", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(twoItems + `,{"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"seen"},{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgoAAAA"}]},` + output2), want: []string{
		`{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"seen"},` + onePNG + `]}`, `"tool_use_id":"c2"`}},
	{name: "case-36 an image in a result", from: "responses", model: "gpt-4o", body: responsesOf(twoItems + `,{"type":"function_call_output","call_id":"c1","output":[{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgoAAAA"}]},` + output2), want: []string{
		`"tool_call_id":"c1"`, `"tool_call_id":"c2"`, `{"role":"user","content":[`, `data:image/png;base64,iVBORw0KGgoAAAA`}},

	{name: "case-37 content absent", from: "anthropic", model: "gpt-4o", body: resultOf(``), want: []string{`{"role":"tool","tool_call_id":"c1","content":""}`}},
	{name: "case-37 content empty", from: "anthropic", model: "gpt-4o", body: resultOf(`,"content":[]`), want: []string{`{"role":"tool","tool_call_id":"c1","content":""}`}},
	{name: "case-37 content a string", from: "anthropic", model: "gpt-4o", body: resultOf(`,"content":"r"`), want: []string{`{"role":"tool","tool_call_id":"c1","content":"r"}`}},
	{name: "case-37 content of blocks", from: "anthropic", model: "gpt-4o", body: resultOf(`,"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]`), want: []string{`{"role":"tool","tool_call_id":"c1","content":"a\nb"}`}},
	{name: "case-37 an error", from: "anthropic", model: "gpt-4o", body: resultOf(`,"content":"no file","is_error":true`), want: []string{`"tool_call_id":"c1","content":"Error: no file"}`}},
	{name: "case-37 content absent", from: "anthropic", model: "gemini-2.5-pro", body: resultOf(``), want: []string{`"response":{"output":""}`}},
	{name: "case-37 an error", from: "anthropic", model: "gemini-2.5-pro", body: resultOf(`,"content":"no file","is_error":true`), want: []string{`"response":{"error":"no file"}`}},
	{name: "case-37 an error of blocks", from: "anthropic", model: "gemini-2.5-pro", body: resultOf(`,"content":[{"type":"text","text":"no file"}],"is_error":true`), want: []string{`"response":{"error":"no file"}`}},
	{name: "case-37 an error", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(twoParts + `,{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"error":"no file"}}},` + gave2 + `]}`), want: []string{`no file`, `"is_error":true`}},

	{name: "case-38 an array", from: "anthropic", model: "gemini-2.5-pro", body: resultOf(`,"content":"[1,2]"`), want: []string{`"response":{"output":[1,2]}`}},
	{name: "case-38 an array", from: "chat", model: "gemini-3-pro", body: chatOf(twoCalls + `,{"role":"tool","tool_call_id":"c1","content":"[{\"a\":1}]"},` + result2), want: []string{`"response":{"output":[{"a":1}]}`}, warn: "messages: a call's thought signature is missing; its check is skipped"},
	{name: "case-38 an object", from: "responses", model: "gemini-2.5-pro", body: responsesOf(twoItems + `,{"type":"function_call_output","call_id":"c1","output":"{\"a\":1}"},` + output2), want: []string{`"response":{"a":1}`}},

	{name: "case-41 a provider's own tools", from: "anthropic", model: "gpt-4o", body: messagesOf(`{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}},{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","title":"T","url":"https://x","encrypted_content":"E"}]},{"type":"text","text":"found"}]},{"role":"user","content":"thanks"}`), want: []string{`found`, `!tool_call`, `!srvtoolu_1`}, warn: "messages: what another provider's own tools did is told in words or left out"},
	{name: "case-41 a provider's own tools", from: "anthropic", model: "gemini-3-pro", body: messagesOf(`{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}},{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","title":"T","url":"https://x","encrypted_content":"E"}]},{"type":"text","text":"found"}]},{"role":"user","content":"thanks"}`), want: []string{`found`, `!functionCall`, `!srvtoolu_1`}, warn: "messages: what another provider's own tools did is told in words or left out"},
}
