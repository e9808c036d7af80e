package protocol_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
)

// What is replayed and collected again is the same answer.
func TestReplayAndCollect(t *testing.T) {
	text := protocol.TextOf
	r := &protocol.Response{
		ID: text("id"), Model: text("m"), Tier: "default",
		Usage: protocol.Usage{Input: 3, Output: 5, Reasoning: 2},
		Choices: []protocol.Choice{
			{
				Parts: []protocol.Part{
					{Kind: protocol.PartThinking, Text: text("hm\n"), Signature: protocol.Signature{Maker: protocol.MadeByAnthropic, Data: text("sig")}},
					{Kind: protocol.PartRedacted, Signature: protocol.Signature{Maker: protocol.MadeByAnthropic, Data: text("data")}},
					{Kind: protocol.PartText, Text: text("a \"quoted\" word"), Citations: []protocol.Citation{{URL: text("u"), Title: text("t"), Start: 1, End: 3}}},
					{Kind: protocol.PartCall, ID: text("c1"), Name: text("f"), Args: protocol.Raw(`{"x":"\n"}`), Signature: protocol.Signature{Maker: protocol.MadeByGemini, Data: text("g")}},
				},
				Logprobs: protocol.Raw(`{"content":[{"token":"a"}]}`),
				Stop:     protocol.Stop{Reason: protocol.StopTool},
			},
			{Parts: []protocol.Part{{Kind: protocol.PartText, Text: text("two")}}, Stop: protocol.Stop{Reason: protocol.StopRefusal, Detail: text("no")}},
		},
	}
	var c protocol.Collector
	for _, e := range r.Replay(nil) {
		c.Add(&e)
	}
	got, err := c.Response()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Error(diff)
	}
}

func TestCollectorWithoutEnd(t *testing.T) {
	var c protocol.Collector
	c.Add(&protocol.Event{Kind: protocol.EventStart})
	if _, err := c.Response(); err == nil || err.Code != protocol.BadGateway {
		t.Errorf("a stream without end gives %v", err)
	}
	c.Add(&protocol.Event{Kind: protocol.EventError, Err: protocol.Errorf(protocol.Overloaded, "busy")})
	if _, err := c.Response(); err == nil || err.Code != protocol.Overloaded {
		t.Errorf("a stream with an error gives %v", err)
	}
}

func TestArgsOf(t *testing.T) {
	for in, want := range map[string]string{
		``:             `{}`,
		` `:            `{}`,
		`{"a": [1]} `:  `{"a": [1]}`,
		`[1]`:          `{"value":[1]}`,
		`"x"`:          `{"value":"x"}`,
		`{"a": "cut`:   `{"_raw_arguments":"{\"a\": \"cut"}`,
		`7}, {"evil"`:  `{"_raw_arguments":"7}, {\"evil\""}`,
		`{"a":1}{`:     `{"_raw_arguments":"{\"a\":1}{"}`,
		`1, "b": 2`:    `{"_raw_arguments":"1, \"b\": 2"}`,
		"{\"a\":\x01}": `{"_raw_arguments":"{\"a\":\u0001}"}`,
	} {
		if got := protocol.ArgsOf(protocol.TextOf(in)); string(got) != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}
