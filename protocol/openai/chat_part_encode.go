package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// breakpoint is OpenAI's cache mark. Its shortest time to live is what
// Anthropic's marks of either length become.
const breakpoint = `,"prompt_cache_breakpoint":{"mode":"explicit"}`

// content writes a message's content: a string where it is one text without a
// mark, else a list.
func (e *chatEncoder) content(parts []protocol.Part) {
	var only *protocol.Part
	for i := range parts {
		p := &parts[i]
		if !shows(parts[i : i+1]) {
			continue
		}
		if only != nil || p.Media != nil || p.Cache != protocol.CacheNone && e.model.breakpoints {
			only = nil
			break
		}
		only = p
	}
	if only != nil {
		e.raw("content", only.Text)
		return
	}
	e.out = append(e.out, `,"content":[`...)
	first := len(e.out)
	for i := range parts {
		e.part(first, &parts[i])
	}
	e.out = append(e.out, ']')
}

// part writes one part of a content, if it has a form there; first is where
// the list begins.
func (e *chatEncoder) part(first int, p *protocol.Part) {
	before := len(e.out)
	if before > first {
		e.out = append(e.out, ',')
	}
	start := len(e.out)
	switch p.Kind {
	case protocol.PartText, protocol.PartRefusal, protocol.PartServerTool:
		e.text(p.Text)
	case protocol.PartImage:
		e.image(p.Media)
	case protocol.PartFile:
		e.file(p.Media)
	case protocol.PartAudio:
		e.sound(p.Media)
	}
	if len(e.out) == start {
		e.out = e.out[:before]
		return
	}
	if p.Cache != protocol.CacheNone && e.model.breakpoints {
		e.out = append(e.out, breakpoint...)
	}
	e.out = append(e.out, '}')
}

func (e *chatEncoder) text(t protocol.Text) {
	if !t.Empty() { // a text without characters carries a signature of Gemini's
		e.out = append(e.out, `{"type":"text","text":`...)
		e.out = append(e.out, t...)
	}
}

func (e *chatEncoder) image(m *protocol.Media) {
	if e.foreign(m) {
		return
	}
	if m.Data != nil && e.model.own && !seesImage(m.Type) {
		e.fail(m.Refuse("unsupported_image", "An image must be a JPEG, PNG, GIF or WebP."))
	}
	e.out = append(e.out, `{"type":"image_url","image_url":{"url":`...)
	if m.Data != nil {
		e.out = appendDataURL(e.out, m, "image/png")
	} else {
		e.out = append(e.out, m.URL...)
	}
	e.word("detail", m.Detail)
	e.out = append(e.out, '}')
}

// seesImage tells whether OpenAI's models take images of a type; one that is
// not told may be of any.
func seesImage(mime protocol.Text) bool {
	mime, _, _ = bytes.Cut(mime, []byte(";"))
	switch string(bytes.Trim(mime, `"`)) {
	case "", "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

func (e *chatEncoder) file(m *protocol.Media) {
	if e.foreign(m) {
		return
	}
	if m.Citations {
		e.x.Warn("citations", "not supported")
	}
	if plain := plainOf(m); plain != nil {
		e.out = append(e.out, `{"type":"text","text":`...)
		e.out = protocol.AppendTexts(e.out, "\n\n", m.Name, m.Context, plain)
		return
	}
	switch {
	case m.Data == nil:
		e.fail(m.Refuse("", "A document by URL cannot be sent to this model: send its data."))
		return
	case e.model.own && bytes.HasPrefix(m.Type.Inner(), []byte("video/")):
		e.fail(m.Refuse("unsupported_file", "This model takes no videos."))
		return
	case !m.Context.Empty():
		e.x.Warn("messages", "the context of a document is left out")
	}
	e.out = append(e.out, `{"type":"file","file":{"file_data":`...)
	e.out = appendDataURL(e.out, m, "application/pdf")
	e.member("filename")
	if m.Name.Empty() {
		e.out = append(e.out, `"document.pdf"}`...)
		return
	}
	e.out = append(e.out, m.Name...)
	e.out = append(e.out, '}')
}

func (e *chatEncoder) sound(m *protocol.Media) {
	format := soundFormat(m.Type.String())
	if format == "" || m.Data == nil {
		e.fail(m.Refuse("", "This model takes sound as wav or mp3 data only."))
		return
	}
	e.out = append(e.out, `{"type":"input_audio","input_audio":{"data":`...)
	e.out = append(e.out, m.Data...)
	e.word("format", format)
	e.out = append(e.out, '}')
}

// foreign fails for a file that another provider keeps.
func (e *chatEncoder) foreign(m *protocol.Media) bool {
	if m.Data == nil && m.URL == nil && m.Plain == nil {
		e.fail(m.Refuse("file_id_provider", "A file that is stored at another provider cannot be sent to this model: send its data."))
		return true
	}
	return false
}
