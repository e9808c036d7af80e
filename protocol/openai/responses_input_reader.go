package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// inputReader takes a custom tool's text out of the arguments that stand for
// it, {"input":"..."}, while they come in. Providers that know only functions
// write them; the client shall see the text grow.
type inputReader struct {
	json  []byte // the arguments so far
	at    int    // what has been read of them
	begun bool   // the text has been found
	ended bool
}

// read appends the text, escaped, that a piece of the arguments completes.
func (r *inputReader) read(dst []byte, piece protocol.Text) []byte {
	r.json = append(r.json, piece.String()...)
	if !r.begun {
		if r.at = inputStart(r.json); r.at < 0 {
			return dst
		}
		r.begun = true
	}
	for !r.ended && r.at < len(r.json) {
		n := escapeLen(r.json[r.at:])
		if r.at+n > len(r.json) {
			break
		}
		switch c := r.json[r.at]; {
		case c == '"':
			r.ended = true
			return dst
		case c < 0x20, n == 1 && c == '\\': // no JSON: models write line breaks and paths like this
			dst = append(dst, protocol.Text(protocol.QuoteString(nil, string(c))).Inner()...)
		default:
			dst = append(dst, r.json[r.at:r.at+n]...)
		}
		r.at += n
	}
	return dst
}

// rest appends the text of arguments that have not the expected form, where
// read has found none.
func (r *inputReader) rest(dst []byte) []byte {
	if r.begun || len(r.json) == 0 {
		return dst
	}
	if input, ok := protocol.Find(r.json, "input"); ok && input[0] == '"' {
		return append(dst, protocol.Text(input).Inner()...)
	}
	if string(bytes.TrimSpace(r.json)) == "{}" {
		return dst
	}
	return append(dst, protocol.Text(protocol.QuoteString(nil, string(r.json))).Inner()...)
}

// inputStart finds where the text begins, -1 where that is not to be seen yet
// or never will.
func inputStart(json []byte) int {
	i := 0
	for _, token := range [...]string{"{", `"input"`, ":", `"`} {
		for i < len(json) && (json[i] == ' ' || json[i] == '\n' || json[i] == '\r' || json[i] == '\t') {
			i++
		}
		if !bytes.HasPrefix(json[i:], []byte(token)) {
			return -1
		}
		i += len(token)
	}
	return i
}

// escapeLen is how many bytes of a JSON string make the character at its
// beginning, which must not be torn apart: an escape, or both halves of a
// surrogate pair. It may be more than there are yet. 1 for a backslash that
// escapes nothing.
func escapeLen(b []byte) int {
	switch {
	case b[0] != '\\':
		return 1
	case len(b) == 1:
		return 2
	case b[1] != 'u':
		if bytes.IndexByte([]byte(`"\/bfnrt`), b[1]) < 0 {
			return 1
		}
		return 2
	case !isHex(b[2:min(len(b), 6)]):
		return 1
	case len(b) < 6 || !isHighHalf(b[2:6]):
		return 6
	}
	if next := b[6:min(len(b), 12)]; bytes.HasPrefix([]byte(`\u`), next[:min(len(next), 2)]) && (len(next) < 3 || isHex(next[2:])) {
		return 12
	}
	return 6
}

func isHex(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// isHighHalf tells whether four hex digits are the first half of a pair.
func isHighHalf(b []byte) bool {
	return b[0]|0x20 == 'd' && bytes.IndexByte([]byte("89abAB"), b[1]) >= 0
}
