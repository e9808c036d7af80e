package openai_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

func textPart(s string) protocol.Part { return protocol.Part{Text: protocol.TextOf(s)} }

func callPart(id, name, args string) protocol.Part {
	return protocol.Part{Kind: protocol.PartCall, ID: protocol.TextOf(id), Name: protocol.TextOf(name), Args: protocol.Raw(args)}
}

func signedPart(p protocol.Part, maker protocol.Maker, data string) protocol.Part {
	p.Signature = protocol.Signature{Maker: maker, Data: protocol.TextOf(data)}
	return p
}

func thoughtPart(s string) protocol.Part {
	return protocol.Part{Kind: protocol.PartThinking, Text: protocol.TextOf(s)}
}

func citedPart(s string, cites ...protocol.Citation) protocol.Part {
	p := textPart(s)
	p.Citations = cites
	return p
}

func citeURL(url string, start, end int) protocol.Citation {
	return protocol.Citation{URL: protocol.TextOf(url), Start: start, End: end}
}

func partsOf(p ...protocol.Part) []protocol.Part { return p }

// chatAnswers are answers of providers, as the hub has them. What chat clients
// are told, in one piece and in many, stands in testdata/chat-answers.txt.
var chatAnswers = []struct {
	name   string
	parts  []protocol.Part
	stop   protocol.Stop
	usage  protocol.Usage
	client protocol.Request
}{
	{name: "text", parts: partsOf(textPart("hi")), stop: protocol.Stop{Reason: protocol.StopEnd}, usage: protocol.Usage{Input: 3, Output: 2}},
	{name: "usage with all counts, case-60", parts: partsOf(textPart("hi")), stop: protocol.Stop{Reason: protocol.StopSequence}, usage: protocol.Usage{Input: 3, Output: 20, CacheRead: 5, CacheWrite: 7, Reasoning: 11}, client: protocol.Request{IncludeUsage: true}},
	{name: "nothing but a limit, case-63", stop: protocol.Stop{Reason: protocol.StopLength}},
	{name: "pause, case-55", parts: partsOf(textPart("hi")), stop: protocol.Stop{Reason: protocol.StopPause}},
	{name: "refusal without text, case-56", stop: protocol.Stop{Reason: protocol.StopRefusal, Detail: protocol.TextOf("blocked: SAFETY")}},
	{name: "refusal without a word, case-56", stop: protocol.Stop{Reason: protocol.StopRefusal}},
	{name: "refusal in words", parts: partsOf(protocol.Part{Kind: protocol.PartRefusal, Text: protocol.TextOf("I cannot")}), stop: protocol.Stop{Reason: protocol.StopRefusal}},
	{name: "calls around a provider's own, case-58", parts: partsOf(textPart("a"), callPart("1", "f", `{"x": 1}`), protocol.Part{Kind: protocol.PartServerTool, Name: protocol.TextOf("web_search"), Raw: protocol.Raw(`{"type":"server_tool_use"}`)}, callPart("2", "g", `{}`)), stop: protocol.Stop{Reason: protocol.StopTool}},
	{name: "stop for tools without any", parts: partsOf(textPart("a")), stop: protocol.Stop{Reason: protocol.StopTool}},
	{name: "signed thinking", parts: partsOf(signedPart(thoughtPart("hm"), protocol.MadeByAnthropic, "S"), signedPart(protocol.Part{Kind: protocol.PartRedacted}, protocol.MadeByAnthropic, "D"), textPart("a")), stop: protocol.Stop{Reason: protocol.StopEnd}},
	{name: "signed thinking without text, case-43", parts: partsOf(signedPart(thoughtPart(""), protocol.MadeByAnthropic, "S"), textPart("a")), stop: protocol.Stop{Reason: protocol.StopEnd}},
	{name: "thinking between calls, case-89", parts: partsOf(signedPart(thoughtPart("one"), protocol.MadeByAnthropic, "S1"), callPart("1", "f", `{}`), signedPart(thoughtPart("two"), protocol.MadeByAnthropic, "S2"), textPart("a")), stop: protocol.Stop{Reason: protocol.StopTool}},
	{name: "unsigned thinking", parts: partsOf(thoughtPart("hm"), textPart("a")), stop: protocol.Stop{Reason: protocol.StopEnd}},
	{name: "Gemini's signatures, case-50", parts: partsOf(thoughtPart("hm"), signedPart(callPart("1", "f", `{}`), protocol.MadeByGemini, "G"), callPart("2", "f", `{}`)), stop: protocol.Stop{Reason: protocol.StopTool}},
	{name: "a signature alone at the end, case-68", parts: partsOf(textPart("a"), signedPart(textPart(""), protocol.MadeByGemini, "G")), stop: protocol.Stop{Reason: protocol.StopEnd}},
	{name: "citations, case-90", parts: partsOf(citedPart("né 👍 "), citedPart("网关", citeURL("https://a", 0, 0)), citedPart(" x\\y\n", citeURL("https://b", 1, 4), protocol.Citation{Title: protocol.TextOf("a document")})), stop: protocol.Stop{Reason: protocol.StopEnd}},
	{name: "image", parts: partsOf(protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{Type: protocol.TextOf("image/png"), Data: protocol.TextOf("iVBOR")}}), stop: protocol.Stop{Reason: protocol.StopEnd}},
	{name: "custom tool", parts: partsOf(protocol.Part{Kind: protocol.PartCall, Custom: true, ID: protocol.TextOf("1"), Name: protocol.TextOf("patch"), Args: protocol.Raw(`{"input":"*** \"x\"\n"}`)}), stop: protocol.Stop{Reason: protocol.StopTool}},
	{name: "deprecated functions", parts: partsOf(callPart("1", "f", `{"a":1}`), callPart("2", "g", `{}`)), stop: protocol.Stop{Reason: protocol.StopTool}, client: protocol.Request{Functions: true}},
}

func TestChatAnswers(t *testing.T) {
	whole := protocoltest.LoadSchema(t, "openai.chat.completion")
	chunks := protocoltest.LoadSchema(t, "openai.chat.completion.chunk")
	var text strings.Builder
	for _, c := range chatAnswers {
		client := c.client
		x := exchange(&client)
		r := &protocol.Response{ID: protocol.TextOf("msg_1"), Choices: []protocol.Choice{{Parts: c.parts, Stop: c.stop}}, Usage: c.usage}
		out := openai.EncodeChatResponse(nil, x, r)
		stream := encodeStream(x, r.Replay(nil))
		fmt.Fprintf(&text, "# %s\n%s\n%s", c.name, out, stream)
		if w := x.WarningsHeader(); w != "" {
			fmt.Fprintf(&text, "warns %s\n\n", w)
		}
		if err := whole.Validate(out); err != nil {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
		if c.name != "custom tool" { // the schema knows no custom tool in a stream
			checkChunks(t, chunks, stream)
		}
		t.Run(c.name+", case-110", func(t *testing.T) {
			once, err := openai.DecodeChatResponse(x, out)
			if err != nil {
				t.Fatal(err)
			}
			events := decodeStream(t, openai.NewChatStreamDecoder(x), stream, len(stream))
			checkOrder(t, events)
			if d := cmp.Diff(chatSeen(once), chatSeen(collect(events).(*protocol.Response))); d != "" {
				t.Errorf("in one piece and in many (-one +many):\n%s", d)
			}
		})
	}
	golden(t, "chat-answers.txt", text.String())
}

// chatSayings is what a chat client sees of an answer.
type chatSayings struct {
	Text, Thinking, Refusal string
	Calls, Signatures       []string
	Citations               []protocol.Citation
	Stop                    protocol.StopReason
}

func chatSeen(r *protocol.Response) (s chatSayings) {
	for _, p := range r.Choices[0].Parts {
		if p.Signature.Present() {
			s.Signatures = append(s.Signatures, fmt.Sprint(p.Signature.Maker, p.Signature.Data))
		}
		switch p.Kind {
		case protocol.PartText:
			s.Text += p.Text.String()
			s.Citations = append(s.Citations, p.Citations...)
		case protocol.PartThinking:
			s.Thinking += p.Text.String()
		case protocol.PartRefusal:
			s.Refusal += p.Text.String()
		case protocol.PartCall:
			s.Calls = append(s.Calls, string(p.Name)+string(p.Args))
		}
	}
	s.Stop = r.Choices[0].Stop.Reason
	return s
}

// Gemini tells the service tier at the end only: what follows names it.
func TestChatTierAtTheEnd(t *testing.T) {
	x := exchange(&protocol.Request{IncludeUsage: true})
	out := string(encodeStream(x, []protocol.Event{
		{Kind: protocol.EventStart}, {Kind: protocol.EventPartStart, Part: &protocol.Part{}}, {Kind: protocol.EventDelta, Text: protocol.TextOf("a")}, {Kind: protocol.EventPartStop},
		{Kind: protocol.EventStop, Stop: protocol.Stop{Reason: protocol.StopEnd}, Tier: "priority"}, {Kind: protocol.EventEnd, Tier: "priority"},
	}))
	const tier = `"service_tier":"priority","system_fingerprint":null,"choices":[`
	if strings.Count(out, tier) != 2 || strings.Index(out, tier) > strings.Index(out, `"finish_reason":"stop"`) {
		t.Error(out)
	}
}

// The usage chunk comes only where the client asked for it.
func TestChatUsageChunk(t *testing.T) {
	for _, asked := range []bool{true, false} {
		t.Run("case-84", func(t *testing.T) {
			x := exchange(&protocol.Request{Stream: true, IncludeUsage: asked})
			r := &protocol.Response{Choices: []protocol.Choice{{Parts: partsOf(textPart("a")), Stop: protocol.Stop{Reason: protocol.StopEnd}}}, Usage: protocol.Usage{Input: 1, Output: 1}}
			out := encodeStream(x, r.Replay(nil))
			if got := bytes.Contains(out, []byte(`"choices":[],"usage":{`)); got != asked {
				t.Errorf("asked %v: %s", asked, out)
			}
			if got := bytes.Contains(out, []byte(`"usage":null`)); got != asked {
				t.Errorf("asked %v: %s", asked, out)
			}
		})
	}
}

// Several answers keep their numbers, whole and streamed.
func TestChatChoices(t *testing.T) {
	x := exchange(&protocol.Request{N: 2})
	r := &protocol.Response{ID: protocol.TextOf("chatcmpl-1"), Choices: []protocol.Choice{
		{Parts: partsOf(textPart("a")), Stop: protocol.Stop{Reason: protocol.StopEnd}},
		{Parts: partsOf(callPart("1", "f", `{}`)), Stop: protocol.Stop{Reason: protocol.StopTool}},
	}}
	events := decodeStream(t, openai.NewChatStreamDecoder(x), encodeStream(x, r.Replay(nil)), 1<<20)
	checkOrder(t, events)
	for _, got := range []*protocol.Response{wholeChat(t, x, openai.EncodeChatResponse(nil, x, r)), collect(events).(*protocol.Response)} {
		if len(got.Choices) != 2 || got.Choices[0].Stop.Reason != protocol.StopEnd || got.Choices[1].Parts[0].Name.String() != "f" {
			t.Errorf("%+v", got.Choices)
		}
	}
}

func wholeChat(tb testing.TB, x *protocol.Exchange, body []byte) *protocol.Response {
	tb.Helper()
	r, err := openai.DecodeChatResponse(x, body)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// Bodies that are no answer, or one that failed.
func TestChatResponsesThatAreNone(t *testing.T) {
	for body, want := range map[string]string{
		``:                            "bad_gateway: The provider's answer is not readable.",
		`<html>`:                      "bad_gateway: The provider's answer is not readable.",
		`{}`:                          "bad_gateway: The provider's answer is not readable.",
		`{"choices":[]}`:              "bad_gateway: The provider's answer is not readable.",
		`{"choices":[{"message":7}]}`: "bad_gateway: The provider's answer is not readable.",
		`{"choices":[{"message":{"content":"x"},"finish_reason":"error"}]}`: "bad_gateway: The provider's answer broke off.",
		`{"error":{"message":"slow down","code":429}}`:                      "rate_limited: slow down",
	} {
		_, err := openai.DecodeChatResponse(exchange(&protocol.Request{}), []byte(body))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}
