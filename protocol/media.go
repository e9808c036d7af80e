package protocol

import (
	"bytes"
)

// Settle puts what a client gave as an image, a file or a sound into the form
// that providers take: data in plain base64 without line breaks and escapes,
// the type in lower case and, where none is told, by the first bytes. at is the
// field that it stands in. It returns what is wrong with it, "" for nothing.
func (m *Media) Settle(kind PartKind, at string) string {
	m.At = at
	if m.Data != nil {
		m.Data = CleanBase64(m.Data)
		switch {
		case m.Data.Empty():
			return "it holds no data."
		case !looksBase64(m.Data.Inner()):
			return "the data is not base64."
		}
	}
	switch {
	case m.Type.Empty():
		if m.Type = nil; m.Data != nil {
			m.Type = MediaType(m.Data)
		}
	default:
		switch mime := string(bytes.ToLower(m.Type.Plain())); {
		case mime == "image/jpg":
			m.Type = Text(`"image/jpeg"`)
		case mime != string(m.Type.Inner()):
			m.Type = TextOf(mime)
		}
	}
	if kind == PartImage && bytes.HasPrefix(m.Type, []byte(`"image/svg`)) {
		return "SVG images are not supported."
	}
	return ""
}

// Refuse is the error of a provider that does not take m. reason may be "".
func (m *Media) Refuse(reason, why string) *Error {
	e := &Error{Code: InvalidRequest, Param: "messages", Reason: reason, Message: why}
	if m != nil && m.At != "" {
		e.Param, e.Message = m.At, "Invalid value for '"+m.At+"': "+why
	}
	return e
}

// MediaNamed warns of [Part.MediaWord].
const MediaNamed = "an image or a file of an earlier answer is only named"

// MediaWord stands for an image, a file or a sound in an assistant's turn at
// providers that take texts alone there.
func (p *Part) MediaWord() Text {
	switch p.Kind {
	case PartImage:
		return Text(`"[image]"`)
	case PartAudio:
		return Text(`"[sound]"`)
	}
	return Text(`"[file]"`)
}

// MediaType recognizes data in base64 by its first bytes; nil: it does not.
func MediaType(data Text) Text {
	in := data.Inner()
	for _, known := range [...]struct{ head, mime string }{
		{"iVBORw0KGgo", `"image/png"`}, {"/9j/", `"image/jpeg"`}, {"R0lGOD", `"image/gif"`}, {"JVBERi", `"application/pdf"`},
	} {
		if bytes.HasPrefix(in, []byte(known.head)) {
			return Text(known.mime)
		}
	}
	if bytes.HasPrefix(in, []byte("UklGR")) && (len(in) < 14 || string(in[11:14]) == "XRU") { // "RIFF", a length, "WEBP"; sound says "WAVE"
		return Text(`"image/webp"`)
	}
	return nil
}

// looked is how many bytes of data are looked at, at either end: what is not
// base64 shows at once, and images are long.
const looked = 4 << 10

func looksBase64(data []byte) bool {
	if len(data) < 4 {
		return false
	}
	data = bytes.TrimRight(data, "=")
	head, tail := data[:min(len(data), looked)], data[max(0, len(data)-looked):]
	return isBase64(head) && isBase64(tail)
}

func isBase64(data []byte) bool {
	for _, c := range data {
		if !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/') {
			return false
		}
	}
	return true
}

// CleanBase64 takes out of base64 in a JSON string what clients put there:
// line breaks, spaces, escaped slashes, and the letters of base64 for URLs.
// data itself where it is clean.
func CleanBase64(data Text) Text {
	in := data.Inner()
	ends := [...][]byte{in[:min(len(in), looked)], in[max(0, len(in)-looked):]}
	if bytes.IndexByte(in, '\\') < 0 && !bytes.ContainsAny(ends[0], " -_") && !bytes.ContainsAny(ends[1], " -_") {
		return data
	}
	out := make(Text, 0, len(data))
	out = append(out, '"')
	for i := 0; i < len(in); i++ {
		switch c := in[i]; c {
		case ' ':
		case '\\':
			if i++; i < len(in) && in[i] != 'n' && in[i] != 'r' && in[i] != 't' {
				if in[i] != '/' {
					out = append(out, '\\')
				}
				out = append(out, in[i])
			}
		case '-':
			out = append(out, '+')
		case '_':
			out = append(out, '/')
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
