package anthropic_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

// told is all that events say, as a text that is quick to compare.
func told(events []protocol.Event) string {
	var b strings.Builder
	for i := range events {
		e := &events[i]
		fmt.Fprintf(&b, "%d %s %s %s %s %d %s %s %d %v", e.Kind, e.Text, e.ID, e.Model, e.Tier, e.Stop.Reason, e.Stop.Sequence, e.Stop.Detail, e.Usage, e.Err)
		if p := e.Part; p != nil {
			fmt.Fprintf(&b, " %d %s %s %s %s", p.Kind, p.ID, p.Name, p.Raw, p.Signature.Data)
			for _, c := range p.Citations {
				fmt.Fprintf(&b, " %s %s", c.URL, c.Title)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// A stream that is cut anywhere gives the same events: at every byte of a
// short one that has all there is, with either line end, and at many of every
// recorded one.
func TestStreamSplit(t *testing.T) {
	check := func(name string, stream []byte, step int) {
		want := told(decodeStream(t, newExchange("m"), stream))
		for i := 0; i <= len(stream); i += step {
			if got := told(decodeStream(t, newExchange("m"), stream[:i], stream[i:])); got != want {
				t.Fatalf("%s cut at %d: %s", name, i, cmp.Diff(want, got))
			}
		}
	}
	for _, end := range []string{"\n", "\r\n", "\r"} {
		check("everything", []byte(strings.ReplaceAll(streamOf(everything...), "\n", end)), 1)
	}
	streams := 0
	for _, r := range protocoltest.Recordings(t, "anthropic") {
		if r.Stream {
			streams++
			check(r.Name, r.Body, max(1, len(r.Body)/50))
		}
	}
	if streams < 25 {
		t.Errorf("only %d streams", streams)
	}
}

// streamOf makes a stream of the data of events; what starts with ':' is a
// comment.
func streamOf(data ...string) string {
	var out []byte
	for _, d := range data {
		if strings.HasPrefix(d, ":") {
			out = append(out, d+"\n\n"...)
			continue
		}
		kind, _ := protocol.Find([]byte(d), "type")
		out = sse.AppendEvent(out, protocol.Text(kind).String(), []byte(d))
	}
	return string(out)
}

const (
	messageStart = `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":2479,"cache_read_input_tokens":10,"output_tokens":1,"service_tier":"standard"}}}`
	messageStop  = `{"type":"message_stop"}`
)

func blockStart(index, block string) string {
	return `{"type":"content_block_start","index":` + index + `,"content_block":` + block + `}`
}

func blockDelta(index, delta string) string {
	return `{"type":"content_block_delta","index":` + index + `,"delta":` + delta + `}`
}

func blockStop(index string) string { return `{"type":"content_block_stop","index":` + index + `}` }

func messageDelta(reason string) string {
	return `{"type":"message_delta","delta":{"stop_reason":"` + reason + `","stop_sequence":null},"usage":{"input_tokens":404500,"cache_read_input_tokens":null,"output_tokens":89}}`
}

var everything = []string{
	messageStart,
	blockStart("0", `{"type":"thinking","thinking":"","signature":""}`),
	`{"type": "ping"}`,
	blockDelta("0", `{"type":"thinking_delta","thinking":"hm, é 🙂\n"}`),
	blockDelta("0", `{"type":"signature_delta","signature":"first"}`),
	blockDelta("0", `{"type":"signature_delta","signature":"last"}`),
	blockStop("0"),
	blockStart("1", `{"type":"redacted_thinking","data":"secret"}`),
	blockStop("1"),
	": a comment",
	blockStart("2", `{"type":"text","text":""}`),
	blockDelta("2", `{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://a","title":"A","encrypted_index":"x","cited_text":"y"}}`),
	blockDelta("2", `{"type":"text_delta","text":"It is \"so\"."}`),
	blockStop("2"),
	blockStart("3", `{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}`),
	blockDelta("3", `{"type":"input_json_delta","partial_json":"{\"query\":"}`),
	blockDelta("3", `{"type":"input_json_delta","partial_json":" \"x\"}"}`),
	blockStop("3"),
	blockStart("4", `{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}`),
	blockStop("4"),
	blockStart("5", `{"type":"text","text":""}`),
	blockStop("5"),
	blockStart("6", `{"type":"something_new","text":"x"}`),
	blockDelta("6", `{"type":"text_delta","text":"hidden"}`),
	blockStop("6"),
	blockStart("7", `{"type":"tool_use","id":"toolu_1","name":"f","input":{}}`),
	blockDelta("7", `{"type":"input_json_delta","partial_json":""}`),
	blockDelta("7", `{"type":"input_json_delta","partial_json":"{\"a\":"}`),
	blockDelta("7", `{"type":"compaction_delta","content":"?"}`),
	blockDelta("7", `{"type":"input_json_delta","partial_json":"1}"}`),
	blockStop("7"),
	blockStart("8", `{"type":"tool_use","id":"toolu_2","name":"g","input":{}}`),
	blockStop("8"),
	blockStart("9", `{"type":"tool_use","id":"toolu_3","name":"h","input":{"whole": true}}`),
	blockStop("9"),
	`{"type":"something_else"}`,
	messageDelta("tool_use"),
	messageStop,
}

func TestStreamDecoder(t *testing.T) {
	answer, err := collect(decodeStream(t, newExchange("m"), []byte(streamOf(everything...))))
	if err != nil {
		t.Fatal(err)
	}
	server := protocol.Signature{Maker: protocol.MadeByAnthropic}
	cited := words(`It is "so".`)
	cited.Citations = []protocol.Citation{{URL: str("https://a"), Title: str("A")}}
	want := &protocol.Response{
		ID: str("msg_1"), Model: str("claude-x"), Tier: "default",
		Usage: protocol.Usage{Input: 404500, CacheRead: 10, Output: 89}, // case-59
		Choices: []protocol.Choice{{
			Parts: []protocol.Part{
				thought(protocol.MadeByAnthropic, "hm, é 🙂\n", "last"),
				{Kind: protocol.PartRedacted, Signature: protocol.Signature{Maker: protocol.MadeByAnthropic, Data: str("secret")}},
				cited,
				{Kind: protocol.PartServerTool, Name: str("web_search"), Signature: server, Raw: protocol.Raw(`{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query": "x"}}`)},
				{Kind: protocol.PartServerTool, Signature: server, Raw: protocol.Raw(`{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}`)},
				call("toolu_1", "f", `{"a":1}`),
				call("toolu_2", "g", `{}`), // case-57
				call("toolu_3", "h", `{"whole": true}`),
			},
			Stop: protocol.Stop{Reason: protocol.StopTool},
		}},
	}
	if d := cmp.Diff(want, answer); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// kinds tells a stream's events in short.
func kinds(events []protocol.Event) string {
	names := []string{"ping", "start", "part", "delta", "sign", "cite", "close", "logprobs", "usage", "stop", "end", "error"}
	var out []string
	for _, e := range events {
		if e.Kind == protocol.EventPing || e.Kind == protocol.EventUsage {
			continue
		}
		s := names[e.Kind]
		if e.Err != nil {
			s += ":" + e.Err.Code.String()
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestStreamDecoderEnds(t *testing.T) {
	text := []string{blockStart("0", `{"type":"text","text":"a"}`), blockDelta("0", `{"type":"text_delta","text":"b"}`), blockStop("0")}
	with := func(before string, after ...string) []string {
		return append(append([]string{before}, text...), after...)
	}
	overloaded := `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`
	for _, c := range []struct {
		name   string
		frames []string
		want   string
	}{
		{"whole", with(messageStart, messageDelta("end_turn"), messageStop, messageStop), "start part delta delta close stop end"},
		{"no message_stop", with(messageStart, messageDelta("end_turn")), "start part delta delta close stop end"},
		{"the end of another dialect", append(with(messageStart, messageDelta("end_turn")), ": x"), "start part delta delta close stop end"},
		{"case-78 cut", with(messageStart), "start part delta delta close error:bad_gateway"},
		{"cut in a block", []string{messageStart, text[0]}, "start part delta error:bad_gateway"},
		{"nothing", nil, "error:bad_gateway"},
		{"no reason", with(messageStart, messageStop), "start part delta delta close error:bad_gateway"},
		{"case-83 overloaded before content", []string{messageStart, overloaded, messageStop}, "start error:overloaded"},
		{"case-83 overloaded behind content", with(messageStart, overloaded), "start part delta delta close error:overloaded"},
		{"case-79 an error of another form", []string{messageStart, `{"error":{"message":"no","code":502}}`}, "start error:bad_gateway"},
		{"case-81 twice started", append([]string{messageStart}, with(messageStart, messageDelta("end_turn"), messageStop)...), "start part delta delta close stop end"},
		{"case-81 spliced", []string{messageStart, text[0], text[1], messageStart, text[0], text[2], messageDelta("end_turn"), messageStop}, "start part delta delta close part delta close stop end"},
		{"not started", append(text, messageDelta("end_turn"), messageStop), "start part delta delta close stop end"},
		{"blocks without ends", []string{messageStart, text[0], blockStart("1", `{"type":"tool_use","id":"a","name":"f"}`), messageDelta("tool_use"), messageStop}, "start part delta close part delta close stop end"},
		{"pieces of another block", []string{messageStart, text[0], blockDelta("1", `{"type":"text_delta","text":"x"}`), blockStop("1"), blockStop("0"), blockDelta("0", `{"type":"text_delta","text":"x"}`), messageDelta("end_turn"), messageStop}, "start part delta close stop end"},
		{"broken", []string{messageStart, `{"type":"ping"`}, "start error:bad_gateway"},
		{"nonsense inside", []string{messageStart, blockStart("0", `7`), blockDelta("0", `[]`), blockStop("0"), `{"type":"message_delta","delta":null,"usage":7}`, messageDelta("end_turn"), messageStop}, "start stop end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := kinds(decodeStream(t, newExchange("m"), []byte(streamOf(c.frames...)))); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	done := streamOf(with(messageStart, messageDelta("end_turn"))...) + "data: [DONE]\n\n"
	if got := kinds(decodeStream(t, newExchange("m"), []byte(done))); got != "start part delta delta close stop end" {
		t.Errorf("with [DONE]: %s", got)
	}
}

// The tool that stands for a JSON schema, and names that were changed, do not
// show, streamed or not.
func TestAnswerUndoesTheRequest(t *testing.T) {
	x, body, err := encodeHub("claude-sonnet-4-20250514", protocol.Request{Format: schemaFormat(`{"type":"object"}`), Tools: []protocol.Tool{tool("mcp.server/tool"), {Kind: protocol.ToolCustom, Name: str("patch"), Namespace: str("ns")}}})
	if err != nil || x.FormatTool == "" {
		t.Fatal(err, string(body))
	}
	const usage = `"usage":{"input_tokens":1,"output_tokens":2}`
	for _, c := range []struct {
		block, args, reason string
		want                protocol.Part
		stop                protocol.StopReason
	}{
		{`{"type":"tool_use","id":"a","name":"json_output","input":`, `{"a":"b"}`, "tool_use", words(`{"a":"b"}`), protocol.StopEnd},
		{`{"type":"tool_use","id":"a","name":"mcp_server_tool_9ab4336b","input":`, `{"a":"b"}`, "tool_use", call("a", "mcp.server/tool", `{"a":"b"}`), protocol.StopTool},
		{`{"type":"tool_use","id":"a","name":"patch","input":`, `{"input":"b"}`, "tool_use", protocol.Part{Kind: protocol.PartCall, ID: str("a"), Name: str("patch"), Namespace: str("ns"), Custom: true, Args: protocol.Raw(`{"input":"b"}`)}, protocol.StopTool},
	} {
		whole, err := anthropic.DecodeResponse(x, []byte(`{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[`+c.block+c.args+`}],"stop_reason":"`+c.reason+`",`+usage+`}`))
		if err != nil {
			t.Fatal(err)
		}
		streamed, e := collect(decodeStream(t, x, []byte(streamOf(messageStart, blockStart("0", c.block+`{}}`),
			blockDelta("0", `{"type":"input_json_delta","partial_json":`+string(str(c.args[:3]))+`}`), blockDelta("0", `{"type":"input_json_delta","partial_json":`+string(str(c.args[3:]))+`}`),
			blockStop("0"), messageDelta(c.reason), messageStop))))
		if e != nil {
			t.Fatal(e)
		}
		for _, r := range []*protocol.Response{whole, streamed} {
			if d := cmp.Diff([]protocol.Part{c.want}, r.Choices[0].Parts); d != "" || r.Choices[0].Stop.Reason != c.stop {
				t.Errorf("%v %s", r.Choices[0].Stop, d)
			}
		}
	}
}

// What a frame's events point to is theirs as long as the frame lives, and
// what the decoder keeps does not change with it.
func TestStreamDecoderKeepsNothingOfAFrame(t *testing.T) {
	x := newExchange("m")
	d := anthropic.NewStreamDecoder(x)
	var c protocol.Collector
	var s sse.Splitter
	buf := make([]byte, 0, 4096)
	see := func(raw []byte) {
		buf = append(buf[:0], raw...)
		for _, e := range d.Frame(nil, buf) {
			c.Add(&e)
		}
		for i := range buf {
			buf[i] = '?'
		}
	}
	if err := s.Feed([]byte(streamOf(everything...)), see); err != nil {
		t.Fatal(err)
	}
	got, err := c.Response()
	if err != nil {
		t.Fatal(err)
	}
	want, _ := collect(decodeStream(t, x, []byte(streamOf(everything...))))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if bytes.Contains([]byte(got.ID), []byte("?")) {
		t.Error("the frame's bytes are kept")
	}
}
