package protocol_test

// What clients get wrong is told with the field's name, whichever provider the
// request is for, and what can be mended is.
var casesOfMistakes = []asked{
	{name: "case-23 too hot for anyone", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"temperature":2.5`), param: "temperature"},
	{name: "case-23 infinitely hot", from: "chat", model: "gemini-2.5-flash", body: chatOf(hi, `,"temperature":1e999`), param: "temperature"},
	{name: "case-23 too cold", from: "anthropic", model: "gpt-4o", body: messagesOf(hi, `,"temperature":-1`), param: "temperature"},
	{name: "case-23 too hot for anyone", from: "gemini", model: "gpt-4o", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"generationConfig":{"temperature":5}`), param: "generationConfig.temperature"},
	{name: "case-24 more than all", from: "responses", model: "gemini-2.5-flash", body: responsesOf(hi, `,"top_p":1.5`), param: "top_p"},
	{name: "case-24 a whole number as a fraction", from: "chat", model: "gemini-2.5-flash", body: chatOf(hi, `,"top_k":5.0`), want: []string{`"topK":5}`}},
	{name: "case-24 no number of tokens", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"top_k":-1`), param: "top_k"},
	{name: "case-24 a penalty out of bounds", from: "chat", model: "gemini-2.5-flash", body: chatOf(hi, `,"presence_penalty":5`), param: "presence_penalty"},

	{name: "case-54 a word that no enum has", from: "anthropic", model: "gpt-5", body: messagesOf(hi, `,"service_tier":"x"`), param: "service_tier"},
	{name: "case-54 a word that no enum has", from: "anthropic", model: "gpt-5", body: messagesOf(hi, `,"speed":"x"`), param: "speed"},
	{name: "case-54 a word that no enum has", from: "gemini", model: "gpt-5", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"serviceTier":"x"`), param: "serviceTier"},
	{name: "case-54 a word that no enum has", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(hi, `,"truncation":"x"`), param: "truncation"},
	{name: "case-54 a word that no enum has", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(hi, `,"reasoning":{"summary":"x"}`), param: "reasoning.summary"},
	{name: "case-54 escaped words", from: "chat", model: "claude-sonnet-4-5", body: chatOf(`{"role":"us\u0065r","content":[{"type":"\u0074ext","text":"hi"}]}`), want: []string{`"role":"user"`, `"text":"hi"`}},
	{name: "case-54 escaped words", from: "anthropic", model: "gpt-5", body: messagesOf(`{"role":"us\u0065r","content":[{"type":"\u0074ext","text":"hi"},{"type":"image","source":{"type":"bas\u006564","media_type":"image\/png","data":"iVBORw0KGgo="}}]}`), want: []string{`"role":"user"`, `"text":"hi"`, `data:image`}},
	{name: "case-54 escaped words", from: "gemini", model: "gpt-5", body: contentsOf(`{"role":"us\u0065r","parts":[{"text":"hi"}]}`), want: []string{`{"role":"user","content":"hi"}`}},

	{name: "case-54 a call of the user's", from: "anthropic", model: "gpt-5", body: messagesOf(`{"role":"user","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]}`), param: "messages[0]"},
	{name: "case-54 a result of the assistant's", from: "anthropic", model: "gpt-5", body: messagesOf(hi + `,{"role":"assistant","content":[{"type":"tool_result","tool_use_id":"t"}]}`), param: "messages[1]"},
	{name: "case-54 null is absent", from: "gemini", model: "gpt-5", body: contentsOf(`{"parts":[{"text":"a"}]},{"role":"model","parts":[{"executableCode":{"language":null,"code":"x"}}]},{"parts":[{"text":"b"}]}`), want: []string{"```python\\nx\\n```"}},
	{name: "case-54 a call of the user's", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(`{"role":"user","parts":[{"functionCall":{"name":"f"}}]}`), param: "contents[0]"},
	{name: "case-54 a result of the model's", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(`{"parts":[{"text":"a"}]},{"role":"model","parts":[{"functionResponse":{"name":"f","response":{}}}]}`), param: "contents[1]"},
	{name: "case-54 nobody says anything", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(``), param: "contents"},
	{name: "case-54 the model's empty answer", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(`{"parts":[{"text":"a"}]},{"role":"model"},{"parts":[{"text":"b"}]}`), want: []string{`[{"type":"text","text":"a"},{"type":"text","text":"b"}]`}},

	{name: "case-54 a choice of no tool", from: "anthropic", model: "gpt-5", body: messagesOf(hi, `,"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":"g"}`), param: "tool_choice.name"},
	{name: "case-54 a choice of no tool", from: "gemini", model: "gpt-5", body: contentsOf(`{"parts":[{"text":"a"}]}`, `,"tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["g"]}}`), param: "toolConfig.functionCallingConfig.allowedFunctionNames"},
	{name: "case-54 a search that the provider has not", from: "anthropic", model: "gpt-5", body: messagesOf(hi, `,"tools":[{"name":"f","input_schema":{"type":"object"}},{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"tool","name":"web_search"}`), param: "tool_choice"},
	{name: "case-54 two tools with one name", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"tools":[{"type":"function","function":{"name":"f","description":"one"}},{"type":"function","function":{"name":"f","description":"two"}},{"type":"function","function":{"name":"g"}}]`), want: []string{`"name":"f","description":"one"`, `"name":"g"`, `!two`}, warn: "tools: of two tools with one name the first counts"},

	{name: "case-46 a drawing", from: "anthropic", model: "gpt-5", body: messagesOf(`{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/svg+xml","data":"AAAA"}}]}`), param: "messages[0].content[0]"},
	{name: "case-46 image/jpg", from: "anthropic", model: "gpt-5", body: messagesOf(`{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/jpg","data":"AAAA"}}]}`), want: []string{`data:image/jpeg;base64,AAAA`}},
	{name: "case-46 base64 for URLs", from: "gemini", model: "gpt-5", body: contentsOf(`{"parts":[{"inlineData":{"mimeType":"IMAGE/PNG","data":"AA-_"}}]}`), want: []string{`data:image/png;base64,AA+/`}},
	{name: "case-46 a type that OpenAI has not", from: "gemini", model: "gpt-5", body: contentsOf(`{"parts":[{"inlineData":{"mimeType":"image/heic","data":"AAAA"}}]}`), param: "contents[0].parts[0].inlineData"},
	{name: "case-46 no base64", from: "chat", model: "claude-sonnet-4-5", body: chatOf(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,@@@@"}}]}`), param: "messages[0].content[0].image_url"},
	{name: "case-46 no data", from: "chat", model: "gemini-2.5-flash", body: chatOf(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,"}}]}`), param: "messages[0].content[0].image_url"},
	{name: "case-46 no base64", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(`{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,@@@@"}]}`), param: "input[0].content[0]"},
	{name: "case-48 an empty document", from: "anthropic", model: "gemini-2.5-flash", body: messagesOf(`{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":""}},{"type":"text","text":"hi"}]}`), want: []string{`"parts":[{"text":"hi"}]`}},
	{name: "case-48 a file of no provider's", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(`{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","file_id":"f"}]}`), param: "input[0].content[1]"},
	{name: "case-48 sound", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(`{"parts":[{"inlineData":{"mimeType":"audio/wav","data":"UklGRg=="}}]}`), param: "contents[0].parts[0].inlineData"},
	{name: "case-31 a seed that is no integer", from: "gemini", model: "gpt-4o", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"generationConfig":{"seed":1.5}`), want: []string{`!seed`}, warn: "seed: not an integer of 64 bits"},
	{name: "case-48 data beside an id", from: "chat", model: "claude-sonnet-4-5", body: chatOf(`{"role":"user","content":[{"type":"file","file":{"file_id":"f","file_data":"data:application/pdf;base64,JVBERi0="}}]}`), want: []string{`"data":"JVBERi0="`}},

	{name: "case-54 a tool without a name", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"tools":[{"type":"function","function":{"description":"d"}}]`), param: "tools[0].function.name"},
	{name: "case-54 arguments that say one thing twice", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi + `,{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1,\"a\":2}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}`), want: []string{`"input":{"_raw_arguments":"{\"a\":1,\"a\":2}"}`}},
	{name: "case-12 parameters of nulls", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":null,"required":null}}}]`), want: []string{`"input_schema":{"type":"object","properties":{}}`}},
	{name: "case-12 parameters of nulls", from: "chat", model: "gemini-2.5-flash", body: chatOf(hi, `,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":null,"required":null}}}]`), want: []string{`[{"name":"f"}]`}},
	{name: "case-36 a text as a tool's result", from: "anthropic", model: "gpt-5", body: messagesOf(hi + `,{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"hello"}}]}]}`), want: []string{`"tool_call_id":"t","content":"T\nhello"}]`}},
	{name: "case-41 a file for a tool of the provider's", from: "anthropic", model: "gpt-5", body: messagesOf(`{"role":"user","content":[{"type":"container_upload","file_id":"f"},{"type":"text","text":"hi"}]}`), want: []string{`{"role":"user","content":"hi"}`}, warn: "messages: what another provider's own tools did is told in words or left out"},
	{name: "case-68 a signature alone", from: "gemini", model: "gpt-5", body: contentsOf(`{"parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"},{"text":"","thoughtSignature":"c2ln"}]},{"parts":[{"text":"c"}]}`), want: []string{`{"role":"assistant","content":"b"}`}},
	{name: "case-32 an empty stop", from: "anthropic", model: "gpt-4o", body: messagesOf(hi, `,"stop_sequences":["","\n"]`), want: []string{`"stop":["\n"]`}, warn: "stop: empty sequence dropped"},
	{name: "case-31 logprobs alone", from: "chat", model: "gemini-2.5-flash", body: chatOf(hi, `,"top_logprobs":3`), want: []string{`!logprobs`}, warn: "logprobs: top_logprobs counts beside logprobs only"},

	{name: "case-54 a blank system prompt", from: "anthropic", model: "gpt-5", body: messagesOf(hi, `,"system":[{"type":"text","text":" "},{"type":"text","text":""}]`), want: []string{`"messages":[{"role":"user"`}},
	{name: "case-54 an image as a system prompt", from: "anthropic", model: "gpt-5", body: messagesOf(hi, `,"system":[{"type":"image","source":{"type":"url","url":"https://x/a.png"}}]`), param: "system"},
}
