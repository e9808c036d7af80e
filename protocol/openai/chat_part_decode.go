package openai

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// content takes a content and appends its parts: a string, one part or many.
func (d *chatDecoder) content(dst []protocol.Part) []protocol.Part {
	switch d.c.Kind() {
	case '[':
		d.c.Array(func(int) { dst = d.part(dst) })
	case '{':
		dst = d.part(dst)
	default:
		dst = append(dst, protocol.Part{Text: d.c.Text()})
	}
	return dst
}

// systemBlocks takes a top-level system.
func (d *chatDecoder) systemBlocks() { d.system = d.content(nil) }

// chatPart is what the members of a part say, in whatever order they come.
type chatPart struct {
	kind, text, refusal protocol.Text
	cache               protocol.CacheMark
	media               *protocol.Media
	fault               string // of the media

	id, name, thinking, signature, data protocol.Text // Anthropic's blocks
	input                               protocol.Raw
	content                             []protocol.Part
	failed                              bool
}

// part takes one part of a content. Anthropic's blocks are taken, too: clients
// that speak both dialects mix them.
func (d *chatDecoder) part(dst []protocol.Part) []protocol.Part {
	var p chatPart
	d.c.Object(func(name []byte) { d.partMember(&p, name) })
	if d.c.Err() != nil {
		return dst
	}
	out := protocol.Part{Cache: p.cache}
	switch kind := p.kind.Plain(); string(kind) {
	case "text", "input_text", "output_text":
		out.Text = p.text
		if p.text == nil {
			d.missing("text")
		}
	case "refusal":
		out.Kind, out.Text = protocol.PartRefusal, p.refusal
	case "image_url", "image", "input_image":
		out.Kind, out.Media = protocol.PartImage, d.media(&p, protocol.PartImage, "image_url")
		if out.Media != nil && out.Media.Type.Is("application/pdf") { // which clients put there for want of another place
			out.Kind = protocol.PartFile
		}
	case "file", "document", "input_file":
		out.Kind, out.Media = protocol.PartFile, d.media(&p, protocol.PartFile, "file")
	case "input_audio":
		out.Kind, out.Media = protocol.PartAudio, d.media(&p, protocol.PartAudio, "input_audio")
	case "tool_use":
		out.Kind, out.ID, out.Name, out.Args = protocol.PartCall, p.id, p.name, p.input
		if out.Args == nil {
			out.Args = protocol.Raw("{}")
		}
	case "tool_result":
		out.Kind, out.ID, out.IsError, out.Parts = protocol.PartResult, p.id, p.failed, p.content
	case "thinking", "redacted_thinking":
		if block, ok := thinkingBlock(p.thinking, p.signature, p.data); ok {
			out = block
			break
		}
		return dst
	default:
		d.invalid("type", "this type of content is not supported.")
	}
	return append(dst, out)
}

func (d *chatDecoder) partMember(p *chatPart, name []byte) {
	c := d.c
	if c.Null() {
		return
	}
	switch string(name) {
	case "type":
		p.kind = c.Text()
	case "text":
		p.text = c.Text()
	case "refusal":
		p.refusal = c.Text()
	case "image_url":
		d.imageURL(p)
	case "detail":
		p.mediaOf().Detail = d.word("auto", "low", "high", "original")
	case "file":
		c.Object(func(name []byte) { d.file(p, name) })
	case "file_data", "file_id", "filename", "file_url":
		d.file(p, name)
	case "input_audio":
		d.audio(p)
	case "source":
		d.source(p)
	case "title":
		p.mediaOf().Name = c.Text()
	case "cache_control":
		p.cache = d.cacheControl()
	case "prompt_cache_breakpoint":
		p.cache = d.breakpoint()
	case "id", "tool_use_id":
		p.id = c.Text()
	case "name":
		p.name = c.Text()
	case "input":
		p.input = d.object()
	case "content":
		p.content = d.content(nil)
	case "is_error":
		p.failed = c.Bool()
	case "thinking":
		p.thinking = c.Text()
	case "signature":
		p.signature = c.Text()
	case "data":
		p.data = c.Text()
	case "annotations", "logprobs", "citations", "caller", "index":
		c.Raw() // what an earlier answer tells of itself
	}
}

func (p *chatPart) mediaOf() *protocol.Media {
	if p.media == nil {
		p.media = &protocol.Media{}
	}
	return p.media
}

// media returns what a part holds, and fails where it holds nothing.
func (d *chatDecoder) media(p *chatPart, kind protocol.PartKind, field string) *protocol.Media {
	m := p.media
	switch {
	case p.fault != "":
		d.invalid(field, p.fault)
	case m == nil || m.Data == nil && m.URL == nil && m.FileID == nil && m.Plain == nil:
		d.missing(field)
	default:
		if fault := m.Settle(kind, d.c.Path()+"."+field); fault != "" {
			d.invalid(field, fault)
		}
	}
	return m
}

// missing fails: the object at hand lacks a field.
func (d *chatDecoder) missing(field string) {
	at := d.c.Path() + "." + field
	d.c.FailWith(protocol.Invalid(at, "Missing required parameter: '%s'.", at))
}

// invalid fails: a field of the object at hand has a value that is no good.
func (d *chatDecoder) invalid(field, why string) {
	at := d.c.Path() + "." + field
	d.c.FailWith(protocol.Invalid(at, "Invalid value for '%s': %s", at, why))
}

// imageURL takes an object with a url, or the url alone.
func (d *chatDecoder) imageURL(p *chatPart) {
	c, m := d.c, p.mediaOf()
	if c.Kind() == '"' {
		p.fault = readURL(m, c.Text())
		return
	}
	c.Object(func(name []byte) {
		switch string(name) {
		case "url":
			p.fault = readURL(m, c.Text())
		case "detail":
			if !c.Null() {
				m.Detail = d.word("auto", "low", "high", "original")
			}
		}
	})
}

// file takes a member of a file.
func (d *chatDecoder) file(p *chatPart, name []byte) {
	c, m := d.c, p.mediaOf()
	if c.Null() {
		return
	}
	switch string(name) {
	case "file_data", "file_url":
		text := c.Text()
		inner := string(text.Inner()[:min(8, len(text.Inner()))])
		if string(name) == "file_url" || strings.HasPrefix(inner, "data:") || strings.HasPrefix(inner, "http") {
			p.fault = readURL(m, text)
			return
		}
		m.Data = text
	case "file_id":
		m.FileID = c.Text()
	case "filename":
		m.Name = c.Text()
	}
}

func (d *chatDecoder) audio(p *chatPart) {
	c, m := d.c, p.mediaOf()
	c.Object(func(name []byte) {
		switch string(name) {
		case "data":
			m.Data = c.Text()
		case "format":
			m.Type = protocol.TextOf("audio/" + d.word("wav", "mp3"))
		}
	})
}

// source takes what Anthropic's images and documents hold.
func (d *chatDecoder) source(p *chatPart) {
	c, m := d.c, p.mediaOf()
	var kind, mediaKind, data protocol.Text
	c.Object(func(name []byte) {
		switch string(name) {
		case "type":
			kind = c.Text()
		case "media_type":
			mediaKind = c.TextOrNull()
		case "data":
			data = c.Text()
		case "url":
			p.fault = readURL(m, c.Text())
		case "file_id":
			m.FileID = c.Text()
		}
	})
	switch {
	case data == nil:
	case kind.Is("text"):
		m.Plain = data
	default:
		m.Data, m.Type = data, mediaKind
	}
}

// cacheControl takes Anthropic's cache mark, which LiteLLM and OpenRouter take
// in this dialect.
func (d *chatDecoder) cacheControl() protocol.CacheMark {
	mark := protocol.Cache5m
	d.c.Object(func(name []byte) {
		switch {
		case d.c.Null():
		case string(name) == "type":
			d.word("ephemeral")
		case string(name) == "ttl" && d.word("5m", "1h") == "1h":
			mark = protocol.Cache1h
		}
	})
	return mark
}

// breakpoint takes OpenAI's cache mark.
func (d *chatDecoder) breakpoint() protocol.CacheMark {
	mark := protocol.Cache5m
	d.c.Object(func(name []byte) {
		switch {
		case d.c.Null():
		case string(name) == "mode":
			d.word("explicit")
		case string(name) == "ttl":
			mark = protocol.Cache1h
			if d.word("30m", "12h") == "12h" {
				d.x.Warn("prompt_cache_breakpoint", "ttl becomes 1h")
			}
		}
	})
	return mark
}
