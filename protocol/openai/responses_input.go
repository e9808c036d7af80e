package openai

import (
	"bytes"
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

func (d *responsesDecoder) input() {
	switch c := d.c; c.Kind() {
	case '"':
		d.add(protocol.RoleUser, protocol.Part{Text: c.Text()})
	case '[':
		c.Array(func(int) { d.item() })
	default:
		c.Fail("expected a string or an array of items.")
	}
}

// add appends parts to the conversation. Neighbouring items of the assistant
// are one turn: its reasoning, its message, its calls.
func (d *responsesDecoder) add(role protocol.Role, parts ...protocol.Part) {
	if n := len(d.r.Messages); n > 0 && role == protocol.RoleAssistant && d.r.Messages[n-1].Role == role {
		last := &d.r.Messages[n-1]
		last.Parts = append(last.Parts, parts...)
		return
	}
	d.r.Messages = append(d.r.Messages, protocol.Message{Role: role, Parts: parts})
}

func (d *responsesDecoder) item() {
	c := d.c
	if c.Kind() != '{' {
		c.Fail("expected an item, which is an object.")
		return
	}
	kind := kindOf(c)
	switch string(kind) {
	case "", "message":
		if len(kind) == 0 && c.Ahead("role") == nil {
			d.untyped()
			return
		}
		d.message()
	case "function_call", "custom_tool_call":
		d.call()
	case "function_call_output", "custom_tool_call_output":
		d.result()
	case "reasoning":
		d.reasoning()
	case "additional_tools":
		c.Object(d.itemTools)
	case "tool_search_output":
		d.x.Warn("input", "tools found by a search are given as tools")
		c.Object(d.itemTools)
	case "tool_search_call":
		c.Raw()
	case "configuration_update":
		d.configurationUpdate()
	case "item_reference":
		d.untyped()
	case "compaction", "compaction_trigger", "context_compaction", "compaction_summary":
		c.Fail("only OpenAI instances that serve the Responses API can compact a conversation or read a compacted one.")
	case "mcp_approval_request", "mcp_approval_response":
		c.Fail("only OpenAI instances that serve the Responses API run MCP tools.")
	default:
		if !d.hosted(string(kind)) {
			c.Fail("it is an item of unknown type.")
		}
	}
}

// kindOf is the "type" of the object at hand, empty for none.
func kindOf(c *protocol.Cursor) []byte {
	kind := protocol.Text(c.Ahead("type"))
	if bytes.IndexByte(kind, '\\') >= 0 {
		return []byte(kind.String())
	}
	if len(kind) == 0 || kind[0] != '"' {
		return nil
	}
	return kind.Inner()
}

// untyped refuses an item that is a mere reference, or nothing known. A
// reference to reasoning is left out: the answer can be continued without it,
// and what a call was signed with is not looked for here.
func (d *responsesDecoder) untyped() {
	if id := protocol.Text(d.c.Ahead("id")); id != nil {
		if bytes.HasPrefix(id, []byte(`"rs_`)) {
			d.x.Warn("input", "a reference to reasoning is left out")
			d.c.Raw()
			return
		}
		d.c.Fail("a reference to an item works only with OpenAI instances that serve the Responses API: this gateway stores no answers. Send the item itself.")
		return
	}
	d.c.Fail("the item has neither a type nor a role.")
}

func (d *responsesDecoder) message() {
	c := d.c
	var parts []protocol.Part
	role, known := protocol.RoleUser, false
	c.Object(func(name []byte) {
		switch string(name) {
		case "role":
			if role, known = roleNamed(c.Str()); !known {
				c.Fail("expected user, assistant, system or developer.")
			}
		case "content":
			parts = d.content()
		default:
			d.own(name)
		}
	})
	if c.Err() != nil {
		return
	}
	if !known {
		c.Fail("the message has no role.")
		return
	}
	d.add(role, parts...)
}

// own takes what an item of any kind says of itself, and what of an answer's
// bookkeeping clients send back: nothing that the next model is told.
func (d *responsesDecoder) own(name []byte) {
	switch string(name) {
	case "type", "id", "status", "caller", "phase", "internal_chat_message_metadata_passthrough":
		d.c.Raw()
	}
}

func roleNamed(name string) (protocol.Role, bool) {
	switch name {
	case "user":
		return protocol.RoleUser, true
	case "assistant":
		return protocol.RoleAssistant, true
	case "system":
		return protocol.RoleSystem, true
	case "developer":
		return protocol.RoleDeveloper, true
	}
	return 0, false
}

func (d *responsesDecoder) call() {
	c := d.c
	p := protocol.Part{Kind: protocol.PartCall, Custom: string(kindOf(c)) == "custom_tool_call"}
	var id protocol.Text
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "id":
			id = c.Text()
		case "call_id":
			p.ID = c.Text()
		case "name":
			p.Name = c.Text()
		case "namespace":
			p.Namespace = c.Text()
		case "input":
			p.Args = inputArgs(c.Text())
		case "arguments":
			if c.Kind() == '{' {
				p.Args = c.Raw()
				return
			}
			p.Args = protocol.ArgsOf(c.Text())
		default:
			d.own(name)
		}
	})
	if p.ID.Empty() {
		p.ID = id
	}
	if c.Err() == nil && (p.ID.Empty() || p.Name.Empty()) {
		c.Fail("the call lacks its call_id or its name.")
		return
	}
	if p.Args == nil {
		p.Args = protocol.Raw("{}")
		if p.Custom {
			p.Args = inputArgs(protocol.Text(`""`))
		}
	}
	p.Name = flattened(p.Namespace, p.Name)
	d.add(protocol.RoleAssistant, p)
}

// inputArgs is the form that a custom tool's text has in the hub.
func inputArgs(input protocol.Text) protocol.Raw {
	args := make(protocol.Raw, 0, len(input)+len(`{"input":}`))
	args = append(args, `{"input":`...)
	args = append(args, input...)
	return append(args, '}')
}

func (d *responsesDecoder) result() {
	c := d.c
	p := protocol.Part{Kind: protocol.PartResult, Custom: string(kindOf(c)) == "custom_tool_call_output"}
	c.Object(func(name []byte) {
		switch string(name) {
		case "call_id":
			p.ID = c.TextOrNull()
		case "output":
			p.Parts = d.output()
		case "name", "namespace":
			c.Raw() // the call has them
		default:
			d.own(name)
		}
	})
	if c.Err() == nil && p.ID.Empty() {
		c.Fail("the output lacks its call_id.")
		return
	}
	d.add(protocol.RoleUser, p)
}

// output takes a tool's output: a text, parts, or what a careless client sends
// in the place of a text.
func (d *responsesDecoder) output() []protocol.Part {
	switch d.c.Kind() {
	case '"', '[', 'n':
		return d.content()
	}
	return []protocol.Part{{Text: protocol.AppendQuotedJSON(nil, d.c.Raw())}}
}

// reasoning takes a reasoning item: text that may be shown, and content that
// only its maker can read.
func (d *responsesDecoder) reasoning() {
	c := d.c
	var summary, content []protocol.Text
	var encrypted, id protocol.Text
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "id":
			id = c.Text()
		case "encrypted_content":
			encrypted = c.Text()
		case "summary":
			c.Array(func(int) { summary = append(summary, d.textOf()) })
		case "content":
			c.Array(func(int) { content = append(content, d.textOf()) })
		default:
			d.own(name)
		}
	})
	if len(summary) == 0 {
		summary = content
	}
	p := protocol.Part{Kind: protocol.PartThinking, Text: protocol.Text(`""`)}
	switch len(summary) {
	case 0:
	case 1:
		p.Text = summary[0]
	default:
		p.Text = protocol.AppendTexts(nil, "\n\n", summary...)
	}
	d.addReasoning(p, encrypted, id)
}

// textOf takes an object and returns its text.
func (d *responsesDecoder) textOf() (text protocol.Text) {
	d.c.Object(func(name []byte) {
		if string(name) == "text" {
			text = d.c.Text()
			return
		}
		d.own(name)
	})
	return text
}

func (d *responsesDecoder) configurationUpdate() {
	c := d.c
	c.Object(func(name []byte) {
		switch string(name) {
		case "type", "id", "role":
			c.Raw()
		case "reasoning":
			if c.Null() {
				return
			}
			c.Object(func(name []byte) {
				if string(name) == "effort" && !c.Null() {
					d.update = d.effort()
				}
			})
		default:
			c.Raw()
			d.x.Warn("input", "a configuration update is ignored")
		}
	})
}

// flattened is the one name that a tool of a namespace has at providers that
// know no namespaces.
func flattened(namespace, name protocol.Text) protocol.Text {
	if namespace.Empty() {
		return name
	}
	return protocol.AppendTexts(nil, "__", namespace, name)
}

// unflattened is the way back from [flattened].
func unflattened(namespace, name protocol.Text) protocol.Text {
	in, ns := name.Inner(), namespace.Inner()
	if len(ns) == 0 || !bytes.HasPrefix(in, ns) || !strings.HasPrefix(string(in[len(ns):]), "__") {
		return name
	}
	return asText(in[len(ns)+2:])
}
