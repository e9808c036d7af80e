package openai_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// responsesAsked is an exchange for a request to target.
func responsesAsked(body []byte, target string) (*protocol.Exchange, error) {
	x := &protocol.Exchange{Model: "asked", Target: target, Now: time.Unix(1_795_000_000, 0), Rand: protocol.NewRand(1, 2)}
	return x, openai.DecodeResponsesRequest(x, body)
}

// reencoded decodes a request, arranges it and encodes it for target.
func reencoded(tb testing.TB, body []byte, target string) ([]byte, *protocol.Exchange) {
	tb.Helper()
	x, err := responsesAsked(body, target)
	if err != nil {
		tb.Fatalf("%v\nin %.500s", err, body)
	}
	protocol.Arrange(x)
	out, err := openai.EncodeResponsesRequest(nil, x)
	if err != nil {
		tb.Fatal(err)
	}
	again, err := openai.EncodeResponsesRequest(nil, x)
	if err != nil || string(again) != string(out) {
		tb.Errorf("encoded twice, it differs: %v", err)
	}
	return out, x
}

// responsesRequests are requests with what becomes of them on their way through
// the hub to a model of OpenAI's, in testdata/responses-requests.txt.
var responsesRequests = []struct{ name, target, body string }{
	{"string", "gpt-4o", `{"model":"x","input":"Say pong"}`},
	{"all-fields", "gpt-4.1", `{"input":"hi","instructions":"Be brief.","max_output_tokens":100,"temperature":0.5,"top_p":0.9,"top_logprobs":3,"parallel_tool_calls":false,
		"user":"u","safety_identifier":"s","prompt_cache_key":"k","service_tier":"flex","metadata":{"a":"b"},"stream":true,"store":true,"truncation":"auto",
		"include":["message.output_text.logprobs","web_search_call.results"],"max_tool_calls":3,"moderation":{"model":"m"},"context_management":[{"type":"compaction"}],
		"stream_options":{"include_obfuscation":true},"prompt_cache_retention":"24h","client_metadata":{"x":"y"},"unheard_of":1,"previous_response_id":null,"background":false,
		"conversation":null,"prompt":null,"tools":[{"type":"function","name":"f"}]}`},
	{"all-null", "gpt-4o", `{"input":"hi","instructions":null,"max_output_tokens":null,"temperature":null,"reasoning":null,"text":null,"tools":null,"tool_choice":null,"stream":null,"include":null,"store":null,"stream_options":null}`},
	{"reasoning", "gpt-5.1", `{"input":"hi","reasoning":{"effort":"medium","summary":"auto"},"temperature":1,"text":{"verbosity":"low"}}`},
	{"reasoning-nothing-said", "gpt-5", `{"input":"hi","reasoning":{"effort":null,"summary":null},"text":{"format":{"type":"text"}}}`},
	{"format-schema", "gpt-4o", `{"input":"hi","text":{"format":{"type":"json_schema","name":"n","description":"d","strict":true,"schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}}}`},
	{"format-schema-loose", "gpt-4o", `{"input":"hi","text":{"format":{"type":"json_schema","name":"n","strict":true,"schema":{"type":"object","properties":{"a":{"type":"string"}}}}}}`},
	{"format-object", "gpt-4o", `{"instructions":"Answer in json.","input":"hi","text":{"format":{"type":"json_object"}}}`},
	{"case-51-loose-items", "gpt-5", `{"input":[{"role":"developer","content":"Be kind."},{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"text","text":"b"}]},
		{"type":"reasoning","summary":[],"encrypted_content":"gAAA"},{"role":"assistant","content":[{"type":"output_text","text":"I call."}]},
		{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\": 1}","status":null,"id":null},{"type":"function_call_output","call_id":"c1","output":"done"}],
		"tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}}}]}`},
	{"case-52-strict", "gpt-4o", `{"input":"hi","tools":[{"type":"function","name":"a","parameters":{"type":"object","properties":{}}},{"type":"function","name":"b","strict":true,"parameters":{"type":"object","properties":{},"additionalProperties":false,"required":[]}},{"type":"function","name":"c","strict":false,"parameters":null,"description":null}]}`},
	{"case-53-custom", "gpt-5", `{"input":[{"role":"user","content":"Patch it"},{"type":"custom_tool_call","call_id":"c1","name":"apply_patch","input":"*** Begin\n\"x\""},{"type":"custom_tool_call_output","call_id":"c1","output":"ok"}],
		"tools":[{"type":"custom","name":"apply_patch","description":"Patches.","format":{"type":"grammar","syntax":"lark","definition":"start: /.+/"}},{"type":"custom","name":"free","format":{"type":"text"}}]}`},
	{"custom-as-function", "llama", `{"input":[{"role":"user","content":"Patch it"},{"type":"custom_tool_call","call_id":"c1","name":"apply_patch","input":"x"},{"type":"custom_tool_call_output","call_id":"c1","output":[{"type":"input_text","text":"ok"}]}],
		"tools":[{"type":"custom","name":"apply_patch","description":"Patches.","format":{"type":"grammar","syntax":"lark","definition":"start: /.+/"}}],"tool_choice":{"type":"custom","name":"apply_patch"}}`},
	{"reference-to-reasoning", "gpt-4o", `{"input":[{"role":"user","content":"go"},{"type":"item_reference","id":"rs_1"},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"x"}]}`},
	{"namespace", "gpt-5", `{"input":[{"role":"user","content":"go"},{"type":"function_call","call_id":"c1","name":"read","namespace":"files","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"x"}],
		"tools":[{"type":"namespace","name":"files","description":"Files of the user","tools":[{"type":"function","name":"read","description":"reads"},{"type":"custom","name":"write"}]}],"tool_choice":{"type":"function","name":"read"}}`},
	{"additional-tools", "gpt-5", `{"input":[{"type":"additional_tools","role":"developer","tools":[{"type":"function","name":"late"},{"type":"function","name":"f","description":"new"}]},
		{"role":"user","content":"go"},{"type":"configuration_update","reasoning":{"effort":"low"}}],"tools":[{"type":"function","name":"f","description":"old"}],"reasoning":{"effort":"high"}}`},
	{"tool-search", "gpt-5", `{"input":[{"role":"user","content":"go"},{"type":"tool_search_call","call_id":"t1","arguments":{},"execution":"client"},{"type":"tool_search_output","call_id":"t1","tools":[{"type":"function","name":"found","defer_loading":true}]}],
		"tools":[{"type":"tool_search"}]}`},
	{"web-search", "gpt-5", `{"input":"hi","tools":[{"type":"web_search","filters":{"allowed_domains":["a.example"]},"user_location":{"type":"approximate","country":"DE","city":null},"search_context_size":"low"}],"tool_choice":{"type":"web_search"}}`},
	{"web-search-offline", "gpt-5", `{"input":"hi","tools":[{"type":"web_search","external_web_access":false}]}`},
	{"hosted-tools", "gpt-5", `{"input":"hi","tools":[{"type":"file_search","vector_store_ids":["v"]},{"type":"code_interpreter","container":{"type":"auto"}}]}`},
	{"hosted-calls", "gpt-4o", `{"input":[{"role":"user","content":"go"},{"type":"web_search_call","id":"w","status":"completed","action":{"type":"search","query":"q \"x\""}},
		{"type":"local_shell_call","id":"l","call_id":"c","status":"completed","action":{"type":"exec","command":["ls"],"env":{}}},{"type":"local_shell_call_output","id":"l","call_id":"c","output":"a.txt"},
		{"type":"image_generation_call","id":"i","status":"completed","result":"iVBO"},{"type":"mcp_list_tools","id":"m","server_label":"s","tools":[{"name":"x","input_schema":{}}]},
		{"type":"computer_call_output","call_id":"c2","output":{"type":"computer_screenshot","image_url":"data:image/png;base64,iVBO"}}]}`},
	{"choice-allowed", "gpt-5", `{"input":"hi","tools":[{"type":"function","name":"a"},{"type":"function","name":"b"},{"type":"custom","name":"c"}],"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"a"},{"type":"custom","name":"c"},{"type":"web_search"}]}}`},
	{"choice-one-of", "gpt-5", `{"input":"hi","tools":[{"type":"function","name":"a"},{"type":"function","name":"b"}],"tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"b"}]}}`},
	{"choice-allowed-elsewhere", "llama", `{"input":"hi","tools":[{"type":"function","name":"a"},{"type":"function","name":"b"}],"tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"b"}]}}`},
	{"choice-none", "gpt-5", `{"input":"hi","tools":[{"type":"function","name":"a"}],"tool_choice":"none"}`},
	{"case-20-choice-without-tools", "gpt-5", `{"input":"hi","tool_choice":"auto","parallel_tool_calls":true}`},
	{"chat-shaped", "gpt-4o", `{"input":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://e.example/a.png","detail":"low"}},{"type":"input_text","text":"What?","cache_control":{"type":"ephemeral"}}]}],
		"tools":[{"type":"function","function":{"name":"a","parameters":{"type":"object"}}},{"name":"b","description":"flat","input_schema":{"type":"object"}}],"tool_choice":{"type":"function","function":{"name":"a"}},"max_tokens":50,"reasoning_effort":"low"}`},
	{"media", "gpt-4o", `{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/JPG;base64,/9j/\n4A","detail":"high"},{"type":"input_image","image_url":"https://e.example/a.png"},
		{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0"},{"type":"input_file","filename":"b.PDF","file_data":"JVBERi0"},{"type":"input_file","file_url":"https://e.example/a.pdf"},
		{"type":"input_file","filename":"a.txt","file_data":"data:text/plain;base64,aGkK"}]}]}`},
	{"case-36-result-with-image", "gpt-4o", `{"input":[{"role":"user","content":"go"},{"type":"function_call","call_id":"c1","name":"shot","arguments":""},{"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"data:image/png;base64,iVBO"}]}],"tools":[{"type":"function","name":"shot"}]}`},
	{"case-1-parallel-calls", "gpt-4o", `{"input":[{"role":"user","content":"go"},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call","call_id":"c2","name":"f","arguments":"{}"},
		{"type":"function_call_output","call_id":"c2","output":"two"},{"role":"user","content":"more"},{"type":"function_call_output","call_id":"c1","output":{"n":1}}],"tools":[{"type":"function","name":"f"}]}`},
	{"case-6-long-ids", "gpt-4o", `{"input":[{"role":"user","content":"go"},{"type":"function_call","call_id":"` + strings.Repeat("c", 83) + `","name":"` + strings.Repeat("f", 70) + `","arguments":"{}"},{"type":"function_call_output","call_id":"` + strings.Repeat("c", 83) + `","output":"x"}],"tools":[{"type":"function","name":"` + strings.Repeat("f", 70) + `"}]}`},
	{"wrapped-reasoning", "gpt-5", `{"input":[{"role":"user","content":"go"},{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"gAAA"},
		{"type":"reasoning","summary":[{"type":"summary_text","text":"c"}],"encrypted_content":"llmgw1.YQpFcVFC"},{"role":"assistant","content":"Yes."},{"role":"user","content":"more"}]}`},
	{"cache-marks", "gpt-5.6", `{"input":[{"role":"developer","content":[{"type":"input_text","text":"long","prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}}]},{"role":"user","content":[{"type":"input_text","text":"hi","prompt_cache_breakpoint":{"mode":"explicit"}}]}]}`},
	{"refusal", "gpt-4o", `{"input":[{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"refusal","refusal":"No."}]},{"role":"user","content":""},{"role":"assistant","content":[]},{"role":"user","content":"why?"}]}`},
	{"few-tokens", "gpt-4o", `{"input":"hi","max_output_tokens":1}`},
	{"only-instructions", "gpt-4o", `{"instructions":"Say something."}`},
}

func TestResponsesRequests(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "openai.responses.request")
	var text strings.Builder
	for _, tc := range responsesRequests {
		t.Run(tc.name, func(t *testing.T) {
			out, x := reencoded(t, []byte(tc.body), tc.target)
			if err := schema.Validate(out); err != nil && !strings.Contains(tc.name, "blocked") {
				t.Errorf("%v\nin %s", err, out)
			}
			if !json.Valid(x.Request.Echo) && !json.Valid([]byte("{"+string(x.Request.Echo[1:])+"}")) {
				t.Errorf("the echo is broken: %s", x.Request.Echo)
			}
			fmt.Fprintf(&text, "### %s for %s\n%s\n", tc.name, tc.target, out)
			if w := x.WarningsHeader(); w != "" {
				fmt.Fprintf(&text, "(%s)\n", w)
			}
		})
	}
	golden(t, "responses-requests.txt", text.String())
}

func TestResponsesRequestsRefused(t *testing.T) {
	for body, param := range map[string]string{
		`{`:                              "",
		`[]`:                             "",
		`{"input":"a","input":"b"}`:      "",
		`{}`:                             "input",
		`{"input":null}`:                 "input",
		`{"input":7}`:                    "input",
		`{"input":["x"]}`:                "input[0]",
		`{"input":[{"type":"message"}]}`: "input[0]",
		`{"input":[{"content":"x"}]}`:    "input[0]",
		`{"input":[{"role":"critic","content":"x"}]}`:                                           "input[0].role",
		`{"input":[{"role":"user","content":7}]}`:                                               "input[0].content",
		`{"input":[{"role":"user","content":[{"type":"video"}]}]}`:                              "input[0].content[0]",
		`{"input":[{"role":"user","content":[{"text":"x"}]}]}`:                                  "input[0].content[0]",
		`{"input":[{"role":"user","content":[{"type":"input_text"}]}]}`:                         "input[0].content[0]",
		`{"input":[{"role":"user","content":[{"type":"input_image"}]}]}`:                        "input[0].content[0]",
		`{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:x,y"}]}]}`: "input[0].content[0].image_url",
		`{"input":[{"type":"new_kind"}]}`:                                                       "input[0]",
		`{"input":[{"id":"msg_1"}]}`:                                                            "input[0]",
		`{"input":[{"type":"item_reference","id":"msg_1"}]}`:                                    "input[0]",
		`{"input":[{"type":"compaction","encrypted_content":"x"}]}`:                             "input[0]",
		`{"input":[{"type":"mcp_approval_response","approve":true,"approval_request_id":"a"}]}`: "input[0]",
		`{"input":[{"type":"function_call","call_id":"c"}]}`:                                    "input[0]",
		`{"input":[{"type":"function_call","name":"f","arguments":"{}"}]}`:                      "input[0]",
		`{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":7}]}`:           "input[0].arguments",
		`{"input":[{"type":"function_call_output","output":"x"}]}`:                              "input[0]",
		`{"input":"x","previous_response_id":"resp_1"}`:                                         "previous_response_id",
		`{"input":"x","conversation":"conv_1"}`:                                                 "conversation",
		`{"input":"x","conversation":{"id":"conv_1"}}`:                                          "conversation",
		`{"input":"x","background":true}`:                                                       "background",
		`{"prompt":{"id":"p"}}`:                                                                 "prompt",
		`{"input":"x","max_output_tokens":0}`:                                                   "max_output_tokens",
		`{"input":"x","max_output_tokens":1.5}`:                                                 "max_output_tokens",
		`{"input":"x","temperature":"hot"}`:                                                     "temperature",
		`{"input":"x","reasoning":{"effort":"huge"}}`:                                           "reasoning.effort",
		`{"input":"x","text":{"verbosity":"loud"}}`:                                             "text.verbosity",
		`{"input":"x","text":{"format":{"type":"xml"}}}`:                                        "text.format.type",
		`{"input":"x","text":{"format":{"type":"json_schema","name":"n"}}}`:                     "text.format",
		`{"input":"x","text":{"format":{"type":"json_schema","name":"n","schema":[]}}}`:         "text.format.schema",
		`{"input":"x","service_tier":"gold"}`:                                                   "service_tier",
		`{"input":"x","stream":1}`:                                                              "stream",
		`{"input":"x","tools":{}}`:                                                              "tools",
		`{"input":"x","tools":[7]}`:                                                             "tools[0]",
		`{"input":"x","tools":[{}]}`:                                                            "tools[0]",
		`{"input":"x","tools":[{"type":"function"}]}`:                                           "tools[0]",
		`{"input":"x","tools":[{"type":"function","name":"f","parameters":"x"}]}`:               "tools[0].parameters",
		`{"input":"x","tools":[{"type":"namespace","tools":[]}]}`:                               "tools[0]",
		`{"input":"x","tools":[{"type":"namespace","name":"n","tools":[{"type":"function"}]}]}`: "tools[0].tools[0]",
		`{"input":"x","tool_choice":"sometimes"}`:                                               "tool_choice",
		`{"input":"x","tool_choice":{}}`:                                                        "tool_choice",
		`{"input":"x","tool_choice":{"type":"function"}}`:                                       "tool_choice",
		`{"input":"x","tool_choice":{"type":"function","name":"f"}}`:                            "tool_choice",
		`{"input":"x","tools":[{"type":"file_search"}],"tool_choice":{"type":"file_search"}}`:   "tool_choice",
		`{"input":"x","tool_choice":{"type":"web_search"}}`:                                     "tool_choice",
	} {
		_, err := responsesAsked([]byte(body), "gpt-4o")
		e, ok := errors.AsType[*protocol.Error](err)
		if !ok || e.Code != protocol.InvalidRequest || e.Param != param {
			t.Errorf("%s: %#v", body, err)
			continue
		}
		if param != "" && !strings.Contains(e.Message, strings.SplitN(param, ".", 2)[0]) {
			t.Errorf("%s: the message does not name the field: %s", body, e.Message)
		}
	}
}

// Every request that a client was seen to send can be converted, and is of the
// schema behind that.
func TestResponsesCaptures(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "openai.responses.request")
	files, err := filepath.Glob(protocoltest.Shared(t, "captures") + "/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var request struct{ Path, Method string }
		if err := json.Unmarshal(raw, &request); err != nil || request.Path != "/v1/responses" || request.Method != "POST" {
			continue
		}
		seen++
		name := filepath.Join(filepath.Base(filepath.Dir(file)), filepath.Base(file))
		t.Run(name, func(t *testing.T) {
			out, x := reencoded(t, protocoltest.Capture(t, name), "gpt-5.6")
			if err := schema.Validate(out); err != nil {
				t.Errorf("%v\nin %.3000s", err, out)
			}
			for _, w := range x.Warnings() {
				if w.Field != "tools" || w.Reason != "web_search without web access not supported" {
					t.Errorf("it warns: %s: %s", w.Field, w.Reason)
				}
			}
		})
	}
	if seen < 5 {
		t.Errorf("only %d captures", seen)
	}
}

func TestResponsesRecordedRequests(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "openai.responses.request")
	files, err := filepath.Glob(protocoltest.Shared(t, "recordings/openai-responses") + "/*.request.json")
	if err != nil || len(files) < 30 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(body), `"background": true`) || strings.Contains(string(body), `"background":true`) || strings.Contains(string(body), `"previous_response_id":"`) {
				if _, err := responsesAsked(body, "gpt-5"); err == nil {
					t.Error("accepted, although nothing is stored")
				}
				return
			}
			out, _ := reencoded(t, body, "gpt-5.6")
			if err := schema.Validate(out); err != nil {
				t.Errorf("%v\nin %.3000s", err, out)
			}
		})
	}
}

// One more turn leaves the bytes before it as they were: the provider's prompt
// cache lives by it.
func TestResponsesPrefix(t *testing.T) {
	items := []string{
		`{"role":"developer","content":"Be kind."}`, `{"role":"user","content":"a"}`,
		`{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAA"}`,
		`{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}`, `{"type":"function_call_output","call_id":"c1","output":"x"}`,
		`{"role":"assistant","content":"b"}`, `{"role":"user","content":[{"type":"input_text","text":"c"},{"type":"input_image","image_url":"https://e.example/a.png"}]}`,
		`{"role":"assistant","content":"d"}`, `{"role":"user","content":"e"}`,
	}
	for _, format := range []string{"text", "json_object"} {
		var before []byte
		for _, n := range []int{2, 5, 7, 9} { // where a request can end
			body := `{"instructions":"Be brief.","tools":[{"type":"function","name":"f"}],"text":{"format":{"type":"` + format + `"}},"input":[` + strings.Join(items[:n], ",") + `]}`
			out, _ := reencoded(t, []byte(body), "gpt-5")
			if before != nil && !strings.HasPrefix(string(out), string(before)) {
				t.Errorf("%s, %d items: %s", format, n, cmp.Diff(string(before), string(out)))
			}
			before = out[:len(out)-len("]}")]
		}
	}
}
