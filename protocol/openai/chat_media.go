package openai

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// readURL sets what m holds or points to. It returns what is wrong with the
// URL, "" for nothing.
func readURL(m *protocol.Media, url protocol.Text) string {
	if url.Empty() {
		return "it is empty."
	}
	found := mediaOf(url)
	if found == nil {
		return "a data URL must be data:TYPE;base64,DATA."
	}
	m.URL, m.Data = found.URL, found.Data
	if m.Data != nil {
		m.Type = found.Type
	}
	if m.Type.Is("image/svg+xml") {
		return "SVG images are not supported."
	}
	return ""
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
