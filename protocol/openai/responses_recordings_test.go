package openai_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

// carrying is an exchange of a Responses client that gives reasoning back.
func carrying() *protocol.Exchange {
	return exchange(&protocol.Request{Include: []string{"reasoning.encrypted_content"}})
}

// signed is what was said, whatever the signatures are: OpenAI encrypts the same
// reasoning anew for each event, and the gateway wraps it.
func signed(parts []protocol.Part) []saidPart {
	all := said(parts)
	for i := range all {
		if all[i].Signature != "" {
			all[i].Signature = "signed"
		}
	}
	return all
}

// Each recorded stream says what its last event says of it, cut at every byte
// or not, and a Responses client gets a stream by the rules.
func TestResponsesRecordedStreams(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "openai.response.stream-event")
	streams := 0
	for _, r := range protocoltest.Recordings(t, "openai-responses") {
		if !r.Stream || r.Status != 200 {
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			x := carrying()
			events := decodeStream(t, openai.NewResponsesStreamDecoder(x), r.Body, len(r.Body))
			checkOrder(t, events)
			last := events[len(events)-1]
			if last.Kind == protocol.EventError {
				t.Logf("ends in an error: %v", last.Err)
				return
			}
			streams++
			var collector protocol.Collector
			encoder := openai.NewResponsesStreamEncoder(carrying())
			var out []byte
			for i := range events {
				collector.Add(&events[i])
				out = encoder.Event(out, &events[i])
			}
			if _, err := protocoltest.CheckResponsesStream(out, schema); err != nil {
				t.Error(err)
			}
			streamed, cut := collector.Response()
			if cut != nil {
				t.Fatal(cut)
			}
			if strings.HasPrefix(r.Name, "vai-openai-shell-container") {
				return // somebody shortened its deltas by hand, and not its end
			}
			whole, err := openai.DecodeResponsesResponse(x, finalResponse(r.Body))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(signed(whole.Choices[0].Parts), signed(streamed.Choices[0].Parts)); d != "" {
				t.Errorf("(-whole +streamed):\n%s", d)
			}
			if whole.Choices[0].Stop.Reason != streamed.Choices[0].Stop.Reason || whole.Usage != streamed.Usage {
				t.Errorf("%v, %v; streamed %v, %v", whole.Choices[0].Stop, whole.Usage, streamed.Choices[0].Stop, streamed.Usage)
			}
			for _, n := range []int{1, 7, 1021} {
				again := decodeStream(t, openai.NewResponsesStreamDecoder(carrying()), r.Body, n)
				if d := cmp.Diff(events, again, cmp.AllowUnexported(protocol.Error{})); d != "" {
					t.Fatalf("cut every %d bytes (-uncut +cut):\n%.2000s", n, d)
				}
			}
		})
	}
	if streams < 25 {
		t.Errorf("only %d streams ended well", streams)
	}
}

// finalResponse is the response that a stream's last event carries.
func finalResponse(stream []byte) []byte {
	for _, name := range []string{"event: response.completed", "event: response.incomplete"} {
		if i := bytes.Index(stream, []byte(name)); i >= 0 {
			v, _ := protocol.Find(bytes.TrimSpace(sse.Data(stream[i:endOfFrame(stream, i)])), "response")
			return v
		}
	}
	return nil
}

func endOfFrame(stream []byte, from int) int {
	if n := bytes.Index(stream[from:], []byte("\n\n")); n >= 0 {
		return from + n + 2
	}
	return len(stream)
}

// Each recorded answer can be read, and be told to a client again.
func TestResponsesRecordedAnswers(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "openai.response")
	for _, r := range protocoltest.Recordings(t, "openai-responses") {
		if r.Stream {
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			x := carrying()
			answer, err := openai.DecodeResponsesResponse(x, r.Body)
			if err != nil {
				t.Logf("status %d: %v", r.Status, err)
				return
			}
			out := openai.EncodeResponsesResponse(nil, x, answer)
			if err := schema.Validate(out); err != nil {
				t.Errorf("%v\nin %.2000s", err, out)
			}
			again, err := openai.DecodeResponsesResponse(x, out)
			if err != nil {
				t.Fatal(err)
			}
			if again.Usage != answer.Usage {
				t.Errorf("usage %v became %v", answer.Usage, again.Usage)
			}
			if d := cmp.Diff(signed(answer.Choices[0].Parts), signed(again.Choices[0].Parts)); d != "" {
				t.Errorf("(-answer +again):\n%s", d)
			}
		})
	}
}
