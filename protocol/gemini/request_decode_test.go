package gemini_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
)

func TestDecodeRequestAllFields(t *testing.T) {
	const body = `{
		"system_instruction": {"role":"user","parts":[{"text":"be brief"},{"text":" "},"and kind"]},
		"contents": [
			{"parts":[{"text":"hi"},{"inline_data":{"mime_type":"image/png","data":"iVBO"},"mediaResolution":{"level":"media_resolution_low"}}]},
			{"role":"MODEL","parts":[{"text":"hm","thought":true},{"text":"well","thoughtSignature":"c2ln"},{"function_call":{"name":"f","args":{"a":1}},"thought_signature":"Y2FsbA=="},{"functionCall":{"name":"f"}},{"functionCall":{"id":"x","name":"g","args":null}}]},
			{"role":"function","parts":[{"functionResponse":{"name":"g","id":"x","response":{"error":"no"}}},{"functionResponse":{"name":"f","response":{"output":"1"}}},{"function_response":{"name":"f","response":{"a":[1, 2]},"parts":[{"inlineData":{"mimeType":"image/webp","data":"UklG"}}]}}]},
			{"role":"model","parts":[{"executableCode":{"language":"PYTHON","code":"print(1)\n"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1\n"}}]},
			{"role":"user","parts":[{"fileData":{"mimeType":"application/pdf","fileUri":"https://example.com/a.pdf"}},{"fileData":{"mimeType":"video/mp4","fileUri":"gs://b/v.mp4"}},{"inlineData":{"mimeType":"audio/mp3","data":"SUQz"}}]}
		],
		"generationConfig": {"temperature":0.5,"top_p":0.9,"topK":40,"maxOutputTokens":100,"candidateCount":1,"stop_sequences":["a","b"],"presencePenalty":0.1,"frequency_penalty":-0.2,"seed":7,"responseLogprobs":true,"logprobs":3,
			"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"n":{"type":"INTEGER","nullable":true,"minimum":"1"},"e":{"type":"STRING","format":"enum","enum":["a","b"],"nullable":true},"l":{"type":"ARRAY","items":{"type":"NUMBER"},"minItems":"2"},"u":{"nullable":true,"any_of":[{"type":"STRING"},{"type":"BOOLEAN"}]}},"propertyOrdering":["n"],"required":["n"]},
			"thinkingConfig":{"include_thoughts":true,"thinkingBudget":-1},"responseModalities":["text"],"mediaResolution":"MEDIA_RESOLUTION_LOW"},
		"tools": [{"functionDeclarations":[{"name":"f","description":"does f","parameters":{"type":"OBJECT","properties":{"type":{"type":"STRING"}}}},{"name":"g","description":"","parametersJsonSchema":{"type":"object","properties":{"nullable":{"type":["integer","null"]}}}}]},{"google_search":{}},{"codeExecution":{}}],
		"toolConfig": {"function_calling_config":{"mode":"any","allowed_function_names":["f"]}},
		"safetySettings": [{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}],
		"serviceTier":"standard", "labels":{"a":"b"}, "cachedContent": null
	}`
	x := decode(t, body)
	r := x.Request
	sig := func(p protocol.Part, s string) protocol.Part { return geminiSigned(p, s) }
	failed := result("x", say("no"))
	failed.IsError, failed.Name = true, text("g")
	first, second := result("call_1_2", say("1")), result("call_1_3", say(`{"a":[1, 2]}`), image("image/webp", "UklG"))
	first.Name, second.Name = text("f"), text("f")
	low := image("image/png", "iVBO")
	low.Media.Detail = "low"
	want := &protocol.Request{
		Messages: []protocol.Message{
			{Role: protocol.RoleSystem, Parts: []protocol.Part{say("be brief"), say("and kind")}},
			user(say("hi"), low),
			model(protocol.Part{Kind: protocol.PartThinking, Text: text("hm")}, sig(say("well"), "c2ln"), sig(call("call_1_2", "f", `{"a":1}`), "Y2FsbA=="), call("call_1_3", "f", "{}"), call("x", "g", "{}")),
			user(failed, first, second),
			model(say("\n```python\nprint(1)\n```\n"), say("\n```\n1\n```\n")),
			user(protocol.Part{Kind: protocol.PartFile, Media: &protocol.Media{Type: text("application/pdf"), URL: text("https://example.com/a.pdf")}},
				protocol.Part{Kind: protocol.PartFile, Media: &protocol.Media{Type: text("video/mp4"), FileID: text("gs://b/v.mp4")}},
				protocol.Part{Kind: protocol.PartAudio, Media: &protocol.Media{Type: text("audio/mp3"), Data: text("SUQz")}}),
		},
		Tools: []protocol.Tool{
			function("f", `{"type":"object","properties":{"type":{"type":"string"}}}`),
			{Name: text("g"), Schema: protocol.Raw(`{"type":"object","properties":{"nullable":{"type":["integer","null"]}}}`)},
			{Kind: protocol.ToolServer, Name: text("code_execution"), Maker: protocol.MadeByGemini, Raw: protocol.Raw(`{"codeExecution":{}}`)},
		},
		Choice:    protocol.ToolChoice{Mode: protocol.ChoiceTool, Names: []protocol.Text{text("f")}},
		WebSearch: &protocol.WebSearch{},
		MaxTokens: 100, Temperature: protocol.Raw("0.5"), TopP: protocol.Raw("0.9"), TopK: protocol.Raw("40"), Presence: protocol.Raw("0.1"), Frequency: protocol.Raw("-0.2"), Seed: protocol.Raw("7"),
		Stop: []protocol.Text{text("a"), text("b")}, N: 1, Logprobs: true, TopLogprobs: 3,
		Format:      &protocol.Format{Schema: protocol.Raw(`{"type":"object","properties":{"n":{"type":["integer","null"],"minimum":1},"e":{"type":["string","null"],"enum":["a","b",null]},"l":{"type":"array","items":{"type":"number"},"minItems":2},"u":{"anyOf":[{"type":"null"},{"type":"string"},{"type":"boolean"}]}},"required":["n"]}`)},
		WholeSchema: true,
		Reasoning:   protocol.Reasoning{Mode: protocol.ThinkAdaptive, Show: protocol.Yes},
		Tier:        "default",
		SafetyRaw:   protocol.Raw(`[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}]`),
	}
	if d := cmp.Diff(want, r, cmpopts.IgnoreFields(protocol.Media{}, "At")); d != "" {
		t.Error(d)
	}
	var fields []string
	for _, w := range x.Warnings() {
		fields = append(fields, w.Field)
	}
	if want := []string{"generationConfig", "labels"}; !slices.Equal(fields, want) {
		t.Errorf("warnings %v", x.Warnings())
	}
}

func TestDecodeRequestForms(t *testing.T) {
	one := []protocol.Message{user(say("hi"))}
	for body, want := range map[string][]protocol.Message{
		`{"contents":{"parts":{"text":"hi"}}}`:                              one,
		`{"contents":["hi"]}`:                                               one,
		`{"contents":"hi"}`:                                                 one,
		`{"contents":[{"role":null,"parts":["hi"]}]}`:                       one,
		`{"contents":[{"parts":[{"text":"hi"}]}],"systemInstruction":"be"}`: {system("be"), one[0]},
		`{"contents":[{"parts":[{"text":"hi"}]}],"systemInstruction":{"parts":{"text":"be"}}}`:                                                                                            {system("be"), one[0]},
		`{"contents":[{"parts":[{"text":"hi"}]}],"systemInstruction":[{"text":"be"}]}`:                                                                                                    {system("be"), one[0]},
		`{"contents":[{"parts":[{"text":"hi"}]}],"systemInstruction":{"text":"be"}}`:                                                                                                      {system("be"), one[0]},
		`{"contents":[{"parts":[{"text":"hi"}]}],"model":"models/x","systemInstruction":{}}`:                                                                                              one,
		`{"contents":[{"role":"model","parts":[{"text":"","thoughtSignature":"c2ln"},{"thoughtSignature":"c2ln"},{"text":"hi","thoughtSignature":"skip_thought_signature_validator"}]}]}`: {model(geminiSigned(say(""), "c2ln"), geminiSigned(say(""), "c2ln"), say("hi"))},
		`{"contents":[{"role":"model","parts":[{"text":"hi"},{}]}]}`:                                                                                                                      {model(say("hi"))},
		// A result whose call lost its id in the history, and one that answers nothing.
		`{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"}}]},{"role":"user","parts":[{"functionResponse":{"id":"gone","name":"f","response":{"output":7}}},{"functionResponse":{"name":"h","response":{}}}]}]}`: {
			model(call("call_0_0", "f", "{}")), user(named(result("call_0_0", say("7")), "f"), named(protocol.Part{Kind: protocol.PartResult}, "h"))},
	} {
		if d := cmp.Diff(want, decode(t, body).Request.Messages); d != "" {
			t.Errorf("%s\n%s", body, d)
		}
	}
}

func named(p protocol.Part, name string) protocol.Part {
	p.Name = text(name)
	return p
}

func TestDecodeToolChoice(t *testing.T) {
	for config, want := range map[string]protocol.ToolChoice{
		`{"mode":"AUTO"}`: {Mode: protocol.ChoiceAuto},
		`{"mode":"none"}`: {Mode: protocol.ChoiceNone},
		`{"mode":"ANY"}`:  {Mode: protocol.ChoiceRequired},
		`{"mode":"ANY","allowedFunctionNames":["f","g"]}`:   {Mode: protocol.ChoiceOneOf, Names: []protocol.Text{text("f"), text("g")}},
		`{"mode":"VALIDATED","allowedFunctionNames":["f"]}`: {Mode: protocol.ChoiceAllowed, Names: []protocol.Text{text("f")}},
		`{"mode":"VALIDATED"}`:                              {Mode: protocol.ChoiceAuto},
		`{"mode":"MODE_UNSPECIFIED"}`:                       {},
		`{}`:                                                {},
	} {
		x := decode(t, `{"contents":["x"],"tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]}],"toolConfig":{"functionCallingConfig":`+config+`}}`)
		if d := cmp.Diff(want, x.Request.Choice); d != "" {
			t.Errorf("%s: %s", config, d)
		}
	}
}

func TestDecodeThinking(t *testing.T) {
	for config, want := range map[string]protocol.Reasoning{
		`{"thinkingBudget":0}`:                              {Mode: protocol.ThinkOff},
		`{"thinkingBudget":2048}`:                           {Mode: protocol.ThinkBudget, Budget: 2048},
		`{"thinkingLevel":"minimal"}`:                       {Effort: protocol.EffortMinimal},
		`{"thinking_level":"HIGH","includeThoughts":false}`: {Effort: protocol.EffortHigh, Show: protocol.No},
		`{"thinkingLevel":"THINKING_LEVEL_UNSPECIFIED"}`:    {},
	} {
		x := decode(t, `{"contents":["x"],"generationConfig":{"thinkingConfig":`+config+`}}`)
		if d := cmp.Diff(want, x.Request.Reasoning); d != "" {
			t.Errorf("%s: %s", config, d)
		}
	}
}

// What is wrong is refused before any call, and the field named.
func TestDecodeRequestRefuses(t *testing.T) { t.Run("case-54", testDecodeRequestRefuses) }

func testDecodeRequestRefuses(t *testing.T) {
	for body, param := range map[string]string{
		`{`:              "",
		`[]`:             "",
		"\xef\xbb\xbf{}": "",
		`{"a":1,"a":2}`:  "",
		`{}`:             "contents",
		`{"contents":7}`: "contents",
		`{"contents":[{"role":"assistant","parts":[{"text":"x"}]}]}`:                                                                "contents[0].role",
		`{"contents":[{"role":"user"}]}`:                                                                                            "contents[0]",
		`{"contents":[{"role":"user","parts":[{}]}]}`:                                                                               "contents[0].parts[0]",
		`{"contents":[{"role":"user","parts":[{"text":7}]}]}`:                                                                       "contents[0].parts[0].text",
		`{"contents":[{"role":"user","parts":[{"text":"a"},{"sound":{}}]}]}`:                                                        "contents[0].parts[1]",
		`{"contents":[{"role":"user","parts":[{"text":"a","inlineData":{"mimeType":"image/png","data":"AAAA"}}]}]}`:                 "contents[0].parts[0]",
		`{"contents":[{"role":"user","parts":[{"inlineData":{"data":"x"}}]}]}`:                                                      "contents[0].parts[0].inlineData",
		`{"contents":[{"role":"user","parts":[{"fileData":{}}]}]}`:                                                                  "contents[0].parts[0].fileData",
		`{"contents":[{"role":"model","parts":[{"functionCall":{"args":{}}}]}]}`:                                                    "contents[0].parts[0].functionCall",
		`{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":[]}}]}]}`:                                         "contents[0].parts[0].functionCall.args",
		`{"contents":[{"role":"user","parts":[{"functionResponse":{"name":"f","response":[1]}}]}]}`:                                 "contents[0].parts[0].functionResponse.response",
		`{"contents":[{"role":"user","parts":[{"text":"a","text":"b"}]}]}`:                                                          "contents[0].parts[0].text",
		`{"contents":["x"],"systemInstruction":{"parts":[{"inlineData":{}}]}}`:                                                      "systemInstruction.parts[0].inlineData",
		`{"contents":["x"],"cachedContent":"cachedContents/1"}`:                                                                     "cachedContent",
		`{"contents":["x"],"continuationToken":"t"}`:                                                                                "continuationToken",
		`{"contents":["x"],"generationConfig":{"temperature":"hot"}}`:                                                               "generationConfig.temperature",
		`{"contents":["x"],"generationConfig":{"candidateCount":9}}`:                                                                "generationConfig.candidateCount",
		`{"contents":["x"],"generationConfig":{"maxOutputTokens":0}}`:                                                               "generationConfig.maxOutputTokens",
		`{"contents":["x"],"generationConfig":{"responseModalities":["TEXT","AUDIO"]}}`:                                             "generationConfig.responseModalities[1]",
		`{"contents":["x"],"generationConfig":{"responseMimeType":"text/x.enum"}}`:                                                  "generationConfig.responseMimeType",
		`{"contents":["x"],"generationConfig":{"responseSchema":{"type":"OBJECT"}}}`:                                                "generationConfig.responseMimeType",
		`{"contents":["x"],"generationConfig":{"responseMimeType":"application/json","responseSchema":{},"responseJsonSchema":{}}}`: "generationConfig.responseJsonSchema",
		`{"contents":["x"],"generationConfig":{"thinkingConfig":{"thinkingBudget":1,"thinkingLevel":"LOW"}}}`:                       "generationConfig.thinkingConfig",
		`{"contents":["x"],"generationConfig":{"thinkingConfig":{"thinkingLevel":"XHIGH"}}}`:                                        "generationConfig.thinkingConfig.thinkingLevel",
		`{"contents":["x"],"generationConfig":{"thinkingConfig":{"thinkingBudget":-2}}}`:                                            "generationConfig.thinkingConfig.thinkingBudget",
		`{"contents":["x"],"tools":[{"functionDeclarations":[{"description":"x"}]}]}`:                                               "tools[0].functionDeclarations[0]",
		`{"contents":["x"],"tools":[{"functionDeclarations":[{"name":"f","parameters":{},"parametersJsonSchema":{}}]}]}`:            "tools[0].functionDeclarations[0]",
		`{"contents":["x"],"tools":[{"functionDeclarations":[{"name":"f","parameters":"x"}]}]}`:                                     "tools[0].functionDeclarations[0].parameters",
		`{"contents":["x"],"toolConfig":{"functionCallingConfig":{"mode":"SOME"}}}`:                                                 "toolConfig.functionCallingConfig.mode",
		`{"contents":["x"],"generationConfig":{"stopSequences":[7]}}`:                                                               "generationConfig.stopSequences[0]",
	} {
		err := gemini.DecodeRequest(exchange(nil, "x"), []byte(body))
		if err == nil {
			t.Errorf("accepted: %s", body)
			continue
		}
		if e := protocol.AsError(err); e.Code != protocol.InvalidRequest || e.Param != param || param != "" && !strings.Contains(e.Message, param) {
			t.Errorf("%s\n%+v, want %q", body, e, param)
		}
	}
}

// Whatever nobody knows is ignored with a warning that does not repeat it.
func TestDecodeRequestUnknown(t *testing.T) {
	x := decode(t, `{"contents":[{"parts":[{"text":"x","secret1":1,"videoMetadata":{}}],"secret2":1}],"secret3":{"a":1},"generationConfig":{"secret4":1,"speechConfig":{}},"tools":[{"secret5":{}},{"functionDeclarations":{"name":"f","secret6":1,"behavior":"BLOCKING"}}],"toolConfig":{"secret7":1}}`)
	if h := x.WarningsHeader(); strings.Contains(h, "secret") || len(x.Warnings()) != 8 {
		t.Errorf("%d: %s", len(x.Warnings()), h)
	}
}

// A schema keeps what it says in Gemini's words and in JSON Schema's.
func TestSchemaToJSONSchema(t *testing.T) {
	for in, want := range map[string]string{
		`{"type":"STRING"}`:                             `{"type":"string"}`,
		`{"type":"TYPE_UNSPECIFIED","description":"d"}`: `{"description":"d"}`,
		`{"type":["STRING","NULL"]}`:                    `{"type":["string","null"]}`,
		`{"type":"OBJECT","properties":{"any_of":{"type":"STRING"}},"min_properties":"1","maxProperties":"9"}`: `{"type":"object","properties":{"any_of":{"type":"string"}},"minProperties":1,"maxProperties":9}`,
		`{"type":"STRING","minLength":"x","maxLength":null,"default":null,"example":"e"}`:                      `{"type":"string","minLength":"x","default":null}`,
		`{"nullable":true,"type":"OBJECT","anyOf":[{"type":"OBJECT","nullable":false}]}`:                       `{"type":["object","null"],"anyOf":[{"type":"object"}]}`,
		`{"type":"ARRAY","items":true,"prefixItems":[{"type":"INTEGER"},{"anyOf":[{"type":"NUMBER"}]}]}`:       `{"type":"array","items":true,"prefixItems":[{"type":"integer"},{"anyOf":[{"type":"number"}]}]}`,
		`{"type":"OBJECT","additionalProperties":{"type":"STRING"},"$defs":{"a b":{"type":"BOOLEAN"}}}`:        `{"type":"object","additionalProperties":{"type":"string"},"$defs":{"a b":{"type":"boolean"}}}`,
		`{}`: `{}`,
	} {
		x := decode(t, `{"contents":["x"],"tools":[{"functionDeclarations":[{"name":"f","parameters":`+in+`}]}]}`)
		if got := string(x.Request.Tools[0].Schema); got != want {
			t.Errorf("%s\n%s, want\n%s", in, got, want)
		}
	}
}
