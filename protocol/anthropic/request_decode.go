package anthropic

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// DecodeRequest reads the body of a request to /v1/messages or to its
// count_tokens, which has no max_tokens, into x.Request. The body must stay
// unchanged as long as x lives. Errors are *protocol.Error of code
// InvalidRequest whose Param names the field.
func DecodeRequest(x *protocol.Exchange, body []byte) error {
	if err := x.Scan(body); err != nil {
		return err
	}
	d := requestDecoder{x: x, body: body, c: protocol.NewCursor(body), r: new(protocol.Request), stack: make([]protocol.Part, 0, 8)}
	d.c.Object(func(name []byte) {
		if d.field(name); d.c.Ignored() {
			d.x.Warn(string(name), "unknown field ignored") // one that is known: others are taken whole
		}
	})
	if err := d.c.Err(); err != nil {
		return err
	}
	if len(d.messages) == 0 {
		return protocol.Invalid("messages", "'messages' must hold at least one message.")
	}
	if len(d.system) > 0 {
		d.messages[0] = protocol.Message{Role: protocol.RoleSystem, Parts: d.system}
		d.r.Messages = d.messages
	} else {
		d.r.Messages = d.messages[1:]
	}
	if d.fast {
		d.r.Tier = "fast"
	}
	if d.update != protocol.EffortUnset {
		d.r.Reasoning.Effort = d.update
	}
	x.Request = d.r
	return d.checkChoice()
}

// checkChoice refuses a choice of a tool that is not there. Without any tool
// there is nothing to choose, and the choice goes.
func (d *requestDecoder) checkChoice() error {
	r := d.r
	if len(r.Tools) == 0 && r.WebSearch == nil {
		r.Choice, r.Parallel = protocol.ToolChoice{}, protocol.Unset
	}
	for _, name := range r.Choice.Names {
		if d.x.Tool(name) == nil && !(r.WebSearch != nil && name.Is("web_search")) {
			return protocol.Invalid("tool_choice.name", "Invalid value for 'tool_choice.name': 'tools' has no tool of this name.")
		}
	}
	return nil
}

type requestDecoder struct {
	x        *protocol.Exchange
	body     []byte
	c        *protocol.Cursor
	r        *protocol.Request
	system   []protocol.Part
	messages []protocol.Message // behind a place for the system's, which may come later
	stack    []protocol.Part    // of the blocks that are being read, those around them below
	fast     bool
	update   protocol.Effort // of the last system message that sets one from there on
}

// field reads a member of the top level. null is absent.
func (d *requestDecoder) field(name []byte) {
	c, r := d.c, d.r
	if c.Kind() == 'n' {
		return
	}
	switch string(name) {
	case "model":
		c.Text() // routed already
	case "messages":
		d.messages = make([]protocol.Message, 1, 16)
		c.Array(func(int) { d.message() })
		if len(d.messages) == 1 {
			d.messages = nil
		}
	case "system":
		d.readSystem()
	case "tools":
		r.Tools = make([]protocol.Tool, 0, 8)
		c.Array(func(int) { d.tool() })
	case "tool_choice":
		d.toolChoice()
	case "max_tokens":
		if r.MaxTokens = c.Int(); r.MaxTokens < 0 {
			c.Fail("it must not be negative.")
		} else if r.MaxTokens == 0 {
			r.MaxTokens = 1
			d.x.Warn("max_tokens", "0 raised to 1")
		}
	case "temperature":
		r.Temperature = c.NumberIn(0, 2) // Anthropic's own models take at most 1
	case "top_p":
		r.TopP = c.NumberIn(0, 1)
	case "top_k":
		r.TopK = c.Count()
	case "stop_sequences":
		c.Array(func(int) { r.Stop = append(r.Stop, c.Text()) })
	case "stream":
		r.Stream = c.Bool()
	case "thinking":
		d.thinking()
	case "output_config":
		d.outputConfig()
	case "output_format":
		d.format()
	case "metadata":
		c.Object(func(name []byte) {
			if string(name) == "user_id" {
				r.User = c.TextOrNull()
			}
		})
	case "service_tier":
		d.tier()
	case "speed":
		speed := c.Text()
		if d.fast = speed.Is("fast"); !d.fast && !speed.Is("standard") {
			c.Fail("expected standard or fast.")
		}
	case "cache_control":
		r.Cache = cacheMark(c)
	default:
		d.beta(string(name))
	}
}

// beta reads what ties a request to Anthropic's own servers.
func (d *requestDecoder) beta(name string) {
	value := d.c.Raw()
	switch name {
	case "mcp_servers", "container", "thread":
		if !protocol.IsBlank(value) {
			d.c.FailWith(protocol.Invalid(name, "'%s' is only understood by Anthropic, and this model is served by another provider.", name))
		}
	case "context_management", "fallbacks", "compaction", "inference_geo":
		d.x.Warn(name, "not supported")
	case "diagnostics", "billing_policy", "fallback_credit_token": // nothing of the answer depends on them
	default:
		d.x.Warn("body", "unknown field ignored")
	}
}

// billing begins the block of its system prompt in which Claude Code tells its
// version. It changes with every release and, in some, every request, which
// would make another provider's cache miss.
const billing = "x-anthropic-billing-header:"

func (d *requestDecoder) readSystem() {
	if d.c.Kind() == '"' {
		d.system = []protocol.Part{{Kind: protocol.PartText, Text: d.c.Text()}}
	} else {
		d.system = d.blocks(d.c)
		for i := range d.system {
			if d.system[i].Kind != protocol.PartText {
				d.c.Fail("a system prompt holds blocks of type text only.")
			}
		}
	}
	if len(d.system) > 0 && bytes.HasPrefix(d.system[0].Text.Inner(), []byte(billing)) {
		d.system = d.system[1:]
	}
}

func (d *requestDecoder) thinking() {
	c, r := d.c, &d.r.Reasoning
	c.Object(func(name []byte) {
		switch string(name) {
		case "type":
			switch c.Str() {
			case "enabled":
				r.Mode = protocol.ThinkBudget
			case "adaptive":
				r.Mode = protocol.ThinkAdaptive
			case "disabled", "between_tools":
				r.Mode = protocol.ThinkOff
			default:
				if c.Err() == nil {
					c.Fail("expected enabled, adaptive, disabled or between_tools.")
				}
			}
		case "budget_tokens":
			if !c.Null() {
				r.Budget = c.Int()
			}
		case "display":
			if t := c.TextOrNull(); t != nil {
				r.Show = protocol.TriOf(!t.Is("omitted"))
			}
		}
	})
}

func (d *requestDecoder) outputConfig() {
	c := d.c
	c.Object(func(name []byte) {
		switch string(name) {
		case "effort":
			if !c.Null() {
				d.r.Reasoning.Effort = d.effort()
			}
		case "format":
			if !c.Null() {
				d.format()
			}
		}
	})
}

func (d *requestDecoder) effort() protocol.Effort {
	effort, ok := protocol.ParseEffort(d.c.Str())
	if !ok && d.c.Err() == nil {
		d.c.Fail("expected low, medium, high, xhigh or max.")
	}
	return effort
}

// format reads output_config.format, or output_format as it was called at
// first.
func (d *requestDecoder) format() {
	c, f := d.c, new(protocol.Format)
	c.Object(func(name []byte) {
		switch string(name) {
		case "type":
			if !c.Text().Is("json_schema") && c.Err() == nil {
				c.Fail("expected json_schema.")
			}
		case "schema":
			if c.Kind() != '{' {
				c.Fail("expected a JSON schema, an object.")
			}
			f.Schema = c.Raw()
		}
	})
	d.r.Format = f
	if f.Schema == nil && c.Err() == nil {
		c.Fail("it lacks a schema.")
	}
}

func (d *requestDecoder) tier() {
	switch t := d.c.Text(); {
	case t.Is("standard_only"):
		d.r.Tier = "default"
	case t.Is("auto"):
		d.r.Tier = "auto"
	default:
		d.c.Fail("expected auto or standard_only.")
	}
}

// cacheMark reads a cache_control.
func cacheMark(c *protocol.Cursor) protocol.CacheMark {
	if c.Null() {
		return protocol.CacheNone
	}
	mark := protocol.Cache5m
	c.Object(func(name []byte) {
		switch string(name) {
		case "type":
			if !c.Text().Is("ephemeral") && c.Err() == nil {
				c.Fail("expected ephemeral.")
			}
		case "ttl":
			switch t := c.TextOrNull(); {
			case t.Is("1h"):
				mark = protocol.Cache1h
			case t != nil && !t.Is("5m"):
				c.Fail("expected 5m or 1h.")
			}
		}
	})
	return mark
}
