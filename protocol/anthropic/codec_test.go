package anthropic_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

// newExchange is a call of a model that is asked for by its own name.
func newExchange(model string) *protocol.Exchange {
	return &protocol.Exchange{Model: model, Target: model, Rand: protocol.NewRand(1, 2)}
}

// requests are the bodies of all requests of this dialect that were recorded
// or captured, by name.
func requests(t *testing.T) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	recorded, err := filepath.Glob(filepath.Join(protocoltest.Shared(t, "recordings"), "*", "*.request.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range recorded {
		if strings.Contains(f, "/anthropic/") || strings.Contains(f, "claude-code") {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all[filepath.Base(f)] = body
		}
	}
	captured, err := filepath.Glob(filepath.Join(protocoltest.Shared(t, "captures"), "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range captured {
		file, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var request struct {
			Path string
			Body json.RawMessage
		}
		if err := json.Unmarshal(file, &request); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(request.Path, "/messages") && len(request.Body) > 2 && request.Body[0] == '{' {
			all[filepath.Base(filepath.Dir(f))+"/"+filepath.Base(f)] = request.Body
		}
	}
	if len(all) < 80 {
		t.Fatalf("only %d requests", len(all))
	}
	return all
}

// Every real request is understood, and what it becomes for every family of
// models is what the API accepts.
func TestRealRequests(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "anthropic.messages.request.2023-06-01")
	beta := protocoltest.LoadSchema(t, "anthropic.messages.request.beta")
	for name, body := range requests(t) {
		for _, model := range []string{"claude-3-haiku-20240307", "claude-sonnet-4-5", "claude-opus-4-6", "claude-opus-5", "claude-fable-5", "claude-haiku-7"} {
			x := newExchange(model)
			err := anthropic.DecodeRequest(x, body)
			if e := protocol.AsError(err); e != nil {
				if e.Param != "mcp_servers" && e.Param != "container" {
					t.Errorf("%s: %v", name, err)
				}
				break
			}
			protocol.Arrange(x)
			out, err := anthropic.EncodeRequest(nil, x)
			if err != nil {
				if e := protocol.AsError(err); e.Reason != "prefill_unsupported" && e.Reason != "file_id_provider" {
					t.Errorf("%s for %s: %v", name, model, err)
				}
				continue
			}
			if err := schema.Validate(out); err != nil && beta.Validate(out) != nil {
				t.Errorf("%s for %s: %v\n%.2000s", name, model, err, out)
			}
		}
	}
}

// decodeStream returns the events of a stream, copied.
func decodeStream(t *testing.T, x *protocol.Exchange, chunks ...[]byte) []protocol.Event {
	t.Helper()
	d := anthropic.NewStreamDecoder(x)
	var all []protocol.Event
	var s sse.Splitter
	see := func(raw []byte) {
		for _, e := range d.Frame(nil, bytes.Clone(raw)) {
			if e.Part != nil {
				p := e.Part.Clone()
				e.Part = &p
			}
			all = append(all, e)
		}
	}
	for _, c := range chunks {
		if err := s.Feed(c, see); err != nil {
			t.Fatal(err)
		}
	}
	s.Close(see)
	return d.End(all)
}

func collect(events []protocol.Event) (*protocol.Response, *protocol.Error) {
	var c protocol.Collector
	for i := range events {
		c.Add(&events[i])
	}
	return c.Response()
}

func encodeStream(x *protocol.Exchange, events []protocol.Event) []byte {
	enc := anthropic.NewStreamEncoder(x)
	var out []byte
	for i := range events {
		out = enc.Event(out, &events[i])
	}
	return out
}

// shown are the parts of an answer without the provider's own tools.
func shown(r *protocol.Response) []protocol.Part {
	var out []protocol.Part
	for _, p := range r.Choices[0].Parts {
		if p.Kind == protocol.PartServerTool {
			continue
		}
		p.Citations = nil
		if s, wrapped := protocol.Unwrap(p.Signature.Data); wrapped && !s.Present() {
			p.Signature = s
		}
		out = append(out, p)
	}
	if len(out) == 0 && r.Choices[0].Stop.Reason != protocol.StopRefusal {
		return nil
	}
	return out
}

// Every recorded answer comes through the hub and back as it was, but for what
// a client of a converted call cannot use.
func TestRealAnswers(t *testing.T) {
	message := protocoltest.LoadSchema(t, "anthropic.message.response")
	event := protocoltest.LoadSchema(t, "anthropic.stream-event")
	for _, r := range protocoltest.Recordings(t, "anthropic") {
		x := newExchange("claude-opus-5")
		x.Request = &protocol.Request{}
		if r.Status != 200 {
			continue
		}
		if !r.Stream {
			answer, err := anthropic.DecodeResponse(x, r.Body)
			if err != nil {
				t.Errorf("%s: %v", r.Name, err)
				continue
			}
			out := anthropic.EncodeResponse(nil, x, answer)
			if err := message.Validate(out); err != nil {
				t.Errorf("%s: %v\n%s", r.Name, err, out)
				continue
			}
			again, err := anthropic.DecodeResponse(x, out)
			if err != nil {
				t.Errorf("%s: %v", r.Name, err)
				continue
			}
			if d := cmp.Diff(shown(answer), shown(again)); d != "" {
				t.Errorf("%s: %s", r.Name, d)
			}
			if d := cmp.Diff(answer.Choices[0].Stop, again.Choices[0].Stop); d != "" || answer.Usage != again.Usage || answer.Tier != again.Tier || !bytes.Equal(answer.ID, again.ID) {
				t.Errorf("%s: %s %+v %+v", r.Name, d, answer.Usage, again.Usage)
			}
			// The same answer as a stream says the same.
			replayed, e := collect(decodeStream(t, x, encodeStream(x, answer.Replay(nil))))
			if e != nil {
				t.Errorf("%s: %v", r.Name, e)
				continue
			}
			if d := cmp.Diff(shown(answer), shown(replayed)); d != "" || replayed.Usage != answer.Usage {
				t.Errorf("%s streamed: %s", r.Name, d)
			}
			continue
		}
		events := decodeStream(t, x, r.Body)
		answer, e := collect(events)
		if e != nil {
			t.Errorf("%s: %v", r.Name, e)
			continue
		}
		out := encodeStream(x, events)
		for _, f := range frames(t, out) {
			if err := event.Validate(sse.Data(f)); err != nil {
				t.Errorf("%s: %v\n%s", r.Name, err, f)
			}
			var kind struct{ Type string }
			if err := json.Unmarshal(sse.Data(f), &kind); err != nil || kind.Type != string(sse.Event(f)) {
				t.Errorf("%s: the event line of %q", r.Name, f)
			}
		}
		again, e := collect(decodeStream(t, x, out))
		if e != nil {
			t.Errorf("%s: %v", r.Name, e)
			continue
		}
		if d := cmp.Diff(shown(answer), shown(again)); d != "" || answer.Usage != again.Usage {
			t.Errorf("%s: %s %+v %+v", r.Name, d, answer.Usage, again.Usage)
		}
		if err := message.Validate(anthropic.EncodeResponse(nil, x, answer)); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
}
