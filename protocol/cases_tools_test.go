package protocol_test

import "strings"

func functionOf(name, parameters string) string {
	if parameters != "" {
		parameters = `,"parameters":` + parameters
	}
	return `{"type":"function","function":{"name":"` + name + `"` + parameters + `}}`
}

func toolsOf(tools ...string) string { return `,"tools":[` + strings.Join(tools, ",") + `]` }

const hi = `{"role":"user","content":"hi"}`

// keywords are those of JSON schema that Gemini's older form of schemas lacks.
const keywords = `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"a":{"type":["string","null"]},"b":{"const":"x"},"c":{"oneOf":[{"type":"string"},{"type":"integer"}]},"d":{"$ref":"#/$defs/D"}},"$defs":{"D":{"type":"object","properties":{"e":{"type":"string"}}}},"additionalProperties":false}`

var (
	longName  = strings.Repeat("n", 140)
	allowed   = `,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}}`
	oneOfThem = toolsOf(functionOf("f", `{"type":"object","properties":{}}`), functionOf("g", `{"type":"object","properties":{}}`))
)

var casesOfTools = []asked{
	{name: "case-12 no parameters", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, toolsOf(functionOf("f", ""))), want: []string{`{"name":"f","input_schema":{"type":"object","properties":{}}}`}},
	{name: "case-12 no parameters", from: "chat", model: "gemini-3-pro", body: chatOf(hi, toolsOf(functionOf("f", ""))), want: []string{`"functionDeclarations":[{"name":"f"}]`}},
	{name: "case-12 parameters null", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(hi, `,"tools":[{"type":"function","name":"f","parameters":null,"strict":null}]`), want: []string{`{"name":"f","input_schema":{"type":"object","properties":{}}}`}},
	{name: "case-12 parameters without properties", from: "anthropic", model: "gpt-4o", body: messagesOf(hi, `,"tools":[{"name":"f","input_schema":{"type":"object"}}]`), want: []string{`"parameters":{"properties":{},"type":"object"}`}},
	{name: "case-12 no parameters", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"tools":[{"functionDeclarations":[{"name":"f"}]}]`), want: []string{`{"name":"f","input_schema":{"type":"object","properties":{}}}`}},

	{name: "case-13 JSON schema's keywords", from: "chat", model: "gemini-3-pro", body: chatOf(hi, toolsOf(functionOf("f", keywords))), want: []string{`"parametersJsonSchema":{`, `"type":["string","null"]`, `"const":"x"`, `"$ref":"#/$defs/D"`, `!"$schema"`, `!"parameters"`}},
	{name: "case-13 JSON schema's keywords", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, toolsOf(functionOf("f", keywords))), want: []string{`"input_schema":{`, `"type":["string","null"]`, `"const":"x"`, `"oneOf"`, `"$ref":"#/$defs/D"`}},
	{name: "case-13 Gemini's types", from: "gemini", model: "gpt-4o", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true},"b":{"type":"ARRAY","items":{"type":"INTEGER"},"maxItems":"3"}}}}]}]`), want: []string{`"a":{"type":["string","null"]}`, `"items":{"type":"integer"}`, `"maxItems":3`}},

	{name: "case-14 a union at the root", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, toolsOf(functionOf("f", `{"anyOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"type":"object","properties":{"b":{"type":"string"}},"required":["b"]}]}`))), want: []string{`"input_schema":{"type":"object"`, `"a":{"type":"string"}`, `"b":{"type":"string"}`, `!anyOf`, `!"required"`}, warn: "tools: a union at the top of a schema is merged"},
	{name: "case-14 a union at the root", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(hi, `,"tools":[{"type":"function","name":"f","strict":false,"parameters":{"anyOf":[{"type":"object","properties":{"a":{"type":"string"}}},{"type":"object","properties":{"b":{"type":"string"}}}]}}]`), want: []string{`"input_schema":{"type":"object"`, `!anyOf`}, warn: "tools: a union at the top of a schema is merged"},

	{name: "case-15 a name that does not fit", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, toolsOf(functionOf("mcp.server/tool", "")), `,"tool_choice":{"type":"function","function":{"name":"mcp.server/tool"}}`), want: []string{`"name":"mcp_server_tool_`, `"tool_choice":{"type":"tool","name":"mcp_server_tool_`, `!mcp.server`}},
	{name: "case-15 a name that does not fit", from: "chat", model: "gpt-4o", body: chatOf(hi, toolsOf(functionOf("mcp.server/tool", ""))), want: []string{`"name":"mcp_server_tool_`, `!mcp.server`}},
	{name: "case-15 a name that does not fit", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"tools":[{"functionDeclarations":[{"name":"mcp.server:tool"}]}]`), want: []string{`"name":"mcp_server_tool_`, `!mcp.server`}},
	{name: "case-15 a name that does not fit", from: "chat", model: "gemini-3-pro", body: chatOf(hi, toolsOf(functionOf("mcp.server/tool", ""))), want: []string{`"name":"mcp.server_tool_`, `!server/tool`}},

	{name: "case-16 a long name", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, toolsOf(functionOf(longName, ""))), want: []string{`"name":"` + longName[:119] + `_`, `!` + longName[:120]}},
	{name: "case-16 a long name", from: "chat", model: "gemini-3-pro", body: chatOf(hi, toolsOf(functionOf(longName, ""))), want: []string{`"name":"` + longName[:119] + `_`, `!` + longName[:120]}},
	{name: "case-16 a long name", from: "anthropic", model: "gpt-4o", body: messagesOf(hi, `,"tools":[{"name":"`+longName[:100]+`","input_schema":{"type":"object"}}]`), want: []string{`"name":"` + longName[:55] + `_`, `!` + longName[:56]}},

	{name: "case-17 none keeps the tools", from: "chat", model: "claude-sonnet-4-5", body: chatOf(twoCalls+","+result1+","+result2, oneOfThem, `,"tool_choice":"none"`), want: []string{`"tools":[{"name":"f"`, `"tool_choice":{"type":"none"}`}},
	{name: "case-17 none keeps the tools", from: "chat", model: "gemini-2.5-pro", body: chatOf(twoCalls+","+result1+","+result2, oneOfThem, `,"tool_choice":"none"`), want: []string{`"functionDeclarations":[{"name":"f"`, `"mode":"NONE"`}},
	{name: "case-17 none keeps the tools", from: "anthropic", model: "gpt-4o", body: messagesOf(hi, `,"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"none"}`), want: []string{`"name":"f"`, `"tool_choice":"none"`}},
	{name: "case-17 none keeps the tools", from: "gemini", model: "claude-sonnet-4-5", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":{"mode":"NONE"}}`), want: []string{`"tools":[{"name":"f"`, `"tool_choice":{"type":"none"}`}},

	{name: "case-18 a named tool while thinking", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, oneOfThem, `,"tool_choice":{"type":"function","function":{"name":"f"}},"reasoning_effort":"high","max_completion_tokens":20000`), want: []string{`"thinking":{"type":"enabled"`, `"tools":[{"name":"f"`, `"tool_choice":{"type":"auto"}`, `!"name":"g"`}, warn: "tool_choice: downgraded to auto"},
	{name: "case-18 a named tool while thinking", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(hi, `,"tools":[{"type":"function","name":"f"},{"type":"function","name":"g"}],"tool_choice":{"type":"function","name":"f"},"reasoning":{"effort":"high"},"max_output_tokens":20000`), want: []string{`"thinking":{"type":"enabled"`, `"tool_choice":{"type":"auto"}`, `!"name":"g"`}, warn: "tool_choice: downgraded to auto"},

	{name: "case-19 required of fable", from: "chat", model: "claude-fable-5", body: chatOf(hi, oneOfThem, `,"tool_choice":"required"`), want: []string{`"tool_choice":{"type":"auto"}`, `!"any"`}, warn: "tool_choice: downgraded to auto"},
	{name: "case-19 required of mythos", from: "gemini", model: "claude-mythos-5", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}`), want: []string{`"tool_choice":{"type":"auto"}`}, warn: "tool_choice: downgraded to auto"},
	{name: "case-19 required elsewhere", from: "chat", model: "claude-opus-5", body: chatOf(hi, oneOfThem, `,"tool_choice":"required"`), want: []string{`"tool_choice":{"type":"any"}`}},

	{name: "case-20 auto without tools", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, `,"tool_choice":"auto","parallel_tool_calls":true`), want: []string{`!tool_choice`, `!parallel`}},
	{name: "case-20 auto without tools", from: "responses", model: "gpt-4o", body: responsesOf(hi, `,"tools":[],"tool_choice":"auto","parallel_tool_calls":true`), want: []string{`!tool`}},
	{name: "case-20 auto without tools", from: "anthropic", model: "gpt-4o", body: messagesOf(hi, `,"tools":[],"tool_choice":{"type":"auto"}`), want: []string{`!tool`}},
	{name: "case-20 auto without tools", from: "chat", model: "gemini-3-pro", body: chatOf(hi, `,"tools":[],"tool_choice":"auto"`), want: []string{`!tool`}},

	{name: "case-21 one call at a time", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, oneOfThem, `,"parallel_tool_calls":false`), want: []string{`"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`}},
	{name: "case-21 one call at a time, none", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, oneOfThem, `,"parallel_tool_calls":false,"tool_choice":"none"`), want: []string{`"tool_choice":{"type":"none"}`, `!disable_parallel`}},
	{name: "case-21 one call at a time, required", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(hi, `,"tools":[{"type":"function","name":"f"}],"parallel_tool_calls":false,"tool_choice":"required"`), want: []string{`"tool_choice":{"type":"any","disable_parallel_tool_use":true}`}},
	{name: "case-21 one call at a time", from: "anthropic", model: "gpt-4o", body: messagesOf(hi, `,"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`), want: []string{`"parallel_tool_calls":false`}},
	{name: "case-21 one call at a time", from: "chat", model: "gemini-3-pro", body: chatOf(hi, oneOfThem, `,"parallel_tool_calls":false`), want: []string{`!parallel`}, warn: "parallel_tool_calls: only the first call of an answer is kept"},

	{name: "case-22 allowed tools", from: "chat", model: "gemini-3-pro", body: chatOf(hi, oneOfThem, allowed), want: []string{`"name":"f"`, `"name":"g"`, `"mode":"VALIDATED","allowedFunctionNames":["f"]`}},
	{name: "case-22 allowed tools", from: "chat", model: "claude-sonnet-4-5", body: chatOf(hi, oneOfThem, allowed), want: []string{`"tools":[{"name":"f"`, `"tool_choice":{"type":"auto"}`, `!"name":"g"`}, warn: "tool_choice: the list of tools is cut to the allowed ones"},
	{name: "case-22 allowed tools", from: "responses", model: "gemini-3-pro", body: responsesOf(hi, `,"tools":[{"type":"function","name":"f"},{"type":"function","name":"g"}],"tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"}]}`), want: []string{`"name":"g"`, `"mode":"ANY","allowedFunctionNames":["f"]`}},
	{name: "case-22 allowed tools", from: "gemini", model: "gpt-5.4", body: contentsOf(`{"parts":[{"text":"hi"}]}`, `,"tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}],"toolConfig":{"functionCallingConfig":{"mode":"VALIDATED","allowedFunctionNames":["f"]}}`), want: []string{`"name":"g"`, `"allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}`}},

	{name: "case-52 strict", from: "responses", model: "gpt-4o", body: responsesOf(hi, `,"tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}}}]`), want: []string{`"name":"f"`, `!strict`}},
	{name: "case-52 strict", from: "chat", model: "responses:gpt-5.6", body: chatOf(hi, toolsOf(functionOf("f", `{"type":"object","properties":{}}`))), want: []string{`"name":"f"`, `"strict":false`}},
	{name: "case-52 strict", from: "anthropic", model: "responses:gpt-5.6", body: messagesOf(hi, `,"tools":[{"name":"f","input_schema":{"type":"object"}}]`), want: []string{`"strict":false`}},

	{name: "case-53 a custom tool", from: "responses", model: "claude-sonnet-4-5", body: responsesOf(`{"role":"user","content":"go"},{"type":"custom_tool_call","call_id":"c1","name":"apply_patch","input":"*** \"x\"\n"},{"type":"custom_tool_call_output","call_id":"c1","output":"done"}`, `,"tools":[{"type":"custom","name":"apply_patch","description":"Patches.","format":{"type":"grammar","syntax":"lark","definition":"start: \"a\""}}]`), want: []string{
		`"name":"apply_patch"`, `Patches.`, `start:`, `"input":{"type":"string"`, `"tool_use","id":"c1","name":"apply_patch","input":{"input":"*** \"x\"\n"}`, `"tool_result","tool_use_id":"c1","content":"done"`}, warn: "tools: the grammar of a custom tool is not enforced"},
	{name: "case-53 a custom tool", from: "responses", model: "gemini-3-pro", body: responsesOf(hi, `,"tools":[{"type":"custom","name":"apply_patch","description":"Patches."}]`), want: []string{`"name":"apply_patch"`, `"input":{"type":"string"`}},
}
