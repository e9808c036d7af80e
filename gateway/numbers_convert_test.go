package gateway_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/llmgw/llmgw/gateway"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
)

// conversions measures what converting costs.
func (n *numbers) conversions() {
	n.conversion("a chat of 10 KB with tools, to Anthropic", chatOfTools(10<<10), 40*time.Microsecond, 50)
	n.conversion("a chat with an image of 500 KB, to Anthropic", chatOfImage(500<<10), 400*time.Microsecond, 50)
	n.events()
	n.passing()
}

func (n *numbers) conversion(what string, body []byte, most time.Duration, allocations int64) {
	if !n.wanted(what) {
		return
	}
	dst := make([]byte, 0, 2*len(body))
	convert := func() {
		x := exchange()
		if err := openai.DecodeChatRequest(x, body); err != nil {
			n.t.Fatal(err)
		}
		protocol.Arrange(x)
		if _, err := anthropic.EncodeRequest(dst[:0], x); err != nil {
			n.t.Fatal(err)
		}
	}
	took, allocs := cost(n.t, convert), int64(testing.AllocsPerRun(50, convert))
	n.row(what, "", "", fmt.Sprintf("%v, %d allocations", took, allocs), fmt.Sprintf("%v, %d", most, allocations), n.verdict(took <= most && allocs <= allocations))
}

// cost is the CPU time of one f on its thread, the least of several rounds:
// what else the machine does counts for nothing.
func cost(t *testing.T, f func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	used := func() time.Duration {
		var u unix.Rusage
		if err := unix.Getrusage(usageOf, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	times := 1
	var best time.Duration
	for round := 0; round < 7; {
		began := used()
		for range times {
			f()
		}
		took := used() - began
		if took < 20*time.Millisecond {
			times *= 2
			continue
		}
		round++
		if per := took / time.Duration(times); best == 0 || per < best {
			best = per
		}
	}
	return best
}

func exchange() *protocol.Exchange {
	return &protocol.Exchange{Request: new(protocol.Request), Model: "asked", Target: "claude-sonnet-5", Now: time.Unix(1_790_000_000, 0), Rand: protocol.NewRand(1, 2)}
}

// events measures one text event of every pair of dialects, and takes the
// median.
func (n *numbers) events() {
	const what = "a stream's event converted, median of the pairs"
	if !n.wanted(what) {
		return
	}
	frames := map[string]struct {
		decoder func(*protocol.Exchange) protocol.StreamDecoder
		start   string
		frame   string
	}{
		"openai": {openai.NewChatStreamDecoder, `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"a"},"finish_reason":null}]}` + "\n\n", chatEvents()[7]},
		"anthropic": {anthropic.NewStreamDecoder, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n" +
			"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
			"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word\"}}\n\n"},
		"gemini": {gemini.NewStreamDecoder, "", "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\" word\"}],\"role\":\"model\"},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":3,\"totalTokenCount\":12},\"modelVersion\":\"gemini-3-pro\",\"responseId\":\"r\"}\r\n\r\n"},
	}
	encoders := map[string]func(*protocol.Exchange) protocol.StreamEncoder{
		"openai": openai.NewChatStreamEncoder, "anthropic": anthropic.NewStreamEncoder, "gemini": gemini.NewStreamEncoder, "responses": openai.NewResponsesStreamEncoder,
	}
	var times []time.Duration
	var allocations []int64
	for from, f := range frames {
		for to, encoder := range encoders {
			if from == to {
				continue
			}
			x := exchange()
			dec, enc := f.decoder(x), encoder(x)
			var events []protocol.Event
			out := make([]byte, 0, 4<<10)
			take := func(frame []byte) {
				events = dec.Frame(events[:0], frame)
				for i := range events {
					out = enc.Event(out, &events[i])
				}
			}
			for frame := range strings.SplitAfterSeq(f.start, "\n\n") {
				if frame != "" {
					take([]byte(frame))
				}
			}
			frame := []byte(f.frame)
			one := func() {
				out = out[:0]
				take(frame)
			}
			times = append(times, cost(n.t, one))
			allocations = append(allocations, int64(testing.AllocsPerRun(200, one)))
		}
	}
	slices.Sort(times)
	slices.Sort(allocations)
	took, allocs := times[len(times)/2], allocations[len(allocations)/2]
	n.row(what, "", "", fmt.Sprintf("%v, %d allocations", took, allocs), "2µs, 4", n.verdict(took <= 2*time.Microsecond && allocs <= 4))
}

// passing measures an agent's body on its way to an instance of its own
// dialect, over a copy of it.
func (n *numbers) passing() {
	const what = "an agent's body of 75 KB passed on, over a copy"
	if !n.wanted(what) {
		return
	}
	body := []byte(agentRequest())
	outbound := gateway.Outbound("/v1/messages", "claude-sonnet-5", body)
	copied := cost(n.t, func() { bytes.Clone(body) })
	passed := cost(n.t, func() { outbound() })
	over := max(passed-copied, 0)
	n.row(what, copied.String(), passed.String(), over.String(), "25µs", n.verdict(over <= 25*time.Microsecond))
}

// chatOfTools is a chat of about n bytes with eight tools and a loop of calls.
func chatOfTools(n int) []byte {
	type m = map[string]any
	var tools []any
	for i := range 8 {
		tools = append(tools, m{"type": "function", "function": m{"name": fmt.Sprintf("tool_%d", i), "description": prose(200), "parameters": m{
			"type": "object", "required": []string{"path"}, "additionalProperties": false,
			"properties": m{"path": m{"type": "string", "description": prose(60)}, "limit": m{"type": "integer", "minimum": 1}},
		}}})
	}
	messages := []any{m{"role": "system", "content": prose(1500)}, m{"role": "user", "content": prose(300)}}
	for i := range 3 {
		id := fmt.Sprintf("call_%024d", i)
		messages = append(messages,
			m{"role": "assistant", "content": nil, "tool_calls": []any{m{"id": id, "type": "function", "function": m{"name": "tool_1", "arguments": `{"path":"gateway/edge.go","limit":200}`}}}},
			m{"role": "tool", "tool_call_id": id, "content": source(800)})
	}
	body := m{"model": "asked", "max_completion_tokens": 1000, "temperature": 0.2, "tools": tools, "tool_choice": "auto", "messages": messages}
	b, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	messages[1].(m)["content"] = prose(300 + max(n-len(b), 0))
	if b, err = json.Marshal(body); err != nil {
		panic(err)
	}
	return b
}

func chatOfImage(n int) []byte {
	png := append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte("noise "), n/8)...)
	return fmt.Appendf(nil, `{"model":"asked","messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,%s"}}]}]}`, base64.StdEncoding.EncodeToString(png))
}
