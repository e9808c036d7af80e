package openai

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// readURL sets the URL of m: data that it holds, or a place. It returns what
// is wrong with it, "" for nothing.
func readURL(m *protocol.Media, url protocol.Text) string {
	inner := url.Inner()
	if len(inner) < 5 || !strings.EqualFold(string(inner[:5]), "data:") {
		if len(inner) == 0 {
			return "it is empty."
		}
		m.URL = url
		return ""
	}
	head, data, ok := bytes.Cut(inner[5:], []byte{','})
	kind, params, _ := strings.Cut(protocol.Text(quote(head)).String(), ";")
	if !ok || !strings.HasSuffix(params, "base64") {
		return "a data URL must be data:TYPE;base64,DATA."
	}
	m.Data = cleanBase64(data)
	m.Type = mediaType(kind, m.Data)
	if m.Type.Is("image/svg+xml") {
		return "SVG images are not supported."
	}
	return ""
}

// quote puts quotes around the inside of a JSON string.
func quote(inner []byte) []byte {
	out := make([]byte, 0, len(inner)+2)
	out = append(out, '"')
	out = append(out, inner...)
	return append(out, '"')
}

// cleanBase64 makes a string of base64 data that clients broke into lines or
// escaped.
func cleanBase64(inner []byte) protocol.Text {
	if bytes.IndexByte(inner, '\\') < 0 && bytes.IndexByte(inner, ' ') < 0 {
		return quote(inner)
	}
	out := make(protocol.Text, 0, len(inner)+2)
	out = append(out, '"')
	for _, c := range []byte(protocol.Text(quote(inner)).String()) {
		if c > ' ' {
			out = append(out, c)
		}
	}
	return append(out, '"')
}

// mediaType is the declared type in its proper spelling, else what the first
// bytes show; nil where neither tells.
func mediaType(declared string, data protocol.Text) protocol.Text {
	switch declared = strings.ToLower(strings.TrimSpace(declared)); declared {
	case "":
	case "image/jpg":
		return protocol.TextOf("image/jpeg")
	default:
		return protocol.TextOf(declared)
	}
	for _, known := range [...][2]string{
		{"iVBORw0KGgo", "image/png"}, {"/9j/", "image/jpeg"}, {"R0lGOD", "image/gif"}, {"UklGR", "image/webp"}, {"JVBERi", "application/pdf"},
	} {
		if bytes.HasPrefix(data.Inner(), []byte(known[0])) {
			return protocol.TextOf(known[1])
		}
	}
	return nil
}

// appendDataURL appends the data of m as a JSON string, of the given type
// where m tells none.
func appendDataURL(dst []byte, m *protocol.Media, fallback string) []byte {
	dst = append(dst, `"data:`...)
	if m.Type.Empty() {
		dst = append(dst, fallback...)
	} else {
		dst = append(dst, m.Type.Inner()...)
	}
	dst = append(dst, ";base64,"...)
	dst = append(dst, m.Data.Inner()...)
	return append(dst, '"')
}

// plainOf returns the text of a document that is one, nil for others.
func plainOf(m *protocol.Media) protocol.Text {
	if m.Plain != nil {
		return m.Plain
	}
	if m.Data == nil || !bytes.HasPrefix(m.Type.Inner(), []byte("text/")) {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(m.Data.String())
	if err != nil {
		return nil
	}
	return protocol.TextOf(string(raw))
}

// soundFormat is OpenAI's word for a MIME type, "" where it takes none such.
func soundFormat(mime string) string {
	switch strings.ToLower(mime) {
	case "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave":
		return "wav"
	case "audio/mp3", "audio/mpeg":
		return "mp3"
	}
	return ""
}
