package gateway_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// api is one client API: how a conversation is written for it, and how its
// answers are read.
type api struct {
	name string
	path func(model string, stream bool) string
	body func(model string, stream bool, turns []turn) string
	read func(t *testing.T, stream bool, r Reply) said
}

// turn is one of user's text, assistant's call, tool's result.
type turn struct {
	user           string
	call           string // the arguments of a call of "weather"
	callID, result string
	signature      string // what the API's client carries along with a call
}

// said is an answer in no dialect's words.
type said struct {
	text, call, args, callID, end string
	input, output                 int
	signature                     string
}

var apis = []api{chatAPI, responsesAPI, messagesAPI, geminiAPI}

var models = []string{"gpt-5", "claude-sonnet-4-5", "gemini-3-pro"}

// Every client API asks every provider, whole and streamed, for a text, a tool
// call, and the answer that follows the tool's result. The stand-ins judge what
// arrives as strictly as the real APIs.
func TestEveryClientReachesEveryProvider(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	n := c.Nodes[0]
	for _, a := range apis {
		for _, model := range models {
			for _, stream := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/stream=%v", a.name, model, stream), func(t *testing.T) {
					ask := func(turns ...turn) said {
						t.Helper()
						r := c.Post(n, "alice", a.path(model, stream), a.body(model, stream, turns))
						if r.Status != 200 {
							t.Fatalf("%d %s", r.Status, r.Body)
						}
						return a.read(t, stream, r)
					}
					first := ask(turn{user: "What is the weather in Paris?"})
					if first.call != "weather" || first.end != "tools" || !json.Valid([]byte(first.args)) || first.callID == "" {
						t.Fatalf("the first answer is no call: %+v", first)
					}
					if first.input == 0 || first.output == 0 {
						t.Errorf("no usage: %+v", first)
					}
					second := ask(
						turn{user: "What is the weather in Paris?"},
						turn{call: first.args, callID: first.callID, signature: first.signature},
						turn{callID: first.callID, result: "sunny"},
					)
					if second.text == "" || second.end != "stop" || second.call != "" {
						t.Errorf("the second answer is no text: %+v", second)
					}
				})
			}
		}
	}
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

const schema = `{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}`

var chatAPI = api{
	name: "chat",
	path: func(string, bool) string { return "/v1/chat/completions" },
	body: func(model string, stream bool, turns []turn) string {
		var ms []string
		for _, u := range turns {
			switch {
			case u.user != "":
				ms = append(ms, `{"role":"user","content":`+quote(u.user)+`}`)
			case u.call != "":
				ms = append(ms, fmt.Sprintf(`{"role":"assistant","content":null,"tool_calls":[{"id":%q,"type":"function","function":{"name":"weather","arguments":%s}}]}`, u.callID, quote(u.call)))
			default:
				ms = append(ms, fmt.Sprintf(`{"role":"tool","tool_call_id":%q,"content":%s}`, u.callID, quote(u.result)))
			}
		}
		options := ""
		if stream {
			options = `"stream_options":{"include_usage":true},`
		}
		return fmt.Sprintf(`{"model":%q,"stream":%v,%s"messages":[%s],"tools":[{"type":"function","function":{"name":"weather","parameters":%s}}]}`, model, stream, options, strings.Join(ms, ","), schema)
	},
	read: func(t *testing.T, stream bool, r Reply) said {
		type message struct {
			Content   *string
			ToolCalls []struct {
				ID       string
				Function struct{ Name, Arguments string }
			} `json:"tool_calls"`
		}
		var s said
		take := func(m message, finish string) {
			if m.Content != nil {
				s.text += *m.Content
			}
			for _, c := range m.ToolCalls {
				s.call += c.Function.Name
				s.args += c.Function.Arguments
				s.callID += c.ID
			}
			switch finish {
			case "tool_calls":
				s.end = "tools"
			case "":
			default:
				s.end = finish
			}
		}
		type usage struct {
			Prompt     int `json:"prompt_tokens"`
			Completion int `json:"completion_tokens"`
		}
		for _, v := range documents(t, stream, r) {
			var d struct {
				Choices []struct {
					Message, Delta message
					Finish         string `json:"finish_reason"`
				}
				Usage *usage
			}
			decode(t, v, &d)
			for _, ch := range d.Choices {
				take(ch.Message, "")
				take(ch.Delta, ch.Finish)
			}
			if d.Usage != nil {
				s.input, s.output = d.Usage.Prompt, d.Usage.Completion
			}
		}
		return s
	},
}

var responsesAPI = api{
	name: "responses",
	path: func(string, bool) string { return "/v1/responses" },
	body: func(model string, stream bool, turns []turn) string {
		var items []string
		for _, u := range turns {
			switch {
			case u.user != "":
				items = append(items, `{"role":"user","content":`+quote(u.user)+`}`)
			case u.call != "":
				items = append(items, fmt.Sprintf(`{"type":"function_call","call_id":%q,"name":"weather","arguments":%s}`, u.callID, quote(u.call)))
			default:
				items = append(items, fmt.Sprintf(`{"type":"function_call_output","call_id":%q,"output":%s}`, u.callID, quote(u.result)))
			}
		}
		return fmt.Sprintf(`{"model":%q,"stream":%v,"store":false,"input":[%s],"tools":[{"type":"function","name":"weather","strict":false,"parameters":%s}]}`, model, stream, strings.Join(items, ","), schema)
	},
	read: func(t *testing.T, stream bool, r Reply) said {
		type response struct {
			Status string
			Output []struct {
				Type, Name, Arguments string
				CallID                string `json:"call_id"`
				Content               []struct{ Text string }
			}
			Usage struct {
				Input  int `json:"input_tokens"`
				Output int `json:"output_tokens"`
			}
		}
		var last response
		for _, v := range documents(t, stream, r) {
			if !stream {
				decode(t, v, &last)
				continue
			}
			var e struct {
				Type     string
				Response response
			}
			decode(t, v, &e)
			if e.Type == "response.completed" {
				last = e.Response
			}
		}
		s := said{input: last.Usage.Input, output: last.Usage.Output, end: "stop"}
		if last.Status != "completed" {
			s.end = "status " + last.Status
		}
		for _, item := range last.Output {
			switch item.Type {
			case "message":
				for _, c := range item.Content {
					s.text += c.Text
				}
			case "function_call":
				s.call, s.args, s.callID, s.end = item.Name, item.Arguments, item.CallID, "tools"
			}
		}
		return s
	},
}

var messagesAPI = api{
	name: "messages",
	path: func(string, bool) string { return "/v1/messages" },
	body: func(model string, stream bool, turns []turn) string {
		var ms []string
		for _, u := range turns {
			switch {
			case u.user != "":
				ms = append(ms, `{"role":"user","content":`+quote(u.user)+`}`)
			case u.call != "":
				ms = append(ms, fmt.Sprintf(`{"role":"assistant","content":[{"type":"tool_use","id":%q,"name":"weather","input":%s}]}`, u.callID, u.call))
			default:
				ms = append(ms, fmt.Sprintf(`{"role":"user","content":[{"type":"tool_result","tool_use_id":%q,"content":%s}]}`, u.callID, quote(u.result)))
			}
		}
		return fmt.Sprintf(`{"model":%q,"stream":%v,"max_tokens":500,"messages":[%s],"tools":[{"name":"weather","input_schema":%s}]}`, model, stream, strings.Join(ms, ","), schema)
	},
	read: func(t *testing.T, stream bool, r Reply) said {
		type block struct {
			Type, ID, Name, Text string
			Input                json.RawMessage
			Partial              string `json:"partial_json"`
		}
		type usage struct {
			Input  int `json:"input_tokens"`
			Output int `json:"output_tokens"`
		}
		var s said
		take := func(b block) {
			switch b.Type {
			case "text", "text_delta":
				s.text += b.Text
			case "tool_use":
				s.call, s.callID = b.Name, b.ID
				if string(b.Input) != "{}" || !stream {
					s.args += string(b.Input)
				}
			case "input_json_delta":
				s.args += b.Partial
			}
		}
		for _, v := range documents(t, stream, r) {
			var d struct {
				Content []block
				Stop    string `json:"stop_reason"`
				Usage   usage
				Message struct{ Usage usage }
				Block   block `json:"content_block"`
				Delta   struct {
					block
					Stop string `json:"stop_reason"`
				}
			}
			decode(t, v, &d)
			for _, b := range d.Content {
				take(b)
			}
			take(d.Block)
			take(d.Delta.block)
			for _, u := range []usage{d.Message.Usage, d.Usage} {
				s.input, s.output = max(s.input, u.Input), max(s.output, u.Output)
			}
			switch d.Stop + d.Delta.Stop {
			case "tool_use":
				s.end = "tools"
			case "end_turn":
				s.end = "stop"
			}
		}
		return s
	},
}

var geminiAPI = api{
	name: "gemini",
	path: func(model string, stream bool) string {
		if stream {
			return "/v1beta/models/" + model + ":streamGenerateContent?alt=sse"
		}
		return "/v1beta/models/" + model + ":generateContent"
	},
	body: func(_ string, _ bool, turns []turn) string {
		var cs []string
		for _, u := range turns {
			switch {
			case u.user != "":
				cs = append(cs, `{"role":"user","parts":[{"text":`+quote(u.user)+`}]}`)
			case u.call != "":
				signature := ""
				if u.signature != "" {
					signature = `,"thoughtSignature":` + quote(u.signature)
				}
				cs = append(cs, fmt.Sprintf(`{"role":"model","parts":[{"functionCall":{"id":%q,"name":"weather","args":%s}%s}]}`, u.callID, u.call, signature))
			default:
				cs = append(cs, fmt.Sprintf(`{"role":"user","parts":[{"functionResponse":{"id":%q,"name":"weather","response":{"output":%s}}}]}`, u.callID, quote(u.result)))
			}
		}
		return fmt.Sprintf(`{"contents":[%s],"tools":[{"functionDeclarations":[{"name":"weather","parametersJsonSchema":%s}]}]}`, strings.Join(cs, ","), schema)
	},
	read: func(t *testing.T, stream bool, r Reply) said {
		var s said
		for _, v := range documents(t, stream, r) {
			var d struct {
				Candidates []struct {
					Content struct {
						Parts []struct {
							Text         string
							Thought      bool
							FunctionCall *struct {
								ID, Name string
								Args     json.RawMessage
							}
							ThoughtSignature string
						}
					}
					FinishReason string
				}
				UsageMetadata struct{ PromptTokenCount, CandidatesTokenCount int }
			}
			decode(t, v, &d)
			for _, c := range d.Candidates {
				for _, p := range c.Content.Parts {
					if !p.Thought {
						s.text += p.Text
					}
					if f := p.FunctionCall; f != nil {
						s.call, s.args, s.callID, s.signature = f.Name, string(f.Args), f.ID, p.ThoughtSignature
					}
				}
				if c.FinishReason == "STOP" {
					s.end = "stop"
				}
			}
			s.input = max(s.input, d.UsageMetadata.PromptTokenCount)
			s.output = max(s.output, d.UsageMetadata.CandidatesTokenCount)
		}
		if s.call != "" && s.end == "stop" {
			s.end = "tools"
		}
		return s
	},
}

// documents are the JSON of an answer, one or one a frame.
func documents(t *testing.T, stream bool, r Reply) []string {
	t.Helper()
	if !stream {
		return []string{r.Body}
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") {
		t.Errorf("a stream of type %q", r.Header.Get("Content-Type"))
	}
	var list []string
	for line := range strings.Lines(r.Body) {
		if data, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "data: "); ok && data != "[DONE]" {
			list = append(list, data)
		}
	}
	return list
}

func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
