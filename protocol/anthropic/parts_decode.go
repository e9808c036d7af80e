package anthropic

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// message reads an element of messages.
func (d *requestDecoder) message() {
	c := d.c
	var m protocol.Message
	role, content := false, false
	c.Object(func(name []byte) {
		switch string(name) {
		case "role":
			role = true
			switch string(c.Text().Plain()) {
			case "user":
			case "assistant":
				m.Role = protocol.RoleAssistant
			case "system":
				m.Role = protocol.RoleSystem
			default:
				if c.Err() == nil {
					c.Fail("expected user, assistant or system.")
				}
			}
		case "content":
			content = true
			if c.Kind() == '"' {
				m.Parts = []protocol.Part{{Kind: protocol.PartText, Text: c.Text()}}
			} else {
				m.Parts = d.blocks(c)
			}
		case "output_config":
			if c.Kind() == '{' {
				c.Object(func(name []byte) {
					if string(name) == "effort" && !c.Null() {
						d.update = d.effort()
					}
				})
			}
		}
	})
	if c.Err() == nil && !(role && content) {
		c.Fail("it needs a role and a content.")
	}
	checkPlace(c, &m)
	d.messages = append(d.messages, m)
}

// checkPlace makes the walk fail where a call or its result stands in the other
// side's message.
func checkPlace(c *protocol.Cursor, m *protocol.Message) {
	for i := range m.Parts {
		switch kind := m.Parts[i].Kind; {
		case kind == protocol.PartCall && m.Role != protocol.RoleAssistant:
			c.Fail("a tool_use belongs in a message of the role assistant.")
		case kind == protocol.PartResult && m.Role != protocol.RoleUser:
			c.Fail("a tool_result belongs in a message of the role user.")
		}
	}
}

// blocks reads an array of content blocks.
func (d *requestDecoder) blocks(c *protocol.Cursor) []protocol.Part {
	base := len(d.stack)
	c.Array(func(int) { d.block(c) })
	parts := append([]protocol.Part(nil), d.stack[base:]...)
	d.stack = d.stack[:base]
	return parts
}

func (d *requestDecoder) add(p protocol.Part) { d.stack = append(d.stack, p) }

func (d *requestDecoder) addText(t protocol.Text) {
	d.add(protocol.Part{Kind: protocol.PartText, Text: t})
}

// block holds the members of a content block until its type, which may stand
// behind them, says what they mean.
type block struct {
	kind                                    string
	text, thinking, signature, data         protocol.Text
	id, resultOf, name, title, context, url protocol.Text
	input                                   protocol.Raw
	cache                                   protocol.CacheMark
	isError, cited                          bool
	content, source                         protocol.Cursor // at the value, where there is one
	hasContent, hasSource                   bool
}

// blockKinds are the types of blocks that are understood, but for those of
// server tools.
var blockKinds = [...]string{
	"text", "tool_use", "tool_result", "thinking", "image", "redacted_thinking", "document", "search_result",
	"tool_reference", "tool_addition", "tool_removal", "browser_state", "compaction", "fallback",
}

// blockKind finds a type of blocks; "": it is not known.
func blockKind(t protocol.Text) string {
	inner := t.Plain()
	for _, k := range blockKinds {
		if string(inner) == k {
			return k
		}
	}
	switch string(inner) {
	case "server_tool_use", "mcp_tool_use", "mcp_tool_listing", "container_upload":
		return serverBlock
	}
	if bytes.HasSuffix(inner, []byte("_tool_result")) {
		return serverBlock
	}
	return ""
}

// serverBlock is the kind of all blocks that Anthropic's own tools make.
const serverBlock = "server"

// block adds what the block at hand says.
func (d *requestDecoder) block(c *protocol.Cursor) {
	start := c.Offset()
	var b block
	c.Object(func(name []byte) { d.blockMember(c, &b, name) })
	switch {
	case c.Err() != nil:
		return
	case b.kind == "":
		c.Fail("it lacks a type.")
		return
	case b.kind == serverBlock:
		d.add(serverPart(protocol.Raw(d.body[start:c.Offset()]), b.name, b.cache))
		return
	}
	n := len(d.stack)
	d.part(c, &b)
	if len(d.stack) > n && b.cache != protocol.CacheNone {
		d.stack[len(d.stack)-1].Cache = b.cache
	}
}

func (d *requestDecoder) blockMember(c *protocol.Cursor, b *block, name []byte) {
	switch string(name) {
	case "type":
		if b.kind = blockKind(c.Text()); b.kind == "" && c.Err() == nil {
			c.Fail("this type of content block is not known.")
		}
	case "text":
		b.text = c.Text()
	case "thinking":
		b.thinking = c.Text()
	case "signature":
		b.signature = c.TextOrNull()
	case "data":
		b.data = c.Text()
	case "id":
		b.id = c.Text()
	case "tool_use_id":
		b.resultOf = c.Text()
	case "name", "tool_name":
		b.name = c.TextOrNull()
	case "title":
		b.title = c.TextOrNull()
	case "context":
		b.context = c.TextOrNull()
	case "input":
		b.input = c.Raw()
	case "cache_control":
		b.cache = cacheMark(c)
	case "is_error":
		if !c.Null() {
			b.isError = c.Bool()
		}
	case "citations":
		if c.Kind() != '{' {
			c.Raw() // of an earlier answer
			return
		}
		c.Object(func(name []byte) {
			if string(name) == "enabled" {
				b.cited = string(c.Raw()) == "true"
			}
		})
	case "content":
		b.content, b.hasContent = *c, c.Kind() != 'n'
		c.Raw()
	case "source":
		if c.Kind() == '"' { // of a search result
			b.url = c.Text()
			return
		}
		b.source, b.hasSource = *c, c.Kind() != 'n'
		c.Raw()
	case "caller", "server_name", "file_id", "tool":
		c.Raw() // of Anthropic's own servers
	}
}

// need makes the walk fail where a block lacks a member that it must have.
func need(c *protocol.Cursor, has bool, kind, member string) bool {
	if !has {
		c.Fail("a block of type " + kind + " needs '" + member + "'.")
	}
	return has
}

// part adds the part that a block is; one document can be several.
func (d *requestDecoder) part(c *protocol.Cursor, b *block) {
	p := protocol.Part{}
	switch b.kind {
	case "text":
		p.Text = b.text
		need(c, b.text != nil, "text", "text")
	case "image":
		if p.Kind = protocol.PartImage; need(c, b.hasSource, "image", "source") {
			s := d.source(c, b)
			p.Media = b.media(&s)
			settle(c, p.Media, p.Kind)
		}
	case "document":
		if need(c, b.hasSource, "document", "source") {
			d.document(c, b)
		}
		return
	case "thinking":
		p.Kind, p.Text, p.Signature = protocol.PartThinking, b.thinking, signatureOf(b.signature)
		need(c, b.thinking != nil, "thinking", "thinking")
	case "redacted_thinking":
		p.Kind, p.Signature = protocol.PartRedacted, signatureOf(b.data)
		need(c, b.data != nil, "redacted_thinking", "data")
	case "tool_use":
		p.Kind, p.ID, p.Name, p.Args = protocol.PartCall, b.id, b.name, b.input
		switch {
		case !need(c, !b.id.Empty(), "tool_use", "id"), !need(c, !b.name.Empty(), "tool_use", "name"):
		case b.input == nil || protocol.IsNull(b.input):
			p.Args = protocol.Raw("{}")
		case b.input[0] != '{':
			c.Fail("the input of a tool_use must be an object.")
		}
	case "tool_result":
		p.Kind, p.ID, p.IsError = protocol.PartResult, b.resultOf, b.isError
		need(c, !b.resultOf.Empty(), "tool_result", "tool_use_id")
		if b.hasContent {
			p.Parts = d.content(c, b)
		}
	case "search_result":
		d.searchResult(c, b)
		return
	default:
		d.remark(c, b)
		return
	}
	d.add(p)
}

// remark reads the blocks that matter to Anthropic's servers more than to a
// model.
func (d *requestDecoder) remark(c *protocol.Cursor, b *block) {
	switch {
	case b.kind == "compaction" && b.hasContent: // a summary in place of the turns before it
		d.stack = append(d.stack, d.content(c, b)...)
	case b.kind == "tool_reference":
		d.x.Warn("tool_reference", "sent as text")
		d.addText(protocol.TextOf("[tool " + b.name.String() + "]"))
	case b.kind != "fallback":
		d.x.Warn("messages", "a block that only Anthropic understands is dropped")
	}
}

// content reads a block's content, which was skipped before its type was
// known.
func (d *requestDecoder) content(c *protocol.Cursor, b *block) []protocol.Part {
	in := &b.content
	var parts []protocol.Part
	if in.Kind() == '"' {
		parts = []protocol.Part{{Kind: protocol.PartText, Text: in.Text()}}
	} else {
		parts = d.blocks(in)
	}
	c.Join(in)
	return parts
}

// signatureOf tells whose a signature is: one that this gateway wrapped, or
// Anthropic's own.
func signatureOf(t protocol.Text) protocol.Signature {
	if s, ours := protocol.Unwrap(t); ours {
		return s
	}
	if t.Empty() {
		return protocol.Signature{}
	}
	return protocol.Signature{Maker: protocol.MadeByAnthropic, Data: t}
}
