package gemini_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

func anthropicThinking(s, signature string) protocol.Part {
	return protocol.Part{Kind: protocol.PartThinking, Text: text(s), Signature: protocol.Signature{Maker: protocol.MadeByAnthropic, Data: text(signature)}}
}

// answers are what providers of the other dialects may say.
func answers() []struct {
	name    string
	request protocol.Request
	answer  protocol.Response
} {
	see := protocol.Reasoning{Show: protocol.Yes}
	one := func(stop protocol.StopReason, parts ...protocol.Part) protocol.Response {
		return protocol.Response{ID: text("id"), Model: text("theirs"), Choices: []protocol.Choice{{Parts: parts, Stop: protocol.Stop{Reason: stop}}}, Usage: protocol.Usage{Input: 5, Output: 9}}
	}
	refusal := one(protocol.StopRefusal)
	refusal.Choices[0].Stop.Detail = text("I \"won't\"")
	counted := one(protocol.StopEnd, say("a"))
	counted.Usage, counted.Tier = protocol.Usage{Input: 1, CacheRead: 2, CacheWrite: 4, Output: 8, Reasoning: 5}, "priority"
	cited := say("日本 and 😀")
	cited.Citations = []protocol.Citation{{URL: text("https://a"), Title: text("A"), Start: 0, End: 2}, {URL: text("https://b"), Start: 7, End: 8}, {URL: text("https://c")}}
	logs := one(protocol.StopEnd, say("a"))
	logs.Choices[0].Logprobs = protocol.Raw(`{"content":[{"token":"a","logprob":-0.1,"bytes":[97],"top_logprobs":[{"token":"a","logprob":-0.1},{"token":"b","logprob":-2}]}]}`)
	two := one(protocol.StopEnd, say("a"))
	two.Choices = append(two.Choices, protocol.Choice{Parts: []protocol.Part{say("b")}, Stop: protocol.Stop{Reason: protocol.StopLength}})
	cutArgs := call("c1", "f", `{"_raw_arguments":"{\"a\": \"cu"}`)
	return []struct {
		name    string
		request protocol.Request
		answer  protocol.Response
	}{
		{"text", protocol.Request{}, one(protocol.StopEnd, say("Hello \"you\"\n"))},
		{"nothing", protocol.Request{}, one(protocol.StopEnd)},
		{"length", protocol.Request{}, one(protocol.StopLength, say("Hel"))},
		{"calls", protocol.Request{}, one(protocol.StopTool, say("I look."), call("toolu_1", "f", `{"a": [1, 2]}`), call("toolu_2", "g", `{}`))},
		{"arguments that were cut", protocol.Request{}, one(protocol.StopLength, cutArgs)},
		{"thinking hidden", protocol.Request{}, one(protocol.StopEnd, anthropicThinking("hm", "EqQB"), say("so"))},
		{"thinking shown", protocol.Request{Reasoning: see}, one(protocol.StopEnd, anthropicThinking("hm", "EqQB"), say("so"))},
		{"thinking before calls", protocol.Request{Reasoning: see}, one(protocol.StopTool, anthropicThinking("hm", "EqQB"), protocol.Part{Kind: protocol.PartRedacted, Signature: protocol.Signature{Maker: protocol.MadeByAnthropic, Data: text("b64")}}, call("1", "f", "{}"), call("2", "f", "{}"))},
		{"thinking without signature", protocol.Request{Reasoning: see}, one(protocol.StopTool, protocol.Part{Kind: protocol.PartThinking, Text: text("hm")}, call("1", "f", "{}"))},
		{"refusal", protocol.Request{}, refusal},
		{"refusal in words", protocol.Request{}, one(protocol.StopRefusal, protocol.Part{Kind: protocol.PartRefusal, Text: text("no")})},
		{"usage of all kinds", protocol.Request{}, counted},
		{"citations", protocol.Request{WebSearch: &protocol.WebSearch{}}, one(protocol.StopEnd, say("x"), cited)},
		{"an image", protocol.Request{}, one(protocol.StopEnd, image("image/png", "iVBO"))},
		{"logprobs", protocol.Request{Logprobs: true}, logs},
		{"two candidates", protocol.Request{N: 2}, two},
		{"a server's tool", protocol.Request{}, one(protocol.StopPause, protocol.Part{Kind: protocol.PartServerTool, Raw: protocol.Raw("{}")}, say("so"))},
	}
}

// Whole answers and streams, of the schema, and saying the same.
func TestEncodeAnswers(t *testing.T) { t.Run("case-110", testEncodeAnswers) }

func testEncodeAnswers(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "gemini.generateContent.response")
	var out strings.Builder
	for _, c := range answers() {
		x := exchange(&c.request, "their-model")
		whole := gemini.EncodeResponse(nil, x, &c.answer)
		if err := schema.Validate(whole); err != nil {
			t.Errorf("%s: %v\n%s", c.name, err, whole)
		}
		streamed := stream(x, c.answer.Replay(nil))
		out.WriteString("== " + c.name + "\n" + string(whole) + "\n" + strings.ReplaceAll(string(streamed), "\r\n\r\n", "\n") + "\n")
		var datas [][]byte
		for _, f := range frames(t, streamed) {
			datas = append(datas, sse.Data(f))
			if err := schema.Validate(sse.Data(f)); err != nil {
				t.Errorf("%s: %v\n%s", c.name, err, f)
			}
		}
		if d := cmp.Diff(said(t, whole), said(t, datas...)); d != "" {
			t.Errorf("%s, -whole +streamed:\n%s", c.name, d)
		}
	}
	golden(t, "answers.txt", out.String())
}

// A citation may come before the text that it is of.
func TestStreamEncoderCitesAhead(t *testing.T) {
	out := string(stream(exchange(&protocol.Request{}, "m"), []protocol.Event{
		{Kind: protocol.EventStart}, {Kind: protocol.EventPartStart, Part: &protocol.Part{}}, {Kind: protocol.EventDelta, Text: text("é")}, {Kind: protocol.EventPartStop},
		{Kind: protocol.EventPartStart, Part: &protocol.Part{}},
		{Kind: protocol.EventCite, Part: &protocol.Part{Citations: []protocol.Citation{{URL: text("https://a")}}}},
		{Kind: protocol.EventDelta, Text: text("日本")}, {Kind: protocol.EventPartStop},
		{Kind: protocol.EventStop, Stop: protocol.Stop{Reason: protocol.StopEnd}}, {Kind: protocol.EventEnd},
	}))
	if !strings.Contains(out, `{"startIndex":2,"endIndex":8,"text":"日本"}`) {
		t.Error(out)
	}
}

// Arguments come in pieces and go out whole.
func TestStreamEncoderBuffersArguments(t *testing.T) {
	x := exchange(nil, "x")
	part := &protocol.Part{Kind: protocol.PartCall, ID: text("1"), Name: text("f")}
	got := string(stream(x, []protocol.Event{
		{Kind: protocol.EventStart}, {Kind: protocol.EventPartStart, Part: part},
		{Kind: protocol.EventDelta, Text: text(`{"a`)}, {Kind: protocol.EventPing}, {Kind: protocol.EventDelta, Text: text(``)}, {Kind: protocol.EventDelta, Text: text(`":"\n"}`)},
		{Kind: protocol.EventPartStop},
	}))
	if !strings.Contains(got, `{"functionCall":{"id":"1","name":"f","args":{"a":"\n"}}}`) || strings.Count(got, "data: ") != 1 {
		t.Error(got)
	}
}

// What must be kept until it is whole has a limit.
func TestStreamEncoderLimits(t *testing.T) {
	mega := text(strings.Repeat("x", 1<<20))
	grow := func(kind protocol.PartKind, sign bool) []protocol.Event {
		p := &protocol.Part{Kind: kind, ID: text("1"), Name: text("f")}
		all := []protocol.Event{{Kind: protocol.EventStart}, {Kind: protocol.EventPartStart, Part: p}}
		for range 10 {
			all = append(all, protocol.Event{Kind: protocol.EventDelta, Text: mega})
		}
		if sign {
			all = append(all, protocol.Event{Kind: protocol.EventSignature, Part: &protocol.Part{Signature: protocol.Signature{Maker: protocol.MadeByAnthropic, Data: text("s")}}})
		}
		return append(all, protocol.Event{Kind: protocol.EventPartStop})
	}
	out := stream(exchange(nil, "x"), append(grow(protocol.PartCall, false), protocol.Event{Kind: protocol.EventEnd}))
	if len(out) > 1000 || !strings.Contains(string(out), "too long") || strings.Count(string(out), "data: ") != 1 {
		t.Errorf("%d bytes: %.300s", len(out), out)
	}
	part := &protocol.Part{Kind: protocol.PartCall, ID: text("1"), Name: text("f")}
	out = stream(exchange(nil, "x"), append(grow(protocol.PartThinking, true), protocol.Event{Kind: protocol.EventPartStart, Part: part}, protocol.Event{Kind: protocol.EventPartStop}))
	if len(out) > 1000 || !strings.Contains(string(out), `"functionCall":{"id":"1","name":"f","args":{}}}`) {
		t.Errorf("%d bytes: %.300s", len(out), out)
	}
}

func TestStreamEncoderError(t *testing.T) {
	x := exchange(nil, "x")
	got := string(stream(x, []protocol.Event{
		{Kind: protocol.EventStart}, {Kind: protocol.EventError, Err: protocol.Errorf(protocol.Overloaded, "busy")}, {Kind: protocol.EventEnd},
	}))
	if want := "data: {\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}\r\n\r\n"; got != want {
		t.Errorf("%q", got)
	}
}

func TestArrayElement(t *testing.T) {
	var out []byte
	for i, f := range frames(t, []byte("data: {\"a\":1}\r\n\r\ndata: {}\r\n\r\n: comment\n\n")) {
		out = gemini.ArrayElement(out, f, i == 0)
	}
	if got, want := string(out)+gemini.ArrayEnd, "[{\"a\":1},\r\n{}]\n"; got != want {
		t.Errorf("%q", got)
	}
}

// Another provider's thinking comes back from a Gemini client as it was, and
// where it was, whether the client kept the answer whole or chunk by chunk.
func TestThinkingTravels(t *testing.T) {
	redacted := protocol.Part{Kind: protocol.PartRedacted, Signature: protocol.Signature{Maker: protocol.MadeByAnthropic, Data: text("b64/+=")}}
	openai := protocol.Part{Kind: protocol.PartThinking, Text: text(""), Signature: protocol.Signature{Maker: protocol.MadeByOpenAI, Data: text("gAAA"), ID: text("rs_1")}}
	for name, parts := range map[string][]protocol.Part{
		"one":               {anthropicThinking("日本 \"hm\"\n", "EqQB"), call("1", "f", `{"a":1}`)},
		"case-43 empty":     {anthropicThinking("", "EqQB"), call("1", "f", `{}`)},
		"three":             {anthropicThinking("a", "1"), redacted, openai, call("1", "f", `{}`)},
		"words between":     {anthropicThinking("a", "1"), say("I look."), call("1", "f", `{}`), call("2", "f", `{}`)},
		"between two calls": {anthropicThinking("a", "1"), call("1", "f", `{}`), anthropicThinking("b", "2"), say("and"), call("2", "f", `{}`)},
	} {
		t.Run(name, func(t *testing.T) { testTravel(t, parts) })
	}
}

func testTravel(t *testing.T, parts []protocol.Part) {
	for _, show := range []protocol.Tri{protocol.Yes, protocol.No} {
		r := protocol.Request{Reasoning: protocol.Reasoning{Show: show}}
		answer := protocol.Response{Choices: []protocol.Choice{{Parts: parts, Stop: protocol.Stop{Reason: protocol.StopTool}}}}
		x := exchange(&r, "x")
		forms := [][]byte{gemini.EncodeResponse(nil, x, &answer)}
		var chunks [][]byte
		for _, f := range frames(t, stream(x, answer.Replay(nil))) {
			chunks = append(chunks, sse.Data(f))
		}
		for _, form := range [][][]byte{forms, chunks} {
			if d := cmp.Diff(parts, sentBack(t, form)); d != "" {
				t.Errorf("show %d, %d chunks:\n%s", show, len(form), d)
			}
		}
	}
}

// sentBack is what a client's next request says of an answer.
func sentBack(t *testing.T, answers [][]byte) []protocol.Part {
	t.Helper()
	var contents []string
	for _, a := range answers {
		var answer struct {
			Candidates []struct{ Content json.RawMessage }
		}
		if err := json.Unmarshal(a, &answer); err != nil {
			t.Fatal(err)
		}
		contents = append(contents, string(answer.Candidates[0].Content))
	}
	messages := decode(t, `{"contents":[`+strings.Join(contents, ",")+`]}`).Request.Messages
	if len(messages) != 1 {
		t.Fatalf("%d messages", len(messages))
	}
	return messages[0].Parts
}

// A typed client decodes signatures from base64 and encodes them again.
func TestSignaturesAreBase64(t *testing.T) {
	r := protocol.Request{Reasoning: protocol.Reasoning{Show: protocol.Yes}}
	answer := protocol.Response{Choices: []protocol.Choice{{Parts: []protocol.Part{anthropicThinking("hm", "EqQB-_"), call("1", "f", "{}")}}, {Parts: []protocol.Part{anthropicThinking("hm", "EqQB"), say("a"), call("1", "f", "{}")}}}}
	out := gemini.EncodeResponse(nil, exchange(&r, "x"), &answer)
	var typed struct {
		Candidates []struct {
			Content struct {
				Parts []struct{ ThoughtSignature []byte }
			}
		}
	}
	if err := json.Unmarshal(out, &typed); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, c := range typed.Candidates {
		for _, p := range c.Content.Parts {
			if len(p.ThoughtSignature) > 0 {
				n++
			}
		}
	}
	if n != 2 {
		t.Errorf("%d signatures: %s", n, out)
	}
}

func TestDecodeError(t *testing.T) {
	for _, c := range []struct {
		name       string
		status     int
		body       string
		code       protocol.Code
		reason     string
		retryAfter string
	}{
		{"case-97", 400, `{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}`, protocol.Authentication, "", "0s"},
		{"case-98", 429, `[{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"48.9s"}]}}]`, protocol.RateLimited, "", "49s"},
		{"case-101", 400, `{"error":{"code":400,"message":"The input token count (1250074) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}`, protocol.InvalidRequest, protocol.ReasonContextLength, "0s"},
		{"case-102", 502, "<html><title>502</title></html>", protocol.BadGateway, "", "0s"},
		{"case-103 nothing", 500, "", protocol.Internal, "", "0s"},
		{"case-103 a string", 400, `{"error":"bad"}`, protocol.InvalidRequest, "", "0s"},
		{"NOT_FOUND", 404, `{"error":{"code":404,"message":"models/x is not found","status":"NOT_FOUND"}}`, protocol.ModelNotFound, "", "0s"},
		{"UNAVAILABLE", 503, `{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}`, protocol.Overloaded, "", "0s"},
		{"UNAVAILABLE in a stream", 0, `{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}`, protocol.Overloaded, "", "0s"},
		{"DEADLINE_EXCEEDED", 504, `{"error":{"code":504,"message":"late","status":"DEADLINE_EXCEEDED"}}`, protocol.GatewayTimeout, "", "0s"},
		{"PERMISSION_DENIED", 403, `{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}`, protocol.Permission, "", "0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := gemini.DecodeError(c.status, []byte(c.body))
			if e.Code != c.code || e.Reason != c.reason || e.RetryAfter.String() != c.retryAfter || e.Status != 0 || e.Message == "" {
				t.Errorf("%d %s: %+v", c.status, c.body, e)
			}
		})
	}
	for _, r := range protocoltest.Recordings(t, "gemini") {
		if r.Status < 400 {
			continue
		}
		e := gemini.DecodeError(r.Status, r.Body)
		if r.Status == 429 && e.RetryAfter == 0 || r.Status == 400 && e.Reason != protocol.ReasonContextLength {
			t.Errorf("%s: %+v", r.Name, e)
		}
	}
}
