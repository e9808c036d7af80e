package openai

import (
	"strconv"

	"github.com/llmgw/llmgw/protocol"
)

// chatRole is a role of the chat format.
type chatRole uint8

const (
	noRole chatRole = iota
	chatUser
	chatAssistant
	chatSystem
	chatDeveloper
	chatTool
	chatFunction // deprecated: the result of a function_call
)

// chatMessage is what the members of a message say, in whatever order they
// come. Its slices are reused for the next one.
type chatMessage struct {
	role     chatRole
	name, id protocol.Text
	content  []protocol.Part
	images   []protocol.Part
	refusal  protocol.Text
	calls    []protocol.Part
	cache    protocol.CacheMark
	thinking thinking
}

func (m *chatMessage) reset() {
	m.thinking.reset()
	*m = chatMessage{content: m.content[:0], images: m.images[:0], calls: m.calls[:0], thinking: m.thinking}
}

func (d *chatDecoder) messages() {
	d.c.Array(func(int) {
		d.m.reset()
		d.c.Object(d.messageMember)
		if d.c.Err() == nil {
			d.message()
		}
	})
}

func (d *chatDecoder) messageMember(name []byte) {
	c, m := d.c, &d.m
	if c.Null() {
		return
	}
	switch string(name) {
	case "role":
		d.role()
	case "content":
		m.content = d.content(m.content)
	case "name":
		m.name = c.Text()
	case "tool_call_id":
		m.id = c.Text()
	case "refusal":
		m.refusal = c.Text()
	case "tool_calls":
		c.Array(func(int) { d.call() })
	case "function_call":
		d.functionCall()
	case "audio":
		c.Raw()
		d.x.Warn("messages", "the sound of an earlier answer dropped")
	case "images": // of an earlier answer
		m.images = d.content(m.images)
	case "annotations":
		c.Raw() // where an earlier answer found what it says
	case "cache_control":
		m.cache = d.cacheControl()
	default:
		m.thinking.member(c, name)
	}
}

func (d *chatDecoder) role() {
	switch role := d.c.Text(); string(role.Plain()) {
	case "user":
		d.m.role = chatUser
	case "assistant":
		d.m.role = chatAssistant
	case "system":
		d.m.role = chatSystem
	case "developer":
		d.m.role = chatDeveloper
	case "tool":
		d.m.role = chatTool
	case "function":
		d.m.role = chatFunction
	default:
		d.c.Fail("expected one of system, developer, user, assistant, tool, function.")
	}
}

// message adds the message at hand to the request.
func (d *chatDecoder) message() {
	m := &d.m
	if n := len(m.content); n > 0 && m.cache != protocol.CacheNone && m.content[n-1].Cache == protocol.CacheNone {
		m.content[n-1].Cache = m.cache
	}
	out := protocol.Message{Name: m.name}
	switch m.role {
	case noRole:
		d.missing("role")
	case chatUser:
		out.Parts = d.keep(m.content)
	case chatAssistant:
		out.Role = protocol.RoleAssistant
		if m.refusal != nil {
			m.content = append(m.content, protocol.Part{Kind: protocol.PartRefusal, Text: m.refusal})
		}
		m.content = m.thinking.sign(append(append(m.content, m.images...), m.calls...))
		out.Parts = d.keep(m.thinking.parts(), m.content)
	case chatSystem:
		out.Role, out.Parts = protocol.RoleSystem, d.keep(m.content)
	case chatDeveloper:
		out.Role, out.Parts = protocol.RoleDeveloper, d.keep(m.content)
	case chatTool:
		if m.id == nil {
			d.missing("tool_call_id")
		}
		out = d.result(protocol.Part{ID: m.id, Name: m.name})
	case chatFunction:
		out = d.result(protocol.Part{ID: d.function, Name: m.name})
	}
	d.r.Messages = append(d.r.Messages, out)
}

// result makes a user's message of a tool's answer.
func (d *chatDecoder) result(p protocol.Part) protocol.Message {
	p.Kind = protocol.PartResult
	p.Parts = d.keep(d.m.content)
	if n := len(p.Parts); n > 0 {
		p.Cache = p.Parts[n-1].Cache
		p.Parts[n-1].Cache = protocol.CacheNone
	}
	d.m.calls = append(d.m.calls[:0], p)
	return protocol.Message{Parts: d.keep(d.m.calls)}
}

// keep copies parts to where they stay: requests have many messages of one
// part, and one allocation serves a dozen of them.
func (d *chatDecoder) keep(groups ...[]protocol.Part) []protocol.Part {
	n := 0
	for _, g := range groups {
		n += len(g)
	}
	if n == 0 {
		return nil
	}
	if cap(d.arena)-len(d.arena) < n {
		d.arena = make([]protocol.Part, 0, max(n, 12))
	}
	start := len(d.arena)
	for _, g := range groups {
		d.arena = append(d.arena, g...)
	}
	return d.arena[start:len(d.arena):len(d.arena)]
}

// call takes one of tool_calls.
func (d *chatDecoder) call() {
	c := d.c
	p := protocol.Part{Kind: protocol.PartCall}
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "id":
			p.ID = c.Text()
		case "function":
			readFunction(c, &p)
		case "custom":
			readCustom(c, &p)
		case "extra_content":
			p.Signature = thoughtSignature(c)
		case "type":
			d.word("function", "custom", "")
		case "index":
			c.Raw() // of a stream, from which the call was put together
		}
	})
	switch {
	case p.ID == nil:
		d.missing("id")
	case p.Name.Empty():
		d.missing("function.name")
	}
	if p.Args == nil {
		p.Args = protocol.Raw("{}")
	}
	d.m.calls = append(d.m.calls, p)
}

// readFunction takes the function of a call.
func readFunction(c *protocol.Cursor, p *protocol.Part) {
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "name":
			p.Name = c.Text()
		case "arguments":
			p.Args = readArguments(c)
		case "thought_signature": // Portkey
			p.Signature = protocol.Signature{Maker: protocol.MadeByGemini, Data: c.Text()}
		}
	})
}

// readArguments takes arguments, which some servers send as an object.
func readArguments(c *protocol.Cursor) protocol.Raw {
	if c.Kind() == '{' {
		return c.Raw()
	}
	return protocol.ArgsOf(c.Text())
}

// readCustom takes the call of a custom tool.
func readCustom(c *protocol.Cursor, p *protocol.Part) {
	p.Custom, p.Args = true, protocol.Raw(`{"input":""}`)
	c.Object(func(name []byte) {
		switch string(name) {
		case "name":
			p.Name = c.Text()
		case "input":
			p.Args = customInput(c.Text())
		}
	})
}

// customInput makes arguments of a custom tool's text.
func customInput(text protocol.Text) protocol.Raw {
	args := make(protocol.Raw, 0, len(text)+10)
	args = append(args, `{"input":`...)
	args = append(args, text...)
	return append(args, '}')
}

// inputOf is the way back of [customInput].
func inputOf(args protocol.Raw) protocol.Text {
	if v, ok := protocol.Find(args, "input"); ok && v[0] == '"' {
		return v
	}
	return protocol.AppendQuotedJSON(nil, args)
}

// thoughtSignature takes an extra_content.
func thoughtSignature(c *protocol.Cursor) (sig protocol.Signature) {
	if c.Kind() != '{' {
		return sig
	}
	v, ok := protocol.Find(c.Raw(), "google", "thought_signature")
	if ok && v[0] == '"' {
		sig = protocol.Signature{Maker: protocol.MadeByGemini, Data: v}
	}
	return sig
}

// functionCall takes a deprecated call. It has no id: it gets one that depends
// on its place alone, and the function's result that follows has the same.
func (d *chatDecoder) functionCall() {
	p := protocol.Part{Kind: protocol.PartCall}
	readFunction(d.c, &p)
	if p.Args == nil {
		p.Args = protocol.Raw("{}")
	}
	d.deprecated++
	d.function = protocol.TextOf("call_function_" + strconv.Itoa(d.deprecated))
	p.ID = d.function
	d.m.calls = append(d.m.calls, p)
}
