package openai_test

import (
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
)

// The logprobs of a piece stand in its chunk, where clients of either API look
// for them; those of nothing, and those that come too late, are told alone.
func TestLogprobsStandWithTheirPiece(t *testing.T) {
	const tokens = `{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]}`
	logprobs := func(choice int) *protocol.Event {
		return &protocol.Event{Kind: protocol.EventLogprobs, Choice: choice, Raw: protocol.Raw(`{"content":[` + tokens + `]}`)}
	}
	piece := func(choice int) *protocol.Event {
		return &protocol.Event{Kind: protocol.EventDelta, Choice: choice, Text: text("a")}
	}
	start := func(choice int) *protocol.Event {
		return &protocol.Event{Kind: protocol.EventPartStart, Choice: choice, Part: &protocol.Part{}}
	}
	x := &protocol.Exchange{Request: &protocol.Request{IncludeUsage: true}, Model: "m", Rand: protocol.NewRand(1, 2)}
	frames := func(e protocol.StreamEncoder, events ...*protocol.Event) string {
		var out []byte
		for _, ev := range events {
			out = e.Event(out, ev)
		}
		return string(out)
	}
	const told = `"logprobs":{"content":[` + tokens + `],"refusal":null}`
	chat := openai.NewChatStreamEncoder(x)
	for i, step := range []struct {
		events []*protocol.Event
		want   string
		times  int
	}{
		{[]*protocol.Event{{Kind: protocol.EventStart}, start(0), piece(0), logprobs(0)}, `"delta":{"content":"a"},` + told + `,"finish_reason":null}],"usage":null}`, 1},
		{[]*protocol.Event{piece(0), logprobs(0), piece(0), logprobs(0)}, `"delta":{"content":"a"},` + told, 2},
		{[]*protocol.Event{logprobs(0)}, `"delta":{},` + told, 1},
		{[]*protocol.Event{start(1), piece(0), logprobs(1)}, `"index":1,"delta":{},` + told, 1},
		{[]*protocol.Event{piece(0), start(1), logprobs(0)}, `"delta":{},` + told, 1},
	} {
		if got := frames(chat, step.events...); strings.Count(got, step.want) != step.times {
			t.Errorf("chat, %d: %s", i, got)
		}
	}
	responses := openai.NewResponsesStreamEncoder(x)
	got := frames(responses, &protocol.Event{Kind: protocol.EventStart}, start(0), piece(0), logprobs(0), piece(0), logprobs(0), &protocol.Event{Kind: protocol.EventPartStop},
		&protocol.Event{Kind: protocol.EventStop, Stop: protocol.Stop{Reason: protocol.StopEnd}}, &protocol.Event{Kind: protocol.EventEnd})
	if n := strings.Count(got, `"delta":"a","logprobs":[`+tokens+`]}`); n != 2 || !strings.Contains(got, `"logprobs":[`+tokens+`,`+tokens+`]`) {
		t.Errorf("responses: %s", got)
	}
}
