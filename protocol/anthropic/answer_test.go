package anthropic_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

const (
	answerHead = `{"id":"msg_chatcmpl-1","type":"message","role":"assistant","model":"asked","content":`
	noUsage    = `"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}`
	noSequence = `,"stop_sequence":null,`
	direct     = `,"caller":{"type":"direct"}}`
)

// What other providers answer, as a client of this dialect gets it.
func TestEncodeResponse(t *testing.T) {
	message := protocoltest.LoadSchema(t, "anthropic.message.response")
	event := protocoltest.LoadSchema(t, "anthropic.stream-event")
	foreign := protocol.Signature{Maker: protocol.MadeByOpenAI, ID: str("rs_1"), Data: str("data")}
	for _, c := range []struct {
		name  string
		parts []protocol.Part
		stop  protocol.Stop
		want  string // content, and what is behind it up to the usage
	}{
		{"text", []protocol.Part{words("a\n"), words("b")}, protocol.Stop{Reason: protocol.StopEnd}, `[{"type":"text","text":"a\n"},{"type":"text","text":"b"}],"stop_reason":"end_turn"` + noSequence},
		{"nothing", nil, protocol.Stop{Reason: protocol.StopLength}, `[{"type":"text","text":""}],"stop_reason":"max_tokens"` + noSequence},
		{"case-75 empty text beside a call", []protocol.Part{words(""), call("call_1", "f", `{"a":1}`)}, protocol.Stop{Reason: protocol.StopTool}, `[{"type":"tool_use","id":"call_1","name":"f","input":{"a":1}` + direct + `],"stop_reason":"tool_use"` + noSequence},
		{"case-76 a call, but a plain end", []protocol.Part{call("call_1", "f", `{}`)}, protocol.Stop{Reason: protocol.StopEnd}, `[{"type":"tool_use","id":"call_1","name":"f","input":{}` + direct + `],"stop_reason":"tool_use"` + noSequence},
		{"a call's end without a call", []protocol.Part{words("a")}, protocol.Stop{Reason: protocol.StopTool}, `[{"type":"text","text":"a"}],"stop_reason":"end_turn"` + noSequence},
		{"an id that Anthropic would refuse later", []protocol.Part{call("functions.Bash:0", "f", `{}`)}, protocol.Stop{Reason: protocol.StopTool}, `[{"type":"tool_use","id":"functions_Bash_0_a97d1507","name":"f","input":{}` + direct + `],"stop_reason":"tool_use"` + noSequence},
		{"reasoning, wrapped", []protocol.Part{{Kind: protocol.PartThinking, Text: str("hm"), Signature: foreign}, words("a")}, protocol.Stop{Reason: protocol.StopEnd}, `[{"type":"thinking","thinking":"hm","signature":"` + openaiSignature + `"},{"type":"text","text":"a"}],"stop_reason":"end_turn"` + noSequence},
		{"reasoning without anything to carry", []protocol.Part{{Kind: protocol.PartThinking, Text: str("hm")}, words("a")}, protocol.Stop{Reason: protocol.StopEnd}, `[{"type":"thinking","thinking":"hm","signature":"llmgw1.none"},{"type":"text","text":"a"}],"stop_reason":"end_turn"` + noSequence},
		{"encrypted reasoning", []protocol.Part{{Kind: protocol.PartRedacted, Signature: foreign}, words("a")}, protocol.Stop{Reason: protocol.StopEnd}, `[{"type":"thinking","thinking":"","signature":"` + openaiSignature + `"},{"type":"text","text":"a"}],"stop_reason":"end_turn"` + noSequence},
		{"Anthropic's own", []protocol.Part{thought(protocol.MadeByAnthropic, "", "s"), {Kind: protocol.PartRedacted, Signature: protocol.Signature{Maker: protocol.MadeByAnthropic, Data: str("r")}}, words("a")}, protocol.Stop{Reason: protocol.StopEnd}, `[{"type":"thinking","thinking":"","signature":"s"},{"type":"redacted_thinking","data":"r"},{"type":"text","text":"a"}],"stop_reason":"end_turn"` + noSequence},
		{"a stop sequence", []protocol.Part{words("a")}, protocol.Stop{Reason: protocol.StopSequence, Sequence: str("END")}, `[{"type":"text","text":"a"}],"stop_reason":"stop_sequence","stop_sequence":"END",`},
		{"one that is not told", []protocol.Part{words("a")}, protocol.Stop{Reason: protocol.StopSequence}, `[{"type":"text","text":"a"}],"stop_reason":"end_turn"` + noSequence},
		{"the context is full", []protocol.Part{words("a")}, protocol.Stop{Reason: protocol.StopContext}, `[{"type":"text","text":"a"}],"stop_reason":"model_context_window_exceeded"` + noSequence},
		{"a refusal", []protocol.Part{{Kind: protocol.PartRefusal, Text: str("no")}}, protocol.Stop{Reason: protocol.StopRefusal, Detail: str("why")}, `[{"type":"text","text":"no"}],"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":null,"explanation":"why"},`},
		{"case-64 blocked", nil, protocol.Stop{Reason: protocol.StopRefusal}, `[],"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":null,"explanation":null},`},
		{"case-77 arguments that were cut", []protocol.Part{call("call_1", "f", `{"_raw_arguments":"{\"a"}`)}, protocol.Stop{Reason: protocol.StopLength}, `[{"type":"tool_use","id":"call_1","name":"f","input":{"_raw_arguments":"{\"a"}` + direct + `],"stop_reason":"max_tokens"` + noSequence},
		{"an image, another provider's tool", []protocol.Part{image("image/png", "AA=="), {Kind: protocol.PartServerTool, Raw: protocol.Raw(`{}`)}, words("a")}, protocol.Stop{Reason: protocol.StopEnd}, `[{"type":"text","text":"[image]"},{"type":"text","text":"a"}],"stop_reason":"end_turn"` + noSequence},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newExchange("asked")
			x.Target = "other"
			r := &protocol.Response{ID: str("chatcmpl-1"), Model: str("other"), Choices: []protocol.Choice{{Parts: c.parts, Stop: c.stop}}}
			out := anthropic.EncodeResponse(nil, x, r)
			if want := answerHead + c.want + noUsage; string(out) != want {
				t.Errorf("got  %s\nwant %s", out, want)
			}
			if err := message.Validate(out); err != nil {
				t.Error(err)
			}
			// case-110: the stream says the same.
			stream := encodeStream(newExchange("asked"), r.Replay(nil))
			for _, f := range frames(t, stream) {
				if err := event.Validate(sse.Data(f)); err != nil {
					t.Errorf("%v: %s", err, f)
				}
			}
			whole, err := anthropic.DecodeResponse(x, out)
			if err != nil {
				t.Fatal(err)
			}
			streamed, e := collect(decodeStream(t, x, stream))
			if e != nil {
				t.Fatal(e)
			}
			whole.Model, streamed.Model = nil, nil
			if d := cmp.Diff(whole, streamed); d != "" {
				t.Errorf("streamed: %s", d)
			}
		})
	}
}

func TestEncodeUsage(t *testing.T) {
	r := &protocol.Response{Tier: "default", Usage: protocol.SplitInput(1000, 600, 100, 50), Choices: []protocol.Choice{{Stop: protocol.Stop{Reason: protocol.StopEnd}}}}
	r.Usage.Reasoning = 20
	out := string(anthropic.EncodeResponse(nil, newExchange("m"), r))
	// case-61
	if want := `"usage":{"input_tokens":300,"cache_creation_input_tokens":100,"cache_read_input_tokens":600,"output_tokens":50,"output_tokens_details":{"thinking_tokens":20},"service_tier":"standard"}}`; !strings.HasSuffix(out, want) {
		t.Errorf("%s", out)
	}
	if !strings.HasPrefix(out, `{"id":"msg_`) || len(out) < len(`{"id":"msg_`)+24 {
		t.Errorf("no id of our own: %.60s", out)
	}
}

// The frames of a stream, one by one.
// Arguments that are no object are held until they can be made one, so that the
// input is the one of the whole answer; others pass piece by piece.
func TestStreamedArguments(t *testing.T) {
	for _, c := range []struct{ pieces, want []string }{
		{[]string{`{"a`, `":1}`}, []string{`{"a`, `":1}`}},
		{[]string{" \n", ` {"a":1}`}, []string{" \n {\"a\":1}"}},
		{[]string{`{"a": "cu`}, []string{`{"a": "cu`}},
		{[]string{"not", " json"}, []string{`{"_raw_arguments":"not json"}`}},
		{[]string{"[1", ",2]"}, []string{`{"value":[1,2]}`}},
		{[]string{"null"}, []string{`{"value":null}`}},
		{[]string{" "}, []string{"{}"}},
		{nil, nil},
	} {
		call := call("call_1", "f", "")
		events := []protocol.Event{{Kind: protocol.EventStart}, {Kind: protocol.EventPartStart, Part: &call}}
		for _, p := range c.pieces {
			events = append(events, protocol.Event{Kind: protocol.EventDelta, Text: str(p)})
		}
		events = append(events, protocol.Event{Kind: protocol.EventPartStop}, protocol.Event{Kind: protocol.EventStop, Stop: protocol.Stop{Reason: protocol.StopTool}}, protocol.Event{Kind: protocol.EventEnd})
		var got []string
		for line := range strings.Lines(string(encodeStream(newExchange("asked"), events))) {
			if _, piece, ok := strings.Cut(line, `"partial_json":`); ok {
				got = append(got, protocol.Text(strings.TrimSuffix(piece, "}}\n")).String())
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%q: %s", c.pieces, d)
		}
	}
}

func TestStreamEncoder(t *testing.T) {
	f := func(event, data string) string { return "event: " + event + "\ndata: " + data + "\n\n" }
	part := func(kind protocol.PartKind) *protocol.Part { return &protocol.Part{Kind: kind} }
	c := call("call_1", "f", "")
	events := []protocol.Event{
		{Kind: protocol.EventPing},
		{Kind: protocol.EventStart, ID: str("chatcmpl-1")},
		{Kind: protocol.EventPing},
		{Kind: protocol.EventPartStart, Part: part(protocol.PartThinking)},
		{Kind: protocol.EventDelta, Text: str("hm")},
		{Kind: protocol.EventPartStop},
		{Kind: protocol.EventPartStart, Part: part(protocol.PartText)},
		{Kind: protocol.EventPartStop}, // case-75
		{Kind: protocol.EventPartStart, Part: part(protocol.PartText)},
		{Kind: protocol.EventDelta, Text: str("a\n")},
		{Kind: protocol.EventPartStop},
		{Kind: protocol.EventPartStart, Choice: 1, Part: part(protocol.PartText)},
		{Kind: protocol.EventPartStart, Part: &c},
		{Kind: protocol.EventDelta, Text: str(`{"x"`)},
		{Kind: protocol.EventDelta, Text: str(`:1}`)},
		{Kind: protocol.EventSignature, Part: &protocol.Part{Kind: protocol.PartCall, Signature: protocol.Signature{Maker: protocol.MadeByGemini, Data: str("g")}}},
		{Kind: protocol.EventPartStop},
		{Kind: protocol.EventStop, Stop: protocol.Stop{Reason: protocol.StopTool}},
		{Kind: protocol.EventUsage},
		{Kind: protocol.EventEnd, Usage: protocol.Usage{Input: 5, Output: 7}}, // case-71
		{Kind: protocol.EventPing},
	}
	want := f("message_start", `{"type":"message_start","message":{"id":"msg_chatcmpl-1","type":"message","role":"assistant","model":"asked","content":[],"stop_reason":null,"stop_sequence":null,`+noUsage+"}") +
		f("ping", `{"type": "ping"}`) +
		f("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`) +
		f("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}`) +
		f("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"llmgw1.none"}}`) +
		f("content_block_stop", `{"type":"content_block_stop","index":0}`) +
		f("content_block_start", `{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}`) +
		f("content_block_delta", `{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a\n"}}`) +
		f("content_block_stop", `{"type":"content_block_stop","index":1}`) +
		f("content_block_start", `{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"call_1","name":"f","input":{}`+direct+"}") +
		f("content_block_delta", `{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"x\""}}`) +
		f("content_block_delta", `{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":":1}"}}`) +
		f("content_block_stop", `{"type":"content_block_stop","index":2}`) +
		f("message_delta", `{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":5,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":7}}`) +
		f("message_stop", `{"type":"message_stop"}`)
	if d := cmp.Diff(want, string(encodeStream(newExchange("asked"), events))); d != "" {
		t.Error(d)
	}

	// case-78, case-79: what fails ends with an error and nothing else.
	failed := append(events[1:7:7], protocol.Event{Kind: protocol.EventError, Err: protocol.Errorf(protocol.Overloaded, "busy")}, events[9], events[19])
	out := string(encodeStream(newExchange("asked"), failed))
	if !strings.HasSuffix(out, f("error", `{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`)) || strings.Contains(out, "message_stop") {
		t.Errorf("%s", out)
	}
}

func TestDecodeResponse(t *testing.T) {
	const usage = `"usage":{"input_tokens":3,"cache_read_input_tokens":4,"cache_creation_input_tokens":null,"output_tokens":5,"output_tokens_details":{"thinking_tokens":2},"service_tier":"priority"}`
	for _, c := range []struct {
		name, body string
		parts      []protocol.Part
		stop       protocol.Stop
	}{
		{"case-56 a refusal", `{"content":[],"stop_reason":"refusal","stop_details":{"type":"refusal","category":"cyber","explanation":"why"},` + usage + `}`, nil, protocol.Stop{Reason: protocol.StopRefusal, Detail: str("why")}},
		{"case-55 a pause", `{"content":[{"type":"text","text":"a"}],"stop_reason":"pause_turn",` + usage + `}`, []protocol.Part{words("a")}, protocol.Stop{Reason: protocol.StopPause}},
		{"case-89 interleaved", `{"content":[{"type":"text","text":"a"},{"type":"thinking","thinking":"b","signature":"s"},{"type":"tool_use","id":"c","name":"f","input":{}},{"type":"text","text":""},{"type":"text","text":"d"},{"type":"unheard","text":"e"}],"stop_reason":"tool_use",` + usage + `}`,
			[]protocol.Part{words("a"), thought(protocol.MadeByAnthropic, "b", "s"), call("c", "f", "{}"), words("d")}, protocol.Stop{Reason: protocol.StopTool}},
		{"indented arguments", `{"content":[{"type":"tool_use","id":"c","name":"f","input":{ "a b": [1,
			"c  d"] }}],"stop_reason":"tool_use",` + usage + `}`, []protocol.Part{call("c", "f", `{"a b":[1,"c  d"]}`)}, protocol.Stop{Reason: protocol.StopTool}},
		{"a stop sequence", `{"content":[],"stop_reason":"stop_sequence","stop_sequence":"END",` + usage + `}`, nil, protocol.Stop{Reason: protocol.StopSequence, Sequence: str("END")}},
		{"max_tokens in a call", `{"content":[{"type":"tool_use","id":"c","name":"f","input":null}],"stop_reason":"max_tokens",` + usage + `}`, []protocol.Part{call("c", "f", "{}")}, protocol.Stop{Reason: protocol.StopLength}},
		{"what is to come", `{"content":[{"type":"text","text":"a"}],"stop_reason":"bored",` + usage + `}`, []protocol.Part{words("a")}, protocol.Stop{Reason: protocol.StopEnd}},
	} {
		r, err := anthropic.DecodeResponse(newExchange("m"), []byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := &protocol.Response{Tier: "priority", Usage: protocol.Usage{Input: 3, CacheRead: 4, Output: 5, Reasoning: 2}, Choices: []protocol.Choice{{Parts: c.parts, Stop: c.stop}}}
		if d := cmp.Diff(want, r); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	for body, code := range map[string]protocol.Code{
		``: protocol.BadGateway, `<html>`: protocol.BadGateway, `{}`: protocol.BadGateway, `{"content":[{"type":"text","text":7}],"stop_reason":"end_turn"}`: protocol.BadGateway,
		`{"content":[],"stop_reason":null}`:                                                                  protocol.BadGateway,
		`{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`:                              protocol.Overloaded,
		`{"type":"error","error":{"type":"rate_limit_error","message":"slow"},"content":[],"stop_reason":1}`: protocol.RateLimited,
	} {
		if r, err := anthropic.DecodeResponse(newExchange("m"), []byte(body)); err == nil || protocol.AsError(err).Code != code {
			t.Errorf("%s: %+v %v", body, r, err)
		}
	}
}

// A message has put nothing out when it starts, also where the provider tells
// all counts at once.
func TestMessageStartHasNoOutput(t *testing.T) {
	e := anthropic.NewStreamEncoder(newExchange("m"))
	got := e.Event(nil, &protocol.Event{Kind: protocol.EventStart, ID: str("r"), Usage: protocol.Usage{Input: 7, CacheRead: 5, Output: 9, Reasoning: 3}})
	if want := `"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":5,"output_tokens":0}`; !strings.Contains(string(got), want) {
		t.Errorf("%s", got)
	}
}

func TestDecodeErrorOfInstance(t *testing.T) {
	for _, c := range []struct {
		status       int
		kind, text   string
		code         protocol.Code
		reason, says string
	}{
		{400, "invalid_request_error", "prompt is too long: 3 tokens > 2 maximum", protocol.InvalidRequest, "context_length_exceeded", "prompt is too long"}, // case-101
		{400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", protocol.RateLimited, "insufficient_quota", "credit"},
		{401, "authentication_error", "invalid x-api-key", protocol.Authentication, "", "invalid"},
		{402, "billing_error", "pay", protocol.RateLimited, "insufficient_quota", "pay"},
		{403, "permission_error", "no", protocol.Permission, "", "no"},
		{404, "not_found_error", "model: claude-9", protocol.ModelNotFound, "", "claude-9"},
		{404, "not_found_error", "Not found", protocol.NotFound, "", "Not found"},
		{413, "request_too_large", "big", protocol.TooLarge, "", "big"},
		{429, "rate_limit_error", "slow", protocol.RateLimited, "", "slow"},
		{500, "api_error", "oops", protocol.Internal, "", "oops"},
		{529, "overloaded_error", "busy", protocol.Overloaded, "", "busy"}, // case-96
		{0, "overloaded_error", "busy", protocol.Overloaded, "", "busy"},
	} {
		e := anthropic.DecodeError(c.status, []byte(`{"type":"error","error":{"type":"`+c.kind+`","message":"`+c.text+`"},"request_id":"req_1"}`))
		if e.Code != c.code || e.Reason != c.reason || !strings.Contains(e.Message, c.says) {
			t.Errorf("%d %s: %+v", c.status, c.kind, e)
		}
	}
	for _, body := range []string{"<html><body>Bad gateway</body></html>", "", `[{"error":{"message":"x"}}]`, `{"error":"x"}`} { // case-102, case-103
		if e := anthropic.DecodeError(502, []byte(body)); e.Code != protocol.BadGateway || e.Message == "" {
			t.Errorf("%q: %+v", body, e)
		}
	}
}
