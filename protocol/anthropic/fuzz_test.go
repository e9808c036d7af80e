package anthropic_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

// seeds adds recorded answers, streams or not, and a few of the hand-written.
func seeds(f *testing.F, stream bool, more ...string) {
	for _, s := range more {
		f.Add([]byte(s))
	}
	for _, r := range protocoltest.Recordings(f, "anthropic") {
		if r.Stream == stream && len(r.Body) < 8<<10 {
			f.Add(r.Body)
		}
	}
}

// FuzzDecodeRequest: any body gives a coded error, or a request that every
// family of models is sent as JSON.
func FuzzDecodeRequest(f *testing.F) {
	for _, s := range []string{
		`{"model":"m","max_tokens":5,"system":"s","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"llmgw1.none"},{"type":"tool_use","id":"a.b","name":"f g","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a.b","content":[{"type":"text","text":"x"}]}]}],"thinking":{"type":"enabled","budget_tokens":2000},"tools":[{"name":"f g","input_schema":{"anyOf":[{"properties":{"a":{}}}]},"strict":true}],"tool_choice":{"type":"any"}}`,
		`{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},{"type":"document","source":{"type":"content","content":"x"}},{"type":"search_result","source":"s","title":"t","content":[]}]}],"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"oneOf":[{"minimum":1}]}}}}}}`,
		`{"messages":[{"role":"user","content":"a"},{"role":"system","content":"b"},{"role":"assistant","content":[{"type":"server_tool_use","id":"s","name":"web_search","input":{}}]}],"tools":[{"type":"web_search_20250305","name":"web_search","user_location":{"city":"x"}},{"type":"bash_20250124","name":"bash"}],"stop_sequences":[" "],"cache_control":{"type":"ephemeral"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, model := range []string{"claude-3-haiku", "claude-sonnet-4-0", "claude-opus-4-6", "claude-fable-5", "other"} {
			x := newExchange(model)
			if err := anthropic.DecodeRequest(x, body); err != nil {
				if protocol.AsError(err).Code != protocol.InvalidRequest {
					t.Fatalf("%q: %v", body, err)
				}
				return
			}
			protocol.Arrange(x)
			out, err := anthropic.EncodeRequest(nil, x)
			if err != nil {
				if protocol.AsError(err).Code != protocol.InvalidRequest {
					t.Fatalf("%q: %v", body, err)
				}
				continue
			}
			if !json.Valid(out) {
				t.Fatalf("%q became %q", body, out)
			}
			if n := bytes.Count(out, []byte(`,"cache_control":{"type":"ephemeral"`)); n > 4 && !bytes.Contains(body, []byte("input")) && !bytes.Contains(body, []byte("schema")) && !bytes.Contains(body, []byte("_tool_")) {
				t.Fatalf("%q has %d marks: %q", body, n, out)
			}
		}
	})
}

// FuzzDecodeResponse: any answer is an error or can be written for a client,
// and then says the same again.
func FuzzDecodeResponse(f *testing.F) {
	seeds(f, false, `{"content":[{"type":"tool_use","id":"a","name":"f","input":[]}],"stop_reason":"x","usage":null}`, `{"error":{}}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		x := newExchange("m")
		x.Request, x.FormatTool = &protocol.Request{}, "json_output"
		r, err := anthropic.DecodeResponse(x, body)
		if err != nil {
			return
		}
		out := anthropic.EncodeResponse(nil, x, r)
		if !json.Valid(out) {
			t.Fatalf("%q became %q", body, out)
		}
		if again, err := anthropic.DecodeResponse(x, out); err != nil || again.Usage != r.Usage {
			t.Fatalf("%q became %q: %v", body, out, err)
		}
	})
}

// FuzzStreamDecoder: events of any stream are in order, and give frames that
// are read again.
func FuzzStreamDecoder(f *testing.F) {
	seeds(f, true, streamOf(everything...), "data: {\"type\":\"content_block_start\",\"index\":1e3}\n\n", "data: [DONE]\n\n")
	f.Fuzz(func(t *testing.T, stream []byte) {
		events := decodeStream(t, newExchange("m"), stream)
		inOrder(t, events)
		out := encodeStream(newExchange("m"), events)
		for _, frame := range frames(t, out) {
			if data := sse.Data(frame); !json.Valid(data) {
				t.Fatalf("%q gave the frame %q", stream, frame)
			}
		}
		_, e := collect(events)
		if _, again := collect(decodeStream(t, newExchange("m"), out)); (e == nil) != (again == nil) {
			t.Fatalf("%q: %v, and then %v", stream, e, again)
		}
	})
}

// inOrder checks the grammar of a stream's events.
func inOrder(t *testing.T, events []protocol.Event) {
	t.Helper()
	started, open, stopped, ended := false, false, false, false
	for i := range events {
		e := &events[i]
		bad := ended
		switch e.Kind {
		case protocol.EventPing, protocol.EventUsage:
		case protocol.EventStart:
			bad = bad || started
			started = true
		case protocol.EventPartStart:
			bad = bad || !started || open || stopped || e.Part == nil
			open = true
		case protocol.EventDelta, protocol.EventSignature, protocol.EventCite:
			bad = bad || !open
		case protocol.EventPartStop:
			bad = bad || !open
			open = false
		case protocol.EventStop:
			bad = bad || open || stopped
			stopped = true
		case protocol.EventEnd:
			bad = bad || !stopped
			ended = true
		case protocol.EventError:
			bad = bad || e.Err == nil
			ended = true
		}
		if bad {
			t.Fatalf("event %d of %s is out of order", i, kinds(events))
		}
	}
	if !ended {
		t.Fatalf("%s has no end", kinds(events))
	}
}
