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
	if !m.FileID.Empty() {
		return refuse("file_id_provider", "A file id does not travel between providers: send the file's data or a URL.")
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

func refuse(reason, message string) error {
	err := protocol.Invalid("messages", "%s", message)
	err.Reason = reason
	return err
}

func (e *encoder) imageSource(m *protocol.Media) error {
	if m.Data == nil {
		return e.urlSource(m.URL, "unsupported_image", "An image must be sent as base64 data or as an http or https URL.")
	}
	data := cleanBase64(m.Data.Inner())
	kind := imageType(data)
	if kind == "" {
		if kind = strings.ToLower(m.Type.String()); kind == "image/jpg" {
			kind = "image/jpeg"
		}
	}
	switch kind {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
	default:
		return refuse("unsupported_image", "An image must be a JPEG, PNG, GIF or WebP.")
	}
	e.base64Source(kind, data)
	return nil
}

func (e *encoder) base64Source(kind string, data []byte) {
	e.dst = append(e.dst, `{"type":"base64","media_type":"`+kind+`","data":"`...)
	e.dst = append(e.dst, data...)
	e.dst = append(e.dst, `"}`...)
}

func (e *encoder) urlSource(url protocol.Text, reason, message string) error {
	s := url.String()
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return refuse(reason, message)
	}
	e.dst = append(e.dst, `{"type":"url","url":`...)
	e.dst = append(e.dst, url...)
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
		return e.urlSource(m.URL, "unsupported_file", message)
	}
	data, kind := cleanBase64(m.Data.Inner()), strings.ToLower(m.Type.String())
	kind, _, _ = strings.Cut(kind, ";")
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
	return refuse("unsupported_file", message)
}

func (e *encoder) plainSource(t protocol.Text) {
	e.dst = append(e.dst, `{"type":"text","media_type":"text/plain","data":`...)
	e.dst = append(e.dst, t...)
	e.dst = append(e.dst, '}')
}

// imageType tells what an image is by its first bytes: the API compares them
// with the type that it is told. "": not known.
func imageType(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("/9j/")):
		return "image/jpeg"
	case bytes.HasPrefix(data, []byte("iVBORw0KGgo")):
		return "image/png"
	case bytes.HasPrefix(data, []byte("R0lGOD")):
		return "image/gif"
	case bytes.HasPrefix(data, []byte("UklGR")) && len(data) >= 14 && string(data[11:14]) == "XRU": // "RIFF", a length, "WEBP"
		return "image/webp"
	}
	return ""
}

// cleanBase64 takes out what has no place in base64 but may stand in a JSON
// string: line breaks, spaces, escaped slashes, and the letters of base64 for
// URLs. data itself where it is clean.
func cleanBase64(data []byte) []byte {
	if bytes.IndexByte(data, '\\') < 0 && bytes.IndexByte(data, ' ') < 0 && bytes.IndexByte(data, '-') < 0 && bytes.IndexByte(data, '_') < 0 {
		return data
	}
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); i++ {
		switch c := data[i]; c {
		case ' ':
		case '\\':
			if i++; i < len(data) && data[i] == '/' {
				out = append(out, '/')
			}
		case '-':
			out = append(out, '+')
		case '_':
			out = append(out, '/')
		default:
			out = append(out, c)
		}
	}
	return out
}
