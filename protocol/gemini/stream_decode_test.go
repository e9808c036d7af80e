package gemini_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
)

// chunks makes a stream of server-sent events as Google writes them.
func chunks(all ...string) []byte {
	var b strings.Builder
	for _, c := range all {
		b.WriteString("data: " + c + "\r\n\r\n")
	}
	return []byte(b.String())
}

// parts is a chunk of a first candidate.
func parts(parts string, rest ...string) string {
	return `{"candidates":[{"content":{"parts":[` + parts + `],"role":"model"}` + strings.Join(rest, "") + `}],"responseId":"r1"}`
}

const stopped = `,"finishReason":"STOP"`

// trace writes events as lines.
func trace(all []protocol.Event) string {
	var b strings.Builder
	for _, e := range all {
		switch e.Kind {
		case protocol.EventPing:
			b.WriteString("ping")
		case protocol.EventStart:
			fmt.Fprintf(&b, "start %s %s", e.ID, e.Model)
		case protocol.EventPartStart:
			fmt.Fprintf(&b, "part %d kind=%d", e.Choice, e.Part.Kind)
			if e.Part.Name != nil {
				fmt.Fprintf(&b, " %s %s", e.Part.Name, e.Part.ID)
			}
			if e.Part.Signature.Present() {
				fmt.Fprintf(&b, " signed %s", e.Part.Signature.Data)
			}
			if m := e.Part.Media; m != nil {
				fmt.Fprintf(&b, " %s %s%s", m.Type, m.Data, m.URL)
			}
		case protocol.EventDelta:
			fmt.Fprintf(&b, "delta %s", e.Text)
		case protocol.EventSignature:
			fmt.Fprintf(&b, "signature %s", e.Part.Signature.Data)
		case protocol.EventCite:
			for _, c := range e.Part.Citations {
				fmt.Fprintf(&b, "cite %s %s %d-%d ", c.URL, c.Title, c.Start, c.End)
			}
		case protocol.EventPartStop:
			b.WriteString("close")
		case protocol.EventLogprobs:
			fmt.Fprintf(&b, "logprobs %s", e.Raw)
		case protocol.EventStop:
			fmt.Fprintf(&b, "stop %d reason=%d %s", e.Choice, e.Stop.Reason, e.Stop.Detail)
		case protocol.EventEnd:
			fmt.Fprintf(&b, "end %+v %s", e.Usage, e.Tier)
		case protocol.EventError:
			fmt.Fprintf(&b, "error %s %s %s", e.Err.Code, e.Err.Reason, e.Err.Message)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestStreamDecoderCases(t *testing.T) {
	noParallel := &protocol.Request{Parallel: protocol.No}
	cases := []struct {
		name    string
		request *protocol.Request
		stream  []byte
	}{
		{name: "case-62 no candidates' count",
			stream: chunks(`{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":4,"thoughtsTokenCount":3,"toolUsePromptTokenCount":2,"serviceTier":"flex"},"modelVersion":"m","responseId":"r"}`),
		},
		{name: "case-63 nothing but MAX_TOKENS",
			stream: chunks(`{"candidates":[{"content":{"role":"model"},"finishReason":"MAX_TOKENS"}]}`, `{"candidates":[{"content":{}}]}`, `{"candidates":[{}]}`, `{"candidates":[{"content":{"parts":null}}]}`),
		},
		{name: "case-64 a refused prompt",
			stream: chunks(`{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":5}}`),
		},
		{name: "case-64 a refused prompt with words",
			stream: chunks(`{"promptFeedback":{"blockReason":"OTHER","blockReasonMessage":"no \"x\""}}`),
		},
		{name: "case-65 STOP in a later chunk than the call",
			stream: chunks(parts(`{"functionCall":{"id":"i","name":"f","args":{"a": "b"}},"thoughtSignature":"c2ln"}`), parts(`{"text":""}`, stopped)),
		},
		{name: "case-66, case-67 calls without arguments and ids",
			stream: chunks(parts(`{"functionCall":{"name":"f"}},{"functionCall":{"name":"f","args":null}}`, stopped)),
		},
		{name: "case-68 a signature behind the text",
			stream: chunks(parts(`{"text":"a"}`), parts(`{"text":"b"}`), parts(`{"text":"","thoughtSignature":"c2ln"}`, stopped)),
		},
		{name: "case-68 a signature alone",
			stream: chunks(parts(`{"functionCall":{"id":"i","name":"f"}}`), parts(`{"text":"","thoughtSignature":"c2ln"}`, stopped)),
		},
		{name: "thinking, text, a signed text and more",
			stream: chunks(parts(`{"text":"hm","thought":true},{"text":" so","thought":true},{"text":"a","thoughtSignature":"c2ln"},{"text":"b"}`, stopped)),
		},
		{name: "one call at a time",
			request: noParallel,
			stream:  chunks(parts(`{"functionCall":{"id":"i","name":"f"}},{"functionCall":{"id":"j","name":"f"}}`, stopped)),
		},
		{
			name:   "case-69 characters of several bytes, CRLFs, LFs and a mark of their order",
			stream: []byte("\xef\xbb\xbfdata: " + parts(`{"text":"日本"}`) + "\n\ndata:" + parts(`{"text":"😀"}`, stopped) + "\r\n\r\n"),
		},
		{name: "candidates side by side",
			stream: chunks(`{"candidates":[{"content":{"parts":[{"text":"a"}]}},{"index":1,"content":{"parts":[{"text":"b"}]},"finishReason":"SAFETY","finishMessage":"hm"}]}`, parts(`{"text":"c"}`, stopped)),
		},
		{name: "media and what is not known",
			stream: chunks(parts(`{"text":"see"},{"inlineData":{"mimeType":"image/png","data":"iVBO"}},{"toolCall":{}},{"novelty":{}},{"text":null},7`, stopped)),
		},
		{name: "audio and files",
			stream: chunks(parts(`{"text":"hear"},{"inlineData":{"mimeType":"audio/L16;rate=24000","data":"QUJD"}},{"fileData":{"mimeType":"application/pdf","fileUri":"https://x"}},{"text":"."}`, stopped)),
		},
		{name: "a prompt that is refused behind a part of the answer",
			stream: chunks(parts(`{"text":"a"}`), `{"promptFeedback":{"blockReason":"SAFETY"}}`),
		},
		{name: "case-79 an error inside of the stream",
			stream: chunks(parts(`{"text":"a"}`), `{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}`, parts(`{"text":"b"}`, stopped)),
		},
		{name: "case-80 comments",
			stream: []byte(": busy\n\n: busy\n\ndata: " + parts(`{"text":"a"}`, stopped) + "\n\ndata: [DONE]\n\n"),
		},
		{name: "cut before the reason", stream: chunks(parts(`{"text":"a"}`))},
		{name: "cut inside of a frame", stream: chunks(parts(`{"text":"a"}`, stopped))[:60]},
		{name: "nothing at all"},
		{name: "no JSON", stream: chunks("oops")},
		{name: "a call that was none", stream: chunks(`{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"Malformed function call: f("}]}`)},
		{name: "too many calls, but text",
			stream: chunks(parts(`{"text":"a"}`), `{"candidates":[{"finishReason":"TOO_MANY_TOOL_CALLS"}]}`),
		},
		{name: "an unknown reason",
			stream: chunks(parts(`{"text":"a"}`, `,"finishReason":"NOVELTY"`)),
		},
		{name: "Vertex: a call in pieces",
			stream: chunks(
				parts(`{"functionCall":{"name":"f","willContinue":true},"thoughtSignature":"c2ln"}`),
				parts(`{"functionCall":{"partialArgs":[{"jsonPath":"$.place","stringValue":"San \"F","willContinue":true}],"willContinue":true}}`),
				parts(`{"functionCall":{"partialArgs":[{"jsonPath":"$.place","stringValue":"rancisco"},{"jsonPath":"$.days[0]","numberValue":1.5},{"jsonPath":"$.days[1]","nullValue":"NULL_VALUE"},{"jsonPath":"$['odd key'].x","boolValue":true},{"jsonPath":"nonsense","stringValue":"x"}],"willContinue":true}}`),
				parts(`{"functionCall":{}}`),
				parts(`{"functionCall":{"name":"g"}}`),
				parts(`{"functionCall":{"name":"h","willContinue":true}}`, stopped)),
		},
	}
	var out strings.Builder
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := trace(events(t, exchange(c.request, "gemini-3-flash"), c.stream, 0))
			for _, size := range []int{1, 3} { // case-69: CRLFs and characters cut
				if d := cmp.Diff(want, trace(events(t, exchange(c.request, "gemini-3-flash"), c.stream, size))); d != "" {
					t.Errorf("in pieces of %d:\n%s", size, d)
				}
			}
			out.WriteString("== " + c.name + "\n" + want + "\n")
		})
	}
	golden(t, "stream-events.txt", out.String())
}

// The names that were changed for the API come back, and a custom tool's call
// is one again.
func TestStreamDecoderNames(t *testing.T) {
	r := hello(protocol.Request{Tools: []protocol.Tool{function("a/b", ""), {Kind: protocol.ToolCustom, Name: text("patch")}, {Name: text("ns__x"), Namespace: text("ns")}}})
	x := exchange(&r, "gemini-3-flash")
	body := encoderOf(t)(t, x)
	_, after, _ := strings.Cut(body, `"functionDeclarations":[{"name":"`)
	sent, _, _ := strings.Cut(after, `"`)
	all := events(t, x, chunks(parts(`{"functionCall":{"name":"`+sent+`"}},{"functionCall":{"name":"patch","args":{"input":"x"}}},{"functionCall":{"name":"ns__x"}}`, stopped)), 0)
	a := collect(t, all)
	got := a.Choices[0].Parts
	if len(got) != 3 || !got[0].Name.Is("a/b") || !got[1].Custom || string(got[1].Args) != `{"input":"x"}` || !got[2].Namespace.Is("ns") {
		t.Errorf("%+v", got)
	}
}

func TestDecodeResponseErrors(t *testing.T) {
	for body, code := range map[string]protocol.Code{
		``:       protocol.BadGateway,
		`<html>`: protocol.BadGateway,
		`{}`:     protocol.BadGateway,
		`[]`:     protocol.BadGateway,
		`[{]`:    protocol.BadGateway,
		`{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}`:                                  protocol.BadGateway,
		`{"candidates":[{"content":{"parts":[{"text":"a","text":"b"}]},"finishReason":"STOP"}]}`: protocol.BadGateway,
		`[{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}]`:                protocol.RateLimited,
	} {
		_, err := gemini.DecodeResponse(exchange(nil, "x"), []byte(body))
		if e, ok := err.(*protocol.Error); !ok || e.Code != code {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// The places of citations, told in bytes, become code points.
func TestGrounding(t *testing.T) { t.Run("case-91", testGrounding) }

// Citations that nothing was asked for are shown as long as the text is short.
func TestUnaskedGrounding(t *testing.T) {
	meta := `,"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a"}}],"groundingSupports":[{"segment":{"startIndex":0,"endIndex":1},"groundingChunkIndices":[0]}]}`
	for _, c := range []struct{ length, streamed, whole int }{{10, 1, 1}, {70 << 10, 0, 1}} {
		body := parts(`{"text":"`+strings.Repeat("x", c.length)+`"}`, meta, stopped)
		if n := len(collect(t, events(t, exchange(&protocol.Request{}, "gemini-3"), chunks(body), 0)).Choices[0].Parts[0].Citations); n != c.streamed {
			t.Errorf("%d bytes, streamed: %d citations", c.length, n)
		}
		r, err := gemini.DecodeResponse(exchange(&protocol.Request{}, "gemini-3"), []byte(body))
		if err != nil || len(r.Choices[0].Parts[0].Citations) != c.whole {
			t.Errorf("%d bytes: %+v %v", c.length, r, err)
		}
	}
}

// Candidates that do not tell their number have that of their place.
func TestCandidatesWithoutIndex(t *testing.T) {
	one := strings.TrimSuffix(strings.TrimPrefix(parts(`{"text":"a"}`, stopped), `{"candidates":[`), `],"responseId":"r1"}`)
	r, err := gemini.DecodeResponse(exchange(&protocol.Request{N: 2}, "gemini-3"), []byte(`{"candidates":[`+one+`,`+one+`]}`))
	if err != nil || len(r.Choices) != 2 || len(r.Choices[1].Parts) != 1 {
		t.Errorf("%+v %v", r, err)
	}
}

// Google indents whole answers; the arguments of a call are not the less
// compact.
func TestIndentedArguments(t *testing.T) {
	r, err := gemini.DecodeResponse(exchange(&protocol.Request{}, "gemini-3"), []byte(parts("{\"functionCall\":{\"name\":\"f\",\"args\":{\n  \"a b\": [1,\n 2]\n}}}", stopped)))
	if err != nil || string(r.Choices[0].Parts[0].Args) != `{"a b":[1,2]}` {
		t.Errorf("%+v %v", r, err)
	}
}

func testGrounding(t *testing.T) {
	meta := `,"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a","title":"A"}},{"retrievedContext":{"title":"A"}},{"web":{"uri":"https://c"}}],"groundingSupports":[
		{"segment":{"endIndex":6,"text":"日本"},"groundingChunkIndices":[0,1,2,9]},
		{"segment":{"startIndex":6,"endIndex":10,"text":"😀"},"groundingChunkIndices":[2]},
		{"segment":{"startIndex":0,"endIndex":3,"text":"é!"},"groundingChunkIndices":[0]},
		{"segment":{"startIndex":0,"endIndex":3,"text":"nowhere"},"groundingChunkIndices":[0]},
		{"segment":{"startIndex":5,"endIndex":99999999},"groundingChunkIndices":[]},{"groundingChunkIndices":[0]}]}`
	meta = strings.Join(strings.Fields(meta), "")
	all := events(t, exchange(seeing(), "gemini-3"), chunks(parts(`{"text":"日"}`), parts(`{"text":"本😀 é"}`), parts(`{"text":"!"}`, meta, stopped)), 0)
	want := []protocol.Citation{
		{URL: text("https://a"), Title: text("A"), Start: 0, End: 2},
		{URL: text("https://c"), Start: 0, End: 2},
		{URL: text("https://c"), Start: 2, End: 3},
		{URL: text("https://a"), Title: text("A"), Start: 4, End: 6},
	}
	a := collect(t, all)
	if d := cmp.Diff(want, a.Choices[0].Parts[0].Citations); d != "" {
		t.Error(d)
	}
}

func TestLogprobs(t *testing.T) {
	logs := func(token string) string {
		return `,"logprobsResult":{"chosenCandidates":[{"token":"` + token + `","tokenId":1,"logProbability":-0.5}],"topCandidates":[{"candidates":[{"token":"` + token + `","logProbability":-0.5},{"token":"z","logProbability":-9e1}]}]}`
	}
	a := collect(t, events(t, exchange(seeing(), "gemini-3"), chunks(parts(`{"text":"é"}`, logs("é")), parts(`{"text":"b"}`, logs("b"), stopped)), 0))
	const want = `{"content":[{"token":"é","logprob":-0.5,"bytes":[195,169],"top_logprobs":[{"token":"é","logprob":-0.5,"bytes":[195,169]},{"token":"z","logprob":-9e1,"bytes":[122]}]},{"token":"b","logprob":-0.5,"bytes":[98],"top_logprobs":[{"token":"b","logprob":-0.5,"bytes":[98]},{"token":"z","logprob":-9e1,"bytes":[122]}]}]}`
	if got := string(a.Choices[0].Logprobs); got != want {
		t.Errorf("%s", got)
	}
}

// Frames of a megabyte pass.
func TestLargeFrames(t *testing.T) { t.Run("case-70", testLargeFrames) }

func testLargeFrames(t *testing.T) {
	big := strings.Repeat("QUJD", 1<<19)
	a := collect(t, events(t, exchange(nil, "gemini-3"), chunks(parts(`{"text":"","thoughtSignature":"`+big+`"}`), parts(`{"inlineData":{"mimeType":"image/png","data":"`+big+`"}}`, stopped)), 1000))
	if got := a.Choices[0].Parts; len(got) != 2 || len(got[0].Signature.Data) != len(big)+2 || len(got[1].Media.Data) != len(big)+2 {
		t.Errorf("%d parts", len(got))
	}
}

// What must be kept until it is whole has a limit.
func TestStreamDecoderLimit(t *testing.T) {
	d := gemini.NewStreamDecoder(exchange(nil, "gemini-3"))
	all := d.Frame(nil, chunks(parts(`{"functionCall":{"name":"f","willContinue":true}}`)))
	piece := chunks(parts(`{"functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"` + strings.Repeat("x", 1<<20) + `"}],"willContinue":true}}`))
	for range 10 {
		all = d.Frame(all, piece)
	}
	all = d.End(all)
	if last := all[len(all)-1]; last.Kind != protocol.EventError || len(all) != 2 {
		t.Error(trace(all))
	}
}
