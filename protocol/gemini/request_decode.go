package gemini

import (
	"slices"
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// DecodeRequest reads the body of generateContent or streamGenerateContent.
// Names are accepted in camelCase and snake_case, enums in any case, and one
// object where a list of them belongs, as the real API does. What only Google
// can do is refused where the answer would be another without it, and else
// dropped with a warning. Errors are *protocol.Error.
func DecodeRequest(x *protocol.Exchange, body []byte) error {
	if err := x.Scan(body); err != nil {
		return err
	}
	d := decoder{x: x, r: &protocol.Request{}, c: protocol.NewCursor(body)}
	d.top()
	if err := d.c.Err(); err != nil {
		return err
	}
	if len(d.system) > 0 {
		d.r.Messages = slices.Insert(d.r.Messages, 0, protocol.Message{Role: protocol.RoleSystem, Parts: d.system})
	}
	if err := d.finishFormat(); err != nil {
		return err
	}
	if !d.contents || len(d.r.Messages) == 0 {
		return protocol.Invalid("contents", "Missing required field 'contents'.")
	}
	x.Request = d.r
	for _, name := range d.r.Choice.Names {
		if x.Tool(name) == nil {
			const field = "toolConfig.functionCallingConfig.allowedFunctionNames"
			return protocol.Invalid(field, "Invalid value for '%s': it names a function that 'tools' does not have.", field)
		}
	}
	return nil
}

// decoder walks one request.
type decoder struct {
	x *protocol.Exchange
	r *protocol.Request
	c *protocol.Cursor

	system   []protocol.Part
	contents bool
	mime     string
	schema   protocol.Raw
	subset   bool // schema is of the OpenAPI subset

	calls []pending // of the assistant's turn before the results at hand
	asked bool      // the content before was the model's
}

func (d *decoder) top() {
	d.c.Object(func(name []byte) {
		if d.c.Null() {
			return
		}
		if d.field(name); d.c.Ignored() {
			d.x.Warn(string(name), "unknown field ignored") // one that is known: others are taken whole
		}
	})
}

func (d *decoder) field(name []byte) {
	c := d.c
	switch string(name) {
	case "contents":
		d.contents = true
		d.r.Messages = make([]protocol.Message, 0, 16)
		list(c, func(i int) { d.content(i) })
	case "systemInstruction", "system_instruction":
		d.systemInstruction()
	case "generationConfig", "generation_config":
		d.generationConfig()
	case "tools":
		list(c, func(int) { d.tool() })
	case "toolConfig", "tool_config":
		d.toolConfig()
	case "safetySettings", "safety_settings":
		d.r.SafetyRaw = c.Raw()
	case "serviceTier", "service_tier":
		d.tier()
	case "cachedContent", "cached_content":
		c.Fail("cached content lives at Google and cannot be used with another provider's model.")
	case "continuationToken", "continuation_token":
		c.Fail("a continuation token is of the provider that made it.")
	case "labels":
		c.Raw()
		d.x.Warn("labels", "not supported")
	case "store":
		if c.Bool() {
			d.x.Warn("store", "not supported")
		}
	case "model":
		c.Raw() // stands in the path; some clients repeat it
	default:
		c.Raw()
		d.x.Warn("body", "unknown field ignored")
	}
}

// list takes an array, or the one element that a client did not wrap.
func list(c *protocol.Cursor, element func(i int)) {
	if c.Kind() == '[' {
		c.Array(element)
		return
	}
	element(0)
}

// enum takes the name of an enum's value, in upper case.
func (d *decoder) enum() string { return strings.ToUpper(d.c.Str()) }

// isAny tells whether a text is one of the words of an enum, in any case.
func isAny(t protocol.Text, words ...string) bool {
	for _, w := range words {
		if strings.EqualFold(string(t.Plain()), w) {
			return true
		}
	}
	return false
}

// tier takes a service tier.
func (d *decoder) tier() {
	switch d.r.Tier = tierIn(d.c.Str()); d.r.Tier {
	case "", "default", "flex", "priority":
	default:
		d.c.Fail("expected standard, flex or priority.")
	}
}

// tierIn gives a service tier its name in the hub.
func tierIn(s string) string {
	switch s = strings.ToLower(s); s {
	case "standard":
		return "default"
	case "unspecified", "service_tier_unspecified":
		return ""
	}
	return s
}

func (d *decoder) systemInstruction() {
	c := d.c
	if c.Kind() == '"' {
		d.addSystem(c.Text())
		return
	}
	if c.Kind() == '[' {
		d.systemParts()
		return
	}
	c.Object(func(name []byte) {
		switch string(name) {
		case "parts":
			if !c.Null() {
				d.systemParts()
			}
		case "text": // a part in the place of a content
			d.addSystem(c.TextOrNull())
		case "role":
			c.Raw()
		}
	})
}

func (d *decoder) systemParts() {
	c := d.c
	list(c, func(int) {
		if c.Kind() == '"' {
			d.addSystem(c.Text())
			return
		}
		c.Object(func(name []byte) {
			if string(name) != "text" {
				c.Fail("a system instruction holds text only.")
				return
			}
			d.addSystem(c.TextOrNull())
		})
	})
}

func (d *decoder) addSystem(t protocol.Text) {
	if !t.Blank() {
		d.system = append(d.system, protocol.Part{Kind: protocol.PartText, Text: t})
	}
}
