package protocol_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// client is one API's side of a request.
type client struct {
	name, recordings string
	is               func(path string) bool // of a captured request
	decode           func(*protocol.Exchange, []byte) error
}

var clients = []client{
	{"chat", "openai-chat", func(p string) bool { return p == "/v1/chat/completions" }, openai.DecodeChatRequest},
	{"responses", "openai-responses", func(p string) bool { return p == "/v1/responses" }, openai.DecodeResponsesRequest},
	{"anthropic", "anthropic", func(p string) bool { return strings.TrimSuffix(p, "?beta=true") == "/v1/messages" }, anthropic.DecodeRequest},
	{"gemini", "gemini", func(p string) bool { return strings.Contains(p, "enerateContent") }, gemini.DecodeRequest},
}

// instance is a model at a provider.
type instance struct {
	name, model, schema string
	encode              func([]byte, *protocol.Exchange) ([]byte, error)
}

var instances = []instance{
	{"chat", "gpt-4o", "openai.chat.completions.request", openai.EncodeChatRequest},
	{"chat-new", "gpt-5.6", "openai.chat.completions.request", openai.EncodeChatRequest},
	{"responses", "gpt-5.6", "openai.responses.request", openai.EncodeResponsesRequest},
	{"chat-reasoning", "o3", "openai.chat.completions.request", openai.EncodeChatRequest},
	{"anthropic-old", "claude-3-5-haiku", "anthropic.messages.request.2023-06-01", anthropic.EncodeRequest},
	{"anthropic-4.6", "claude-opus-4-6", "anthropic.messages.request.2023-06-01", anthropic.EncodeRequest},
	{"anthropic-5", "claude-sonnet-5", "anthropic.messages.request.2023-06-01", anthropic.EncodeRequest},
	{"gemini-old", "gemini-2.0-flash", "gemini.generateContent.request", gemini.EncodeRequest},
	{"anthropic", "claude-sonnet-4-5", "anthropic.messages.request.2023-06-01", anthropic.EncodeRequest},
	{"anthropic-new", "claude-opus-5", "anthropic.messages.request.2023-06-01", anthropic.EncodeRequest},
	{"gemini", "gemini-2.5-pro", "gemini.generateContent.request", gemini.EncodeRequest},
	{"gemini-new", "gemini-3-pro", "gemini.generateContent.request", gemini.EncodeRequest},
}

// Every request that a real client was seen to send is, for every provider,
// one of the provider's schema, or refused with a reason.
func TestConvertRequests(t *testing.T) {
	for _, from := range clients {
		bodies := requestsOf(t, from)
		for _, to := range instances {
			if strings.HasPrefix(to.name, from.name) && from.name != "chat" && from.name != "responses" {
				continue // one dialect on both sides: the bytes pass, betas and all
			}
			t.Run(from.name+"-to-"+to.name, func(t *testing.T) {
				schema := protocoltest.LoadSchema(t, to.schema)
				sent := 0
				for name, body := range bodies {
					x := converting(false)
					x.Target = to.model
					err := from.decode(x, body)
					if err == nil {
						protocol.Arrange(x)
						var out []byte
						if out, err = to.encode(nil, x); err == nil {
							sent++
							if err := schema.Validate(out); err != nil {
								t.Errorf("%s: %v\nin %.1500s", name, err, out)
							}
						}
					}
					if e := protocol.AsError(err); e != nil && (e.Code != protocol.InvalidRequest || e.Message == "") {
						t.Errorf("%s: %v", name, err)
					}
				}
				t.Logf("%d of %d are sent", sent, len(bodies))
				if sent*10 < len(bodies)*8 {
					t.Errorf("only %d of %d are sent", sent, len(bodies))
				}
			})
		}
	}
}

// requestsOf are the captured and the recorded requests of an API, by name.
func requestsOf(t *testing.T, c client) map[string][]byte {
	t.Helper()
	bodies := make(map[string][]byte)
	captures, err := filepath.Glob(protocoltest.Shared(t, "captures") + "/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range captures {
		var request struct{ Path, Method string }
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if json.Unmarshal(raw, &request) == nil && request.Method == "POST" && c.is(request.Path) {
			name := filepath.Join(filepath.Base(filepath.Dir(file)), filepath.Base(file))
			bodies[name] = protocoltest.Capture(t, name)
		}
	}
	recorded, err := filepath.Glob(protocoltest.Shared(t, "recordings/"+c.recordings) + "/*.request.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range recorded {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bodies[filepath.Base(file)] = body
	}
	if len(bodies) < 20 {
		t.Fatalf("only %d requests", len(bodies))
	}
	return bodies
}
