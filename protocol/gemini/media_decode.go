package gemini

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

func (d *decoder) inlineData(p *protocol.Part) {
	c, m := d.c, &protocol.Media{}
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "mimeType", "mime_type":
			m.Type = c.Text()
		case "data":
			m.Data = c.Text()
		case "displayName", "display_name":
			m.Name = c.Text()
		}
	})
	if m.Data.Empty() || m.Type.Empty() {
		c.Fail("inlineData needs mimeType and data.")
		return
	}
	p.Kind, p.Media = kindOf(m.Type), m
	if fault := m.Settle(p.Kind, c.Path()); fault != "" && c.Err() == nil {
		c.Fail(fault)
	}
}

// fileData reads a reference to a file: one that the web has, or one that only
// Google has, which the hub carries as a file's id.
func (d *decoder) fileData(p *protocol.Part) {
	c, m := d.c, &protocol.Media{}
	var uri protocol.Text
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "mimeType", "mime_type":
			m.Type = c.Text()
		case "fileUri", "file_uri":
			uri = c.Text()
		case "displayName", "display_name":
			m.Name = c.Text()
		}
	})
	if uri.Empty() {
		c.Fail("fileData needs fileUri.")
		return
	}
	if isGoogles(uri.String()) {
		m.FileID = uri
	} else {
		m.URL = uri
	}
	p.Kind, p.Media, m.At = kindOf(m.Type), m, c.Path()
}

// isGoogles tells whether a URI names something that Gemini reads by itself
// and that is no file of the web: a bucket, an upload, a video of YouTube.
func isGoogles(uri string) bool {
	scheme, rest, found := strings.Cut(uri, "://")
	if !found {
		return strings.HasPrefix(uri, "files/")
	}
	switch strings.ToLower(scheme) {
	case "gs":
		return true
	case "http", "https":
		host, _, _ := strings.Cut(strings.ToLower(rest), "/")
		host = strings.TrimPrefix(host, "www.")
		return host == "generativelanguage.googleapis.com" || host == "youtube.com" || host == "youtu.be"
	}
	return false
}

// kindOf is the kind of part that a MIME type makes; what is neither seen nor
// heard is a file.
func kindOf(mime protocol.Text) protocol.PartKind {
	switch major, _, _ := strings.Cut(strings.ToLower(mime.String()), "/"); major {
	case "image":
		return protocol.PartImage
	case "audio":
		return protocol.PartAudio
	}
	return protocol.PartFile
}

// resultMedia takes one of the parts of a functionResponse.
func (d *decoder) resultMedia() protocol.Part {
	var p protocol.Part
	d.c.Object(func(name []byte) {
		switch string(name) {
		case "inlineData", "inline_data":
			d.inlineData(&p)
		case "fileData", "file_data":
			d.fileData(&p)
		}
	})
	if p.Media == nil {
		d.c.Fail("expected inlineData or fileData.")
	}
	return p
}

func (d *decoder) executableCode(p *protocol.Part) {
	language, code := "python", ""
	d.c.Object(func(name []byte) {
		if d.c.Null() {
			return
		}
		switch string(name) {
		case "language":
			language = strings.ToLower(d.c.Str())
		case "code":
			code = d.c.Str()
		case "id":
			d.c.Raw()
		}
	})
	p.Text = fenced(language, code)
}

func (d *decoder) executionResult(p *protocol.Part) {
	output := ""
	d.c.Object(func(name []byte) {
		switch string(name) {
		case "output":
			output = d.c.TextOrNull().String()
		case "outcome", "id":
			d.c.Raw() // the output tells it
		}
	})
	p.Text = fenced("", output)
}

// fenced is code as other dialects show it.
func fenced(language, code string) protocol.Text {
	if language == "language_unspecified" {
		language = ""
	}
	return protocol.TextOf("\n```" + language + "\n" + strings.TrimSuffix(code, "\n") + "\n```\n")
}
