package gateway

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// source is where recorded requests of one client API are.
type source struct {
	name     string
	endpoint string
	folders  []string
}

var sources = []source{
	{"chat", "/v1/chat/completions", []string{"recordings/openai-chat"}},
	{"responses", "/v1/responses", []string{"recordings/openai-responses"}},
	{"messages", "/v1/messages", []string{"recordings/anthropic", "recordings/client-requests"}},
	{"gemini", "/v1beta/models/m:generateContent", []string{"recordings/gemini"}},
}

func (s source) codec() clientCodec {
	e, _ := endpointOf("POST", s.endpoint)
	return clientCodecFor(e, &protocol.Peek{HasMessages: true})
}

// requests are the recorded and captured requests of a client API, by file.
func (s source) requests(t *testing.T) map[string][]byte {
	found := make(map[string][]byte)
	for _, folder := range s.folders {
		files, err := filepath.Glob(filepath.Join(protocoltest.Shared(t, folder), "*.request.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no requests in %s: %v", folder, err)
		}
		for _, f := range files {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			found[filepath.Base(f)] = body
		}
	}
	captures := protocoltest.Shared(t, "captures")
	files, err := filepath.Glob(captures + "/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		var c struct {
			Method, Path string
			Body         json.RawMessage
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if json.Unmarshal(b, &c) != nil || c.Method != "POST" || len(c.Body) == 0 || c.Body[0] != '{' {
			continue
		}
		path, _, _ := strings.Cut(c.Path, "?")
		e, _ := endpointOf("POST", path)
		want, _ := endpointOf("POST", s.endpoint)
		if e.kind == kindGenerate && e.dialect == want.dialect && (isResponses(e) == isResponses(want)) {
			found[filepath.Base(filepath.Dir(f))+"/"+filepath.Base(f)] = c.Body
		}
	}
	return found
}

func exchange(model, target string) *protocol.Exchange {
	return &protocol.Exchange{Request: new(protocol.Request), Model: model, Target: target, Now: time.Unix(1_790_000_000, 0), Rand: protocol.NewRand(1, 2)}
}

// targets are the models that requests are converted for, by schema.
var targets = map[protocol.Dialect]struct {
	schema string
	models []string
}{
	protocol.OpenAI:    {"openai.chat.completions.request", []string{"gpt-5.4", "gpt-4o", "o3"}},
	protocol.Anthropic: {"anthropic.messages.request.2023-06-01", []string{"claude-sonnet-4-5", "claude-opus-4-6", "claude-sonnet-5", "claude-3-5-haiku"}},
	protocol.Gemini:    {"gemini.generateContent.request", []string{"gemini-3-pro", "gemini-2.5-flash", "gemini-2.0-flash"}},
}

// Every recorded and captured request becomes a request that the provider's
// schema takes, or is refused with the field at fault.
func TestRecordedRequestsConvert(t *testing.T) {
	for _, s := range sources {
		for dialect, target := range targets {
			e, _ := endpointOf("POST", s.endpoint)
			if e.dialect == dialect && s.name != "responses" {
				continue
			}
			t.Run(s.name+" to "+dialect.String(), func(t *testing.T) {
				schema := protocoltest.LoadSchema(t, target.schema)
				converted, refused := 0, 0
				for name, body := range s.requests(t) {
					for _, model := range target.models {
						out, err := convertRequest(s.codec(), providerCodecFor(dialect), model, body)
						if err != nil {
							refused++
							t.Logf("refused: %s for %s: %v", name, model, err)
							if e := protocol.AsError(err); e.Code != protocol.InvalidRequest || e.Message == "" {
								t.Errorf("%s for %s: %v", name, model, err)
							}
							continue
						}
						converted++
						if err := schema.Validate(out); err != nil {
							t.Errorf("%s for %s: %v", name, model, err)
						}
					}
				}
				t.Logf("%d converted and valid, %d refused", converted, refused)
				if converted < refused {
					t.Error("more is refused than converted")
				}
			})
		}
	}
}

func convertRequest(c clientCodec, p providerCodec, model string, body []byte) ([]byte, error) {
	x := exchange("asked", model)
	if err := c.request(x, body); err != nil {
		return nil, err
	}
	protocol.Arrange(x)
	if p.bytes != nil {
		for i := range x.Request.Messages {
			pretendFetched(p, x.Request.Messages[i].Parts)
		}
	}
	return p.request(nil, x)
}

// pretendFetched puts a small image in the place of what would be fetched.
func pretendFetched(p providerCodec, parts []protocol.Part) {
	for i := range parts {
		pretendFetched(p, parts[i].Parts)
		if m := parts[i].Media; m != nil && p.bytes(&parts[i]) {
			copied := *m
			copied.URL, copied.Data = nil, protocol.Text(`"iVBORw0KGgo="`)
			if copied.Type.Empty() {
				copied.Type = protocol.Text(`"image/png"`)
			}
			parts[i].Media = &copied
		}
	}
}
