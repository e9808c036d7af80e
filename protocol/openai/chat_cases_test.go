package openai_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

const oneTool = `"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]`

// chatRequests are requests of clients and the models that they are written
// for. What becomes of them stands in testdata/chat-requests.txt.
var chatRequests = []struct{ name, target, body string }{
	{"plain", "gpt-4o", `{"model":"m","messages":[{"role":"user","content":"hi"}]}`},
	{"stream", "gpt-4o", `{"stream":true,"messages":[{"role":"user","content":"hi"}]}`},
	{"parts", "gpt-4o", `{"messages":[{"role":"user","name":"ann","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}},{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}]}`},
	{"sampling", "gpt-4o", `{"messages":[{"role":"user","content":"x"}],"temperature":0.70,"top_p":1,"seed":7,"n":2,"stop":["a","b","c","d","e"],"presence_penalty":0.1,"frequency_penalty":-0.5,"logit_bias":{"5":-100},"logprobs":true,"top_logprobs":3,"max_completion_tokens":9}`},
	{"sampling while thinking", "gpt-5", `{"messages":[{"role":"user","content":"x"}],"temperature":0.7,"top_p":0.5,"logit_bias":{"5":-100},"logprobs":true,"stop":"END","presence_penalty":1,"frequency_penalty":1,"top_k":4}`},
	{"sampling with thinking off", "gpt-5.1", `{"messages":[{"role":"user","content":"x"}],"temperature":0.7,"reasoning_effort":"none"}`},
	{"effort too high", "o3", `{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"xhigh"}`},
	{"effort of a model that has none", "gpt-4o", `{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"low"}`},
	{"effort fixed", "gpt-5.2-chat-latest", `{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"low","temperature":1}`},
	{"thinking object", "gpt-5.6", `{"messages":[{"role":"user","content":"x"}],"thinking":{"type":"enabled","budget_tokens":20000}}`},
	{"thinking off where it cannot be", "gpt-5", `{"messages":[{"role":"user","content":"x"}],"thinking":{"type":"disabled"}}`},
	{"reasoning object", "openai/gpt-5.2", `{"messages":[{"role":"user","content":"x"}],"reasoning":{"effort":"high","exclude":true}}`},
	{"effort beside tools", "gpt-5.4", `{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"high","temperature":0.5,` + oneTool + `}`},
	{"effort beside tools, which must be none", "gpt-5.6-terra", `{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"high","temperature":0.5,` + oneTool + `}`},
	{"effort beside tools, where thinking is what it does", "gpt-5.5", `{"messages":[{"role":"user","content":"x"}],` + oneTool + `}`},
	{"effort beside tools, where it may be", "gpt-5.1", `{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"high",` + oneTool + `}`},
	{"effort of a compatible server's model", "openai/gpt-oss-120b", `{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"xhigh","temperature":0.5}`},
	{"effort of a model that may not know it", "llama-4", `{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"medium"}`},
	{"thinking off at a compatible server", "qwen3-coder", `{"messages":[{"role":"user","content":"x"}],"thinking":{"type":"disabled"}}`},
	{"thinking off where there is none", "llama-4", `{"messages":[{"role":"user","content":"x"}],"thinking":{"type":"disabled"}}`},
	{"both limits, case-25", "gpt-4o", `{"messages":[{"role":"user","content":"x"}],"max_tokens":5,"max_completion_tokens":6}`},
	{"developer on an old model, case-11", "gpt-4", `{"messages":[{"role":"developer","content":"d"},{"role":"user","content":"x"}]}`},
	{"system on a new model", "o4-mini", `{"messages":[{"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"user","content":"x"}]}`},
	{"system in the middle, case-40", "gpt-4o", `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"},{"role":"system","content":"s"},{"role":"user","content":"z"}]}`},
	{"long call id, case-06", "gpt-4o", `{"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"call_` + strings.Repeat("x", 78) + `","type":"function","function":{"name":"f","arguments":"{ \"b\": 1, \"a\":\"\\n\" }"}}]},{"role":"tool","tool_call_id":"call_` + strings.Repeat("x", 78) + `","content":"r"}],` + oneTool + `}`},
	{"assistant says nothing, case-08", "gpt-4o", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null},{"role":"user","content":"b"}]}`},
	{"choice none keeps tools, case-17", "gpt-4o", `{"messages":[{"role":"user","content":"a"}],"tool_choice":"none",` + oneTool + `}`},
	{"choice without tools, case-20", "gpt-4o", `{"messages":[{"role":"user","content":"a"}],"tool_choice":"auto","parallel_tool_calls":true}`},
	{"parallel", "gpt-4o", `{"messages":[{"role":"user","content":"a"}],"parallel_tool_calls":false,"tool_choice":{"type":"function","function":{"name":"f"}},` + oneTool + `}`},
	{"parallel, where calls never are", "o4-mini", `{"messages":[{"role":"user","content":"a"}],"parallel_tool_calls":false,` + oneTool + `}`},
	{"allowed tools, case-22", "gpt-4o", `{"messages":[{"role":"user","content":"a"}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}}]}},` + oneTool + `}`},
	{"allowed tools elsewhere", "llama-4", `{"messages":[{"role":"user","content":"a"}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}},"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]}`},
	{"tools in other forms", "gpt-4o", `{"messages":[{"role":"user","content":"a"}],"tool_choice":{"type":"tool","name":"anthropic","disable_parallel_tool_use":true},"tools":[{"type":"function","name":"flat","parameters":{"type":"object"}},{"name":"anthropic","description":"d","input_schema":{"type":"object","properties":{"a":{"type":"string"}}},"cache_control":{"type":"ephemeral"}},{"type":"custom","name":"typed","input_schema":{}}]}`},
	{"a name that does not fit, case-15", "gpt-4o", `{"messages":[{"role":"user","content":"a"}],"tool_choice":{"type":"function","function":{"name":"mcp.server/tool"}},"tools":[{"type":"function","function":{"name":"mcp.server/tool","parameters":{}}}]}`},
	{"custom tool", "gpt-5", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c1","type":"custom","custom":{"name":"patch","input":"*** \"x\""}}]},{"role":"tool","tool_call_id":"c1","content":"ok"}],"tool_choice":{"type":"custom","custom":{"name":"patch"}},"tools":[{"type":"custom","custom":{"name":"patch","description":"d","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: x"}}}}]}`},
	{"custom tool where there are none", "llama-4", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c1","type":"custom","custom":{"name":"patch","input":"*** \"x\""}}]},{"role":"tool","tool_call_id":"c1","content":"ok"}],"tools":[{"type":"custom","custom":{"name":"patch","description":"d","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: x"}}}}]}`},
	{"deprecated functions", "gpt-4o", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"r"}],"functions":[{"name":"f","parameters":{"type":"object","properties":{}}}],"function_call":{"name":"f"}}`},
	{"strict tools", "gpt-4o", `{"messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":["string","null"]}},"required":["a"],"additionalProperties":false}}},{"type":"function","function":{"name":"g","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"object","properties":{}}},"required":["a"],"additionalProperties":false}}}]}`},
	{"web search", "gpt-4o-search-preview", `{"messages":[{"role":"user","content":"a"}],"web_search_options":{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"city":"Oslo"}}}}`},
	{"web search elsewhere", "gpt-4o", `{"messages":[{"role":"user","content":"a"}],"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":2}]}`},
	{"json mode, case-33", "gpt-4o", `{"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"json please"}],"response_format":{"type":"json_object"}}`},
	{"json mode said already, case-33", "gpt-4o", `{"messages":[{"role":"system","content":"answer in JSON"},{"role":"user","content":"x"}],"response_format":{"type":"json_object"}}`},
	{"json schema", "gpt-4o", `{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"my schema","description":"d","strict":true,"schema":{"type":"object","properties":{"a":{"type":"string"}},"required":[],"additionalProperties":false}}}}`},
	{"json schema for a model that takes none", "deepseek-chat", `{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type": "object","properties":{}}}}}`},
	{"json schema for an old model", "gpt-4-turbo", `{"messages":[{"role":"system","content":"s"},{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}}`},
	{"image in a result, case-36", "gpt-4o", `{"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":""}},{"id":"2","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"user","content":[{"type":"text","text":"and?"},{"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"seen"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBOR"}}]},{"type":"tool_result","tool_use_id":"2","content":[{"type":"image","source":{"type":"url","url":"https://x/y.png"}}]}]}],` + oneTool + `}`},
	{"failed results, case-37", "gpt-4o", `{"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"2","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"3","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","is_error":true,"content":"no file"},{"type":"tool_result","tool_use_id":"2","is_error":true,"content":"error: no file"},{"type":"tool_result","tool_use_id":"3"}]}],` + oneTool + `}`},
	{"arguments that are none", "gpt-4o", `{"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\": \"cut"}},{"id":"2","type":"function","function":{"name":"f","arguments":"[1]"}}]}],` + oneTool + `}`},
	{"image data, case-46", "gpt-4o", `{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/JPG;base64,\/9j\/\nAA=="}},{"type":"image_url","image_url":{"url":"data:;base64,iVBORw0KGgoA"}},{"type":"image_url","image_url":"https://x/z.gif"}]}]}`},
	{"documents, case-48", "gpt-4o", `{"messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}},{"type":"file","file":{"file_data":"JVBERi0="}},{"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"plain"}},{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,aGk="}}]}]}`},
	{"cache marks", "gpt-5.6", `{"messages":[{"role":"system","content":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}]},{"role":"user","content":"a","cache_control":{"type":"ephemeral"}},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":[{"type":"text","text":"r","prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}}]}],` + oneTool + `}`},
	{"cache marks elsewhere", "gpt-5.5", `{"messages":[{"role":"system","content":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}]},{"role":"user","content":"a"}]}`},
	{"who asks", "gpt-4o", `{"messages":[{"role":"user","content":"x"}],"user":"u","safety_identifier":"` + strings.Repeat("é", 70) + `","prompt_cache_key":"k","service_tier":"flex","metadata":{"a":"b"},"verbosity":"low"}`},
	{"who asks elsewhere", "llama-4", `{"messages":[{"role":"user","content":"x"}],"user":"u","service_tier":"flex","verbosity":"low"}`},
	{"top-level system", "gpt-4o", `{"system":[{"type":"text","text":"s1","cache_control":{"type":"ephemeral"}},{"type":"text","text":"s2"}],"messages":[{"role":"user","content":"x"}]}`},
	{"only system, case-10", "gpt-4o", `{"messages":[{"role":"system","content":"s"}]}`},
	{"last message of the model", "gpt-4o", `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"{"}]}`},
	{"refusal in the history", "gpt-4o", `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"refusal":"I cannot"},{"role":"user","content":"y"}]}`},
	{"thinking goes back to those who want it", "deepseek-reasoner", `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y","reasoning_content":"hm"},{"role":"user","content":"z"},{"role":"assistant","content":"","reasoning_content":"aha","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":"r"}],` + oneTool + `}`},
	{"thinking goes nowhere else", "gpt-5", `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y","reasoning_content":"hm"},{"role":"user","content":"z"}]}`},
	{"signed thinking through an aggregator", "anthropic/claude-sonnet-5", `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y","reasoning_details":[{"type":"reasoning.text","text":"hm","index":0},{"type":"reasoning.text","signature":"S","format":"anthropic-claude-v1","index":0},{"type":"reasoning.encrypted","data":"D","format":"anthropic-claude-v1","index":1}]},{"role":"user","content":"z"}]}`},
	{"Gemini's signature goes back to it, case-49", "gemini-3-pro", `{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"G"}}}]},{"role":"tool","tool_call_id":"1","content":"r"}],` + oneTool + `}`},
	{"fields of others", "gpt-4o", `{"messages":[{"role":"user","content":"x"}],"provider":{"order":[]},"store":true,"prediction":{"type":"content","content":""},"prompt_cache_retention":"24h","modalities":["text"],"temperature":null,"tools":null}`},
}

func TestChatRequests(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "openai.chat.completions.request")
	var text strings.Builder
	for _, c := range chatRequests {
		t.Run(c.name, func(t *testing.T) {
			out, x, err := chatRequest(t, c.body, c.target)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&text, "# %s, for %s\n%s\n", c.name, c.target, out)
			if w := x.WarningsHeader(); w != "" {
				fmt.Fprintf(&text, "warns %s\n", w)
			}
			extended := strings.Contains(out, "reasoning_content") || strings.Contains(out, "reasoning_details") || strings.Contains(out, "extra_content")
			if err := schema.Validate([]byte(out)); err != nil && !extended {
				t.Errorf("%v\n%s", err, out)
			}
			if again, _, _ := chatRequest(t, out, c.target); again != out && !strings.Contains(c.name, "schema for") {
				t.Errorf("%s\nbecomes %s", out, again)
			}
		})
	}
	golden(t, "chat-requests.txt", text.String())
}

// A request that cannot be read names the field at fault.
func TestChatRequestFaults(t *testing.T) {
	for body, param := range map[string]string{
		`{"messages":[]}`: "messages",
		`{}`:              "messages",
		`[]`:              "",
		`{"messages":[{"role":"user","content":"x"}],"messages":[]}`: "",
		`{"messages":{}}`:                                                                                                        "messages",
		`{"messages":[{"content":"x"}]}`:                                                                                         "messages[0].role",
		`{"messages":[{"role":"king","content":"x"}]}`:                                                                           "messages[0].role",
		`{"messages":[{"role":"user","content":7}]}`:                                                                             "messages[0].content",
		`{"messages":[{"role":"user","content":[{"type":"video"}]}]}`:                                                            "messages[0].content[0].type",
		`{"messages":[{"role":"user","content":[{"text":"x"}]}]}`:                                                                "messages[0].content[0].type",
		`{"messages":[{"role":"user","content":[{"type":"text"}]}]}`:                                                             "messages[0].content[0].text",
		`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}`:                                         "messages[0].content[0].image_url",
		`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":""}}]}]}`:                                 "messages[0].content[0].image_url",
		`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/svg+xml;base64,AA"}}]}]}`:     "messages[0].content[0].image_url",
		`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,AA"}}]}]}`:                "messages[0].content[0].image_url",
		`{"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA","format":"ogg"}}]}]}`:           "messages[0].content[0].input_audio.format",
		`{"messages":[{"role":"tool","content":"x"}]}`:                                                                           "messages[0].tool_call_id",
		`{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}]}`:                                           "messages[0].tool_calls[0].id",
		`{"messages":[{"role":"assistant","tool_calls":[{"id":"1","function":{}}]}]}`:                                            "messages[0].tool_calls[0].function.name",
		`{"messages":[{"role":"user","content":"x","role":"system"}]}`:                                                           "messages[0].role",
		`{"messages":[{"role":"user","content":"x"}],"temperature":"hot"}`:                                                       "temperature",
		`{"messages":[{"role":"user","content":"x"}],"n":0}`:                                                                     "n",
		`{"messages":[{"role":"user","content":"x"}],"max_tokens":1.5}`:                                                          "max_tokens",
		`{"messages":[{"role":"user","content":"x"}],"stop":[1]}`:                                                                "stop[0]",
		`{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"huge"}`:                                                 "reasoning_effort",
		`{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"xml"}}`:                                          "response_format.type",
		`{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema"}}`:                                  "response_format",
		`{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"schema":1}}}`:       "response_format.json_schema.schema",
		`{"messages":[{"role":"user","content":"x"}],"modalities":["text","audio"]}`:                                             "modalities[1]",
		`{"messages":[{"role":"user","content":"x"}],"audio":{"voice":"v"}}`:                                                     "audio",
		`{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"mcp"}]}`:                                                  "tools[0].type",
		`{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{}}]}`:                               "tools[0].function.name",
		`{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":3}}]}`:      "tools[0].function.parameters",
		`{"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"function","function":{"name":"g"}},` + oneTool + `}`: "tool_choice",
		`{"messages":[{"role":"user","content":"x"}],"tool_choice":"maybe"}`:                                                     "tool_choice",
		`{"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"function"},` + oneTool + `}`:                         "tool_choice",
		`{"messages":[{"role":"user","content":"x"}],"service_tier":"gold"}`:                                                     "service_tier",
		`{"messages":[{"role":"user","content":"` + "\xff" + `"}]}`:                                                              "",
	} {
		t.Run("case-54", func(t *testing.T) {
			_, _, err := chatRequest(t, body, "gpt-4o")
			e, ok := errors.AsType[*protocol.Error](err)
			if !ok || e.Code != protocol.InvalidRequest || e.Param != param {
				t.Errorf("%s:\ngot %q, %v", body, e.Param, err)
			}
		})
	}
}

// What only the provider's side refuses.
func TestChatRequestsThatCannotBeWritten(t *testing.T) {
	for _, part := range []string{
		`{"type":"file","file":{"file_id":"file-1"}}`,
		`{"type":"document","source":{"type":"url","url":"https://x/y.pdf"}}`,
		`{"type":"image","source":{"type":"file","file_id":"file-1"}}`,
	} {
		_, _, err := chatRequest(t, `{"messages":[{"role":"user","content":[`+part+`]}]}`, "gpt-4o")
		if e, ok := errors.AsType[*protocol.Error](err); !ok || e.Code != protocol.InvalidRequest {
			t.Errorf("%s: %v", part, err)
		}
	}
}
