package protocol_test

func imageOf(url string) string {
	return chatOf(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + url + `"}}]}`)
}

var casesOfForms = []asked{
	{name: "case-46 image/jpg", from: "chat", model: "claude-sonnet-4-5", body: imageOf("data:image/jpg;base64,/9j/AAAA"), want: []string{`"media_type":"image/jpeg","data":"/9j/AAAA"`}},
	{name: "case-46 upper case", from: "chat", model: "gemini-3-pro", body: imageOf("data:IMAGE/PNG;base64,iVBORw0KGgoAAAA"), want: []string{pngBytes}},
	{name: "case-46 no type", from: "chat", model: "claude-sonnet-4-5", body: imageOf("data:;base64,iVBORw0KGgoAAAA"), want: []string{`"media_type":"image/png"`}},
	{name: "case-46 line breaks", from: "chat", model: "claude-sonnet-4-5", body: imageOf(`data:image/png;base64,iVBORw0K\r\nGgoA AAA`), want: []string{`"data":"iVBORw0KGgoAAAA"`}},
	{name: "case-46 line breaks", from: "responses", model: "gemini-3-pro", body: responsesOf(`{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,iVBORw0K\nGgoAAAA"}]}`), want: []string{pngBytes}},
	{name: "case-46 a drawing", from: "chat", model: "claude-sonnet-4-5", body: imageOf("data:image/svg+xml;base64,PHN2Zz4="), param: "messages[0].content[0].image_url"},
	{name: "case-46 a drawing", from: "chat", model: "gemini-3-pro", body: imageOf("data:image/svg+xml;base64,PHN2Zz4="), param: "messages[0].content[0].image_url"},
	{name: "case-46 a drawing", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(`{"role":"user","content":[{"type":"input_image","image_url":"data:image/svg+xml;base64,PHN2Zz4="}]}`), param: "input[0].content[0].image_url"},

	{name: "case-47 an image by URL", from: "chat", model: "gemini-2.5-pro", body: imageOf("https://example.org/a.png"), param: "messages[0].content[0].image_url"},
	{name: "case-47 an image by URL", from: "chat", model: "claude-sonnet-4-5", body: imageOf("https://example.org/a.png"), want: []string{`"source":{"type":"url","url":"https://example.org/a.png"}`}},
	{name: "case-47 an image by URL", from: "anthropic", model: "gpt-4o", body: messagesOf(`{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://example.org/a.png"}}]}`), want: []string{`"image_url":{"url":"https://example.org/a.png"}`}},

	{name: "case-48 a PDF", from: "chat", model: "claude-sonnet-4-5", body: chatOf(`{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0x"}}]}`), want: []string{`{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0x"},"title":"a.pdf"}`}},
	{name: "case-48 a PDF", from: "chat", model: "gemini-3-pro", body: chatOf(`{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0x"}}]}`), want: []string{`"inlineData":{"mimeType":"application/pdf","data":"JVBERi0x"`}},
	{name: "case-48 a PDF", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(`{"role":"user","content":[{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0x"}]}`), want: []string{`"type":"document"`, `"data":"JVBERi0x"`, `"title":"a.pdf"`}},
	{name: "case-48 a PDF", from: "anthropic", model: "gpt-4o", body: messagesOf(`{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0x"}}]}`), want: []string{`data:application/pdf;base64,JVBERi0x`, `"filename":"document.pdf"`}},
	{name: "case-48 a PDF", from: "gemini", model: "gpt-4o", body: contentsOf(`{"parts":[{"inlineData":{"mimeType":"application/pdf","data":"JVBERi0x"}}]}`), want: []string{`data:application/pdf;base64,JVBERi0x`}},

	{name: "case-51 loose items", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(`{"role":"user","content":"a"},{"type":"reasoning","summary":[],"encrypted_content":"gAAA"},{"role":"assistant","content":[{"type":"output_text","text":"b"}]},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}","status":null},{"type":"function_call_output","call_id":"c1","output":"r"}`), want: []string{`"text":"a"`, `{"role":"assistant","content":[{"type":"text","text":"b"},{"type":"tool_use","id":"c1"`, `"tool_result"`, `!gAAA`}},
	{name: "case-51 loose items", from: "responses", model: "gpt-4o", body: responsesOf(`{"role":"user","content":"a"},{"type":"reasoning","summary":[]},{"role":"assistant","content":"b"},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}","status":null,"id":null}`), want: []string{`"content":"b"`, `"id":"c1"`}, warn: "messages: a tool call has no result"},

	{name: "case-54 a role", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi + `,{"role":"oracle","content":"x"}`), param: "messages[1].role"},
	{name: "case-54 a part", from: "chat", model: "claude-sonnet-4-5", body: chatOf(`{"role":"user","content":[{"type":"text","text":"a"},{"type":"hologram"}]}`), param: "messages[0].content[1].type"},
	{name: "case-54 a role", from: "anthropic", model: "gpt-4o", body: messagesOf(hi + `,{"role":"oracle","content":"x"}`), param: "messages[1].role"},
	{name: "case-54 a block", from: "anthropic", model: "gpt-4o", body: messagesOf(`{"role":"user","content":[{"type":"hologram"}]}`), param: "messages[0].content[0].type"},
	{name: "case-54 a role", from: "gemini", model: "gpt-4o", body: contentsOf(`{"role":"oracle","parts":[{"text":"x"}]}`), param: "contents[0].role"},
	{name: "case-54 a part", from: "gemini", model: "gpt-4o", body: contentsOf(`{"role":"user","parts":[{"hologram":{}}]}`), param: "contents[0].parts[0]"},
	{name: "case-54 an item", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(`{"type":"hologram"}`), param: "input[0]"},
	{name: "case-54 a role", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(`{"role":"oracle","content":"x"}`), param: "input[0].role"},
}
