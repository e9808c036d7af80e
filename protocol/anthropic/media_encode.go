package anthropic

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/llmgw/llmgw/protocol"
)

// media writes an image or a document.
func (e *encoder) media(p *protocol.Part) error {
	m := p.Media
	if !m.FileID.Empty() && m.Data == nil && m.URL == nil && m.Plain == nil {
		return m.Refuse("file_id_provider", "A file id does not travel between providers: send the file's data or a URL.")
	}
	if p.Kind == protocol.PartImage {
		e.dst = append(e.dst, `{"type":"image","source":`...)
		if err := e.imageSource(m); err != nil {
			return err
		}
	} else {
		e.dst = append(e.dst, `{"type":"document","source":`...)
		if err := e.fileSource(m); err != nil {
			return err
		}
		if !m.Name.Empty() {
			e.member("title", m.Name)
		}
		if !m.Context.Empty() {
			e.member("context", m.Context)
		}
		if m.Citations {
			e.dst = append(e.dst, `,"citations":{"enabled":true}`...)
		}
	}
	e.mark(p.Cache)
	e.dst = append(e.dst, '}')
	return nil
}

func (e *encoder) imageSource(m *protocol.Media) error {
	if m.Data == nil {
		return e.urlSource(m, "unsupported_image", "An image must be sent as base64 data or as an http or https URL.")
	}
	kind := protocol.MediaType(m.Data).String() // the API compares the first bytes with the type that it is told
	if !strings.HasPrefix(kind, "image/") {
		kind = m.Type.String()
	}
	switch kind {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
	default:
		return m.Refuse("unsupported_image", "An image must be a JPEG, PNG, GIF or WebP.")
	}
	e.base64Source(kind, m.Data.Inner())
	return nil
}

func (e *encoder) base64Source(kind string, data []byte) {
	e.dst = append(e.dst, `{"type":"base64","media_type":"`+kind+`","data":"`...)
	e.dst = append(e.dst, data...)
	e.dst = append(e.dst, `"}`...)
}

func (e *encoder) urlSource(m *protocol.Media, reason, message string) error {
	s := m.URL.String()
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return m.Refuse(reason, message)
	}
	e.dst = append(e.dst, `{"type":"url","url":`...)
	e.dst = append(e.dst, m.URL...)
	e.dst = append(e.dst, '}')
	return nil
}

func (e *encoder) fileSource(m *protocol.Media) error {
	const message = "A file must be a PDF or a text, sent as base64 data, or the http or https URL of a PDF."
	switch {
	case m.Plain != nil:
		e.plainSource(m.Plain)
		return nil
	case m.Data == nil:
		return e.urlSource(m, "unsupported_file", message)
	}
	data := m.Data.Inner()
	kind, _, _ := strings.Cut(m.Type.String(), ";")
	if bytes.HasPrefix(data, []byte("JVBERi")) || kind == "application/pdf" { // %PDF
		e.base64Source("application/pdf", data)
		return nil
	}
	if strings.HasPrefix(kind, "text/") || kind == "application/json" || kind == "application/xml" || kind == "" {
		text, err := base64.StdEncoding.DecodeString(string(data))
		if err != nil {
			text, err = base64.RawStdEncoding.DecodeString(string(data))
		}
		if err == nil && utf8.Valid(text) && bytes.IndexByte(text, 0) < 0 {
			e.plainSource(protocol.TextOf(string(text)))
			return nil
		}
	}
	return m.Refuse("unsupported_file", message)
}

func (e *encoder) plainSource(t protocol.Text) {
	e.dst = append(e.dst, `{"type":"text","media_type":"text/plain","data":`...)
	e.dst = append(e.dst, t...)
	e.dst = append(e.dst, '}')
}
