package protocol_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
)

var updateTable = flag.Bool("update", false, "write the table of conversions in the README anew")

// target is a model of each provider, and what it does with a client's field.
var tableTargets = []struct {
	dialect, model string
	encode         func([]byte, *protocol.Exchange) ([]byte, error)
	fetched        func(*protocol.Part) bool
}{
	{"OpenAI", "gpt-5.4", openai.EncodeChatRequest, openai.NeedsBytes},
	{"Anthropic", "claude-sonnet-4-5", anthropic.EncodeRequest, func(*protocol.Part) bool { return false }},
	{"Gemini", "gemini-3-pro", gemini.EncodeRequest, gemini.NeedsBytes},
}

// tableClient is a client API with a body around the field that is tried.
type tableClient struct {
	name, own string // own: the provider of the same API, whose bytes pass
	decode    func(*protocol.Exchange, []byte) error
	// body holds %s where more members go.
	body   string
	fields []string // "name: members"; a line that starts with '=' is a whole body
}

const tool = `{"name":"f","description":"d","input_schema":{"type":"object","properties":{"a":{"type":"string"}}}}`

const (
	pixel    = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
	function = `{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}}`
)

var tableClients = []tableClient{
	{"OpenAI Chat Completions", "OpenAI", openai.DecodeChatRequest, `{"model":"m","messages":[{"role":"user","content":"hi"}]%s}`, []string{
		`tools, tool_choice "auto": "tools":[` + function + `],"tool_choice":"auto"`,
		`tool_choice "required": "tools":[` + function + `],"tool_choice":"required"`,
		`tool_choice of one function: "tools":[` + function + `],"tool_choice":{"type":"function","function":{"name":"f"}}`,
		`tool_choice "none": "tools":[` + function + `],"tool_choice":"none"`,
		`tool_choice allowed_tools: "tools":[` + function + `],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}}`,
		`parallel_tool_calls false: "tools":[` + function + `],"parallel_tool_calls":false`,
		`custom tool: "tools":[{"type":"custom","custom":{"name":"c"}}]`,
		`custom tool with a grammar: "tools":[{"type":"custom","custom":{"name":"c","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: \"a\""}}}}]`,
		`functions (deprecated): "functions":[{"name":"f","parameters":{"type":"object"}}]`,
		`system message behind the first turn: ={"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"system","content":"c"},{"role":"user","content":"d"}]}`,
		`developer message: ={"model":"m","messages":[{"role":"developer","content":"a"},{"role":"user","content":"d"}]}`,
		`image as data: ={"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + pixel + `"}}]}]}`,
		`image by URL: ={"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.org/a.png"}}]}]}`,
		`PDF as data: ={"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0xLjQK"}}]}]}`,
		`file_id: ={"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}]}`,
		`input_audio: ={"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}]}]}`,
		`max_completion_tokens: "max_completion_tokens":100`,
		`temperature 0.5: "temperature":0.5`, `temperature 1.7: "temperature":1.7`, `top_p: "top_p":0.9`, `temperature and top_p: "temperature":0.5,"top_p":0.9`,
		`stop: "stop":["END"]`, `n 2: "n":2`, `seed: "seed":7`, `logprobs: "logprobs":true,"top_logprobs":2`, `logit_bias: "logit_bias":{"50256":-100}`,
		`presence_penalty, frequency_penalty: "presence_penalty":1,"frequency_penalty":1`,
		`response_format json_object: "response_format":{"type":"json_object"}`,
		`response_format json_schema: "response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}}`,
		`reasoning_effort: "reasoning_effort":"high","max_completion_tokens":30000`, `reasoning_effort "none": "reasoning_effort":"none"`,
		`verbosity: "verbosity":"low"`, `user: "user":"u1"`, `metadata: "metadata":{"a":"b"}`, `store true: "store":true`,
		`service_tier flex: "service_tier":"flex"`, `prompt_cache_key: "prompt_cache_key":"k"`, `web_search_options: "web_search_options":{}`,
		`modalities audio: "modalities":["text","audio"],"audio":{"voice":"alloy","format":"mp3"}`, `prediction: "prediction":{"type":"content","content":"x"}`,
		`an unknown field: "no_such_field":1`,
	}},
	{"OpenAI Responses", "OpenAI", openai.DecodeResponsesRequest, `{"model":"m","input":"hi"%s}`, []string{
		`instructions: "instructions":"be brief"`,
		`function tools: "tools":[{"type":"function","name":"f","parameters":{"type":"object"}}]`,
		`custom tool: "tools":[{"type":"custom","name":"c"}]`,
		`namespace tool: "tools":[{"type":"namespace","name":"n","description":"d","tools":[{"type":"function","name":"f","parameters":{"type":"object"}}]}]`,
		`web_search: "tools":[{"type":"web_search"}]`, `file_search: "tools":[{"type":"file_search","vector_store_ids":["v"]}]`,
		`mcp: "tools":[{"type":"mcp","server_label":"s","server_url":"https://example.org"}]`, `code_interpreter: "tools":[{"type":"code_interpreter","container":{"type":"auto"}}]`,
		`input_image: ={"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,` + pixel + `","detail":"auto"}]}]}`,
		`input_file: ={"model":"m","input":[{"role":"user","content":[{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0xLjQK"}]}]}`,
		`item_reference: ={"model":"m","input":[{"type":"item_reference","id":"msg_1"}]}`,
		`reasoning: "reasoning":{"effort":"high","summary":"auto"}`, `text.format json_schema: "text":{"format":{"type":"json_schema","name":"x","schema":{"type":"object","properties":{},"additionalProperties":false}}}`,
		`include reasoning.encrypted_content: "include":["reasoning.encrypted_content"]`, `store true: "store":true`,
		`previous_response_id: "previous_response_id":"resp_1"`, `conversation: "conversation":"conv_1"`, `background true: "background":true`, `prompt: "prompt":{"id":"pmpt_1"}`,
		`max_output_tokens: "max_output_tokens":100`, `max_tool_calls: "max_tool_calls":3`, `truncation auto: "truncation":"auto"`,
	}},
	{"Anthropic Messages", "Anthropic", anthropic.DecodeRequest, `{"model":"m","max_tokens":30000,"messages":[{"role":"user","content":"hi"}]%s}`, []string{
		`system, cache_control: "system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]`,
		`tools, tool_choice auto: "tools":[` + tool + `],"tool_choice":{"type":"auto"}`, `tool_choice any: "tools":[` + tool + `],"tool_choice":{"type":"any"}`,
		`tool_choice of one tool: "tools":[` + tool + `],"tool_choice":{"type":"tool","name":"f"}`, `tool_choice none: "tools":[` + tool + `],"tool_choice":{"type":"none"}`,
		`disable_parallel_tool_use: "tools":[` + tool + `],"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`,
		`web_search: "tools":[{"type":"web_search_20250305","name":"web_search"}]`, `code_execution: "tools":[{"type":"code_execution_20250825","name":"code_execution"}]`,
		`system message among the messages: ={"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"system","content":"c"}]}`,
		`image as data: ={"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + pixel + `"}}]}]}`,
		`image by URL: ={"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://example.org/a.png"}}]}]}`,
		`PDF as data: ={"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjQK"}}]}]}`,
		`PDF by URL: ={"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://example.org/a.pdf"}}]}]}`,
		`tool_result with an image: ={"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + pixel + `"}}]}]}],"tools":[` + tool + `]}`,
		`search_result: ={"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"x"}]}]}]}`,
		`temperature, top_p: "temperature":0.5,"top_p":0.9`, `top_k: "top_k":40`, `stop_sequences: "stop_sequences":["END"]`,
		`thinking enabled: "thinking":{"type":"enabled","budget_tokens":8000}`, `thinking adaptive: "thinking":{"type":"adaptive"}`, `thinking disabled: "thinking":{"type":"disabled"}`,
		`output_config.effort: "output_config":{"effort":"high"}`,
		`output_config.format: "output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}}`,
		`metadata.user_id: "metadata":{"user_id":"u1"}`, `service_tier: "service_tier":"standard_only"`,
		`container: "container":"c1"`, `mcp_servers: "mcp_servers":[{"type":"url","name":"s","url":"https://example.org"}]`, `context_management: "context_management":{"edits":[]}`,
	}},
	{"Gemini generateContent", "Gemini", gemini.DecodeRequest, `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]%s}`, []string{
		`systemInstruction: "systemInstruction":{"parts":[{"text":"a"}]}`,
		`functionDeclarations: "tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING"}}}}]}]`,
		`mode ANY: "tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}`,
		`allowedFunctionNames: "tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}}`,
		`googleSearch: "tools":[{"googleSearch":{}}]`, `codeExecution: "tools":[{"codeExecution":{}}]`,
		`inlineData image: ={"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"` + pixel + `"}}]}]}`,
		`inlineData PDF: ={"contents":[{"parts":[{"inlineData":{"mimeType":"application/pdf","data":"JVBERi0xLjQK"}}]}]}`,
		`inlineData audio: ={"contents":[{"parts":[{"inlineData":{"mimeType":"audio/wav","data":"UklGRg=="}}]}]}`,
		`fileData of Google: ={"contents":[{"parts":[{"fileData":{"mimeType":"image/png","fileUri":"gs://bucket/a.png"}}]}]}`,
		`temperature, topP: "generationConfig":{"temperature":0.5,"topP":0.9}`, `topK: "generationConfig":{"topK":40}`, `maxOutputTokens: "generationConfig":{"maxOutputTokens":100}`,
		`stopSequences: "generationConfig":{"stopSequences":["END"]}`, `candidateCount 2: "generationConfig":{"candidateCount":2}`, `seed: "generationConfig":{"seed":7}`,
		`responseLogprobs: "generationConfig":{"responseLogprobs":true,"logprobs":2}`, `presencePenalty: "generationConfig":{"presencePenalty":1}`,
		`responseMimeType JSON: "generationConfig":{"responseMimeType":"application/json"}`,
		`responseSchema: "generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"a":{"type":"STRING"}}}}`,
		`responseModalities IMAGE: "generationConfig":{"responseModalities":["TEXT","IMAGE"]}`,
		`thinkingLevel: "generationConfig":{"thinkingConfig":{"thinkingLevel":"HIGH"},"maxOutputTokens":30000}`, `thinkingBudget: "generationConfig":{"thinkingConfig":{"thinkingBudget":8000},"maxOutputTokens":30000}`,
		`safetySettings: "safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}]`,
		`cachedContent: "cachedContent":"cachedContents/1"`, `labels: "labels":{"a":"b"}`,
	}},
}

// outcome says what a target does with a body.
func (c tableClient) outcome(t *testing.T, target int, body string) string {
	to := tableTargets[target]
	x := converting(false)
	x.Target = to.model
	if err := c.decode(x, []byte(body)); err != nil {
		return refused(t, body, err)
	}
	protocol.Arrange(x)
	fetched := false
	for _, m := range x.Request.Messages {
		for i := range m.Parts {
			if p := &m.Parts[i]; p.Media != nil && to.fetched(p) {
				media := *p.Media
				media.URL, media.Data, media.Type = nil, protocol.TextOf(pixel), protocol.TextOf("image/png")
				if p.Kind == protocol.PartFile {
					media.Data, media.Type = protocol.TextOf("JVBERi0xLjQK"), protocol.TextOf("application/pdf")
				}
				p.Media, fetched = &media, true
			}
		}
	}
	if _, err := to.encode(nil, x); err != nil {
		return refused(t, body, err)
	}
	if w := x.Warnings(); len(w) > 0 {
		var list []string
		for _, one := range w {
			list = append(list, one.Field+": "+one.Reason)
		}
		return "warns: " + strings.Join(list, "; ")
	}
	if fetched {
		return "yes, fetched"
	}
	return "yes"
}

func refused(t *testing.T, body string, err error) string {
	if e := protocol.AsError(err); e.Code != protocol.InvalidRequest {
		t.Errorf("%s: %v", body, err)
	}
	return "400"
}

const (
	tableBegin = "<!-- conversions: made by go test ./protocol -update -->\n"
	tableEnd   = "<!-- end of conversions -->"
)

// The README's table of what converts, what warns and what is refused is what
// the code does.
func TestConversionTable(t *testing.T) {
	var b bytes.Buffer
	for _, c := range tableClients {
		columns := slices.DeleteFunc([]int{0, 1, 2}, func(i int) bool { return tableTargets[i].dialect == c.own && c.name != "OpenAI Responses" })
		fmt.Fprintf(&b, "\n| %s | ", c.name)
		for _, i := range columns {
			name := tableTargets[i].dialect
			if name == c.own {
				name += " (chat only)"
			}
			fmt.Fprintf(&b, "%s | ", name)
		}
		b.WriteString("\n|---|" + strings.Repeat("---|", len(columns)) + "\n")
		for _, f := range c.fields {
			name, members, ok := strings.Cut(f, ": ")
			if !ok {
				t.Fatalf("%q has no members", f)
			}
			body, whole := strings.CutPrefix(members, "=")
			if !whole {
				body = fmt.Sprintf(c.body, ","+members)
			}
			fmt.Fprintf(&b, "| %s | ", name)
			for _, i := range columns {
				fmt.Fprintf(&b, "%s | ", c.outcome(t, i, body))
			}
			b.WriteString("\n")
		}
	}
	const file = "../README.md"
	readme, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(readme), tableBegin)
	_, tail, closed := strings.Cut(rest, tableEnd)
	if !ok || !closed {
		t.Fatalf("%s has no place for the table", file)
	}
	want := head + tableBegin + b.String() + "\n" + tableEnd + tail
	if *updateTable {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(readme) {
		t.Error("the README's table of conversions is not what the code does; write it anew with: go test ./protocol -run ConversionTable -update")
	}
}
