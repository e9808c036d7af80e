package protocol_test

var casesOfSettings = []asked{
	{name: "case-23 too hot", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"temperature":1.7`), want: []string{`"temperature":1,`}, warn: "temperature: clamped to 1"},
	{name: "case-23 no temperature", from: "chat", model: "claude-opus-4-7", body: chatOf(hi, `,"temperature":1.7`), want: []string{`!temperature`}, warn: "temperature: not supported by this model"},
	{name: "case-23 no temperature", from: "gemini", model: "claude-sonnet-5", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"generationConfig":{"temperature":0.2}`), want: []string{`!temperature`}, warn: "temperature: not supported by this model"},
	{name: "case-23 as it is", from: "chat", model: "gemini-3-pro", body: chatOf(hi, `,"temperature":1.7`), want: []string{`"temperature":1.7`}},

	{name: "case-24 one of two", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"temperature":0.5,"top_p":0.9`), want: []string{`"temperature":0.5`, `!top_p`}, warn: "top_p: dropped beside temperature"},
	{name: "case-24 one of two", from: "responses", model: "claude-opus-4-6", body: responsesOf(hi, `,"temperature":0.5,"top_p":0.9`), want: []string{`"temperature":0.5`, `!top_p`}, warn: "top_p: dropped beside temperature"},
	{name: "case-24 both", from: "chat", model: "claude-sonnet-4-0", body: chatOf(hi, `,"temperature":0.5,"top_p":0.9`), want: []string{`"temperature":0.5`, `"top_p":0.9`}},

	{name: "case-25 no limit", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi), want: []string{`"max_tokens":`}},
	{name: "case-25 no limit", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(`{"parts":[{"text":"hi"}]}`), want: []string{`"max_tokens":`}},
	{name: "case-25 both limits", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"max_tokens":5,"max_completion_tokens":6`), want: []string{`"max_tokens":6`}, warn: "max_tokens: max_completion_tokens counts"},
	{name: "case-25 both limits", from: "chat", model: "gemini-3-pro", body: chatOf(hi, `,"max_completion_tokens":6,"max_tokens":5`), want: []string{`"maxOutputTokens":6`}, warn: "max_tokens: max_completion_tokens counts"},

	{name: "case-26 no room to think", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"reasoning_effort":"high","max_completion_tokens":1000`), want: []string{`"max_tokens":1000`, `!thinking`}, warn: "thinking: max_tokens leaves no room"},
	{name: "case-26 no room to think", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(hi, `,"reasoning":{"effort":"high"},"max_output_tokens":1024`), want: []string{`"max_tokens":1024`, `!thinking`}, warn: "thinking: max_tokens leaves no room"},
	{name: "case-26 some room", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"reasoning_effort":"high","max_completion_tokens":2000`), want: []string{`"max_tokens":2000`, `"budget_tokens":1999`}},

	{name: "case-27 xhigh", from: "chat", model: "claude-opus-4-6", body: chatOf(hi, `,"reasoning_effort":"xhigh"`), want: []string{`"thinking":{"type":"adaptive"`, `"effort":"max"`}},
	{name: "case-27 xhigh", from: "responses", model: "claude-opus-4-7", body: responsesOf(hi, `,"reasoning":{"effort":"xhigh"}`), want: []string{`"effort":"xhigh"`}},

	{name: "case-28 effort without thinking", from: "chat", model: "claude-opus-5", body: chatOf(hi, `,"thinking":{"type":"disabled"},"reasoning_effort":"max"`), want: []string{`"thinking":{"type":"disabled"}`, `"effort":"high"`}, warn: "reasoning_effort: lowered to high without thinking"},

	{name: "case-29 none", from: "chat", model: "claude-sonnet-5", body: chatOf(hi, `,"reasoning_effort":"none"`), want: []string{`"thinking":{"type":"disabled"}`}},
	{name: "case-29 disabled", from: "anthropic", model: "gpt-5.4", body: messagesOf(hi, `,"thinking":{"type":"disabled"}`), want: []string{`"reasoning_effort":"none"`}},

	{name: "case-30 none", from: "chat", model: "gemini-3-pro", body: chatOf(hi, `,"reasoning_effort":"none"`), want: []string{`"thinkingLevel":"LOW"`, `!thinkingBudget`}, warn: "reasoning: the model's thinking cannot be switched off"},
	{name: "case-30 disabled", from: "anthropic", model: "gemini-3-pro", body: messagesOf(hi, `,"thinking":{"type":"disabled"}`), want: []string{`"thinkingLevel":"LOW"`, `!thinkingBudget`}, warn: "reasoning: the model's thinking cannot be switched off"},
	{name: "case-30 none", from: "responses", model: "gemini-2.5-flash", body: responsesOf(hi, `,"reasoning":{"effort":"none"}`), want: []string{`"thinkingBudget":0`, `!thinkingLevel`}},

	{name: "case-31 a budget for levels", from: "anthropic", model: "gemini-3-pro", body: `{"model":"m","max_tokens":30000,"messages":[` + hi + `],"thinking":{"type":"enabled","budget_tokens":9000},"output_config":{"effort":"low"}}`, want: []string{`"thinkingLevel"`, `!thinkingBudget`}},
	{name: "case-31 an effort for budgets", from: "chat", model: "gemini-2.5-pro", body: chatOf(hi, `,"reasoning_effort":"low"`), want: []string{`"thinkingBudget":1024`, `!thinkingLevel`}},

	{name: "case-32 blank stops", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"stop":["\n"]`), want: []string{`!stop`}, warn: "stop: blank sequence dropped"},
	{name: "case-32 blank stops", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"generationConfig":{"stopSequences":["\n","END"]}`), want: []string{`"stop_sequences":["END"]`}, warn: "stop: blank sequence dropped"},
	{name: "case-32 one stop", from: "chat", model: "gemini-3-pro", body: chatOf(hi, `,"stop":"\n"`), want: []string{`"stopSequences":["\n"]`}},

	{name: "case-33 JSON", from: "chat", model: "gemini-3-pro", body: chatOf(hi, `,"response_format":{"type":"json_object"}`), want: []string{`"responseMimeType":"application/json"`}},
	{name: "case-33 JSON", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"response_format":{"type":"json_object"}`), want: []string{`"system":[{"type":"text","text":"Answer with one JSON object and nothing else."}]`}, warn: "response_format: asked for in words"},
	{name: "case-33 JSON", from: "gemini", model: "gpt-4o", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"generationConfig":{"responseMimeType":"application/json"}`), want: []string{`"response_format":{"type":"json_object"}`, `JSON`}},
	{name: "case-33 JSON", from: "responses", model: "gpt-4o", body: responsesOf(hi, `,"text":{"format":{"type":"json_object"}}`), want: []string{`"response_format":{"type":"json_object"}`, `JSON`}},

	{name: "case-34 a schema", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"age":{"type":"integer","minimum":3},"in":{"type":"object","properties":{}}}}}}`), want: []string{`"output_config":{"format":{"type":"json_schema","schema":`, `"age":{"type":"integer","description":"{minimum: 3}"}`, `"in":{"type":"object","properties":{},"additionalProperties":false}},"additionalProperties":false}`, `!"minimum"`}},
	{name: "case-34 a schema", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(hi, `,"text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object","properties":{"age":{"type":"integer","minimum":3}}}}}`), want: []string{`"output_config":{"format":{"type":"json_schema","schema":`, `"additionalProperties":false`, `!"minimum"`}},
	{name: "case-34 a schema", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"age":{"type":"INTEGER","minimum":3}}}}`), want: []string{`"output_config":{"format":{"type":"json_schema","schema":`, `"additionalProperties":false`, `!"minimum"`}},
	{name: "case-34 a schema for a model without", from: "chat", model: "claude-3-5-haiku", body: chatOf(hi, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{}}}}`), want: []string{`"tools":[{"name":"json_output"`, `"tool_choice":{"type":"tool","name":"json_output"`}, warn: "response_format: asked for as a tool"},
	{name: "case-34 a schema", from: "anthropic", model: "gpt-4o", body: messagesOf(hi, `,"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}}`), want: []string{`"json_schema":{"name":"output"`, `"strict":true`}},

	{name: "case-35 a schema beside functions", from: "chat", model: "gemini-2.5-pro", body: chatOf(hi, oneOfThem, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"object","properties":{"zz":{"type":"string"}},"required":["zz"],"additionalProperties":false}}}`), want: []string{`zz`, `!responseJsonSchema`, `!responseMimeType`}, warn: "response_format: asked for in words because the model takes no schema beside tools"},
	{name: "case-35 a schema beside functions", from: "chat", model: "gemini-3-pro", body: chatOf(hi, oneOfThem, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"zz":{"type":"string"}}}}}`), want: []string{`"responseJsonSchema":{`}},
	{name: "case-35 a schema beside functions", from: "anthropic", model: "gemini-2.5-pro", body: messagesOf(hi, `,"tools":[{"name":"f","input_schema":{"type":"object"}}],"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"zz":{"type":"string"}}}}}`), want: []string{`zz`, `!responseJsonSchema`}, warn: "response_format: asked for in words because the model takes no schema beside tools"},

	{name: "case-84 usage is asked for all the same", from: "anthropic", model: "gpt-4o", body: messagesOf(hi, `,"stream":true`), want: []string{`"stream":true`, `"stream_options":{"include_usage":true}`}},
	{name: "case-84 usage is asked for all the same", from: "responses", model: "gpt-4o", body: responsesOf(hi, `,"stream":true`), want: []string{`"stream_options":{"include_usage":true}`}},
}
