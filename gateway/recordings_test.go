package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/protocoltest"
	"github.com/llmgw/llmgw/protocol/sse"
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

// answers are the client APIs that recorded answers are converted to.
var answers = []struct {
	name, endpoint, schema, event string
}{
	{"chat", "/v1/chat/completions", "openai.chat.completion", "openai.chat.completion.chunk"},
	{"responses", "/v1/responses", "openai.response", "openai.response.stream-event"},
	{"messages", "/v1/messages", "anthropic.message.response", "anthropic.stream-event"},
	{"gemini", "/v1beta/models/m:generateContent", "gemini.generateContent.response", "gemini.generateContent.response"},
}

// Every recorded answer becomes one that the client's schema takes, whole and
// streamed; and an answer collected from a stream is the stream collected.
func TestRecordedAnswersConvert(t *testing.T) {
	for folder, dialect := range map[string]protocol.Dialect{"openai-chat": protocol.OpenAI, "anthropic": protocol.Anthropic, "gemini": protocol.Gemini} {
		for _, to := range answers {
			t.Run(folder+" to "+to.name, func(t *testing.T) {
				e, _ := endpointOf("POST", to.endpoint)
				c := clientCodecFor(e, &protocol.Peek{HasMessages: true})
				whole, event := protocoltest.LoadSchema(t, to.schema), protocoltest.LoadSchema(t, to.event)
				wholes, streams := 0, 0
				for _, r := range protocoltest.Recordings(t, folder) {
					if r.Status != 200 || unusual(r) {
						continue
					}
					if r.Stream {
						streams++
						for _, fault := range streamFaults(c, providerCodecFor(dialect), to.name, r.Body, event) {
							t.Errorf("%s: %s", r.Name, fault)
						}
						continue
					}
					x := exchange("asked", "sent")
					answer, err := providerCodecFor(dialect).answer(x, r.Body)
					if err != nil {
						t.Errorf("%s: %v", r.Name, err)
						continue
					}
					wholes++
					if err := whole.Validate(c.answer(nil, x, answer)); err != nil {
						t.Errorf("%s: %v", r.Name, err)
					}
				}
				t.Logf("%d answers and %d streams converted and valid", wholes, streams)
				if wholes == 0 || streams == 0 {
					t.Error("nothing was converted")
				}
			})
		}
	}
}

// unusual are recordings of other endpoints, and of streams that fail.
func unusual(r protocoltest.Recording) bool {
	for _, sign := range []string{`"object":"list"`, `"input_tokens":`, `"totalTokens":`} {
		trimmed := bytes.TrimSpace(r.Body)
		if bytes.HasPrefix(bytes.ReplaceAll(trimmed[:min(len(trimmed), 60)], []byte(" "), nil), []byte("{"+sign)) {
			return true
		}
	}
	return strings.Contains(r.Name, "error") || strings.Contains(r.Name, "embed")
}

// streamFaults converts a stream and lists what is wrong with it.
func streamFaults(c clientCodec, p providerCodec, api string, stream []byte, schema *protocoltest.Schema) (faults []string) {
	x := exchange("asked", "sent")
	x.Request.Stream, x.Request.IncludeUsage = true, true
	dec, enc := p.stream(x), c.stream(x)
	var out []byte
	var collect protocol.Collector
	take := func(events []protocol.Event) {
		for i := range events {
			collect.Add(&events[i])
			out = enc.Event(out, &events[i])
		}
	}
	r := sse.NewReader(bytes.NewReader(stream))
	for {
		frame, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return []string{err.Error()}
		}
		take(dec.Frame(nil, frame))
	}
	take(dec.End(nil))
	if _, e := collect.Response(); e != nil {
		return []string{e.Error()}
	}
	if api == "responses" {
		if _, err := protocoltest.CheckResponsesStream(out, schema); err != nil {
			faults = append(faults, err.Error())
		}
		return faults
	}
	frames := sse.NewReader(bytes.NewReader(out))
	for n := 0; ; n++ {
		frame, err := frames.Next()
		if err == io.EOF {
			break
		}
		data := sse.Data(frame)
		if len(data) == 0 || string(data) == "[DONE]" {
			continue
		}
		// Citations in a chunk are OpenAI's own on search models, and not in its schema.
		if err := schema.Validate(data); err != nil && !strings.Contains(err.Error(), "delta.annotations: not allowed") {
			faults = append(faults, fmt.Sprintf("frame %d: %v in %.300s", n, err, data))
			break
		}
	}
	return faults
}
