package openai_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
)

// describe tells a stream's events in a line.
func describe(events []protocol.Event) string {
	var b strings.Builder
	for _, e := range events {
		switch e.Kind {
		case protocol.EventStart:
			fmt.Fprintf(&b, "start %s ", e.ID.String())
		case protocol.EventPartStart:
			name := [...]string{"text", "thinking", "redacted", "call", "result", "image", "file", "audio", "refusal", "server"}[e.Part.Kind]
			fmt.Fprintf(&b, "%s%s%s(", name, e.Part.ID.Inner(), e.Part.Name.Inner())
			if e.Part.Media != nil {
				fmt.Fprintf(&b, "%s %s", e.Part.Media.Type.Inner(), e.Part.Media.Data.Inner())
			}
		case protocol.EventDelta:
			b.WriteString("|" + e.Text.String())
		case protocol.EventSignature:
			fmt.Fprintf(&b, "~%s", e.Part.Signature.Data.Inner())
		case protocol.EventCite:
			for _, c := range e.Part.Citations {
				fmt.Fprintf(&b, "^%s %d-%d", c.URL.Inner(), c.Start, c.End)
			}
		case protocol.EventPartStop:
			b.WriteString(") ")
		case protocol.EventLogprobs:
			fmt.Fprintf(&b, "#%s", e.Raw)
		case protocol.EventStop:
			fmt.Fprintf(&b, "stop %d %s", e.Stop.Reason, e.Stop.Detail.String())
		case protocol.EventEnd:
			fmt.Fprintf(&b, " end %d+%d", e.Usage.Input, e.Usage.Output)
		case protocol.EventError:
			fmt.Fprintf(&b, "error %s %s", e.Err.Code, e.Err.Message)
		}
	}
	return strings.TrimSpace(b.String())
}

const (
	created   = `{"type":"response.created","response":{"id":"r1","model":"m"}}`
	completed = `{"type":"response.completed","response":{"id":"r1","status":"completed","output":[],"usage":{"input_tokens":3,"output_tokens":4}}}`
)

// What servers do to a stream, and what it means. The frames have no event
// lines, which not all servers write.
func TestResponsesStreamDecoder(t *testing.T) {
	for name, tc := range map[string]struct {
		frames []string
		want   string
	}{
		"text": {[]string{
			created, `{"type":"response.in_progress","response":{"id":"r1"}}`, `{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m"}}`,
			`{"type":"response.content_part.added","output_index":0,"content_index":0,"part":{"type":"output_text","text":""}}`,
			`{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Hel","logprobs":[{"token":"Hel","logprob":-1}],"obfuscation":"xyz"}`,
			`{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"lo","logprobs":[]}`,
			`{"type":"response.output_text.annotation.added","output_index":0,"content_index":0,"annotation_index":0,"annotation":{"type":"url_citation","url":"u","title":"t","start_index":1,"end_index":3}}`,
			`{"type":"response.output_text.annotation.added","output_index":0,"content_index":0,"annotation_index":1,"annotation":{"type":"file_citation","file_id":"f","index":1}}`,
			`{"type":"response.output_text.done","output_index":0,"content_index":0,"text":"Hello"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"Hello"}]}}`, completed,
		}, `start r1 text(|Hel#{"content":[{"token":"Hel","logprob":-1}]}|lo^u 1-3) stop 1  end 3+4`},
		"only what is done": {[]string{
			created, `{"type":"response.output_text.done","output_index":0,"content_index":0,"text":"Hello"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"Hello"}]}}`,
			`{"type":"response.output_item.done","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":" again"},{"type":"refusal","refusal":"no"}]}}`,
			`{"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}}`, completed,
		}, `start r1 text(|Hello) text(| again) refusal(|no) callc1f(|{}) stop 5  end 3+4`},
		"nothing but the end": {[]string{
			`{"type":"response.completed","response":{"id":"r1","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"Hello"}]},{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"}],"usage":{"input_tokens":3,"output_tokens":4}}}`,
		}, `start r1 text(|Hello) callc1f(|{"a":1}) stop 5  end 3+4`},
		"interleaved items": {[]string{
			created, `{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":""}}`,
			`{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"c2","name":"g","arguments":""}}`,
			`{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\"b\""}`, `{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{}"}`,
			`{"type":"response.function_call_arguments.delta","output_index":1,"delta":":2}"}`,
			`{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c2","name":"g","arguments":"{\"b\":2}"}}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}}`, completed,
		}, `start r1 callc1f(|{}) callc2g(|{"b"|:2}) stop 5  end 3+4`},
		"items that are never done": {[]string{
			created, `{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a"}`, `{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"b"}`, completed,
		}, `start r1 text(|a) text(|b) stop 1  end 3+4`},
		"case-74 a name that comes late": {[]string{
			created, `{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"fc_1"}}`,
			`{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{\"a\""}`, `{"type":"response.function_call_arguments.delta","output_index":0,"delta":":1}"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","id":"fc_1","name":"f","arguments":"{\"a\":1}"}}`, completed,
		}, `start r1 callfc_1f(|{"a":1}) stop 5  end 3+4`},
		"case-88 reasoning that is encrypted at the end": {[]string{
			created, `{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}`,
			`{"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}`,
			`{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"One"}`, `{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"Two"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"One"},{"type":"summary_text","text":"Two"}],"encrypted_content":"gAAA"}}`,
			`{"type":"response.output_item.done","output_index":1,"item":{"type":"reasoning","id":"rs_2","summary":[]}}`,
			`{"type":"response.output_item.done","output_index":2,"item":{"type":"reasoning","id":"rs_3","summary":[],"encrypted_content":"gBBB"}}`, completed,
		}, `start r1 thinking(|One|` + "\n\n" + `|Two~gAAA) thinking(~gBBB) stop 1  end 3+4`},
		"reasoning in full": {[]string{
			created, `{"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"hm"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]}}`, completed,
		}, `start r1 thinking(|hm) stop 1  end 3+4`},
		"a custom tool": {[]string{
			created, `{"type":"response.output_item.added","output_index":0,"item":{"type":"custom_tool_call","call_id":"c1","name":"patch","input":""}}`,
			`{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"a \"b\""}`, `{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"\n"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"custom_tool_call","call_id":"c1","name":"patch","input":"a \"b\"\n"}}`,
			`{"type":"response.output_item.done","output_index":1,"item":{"type":"custom_tool_call","call_id":"c2","name":"patch","input":"x"}}`, completed,
		}, `start r1 callc1patch(|{"input":"a \"b\"|\n|"}) callc2patch(|{"input":"x|"}) stop 5  end 3+4`},
		"refusal": {[]string{
			created, `{"type":"response.refusal.delta","output_index":0,"content_index":0,"delta":"I "}`, `{"type":"response.refusal.delta","output_index":0,"content_index":0,"delta":"won't."}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"refusal","refusal":"I won't."}]}}`, completed,
		}, `start r1 refusal(|I |won't.) stop 6 I won't. end 3+4`},
		"hosted tools and images": {[]string{
			created, `{"type":"response.output_item.added","output_index":0,"item":{"type":"web_search_call","id":"ws"}}`, `{"type":"response.web_search_call.searching","output_index":0,"item_id":"ws"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"web_search_call","id":"ws","status":"completed"}}`,
			`{"type":"response.output_item.done","output_index":1,"item":{"type":"image_generation_call","id":"ig","result":"iVBO","output_format":"JPEG"}}`, completed,
		}, `start r1 serverweb_search_call() image(image/jpeg iVBO) stop 1  end 3+4`},
		"too long": {[]string{
			created, `{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a"}`,
			`{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[],"usage":{"input_tokens":1,"output_tokens":2}}}`,
		}, `start r1 text(|a) stop 3  end 1+2`},
		"filtered": {[]string{
			created, `{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}}`,
		}, `start r1 stop 6  end 0+0`},
		"case-87 an error, flat": {[]string{
			created, `{"type":"error","code":"rate_limit_exceeded","message":"Slow down.","param":null,"sequence_number":1}`, `{"type":"response.failed","response":{"error":{"code":"server_error","message":"again"}}}`,
		}, `start r1 error rate_limited Slow down.`},
		"case-87 an error, nested": {[]string{
			created, `{"type":"error","sequence_number":1,"error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"Too long.","param":"input"}}`,
		}, `start r1 error invalid_request Too long.`},
		"failed":         {[]string{created, `{"type":"response.failed","response":{"id":"r1","status":"failed","error":{"code":"server_error","message":"Oops."}}}`}, `start r1 error internal Oops.`},
		"cut":            {[]string{created, `{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a"}`}, `start r1 text(|aerror bad_gateway The provider's answer broke off.`},
		"no JSON":        {[]string{created, `{"type":`}, `start r1 error bad_gateway The provider's answer is not readable.`},
		"unknown events": {[]string{created, `{"type":"response.new.thing","output_index":0,"delta":"x"}`, `{"type":"response.weather"}`, `{}`, completed, completed, `[DONE]`}, `start r1 stop 1  end 3+4`},
	} {
		t.Run(name, func(t *testing.T) {
			stream := []byte("data: " + strings.Join(tc.frames, "\n\ndata: ") + "\n\n")
			if got := describe(decodeStream(t, openai.NewResponsesStreamDecoder(carrying()), stream, len(stream))); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// Names come back as the client gave them, and a call that stands in for a
// schema is the text of the answer.
func TestResponsesStreamNames(t *testing.T) {
	x := carrying()
	long := protocol.Text(`"mcp.server/tool"`)
	sent := x.SendName(long, &protocol.Rule{Max: 64, Extra: "-"})
	x.FormatTool = "json_output"
	stream := []byte(`data: {"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c1","name":` + string(sent) + "}}\n\n" +
		`data: {"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","call_id":"c1","name":` + string(sent) + `,"arguments":"{}"}}` + "\n\n" +
		`data: {"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"c2","name":"json_output"}}` + "\n\n" +
		`data: {"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\"a\":1}"}` + "\n\n" +
		`data: {"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c2","name":"json_output","arguments":"{\"a\":1}"}}` + "\n\n" +
		"data: " + completed + "\n\n")
	want := `start  callc1mcp.server/tool(|{}) text(|{"a":1}) stop 5  end 3+4`
	if got := describe(decodeStream(t, openai.NewResponsesStreamDecoder(x), stream, len(stream))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
