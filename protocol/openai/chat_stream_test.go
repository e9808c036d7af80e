package openai_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// chunksOf makes a stream of deltas of choice 0; what begins with a brace but
// is no delta ("{choices") is a chunk as it is.
func chunksOf(deltas ...string) []byte {
	var b strings.Builder
	for _, d := range deltas {
		switch {
		case strings.HasPrefix(d, ":"), d == "[DONE]", strings.HasPrefix(d, "="):
			d = strings.TrimPrefix(d, "=")
			if !strings.HasPrefix(d, ":") {
				d = "data: " + d
			}
			b.WriteString(d + "\n\n")
		default:
			fmt.Fprintf(&b, `data: {"id":"c","model":"m","choices":[{"index":0,%s}]}`+"\n\n", d)
		}
	}
	return []byte(b.String())
}

// spell writes down what a stream's events say, text and arguments joined.
func spellEvents(events []protocol.Event) string {
	var b strings.Builder
	kinds := [...]string{protocol.PartText: "text", protocol.PartThinking: "thinking", protocol.PartRedacted: "redacted", protocol.PartCall: "call", protocol.PartImage: "image", protocol.PartRefusal: "refusal"}
	for _, e := range events {
		switch e.Kind {
		case protocol.EventPartStart:
			fmt.Fprintf(&b, "%s", kinds[e.Part.Kind])
			if e.Part.Kind == protocol.PartCall {
				fmt.Fprintf(&b, " %s %s", e.Part.ID, e.Part.Name)
			}
			b.WriteByte('<')
		case protocol.EventDelta:
			b.WriteString(e.Text.String())
		case protocol.EventSignature:
			b.WriteString("#" + e.Part.Signature.Data.String())
		case protocol.EventPartStop:
			b.WriteString("> ")
		case protocol.EventStop:
			fmt.Fprintf(&b, "stop%d", e.Stop.Reason)
		case protocol.EventEnd:
			fmt.Fprintf(&b, " end %d+%d", e.Usage.Input, e.Usage.Output)
		case protocol.EventError:
			fmt.Fprintf(&b, "error %v", e.Err)
		case protocol.EventPing:
			b.WriteString("ping ")
		}
	}
	return b.String()
}

func piece(fields string) string { return `"delta":{"tool_calls":[{` + fields + `}]}` }

func fn(name, args string) string {
	return `"function":{"name":"` + name + `","arguments":` + string(protocol.TextOf(args)) + `}`
}

func TestMessyStreams(t *testing.T) {
	const done = "[DONE]"
	stop := `"delta":{},"finish_reason":"stop"`
	tools := `"delta":{},"finish_reason":"tool_calls"`
	for name, c := range map[string]struct {
		stream []byte
		want   string
	}{
		"case-71 usage behind the finish": {
			chunksOf(`"delta":{"role":"assistant","content":"a"}`, stop, `={"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}`, done),
			"text<a> stop1 end 5+2"},
		"case-72 first chunk without choices, a role that is empty": {
			chunksOf(`={"id":"","model":"","choices":[],"prompt_filter_results":[{}]}`, `"delta":{"role":"","content":null}`, `"delta":{"content":"a"}`, `"delta":null`, stop, done),
			"text<a> stop1 end 0+0"},
		"case-73 interleaved calls": {
			chunksOf(piece(`"index":0,"id":"1",`+fn("f", `{"a"`)), piece(`"index":1,"id":"2",`+fn("g", `{"b"`)), piece(`"index":0,"function":{"arguments":":1}"}`), piece(`"index":1,"function":{"arguments":":2}"}`), tools, done),
			`call 1 f<{"a":1}> call 2 g<{"b":2}> stop5 end 0+0`},
		"case-73 one after the other": {
			chunksOf(piece(`"index":0,"id":"1",`+fn("f", `{"a":"}"}`)), piece(`"index":1,"id":"2",`+fn("g", ``)), piece(`"index":1,"function":{"arguments":"{}"}`), tools, done),
			`call 1 f<{"a":"}"}> call 2 g<{}> stop5 end 0+0`},
		"case-74 the name comes late": {
			chunksOf(piece(`"index":0,"id":"1","function":{"name":null,"arguments":"{\"a\""}`), piece(`"index":0,"function":{"name":"f","arguments":":1}"}`), tools, done),
			`call 1 f<{"a":1}> stop5 end 0+0`},
		"case-74 the id comes late": {
			chunksOf(piece(`"index":0,`+fn("f", "")), piece(`"index":0,"id":"1","function":{"arguments":"{}"}`), tools, done),
			`call 1 f<{}> stop5 end 0+0`},
		"case-74 later names are null or empty": {
			chunksOf(piece(`"index":0,"id":"1",`+fn("f", `{"a"`)), piece(`"index":0,"id":"","type":"function","function":{"name":null,"arguments":":"}`), piece(`"index":0,`+fn("", `1}`)), tools, done),
			`call 1 f<{"a":1}> stop5 end 0+0`},
		"case-74 no index": {
			chunksOf(piece(`"id":"1",`+fn("f", `{"a"`)), piece(`"function":{"arguments":":1}"}`), piece(`"id":"2",`+fn("g", `{}`)), tools, done),
			`call 1 f<{"a":1}> call 2 g<{}> stop5 end 0+0`},
		"case-74 indexes from 1": {
			chunksOf(piece(`"index":1,"id":"1",`+fn("f", `{}`)), piece(`"index":5,"id":"2",`+fn("g", `{}`)), tools, done),
			`call 1 f<{}> call 2 g<{}> stop5 end 0+0`},
		"case-74 one index for all": {
			chunksOf(piece(`"index":0,"id":"1",`+fn("f", `{}`)), piece(`"index":0,"id":"2",`+fn("g", `{}`)), tools, done),
			`call 1 f<{}> call 2 g<{}> stop5 end 0+0`},
		"case-74 neither index nor id": {
			chunksOf(piece(fn("f", `{}`)), piece(fn("g", `{}`)), tools, done),
			`call call_lcmnE2UR8BfRw7OmjV4K3dC1 f<{}> call call_KhjpxSafV0cwh6NuqNh3dQwY g<{}> stop5 end 0+0`},
		"case-75 empty content beside calls": {
			chunksOf(`"delta":{"content":"","tool_calls":[{"index":0,"id":"1",`+fn("f", `{}`)+`}]}`, tools, done),
			`call 1 f<{}> stop5 end 0+0`},
		"case-76 a whole call and stop": {
			chunksOf(`"delta":{"tool_calls":[{"index":0,"id":"1",`+fn("f", `{"a":1}`)+`}]},"finish_reason":"stop"`, done),
			`call 1 f<{"a":1}> stop5 end 0+0`},
		"case-77 arguments cut": {
			chunksOf(piece(`"index":0,"id":"1",`+fn("f", `{"a":"x`)), `"delta":{},"finish_reason":"length"`, done),
			`call 1 f<{"a":"x> stop3 end 0+0`},
		"case-78 done without a finish": {
			chunksOf(`"delta":{"content":"a"}`, done), "text<aerror bad_gateway: The provider's answer broke off."},
		"case-78 cut between frames": {
			chunksOf(`"delta":{"content":"a"}`), "text<aerror bad_gateway: The provider's answer broke off."},
		"case-78 cut in a frame": {
			[]byte(`data: {"id":"c","choices":[{"index":0,"delta":{"cont`), "error bad_gateway: The provider's answer is not readable."},
		"case-78 nothing at all": {nil, "error bad_gateway: The provider's answer broke off."},
		"closed without done":    {chunksOf(`"delta":{"content":"a"}`, stop), "text<a> stop1 end 0+0"},
		"case-79 error in the stream": {
			chunksOf(`"delta":{"content":"a"}`, `={"error":{"message":"no more","code":429},"choices":[]}`, done), "text<aerror rate_limited: no more"},
		"error by name": {
			[]byte("event: error\ndata: {\"message\":\"gone\"}\n\n"), "error internal: gone"},
		"case-80 comments": {
			chunksOf(": OPENROUTER PROCESSING", `"delta":{"content":"a"}`, ": OPENROUTER PROCESSING", stop, done), "ping text<aping > stop1 end 0+0"},
		"finish twice, content in the first": {
			chunksOf(`"delta":{"content":"a"},"finish_reason":"length"`, `"delta":{"content":""},"finish_reason":"length"`, done), "text<a> stop3 end 0+0"},
		"text inside of a call": {
			chunksOf(piece(`"index":0,"id":"1",`+fn("f", `{"a"`)), `"delta":{"content":"late"}`, piece(`"index":0,"function":{"arguments":":1}"}`), tools, done),
			`call 1 f<{"a":1}> text<late> stop5 end 0+0`},
		"text behind a call": {
			chunksOf(piece(`"index":0,"id":"1",`+fn("f", `{}`)), `"delta":{"content":"late"}`, tools, done),
			`call 1 f<{}> text<late> stop5 end 0+0`},
		"a call without a name": {
			chunksOf(piece(`"index":0,"id":"1","function":{"arguments":"{}"}`), tools, done),
			"error bad_gateway: The provider's answer calls a tool without a name."},
		"arguments as an object": {
			chunksOf(piece(`"index":0,"id":"1","function":{"name":"f","arguments":{"a":[1]}}`), tools, done), `call 1 f<{"a":[1]}> stop5 end 0+0`},
		"deprecated call": {
			chunksOf(`"delta":{"function_call":{"name":"f","arguments":"{\"a\""}}`, `"delta":{"function_call":{"arguments":":1}"}}`, `"delta":{},"finish_reason":"function_call"`, done),
			`call call_lcmnE2UR8BfRw7OmjV4K3dC1 f<{"a":1}> stop5 end 0+0`},
		"reasoning in two fields": {
			chunksOf(`"delta":{"reasoning":"a","reasoning_content":"a"}`, `"delta":{"reasoning":"b"}`, `"delta":{"content":"c"}`, stop, done), "thinking<ab> text<c> stop1 end 0+0"},
		"thinking with its signature": {
			chunksOf(`"delta":{"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","format":"anthropic-claude-v1","index":0}]}`, `"delta":{"reasoning_details":[{"type":"reasoning.text","signature":"S","format":"anthropic-claude-v1","index":0}]}`, `"delta":{"content":"c"}`, stop, done),
			"thinking<a#S> text<c> stop1 end 0+0"},
		"LiteLLM's thinking blocks": {
			chunksOf(`"delta":{"reasoning_content":"a","thinking_blocks":[{"type":"thinking","thinking":"a"}]}`, `"delta":{"thinking_blocks":[{"type":"thinking","thinking":"","signature":"S"}]}`, `"delta":{"content":"c"}`, stop, done),
			"thinking<a#S> text<c> stop1 end 0+0"},
		"Gemini's signature of a call named before it": {
			chunksOf(`"delta":{"reasoning_details":[{"type":"reasoning.encrypted","data":"G","id":"1","format":"google-gemini-v1"}]}`, piece(`"index":0,"id":"1",`+fn("f", `{}`)), tools, done),
			`call 1 f<{}> stop5 end 0+0`},
		"Mistral's lists": {
			chunksOf(`"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}`, `"delta":{"content":[{"type":"text","text":"c"}]}`, `"delta":{"content":"d"}`, stop, done), "thinking<ab> text<cd> stop1 end 0+0"},
		"a refusal": {
			chunksOf(`"delta":{"refusal":"I "}`, `"delta":{"refusal":"cannot"}`, stop, done), "refusal<I cannot> stop6 end 0+0"},
		"case-109 a whole answer as one chunk": {
			chunksOf(`"message":{"role":"assistant","content":"a","tool_calls":[{"id":"1","type":"function",`+fn("f", `{}`)+`}]},"finish_reason":"tool_calls"`, done),
			`text<a> call 1 f<{}> stop5 end 0+0`},
		"a choice number that is too high": {
			chunksOf(`={"id":"c","choices":[{"index":100000,"delta":{"content":"a"}}]}`), "error bad_gateway: The provider's answer is not readable."},
		"no object": {chunksOf(`=[1]`), "error bad_gateway: The provider's answer is not readable."},
	} {
		t.Run(name, func(t *testing.T) {
			x := exchange(&protocol.Request{Stream: true})
			events := decodeStream(t, openai.NewChatStreamDecoder(x), c.stream, len(c.stream)+1)
			if got := spellEvents(events); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if !strings.Contains(c.want, "error") {
				checkOrder(t, events)
			}
			x = exchange(&protocol.Request{Stream: true})
			again := decodeStream(t, openai.NewChatStreamDecoder(x), c.stream, 1)
			if d := cmp.Diff(events, again, cmp.Comparer(func(a, b *protocol.Error) bool { return a == b || a.Error() == b.Error() })); d != "" {
				t.Errorf("in pieces of one byte:\n%s", d)
			}
		})
	}
}

// A recorded stream says the same however it is cut.
func TestChatStreamsCutAnywhere(t *testing.T) {
	for _, r := range protocoltest.Recordings(t, "openai-chat") {
		if !r.Stream {
			continue
		}
		whole := decodeStream(t, openai.NewChatStreamDecoder(exchange(&protocol.Request{})), r.Body, len(r.Body))
		for _, n := range []int{1, 2, 3, 7, 64, 1000} {
			got := decodeStream(t, openai.NewChatStreamDecoder(exchange(&protocol.Request{})), r.Body, n)
			if d := cmp.Diff(spellEvents(whole), spellEvents(got)); d != "" {
				t.Errorf("%s in pieces of %d:\n%s", r.Name, n, d)
			}
		}
	}
}

// Later pieces of a call to the client have nothing but its index and the
// arguments.
func TestLaterPiecesOfACall(t *testing.T) {
	t.Run("case-85", func(t *testing.T) {
		x := exchange(&protocol.Request{Stream: true})
		r := &protocol.Response{Choices: []protocol.Choice{{Parts: partsOf(callPart("1", "f", `{"a":1}`)), Stop: protocol.Stop{Reason: protocol.StopTool}}}}
		out := string(encodeStream(x, r.Replay(nil)))
		if strings.Count(out, `"id":"1"`) != 1 || !strings.Contains(out, `"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":1}"}}]`) {
			t.Error(out)
		}
	})
}

// A call without arguments has none in the stream either, and clients parse
// what they get.
func TestCallsWithoutArguments(t *testing.T) {
	for name, calls := range map[string][]protocol.Event{
		"case-57": {{Kind: protocol.EventPartStart, Part: &protocol.Part{Kind: protocol.PartCall, ID: protocol.TextOf("1"), Name: protocol.TextOf("f")}}, {Kind: protocol.EventPartStop}},
		"case-66": {{Kind: protocol.EventPartStart, Part: &protocol.Part{Kind: protocol.PartCall, ID: protocol.TextOf("1"), Name: protocol.TextOf("f")}}, {Kind: protocol.EventDelta, Text: protocol.Text(`""`)}, {Kind: protocol.EventPartStop}},
	} {
		t.Run(name, func(t *testing.T) {
			events := append([]protocol.Event{{Kind: protocol.EventStart}}, calls...)
			events = append(events, protocol.Event{Kind: protocol.EventStop, Stop: protocol.Stop{Reason: protocol.StopTool}}, protocol.Event{Kind: protocol.EventEnd})
			out := encodeStream(exchange(&protocol.Request{Stream: true}), events)
			got := decodeStream(t, openai.NewChatStreamDecoder(exchange(&protocol.Request{})), out, len(out))
			if want := "call 1 f<{}> stop5 end 0+0"; spellEvents(got) != want {
				t.Errorf("got %s, want %s", spellEvents(got), want)
			}
		})
	}
}
