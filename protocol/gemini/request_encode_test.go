package gemini_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
)

var text = protocol.TextOf

func say(s string) protocol.Part { return protocol.Part{Kind: protocol.PartText, Text: text(s)} }

func call(id, name, args string) protocol.Part {
	return protocol.Part{Kind: protocol.PartCall, ID: text(id), Name: text(name), Args: protocol.Raw(args)}
}

func result(id string, parts ...protocol.Part) protocol.Part {
	return protocol.Part{Kind: protocol.PartResult, ID: text(id), Parts: parts}
}

func image(mime, data string) protocol.Part {
	return protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{Type: text(mime), Data: text(data)}}
}

func user(parts ...protocol.Part) protocol.Message { return protocol.Message{Parts: parts} }

func model(parts ...protocol.Part) protocol.Message {
	return protocol.Message{Role: protocol.RoleAssistant, Parts: parts}
}

func system(s string) protocol.Message {
	return protocol.Message{Role: protocol.RoleSystem, Parts: []protocol.Part{say(s)}}
}

func geminiSigned(p protocol.Part, data string) protocol.Part {
	p.Signature = protocol.Signature{Maker: protocol.MadeByGemini, Data: text(data)}
	return p
}

func function(name, schema string) protocol.Tool {
	t := protocol.Tool{Name: text(name), Description: text("does " + name)}
	if schema != "" {
		t.Schema = protocol.Raw(schema)
	}
	return t
}

// asked is what a case wants of an encoded request.
type asked struct {
	request  protocol.Request
	target   string
	has      []string // pieces of the body
	hasNot   []string
	warnings []string // fields
	refused  string   // parameter of the error
}

const object = `{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}`

func hello(r protocol.Request) protocol.Request {
	r.Messages = []protocol.Message{user(say("hi"))}
	return r
}

// The numbers are those of the list of cases where others went wrong.
func TestEncodeRequestCases(t *testing.T) {
	encode := encoderOf(t)
	loop := []protocol.Message{
		user(say("weather?")),
		model(call("a", "get", `{"city":"Oslo"}`), call("b", "time", `{}`)),
		user(result("b", say("12:00")), result("a", say(`{"degrees":3}`))),
	}
	tools := []protocol.Tool{function("get", object), function("time", "")}
	for name, c := range map[string]asked{
		"case-2, case-3 parallel results in one content, in the order of the calls": {
			request: protocol.Request{Messages: loop, Tools: tools}, target: "gemini-2.5-flash",
			has:    []string{`{"role":"user","parts":[{"functionResponse":{"name":"get","response":{"degrees":3}}},{"functionResponse":{"name":"time","response":{"output":"12:00"}}}]}`},
			hasNot: []string{`"id"`, "thoughtSignature"},
		},
		"case-2 with ids and the skipped check on the first call only": {
			request: protocol.Request{Messages: loop, Tools: tools}, target: "gemini-3-flash-preview",
			has: []string{
				`{"functionCall":{"id":"a","name":"get","args":{"city":"Oslo"}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"id":"b","name":"time","args":{}}}]`,
				`{"functionResponse":{"id":"a","name":"get","response":{"degrees":3}}},{"functionResponse":{"id":"b",`,
			},
			warnings: []string{"messages"},
		},
		"case-5 a second call of one id": {
			request:  protocol.Request{Messages: []protocol.Message{user(say("x")), model(call("a", "f", "{}"), call("a", "f", "{}")), user(result("a", say("1")), result("a", say("2")))}},
			target:   "gemini-3-flash",
			has:      []string{`{"id":"a","name":"f","response":{"output":"1"}}`, `{"id":"a_2","name":"f","response":{"output":"2"}}`},
			warnings: []string{"messages"},
		},
		"case-9, case-40 a late system message": {
			request:  protocol.Request{Messages: []protocol.Message{system("be brief"), user(say("a")), model(say("b")), system("be <loud>"), user(say("c"))}},
			target:   "gemini-2.5-flash",
			has:      []string{`"systemInstruction":{"parts":[{"text":"be brief"}]}`, `{"role":"user","parts":[{"text":"<system>be <loud></system>"},{"text":"c"}]}`},
			warnings: []string{"messages"},
		},
		"case-10 system messages only": {
			request: protocol.Request{Messages: []protocol.Message{system("one"), system("two")}}, target: "gemini-2.5-flash",
			has: []string{`"contents":[{"role":"user","parts":[{"text":"one"},{"text":"two"}]}]`}, hasNot: []string{"systemInstruction", "<system>"},
		},
		"case-12 a tool without parameters": {
			request: hello(protocol.Request{Tools: []protocol.Tool{function("a", ""), function("b", `{"type":"object","properties":{ }}`), function("c", `{"$ref":"#/$defs/x","$defs":{"x":{}}}`)}}),
			target:  "gemini-2.5-flash",
			has:     []string{`{"name":"a","description":"does a"},{"name":"b","description":"does b"},{"name":"c","description":"does c","parametersJsonSchema":{"$ref":`},
		},
		"case-13 JSON schema keywords": {
			request: hello(protocol.Request{Tools: []protocol.Tool{function("a", `{"$schema":"x","$id":"y", "type":"object","properties":{"strict":{"const":1},"n":{"type":["string","null"]},"r":{"$ref":"#/$defs/d","description":"lost"}},"oneOf":[{"type":"object"}],"$defs":{"d":{"type":"string"}},"additionalProperties":false,"strict":true}`)}}),
			target:  "gemini-2.5-flash",
			has:     []string{`"parametersJsonSchema":{"type":"object","properties":{"strict":{"const":1},"n":{"type":["string","null"]},"r":{"$ref":"#/$defs/d"}},"oneOf":[{"type":"object"}],"$defs":{"d":{"type":"string"}},"additionalProperties":false}`},
		},
		"case-15 names that do not fit": {
			request: protocol.Request{Messages: []protocol.Message{user(say("x")), model(call("1", "mcp.server/tool", "{}")), user(result("1", say("y")))}, Tools: []protocol.Tool{function("mcp.server/tool", "")}, Choice: protocol.ToolChoice{Mode: protocol.ChoiceTool, Names: []protocol.Text{text("mcp.server/tool")}}},
			target:  "gemini-2.5-flash",
			has:     []string{`"functionDeclarations":[{"name":"mcp.server_tool_`, `"allowedFunctionNames":["mcp.server_tool_`, `"functionCall":{"name":"mcp.server_tool_`, `"functionResponse":{"name":"mcp.server_tool_`},
			hasNot:  []string{"server/tool\","},
		},
		"case-16 a name of 140 characters": {
			request: hello(protocol.Request{Tools: []protocol.Tool{function(strings.Repeat("n", 140), "")}}), target: "gemini-3-flash",
			has: []string{`"name":"` + strings.Repeat("n", 119) + `_`}, hasNot: []string{`"name":"` + strings.Repeat("n", 120)},
		},
		"case-20 a choice without tools": {
			request: hello(protocol.Request{Choice: protocol.ToolChoice{Mode: protocol.ChoiceAuto}, Parallel: protocol.No}), target: "gemini-3-flash", hasNot: []string{"toolConfig"},
		},
		"case-21 parallel calls unwanted": {
			request: hello(protocol.Request{Tools: tools, Parallel: protocol.No}), target: "gemini-3-flash", hasNot: []string{"toolConfig"}, warnings: []string{"parallel_tool_calls"},
		},
		"case-22 allowed tools": {
			request: hello(protocol.Request{Tools: tools, Choice: protocol.ToolChoice{Mode: protocol.ChoiceAllowed, Names: []protocol.Text{text("get")}}}), target: "gemini-2.5-flash",
			has: []string{`"mode":"VALIDATED","allowedFunctionNames":["get"]`, `"name":"time"`},
		},
		"case-30 no thinking for one that must": {
			request: hello(protocol.Request{Reasoning: protocol.Reasoning{Effort: protocol.EffortNone}}), target: "gemini-3-pro-preview",
			has: []string{`"thinkingConfig":{"thinkingLevel":"LOW"}`}, hasNot: []string{"thinkingBudget"}, warnings: []string{"reasoning"},
		},
		"case-33 any JSON object": {
			request: hello(protocol.Request{Format: &protocol.Format{}}), target: "gemini-2.5-flash",
			has: []string{`"generationConfig":{"responseMimeType":"application/json"}`},
		},
		"case-34 a schema": {
			request: hello(protocol.Request{Format: &protocol.Format{Schema: protocol.Raw(`{"type":"object","properties":{"n":{"type":"integer","minimum":1,"exclusiveMaximum":9,"default":2},"k":{"const":"x"}},"required":["n"]}`)}}), target: "gemini-2.5-flash",
			has: []string{`"responseJsonSchema":{"type":"object","properties":{"n":{"type":"integer","minimum":1},"k":{"enum":["x"]}},"required":["n"]}`}, warnings: []string{"response_format"},
		},
		"case-35 a schema beside functions, before 3": {
			request: hello(protocol.Request{Format: &protocol.Format{Schema: protocol.Raw(object)}, Tools: tools}), target: "gemini-2.5-flash",
			has: []string{`"systemInstruction":{"parts":[{"text":"Answer with one JSON object and nothing else`, `\"city\"`}, hasNot: []string{"responseJsonSchema", "responseMimeType"}, warnings: []string{"response_format"},
		},
		"case-35 a schema beside functions, from 3 on": {
			request: hello(protocol.Request{Format: &protocol.Format{Schema: protocol.Raw(object)}, Tools: tools}), target: "gemini-3-flash",
			has: []string{"responseJsonSchema", "functionDeclarations"},
		},
		"case-36 an image in a result, before 3": {
			request: protocol.Request{Messages: []protocol.Message{user(say("x")), model(call("1", "shot", "{}"), call("2", "time", "{}")), user(result("1", image("image/png", "iVBORw0KGgo=")), result("2", say("now")), say("and?"))}}, target: "gemini-2.5-flash",
			has: []string{`{"role":"user","parts":[{"functionResponse":{"name":"shot","response":{"output":"[see the content below]"}}},{"functionResponse":{"name":"time","response":{"output":"now"}}}]},{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}},{"text":"and?"}]}`},
		},
		"case-36 an image in a result, from 3 on": {
			request: protocol.Request{Messages: []protocol.Message{user(say("x")), model(call("1", "shot", "{}")), user(result("1", say("a"), say("b"), image("image/png", "iVBORw0KGgo="), image("image/gif", "R0lGODlh")))}}, target: "gemini-3-flash",
			has:      []string{`{"functionResponse":{"id":"1","name":"shot","response":{"output":"a\nb\n[see the content below]"},"parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]}}]},{"role":"user","parts":[{"inlineData":{"mimeType":"image/gif","data":"R0lGODlh"}}]}`},
			warnings: []string{"messages"},
		},
		"case-37 results of all forms": {
			request: protocol.Request{Messages: []protocol.Message{user(say("x")), model(call("1", "f", "{}"), call("2", "f", "{}"), call("3", "f", "{}")), user(result("1"), protocol.Part{Kind: protocol.PartResult, ID: text("2"), IsError: true, Parts: []protocol.Part{say(`{"a":1}`)}})}}, target: "gemini-2.5-flash",
			has: []string{`"response":{"output":""}`, `"response":{"error":"{\"a\":1}"}`, `"response":{"error":"no result"}`}, warnings: []string{"messages"},
		},
		"case-38 an array is no response": {
			request: protocol.Request{Messages: []protocol.Message{user(say("x")), model(call("1", "f", "{}")), user(result("1", say("[1,2]")))}}, target: "gemini-2.5-flash",
			has: []string{`"response":{"output":[1,2]}`},
		},
		"case-46 data of images": {
			request: protocol.Request{Messages: []protocol.Message{user(image("image/jpeg; x", "/9j/4AAQ=="), protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{Data: text("UklGRh")}})}}, target: "gemini-2.5-flash",
			has: []string{`{"mimeType":"image/jpeg","data":"/9j/4AAQ=="}`, `"mimeType":"image/webp"`},
		},
		"case-46 no drawings": {
			request: protocol.Request{Messages: []protocol.Message{user(image("image/svg+xml", "PHN2Zz4="))}}, target: "gemini-2.5-flash", refused: "messages",
		},
		"case-47 a URL that nobody fetched": {
			request: protocol.Request{Messages: []protocol.Message{system("s"), user(say("see"), protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{URL: text("https://example.com/a.png")}})}}, target: "gemini-2.5-flash", refused: "messages",
		},
		"case-47 a URL that Google knows": {
			request: protocol.Request{Messages: []protocol.Message{user(protocol.Part{Kind: protocol.PartFile, Media: &protocol.Media{Type: text("video/mp4"), URL: text("gs://bucket/a.mp4")}}, protocol.Part{Kind: protocol.PartFile, Media: &protocol.Media{URL: text("https://www.youtube.com/watch?v=1")}}, protocol.Part{Kind: protocol.PartFile, Media: &protocol.Media{FileID: text("https://generativelanguage.googleapis.com/v1beta/files/x")}})}}, target: "gemini-2.5-flash",
			has: []string{`{"fileData":{"mimeType":"video/mp4","fileUri":"gs://bucket/a.mp4"}},{"fileData":{"fileUri":"https://www.youtube.com/watch?v=1"}}`},
		},
		"a file that another provider keeps": {
			request: protocol.Request{Messages: []protocol.Message{user(protocol.Part{Kind: protocol.PartFile, Media: &protocol.Media{FileID: text("file-1")}})}}, target: "gemini-2.5-flash", refused: "messages",
		},
		"case-48 a document": {
			request: protocol.Request{Messages: []protocol.Message{user(protocol.Part{Kind: protocol.PartFile, Media: &protocol.Media{Type: text("application/pdf"), Data: text("JVBERi0x"), Name: text("a.pdf")}}, protocol.Part{Kind: protocol.PartFile, Media: &protocol.Media{Plain: text("words"), Name: text("title")}})}}, target: "gemini-2.5-flash",
			has: []string{`{"inlineData":{"mimeType":"application/pdf","data":"JVBERi0x"}},{"text":"title\n\nwords"}`},
		},
		"case-49, case-50 signatures stay where they were": {
			request: protocol.Request{Messages: []protocol.Message{user(say("x")), model(geminiSigned(say("let me see"), "c2ln"), geminiSigned(call("1", "f", "{}"), "Y2FsbA=="), call("2", "f", "{}")), user(result("1"), result("2"))}}, target: "gemini-3-flash",
			has:    []string{`{"text":"let me see","thoughtSignature":"c2ln"},{"functionCall":{"id":"1","name":"f","args":{}},"thoughtSignature":"Y2FsbA=="},{"functionCall":{"id":"2","name":"f","args":{}}}]`},
			hasNot: []string{"skip_"},
		},
		"case-49 a signature that travelled as thinking": {
			request: protocol.Request{Messages: []protocol.Message{user(say("x")), model(geminiSigned(protocol.Part{Kind: protocol.PartThinking, Text: text("hm")}, "c2ln"), call("1", "f", "{}")), user(result("1"))}}, target: "gemini-3-flash",
			has: []string{`{"role":"model","parts":[{"functionCall":{"id":"1","name":"f","args":{}},"thoughtSignature":"c2ln"}]}`}, hasNot: []string{"hm"},
		},
		"case-42 thinking of another provider": {
			request: protocol.Request{Messages: []protocol.Message{user(say("x")), model(protocol.Part{Kind: protocol.PartThinking, Text: text("hm"), Signature: protocol.Signature{Maker: protocol.MadeByAnthropic, Data: text("EqQB")}}, say("so")), user(say("y"))}}, target: "gemini-3-flash",
			has: []string{`{"role":"model","parts":[{"text":"so"}]}`}, hasNot: []string{"EqQB", "hm"},
		},
		"the model does not begin and does not end": {
			request: protocol.Request{Messages: []protocol.Message{model(say("hello")), user(say("x")), model(say("I thi"))}}, target: "gemini-3-flash",
			has: []string{`"contents":[{"role":"user","parts":[{"text":"."}]},{"role":"model","parts":[{"text":"hello"}]},{"role":"user","parts":[{"text":"x"}]}]`}, warnings: []string{"messages"},
		},
		"all that can be set": {
			request: hello(protocol.Request{MaxTokens: 9, Temperature: protocol.Raw("1.7"), TopP: protocol.Raw("0.5"), TopK: protocol.Raw("3"), Presence: protocol.Raw("-1"), Frequency: protocol.Raw("2"), Seed: protocol.Raw("7"), N: 3, Logprobs: true, TopLogprobs: 4,
				Stop: []protocol.Text{text("1"), text(""), text("2"), text("3"), text("4"), text("5"), text("6")}, Verbosity: "low", LogitBias: protocol.Raw(`{"7":1}`), Tier: "fast"}), target: "gemini-2.5-flash",
			has: []string{`"generationConfig":{"temperature":1.7,"topP":0.5,"topK":3,"candidateCount":3,"maxOutputTokens":9,"presencePenalty":-1,"frequencyPenalty":2,"seed":7,"stopSequences":["1","2","3","4","5"],"responseLogprobs":true,"logprobs":4}`, `"serviceTier":"priority"`}, warnings: []string{"logit_bias", "stop", "verbosity"},
		},
		"what does not fit": {
			request: hello(protocol.Request{Seed: protocol.Raw("5000000000"), Tier: "scale"}), target: "gemini-2.5-flash", hasNot: []string{"generationConfig", "serviceTier"}, warnings: []string{"seed", "service_tier"},
		},
		"too many answers": {request: hello(protocol.Request{N: 9}), target: "gemini-2.5-flash", refused: "n"},
		"search beside functions, before 3": {
			request: hello(protocol.Request{WebSearch: &protocol.WebSearch{}, Tools: tools}), target: "gemini-2.5-flash", hasNot: []string{"googleSearch"}, warnings: []string{"web_search"},
		},
		"search beside functions, from 3 on": {
			request: hello(protocol.Request{WebSearch: &protocol.WebSearch{Size: "low"}, Tools: tools, Choice: protocol.ToolChoice{Mode: protocol.ChoiceRequired}}), target: "gemini-3-flash",
			has: []string{`{"googleSearch":{}}`, `"toolConfig":{"functionCallingConfig":{"mode":"ANY"},"includeServerSideToolInvocations":true}`}, warnings: []string{"web_search"},
		},
		"another provider's tools": {
			request: hello(protocol.Request{Tools: []protocol.Tool{{Kind: protocol.ToolServer, Name: text("computer"), Raw: protocol.Raw(`{"type":"computer_20250124"}`), Maker: protocol.MadeByAnthropic}, {Kind: protocol.ToolServer, Name: text("code_execution"), Raw: protocol.Raw(`{"type":"code_execution_20250825"}`), Maker: protocol.MadeByAnthropic}}}), target: "gemini-2.5-flash",
			has: []string{`"tools":[{"codeExecution":{}}]`}, warnings: []string{"tools"},
		},
		"another provider's tool that must be called": {
			request: hello(protocol.Request{Choice: protocol.ToolChoice{Mode: protocol.ChoiceTool, Names: []protocol.Text{text("computer")}}, Tools: []protocol.Tool{{Kind: protocol.ToolServer, Name: text("computer"), Maker: protocol.MadeByAnthropic}}}), target: "gemini-3-flash", refused: "tool_choice",
		},
		"a choice of a tool that is not there": {
			request: hello(protocol.Request{Choice: protocol.ToolChoice{Mode: protocol.ChoiceTool, Names: []protocol.Text{text("web_search")}}, Tools: tools, WebSearch: &protocol.WebSearch{}}), target: "gemini-3-flash", refused: "tool_choice",
		},
		"allowed tools that are no functions": {
			request: hello(protocol.Request{Choice: protocol.ToolChoice{Mode: protocol.ChoiceAllowed, Names: []protocol.Text{text("web_search")}}, Tools: tools, WebSearch: &protocol.WebSearch{}}), target: "gemini-3-flash", has: []string{`"functionCallingConfig":{"mode":"NONE"}`},
		},
		"allowed tools of an old model": {
			request: hello(protocol.Request{Choice: protocol.ToolChoice{Mode: protocol.ChoiceAllowed, Names: []protocol.Text{text("get")}}, Tools: tools}), target: "gemini-2.0-flash", has: []string{`"functionCallingConfig":{"mode":"AUTO"}`}, warnings: []string{"tool_choice"},
		},
		"a custom tool": {
			request: hello(protocol.Request{Tools: []protocol.Tool{{Kind: protocol.ToolCustom, Name: text("apply_patch"), Description: text("Edits."), Raw: protocol.Raw(`{"type":"grammar","syntax":"lark","definition":"start: /x/"}`)}}}), target: "gemini-3-flash",
			has: []string{`{"name":"apply_patch","description":"Edits.\n\nThe input is the raw text for the tool, not JSON. It must match this grammar:\nstart: /x/","parametersJsonSchema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}}`}, warnings: []string{"tools"},
		},
		"history of server tools": {
			request: protocol.Request{Messages: []protocol.Message{user(say("x")), model(protocol.Part{Kind: protocol.PartServerTool, Raw: protocol.Raw("{}")}, protocol.Part{Kind: protocol.PartServerTool, Text: text("found 3 pages"), Raw: protocol.Raw("{}")}), user(say("y"))}}, target: "gemini-3-flash",
			has: []string{`{"role":"model","parts":[{"text":"found 3 pages"}]}`}, warnings: []string{"messages"},
		},
		"how closely to look": {
			request: protocol.Request{Messages: []protocol.Message{user(protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{Type: text("image/png"), Data: text("iVBO"), Detail: "low"}}, protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{Type: text("image/png"), Data: text("iVBO"), Detail: "high"}}, protocol.Part{Kind: protocol.PartAudio, Media: &protocol.Media{Type: text("audio/wav"), Data: text("UklG"), Detail: "auto"}})}}, target: "gemini-3-flash",
			has: []string{`{"inlineData":{"mimeType":"image/png","data":"iVBO"},"mediaResolution":{"level":"MEDIA_RESOLUTION_LOW"}},{"inlineData":{"mimeType":"image/png","data":"iVBO"},"mediaResolution":{"level":"MEDIA_RESOLUTION_HIGH"}},{"inlineData":{"mimeType":"audio/wav","data":"UklG"}}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := exchange(&c.request, c.target)
			if c.refused != "" {
				protocol.Arrange(x)
				_, err := gemini.EncodeRequest(nil, x)
				if err == nil || protocol.AsError(err).Code != protocol.InvalidRequest || protocol.AsError(err).Param != c.refused {
					t.Errorf("got %+v", err)
				}
				return
			}
			body := encode(t, x)
			for _, want := range c.has {
				if !strings.Contains(body, want) {
					t.Errorf("lacks %s\n%s", want, body)
				}
			}
			for _, bad := range c.hasNot {
				if strings.Contains(body, bad) {
					t.Errorf("has %s\n%s", bad, body)
				}
			}
			var fields []string
			for _, w := range x.Warnings() {
				fields = append(fields, w.Field)
			}
			slices.Sort(fields)
			if fields = slices.Compact(fields); !slices.Equal(fields, c.warnings) {
				t.Errorf("warnings %v, want %v", x.Warnings(), c.warnings)
			}
			again, err := gemini.EncodeRequest(nil, x)
			if err != nil || string(again) != body {
				t.Errorf("encoded again it differs: %v\n%s\n%s", err, body, again)
			}
		})
	}
}
