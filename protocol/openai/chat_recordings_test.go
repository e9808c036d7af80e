package openai_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

// exchange is a call whose ids are the same in every run.
func exchange(r *protocol.Request) *protocol.Exchange {
	return &protocol.Exchange{Request: r, Model: "asked", Target: "gpt-4o", Now: time.Unix(1_700_000_000, 0), Rand: protocol.NewRand(1, 2)}
}

// decodeStream gives all events of a stream that comes in pieces of n bytes.
// They are copied: an event lives until the next frame only.
func decodeStream(tb testing.TB, d protocol.StreamDecoder, body []byte, n int) []protocol.Event {
	tb.Helper()
	var all, events []protocol.Event
	keep := func() {
		for _, e := range events {
			e.Text, e.ID, e.Model = bytes.Clone(e.Text), bytes.Clone(e.ID), bytes.Clone(e.Model)
			e.Raw = bytes.Clone(e.Raw)
			e.Stop.Sequence, e.Stop.Detail = bytes.Clone(e.Stop.Sequence), bytes.Clone(e.Stop.Detail)
			if e.Part != nil {
				p := e.Part.Clone()
				e.Part = &p
			}
			all = append(all, e)
		}
		events = events[:0]
	}
	frame := func(raw []byte) {
		events = d.Frame(events, raw)
		keep()
	}
	var split sse.Splitter
	for rest := body; len(rest) > 0; {
		step := min(n, len(rest))
		if err := split.Feed(rest[:step], frame); err != nil {
			tb.Fatal(err)
		}
		rest = rest[step:]
	}
	split.Close(frame)
	events = d.End(events)
	keep()
	return all
}

// checkOrder tells what of the hub's order a stream's events break.
func checkOrder(tb testing.TB, events []protocol.Event) {
	tb.Helper()
	open := map[int]bool{}
	stopped := map[int]bool{}
	ended := false
	for i, e := range events {
		if ended {
			tb.Fatalf("event %d of kind %d behind the end", i, e.Kind)
		}
		switch e.Kind {
		case protocol.EventPartStart:
			if open[e.Choice] || stopped[e.Choice] {
				tb.Fatalf("event %d: a part starts inside of another or behind the stop", i)
			}
			open[e.Choice] = true
		case protocol.EventDelta, protocol.EventSignature, protocol.EventCite:
			if !open[e.Choice] {
				tb.Fatalf("event %d of kind %d outside of a part", i, e.Kind)
			}
		case protocol.EventPartStop:
			if !open[e.Choice] {
				tb.Fatalf("event %d: nothing to stop", i)
			}
			open[e.Choice] = false
		case protocol.EventStop:
			if open[e.Choice] || stopped[e.Choice] {
				tb.Fatalf("event %d: stop inside of a part, or a second one", i)
			}
			stopped[e.Choice] = true
		case protocol.EventEnd, protocol.EventError:
			ended = true
		}
	}
	if !ended {
		tb.Fatal("no end")
	}
}

func encodeStream(x *protocol.Exchange, events []protocol.Event) []byte {
	e := openai.NewChatStreamEncoder(x)
	var out []byte
	for i := range events {
		out = e.Event(out, &events[i])
	}
	return out
}

// checkChunks validates a stream for a client. The schema of a chunk does not
// list annotations; real streams have them in their deltas all the same.
func checkChunks(t *testing.T, schema *protocoltest.Schema, stream []byte) {
	t.Helper()
	var split sse.Splitter
	last := ""
	check := func(raw []byte) {
		data := sse.Data(raw)
		last = string(data)
		if data == nil || last == "[DONE]" || strings.HasPrefix(last, `{"error"`) || strings.Contains(last, `"annotations"`) {
			return
		}
		if err := schema.Validate(data); err != nil {
			t.Errorf("%v\n%.400s", err, data)
		}
	}
	if err := split.Feed(stream, check); err != nil {
		t.Fatal(err)
	}
	split.Close(check)
	if last != "[DONE]" && !strings.HasPrefix(last, `{"error"`) {
		t.Errorf("the stream ends with %s", last)
	}
}

// Every recorded answer is read, written again and is then what OpenAI's
// schema demands; what was read of both is the same.
func TestChatRecordings(t *testing.T) {
	whole := protocoltest.LoadSchema(t, "openai.chat.completion")
	chunks := protocoltest.LoadSchema(t, "openai.chat.completion.chunk")
	for _, r := range protocoltest.Recordings(t, "openai-chat") {
		t.Run(r.Name, func(t *testing.T) {
			x := exchange(&protocol.Request{Stream: r.Stream, IncludeUsage: true})
			if !r.Stream {
				got, err := openai.DecodeChatResponse(x, r.Body)
				if r.Status != 200 || err != nil {
					if (r.Status != 200) != (err != nil) {
						t.Fatalf("status %d, error %v", r.Status, err)
					}
					return
				}
				out := openai.EncodeChatResponse(nil, x, got)
				if err := whole.Validate(out); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
				again, err := openai.DecodeChatResponse(x, out)
				if err != nil {
					t.Fatal(err)
				}
				got.ID, again.ID, got.Model, again.Model = nil, nil, nil, nil
				if d := cmp.Diff(got, again); d != "" {
					t.Error(d)
				}
				return
			}
			events := decodeStream(t, openai.NewChatStreamDecoder(x), r.Body, len(r.Body))
			checkOrder(t, events)
			out := encodeStream(x, events)
			checkChunks(t, chunks, out)
			again := decodeStream(t, openai.NewChatStreamDecoder(x), out, len(out))
			checkOrder(t, again)
			if d := cmp.Diff(collect(events), collect(again)); d != "" {
				t.Error(d)
			}
		})
	}
}

// collect gives the answer of a stream, or its error's text, without what
// differs from call to call.
func collect(events []protocol.Event) any {
	var c protocol.Collector
	for i := range events {
		c.Add(&events[i])
	}
	r, err := c.Response()
	if err != nil {
		return err.Message
	}
	r.ID, r.Model = nil, nil
	return r
}
