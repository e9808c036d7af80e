package anthropic_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// Hand-written values of the hub, as the decoders of other dialects make them.

var str = protocol.TextOf

func words(s string) protocol.Part { return protocol.Part{Kind: protocol.PartText, Text: str(s)} }

func call(id, name, args string) protocol.Part {
	return protocol.Part{Kind: protocol.PartCall, ID: str(id), Name: str(name), Args: protocol.Raw(args)}
}

func result(id string, parts ...protocol.Part) protocol.Part {
	return protocol.Part{Kind: protocol.PartResult, ID: str(id), Parts: parts}
}

func user(parts ...protocol.Part) protocol.Message {
	return protocol.Message{Role: protocol.RoleUser, Parts: parts}
}

func assistant(parts ...protocol.Part) protocol.Message {
	return protocol.Message{Role: protocol.RoleAssistant, Parts: parts}
}

func system(s string) protocol.Message {
	return protocol.Message{Role: protocol.RoleSystem, Parts: []protocol.Part{words(s)}}
}

func tool(name string) protocol.Tool {
	return protocol.Tool{Name: str(name), Schema: protocol.Raw(`{"type":"object","properties":{}}`)}
}

func thought(maker protocol.Maker, text, data string) protocol.Part {
	return protocol.Part{Kind: protocol.PartThinking, Text: str(text), Signature: protocol.Signature{Maker: maker, Data: str(data)}}
}

var hello = []protocol.Message{user(words("hi"))}

// encodeCase is a request of the hub and what must and must not be in its
// body; what begins with "!" must not.
type encodeCase struct {
	name  string
	model string // default claude-opus-4-6
	r     protocol.Request
	want  []string
	warn  string // X-LLM-Gateway-Warnings, "" for none
	fault string // the Param of the error, and its Reason behind a slash
}

func TestEncodeRequest(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "anthropic.messages.request.2023-06-01")
	for _, c := range slices.Concat(turnCases, toolCases, settingCases, formatCases, mediaCases) {
		t.Run(c.name, func(t *testing.T) {
			x, out, err := encodeHub(c.model, c.r)
			if c.fault != "" {
				e := protocol.AsError(err)
				if e == nil || e.Code != protocol.InvalidRequest {
					t.Fatalf("no refusal: %v %s", err, out)
				}
				if got := strings.TrimSuffix(e.Param+"/"+e.Reason, "/"); got != c.fault {
					t.Errorf("refused for %s: %v", got, e)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !json.Valid(out) {
				t.Fatalf("no JSON: %s", out)
			}
			if err := schema.Validate(out); err != nil {
				t.Errorf("%v in %s", err, out)
			}
			for _, want := range c.want {
				if rest, not := strings.CutPrefix(want, "!"); not {
					if strings.Contains(string(out), rest) {
						t.Errorf("there is %s in %s", rest, out)
					}
				} else if !strings.Contains(string(out), want) {
					t.Errorf("no %s in %s", want, out)
				}
			}
			if got := x.WarningsHeader(); got != c.warn {
				t.Errorf("warnings %q, want %q", got, c.warn)
			}
		})
	}
}

func encodeHub(model string, r protocol.Request) (*protocol.Exchange, []byte, error) {
	if model == "" {
		model = "claude-opus-4-6"
	}
	x := newExchange(model)
	if r.Messages == nil {
		r.Messages = hello
	}
	x.Request = &r
	protocol.Arrange(x)
	out, err := anthropic.EncodeRequest(nil, x)
	return x, out, err
}

const (
	sonnet45 = "claude-sonnet-4-5-20250929"
	inlined  = "messages: a system message behind the first turn is sent as a user's text"
)

var turnCases = []encodeCase{
	{name: "plain", want: []string{`{"model":"claude-opus-4-6","max_tokens":32000,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`}},

	// Turns.
	{name: "case-1 parallel results", r: protocol.Request{Messages: []protocol.Message{
		user(words("go")), assistant(call("a", "f", `{"x":1}`), call("b", "g", `{}`)), user(result("a", words("1"))), user(result("b", words("2")), words("and")),
	}}, want: []string{`{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"x":1}},{"type":"tool_use","id":"b","name":"g","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"},{"type":"tool_result","tool_use_id":"b","content":"2"},{"type":"text","text":"and"}]}]}`}},
	{name: "case-3 results in another order", r: protocol.Request{Messages: []protocol.Message{
		user(words("go")), assistant(call("a", "f", `{}`), call("b", "g", `{}`)), user(result("b", words("2")), result("a", words("1"))),
	}}, want: []string{`[{"type":"tool_result","tool_use_id":"a","content":"1"},{"type":"tool_result","tool_use_id":"b","content":"2"}]`}},
	{name: "case-4 an id that does not fit", r: protocol.Request{Messages: []protocol.Message{
		user(words("go")), assistant(call("functions.Bash:0", "f", `{}`)), user(result("functions.Bash:0", words("1"))),
	}}, want: []string{`"id":"functions_Bash_0_a97d1507"`, `"tool_use_id":"functions_Bash_0_a97d1507"`}},
	{name: "case-5 ids that differ in what does not fit", r: protocol.Request{Messages: []protocol.Message{
		user(words("go")), assistant(call("a.b", "f", `{}`), call("a:b", "f", `{}`)), user(result("a:b", words("2")), result("a.b", words("1"))),
	}}, want: []string{`"id":"a_b_2e7336dc"`, `"id":"a_b_6783a31e"`, `{"type":"tool_result","tool_use_id":"a_b_2e7336dc","content":"1"},{"type":"tool_result","tool_use_id":"a_b_6783a31e","content":"2"}`}},
	{name: "case-7 no empty text beside calls", r: protocol.Request{Messages: []protocol.Message{
		user(words("go")), assistant(words(""), call("a", "f", `{}`)), user(result("a")),
	}}, want: []string{`"content":[{"type":"tool_use"`, `{"type":"tool_result","tool_use_id":"a"}`}},
	{name: "case-8 an empty turn is dropped", r: protocol.Request{Messages: []protocol.Message{
		user(words("a")), assistant(), user(words("b")),
	}}, want: []string{`"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}`}},
	{name: "blank texts are dropped", r: protocol.Request{Messages: []protocol.Message{
		system(" "), user(words("a"), words(" \n")), assistant(words("\n")), user(words("\t")), assistant(words("b")), user(words(" ")),
	}}, want: []string{`"messages":[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[{"type":"text","text":"b"}]},{"role":"user","content":[{"type":"text","text":"."}]}]}`, `!"system"`}},
	{name: "the assistant begins", model: sonnet45, r: protocol.Request{Messages: []protocol.Message{assistant(words("a")), user(words("b"))}}, want: []string{`"messages":[{"role":"assistant"`}},
	{name: "prefill, white space at its end", model: sonnet45, r: protocol.Request{Messages: []protocol.Message{user(words("a")), assistant(words("{ \\n\n"))}}, want: []string{`{"role":"assistant","content":[{"type":"text","text":"{ \\n"}]}]}`}},
	{name: "prefill refused", r: protocol.Request{Messages: []protocol.Message{user(words("a")), assistant(words("{"))}}, fault: "messages/prefill_unsupported"},
	{name: "a paused turn goes on", r: protocol.Request{Messages: []protocol.Message{user(words("a")), assistant(words("let me see"),
		protocol.Part{Kind: protocol.PartServerTool, Signature: protocol.Signature{Maker: protocol.MadeByAnthropic}, Raw: protocol.Raw(`{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}`)})}},
		want: []string{`{"role":"assistant","content":[{"type":"text","text":"let me see"},{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}]}]}`}},
	{name: "another provider's server tool", r: protocol.Request{Messages: []protocol.Message{user(words("a")),
		assistant(protocol.Part{Kind: protocol.PartServerTool, Text: str("ran code"), Raw: protocol.Raw(`{"executableCode":{}}`)}, protocol.Part{Kind: protocol.PartServerTool, Raw: protocol.Raw(`{}`)}), user(words("b"))}},
		want: []string{`{"type":"text","text":"ran code"}`}, warn: "messages: the use of a server tool is sent as text, messages: the use of another provider's server tool is dropped"},

	// System messages.
	{name: "leading system messages stay apart", r: protocol.Request{Messages: []protocol.Message{
		system("one"), {Role: protocol.RoleDeveloper, Parts: []protocol.Part{words("two"), {Kind: protocol.PartText, Text: str("three"), Cache: protocol.Cache5m}}}, user(words("hi")),
	}}, want: []string{`"system":[{"type":"text","text":"one"},{"type":"text","text":"two"},{"type":"text","text":"three","cache_control":{"type":"ephemeral"}}],"messages"`}},
	{name: "case-9 a later one, inline", r: protocol.Request{Messages: []protocol.Message{user(words("a")), system("s\"s"), user(words("b"))}},
		want: []string{`"content":[{"type":"text","text":"a"},{"type":"text","text":"<system>s\"s</system>"},{"type":"text","text":"b"}]`, `!"system":`}, warn: inlined},
	{name: "case-9 a later one, in its role", model: "claude-opus-5", r: protocol.Request{Messages: []protocol.Message{user(words("a")), system("s"), system("t"), user(words("b")), assistant(words("c")), user(words("d")), system("u")}},
		want: []string{`"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"system","content":[{"type":"text","text":"s"},{"type":"text","text":"t"}]},{"role":"assistant","content":[{"type":"text","text":"c"}]},{"role":"user","content":[{"type":"text","text":"d"}]},{"role":"system","content":[{"type":"text","text":"u"}]}]}`}},
	{name: "case-9 between two of the assistant", model: "claude-opus-5", r: protocol.Request{Messages: []protocol.Message{user(words("a")), assistant(words("b")), system("s"), assistant(words("c")), user(words("d"))}},
		want: []string{`{"role":"user","content":[{"type":"text","text":"<system>s</system>"}]}`}, warn: inlined},
	{name: "case-10 system only", r: protocol.Request{Messages: []protocol.Message{system("a"), system("b")}}, want: []string{`"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}`, `!"system"`}},
	{name: "nothing at all", r: protocol.Request{Messages: []protocol.Message{system(" ")}}, want: []string{`"messages":[{"role":"user","content":[{"type":"text","text":"."}]}]}`}},
	{name: "case-11 developer", r: protocol.Request{Messages: []protocol.Message{{Role: protocol.RoleDeveloper, Parts: []protocol.Part{words("d")}}, user(words("a"))}}, want: []string{`"system":[{"type":"text","text":"d"}]`}},
}
