package anthropic_test

import (
	"github.com/llmgw/llmgw/protocol"
)

func schemaFormat(s string) *protocol.Format { return &protocol.Format{Schema: protocol.Raw(s)} }

func marked(s string, m protocol.CacheMark) protocol.Part {
	p := words(s)
	p.Cache = m
	return p
}

var formatCases = []encodeCase{
	{name: "case-33 any JSON object", r: protocol.Request{Format: &protocol.Format{}, Messages: []protocol.Message{system("be brief"), user(words("hi"))}},
		want: []string{`"system":[{"type":"text","text":"be brief"},{"type":"text","text":"Answer with one JSON object and nothing else."}]`, `!output_config`}, warn: "response_format: asked for in words"},
	{name: "case-34 a schema is closed", r: protocol.Request{Format: schemaFormat(`{"type":"object","description":"A person.","properties":{"age":{"type":"integer","minimum":0,"description":"Years."},"mail":{"type":"string","format":"email","pattern":"@"},"tags":{"type":"array","minItems":1,"maxItems":3,"items":{"oneOf":[{"$ref":"#/definitions/t"},{"type":"null"}]}}},"required":["age"],"definitions":{"t":{"properties":{},"additionalProperties":{"type":"string"}}},"$schema":"x"}`)},
		want: []string{`"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"age":{"type":"integer","description":"Years.\n\n{minimum: 0}"},"mail":{"type":"string","format":"email","description":"{pattern: \"@\"}"},"tags":{"type":"array","minItems":1,"items":{"anyOf":[{"$ref":"#/$defs/t"},{"type":"null"}]},"description":"{maxItems: 3}"}},"required":["age"],"$defs":{"t":{"properties":{},"additionalProperties":false,"description":"{additionalProperties: {\"type\":\"string\"}}"}},"additionalProperties":false,"description":"A person."}}}`}},
	{name: "with an effort", model: "claude-opus-5", r: protocol.Request{Format: schemaFormat(`{"type":"object"}`), Reasoning: effort(protocol.EffortLow)}, want: []string{`"output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object","additionalProperties":false}}}`}},
	{name: "a tool in its place", model: "claude-sonnet-4-20250514", r: protocol.Request{Format: &protocol.Format{Schema: protocol.Raw(`{"type":"object","properties":{"a":{}}}`), Description: str("The answer.")}},
		want: []string{`"tools":[{"name":"json_output","description":"The answer.","input_schema":{"type":"object","properties":{"a":{}}}}],"tool_choice":{"type":"tool","name":"json_output"}`}, warn: "response_format: asked for as a tool"},
	{name: "beside other tools", model: "claude-sonnet-4-20250514", r: protocol.Request{Format: schemaFormat(`{"type":"object"}`), Tools: []protocol.Tool{tool("json_output")}},
		want: []string{`{"name":"json_output_",`, `"tool_choice":{"type":"any"}`}, warn: "response_format: asked for as a tool"},
	{name: "where a tool cannot be demanded", model: "claude-3-7-sonnet-20250219", r: protocol.Request{Format: schemaFormat(`{"type":"object"}`), Reasoning: effort(protocol.EffortLow)},
		want: []string{`"tool_choice":{"type":"auto"}`, `Give your answer by calling the tool json_output.`}, warn: "response_format: asked for as a tool, tool_choice: downgraded to auto"},

	// Cache marks.
	{name: "marks stay", r: protocol.Request{
		Tools: []protocol.Tool{{Name: str("f"), Cache: protocol.Cache1h}, {Name: str("g"), Cache: protocol.Cache5m, Deferred: true}},
		Messages: []protocol.Message{
			{Role: protocol.RoleSystem, Parts: []protocol.Part{marked("s", protocol.Cache1h)}},
			user(marked("a", protocol.Cache5m)), assistant(protocol.Part{Kind: protocol.PartCall, ID: str("c"), Name: str("f"), Args: protocol.Raw("{}")}),
			user(protocol.Part{Kind: protocol.PartResult, ID: str("c"), Cache: protocol.Cache5m}),
		},
	}, want: []string{`"name":"f","input_schema":{"type":"object","properties":{}},"cache_control":{"type":"ephemeral","ttl":"1h"}}`, `"defer_loading":true}]`, `"text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}`, `"text":"a","cache_control":{"type":"ephemeral"}}`, `"tool_use_id":"c","cache_control":{"type":"ephemeral"}}`}},
	{name: "five marks", r: protocol.Request{Messages: []protocol.Message{
		{Role: protocol.RoleSystem, Parts: []protocol.Part{marked("s", protocol.Cache5m)}},
		user(marked("a", protocol.Cache5m), marked("b", protocol.Cache5m), marked("c", protocol.Cache5m), marked("d", protocol.Cache5m)),
	}}, want: []string{`"text":"s","cache_control"`, `{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}},{"type":"text","text":"c","cache_control":{"type":"ephemeral"}},{"type":"text","text":"d","cache_control":{"type":"ephemeral"}}]`}, warn: "cache_control: more than four marks"},
	{name: "an hour behind five minutes", r: protocol.Request{Messages: []protocol.Message{
		{Role: protocol.RoleSystem, Parts: []protocol.Part{marked("s", protocol.Cache5m)}}, user(marked("a", protocol.Cache1h)),
	}}, want: []string{`!1h`, `"text":"a","cache_control":{"type":"ephemeral"}}`}, warn: "cache_control: ttl 1h behind 5m shortened"},
	{name: "the whole, for an hour, beside four", r: protocol.Request{Cache: protocol.Cache1h, Messages: []protocol.Message{
		{Role: protocol.RoleSystem, Parts: []protocol.Part{marked("s", protocol.Cache1h)}},
		user(marked("a", protocol.Cache1h), marked("b", protocol.Cache1h), marked("c", protocol.Cache5m)),
	}}, want: []string{`"max_tokens":32000,"cache_control":{"type":"ephemeral"},`, `"text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}`, `{"type":"text","text":"a"}`, `"text":"b","cache_control":{"type":"ephemeral","ttl":"1h"}}`},
		warn: "cache_control: more than four marks, cache_control: ttl 1h behind 5m shortened"},
}

func image(kind, data string) protocol.Part {
	return protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{Type: str(kind), Data: str(data)}}
}

func file(m protocol.Media) protocol.Part { return protocol.Part{Kind: protocol.PartFile, Media: &m} }

func one(p protocol.Part) protocol.Request {
	return protocol.Request{Messages: []protocol.Message{user(p)}}
}

var mediaCases = []encodeCase{
	{name: "case-46 no type", r: one(protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{Data: str("iVBORw0KGgoAAAA")}}), want: []string{`"media_type":"image/png"`}},
	{name: "case-46 a type that lies", r: one(image("image/png", "/9j/AAAA")), want: []string{`"media_type":"image/jpeg"`}},
	{name: "a WebP", r: one(image("image/png", "UklGRiIAAABXRUJQVlA4")), want: []string{`"media_type":"image/webp"`}},
	{name: "case-46 SVG", r: one(image("image/svg+xml", "AAAA")), fault: "messages/unsupported_image"},
	{name: "an image by URL", r: one(protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{URL: str("https://a.org/b.png")}}), want: []string{`"source":{"type":"url","url":"https://a.org/b.png"}`}},
	{name: "an image by another scheme", r: one(protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{URL: str("gs://a/b.png")}}), fault: "messages/unsupported_image"},
	{name: "a file id", r: one(file(protocol.Media{FileID: str("file-1")})), fault: "messages/file_id_provider"},
	{name: "case-48 a PDF", r: one(file(protocol.Media{Type: str("application/pdf"), Data: str("JVBERi0x"), Name: str("a.pdf")})), want: []string{`{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0x"},"title":"a.pdf"}`}},
	{name: "a text file", r: one(file(protocol.Media{Type: str("text/csv; charset=utf-8"), Data: str("YSxiCg=="), Name: str("a.csv")})), want: []string{`"source":{"type":"text","media_type":"text/plain","data":"a,b\n"},"title":"a.csv"`}},
	{name: "a plain document", r: one(file(protocol.Media{Plain: str("x"), Context: str("c"), Citations: true})), want: []string{`{"type":"document","source":{"type":"text","media_type":"text/plain","data":"x"},"context":"c","citations":{"enabled":true}}`}},
	{name: "a spreadsheet", r: one(file(protocol.Media{Type: str("application/vnd.ms-excel"), Data: str("AAAA")})), fault: "messages/unsupported_file"},
	{name: "text that is none", r: one(file(protocol.Media{Type: str("text/plain"), Data: str("/w==")})), fault: "messages/unsupported_file"},
	{name: "audio", r: one(protocol.Part{Kind: protocol.PartAudio}), fault: "messages"},
	{name: "a result with an image", r: protocol.Request{Messages: []protocol.Message{user(words("a")), assistant(call("c", "f", "{}")),
		user(protocol.Part{Kind: protocol.PartResult, ID: str("c"), IsError: true, Parts: []protocol.Part{words("see"), words(" "), image("image/png", "iVBORw0KGgoAAAA"), {Kind: protocol.PartAudio}}})}},
		want: []string{`{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"see"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgoAAAA"}},{"type":"text","text":"[not shown]"}],"is_error":true}`}, warn: "messages: a tool result holds what is no text and no image"},
}
