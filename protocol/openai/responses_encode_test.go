package openai_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// responsesExchange is an exchange that was asked with body, and gives the
// same ids each time.
func responsesExchange(tb testing.TB, body string) *protocol.Exchange {
	tb.Helper()
	x := &protocol.Exchange{Model: "gpt-asked", Target: "gpt-asked", Now: time.Unix(1_795_000_000, 0), Clock: func() time.Time { return time.Unix(1_795_000_003, 0) }, Rand: protocol.NewRand(1, 2)}
	if err := openai.DecodeResponsesRequest(x, []byte(body)); err != nil {
		tb.Fatalf("%s: %v", body, err)
	}
	return x
}

func text(s string) protocol.Text { return protocol.TextOf(s) }

var (
	thought  = protocol.Signature{Maker: protocol.MadeByAnthropic, Data: protocol.Text(`"EqQB"`)}
	gThought = protocol.Signature{Maker: protocol.MadeByGemini, Data: protocol.Text(`"CiQB"`)}
)

const (
	plainAsk   = `{"input":"hi"}`
	carriesAsk = `{"input":"hi","include":["reasoning.encrypted_content"]}`
	toolsAsk   = `{"input":"hi","instructions":"Be brief.","temperature":0.5,"tool_choice":"required","parallel_tool_calls":false,"metadata":{"a":"b"},
		"reasoning":{"effort":"low","summary":"auto"},"text":{"format":{"type":"json_object"},"verbosity":"low"},"max_output_tokens":100,"truncation":"disabled",
		"tools":[{"type":"function","name":"f","parameters":{"type":"object"}},{"type":"custom","name":"apply_patch"},
		{"type":"namespace","name":"files","description":"of the user","tools":[{"type":"function","name":"read"},{"type":"custom","name":"write"}]}]}`
)

// responsesAnswers are answers of the hub as a Responses client is told them.
var responsesAnswers = []struct {
	name, ask string
	parts     []protocol.Part
	stop      protocol.Stop
	items     string // what the answer is made of, by type
}{
	{"text", plainAsk, []protocol.Part{{Text: text("Hello.")}}, protocol.Stop{Reason: protocol.StopEnd}, "message completed"},
	{"nothing", plainAsk, nil, protocol.Stop{Reason: protocol.StopEnd}, "completed"},
	{"empty-text", plainAsk, []protocol.Part{{Text: text("")}}, protocol.Stop{Reason: protocol.StopEnd}, "completed"},
	{"echo", toolsAsk, []protocol.Part{{Text: text("{}")}}, protocol.Stop{Reason: protocol.StopEnd}, "message completed"},
	{"length", plainAsk, []protocol.Part{{Text: text("Hel")}}, protocol.Stop{Reason: protocol.StopLength}, "message incomplete"},
	{"context", plainAsk, []protocol.Part{{Text: text("Hel")}}, protocol.Stop{Reason: protocol.StopContext}, "message incomplete"},
	{"pause", plainAsk, []protocol.Part{{Text: text("Hel")}}, protocol.Stop{Reason: protocol.StopPause}, "message completed"},
	{"refusal-detail", plainAsk, nil, protocol.Stop{Reason: protocol.StopRefusal, Detail: text("It is \"unsafe\".")}, "message incomplete"},
	{"refusal-part", plainAsk, []protocol.Part{{Kind: protocol.PartRefusal, Text: text("No.")}}, protocol.Stop{Reason: protocol.StopEnd}, "message completed"},
	{"refusal-of-the-model", plainAsk, []protocol.Part{{Kind: protocol.PartRefusal, Text: text("No.")}}, protocol.Stop{Reason: protocol.StopRefusal, Detail: text("No.")}, "message completed"},
	{"filtered", plainAsk, []protocol.Part{{Text: text("Well")}}, protocol.Stop{Reason: protocol.StopRefusal, Detail: text("Unsafe.")}, "message incomplete"},
	{"text-and-refusal", plainAsk, []protocol.Part{{Text: text("Well, ")}, {Kind: protocol.PartRefusal, Text: text("no.")}, {Text: text("Sorry.")}}, protocol.Stop{Reason: protocol.StopEnd}, "message completed"},
	{"thinking", carriesAsk, []protocol.Part{{Kind: protocol.PartThinking, Text: text("Hm.\n"), Signature: thought}, {Text: text("Hello.")}}, protocol.Stop{Reason: protocol.StopEnd}, "reasoning* message completed"},
	{"thinking-not-carried", plainAsk, []protocol.Part{{Kind: protocol.PartThinking, Text: text("Hm."), Signature: thought}, {Text: text("Hello.")}}, protocol.Stop{Reason: protocol.StopEnd}, "reasoning message completed"},
	{"thinking-empty", carriesAsk, []protocol.Part{{Kind: protocol.PartThinking, Text: text(""), Signature: thought}, {Text: text("Hello.")}}, protocol.Stop{Reason: protocol.StopEnd}, "reasoning* message completed"},
	{"redacted", carriesAsk, []protocol.Part{{Kind: protocol.PartRedacted, Signature: thought}, {Text: text("Hello.")}}, protocol.Stop{Reason: protocol.StopEnd}, "reasoning* message completed"},
	{"case-89-interleaved", carriesAsk, []protocol.Part{
		{Text: text("First.")}, {Kind: protocol.PartThinking, Text: text("Hm."), Signature: thought}, {Text: text("Then.")},
		{Kind: protocol.PartCall, ID: text("toolu_1"), Name: text("f"), Args: protocol.Raw(`{"a":1}`)},
	}, protocol.Stop{Reason: protocol.StopTool}, "message reasoning* message function_call completed"},
	{"signed-call", carriesAsk, []protocol.Part{{Kind: protocol.PartCall, ID: text("c1"), Name: text("f"), Args: protocol.Raw(`{}`), Signature: gThought}}, protocol.Stop{Reason: protocol.StopTool}, "reasoning* function_call completed"},
	{"signed-text", carriesAsk, []protocol.Part{{Text: text("Hello."), Signature: gThought}}, protocol.Stop{Reason: protocol.StopEnd}, "message reasoning* completed"},
	{"signed-empty-text", carriesAsk, []protocol.Part{{Kind: protocol.PartThinking, Text: text("Hm.")}, {Text: text(""), Signature: gThought}}, protocol.Stop{Reason: protocol.StopEnd}, "reasoning reasoning* completed"},
	{"calls", toolsAsk, []protocol.Part{
		{Kind: protocol.PartCall, ID: text("call_1"), Name: text("f"), Args: protocol.Raw(`{"q":"say \"hi\"\n"}`)},
		{Kind: protocol.PartCall, ID: text("call_2"), Name: text("files__read"), Args: protocol.Raw(`{}`)},
		{Kind: protocol.PartCall, ID: text("call_3"), Name: text("apply_patch"), Args: protocol.Raw(`{"input":"*** Begin Patch\n\ud83d\ude00 \"x\"\\n"}`)},
		{Kind: protocol.PartCall, ID: text("call_4"), Name: text("files__write"), Args: protocol.Raw(`{"input":""}`)},
		{Kind: protocol.PartCall, Name: text("unknown"), Args: protocol.Raw(`{}`)},
	}, protocol.Stop{Reason: protocol.StopTool}, "function_call function_call custom_tool_call custom_tool_call function_call completed"},
	{"cut-call", toolsAsk, []protocol.Part{{Kind: protocol.PartCall, ID: text("call_1"), Name: text("f"), Args: protocol.Raw(`{"_raw_arguments":"{\"q\":"}`)}}, protocol.Stop{Reason: protocol.StopLength}, "function_call incomplete"},
	{"case-53-custom-other-forms", toolsAsk, []protocol.Part{
		{Kind: protocol.PartCall, ID: text("c1"), Name: text("apply_patch"), Args: protocol.Raw(`{"note":1,"input":"x"}`)},
		{Kind: protocol.PartCall, ID: text("c2"), Name: text("apply_patch"), Args: protocol.Raw(`{"patch":"x"}`)},
		{Kind: protocol.PartCall, ID: text("c3"), Name: text("apply_patch"), Args: protocol.Raw(`{}`)},
	}, protocol.Stop{Reason: protocol.StopTool}, "custom_tool_call custom_tool_call custom_tool_call completed"},
	{"case-90-citations", plainAsk, []protocol.Part{
		{Text: text("Ünï 😀")},
		{Text: protocol.Text(`"\ud83d\ude00\n日"`), Citations: []protocol.Citation{{URL: text("https://a.example"), Title: text("A")}, {Title: text("a document")}}},
		{Text: text("本語."), Citations: []protocol.Citation{{URL: text("https://b.example"), Start: 0, End: 2}, {URL: text("https://c.example"), Start: 1, End: 99}}},
	}, protocol.Stop{Reason: protocol.StopEnd}, "message completed"},
	{"case-58-server-tools", plainAsk, []protocol.Part{
		{Text: text("I look.")}, {Kind: protocol.PartServerTool, Raw: protocol.Raw(`{}`), Text: text("search")}, {Text: text("Found.")},
		{Kind: protocol.PartServerTool, Raw: protocol.Raw(`{}`)}, {Kind: protocol.PartCall, ID: text("c1"), Name: text("f"), Args: protocol.Raw(`{}`)},
	}, protocol.Stop{Reason: protocol.StopTool}, "message function_call completed"},
	{"image", plainAsk, []protocol.Part{
		{Text: text("Here:")}, {Kind: protocol.PartImage, Media: &protocol.Media{Type: text("image/png"), Data: text("iVBO")}},
		{Kind: protocol.PartImage, Media: &protocol.Media{URL: text("https://e.example/a.png")}}, {Kind: protocol.PartAudio, Media: &protocol.Media{Data: text("UklG")}},
	}, protocol.Stop{Reason: protocol.StopEnd}, "message image_generation_call message completed"},
}

func answerOf(parts []protocol.Part, stop protocol.Stop) *protocol.Response {
	return &protocol.Response{
		ID: text("msg_01"), Model: text("claude-x"), Tier: "default",
		Usage:   protocol.Usage{Input: 30, Output: 7, CacheRead: 60, CacheWrite: 10, Reasoning: 5},
		Choices: []protocol.Choice{{Parts: parts, Stop: stop}},
	}
}

// The whole answer is the last event of the streamed one, byte for byte, and
// both are of the schema.
func TestEncodeResponses(t *testing.T) {
	schema, events := protocoltest.LoadSchema(t, "openai.response"), protocoltest.LoadSchema(t, "openai.response.stream-event")
	var text strings.Builder
	for _, tc := range responsesAnswers {
		t.Run(tc.name, func(t *testing.T) {
			r := answerOf(tc.parts, tc.stop)
			whole := openai.EncodeResponsesResponse(nil, responsesExchange(t, tc.ask), r)
			if err := schema.Validate(whole); err != nil {
				t.Errorf("%v\nin %s", err, whole)
			}
			encoder := openai.NewResponsesStreamEncoder(responsesExchange(t, tc.ask))
			var stream []byte
			for _, e := range r.Replay(nil) {
				stream = encoder.Event(stream, &e)
			}
			final, err := protocoltest.CheckResponsesStream(stream, events)
			if err != nil {
				t.Fatal(err)
			}
			var same map[string]any
			if err := json.Unmarshal(whole, &same); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(same, final); d != "" {
				t.Errorf("the stream ends otherwise (-whole +stream):\n%s", d)
			}
			if got := itemTypes(final); got != tc.items {
				t.Errorf("made of %q, want %q", got, tc.items)
			}
			fmt.Fprintf(&text, "### %s\n%s\n\n", tc.name, whole)
			if tc.name == "calls" || tc.name == "thinking" || strings.HasPrefix(tc.name, "case-90") {
				text.Write(stream)
			}
		})
	}
	golden(t, "responses-answers.txt", text.String())
}

// itemTypes names the items of a response and its status; a star marks those
// with encrypted content.
func itemTypes(response map[string]any) string {
	var types []string
	for _, item := range response["output"].([]any) {
		kind := item.(map[string]any)["type"].(string)
		if _, ok := item.(map[string]any)["encrypted_content"]; ok {
			kind += "*"
		}
		types = append(types, kind)
	}
	return strings.Join(append(types, response["status"].(string)), " ")
}

// What a client was given and gives back is what the provider said.
func TestResponsesRoundTrip(t *testing.T) {
	for _, tc := range responsesAnswers {
		t.Run(tc.name, func(t *testing.T) {
			if strings.Contains(tc.name, "not-carried") || tc.name == "image" || strings.Contains(tc.name, "custom-") {
				t.Skip("not all of it can be carried")
			}
			ask := strings.Replace(tc.ask, `{"input"`, `{"include":["reasoning.encrypted_content"],"input"`, 1)
			if tc.ask == carriesAsk {
				ask = tc.ask
			}
			var answer struct{ Output json.RawMessage }
			if err := json.Unmarshal(openai.EncodeResponsesResponse(nil, responsesExchange(t, ask), answerOf(tc.parts, protocol.Stop{Reason: protocol.StopEnd})), &answer); err != nil {
				t.Fatal(err)
			}
			x := responsesExchange(t, `{"input":`+string(answer.Output)+`}`)
			var got []protocol.Part
			for _, m := range x.Request.Messages {
				if m.Role != protocol.RoleAssistant {
					t.Errorf("a message of role %d", m.Role)
				}
				got = append(got, m.Parts...)
			}
			if d := cmp.Diff(said(tc.parts), said(got)); d != "" {
				t.Errorf("(-said +came back):\n%s", d)
			}
		})
	}
}

// saidPart is what of a part must come back.
type saidPart struct {
	Kind            protocol.PartKind
	ID, Name, Text  string
	Args, Signature string
	SignatureMaker  protocol.Maker
}

// said is what must come back of parts: not where a text was cut in two, which
// is one text to the client, nor ids that were made up.
func said(parts []protocol.Part) []saidPart {
	var out []saidPart
	for _, p := range parts {
		s := saidPart{p.Kind, p.ID.String(), p.Name.String(), p.Text.String(), string(p.Args), string(p.Signature.Data), p.Signature.Maker}
		switch {
		case p.Kind == protocol.PartServerTool, p.Kind == protocol.PartText && p.Text.Empty() && !p.Signature.Present():
			continue
		case p.Kind == protocol.PartText && p.Text.Empty(): // a signature alone comes back as thinking without words
			s.Kind = protocol.PartThinking
		case p.Kind == protocol.PartCall && (p.ID.Empty() || p.Name.Is("unknown")):
			s.ID = "made up"
		}
		if n := len(out); n > 0 && s.Kind == protocol.PartText && out[n-1].Kind == s.Kind {
			out[n-1].Text += s.Text
			continue
		}
		out = append(out, s)
	}
	return out
}

// encodeEvents gives a Responses stream of events.
func encodeEvents(x *protocol.Exchange, events ...protocol.Event) string {
	encoder := openai.NewResponsesStreamEncoder(x)
	var out []byte
	for i := range events {
		out = encoder.Event(out, &events[i])
	}
	return string(out)
}

func TestResponsesStreamFails(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "openai.response.stream-event")
	failure := protocol.Event{Kind: protocol.EventError, Err: protocol.Errorf(protocol.Overloaded, "Too much to do.")}
	start := protocol.Event{Kind: protocol.EventStart, ID: text("msg_1")}
	part := protocol.Event{Kind: protocol.EventPartStart, Part: &protocol.Part{}}
	delta := protocol.Event{Kind: protocol.EventDelta, Text: text("Hel")}
	for name, events := range map[string][]protocol.Event{
		"inside of an item":    {start, part, delta, failure},
		"before anything":      {start, failure},
		"nothing follows":      {start, failure, part, delta, {Kind: protocol.EventEnd}},
		"in between two pings": {start, {Kind: protocol.EventPing}, part, delta, failure, {Kind: protocol.EventPing}},
	} {
		stream := encodeEvents(carrying(), events...)
		final, err := protocoltest.CheckResponsesStream([]byte(stream), schema)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if final["status"] != "failed" || final["id"] != "resp_1" || final["model"] != "asked" {
			t.Errorf("%s: ends as %v", name, final)
		}
		if !strings.Contains(stream, `"code":"overloaded","message":"Too much to do.","param":null,"error":{"message":"Too much to do."`) {
			t.Errorf("%s: the error is not flat and nested: %s", name, stream)
		}
	}
	if got := encodeEvents(carrying(), failure); !strings.HasPrefix(got, `event: error`+"\n"+`data: {"type":"error","sequence_number":0`) {
		t.Errorf("a failure before the start: %s", got)
	}
}

func TestResponsesStreamOddities(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "openai.response.stream-event")
	start := protocol.Event{Kind: protocol.EventStart}
	part := protocol.Event{Kind: protocol.EventPartStart, Part: &protocol.Part{}}
	delta := protocol.Event{Kind: protocol.EventDelta, Text: text("Hi")}
	logprobs := protocol.Event{Kind: protocol.EventLogprobs, Raw: protocol.Raw("{\"content\": [\n{\"token\":\"Hi\",\"logprob\":-1,\"bytes\":[72],\"top_logprobs\":[]}]}")}
	stop, end := protocol.Event{Kind: protocol.EventStop, Stop: protocol.Stop{Reason: protocol.StopEnd}}, protocol.Event{Kind: protocol.EventEnd, Tier: "flex"}
	partStop := protocol.Event{Kind: protocol.EventPartStop}
	other := delta
	other.Choice = 1
	stream := encodeEvents(carrying(), start, start, part, protocol.Event{Kind: protocol.EventPing}, delta, other, logprobs, delta, logprobs, partStop, protocol.Event{Kind: protocol.EventCite, Part: &protocol.Part{Citations: []protocol.Citation{{URL: text("https://late.example")}}}}, stop, end, end)
	final, err := protocoltest.CheckResponsesStream([]byte(stream), schema)
	if err != nil {
		t.Fatal(err)
	}
	content := final["output"].([]any)[0].(map[string]any)["content"].([]any)[0].(map[string]any)
	if content["text"] != "HiHi" || len(content["logprobs"].([]any)) != 2 || len(content["annotations"].([]any)) != 0 || final["service_tier"] != "flex" {
		t.Errorf("%v", final)
	}
	if strings.Count(stream, ": ping\n\n") != 1 || !strings.HasPrefix(final["id"].(string), "resp_") {
		t.Errorf("%s", stream)
	}
}
