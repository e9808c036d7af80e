package anthropic_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
)

const openaiSignature = "llmgw1.b3JzXzEKZGF0YQ" // of OpenAI, id rs_1, data "data"

// What a client of this dialect sends is what the hub holds.
func TestDecodeRequest(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       protocol.Request
		warn       string
	}{
		{"all settings", `{"max_tokens":7,"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0.5,"top_p":0.9,"top_k":3,"stop_sequences":["a"],"stream":true,"metadata":{"user_id":"u","x":1},"service_tier":"standard_only","cache_control":{"type":"ephemeral","ttl":"1h"},"thinking":{"type":"enabled","budget_tokens":2000,"display":"summarized"},"output_config":{"effort":"max","format":{"type":"json_schema","schema":{"type":"object"}}}}`,
			protocol.Request{
				Messages: hello, MaxTokens: 7, Temperature: protocol.Raw("0.5"), TopP: protocol.Raw("0.9"), TopK: protocol.Raw("3"), Stop: []protocol.Text{str("a")}, Stream: true, User: str("u"), Tier: "default", Cache: protocol.Cache1h,
				Reasoning: protocol.Reasoning{Mode: protocol.ThinkBudget, Budget: 2000, Show: protocol.Yes, Effort: protocol.EffortMax}, Format: &protocol.Format{Schema: protocol.Raw(`{"type":"object"}`)},
			}, "metadata: unknown field ignored"},
		{"count_tokens, nulls", `{"model":"m","messages":[{"role":"user","content":"hi"}],"thinking":{"type":"disabled"},"temperature":null,"system":null,"tools":null,"tool_choice":null,"metadata":{"user_id":null},"output_config":{"effort":null,"format":null},"cache_control":null}`,
			protocol.Request{Messages: hello, Reasoning: protocol.Reasoning{Mode: protocol.ThinkOff}}, ""},
		{"fast, nothing to generate", `{"max_tokens":0,"speed":"fast","service_tier":"auto","messages":[{"role":"user","content":"hi"}],"thinking":{"type":"adaptive","display":"omitted"},"context_management":{"edits":[]},"who_knows":1,"diagnostics":{}}`,
			protocol.Request{Messages: hello, MaxTokens: 1, Tier: "fast", Reasoning: protocol.Reasoning{Mode: protocol.ThinkAdaptive, Show: protocol.No}},
			"max_tokens: 0 raised to 1, context_management: not supported, body: unknown field ignored"},
		{"system behind the messages, billing dropped", `{"messages":[{"role":"user","content":"hi"}],"system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2"},{"type":"text","text":"be brief","cache_control":{"type":"ephemeral"}}]}`,
			protocol.Request{Messages: []protocol.Message{{Role: protocol.RoleSystem, Parts: []protocol.Part{marked("be brief", protocol.Cache5m)}}, hello[0]}}, ""},
		{"system string, billing only", `{"messages":[{"role":"user","content":"hi"}],"system":"x-anthropic-billing-header: x"}`, protocol.Request{Messages: hello}, ""},
		{"case-40 system inside", `{"messages":[{"role":"user","content":"hi"},{"role":"system","content":"s"},{"role":"system","content":[{"type":"tool_addition","tool":{"type":"tool_reference","name":"f"}}]}]}`,
			protocol.Request{Messages: []protocol.Message{hello[0], system("s"), {Role: protocol.RoleSystem}}}, "messages: a block that only Anthropic understands is dropped"},
		{"thinking, its signature wherever it is from", `{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"sig"},{"type":"thinking","thinking":"a","signature":"` + openaiSignature + `"},{"type":"thinking","thinking":"b","signature":"llmgw1.none"},{"type":"redacted_thinking","data":"d"}]}]}`,
			protocol.Request{Messages: []protocol.Message{assistant(
				thought(protocol.MadeByAnthropic, "", "sig"),
				protocol.Part{Kind: protocol.PartThinking, Text: str("a"), Signature: protocol.Signature{Maker: protocol.MadeByOpenAI, ID: str("rs_1"), Data: str("data")}},
				protocol.Part{Kind: protocol.PartThinking, Text: str("b")},
				protocol.Part{Kind: protocol.PartRedacted, Signature: protocol.Signature{Maker: protocol.MadeByAnthropic, Data: str("d")}},
			)}}, ""},
		{"case-37 results in every form", `{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"},{"tool_use_id":"b","content":[],"type":"tool_result"},{"content":"s","tool_use_id":"c","is_error":true,"type":"tool_result"},{"type":"tool_result","tool_use_id":"d","content":[{"type":"text","text":"x"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}],"cache_control":{"type":"ephemeral","ttl":"5m"}}]}]}`,
			protocol.Request{Messages: []protocol.Message{user(
				result("a"), result("b"),
				protocol.Part{Kind: protocol.PartResult, ID: str("c"), IsError: true, Parts: []protocol.Part{words("s")}},
				protocol.Part{Kind: protocol.PartResult, ID: str("d"), Cache: protocol.Cache5m, Parts: []protocol.Part{words("x"), image("image/png", "AA==")}},
			)}}, ""},
		{"calls", `{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"x": 1}},{"type":"tool_use","id":"b","name":"g","input":null,"caller":{"type":"direct"}}]}]}`,
			protocol.Request{Messages: []protocol.Message{assistant(call("a", "f", `{"x": 1}`), call("b", "g", `{}`))}}, ""},
		{"documents", `{"messages":[{"role":"user","content":[{"type":"document","title":"T","context":"C","citations":{"enabled":true},"source":{"type":"text","media_type":"text/plain","data":"x"}},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}},{"type":"document","source":{"type":"url","url":"https://a.org/b.pdf"}},{"type":"image","source":{"type":"file","file_id":"f"}},{"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"image","source":{"type":"url","url":"https://i"}}]}},{"type":"document","source":{"type":"content","content":"s"}}]}]}`,
			protocol.Request{Messages: []protocol.Message{user(
				file(protocol.Media{Name: str("T"), Context: str("C"), Citations: true, Type: str("text/plain"), Plain: str("x")}),
				file(protocol.Media{Type: str("application/pdf"), Data: str("JVBERi0=")}),
				file(protocol.Media{URL: str("https://a.org/b.pdf")}),
				protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{FileID: str("f")}},
				file(protocol.Media{Type: str("text/plain"), Plain: str("a\nb")}),
				protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{URL: str("https://i")}},
				file(protocol.Media{Type: str("text/plain"), Plain: str("s")}),
			)}}, ""},
		{"search results, references, summaries", `{"messages":[{"role":"user","content":[{"type":"search_result","source":"https://a","title":"T","content":[{"type":"text","text":"x"}]},{"type":"compaction","content":"summary"},{"type":"tool_result","tool_use_id":"a","content":[{"type":"tool_reference","tool_name":"f"}]}]}]}`,
			protocol.Request{Messages: []protocol.Message{user(words("T\nhttps://a\nx"), words("summary"), result("a", words("[tool f]")))}}, "search_result: sent as text, tool_reference: sent as text"},
		{"tools", `{"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral"}},{"type":"custom","name":"g","input_schema":{},"defer_loading":true},{"type":"code_execution_20250825","name":"code_execution"},{"type":"web_search_20260209","name":"web_search","max_uses":2,"blocked_domains":["b"],"user_location":{"type":"approximate","city":"Bern","region":null}}],"tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}}`,
			protocol.Request{Messages: hello, Parallel: protocol.No, Choice: protocol.ToolChoice{Mode: protocol.ChoiceTool, Names: []protocol.Text{str("f")}},
				Tools: []protocol.Tool{
					{Name: str("f"), Description: str("d"), Schema: protocol.Raw(`{"type":"object"}`), Strict: protocol.Yes, Cache: protocol.Cache5m},
					{Name: str("g"), Schema: protocol.Raw(`{}`), Deferred: true},
					{Kind: protocol.ToolServer, Maker: protocol.MadeByAnthropic, Name: str("code_execution"), Raw: protocol.Raw(`{"type":"code_execution_20250825","name":"code_execution"}`)},
				},
				WebSearch: &protocol.WebSearch{MaxUses: 2, Blocked: []protocol.Text{str("b")}, Location: protocol.Raw(`{"city":"Bern"}`)}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newExchange("m")
			if err := anthropic.DecodeRequest(x, []byte(c.body)); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, *x.Request, cmpopts.IgnoreFields(protocol.Media{}, "At")); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if got := x.WarningsHeader(); got != c.warn {
				t.Errorf("warnings %q, want %q", got, c.warn)
			}
		})
	}
}

// case-41: what Anthropic's own tools did comes to others in words.
func TestDecodeServerTools(t *testing.T) {
	x := newExchange("m")
	body := `{"messages":[{"role":"assistant","content":[
		{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{ "query": "x" },"cache_control":{"type":"ephemeral"}},
		{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","title":"T","url":"https://t","encrypted_content":"e"}]},
		{"type":"bash_code_execution_tool_result","tool_use_id":"b","content":{"type":"bash_code_execution_result","stdout":"out","stderr":"","return_code":0,"content":[]}},
		{"type":"container_upload","file_id":"f"}]}]}`
	if err := anthropic.DecodeRequest(x, []byte(body)); err != nil {
		t.Fatal(err)
	}
	want := []string{`[web_search] {"query":"x"}`, "T\nhttps://t", "out", ""}
	for i, p := range x.Request.Messages[0].Parts {
		if p.Kind != protocol.PartServerTool || p.Text.String() != want[i] || p.Signature.Maker != protocol.MadeByAnthropic || !strings.Contains(body, string(p.Raw)) {
			t.Errorf("%d: %q %s", i, p.Text, p.Raw)
		}
	}
}

// The tools that run at the client are functions for everybody.
func TestDecodeClientTools(t *testing.T) {
	x := newExchange("m")
	if err := anthropic.DecodeRequest(x, []byte(`{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"bash_20250124","name":"bash"},{"type":"text_editor_20250728","name":"str_replace_based_edit_tool","max_characters":9},{"type":"memory_20250818"}]}`)); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"bash", "str_replace_based_edit_tool", "memory"} {
		tool := x.Request.Tools[i]
		err := protocol.ScanObject(tool.Schema, func([]byte, protocol.Member) {})
		if tool.Kind != protocol.ToolFunction || !tool.Name.Is(name) || tool.Description.Empty() || err != nil {
			t.Errorf("%s: %+v %v", name, tool, err)
		}
	}
}

// case-54: every fault names its place.
func TestDecodeRequestFaults(t *testing.T) {
	for body, param := range map[string]string{
		``:                               "",
		`[]`:                             "",
		`{"messages":[]}`:                "messages",
		`{}`:                             "messages",
		`{"messages":{}}`:                "messages",
		`{"messages":[7]}`:               "messages[0]",
		`{"messages":[{"content":"a"}]}`: "messages[0]",
		`{"messages":[{"role":"tool","content":"a"}]}`:                                                                        "messages[0].role",
		`{"messages":[{"role":"user","role":"user","content":"a"}]}`:                                                          "messages[0].role",
		`{"messages":[{"role":"user","content":7}]}`:                                                                          "messages[0].content",
		`{"messages":[{"role":"user","content":[{"type":"audio"}]}]}`:                                                         "messages[0].content[0].type",
		`{"messages":[{"role":"user","content":[{"text":"a"}]}]}`:                                                             "messages[0].content[0]",
		`{"messages":[{"role":"user","content":[{"type":"text"}]}]}`:                                                          "messages[0].content[0]",
		`{"messages":[{"role":"user","content":[{"type":"text","text":1}]}]}`:                                                 "messages[0].content[0].text",
		`{"messages":[{"role":"user","content":[{"type":"image"}]}]}`:                                                         "messages[0].content[0]",
		`{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64"}}]}]}`:                              "messages[0].content[0].source",
		`{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"ftp"}}]}]}`:                                 "messages[0].content[0].source.type",
		`{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"content","content":[{"type":"x"}]}}]}]}`: "messages[0].content[0].source.content[0].type",
		`{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":[]}]}]}`:                  "messages[0].content[0]",
		`{"messages":[{"role":"assistant","content":[{"type":"tool_use","name":"f","input":{}}]}]}`:                           "messages[0].content[0]",
		`{"messages":[{"role":"user","content":[{"content":[{"type":"x"}],"type":"tool_result","tool_use_id":"a"}]}]}`:        "messages[0].content[0].content[0].type",
		`{"messages":[{"role":"user","content":[{"type":"tool_result"}]}]}`:                                                   "messages[0].content[0]",
		`{"max_tokens":"7"}`: "max_tokens", `{"max_tokens":-1}`: "max_tokens", `{"temperature":"hot"}`: "temperature",
		`{"stream":1}`: "stream", `{"stop_sequences":[1]}`: "stop_sequences[0]", `{"system":7}`: "system", `{"system":[{"type":"x"}]}`: "system[0].type",
		`{"tools":[{}]}`: "tools[0]", `{"tools":[{"name":"f","input_schema":[]}]}`: "tools[0].input_schema", `{"tools":[{"type":"web_search_1","max_uses":"x"}]}`: "tools[0].max_uses",
		`{"tool_choice":{"type":"some"}}`: "tool_choice.type", `{"tool_choice":{"type":"tool"}}`: "tool_choice", `{"tool_choice":"auto"}`: "tool_choice",
		`{"thinking":{"type":"hard"}}`: "thinking.type", `{"output_config":{"effort":"huge"}}`: "output_config.effort",
		`{"output_config":{"format":{"type":"xml"}}}`: "output_config.format.type", `{"output_config":{"format":{"type":"json_schema"}}}`: "output_config.format",
		`{"mcp_servers":[{"type":"url"}]}`: "mcp_servers", `{"container":"c"}`: "container",
		`{"messages":[{"role":"user","content":` + strings.Repeat(`[`, 300) + strings.Repeat(`]`, 300) + `}]}`: "",
	} {
		x := newExchange("m")
		err := anthropic.DecodeRequest(x, []byte(body))
		e := protocol.AsError(err)
		if e == nil || e.Code != protocol.InvalidRequest || e.Param != param || x.Request != nil {
			t.Errorf("%.100s: %+v", body, e)
		}
	}
}
