package protocol

import (
	"bytes"
	"fmt"
)

// What a scanner found, as the second half of a sentence.
const (
	faultBOM         = "it starts with a byte order mark (EF BB BF), which JSON does not allow"
	faultEmpty       = "it is empty, a JSON object was expected"
	faultNoObject    = "expected a JSON object, starting with '{'"
	faultNoArray     = "expected a JSON array, starting with '['"
	faultTrailing    = "expected the end after the top-level value"
	faultName        = "expected a member name in double quotes"
	faultDuplicate   = "the member name appeared before; a name may be used once at the top level"
	faultColon       = "expected ':' after a member name"
	faultAfterMember = "expected ',' or '}' after a member"
	faultAfterItem   = "expected ',' or ']' after an array element"
	faultValue       = "expected a JSON value"
	faultDigit       = "expected a digit"
	faultZero        = "a number may not start with a superfluous zero"
	faultQuote       = "a string is not closed"
	faultControl     = "a control character inside a string must be escaped"
	faultEscape      = "unknown escape sequence in a string"
	faultHex         = "expected four hexadecimal digits after \\u"
	faultUTF8        = "a string is not valid UTF-8"
	faultDepth       = "more than 256 objects and arrays are nested" // MaxDepth
)

func faultAfter(object bool) string {
	if object {
		return faultAfterMember
	}
	return faultAfterItem
}

// error tells the fault and its place. Columns count bytes from 1, as editors
// do for ASCII; the offset counts from 0.
func (s *scanner) error() error {
	before := s.body[:min(s.at, len(s.body))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	found := ""
	if s.at >= len(s.body) && s.fault != faultEmpty {
		found = ", but the body ends"
	}
	return &Error{
		Code: InvalidRequest,
		Message: fmt.Sprintf("The request body is not valid JSON: %s%s (line %d, column %d, byte %d).",
			s.fault, found, line, column, len(before)),
	}
}

// names is the set of the names seen at the top level: the first 48, more
// than any API has, in an array without allocation, the rest in a map.
type names struct {
	n     int
	first [48][]byte
	rest  map[string]struct{}
}

// add tells whether name is new.
func (s *names) add(name []byte) bool {
	for _, other := range s.first[:s.n] {
		if bytes.Equal(other, name) {
			return false
		}
	}
	if s.n < len(s.first) {
		s.first[s.n] = name
		s.n++
		return true
	}
	if _, ok := s.rest[string(name)]; ok {
		return false
	}
	if s.rest == nil {
		s.rest = make(map[string]struct{})
	}
	s.rest[string(name)] = struct{}{}
	return true
}

// nameOf returns the text of a quoted name that has been validated.
func nameOf(quoted []byte) []byte {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return appendUnescaped(nil, inner)
}
