package sse

import "bytes"

// state is where in a frame a scan stands; it survives the end of a chunk.
type state uint8

const (
	// lineStart is the start of a line: an empty one here ends the frame.
	lineStart state = iota
	// inLine is behind the first byte of a line.
	inLine
	// afterCR is behind a CR that ended a line of text: LF may belong to it.
	afterCR
	// blankCR is behind a CR that made a blank line: LF may belong to it.
	blankCR
)

// scan looks for the end of the frame in data, which continues where the last
// scan stood. It returns the number of bytes of data that belong to the frame
// and true, or false when the frame goes on behind data.
//
// The end is told as early as the bytes allow. Only a blank line made by a CR
// waits for the byte after it, and not even that in a stream whose lines end
// in bare CRs: there an LF after the blank line would be a line of its own,
// which says nothing.
func (st *state) scan(data []byte) (int, bool) {
	lf := -1 // the next LF at or after i, len(data) for none
	for i := 0; i < len(data); {
		switch *st {
		case lineStart:
			switch data[i] {
			case '\n':
				return i + 1, true
			case '\r':
				*st = blankCR
				i++
			default:
				*st = inLine
			}
		case blankCR:
			*st = lineStart
			if data[i] == '\n' {
				i++
			}
			return i, true
		case afterCR:
			*st = lineStart
			switch data[i] {
			case '\n':
				i++
			case '\r':
				return i + 1, true
			}
		case inLine:
			if lf < i {
				lf = indexFrom(data, i, '\n')
			}
			cr := bytes.IndexByte(data[i:lf], '\r')
			switch {
			case cr >= 0:
				*st = afterCR
				i += cr + 1
			case lf < len(data):
				*st = lineStart
				i = lf + 1
			default:
				return 0, false
			}
		}
	}
	return 0, false
}

func indexFrom(data []byte, i int, c byte) int {
	if n := bytes.IndexByte(data[i:], c); n >= 0 {
		return i + n
	}
	return len(data)
}
