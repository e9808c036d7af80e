package gateway

import "bytes"

// lists tells whether a header's value names another one: a, b.
func lists(value, name []byte) bool {
	for len(value) > 0 {
		var one []byte
		one, value, _ = bytes.Cut(value, []byte(","))
		if bytes.EqualFold(bytes.TrimSpace(one), name) {
			return true
		}
	}
	return false
}

// isJSON tells whether a content type is JSON's.
func isJSON(contentType []byte) bool {
	const want = "application/json"
	return len(contentType) >= len(want) && bytes.EqualFold(contentType[:len(want)], []byte(want))
}
