package protocol

import "bytes"

// walk is a place in a document that is read from front to back. It takes what is
// there for JSON, and never panics where it is none.
type walk struct {
	b   []byte
	i   int
	err *Error
}

func (w *walk) space() {
	for w.i < len(w.b) && (w.b[w.i] == ' ' || w.b[w.i] == '\n' || w.b[w.i] == '\t' || w.b[w.i] == '\r') {
		w.i++
	}
}

// Kind tells what the value at hand is: '{', '[', '"', 't' and 'f' for the
// booleans, 'n' for null, '0' for a number, and 0 after an error.
func (w *walk) Kind() byte {
	if w.i >= len(w.b) {
		return 0
	}
	switch b := w.b[w.i]; b {
	case '{', '[', '"', 't', 'f', 'n':
		return b
	}
	return '0'
}

// Raw takes any value and returns its span.
func (w *walk) Raw() Raw {
	start := w.i
	switch w.Kind() {
	case 0:
		w.broken()
		return nil
	case '"':
		w.i = endOfString(w.b, w.i)
	case '{', '[':
		w.container()
	default:
		for w.i < len(w.b) && !ends(w.b[w.i]) {
			w.i++
		}
	}
	return w.b[start:w.i:w.i]
}

func ends(b byte) bool {
	return b == ',' || b == '}' || b == ']' || b == ' ' || b == '\n' || b == '\r' || b == '\t'
}

func (w *walk) container() {
	depth := 0
	for w.i < len(w.b) {
		switch w.b[w.i] {
		case '"':
			w.i = endOfString(w.b, w.i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				w.i++
				return
			}
		}
		w.i++
	}
}

func (w *walk) broken() {
	if w.err == nil {
		w.err = &Error{Code: InvalidRequest, Message: "The body is not valid JSON."}
	}
	w.i = len(w.b)
}

// name takes a member's name.
func (w *walk) name() ([]byte, bool) {
	if w.Kind() != '"' {
		return nil, false
	}
	if end := plain(w.b, w.i+1); end < len(w.b) && w.b[end] == '"' {
		name := w.b[w.i+1 : end : end]
		w.i = end + 1
		return name, true
	}
	quoted := w.Raw()
	if bytes.IndexByte(quoted, '\\') >= 0 {
		s, ok := String(quoted)
		return []byte(s), ok
	}
	return Text(quoted).Inner(), len(quoted) >= 2 && quoted[len(quoted)-1] == '"'
}

// colon takes what stands between a name and its value.
func (w *walk) colon() bool {
	w.space()
	if w.i >= len(w.b) || w.b[w.i] != ':' {
		return false
	}
	w.i++
	w.space()
	return true
}

// Each calls member for each member of an object, with the name unescaped, and
// takes the object for JSON: what has passed [ScanObject] is. It needs little of
// the stack. false: it is no object, or breaks off.
func Each(object []byte, member func(name, value []byte)) bool {
	w := walk{b: object}
	if w.space(); w.Kind() != '{' {
		return false
	}
	w.i++
	if w.space(); w.Kind() == '}' {
		return true
	}
	for w.err == nil {
		name, ok := w.name()
		if !ok || !w.colon() {
			return false
		}
		member(name, w.Raw())
		if w.space(); w.i >= len(w.b) {
			return false
		}
		switch w.b[w.i] {
		case '}':
			return true
		case ',':
			w.i++
			w.space()
		default:
			return false
		}
	}
	return false
}
