package anthropic_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/sse"
)

// Blocks that a server fills side by side, and blocks that it never ends, say
// what they would have said one after the other.
func TestBlocksThatOverlap(t *testing.T) {
	var (
		thinking = blockStart("0", `{"type":"thinking","thinking":"","signature":""}`)
		text     = blockStart("1", `{"type":"text","text":""}`)
		search   = blockStart("2", `{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}`)
		one      = blockStart("3", `{"type":"tool_use","id":"toolu_1","name":"f","input":{}}`)
		two      = blockStart("4", `{"type":"tool_use","id":"toolu_2","name":"g","input":{}}`)
	)
	thought := func(s string) string { return blockDelta("0", `{"type":"thinking_delta","thinking":"`+s+`"}`) }
	said := func(s string) string { return blockDelta("1", `{"type":"text_delta","text":"`+s+`"}`) }
	args := func(index, s string) string {
		return blockDelta(index, `{"type":"input_json_delta","partial_json":"`+s+`"}`)
	}
	signed := blockDelta("0", `{"type":"signature_delta","signature":"sig"}`)
	want, err := collect(decodeStream(t, newExchange("m"), []byte(streamOf(messageStart,
		thinking, thought("a"), thought("b"), signed, blockStop("0"),
		text, said("x"), said("y"), blockStop("1"),
		search, args("2", `{\"q\":1}`), blockStop("2"),
		one, args("3", `{\"a\":`), args("3", `1}`), blockStop("3"),
		two, args("4", `{\"b\":`), args("4", `2}`), blockStop("4"),
		messageDelta("tool_use"), messageStop))))
	if err != nil || len(want.Choices[0].Parts) != 5 {
		t.Fatalf("%v %+v", err, want)
	}
	for name, frames := range map[string][]string{
		"side by side": {thinking, text, thought("a"), said("x"), search, one, thought("b"), args("2", `{\"q\":`), two, args("4", `{\"b\":`),
			signed, args("3", `{\"a\":`), said("y"), args("4", `2}`), args("3", `1}`), args("2", `1}`),
			blockStop("4"), blockStop("2"), blockStop("0"), blockStop("3"), blockStop("1")},
		"two calls side by side": {thinking, thought("ab"), signed, blockStop("0"), text, said("xy"), blockStop("1"), search, args("2", `{\"q\":1}`), blockStop("2"),
			one, two, args("3", `{\"a\":`), args("4", `{\"b\":2}`), args("3", `1}`), blockStop("3"), blockStop("4")},
		"without an end": {thinking, thought("ab"), signed, text, said("xy"), search, args("2", `{\"q\":1}`), one, args("3", `{\"a\":1}`), two, args("4", `{\"b\":2}`)},
		"some without":   {thinking, thought("ab"), signed, text, said("xy"), blockStop("0"), search, args("2", `{\"q\":1}`), blockStop("1"), one, args("3", `{\"a\":1}`), two, args("4", `{\"b\":2}`), blockStop("4")},
	} {
		for _, end := range [][]string{{messageDelta("tool_use"), messageStop}, {messageDelta("tool_use")}} {
			all := append(append([]string{messageStart}, frames...), end...)
			got, err := collect(decodeStream(t, newExchange("m"), []byte(streamOf(all...))))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-want +got)\n%s", name, d)
			}
		}
	}
}

// What waits is bounded: a stream that opens blocks and never ends them costs
// neither memory nor time without end.
func TestBlocksThatWaitAreBounded(t *testing.T) {
	d := anthropic.NewStreamDecoder(newExchange("m"))
	var events []protocol.Event
	feed := func(data string) {
		events = d.Frame(events[:0], sse.AppendEvent(nil, "x", []byte(data)))
	}
	feed(messageStart)
	feed(blockStart("0", `{"type":"text","text":""}`))
	long := blockDelta("1", `{"type":"text_delta","text":"`+strings.Repeat("x", 1<<20)+`"}`)
	for i := 0; i < 20 && len(events) == 0; i++ {
		feed(long)
	}
	if len(events) != 1 || events[0].Kind != protocol.EventError || events[0].Err.Code != protocol.BadGateway {
		t.Errorf("%+v", events)
	}
}
