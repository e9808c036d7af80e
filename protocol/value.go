package protocol

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Get finds a member below m, one name a level: Get(body, m, "user_id") is
// the user_id of the object that m spans. It returns the span in body, and
// false where a level is no object, lacks the name or has a name twice.
func Get(body []byte, m Member, path ...string) (Member, bool) {
	for _, want := range path {
		if !m.Present() || body[m.Start] != '{' {
			return Member{}, false
		}
		var found Member
		err := ScanObject(m.Of(body), func(name []byte, in Member) {
			if string(name) == want {
				found = in
			}
		})
		if err != nil || !found.Present() {
			return Member{}, false
		}
		m = Member{Start: m.Start + found.Start, End: m.Start + found.End, KeyStart: m.Start + found.KeyStart}
	}
	return m, m.Present()
}

// String decodes a JSON string, quotes included in value. It returns false
// for any other value and for broken escapes. An escaped surrogate without
// its partner becomes U+FFFD.
func String(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	s := scanner{body: value}
	if s.string(1) != len(value) {
		return "", false
	}
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner), true
	}
	return string(appendUnescaped(make([]byte, 0, len(inner)), inner)), true
}

// Bool decodes true or false; ok is false for any other value.
func Bool(value []byte) (v, ok bool) {
	switch string(value) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// Int decodes a number without a fraction, such as 12, 12.0 or 1.2e1. It
// returns false for any other value and beyond the exact range of a float64,
// 2^53, when the number is not written as an integer.
func Int(value []byte) (int64, bool) {
	if n := len(value); n > 0 && n <= 18 {
		if v, ok := digits(value); ok {
			return v, true
		}
	}
	s := scanner{body: value}
	if len(value) > 64 || s.number(0) != len(value) {
		return 0, false
	}
	if v, err := strconv.ParseInt(string(value), 10, 64); err == nil {
		return v, true
	}
	f, err := strconv.ParseFloat(string(value), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// digits is the short way for what token counts look like.
func digits(value []byte) (int64, bool) {
	if value[0] == '0' && len(value) > 1 {
		return 0, false
	}
	var v int64
	for _, c := range value {
		if c-'0' > 9 {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, true
}

// IsNull tells whether value is the literal null.
func IsNull(value []byte) bool { return string(value) == "null" }

// appendUnescaped appends the text of a valid string without its quotes.
func appendUnescaped(dst, inner []byte) []byte {
	for {
		i := bytes.IndexByte(inner, '\\')
		if i < 0 {
			return append(dst, inner...)
		}
		dst = append(dst, inner[:i]...)
		c := inner[i+1]
		inner = inner[i+2:]
		switch c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, n := codePoint(inner)
			dst = utf8.AppendRune(dst, r)
			inner = inner[n:]
		default:
			dst = append(dst, c)
		}
	}
}

// codePoint decodes the digits behind \u and, for a surrogate, its partner;
// n is the number of bytes read.
func codePoint(b []byte) (r rune, n int) {
	r, _ = hex4(b)
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if len(b) >= 10 && b[4] == '\\' && b[5] == 'u' {
		low, _ := hex4(b[6:])
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 10
		}
	}
	return utf8.RuneError, 4
}

// Find returns the value at a path of names below the document body, which
// need not have been validated: false where it is not JSON, where a name is
// missing, or where the value is null.
func Find(body []byte, path ...string) ([]byte, bool) {
	s := scanner{body: body}
	start := s.space(0)
	if start == len(body) {
		return nil, false
	}
	m, ok := Get(body, Member{Start: start, End: len(body)}, path...)
	if !ok || IsNull(m.Of(body)) {
		return nil, false
	}
	return m.Of(body), true
}

// IntAt is [Find] and [Int] in one.
func IntAt(body []byte, path ...string) (int64, bool) {
	v, ok := Find(body, path...)
	if !ok {
		return 0, false
	}
	return Int(v)
}
