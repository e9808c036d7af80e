package openai

import (
	"slices"

	"github.com/llmgw/llmgw/protocol"
)

// DecodeResponsesRequest reads the body of POST /v1/responses into x.Request.
// It also takes the loose forms that clients send to other paths: tools and
// choices nested as in chat completions, and chat's names of some fields. The
// error is an *Error that names the field.
func DecodeResponsesRequest(x *protocol.Exchange, body []byte) error {
	var echo responsesEcho
	if err := protocol.ScanObject(body, echo.note); err != nil {
		return err
	}
	d := responsesDecoder{x: x, c: protocol.NewCursor(body), r: &protocol.Request{}}
	d.c.Object(func(name []byte) {
		if d.member(name); d.c.Ignored() {
			d.x.Warn(string(name), "unknown field ignored") // one that is known: others are taken whole
		}
	})
	if err := d.c.Err(); err != nil {
		return err
	}
	if err := d.finish(); err != nil {
		return err
	}
	d.r.Echo = echo.append(make([]byte, 0, echo.size()), body)
	x.Request = d.r
	return nil
}

// responsesDecoder walks the body once. What depends on members that may stand
// behind is settled in finish.
type responsesDecoder struct {
	x *protocol.Exchange
	c *protocol.Cursor
	r *protocol.Request

	instructions protocol.Text
	safety       protocol.Text
	hasInput     bool
	late         []protocol.Tool               // that items of the input gave
	update       protocol.Effort               // of a configuration_update item
	signed       map[string]protocol.Signature // of calls, by the call's id
	choice       responsesChoice
}

func (d *responsesDecoder) member(name []byte) {
	c, r := d.c, d.r
	if c.Null() {
		return
	}
	switch string(name) {
	case "model":
		c.Raw() // routing has read it
	case "input":
		d.hasInput = true
		d.input()
	case "instructions":
		d.instructions = c.Text()
	case "stream":
		r.Stream = c.Bool()
	case "tools":
		r.Tools = make([]protocol.Tool, 0, 16)
		c.Array(func(int) { d.tool(protocol.Tool{}) })
	case "tool_choice":
		d.toolChoice()
	case "parallel_tool_calls":
		r.Parallel = protocol.TriOf(c.Bool())
	case "max_output_tokens", "max_completion_tokens", "max_tokens":
		if r.MaxTokens = c.Int(); r.MaxTokens <= 0 {
			c.Fail("expected a positive number.")
		}
	case "temperature":
		r.Temperature = c.NumberIn(0, 2)
	case "top_p":
		r.TopP = c.NumberIn(0, 1)
	case "top_logprobs":
		if r.TopLogprobs = c.Int(); r.TopLogprobs < 0 || r.TopLogprobs > maxLogprobs {
			c.Fail("expected a number from 0 to 20.")
		}
		r.Logprobs = r.Logprobs || r.TopLogprobs > 0
	case "text":
		c.Object(d.textMember)
	case "reasoning":
		c.Object(d.reasoningMember)
	case "reasoning_effort":
		r.Reasoning.Effort = d.effort()
	case "include":
		c.Array(func(int) { d.include(c.Str()) })
	case "user":
		r.User = c.Text()
	case "safety_identifier":
		d.safety = c.Text()
	case "prompt_cache_key":
		r.CacheKey = c.Text()
	case "service_tier":
		d.tier(c.Str())
	case "metadata":
		r.Metadata = c.Raw()
	case "stream_options":
		c.Object(func(name []byte) {
			switch string(name) {
			case "include_usage":
				r.IncludeUsage = c.Bool()
			case "include_obfuscation":
				c.Raw() // what is converted is not padded
			}
		})
	default:
		d.unsupported(string(name))
	}
}

// unsupported handles the members that no other API has.
func (d *responsesDecoder) unsupported(name string) {
	c := d.c
	switch name {
	case "previous_response_id", "conversation", "prompt":
		c.FailWith(protocol.Invalid(name, "'%s' works only with OpenAI instances that serve the Responses API, and the model asked for is on another kind. This gateway stores no answers: send the whole conversation in 'input'.", name))
	case "background":
		if c.Bool() {
			c.FailWith(protocol.Invalid(name, "'background' works only with OpenAI instances that serve the Responses API, and the model asked for is on another kind. Wait for the answer, or stream it."))
		}
	case "store":
		if c.Bool() {
			d.x.Warn("store", "answers are not stored")
		}
	case "truncation":
		switch c.Str() {
		case "auto":
			d.x.Warn("truncation", "not supported")
		case "disabled":
		default:
			c.Fail("expected auto or disabled.")
		}
	case "max_tool_calls", "moderation", "context_management":
		c.Raw()
		d.x.Warn(name, "not supported")
	case "prompt_cache_retention", "prompt_cache_options", "client_metadata", "access_programs":
		c.Raw() // accounting and hints: they change no answer
	default:
		c.Raw()
		d.x.Warn("body", "unknown field ignored")
	}
}

func (d *responsesDecoder) textMember(name []byte) {
	c := d.c
	if c.Null() {
		return
	}
	switch string(name) {
	case "verbosity":
		if d.r.Verbosity = c.Str(); !slices.Contains([]string{"low", "medium", "high"}, d.r.Verbosity) {
			c.Fail("expected low, medium or high.")
		}
	case "format":
		d.format()
	}
}

func (d *responsesDecoder) format() {
	c := d.c
	var f protocol.Format
	kind := ""
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "type":
			if kind = c.Str(); kind != "text" && kind != "json_object" && kind != "json_schema" {
				c.Fail("expected text, json_object or json_schema.")
			}
		case "name":
			f.Name = c.Text()
		case "description":
			f.Description = c.Text()
		case "strict":
			f.Strict = protocol.TriOf(c.Bool())
		case "schema":
			if c.Kind() != '{' {
				c.Fail("expected an object.")
			}
			f.Schema = c.Raw()
		}
	})
	switch kind {
	case "json_schema":
		if f.Schema == nil {
			c.Fail("a format of type json_schema needs a schema.")
		}
		d.r.Format = &f
	case "json_object":
		d.r.Format = &protocol.Format{}
	}
}

func (d *responsesDecoder) reasoningMember(name []byte) {
	c := d.c
	if c.Null() {
		return
	}
	switch string(name) {
	case "effort":
		d.r.Reasoning.Effort = d.effort()
	case "summary", "generate_summary":
		if !slices.Contains([]string{"auto", "concise", "detailed"}, c.Str()) {
			c.Fail("expected auto, concise or detailed.")
		}
		d.r.Reasoning.Show = protocol.Yes
	case "mode":
		if c.Str() != "standard" {
			d.x.Warn("reasoning", "mode not supported")
		}
	case "context":
		c.Raw() // which turns' reasoning counts: what can be carried is
	}
}

func (d *responsesDecoder) effort() protocol.Effort {
	e, ok := protocol.ParseEffort(d.c.Str())
	if !ok {
		d.c.Fail("expected none, minimal, low, medium, high, xhigh or max.")
	}
	return e
}

func (d *responsesDecoder) include(what string) {
	d.r.Include = append(d.r.Include, what)
	switch what {
	case "message.output_text.logprobs":
		d.r.Logprobs = true
	case includeEncrypted, "message.input_image.image_url", "computer_call_output.output.image_url":
	default:
		d.x.Warn("include", "results of hosted tools are not included")
	}
}

// includeEncrypted is how a client says that it will give reasoning back.
const includeEncrypted = "reasoning.encrypted_content"

func (d *responsesDecoder) tier(tier string) {
	switch tier {
	case "auto", "default", "flex", "scale", "priority", "fast":
		d.r.Tier = tier
	case "ultrafast":
		d.r.Tier = "fast"
		d.x.Warn("service_tier", "ultrafast taken for fast")
	default:
		d.c.Fail("expected auto, default, flex, scale, priority, fast or ultrafast.")
	}
}

func (d *responsesDecoder) finish() error {
	r := d.r
	if !d.hasInput && d.instructions.Blank() {
		return protocol.Invalid("input", "The request has no 'input'.")
	}
	if !d.instructions.Blank() {
		first := protocol.Message{Role: protocol.RoleSystem, Parts: []protocol.Part{{Text: d.instructions}}}
		r.Messages = slices.Insert(r.Messages, 0, first)
	}
	if !d.safety.Empty() {
		r.User = d.safety
	}
	if d.update != protocol.EffortUnset {
		r.Reasoning.Effort = d.update
	}
	d.sign()
	d.mergeTools()
	return d.settleChoice()
}
