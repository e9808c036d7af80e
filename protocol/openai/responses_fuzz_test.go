package openai_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// Whatever is asked: an *Error that a client may read, or a request that can be
// sent to instances of both kinds.
func FuzzDecodeResponsesRequest(f *testing.F) {
	for _, tc := range responsesRequests {
		f.Add([]byte(tc.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		x, err := responsesAsked(body, "gpt-5")
		if err != nil {
			if e, ok := errors.AsType[*protocol.Error](err); !ok || e.Code != protocol.InvalidRequest || e.Message == "" {
				t.Fatalf("%#v", err)
			}
			return
		}
		if echo := append(append([]byte{'{'}, x.Request.Echo[1:]...), '}'); !json.Valid(echo) {
			t.Fatalf("the echo is broken: %s", echo)
		}
		protocol.Arrange(x)
		for _, encode := range []func([]byte, *protocol.Exchange) ([]byte, error){openai.EncodeResponsesRequest, openai.EncodeChatRequest} {
			out, err := encode(nil, x)
			if err == nil && !json.Valid(out) {
				t.Fatalf("no JSON: %s", out)
			}
		}
	})
}

func FuzzDecodeResponsesResponse(f *testing.F) {
	for _, name := range []string{"pyd-verbosity-0", "pyd-image-generation-jpeg-0", "vai-openai-local-shell-tool-1", "pyd-background-mode-vcr-0"} {
		addRecording(f, name+".response.json")
	}
	for _, tc := range responsesAnswers {
		f.Add(openai.EncodeResponsesResponse(nil, responsesExchange(f, tc.ask), answerOf(tc.parts, tc.stop)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := openai.DecodeResponsesResponse(carrying(), body)
		if err != nil {
			if _, ok := errors.AsType[*protocol.Error](err); !ok {
				t.Fatalf("%#v", err)
			}
			return
		}
		if out := openai.EncodeResponsesResponse(nil, carrying(), r); !json.Valid(out) {
			t.Fatalf("no JSON: %s", out)
		}
	})
}

// Whatever an instance streams: events in the hub's order, and a stream by the
// rules for the client.
func FuzzResponsesStream(f *testing.F) {
	for _, name := range []string{"vai-openai-phase-1", "vai-openai-shell-local-multiturn-1", "vai-azure-tool-call-1", "pyd-thinking-with-code-execution-tool-stream-0"} {
		addRecording(f, name+".response.sse")
	}
	for _, tc := range responsesAnswers {
		encoder := openai.NewResponsesStreamEncoder(responsesExchange(f, tc.ask))
		var stream []byte
		for _, e := range answerOf(tc.parts, tc.stop).Replay(nil) {
			stream = encoder.Event(stream, &e)
		}
		f.Add(stream)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		x := carrying()
		events := decodeStream(t, openai.NewResponsesStreamDecoder(x), body, max(len(body), 1))
		checkOrder(t, events)
		encoder := openai.NewResponsesStreamEncoder(carrying())
		var out []byte
		for i := range events {
			out = encoder.Event(out, &events[i])
		}
		if bytes.Contains(bytes.ToLower(body), []byte(`\ud`)) {
			return // halves of a pair in two pieces: only together are they a character
		}
		if _, err := protocoltest.CheckResponsesStream(out, nil); err != nil {
			t.Fatalf("%v\nin %s", err, out)
		}
	})
}

// addRecording seeds with a recorded answer, where there are some.
func addRecording(f *testing.F, name string) {
	body, err := os.ReadFile(filepath.Join("../../../shared/recordings/openai-responses", name))
	if err == nil {
		f.Add(body)
	}
}
