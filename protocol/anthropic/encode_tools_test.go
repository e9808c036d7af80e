package anthropic_test

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

var toolCases = []encodeCase{
	{name: "case-12 no parameters", r: protocol.Request{Tools: []protocol.Tool{{Name: str("f")}}}, want: []string{`"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}]`, `!tool_choice`}},
	{name: "case-13 a schema stays", r: protocol.Request{Tools: []protocol.Tool{{Name: str("f"), Description: str("d"), Schema: protocol.Raw(`{"type":"object", "properties":{"a":{"type":["string","null"]},"b":{"$ref":"#/$defs/x"}},"$defs":{"x":{"const":1}}}`)}}},
		want: []string{`{"name":"f","description":"d","input_schema":{"type":"object", "properties":{"a":{"type":["string","null"]},"b":{"$ref":"#/$defs/x"}},"$defs":{"x":{"const":1}}}}`}},
	{name: "case-13 the schema's dialect goes", r: protocol.Request{Tools: []protocol.Tool{{Name: str("f"), Schema: protocol.Raw(`{"$schema":"x","properties":{"a":{}},"required":["a"],"additionalProperties":false}`)}}},
		want: []string{`"input_schema":{"type":"object","additionalProperties":false,"properties":{"a":{}},"required":["a"]}`}},
	{name: "case-14 a union at the top", r: protocol.Request{Tools: []protocol.Tool{{Name: str("f"), Schema: protocol.Raw(`{"anyOf":[{"type":"object","properties":{"a":{},"c":{}},"required":["a","c"]},{"$ref":"#/$defs/x"}],"$defs":{"x":{"properties":{"c":{},"d":{}},"required":["c"]}}}`)}}},
		want: []string{`"input_schema":{"type":"object","$defs":{"x":{"properties":{"c":{},"d":{}},"required":["c"]}},"properties":{"a":{},"c":{},"d":{}},"required":["c"]}`}, warn: "tools: a union at the top of a schema is merged"},
	{name: "case-15 a name that does not fit", r: protocol.Request{Tools: []protocol.Tool{tool("mcp.server/tool")}, Choice: protocol.ToolChoice{Mode: protocol.ChoiceTool, Names: []protocol.Text{str("mcp.server/tool")}}},
		want: []string{`"tools":[{"name":"mcp_server_tool_9ab4336b"`, `"tool_choice":{"type":"tool","name":"mcp_server_tool_9ab4336b"}`}},
	{name: "case-16 a long name", r: protocol.Request{Tools: []protocol.Tool{tool(strings.Repeat("n", 140))}, Messages: []protocol.Message{user(words("a")), assistant(call("c", strings.Repeat("n", 140), "{}")), user(result("c"))}},
		want: []string{`"tools":[{"name":"` + strings.Repeat("n", 119) + `_976ca8c2"`, `"id":"c","name":"` + strings.Repeat("n", 119) + `_976ca8c2"`}},
	{name: "strict where the schema is closed", r: protocol.Request{Tools: []protocol.Tool{{Name: str("f"), Strict: protocol.Yes, Schema: protocol.Raw(`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}`)}}},
		want: []string{`,"strict":true}`}},
	{name: "strict dropped", r: protocol.Request{Tools: []protocol.Tool{{Name: str("f"), Strict: protocol.Yes, Schema: protocol.Raw(`{"type":"object","properties":{"a":{"type":"string","minLength":1}},"additionalProperties":false}`)}}},
		want: []string{`!strict`}, warn: "tools: strict dropped"},
	{name: "case-53 a custom tool", r: protocol.Request{Tools: []protocol.Tool{{Kind: protocol.ToolCustom, Name: str("apply_patch"), Description: str("Patches."), Raw: protocol.Raw(`{"type":"grammar","syntax":"lark","definition":"start: \"x\""}`)}}},
		want: []string{`{"name":"apply_patch","description":"Patches.\nThe input is raw text, not JSON.\nIt must follow this grammar:\nstart: \"x\"","input_schema":{"type":"object","properties":{"input":{"type":"string"`}, warn: "tools: the grammar of a custom tool is not enforced"},
	{name: "server tools", r: protocol.Request{Tools: []protocol.Tool{
		{Kind: protocol.ToolServer, Maker: protocol.MadeByOpenAI, Name: str("file_search"), Raw: protocol.Raw(`{"type":"file_search"}`)},
		{Kind: protocol.ToolServer, Maker: protocol.MadeByAnthropic, Name: str("code_execution"), Raw: protocol.Raw(`{"type":"code_execution_20250825","name":"code_execution"}`)},
	}, WebSearch: &protocol.WebSearch{MaxUses: 3, Allowed: []protocol.Text{str("a.org")}, Blocked: []protocol.Text{str("b.org")}, Location: protocol.Raw(`{"country":"CH"}`), Size: "high"}},
		want: []string{`"tools":[{"type":"code_execution_20250825","name":"code_execution"},{"type":"web_search_20250305","name":"web_search","max_uses":3,"allowed_domains":["a.org"],"user_location":{"type":"approximate","country":"CH"}}]`},
		warn: "tools: a tool that runs at another provider is dropped, web_search_options: blocked domains dropped beside allowed ones, web_search_options: search_context_size not supported"},
	{name: "a server tool of another provider is demanded", r: protocol.Request{Tools: []protocol.Tool{{Kind: protocol.ToolServer, Maker: protocol.MadeByOpenAI, Name: str("file_search")}},
		Choice: protocol.ToolChoice{Mode: protocol.ChoiceTool, Names: []protocol.Text{str("file_search")}}}, fault: "tool_choice"},

	{name: "case-17 none keeps the tools", r: protocol.Request{Tools: []protocol.Tool{tool("f")}, Choice: protocol.ToolChoice{Mode: protocol.ChoiceNone}}, want: []string{`"tools":[{"name":"f"`, `"tool_choice":{"type":"none"}`}},
	{name: "case-18 a named tool while thinking", model: sonnet45, r: protocol.Request{Tools: []protocol.Tool{tool("f"), tool("g")}, Choice: protocol.ToolChoice{Mode: protocol.ChoiceTool, Names: []protocol.Text{str("g")}}, Reasoning: protocol.Reasoning{Effort: protocol.EffortLow}},
		want: []string{`"thinking":{"type":"enabled","budget_tokens":2048}`, `"tools":[{"name":"g"`, `!"name":"f"`, `"tool_choice":{"type":"auto"}`}, warn: "tool_choice: downgraded to auto"},
	{name: "case-19 required of fable", model: "claude-fable-5", r: protocol.Request{Tools: []protocol.Tool{tool("f")}, Choice: protocol.ToolChoice{Mode: protocol.ChoiceRequired}}, want: []string{`"tool_choice":{"type":"auto"}`}, warn: "tool_choice: downgraded to auto"},
	{name: "required", r: protocol.Request{Tools: []protocol.Tool{tool("f")}, Choice: protocol.ToolChoice{Mode: protocol.ChoiceRequired}}, want: []string{`"tool_choice":{"type":"any"}`}},
	{name: "case-20 auto without tools", r: protocol.Request{Choice: protocol.ToolChoice{Mode: protocol.ChoiceAuto}, Parallel: protocol.No}, want: []string{`!tool`}},
	{name: "case-21 one call at a time", r: protocol.Request{Tools: []protocol.Tool{tool("f")}, Parallel: protocol.No}, want: []string{`"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`}},
	{name: "case-21 but not of none", r: protocol.Request{Tools: []protocol.Tool{tool("f")}, Parallel: protocol.No, Choice: protocol.ToolChoice{Mode: protocol.ChoiceNone}}, want: []string{`"tool_choice":{"type":"none"}`}},
	{name: "case-22 allowed tools", r: protocol.Request{Tools: []protocol.Tool{tool("f"), tool("g"), tool("h")}, Choice: protocol.ToolChoice{Mode: protocol.ChoiceAllowed, Names: []protocol.Text{str("f"), str("h")}}},
		want: []string{`"name":"f"`, `"name":"h"`, `!"name":"g"`, `"tool_choice":{"type":"auto"}`}, warn: "tool_choice: the list of tools is cut to the allowed ones"},
	{name: "case-22 one of several", r: protocol.Request{Tools: []protocol.Tool{tool("f"), tool("g"), tool("h")}, Choice: protocol.ToolChoice{Mode: protocol.ChoiceOneOf, Names: []protocol.Text{str("f"), str("h")}}},
		want: []string{`"tool_choice":{"type":"any"}`, `!"name":"g"`}, warn: "tool_choice: the list of tools is cut to the allowed ones"},
	{name: "one of one", r: protocol.Request{Tools: []protocol.Tool{tool("f"), tool("g")}, Choice: protocol.ToolChoice{Mode: protocol.ChoiceOneOf, Names: []protocol.Text{str("f")}}},
		want: []string{`"tool_choice":{"type":"tool","name":"f"}`}, warn: "tool_choice: the list of tools is cut to the allowed ones"},
	{name: "a tool that is not there", r: protocol.Request{Tools: []protocol.Tool{tool("f")}, Choice: protocol.ToolChoice{Mode: protocol.ChoiceTool, Names: []protocol.Text{str("g")}}}, fault: "tool_choice"},
}
