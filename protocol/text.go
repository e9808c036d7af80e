package protocol

import (
	"bytes"
	"math/bits"
)

// Raw is one JSON value as it stands in a body: a span that the hub carries
// and does not decode. nil is absent. It must not be changed.
type Raw []byte

// Text is a JSON string as it stands in a body, quotes included, so that a
// long text costs nothing on its way through the hub. nil is absent, which is
// not the same as the empty string. It must not be changed.
type Text []byte

// TextOf makes a Text of a Go string.
func TextOf(s string) Text { return QuoteString(nil, s) }

// String decodes the text; "" when it is absent.
func (t Text) String() string {
	s, _ := String(t)
	return s
}

// Bytes decodes the text into bytes of its own; nil when it is absent or no
// whole JSON string.
func (t Text) Bytes() []byte {
	if !isString(t) {
		return nil
	}
	return appendUnescaped(make([]byte, 0, len(t)), t.Inner())
}

// Inner returns the escaped bytes between the quotes.
func (t Text) Inner() []byte {
	if len(t) < 2 {
		return nil
	}
	return t[1 : len(t)-1]
}

// Plain returns the text's bytes, those between the quotes where nothing is
// escaped; nil when it is absent. What a dialect has words for is compared in
// this form: "us\u0065r" is a user, too.
func (t Text) Plain() []byte {
	if bytes.IndexByte(t, '\\') >= 0 {
		return t.Bytes()
	}
	return t.Inner()
}

// Canonical returns the text as the gateway would write it, so that two that
// say the same are the same: t itself where nothing in it is escaped.
func (t Text) Canonical() Text {
	if bytes.IndexByte(t, '\\') < 0 {
		return t
	}
	return TextOf(t.String())
}

// Empty tells whether the text is absent or has no characters.
func (t Text) Empty() bool { return len(t) <= 2 }

// Blank tells whether the text is absent or white space only.
func (t Text) Blank() bool {
	rest := t.Inner()
	for len(rest) > 0 {
		switch {
		case rest[0] == ' ', rest[0] == '\t':
			rest = rest[1:]
		case len(rest) > 1 && rest[0] == '\\' && (rest[1] == 'n' || rest[1] == 't' || rest[1] == 'r'):
			rest = rest[2:]
		default:
			return false
		}
	}
	return true
}

// Is tells whether the text says s. Texts with escapes are decoded first.
func (t Text) Is(s string) bool {
	if bytes.IndexByte(t, '\\') >= 0 {
		return t != nil && t.String() == s
	}
	return t != nil && string(t.Inner()) == s
}

// AppendTexts appends one JSON string that holds the texts one after the
// other, sep between them. sep must need no escaping beyond QuoteString's.
func AppendTexts(dst []byte, sep string, texts ...Text) []byte {
	dst = append(dst, '"')
	first := true
	for _, t := range texts {
		if t == nil {
			continue
		}
		if !first && sep != "" {
			dst = append(dst, Text(QuoteString(nil, sep)).Inner()...)
		}
		dst, first = append(dst, t.Inner()...), false
	}
	return append(dst, '"')
}

// AppendQuotedJSON appends a JSON value as the text of a JSON string, as
// OpenAI's "arguments" carry an object.
func AppendQuotedJSON(dst []byte, v Raw) []byte {
	dst = append(dst, '"')
	done := 0
	for i, c := range v {
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, v[done:i]...)
		dst = appendEscape(dst, c)
		done = i + 1
	}
	dst = append(dst, v[done:]...)
	return append(dst, '"')
}

// Compact returns v without the white space between its tokens, v itself when
// there is none. v must be valid JSON.
func (v Raw) Compact() Raw {
	if !spaced(v) {
		return v
	}
	out := make(Raw, 0, len(v))
	for i := 0; i < len(v); {
		switch c := v[i]; c {
		case ' ', '\t', '\r', '\n':
			i++
		case '"':
			end := endOfString(v, i)
			out = append(out, v[i:end]...)
			i = end
		default:
			out = append(out, c)
			i++
		}
	}
	return out
}

func spaced(v []byte) bool {
	for i := 0; i < len(v); {
		switch v[i] {
		case ' ', '\t', '\r', '\n':
			return true
		case '"':
			i = endOfString(v, i)
		default:
			i++
		}
	}
	return false
}

// endOfString returns the offset behind the string that starts at i, len(b)
// when it is not closed.
func endOfString(b []byte, i int) int {
	i++
	if i+8 <= len(b) { // most end within a word
		if m := special(wordAt(b, i)); m != 0 {
			if end := i + bits.TrailingZeros64(m)>>3; b[end] == '"' {
				return end + 1
			}
		}
	}
	for {
		n := bytes.IndexByte(b[min(i, len(b)):], '"')
		if n < 0 {
			return len(b)
		}
		end := i + n
		back := end
		for back > i && b[back-1] == '\\' {
			back--
		}
		if (end-back)%2 == 0 {
			return end + 1
		}
		i = end + 1
	}
}
