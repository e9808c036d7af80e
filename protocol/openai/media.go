package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// mediaOf returns what a URL of an image or a file points to: the data of a
// data: URL, or the URL itself. It returns nil for a data: URL that is not
// base64. Line breaks in the data go, which some clients wrap it with.
func mediaOf(url protocol.Text) *protocol.Media {
	in := url.Inner()
	if len(in) < 5 || !bytes.EqualFold(in[:5], []byte("data:")) {
		return &protocol.Media{URL: url}
	}
	head, data, ok := bytes.Cut(in[5:], []byte(","))
	if !ok {
		return nil
	}
	if bytes.IndexByte(head, '\\') >= 0 { // "image\/png", as PHP writes it
		head = []byte(asText(head).String())
	}
	kind, params, _ := bytes.Cut(head, []byte(";"))
	if i := bytes.LastIndexByte(params, ';'); i >= 0 {
		params = params[i+1:]
	}
	if !bytes.EqualFold(bytes.TrimSpace(params), []byte("base64")) {
		return nil
	}
	m := &protocol.Media{Data: protocol.CleanBase64(asText(data))}
	if kind = bytes.TrimSpace(kind); len(kind) > 0 {
		m.Type = protocol.TextOf(string(bytes.ToLower(kind)))
	}
	return m
}

// asText puts quotes around what stood inside of a JSON string.
func asText(inner []byte) protocol.Text {
	t := make(protocol.Text, 0, len(inner)+2)
	t = append(t, '"')
	t = append(t, inner...)
	return append(t, '"')
}

// appendDataURL appends a JSON string with the media's data as a data: URL.
func appendDataURL(dst []byte, m *protocol.Media, kind string) []byte {
	dst = append(dst, `"data:`...)
	if m.Type.Empty() {
		dst = append(dst, kind...)
	} else {
		dst = append(dst, m.Type.Inner()...)
	}
	dst = append(dst, ";base64,"...)
	dst = append(dst, m.Data.Inner()...)
	return append(dst, '"')
}
