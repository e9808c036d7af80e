package openai

import "github.com/llmgw/llmgw/protocol"

// responsesChoice is a tool_choice as it stands, before all tools are known.
type responsesChoice struct {
	mode   protocol.ChoiceMode
	names  []protocol.Text
	hosted string // the type of a tool that it names and that only OpenAI runs
}

func (d *responsesDecoder) toolChoice() {
	c := d.c
	if c.Kind() == '"' {
		var ok bool
		if d.choice.mode, ok = modeNamed(c.Str()); !ok {
			c.Fail("expected none, auto, required or an object.")
		}
		return
	}
	switch kind := string(kindOf(c)); kind {
	case "function", "custom", "tool":
		d.choice.mode = protocol.ChoiceTool
		d.chosen()
	case "allowed_tools":
		d.choice.mode = protocol.ChoiceAllowed
		d.allowed()
	case "auto", "none", "any", "required": // Anthropic's form
		c.Raw()
		d.choice.mode, _ = modeNamed(kind)
	case "":
		c.Fail("expected none, auto, required or an object with a type.")
	default:
		c.Raw()
		d.choice.hosted = kind
	}
}

func modeNamed(name string) (protocol.ChoiceMode, bool) {
	switch name {
	case "auto":
		return protocol.ChoiceAuto, true
	case "none":
		return protocol.ChoiceNone, true
	case "required", "any":
		return protocol.ChoiceRequired, true
	}
	return protocol.ChoiceUnset, false
}

// chosen takes one named tool: {"type","name"}, with a namespace perhaps, or
// with the name nested as in chat.
func (d *responsesDecoder) chosen() {
	c := d.c
	var name, namespace protocol.Text
	var member func([]byte)
	member = func(key []byte) {
		switch string(key) {
		case "function", "custom":
			c.Object(member)
		case "name":
			name = c.Text()
		case "namespace":
			namespace = c.TextOrNull()
		case "type":
			c.Raw()
		}
	}
	c.Object(member)
	if c.Err() == nil && name.Empty() {
		c.Fail("it names no tool.")
		return
	}
	d.choice.names = append(d.choice.names, flattened(namespace, name))
}

func (d *responsesDecoder) allowed() {
	c := d.c
	var member func([]byte)
	member = func(key []byte) {
		switch string(key) {
		case "allowed_tools": // nested, as chat has it
			c.Object(member)
		case "mode":
			if c.Str() == "required" {
				d.choice.mode = protocol.ChoiceOneOf
			}
		case "tools":
			c.Array(func(int) {
				switch string(kindOf(c)) {
				case "function", "custom":
					d.chosen()
				default:
					c.Raw()
					d.x.Warn("tool_choice", "hosted tools are left out")
				}
			})
		case "type":
			c.Raw()
		}
	}
	c.Object(member)
}

// settleChoice makes sure that what tool_choice names is there.
func (d *responsesDecoder) settleChoice() error {
	ch := &d.choice
	switch {
	case ch.hosted == "":
	case isWebSearch([]byte(ch.hosted)) && d.r.WebSearch != nil:
		d.x.Warn("tool_choice", "web_search cannot be forced")
		ch.mode = protocol.ChoiceAuto
	default:
		return protocol.Invalid("tool_choice", "Invalid value for 'tool_choice': only OpenAI instances that serve the Responses API run a tool of type '%.40s'.", ch.hosted)
	}
	if len(ch.names) > 0 {
		known := d.toolNames()
		for i, name := range ch.names {
			full, ok := known[string(name)]
			if !ok {
				return protocol.Invalid("tool_choice", "Invalid value for 'tool_choice': there is no tool named '%.128s'.", name.String())
			}
			ch.names[i] = full
		}
	}
	d.r.Choice = protocol.ToolChoice{Mode: ch.mode, Names: ch.names}
	return nil
}

// toolNames maps what a choice may call a tool, with its namespace or without,
// to the tool's name.
func (d *responsesDecoder) toolNames() map[string]protocol.Text {
	names := make(map[string]protocol.Text, len(d.r.Tools))
	for i := range d.r.Tools {
		t := &d.r.Tools[i]
		if t.Namespace != nil {
			names[string(unflattened(t.Namespace, t.Name))] = t.Name
		}
	}
	for i := range d.r.Tools {
		if t := &d.r.Tools[i]; t.Kind != protocol.ToolServer {
			names[string(t.Name)] = t.Name
		}
	}
	return names
}
