package gateway

import "bytes"

// alike knows what the last frame that was judged to be plain content looked
// like. Most frames of a stream differ from it within one JSON string only: they
// mean the same, and two comparisons tell it.
type alike struct {
	last       []byte
	lead, tail int // how much of last, from its ends, is common to such frames; 0: not known
}

// maxAlike bounds the frame that is kept, for as long as the stream.
const maxAlike = 1 << 10

// is tells whether a frame differs from the one before only within that string.
func (a *alike) is(raw []byte) bool {
	return a.tail > 0 && len(raw) >= a.lead+a.tail &&
		bytes.HasPrefix(raw, a.last[:a.lead]) && bytes.HasSuffix(raw, a.last[len(a.last)-a.tail:]) &&
		isInner(raw[a.lead:len(raw)-a.tail])
}

// learn takes a frame that was judged, and finds the string in which it differs
// from the one before.
func (a *alike) learn(raw []byte) {
	if len(raw) > maxAlike {
		return
	}
	lead, tail := commonEnds(a.last, raw)
	lead = bytes.LastIndexByte(raw[:lead], '"') + 1
	if i := bytes.IndexByte(raw[len(raw)-tail:], '"'); i >= 0 {
		tail -= i
	} else {
		tail = 0
	}
	if tail > 0 && (isName(raw[len(raw)-tail:]) || !opensString(raw[:lead]) || !isInner(raw[lead:len(raw)-tail]) || !isInner(a.last[lead:len(a.last)-tail])) {
		tail = 0
	}
	a.lead, a.tail = lead, tail
	a.last = append(a.last[:0], raw...)
}

// commonEnds counts the bytes with which both begin, and of the rest those with
// which both end.
func commonEnds(a, b []byte) (lead, tail int) {
	most := min(len(a), len(b))
	for lead < most && a[lead] == b[lead] {
		lead++
	}
	for most -= lead; tail < most && a[len(a)-1-tail] == b[len(b)-1-tail]; {
		tail++
	}
	return lead, tail
}

// isInner tells whether bytes, put into a JSON string, neither end it nor change
// what follows.
func isInner(b []byte) bool {
	for _, c := range b {
		if c == '"' || c == '\\' || c < ' ' {
			return false
		}
	}
	return true
}

// opensString tells whether the last byte of a document's beginning is the quote
// that opens a string.
func opensString(b []byte) bool {
	inside := false
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '"':
			inside = !inside
		case b[i] == '\\' && inside:
			i++
		}
	}
	return inside
}

// isName tells whether what begins with a closing quote closes a member's name.
func isName(b []byte) bool {
	rest := bytes.TrimLeft(b[1:], " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
}
