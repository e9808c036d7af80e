package anthropic

import (
	"github.com/llmgw/llmgw/protocol"
)

// source is the source of an image or a document.
type source struct {
	kind                    string
	mediaType, data, url, f protocol.Text
	content                 protocol.Cursor
	hasContent              bool
}

func (d *requestDecoder) source(c *protocol.Cursor, b *block) source {
	var s source
	in := &b.source
	in.Object(func(name []byte) {
		switch string(name) {
		case "type":
			switch s.kind = string(in.Text().Plain()); s.kind {
			case "base64", "url", "file", "text", "content":
			default:
				if in.Err() == nil {
					in.Fail("this type of source is not known.")
				}
			}
		case "media_type":
			s.mediaType = in.Text()
		case "data":
			s.data = in.Text()
		case "url":
			s.url = in.Text()
		case "file_id":
			s.f = in.Text()
		case "content":
			s.content, s.hasContent = *in, true
			in.Raw()
		}
	})
	if in.Err() == nil {
		var there bool
		switch s.kind {
		case "base64", "text":
			there = s.data != nil
		case "url":
			there = !s.url.Empty()
		case "file":
			there = !s.f.Empty()
		case "content":
			there = s.hasContent
		}
		if !there {
			in.Fail("the source lacks what its type demands.")
		}
	}
	c.Join(in)
	return s
}

func (b *block) media(s *source) *protocol.Media {
	m := &protocol.Media{Type: s.mediaType, Name: b.title, Context: b.context, Citations: b.cited, URL: s.url, FileID: s.f}
	if s.kind == "text" {
		m.Plain = s.data
	} else {
		m.Data = s.data
	}
	return m
}

// settle makes the walk fail where an image or a document is no good.
func settle(c *protocol.Cursor, m *protocol.Media, kind protocol.PartKind) {
	if fault := m.Settle(kind, c.Path()); fault != "" && c.Err() == nil {
		c.Fail(fault)
	}
}

// document adds a document. One that is made of blocks becomes a plain text
// of them, its images behind it.
func (d *requestDecoder) document(c *protocol.Cursor, b *block) {
	s := d.source(c, b)
	m := b.media(&s)
	if s.kind != "content" || c.Err() != nil {
		settle(c, m, protocol.PartFile)
		d.add(protocol.Part{Kind: protocol.PartFile, Media: m})
		return
	}
	var inner []protocol.Part
	if s.content.Kind() == '"' {
		m.Plain = s.content.Text()
	} else {
		inner = d.blocks(&s.content)
		m.Plain = joinTexts("\n", inner)
	}
	c.Join(&s.content)
	m.Type = protocol.Text(`"text/plain"`)
	d.add(protocol.Part{Kind: protocol.PartFile, Media: m})
	for i := range inner {
		if inner[i].Kind != protocol.PartText {
			d.add(inner[i])
		}
	}
}

// searchResult adds a search result, which other providers know as text.
func (d *requestDecoder) searchResult(c *protocol.Cursor, b *block) {
	if !need(c, b.hasContent, "search_result", "content") {
		return
	}
	inner := d.content(c, b)
	d.x.Warn("search_result", "sent as text")
	head := protocol.AppendTexts(nil, "\n", b.title, b.url)
	text := protocol.AppendTexts(nil, "\n", head, joinTexts("\n", inner))
	d.addText(text)
}

// joinTexts is one text of all texts in parts.
func joinTexts(sep string, parts []protocol.Part) protocol.Text {
	texts := make([]protocol.Text, 0, len(parts))
	for i := range parts {
		if parts[i].Kind == protocol.PartText {
			texts = append(texts, parts[i].Text)
		}
	}
	return protocol.AppendTexts(nil, sep, texts...)
}
