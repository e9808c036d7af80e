package openai_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// A chat request in Anthropic's shape is told from one whose tool has a
// parameter of that name.
func TestPeekAtShapes(t *testing.T) {
	for body, want := range map[string]bool{
		`{"system":"Be brief.","messages":[]}`:                                                                                   true,
		`{"tools":[{"type":"function","function":{"name":"f"}},{"name":"g","input_schema":{}}]}`:                                 true,
		`{"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"input_schema":{"type":"object"}}}}}]}`: false,
		`{"tools":{"input_schema":1}}`:                                                                                           false,
		`{"messages":[{"role":"system","content":"system"}]}`:                                                                    false,
	} {
		p, err := openai.Peek([]byte(body))
		if err != nil || p.Misshaped != want {
			t.Errorf("%s: %t %v", body, p.Misshaped, err)
		}
	}
}

func TestPeek(t *testing.T) {
	for _, c := range []struct {
		body string
		want protocol.Peek
	}{
		{`{}`, protocol.Peek{}},
		{`{"model":"gpt-\u0035","messages":[],"stream":true,"stream_options":{"include_usage":true}}`,
			protocol.Peek{Model: "gpt-5", Stream: true, IncludeUsage: true, HasMessages: true}},
		{`{"model":"m","input":"hi","prompt_cache_key":"conv-1","stream":null}`,
			protocol.Peek{Model: "m", PromptCacheKey: "conv-1", HasInput: true}},
		{`{"stream":false,"prompt_cache_key":3,"stream_options":null}`, protocol.Peek{}},
		{`{"stream":true,"stream_options":{"include_usage":"yes"}}`, protocol.Peek{Stream: true}},
	} {
		got, err := openai.Peek([]byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
		}
		if got.ModelSpan.Present() {
			if v, _ := protocol.String(got.ModelSpan.Of([]byte(c.body))); v != c.want.Model {
				t.Errorf("%s: ModelSpan is %q", c.body, v)
			}
		}
		spans := cmpopts.IgnoreFields(protocol.Peek{}, "ModelSpan", "StreamSpan", "StreamOptions")
		if d := cmp.Diff(c.want, got, spans); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.body, d)
		}
	}
}

func TestPeekFaults(t *testing.T) {
	for body, want := range map[string]string{
		`{"model":5}`:                      "model",
		`{"model":null}`:                   "model",
		`{"model":"m","stream":"yes"}`:     "stream",
		`{"stream_options":{"a":1,"a":2}}`: "stream_options",
		`{"model":"m"`:                     "",
		`[]`:                               "",
		`{"model":"a","model":"b"}`:        "",
	} {
		p, err := openai.Peek([]byte(body))
		if e := protocol.AsError(err); e == nil || e.Code != protocol.InvalidRequest || e.Param != want {
			t.Errorf("%s: %v", body, err)
		}
		if p != (protocol.Peek{}) {
			t.Errorf("%s: %+v with an error", body, p)
		}
	}
}

func TestForceUsage(t *testing.T) {
	for body, want := range map[string]string{
		`{"model":"m"}`:                               `{"model":"m"}`,
		`{"stream":false}`:                            `{"stream":false}`,
		`{"stream":true}`:                             `{"stream":true,"stream_options":{"include_usage":true}}`,
		`{"stream" : true , "model":"m"}`:             `{"stream" : true,"stream_options":{"include_usage":true} , "model":"m"}`,
		`{"stream_options":null,"stream":true}`:       `{"stream_options":{"include_usage":true},"stream":true}`,
		`{"stream":true,"stream_options":{}}`:         `{"stream":true,"stream_options":{"include_usage":true}}`,
		`{"stream":true,"stream_options":{"a":1}}`:    `{"stream":true,"stream_options":{"include_usage":true,"a":1}}`,
		`{"stream":true,"stream_options":"x"}`:        `{"stream":true,"stream_options":"x"}`,
		`{"stream":true,"stream_options":{"a":"x"} }`: `{"stream":true,"stream_options":{"include_usage":true,"a":"x"} }`,
		`{"stream":true,"stream_options":{"include_usage":false,"include_obfuscation":false}}`: `{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}`,
		`{"stream":true,"stream_options":{"include_usage":null}}`:                              `{"stream":true,"stream_options":{"include_usage":true}}`,
		`{"stream":true,"stream_options":{"include_usage":true}}`:                              `{"stream":true,"stream_options":{"include_usage":true}}`,
	} {
		p, err := openai.Peek([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(protocol.Splice(nil, []byte(body), openai.ForceUsage([]byte(body), p)...)); got != want {
			t.Errorf("%s became\n%s, want\n%s", body, got, want)
		}
	}
}

func TestPeekCaptures(t *testing.T) {
	codex := protocoltest.Capture(t, "codex-cli-0.169.0/codex-tool-02.json")
	p, err := openai.Peek(codex)
	if err != nil || p.Model != "gpt-5-codex" || !p.Stream || !p.HasInput || p.HasMessages || p.PromptCacheKey != "00000000-0000-4000-8000-000000000001" {
		t.Errorf("codex: %+v, %v", p, err)
	}
	opencode := protocoltest.Capture(t, "opencode-1.18.33/opencode-tool-02.json")
	p, err = openai.Peek(opencode)
	if err != nil || !p.Stream || !p.IncludeUsage || !p.HasMessages || openai.ForceUsage(opencode, p) != nil {
		t.Errorf("opencode: %+v, %v", p, err)
	}
}

func FuzzPeek(f *testing.F) {
	for _, s := range []string{
		`{"model":"m","stream":true}`, `{"stream":true,"stream_options":{"include_usage":false}}`, `{"stream":true,"stream_options":{ }}`,
		`{"stream":true,"stream_options":null,"prompt_cache_key":"x"}`, `{"stream":true,"stream_options":{"a":1,"a":2}}`, `{"model":1}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := openai.Peek(body)
		if err != nil {
			return
		}
		out := protocol.Splice(nil, body, openai.ForceUsage(body, p)...)
		again, err := openai.Peek(out)
		if err != nil {
			t.Fatalf("%q became %q: %v", body, out, err)
		}
		if p.Model != again.Model || p.Stream != again.Stream || p.PromptCacheKey != again.PromptCacheKey {
			t.Fatalf("%q became %q", body, out)
		}
		options := p.StreamOptions.Of(body)
		asObject := len(options) == 0 || options[0] == '{' || protocol.IsNull(options)
		if p.Stream && asObject && !again.IncludeUsage {
			t.Fatalf("%q became %q, without usage", body, out)
		}
		var was, is map[string]json.RawMessage
		if json.Unmarshal(body, &was) != nil || json.Unmarshal(out, &is) != nil {
			t.Fatalf("%q became %q", body, out)
		}
		delete(was, "stream_options")
		delete(is, "stream_options")
		if d := cmp.Diff(was, is); d != "" && !strings.Contains(string(body), `\`) {
			t.Fatalf("%q became %q:\n%s", body, out, d)
		}
	})
}
