package anthropic_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

const (
	cacheMark  = `"cache_control":{"type":"ephemeral"}`
	longSystem = 6000 // bytes: some 1300 tokens
)

var everywhere = anthropic.CacheOptions{System: true, Tools: true, Conversation: true}

// prose is about n bytes of English.
func prose(n int) string {
	return strings.Repeat("The owner of a key keeps the session warm. ", n/43+1)[:n]
}

func TestAutoCache(t *testing.T) {
	long := `"` + prose(longSystem) + `"`
	for _, c := range []struct{ name, body, want string }{
		{"system string becomes a block", `{"system":` + long + `,"messages":[]}`, `{"system":[{"type":"text","text":` + long + `,` + cacheMark + `}],"messages":[]}`},
		{"last system block", `{"system":[{"type":"text","text":` + long + `},{"type":"text","text":"b"},{"type":"text","text":" \n"} ] }`, `{"system":[{"type":"text","text":` + long + `},{"type":"text","text":"b",` + cacheMark + `},{"type":"text","text":" \n"} ] }`},
		{"short system", `{"system":"be brief","messages":[]}`, ""},
		{"empty system", `{"system":"","tools":[],"messages":[]}`, ""},
		{"last tool that is in the prompt", `{"tools":[{"name":"a","input_schema":{"type":"object"}} , {"name":"b","input_schema":{}},{"name":"c","defer_loading":true},{"type":"mcp_toolset","mcp_server_name":"x"}]}`,
			`{"tools":[{"name":"a","input_schema":{"type":"object"}} , {"name":"b","input_schema":{},` + cacheMark + `},{"name":"c","defer_loading":true},{"type":"mcp_toolset","mcp_server_name":"x"}]}`},
		{"all tools deferred", `{"tools":[{"name":"c","defer_loading":true},{"name":"d","defer_loading":true}]}`, ""},
		{"braces and quotes in a tool", `{"tools":[{"name":"a"},{"name":"b","description":"}{ \\\" [ \\"}]}`, `{"tools":[{"name":"a"},{"name":"b","description":"}{ \\\" [ \\",` + cacheMark + `}]}`},
		{"first turn", `{"messages":[{"role":"user","content":"hi"}]}`, ""},
		{"conversation, string", `{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"ho"},{"role":"user","content":"more"}]}`,
			`{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"ho"},{"role":"user","content":[{"type":"text","text":"more",` + cacheMark + `}]}]}`},
		{"conversation, blocks", `{"messages":[{"role":"assistant","content":"ho"},{"content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"x"}]},{"type":"text","text":" "}],"role":"user"}]}`,
			`{"messages":[{"role":"assistant","content":"ho"},{"content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"x"}],` + cacheMark + `},{"type":"text","text":" "}],"role":"user"}]}`},
		{"nothing to mark in the turn", `{"messages":[{"role":"assistant","content":"ho"},{"role":"user","content":[{"type":"container_upload","file_id":"f"}]}]}`, ""},
		{"the assistant's beginning of an answer", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"},{"role":"assistant","content":"{"}]}`,
			`{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":[{"type":"text","text":"c",` + cacheMark + `}]},{"role":"assistant","content":"{"}]}`},
		{"a system message behind the turn", `{"messages":[{"role":"assistant","content":"b"},{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://x"}}]},{"role":"system","content":"c"}]}`,
			`{"messages":[{"role":"assistant","content":"b"},{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://x"},` + cacheMark + `}]},{"role":"system","content":"c"}]}`},
		{"case-44 the client marks", `{"system":` + long + `,"tools":[{"name":"a"}],"messages":[{"role":"user","content":[{"type":"text","text":"x",` + cacheMark + `}]}]}`, ""},
		{"case-45 the client marks for an hour", `{"system":` + long + `,"messages":[{"role":"user","content":[{"type":"text","text":"x","cache_control" : { "ttl":"1h", "type":"ephemeral" }}]}]}`, ""},
		{"the client marks the whole", `{` + cacheMark + `,"system":` + long + `}`, ""},
		{"null is no mark", `{"tools":[{"name":"a","cache_control":null}]}`, `{"tools":[{"name":"a","cache_control":{"type":"ephemeral"}}]}`},
		{"a parameter is no mark", `{"tools":[{"name":"a","input_schema":{"properties":{"cache_control":{"type":"string"}}}}]}`, `{"tools":[{"name":"a","input_schema":{"properties":{"cache_control":{"type":"string"}}},` + cacheMark + `}]}`},
		{"a text is no mark", `{"tools":[{"name":"a","description":"\"cache_control\":{\"type\":\"ephemeral\"}"}]}`, `{"tools":[{"name":"a","description":"\"cache_control\":{\"type\":\"ephemeral\"}",` + cacheMark + `}]}`},
		{"wrong types", `{"system":7,"tools":{"a":{}},"messages":"x"}`, ""},
		{"wrong types inside", `{"system":[7],"tools":[7],"messages":[7]}`, ""},
		{"empty objects", `{"system":[{}],"tools":[{}],"messages":[{},{"role":"assistant"},{"role":"user","content":[{}]}]}`, ""},
		{"all three", `{"messages":[{"role":"assistant","content":"b"},{"role":"user","content":"c"}],"tools":[{"name":"a"}],"system":` + long + `}`,
			`{"messages":[{"role":"assistant","content":"b"},{"role":"user","content":[{"type":"text","text":"c",` + cacheMark + `}]}],"tools":[{"name":"a",` + cacheMark + `}],"system":[{"type":"text","text":` + long + `,` + cacheMark + `}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := []byte(c.body)
			got := anthropic.AutoCache(nil, body, "claude-sonnet-4-5", everywhere)
			if c.want == "" {
				if &got[0] != &body[0] {
					t.Errorf("nothing should be marked: %s", got)
				}
				return
			}
			if string(got) != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			p, err := anthropic.Peek(body)
			if err != nil {
				t.Fatal(err)
			}
			edits := anthropic.CacheEdits(nil, body, anthropic.SpansOf(&p), "claude-sonnet-4-5", everywhere)
			if out := protocol.Splice(nil, body, edits...); !bytes.Equal(out, got) {
				t.Errorf("with spans %s", out)
			}
		})
	}
}

func TestAutoCacheSwitches(t *testing.T) {
	body := []byte(`{"system":"` + prose(longSystem) + `","tools":[{"name":"a"}],"messages":[{"role":"assistant","content":"b"},{"role":"user","content":"c"}]}`)
	for _, c := range []struct {
		o    anthropic.CacheOptions
		want int
	}{
		{anthropic.CacheOptions{}, 0},
		{anthropic.CacheOptions{System: true}, 1},
		{anthropic.CacheOptions{Tools: true}, 1},
		{anthropic.CacheOptions{Conversation: true}, 1},
		{anthropic.CacheOptions{System: true, Tools: true, Conversation: true}, 3},
		{anthropic.CacheOptions{System: true, MinSystemTokens: 2000}, 0},
	} {
		out := anthropic.AutoCache(nil, body, "claude-sonnet-4-5", c.o)
		if n := bytes.Count(out, []byte(cacheMark)); n != c.want {
			t.Errorf("%+v: %d marks", c.o, n)
		}
	}
}

// The minimum is the model's; the configured one can only raise it.
func TestAutoCacheMinimum(t *testing.T) {
	for _, c := range []struct {
		model  string
		tokens int64
	}{
		{"claude-sonnet-4-5-20250929", 1024},
		{"claude-opus-4-1", 1024},
		{"claude-3-haiku-20240307", 2048},
		{"claude-sonnet-4-6", 2048},
		{"claude-haiku-4-5", 4096},
		{"claude-opus-4-5@20251101", 4096},
		{"claude-opus-5", 4096},
	} {
		for _, delta := range []int64{-1, 0} {
			asked := false
			o := anthropic.CacheOptions{System: true, MinSystemTokens: 500, Count: func(system protocol.Raw) int64 {
				asked = true
				return c.tokens + delta
			}}
			body := []byte(`{"system":"` + prose(int(c.tokens)*9/2) + `"}`)
			marked := bytes.Contains(anthropic.AutoCache(nil, body, c.model, o), []byte(cacheMark))
			if marked != (delta == 0) || !asked {
				t.Errorf("%s with %d tokens: marked %v, asked %v", c.model, c.tokens+delta, marked, asked)
			}
		}
		far := anthropic.CacheOptions{System: true, Count: func(protocol.Raw) int64 { t.Errorf("%s: asked without need", c.model); return 0 }}
		anthropic.AutoCache(nil, []byte(`{"system":"`+prose(int(c.tokens))+`"}`), c.model, far)
		if out := anthropic.AutoCache(nil, []byte(`{"system":"`+prose(int(c.tokens)*10)+`"}`), c.model, far); !bytes.Contains(out, []byte(cacheMark)) {
			t.Errorf("%s: a long system prompt is not marked", c.model)
		}
	}
	chinese := anthropic.AutoCache(nil, []byte(`{"system":[{"type":"text","text":"`+strings.Repeat("缓存", 600)+`"}]}`), "claude-sonnet-4-5", anthropic.CacheOptions{System: true})
	if !bytes.Contains(chinese, []byte(cacheMark)) {
		t.Error("1200 characters of Chinese are not marked")
	}
}

var marks = regexp.MustCompile(`,?"cache_control":\{[^}]*\}`)

// Real requests are marked where the rules say, stay valid, and are otherwise
// the bytes they were.
func TestAutoCacheRealRequests(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "anthropic.messages.request.beta")
	for name, body := range requests(t) {
		if out := anthropic.AutoCache(nil, body, "claude-opus-5", everywhere); bytes.Contains(body, []byte(`"ephemeral"`)) && !bytes.Equal(out, body) {
			t.Errorf("%s: marked beside the client's marks", name)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, body); err != nil {
			t.Fatal(err)
		}
		bare := marks.ReplaceAll(compact.Bytes(), nil)
		valid := schema.Validate(bare) == nil
		out := anthropic.AutoCache(nil, bare, "claude-opus-5", everywhere)
		if n := bytes.Count(out, []byte(cacheMark)); n > 3 {
			t.Errorf("%s: %d marks", name, n)
		}
		if err := schema.Validate(out); err != nil && valid {
			t.Errorf("%s: %v", name, err)
		}
		back := marks.ReplaceAll(out, nil)
		back = bytes.ReplaceAll(back, []byte(`[{"type":"text","text":`), nil)
		same := bytes.ReplaceAll(bare, []byte(`[{"type":"text","text":`), nil)
		if strip(back) != strip(same) {
			t.Errorf("%s: other bytes have changed", name)
		}
	}
}

// strip drops what a string that became a block has more.
func strip(b []byte) string { return strings.NewReplacer("}", "", "]", "").Replace(string(b)) }

func FuzzAutoCache(f *testing.F) {
	f.Add([]byte(`{"system":[{"type":"text","text":"a"}],"tools":[{"name":"a"}],"messages":[{"role":"assistant","content":"b"},{"role":"user","content":[{"type":"text","text":"x"}]}]}`))
	f.Add([]byte(`{"tools":[{"name":"a","description":"\\\""},{"defer_loading":true}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if protocol.ScanObject(body, func([]byte, protocol.Member) {}) != nil {
			return
		}
		o := everywhere
		o.Count = func(protocol.Raw) int64 { return 1 << 20 }
		out := anthropic.AutoCache(nil, body, "claude-opus-5", o)
		if err := protocol.ScanObject(out, func([]byte, protocol.Member) {}); err != nil {
			t.Fatalf("%q became %q: %v", body, out, err)
		}
		if n := len(out) - len(body); n != 0 && n < 19 || n > 3*80 {
			t.Fatalf("%q became %q", body, out)
		}
		if len(out) != len(body) && len(anthropic.AutoCache(nil, out, "claude-opus-5", o)) != len(out) {
			t.Fatalf("%q: marked twice", out)
		}
	})
}

func BenchmarkAutoCache(b *testing.B) {
	marked := protocoltest.Capture(b, "claude-code-2.1.197/claude-text-02.json")
	bare := marks.ReplaceAll(marked, nil)
	for name, body := range map[string][]byte{"marked": marked, "bare": bare} {
		p, err := anthropic.Peek(body)
		if err != nil {
			b.Fatal(err)
		}
		at := anthropic.SpansOf(&p)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			var edits []protocol.Edit
			for b.Loop() {
				edits = anthropic.CacheEdits(edits[:0], body, at, p.Model, everywhere)
			}
		})
	}
}
