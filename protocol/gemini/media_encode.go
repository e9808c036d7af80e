package gemini

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// media writes an image, a document or a sound.
func (e *encoder) media(p *protocol.Part) {
	m := p.Media
	if m == nil {
		return
	}
	if m.Citations {
		e.x.Warn("citations", "not supported")
	}
	if m.Plain != nil {
		if texts := titled(m); len(texts) > 0 {
			e.text(protocol.AppendTexts(nil, "\n\n", texts...))
		}
		return
	}
	if !m.Context.Empty() {
		e.x.Warn("messages", "the context of a document is left out")
	}
	if m.Data.Empty() {
		e.reference(m)
		return
	}
	e.next()
	e.dst = append(e.dst, `{"inlineData":`...)
	e.blob(p)
	if e.t.level { // as thinkingLevel, from the third generation on
		switch m.Detail {
		case "low":
			e.dst = append(e.dst, `,"mediaResolution":{"level":"MEDIA_RESOLUTION_LOW"}`...)
		case "high":
			e.dst = append(e.dst, `,"mediaResolution":{"level":"MEDIA_RESOLUTION_HIGH"}`...)
		}
	}
	e.dst = append(e.dst, '}')
}

func titled(m *protocol.Media) []protocol.Text {
	var texts []protocol.Text
	for _, t := range []protocol.Text{m.Name, m.Context, m.Plain} {
		if !t.Empty() {
			texts = append(texts, t)
		}
	}
	return texts
}

// blob writes the object that holds data and its type.
func (e *encoder) blob(p *protocol.Part) {
	data := p.Media.Data
	e.dst = append(e.dst, `{"mimeType":"`...)
	e.dst = append(e.dst, e.mime(p, data)...)
	e.dst = append(e.dst, `","data":`...)
	e.dst = append(e.dst, data...)
	e.dst = append(e.dst, '}')
}

// mime is the type of a part's data, as the client says or as the data shows.
func (e *encoder) mime(p *protocol.Part, data protocol.Text) string {
	var said string
	if t := p.Media.Type; !t.Empty() {
		said, _, _ = strings.Cut(strings.ToLower(t.String()), ";")
		said = strings.TrimSpace(said)
	}
	switch {
	case said == "image/jpg":
		return "image/jpeg"
	case said == "image/svg+xml":
		e.fail(p.Media.Refuse("unsupported_image", "The model takes no images of type "+said+"."))
	case said != "" && said != "application/octet-stream" && isMIME(said):
		return said
	}
	if seen := protocol.MediaType(data); seen != nil {
		return seen.String()
	}
	if e.err == nil && said == "" {
		e.fail(p.Media.Refuse("", "The type of the data is not told and cannot be recognized."))
	}
	return "application/octet-stream"
}

// isMIME tells whether a type may stand in JSON as it is.
func isMIME(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("/+-._", rune(c)) {
			return false
		}
	}
	return strings.Contains(s, "/")
}

// reference writes a file that Google keeps. One of the web must have been
// fetched before: the API does not fetch.
func (e *encoder) reference(m *protocol.Media) {
	uri := m.FileID
	if uri == nil {
		uri = m.URL
	}
	s := uri.String()
	switch {
	case isGoogles(s):
	case m.FileID != nil:
		e.fail(m.Refuse("file_id_provider", "The file is kept by another provider; send its content instead."))
		return
	default:
		e.fail(m.Refuse("image_url_fetch", "The URL is not fetched for this model; send the content as data instead."))
		return
	}
	e.next()
	e.dst = append(e.dst, `{"fileData":{`...)
	if t := m.Type.String(); isMIME(t) {
		e.key("mimeType")
		e.dst = append(e.dst, m.Type...)
	}
	e.key("fileUri")
	e.dst = append(e.dst, uri...)
	e.dst = append(e.dst, `}}`...)
}
