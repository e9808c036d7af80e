package protocol

import "bytes"

// Tail finds a member of the top level that stands near the end of a body, as
// usage does, and reads nothing that stands before it. quoted is the name with
// its quotes. It returns false where the member is missing, null or escaped,
// and where a deeper object has one of that name further on: then [Find] knows.
// In a body that is no JSON it may find what only looks like it.
func Tail(body []byte, quoted string) ([]byte, bool) {
	at := bytes.LastIndex(body, []byte(quoted))
	if at <= 0 || body[at-1] == '\\' { // else the quote opens a string: JSON has no other
		return nil, false
	}
	c := walk{b: body, i: at + len(quoted)}
	if !c.colon() {
		return nil, false
	}
	value := c.Raw()
	for c.err == nil { // only the top level ends with the body
		if c.space(); c.i == len(body) {
			break
		}
		switch body[c.i] {
		case '}':
			c.i++
			c.space()
			if c.i < len(body) || IsNull(value) {
				return nil, false
			}
			return value, true
		case ',':
			c.i++
			c.space()
			if _, ok := c.name(); !ok || !c.colon() {
				return nil, false
			}
			c.Raw()
		default:
			return nil, false
		}
	}
	return nil, false
}
