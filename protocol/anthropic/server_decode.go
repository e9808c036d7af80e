package anthropic

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// serverPart keeps a block of a tool that ran at Anthropic as it is, for
// Anthropic, and what it says in words, for others.
func serverPart(raw protocol.Raw, name protocol.Text, cache protocol.CacheMark) protocol.Part {
	return protocol.Part{
		Kind: protocol.PartServerTool, Raw: raw, Name: name, Cache: cache,
		Signature: protocol.Signature{Maker: protocol.MadeByAnthropic}, Text: words(raw, name),
	}
}

// words tells what a call of a server tool asked for, or what its result says:
// the texts, titles and addresses in it. It is nil where it says nothing.
func words(raw protocol.Raw, name protocol.Text) protocol.Text {
	var b strings.Builder
	c := protocol.NewCursor(raw)
	c.Object(func(member []byte) {
		switch string(member) {
		case "input":
			b.WriteString("[" + name.String() + "] " + string(c.Raw().Compact()))
		case "content":
			said(c, &b)
		}
	})
	if b.Len() == 0 {
		return nil
	}
	return protocol.TextOf(b.String())
}

// said collects the words of a result.
func said(c *protocol.Cursor, b *strings.Builder) {
	line := func(s string) {
		if s == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(s)
	}
	switch c.Kind() {
	case '"':
		line(c.Str())
	case '[':
		c.Array(func(int) { said(c, b) })
	case '{':
		c.Object(func(name []byte) {
			switch string(name) {
			case "text", "title", "url", "stdout", "stderr", "error_code", "tool_name":
				if c.Kind() == '"' {
					line(c.Str())
				}
			case "content", "source", "tool_references":
				said(c, b)
			}
		})
	}
}
