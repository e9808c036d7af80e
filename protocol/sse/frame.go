package sse

import (
	"bytes"
	"iter"
)

// Event returns the name in the frame's event field, the last one when there
// are several, nil when there is none. It points into raw.
func Event(raw []byte) []byte {
	var event []byte
	for line := range lines(raw) {
		if v, ok := field(line, "event"); ok {
			event = v
		}
	}
	return event
}

// Data returns the frame's data: the one data line, pointing into raw, or a
// new slice with all of them joined by LF. It is nil when there is none, as
// in a frame of comments, and empty but not nil for an empty line.
func Data(raw []byte) []byte {
	var data []byte
	joined := false
	for line := range lines(raw) {
		v, ok := field(line, "data")
		switch {
		case !ok:
		case data == nil:
			data = v
		case !joined:
			joined = true
			data = append(append(bytes.Clone(data), '\n'), v...)
		default:
			data = append(append(data, '\n'), v...)
		}
	}
	return data
}

// Complete tells whether the frame ends in its blank line. One that does not
// was the last of a stream that ended inside of it.
func Complete(raw []byte) bool {
	var st state
	n, whole := st.scan(raw)
	return whole && n == len(raw) || st == blankCR
}

// field returns the value of a line if it is of the field.
func field(line []byte, name string) ([]byte, bool) {
	if len(line) < len(name) || string(line[:len(name)]) != name {
		return nil, false
	}
	value := line[len(name):]
	if len(value) == 0 {
		return value, true // no colon: the whole line is the name
	}
	if value[0] != ':' {
		return nil, false
	}
	if value = value[1:]; len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	return value, true
}

// lines yields the lines of a frame without their ends, and without the byte
// order mark that a stream may start with.
func lines(raw []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		rest := bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
		lf := -1 // the next LF at or after i, len(rest) for none
		for i := 0; i < len(rest); {
			if lf < i {
				lf = indexFrom(rest, i, '\n')
			}
			end, next := lf, lf+1
			if cr := bytes.IndexByte(rest[i:lf], '\r'); cr >= 0 {
				end = i + cr
				if end+1 < lf { // a bare CR, not that of a CRLF
					next = end + 1
				}
			}
			if !yield(rest[i:end]) {
				return
			}
			i = next
		}
	}
}
