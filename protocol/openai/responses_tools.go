package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// itemTools takes the tools of an item of the input. They stand behind the
// request's own.
func (d *responsesDecoder) itemTools(name []byte) {
	switch string(name) {
	case "tools":
		own := d.r.Tools
		d.r.Tools = d.late
		d.c.Array(func(int) { d.tool(protocol.Tool{}) })
		d.late, d.r.Tools = d.r.Tools, own
	case "role", "call_id", "execution":
		d.c.Raw()
	default:
		d.own(name)
	}
}

// tool takes one tool into the request. base holds what its namespace gives it.
func (d *responsesDecoder) tool(base protocol.Tool) {
	c := d.c
	if c.Kind() != '{' {
		c.Fail("expected a tool, which is an object.")
		return
	}
	kind := kindOf(c)
	switch string(kind) {
	case "function":
		d.functionTool(base)
	case "custom":
		base.Kind = protocol.ToolCustom
		d.functionTool(base)
	case "namespace":
		if base.Namespace != nil {
			c.Fail("a namespace cannot hold another.")
			return
		}
		d.namespace()
	case "tool_search":
		c.Raw()
		d.x.Warn("tools", "tool_search not supported; deferred tools are given at once")
	case "":
		if c.Ahead("name") == nil {
			c.Fail("the tool has no type.")
			return
		}
		d.functionTool(base)
	default:
		if isWebSearch(kind) {
			d.webSearch()
			return
		}
		d.r.Tools = append(d.r.Tools, protocol.Tool{Kind: protocol.ToolServer, Maker: protocol.MadeByOpenAI, Name: protocol.TextOf(string(kind)), Raw: c.Raw()})
	}
}

// namespace takes the tools of a namespace. What is said of the namespace is
// said of its first tool.
func (d *responsesDecoder) namespace() {
	c := d.c
	base := protocol.Tool{Namespace: protocol.Text(c.Ahead("name")), Description: protocol.Text(c.Ahead("description"))}
	if base.Namespace.String() == "" {
		c.Fail("the namespace has no name.")
		return
	}
	if base.Description.String() == "" {
		base.Description = nil
	}
	c.Object(func(name []byte) {
		switch string(name) {
		case "tools":
			c.Array(func(int) {
				d.tool(base)
				base.Description = nil
			})
		case "type", "name", "description": // looked at ahead
			c.Raw()
		}
	})
}

func (d *responsesDecoder) functionTool(t protocol.Tool) {
	c := d.c
	about := t.Description
	t.Description = nil
	var member func([]byte)
	member = func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "function", "custom": // nested, as chat has it
			c.Object(member)
		case "name":
			t.Name = c.Text()
		case "description":
			t.Description = c.Text()
		case "parameters", "input_schema":
			if c.Kind() != '{' {
				c.Fail("expected an object.")
			}
			t.Schema = c.Raw()
		case "strict":
			t.Strict = protocol.TriOf(c.Bool())
		case "format":
			if string(kindOf(c)) == "grammar" {
				t.Raw = grammarOf(c)
				return
			}
			c.Raw()
		case "output_schema":
			c.Raw()
			d.x.Warn("tools", "the schema of a function's output is ignored")
		case "type", "defer_loading":
			c.Raw() // other providers are given all tools at once
		case "cache_control":
			p := protocol.Part{}
			d.cacheMember(&p, name)
			t.Cache = p.Cache
		}
	}
	c.Object(member)
	if c.Err() != nil {
		return
	}
	if t.Name.Empty() {
		c.Fail("the tool has no name.")
		return
	}
	if about != nil {
		t.Description = protocol.AppendTexts(nil, "\n\n", about, t.Description)
	}
	t.Name = flattened(t.Namespace, t.Name)
	d.r.Tools = append(d.r.Tools, t)
}

// grammarOf takes the format of a custom tool, in the form of Responses or in
// chat's, which nests it.
func grammarOf(c *protocol.Cursor) protocol.Raw {
	if nested := c.Ahead("grammar"); len(nested) > 1 && nested[0] == '{' {
		c.Raw()
		return append([]byte(`{"type":"grammar",`), nested[1:]...)
	}
	return c.Raw()
}

// mergeTools keeps one tool of each name, the last: a client may give one
// again with the items of its input.
func (d *responsesDecoder) mergeTools() {
	if len(d.late) == 0 {
		return
	}
	all := append(d.r.Tools, d.late...)
	at := make(map[string]int, len(all))
	kept := all[:0]
	for _, t := range all {
		if i, ok := at[string(t.Name)]; ok {
			kept[i] = t
			continue
		}
		at[string(t.Name)] = len(kept)
		kept = append(kept, t)
	}
	d.r.Tools = kept
}

func isWebSearch(kind []byte) bool { return bytes.HasPrefix(kind, []byte("web_search")) }

func (d *responsesDecoder) webSearch() {
	c := d.c
	var s protocol.WebSearch
	offline := false
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "external_web_access":
			offline = !c.Bool()
		case "search_context_size":
			s.Size = c.Str()
		case "user_location":
			s.Location = location(c)
		case "filters":
			c.Object(func(name []byte) {
				if c.Null() {
					return
				}
				switch string(name) {
				case "allowed_domains":
					c.Array(func(int) { s.Allowed = append(s.Allowed, c.Text()) })
				case "blocked_domains":
					c.Array(func(int) { s.Blocked = append(s.Blocked, c.Text()) })
				}
			})
		case "type":
			c.Raw()
		}
	})
	if offline {
		d.x.Warn("tools", "web_search without web access not supported")
		return
	}
	d.r.WebSearch = &s
}

// location takes where the user is, without what is null or says how exact it
// is.
func location(c *protocol.Cursor) protocol.Raw {
	out := protocol.Raw{'{'}
	c.Object(func(name []byte) {
		switch string(name) {
		case "city", "country", "region", "timezone":
			if v := c.TextOrNull(); v != nil {
				if len(out) > 1 {
					out = append(out, ',')
				}
				out = append(protocol.QuoteString(out, string(name)), ':')
				out = append(out, v...)
			}
		case "type":
			c.Raw() // how exact it is
		}
	})
	if len(out) == 1 {
		return nil
	}
	return append(out, '}')
}
