package protocol_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
)

// codec is one dialect's side of an answer.
type codec struct {
	name       string
	recordings string
	whole      string // the schema of its answers
	event      string // and of its stream's events
	decode     func(*protocol.Exchange, []byte) (*protocol.Response, error)
	encode     func([]byte, *protocol.Exchange, *protocol.Response) []byte
	decoder    func(*protocol.Exchange) protocol.StreamDecoder
	encoder    func(*protocol.Exchange) protocol.StreamEncoder
}

var codecs = []codec{
	{
		"chat", "openai-chat", "openai.chat.completion", "openai.chat.completion.chunk",
		openai.DecodeChatResponse, openai.EncodeChatResponse, openai.NewChatStreamDecoder, openai.NewChatStreamEncoder,
	},
	{
		"responses", "openai-responses", "openai.response", "openai.response.stream-event",
		openai.DecodeResponsesResponse, openai.EncodeResponsesResponse, openai.NewResponsesStreamDecoder, openai.NewResponsesStreamEncoder,
	},
	{
		"anthropic", "anthropic", "anthropic.message.response", "anthropic.stream-event",
		anthropic.DecodeResponse, anthropic.EncodeResponse, anthropic.NewStreamDecoder, anthropic.NewStreamEncoder,
	},
	{
		"gemini", "gemini", "gemini.generateContent.response", "gemini.generateContent.response",
		gemini.DecodeResponse, gemini.EncodeResponse, gemini.NewStreamDecoder, gemini.NewStreamEncoder,
	},
}

// converting is an exchange whose client wants all that can be had, and whose
// ids are the same in every run.
func converting(stream bool) *protocol.Exchange {
	return &protocol.Exchange{
		Request: &protocol.Request{Stream: stream, IncludeUsage: true, Include: []string{"reasoning.encrypted_content"}, Reasoning: protocol.Reasoning{Show: protocol.Yes}},
		Model:   "asked", Target: "asked", Now: time.Unix(1_795_000_000, 0), Rand: protocol.NewRand(1, 2),
	}
}

// Every recorded stream of every provider is converted for the clients of every
// dialect: each event is of the client's schema, and read again the stream says
// what the recording said.
func TestConvertRecordedStreams(t *testing.T) {
	for _, from := range codecs {
		for _, to := range codecs {
			t.Run(from.name+"-to-"+to.name, func(t *testing.T) {
				schema := protocoltest.LoadSchema(t, to.event)
				converted := 0
				for _, r := range protocoltest.Recordings(t, from.recordings) {
					if r.Stream && r.Status == 200 {
						converted++
						t.Run(r.Name, func(t *testing.T) { convertStream(t, from, to, schema, r.Body) })
					}
				}
				t.Logf("%d streams", converted)
			})
		}
	}
}

func convertStream(t *testing.T, from, to codec, schema *protocoltest.Schema, body []byte) {
	encoder := to.encoder(converting(true))
	var want protocol.Collector
	var out []byte
	feed(t, from.decoder(converting(true)), body, func(e *protocol.Event) {
		want.Add(e)
		out = encoder.Event(out, e)
	})
	checkStream(t, to, schema, out)
	var got protocol.Collector
	feed(t, to.decoder(converting(true)), out, got.Add)
	compare(t, &want, &got)
}

// feed gives the events of a stream to take.
func feed(t *testing.T, d protocol.StreamDecoder, body []byte, take func(*protocol.Event)) {
	t.Helper()
	var events []protocol.Event
	var split sse.Splitter
	frame := func(raw []byte) {
		events = d.Frame(events[:0], raw)
		for i := range events {
			take(&events[i])
		}
	}
	if err := split.Feed(body, frame); err != nil {
		t.Fatal(err)
	}
	split.Close(frame)
	events = d.End(events[:0])
	for i := range events {
		take(&events[i])
	}
}

func checkStream(t *testing.T, to codec, schema *protocoltest.Schema, stream []byte) {
	t.Helper()
	if to.name == "responses" {
		if _, err := protocoltest.CheckResponsesStream(stream, schema); err != nil {
			t.Error(err)
		}
		return
	}
	var split sse.Splitter
	check := func(raw []byte) {
		data := sse.Data(raw)
		said := string(data)
		if data == nil || said == "[DONE]" || strings.Contains(said, `"annotations"`) { // real deltas of chat have them, the schema does not
			return
		}
		if err := schema.Validate(data); err != nil && !strings.Contains(said, `"error"`) {
			t.Errorf("%v\nin %.600s", err, data)
		}
	}
	if err := split.Feed(stream, check); err != nil {
		t.Fatal(err)
	}
	split.Close(check)
}

// compare tells where two streams say different things: text, calls, end and
// usage. What a dialect has no place for may go, and does so alike.
func compare(t *testing.T, want, got *protocol.Collector) {
	t.Helper()
	w, wantErr := want.Response()
	g, gotErr := got.Response()
	if (wantErr == nil) != (gotErr == nil) {
		t.Fatalf("ends with %v, converted with %v", wantErr, gotErr)
	}
	if wantErr != nil {
		return
	}
	if d := cmp.Diff(essence(w), essence(g)); d != "" {
		t.Errorf("(-said +converted):\n%.3000s", d)
	}
}

// essence is what of an answer every dialect can say.
func essence(r *protocol.Response) []string {
	var text strings.Builder
	var calls []string
	for _, p := range r.Choices[0].Parts {
		switch p.Kind {
		case protocol.PartText: // not a refusal: why it was refused is its words in some dialects, and beside it in others
			text.WriteString(p.Text.String())
		case protocol.PartImage:
			text.WriteString("[image]") // what stands for one where there is no place
		case protocol.PartCall:
			calls = append(calls, fmt.Sprintf("%s %s", p.Name, bytes.TrimSpace(p.Args.Compact())))
		}
	}
	return append([]string{
		text.String(),
		fmt.Sprintf("input %d output %d", r.Usage.Input+r.Usage.CacheRead+r.Usage.CacheWrite, r.Usage.Output),
	}, calls...)
}

// Every recorded answer of every provider is converted for the clients of every
// dialect, too.
func TestConvertRecordedAnswers(t *testing.T) {
	for _, from := range codecs {
		for _, to := range codecs {
			t.Run(from.name+"-to-"+to.name, func(t *testing.T) {
				schema := protocoltest.LoadSchema(t, to.whole)
				for _, r := range protocoltest.Recordings(t, from.recordings) {
					if r.Stream {
						continue
					}
					t.Run(r.Name, func(t *testing.T) {
						answer, err := from.decode(converting(false), r.Body)
						if err != nil {
							return // an error: its conversion is tested where errors are
						}
						out := to.encode(nil, converting(false), answer)
						if err := schema.Validate(out); err != nil {
							t.Errorf("%v\nin %.2000s", err, out)
						}
						again, err := to.decode(converting(false), out)
						if err != nil {
							t.Fatalf("%v\nin %.2000s", err, out)
						}
						if d := cmp.Diff(essence(answer), essence(again)); d != "" {
							t.Errorf("(-said +converted):\n%.3000s", d)
						}
					})
				}
			})
		}
	}
}
