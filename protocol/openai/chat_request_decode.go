package openai

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// DecodeChatRequest reads a client's chat completion request into x.Request.
// Besides what OpenAI documents it reads what clients send to servers that
// speak its dialect: Anthropic's blocks, tools and system, the reasoning
// objects of LiteLLM and OpenRouter, cache marks. What has no equal anywhere
// is dropped with a warning. Errors are *protocol.Error of code InvalidRequest
// that name the field.
func DecodeChatRequest(x *protocol.Exchange, body []byte) error {
	if err := x.Scan(body); err != nil {
		return err
	}
	x.Request = &protocol.Request{}
	d := chatDecoder{x: x, r: x.Request, c: protocol.NewCursor(body)}
	d.r.Messages = make([]protocol.Message, 0, 16)
	d.c.Object(func(name []byte) {
		if d.member(name); d.c.Ignored() {
			d.x.Warn(string(name), "unknown field ignored") // one that is known: others are taken whole
		}
	})
	if err := d.c.Err(); err != nil {
		return err
	}
	return d.finish()
}

// chatDecoder is the reading of one request.
type chatDecoder struct {
	x *protocol.Exchange
	r *protocol.Request
	c *protocol.Cursor

	system     []protocol.Part // a top-level system, as Anthropic has it
	maxTokens  int64           // the deprecated field
	safety     protocol.Text
	deprecated int // how many function_calls were seen
	function   protocol.Text
	search     protocol.WebSearch // of the tool at hand, should it be one

	arena []protocol.Part // what parts of messages are cut from
	m     chatMessage     // the message at hand
}

func (d *chatDecoder) member(name []byte) {
	c, r := d.c, d.r
	if c.Kind() == 'n' {
		c.Null() // absent, whatever it is
		return
	}
	switch string(name) {
	case "model":
		c.Raw() // routing has read it
	case "messages":
		d.messages()
	case "system":
		d.systemBlocks()
	case "stream":
		r.Stream = c.Bool()
	case "stream_options":
		c.Object(func(name []byte) {
			switch {
			case c.Null():
			case string(name) == "include_usage":
				r.IncludeUsage = c.Bool()
			case string(name) == "include_obfuscation":
				c.Bool() // what is converted is not padded
			}
		})
	case "max_completion_tokens":
		r.MaxTokens = d.atLeastOne()
	case "max_tokens":
		d.maxTokens = d.atLeastOne()
	case "n":
		r.N = d.atLeastOne()
	case "user":
		r.User = c.Text()
	case "safety_identifier":
		d.safety = c.Text()
	case "prompt_cache_key":
		r.CacheKey = c.Text()
	case "metadata":
		r.Metadata = c.Raw()
	case "service_tier":
		r.Tier = d.word("auto", "default", "flex", "scale", "priority", "fast")
	case "verbosity":
		r.Verbosity = d.word("low", "medium", "high")
	case "response_format":
		d.format()
	case "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "web_search_options":
		d.toolMember(name)
	case "reasoning_effort", "reasoning", "thinking":
		d.reasoningMember(name)
	default:
		if !d.sampling(name) {
			d.rest(name)
		}
	}
}

func (d *chatDecoder) sampling(name []byte) bool {
	c, r := d.c, d.r
	switch string(name) {
	case "temperature":
		r.Temperature = c.NumberIn(0, 2)
	case "top_p":
		r.TopP = c.NumberIn(0, 1)
	case "top_k":
		r.TopK = c.Count()
	case "presence_penalty":
		r.Presence = c.NumberIn(-2, 2)
	case "frequency_penalty":
		r.Frequency = c.NumberIn(-2, 2)
	case "seed":
		r.Seed = c.Number()
	case "logprobs":
		r.Logprobs = c.Bool()
	case "top_logprobs":
		if r.TopLogprobs = c.Int(); r.TopLogprobs < 0 || r.TopLogprobs > maxLogprobs {
			c.Fail("expected a number from 0 to 20.")
		}
	case "logit_bias":
		if c.Kind() != '{' {
			c.Fail("expected an object.")
			return true
		}
		r.LogitBias = c.Raw()
	case "stop":
		if c.Kind() == '"' {
			r.Stop = []protocol.Text{c.Text()}
			return true
		}
		c.Array(func(int) { r.Stop = append(r.Stop, c.Text()) })
	default:
		return false
	}
	return true
}

// maxLogprobs is how many likely tokens OpenAI tells of at a place.
const maxLogprobs = 20

// rest takes what is known and has no equal in any other dialect.
func (d *chatDecoder) rest(name []byte) {
	switch c := d.c; string(name) {
	case "modalities":
		c.Array(func(int) {
			switch c.Str() {
			case "text":
			case "image":
				d.x.Warn("modalities", "whether images come is up to the model")
			default:
				c.Fail("only text can be converted for this model's provider.")
			}
		})
	case "audio":
		c.Fail("spoken answers cannot be converted for this model's provider.")
	case "store":
		if c.Bool() {
			d.x.Warn("store", "not supported")
		}
	case "prediction":
		c.Raw()
		d.x.Warn("prediction", "not supported")
	case "moderation":
		c.Raw()
		d.x.Warn("moderation", "not supported")
	case "prompt_cache_retention", "prompt_cache_options", "usage":
		c.Raw() // accounting of one provider; usage is OpenRouter's, which asks for what is sent anyway
	default:
		c.Raw()
		d.x.Warn("body", "unknown field ignored")
	}
}

// reasoningMember takes the wish for thinking in one of the three forms it has.
func (d *chatDecoder) reasoningMember(name []byte) {
	if string(name) == "reasoning_effort" {
		d.effort()
		return
	}
	c, r := d.c, &d.r.Reasoning
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "effort": // reasoning: OpenRouter's
			d.effort()
		case "max_tokens", "budget_tokens":
			r.Budget = d.atLeastOne()
			if r.Mode == protocol.ThinkUnset {
				r.Mode = protocol.ThinkBudget
			}
		case "enabled":
			if !c.Bool() {
				r.Mode = protocol.ThinkOff
			}
		case "exclude":
			r.Show = protocol.TriOf(!c.Bool())
		case "type": // thinking: Anthropic's
			switch d.word("enabled", "adaptive", "disabled", "between_tools") {
			case "enabled":
				r.Mode = protocol.ThinkBudget
			case "adaptive":
				r.Mode = protocol.ThinkAdaptive
			case "disabled", "between_tools":
				r.Mode = protocol.ThinkOff
			}
		case "display":
			r.Show = protocol.TriOf(d.word("summarized", "omitted") == "summarized")
		}
	})
}

func (d *chatDecoder) effort() {
	e, ok := protocol.ParseEffort(d.c.Str())
	if !ok {
		d.c.Fail("expected one of none, minimal, low, medium, high, xhigh, max.")
	}
	d.r.Reasoning.Effort = e
}

func (d *chatDecoder) format() {
	c := d.c
	f, kind := &protocol.Format{}, ""
	c.Object(func(name []byte) {
		switch string(name) {
		case "type":
			kind = d.word("text", "json_object", "json_schema")
		case "json_schema":
			c.Object(func(name []byte) {
				if c.Null() {
					return
				}
				switch string(name) {
				case "name":
					f.Name = c.Text()
				case "description":
					f.Description = c.Text()
				case "strict":
					f.Strict = protocol.TriOf(c.Bool())
				case "schema":
					f.Schema = d.object()
				}
			})
		}
	})
	switch {
	case c.Err() != nil, kind == "text":
	case kind == "json_object":
		d.r.Format = &protocol.Format{}
	case kind == "json_schema" && f.Schema != nil:
		d.r.Format = f
	default:
		c.Fail("expected a type of text, json_object or json_schema, the last with json_schema.schema.")
	}
}

// word takes one of a few words.
func (d *chatDecoder) word(words ...string) string {
	s := d.c.Text()
	for _, w := range words {
		if s.Is(w) {
			return w
		}
	}
	d.c.Fail("expected one of " + strings.Join(words, ", ") + ".")
	return ""
}

// object takes an object as it is.
func (d *chatDecoder) object() protocol.Raw {
	if d.c.Kind() != '{' {
		d.c.Object(nil) // tells the error
		return nil
	}
	return d.c.Raw()
}

func (d *chatDecoder) atLeastOne() int64 {
	n := d.c.Int()
	if n < 1 {
		d.c.Fail("expected a number of at least 1.")
	}
	return n
}

// finish settles what several fields say together.
func (d *chatDecoder) finish() error {
	r := d.r
	if len(d.system) > 0 {
		r.Messages = append([]protocol.Message{{Role: protocol.RoleSystem, Parts: d.system}}, r.Messages...)
	}
	if len(r.Messages) == 0 {
		return protocol.Invalid("messages", "Missing required parameter: 'messages'.")
	}
	switch {
	case r.MaxTokens == 0:
		r.MaxTokens = d.maxTokens
	case d.maxTokens != 0 && d.maxTokens != r.MaxTokens:
		d.x.Warn("max_tokens", "max_completion_tokens counts")
	}
	if d.safety != nil {
		r.User = d.safety
	}
	if t := &r.Reasoning; t.Mode == protocol.ThinkBudget && t.Budget == 0 {
		t.Mode = protocol.ThinkAdaptive
	}
	if len(r.Tools) == 0 && r.WebSearch == nil {
		r.Choice, r.Parallel = protocol.ToolChoice{}, protocol.Unset
		return nil
	}
	for _, name := range r.Choice.Names {
		if d.x.Tool(name) == nil {
			return protocol.Invalid("tool_choice", "Invalid value for 'tool_choice': it names a tool that is not in 'tools'.")
		}
	}
	return nil
}
