package gemini

import (
	"bytes"
	"errors"

	"github.com/llmgw/llmgw/protocol/sse"
)

// ErrPieceTooLarge reports an element above sse.MaxFrame.
var ErrPieceTooLarge = errors.New("gemini: an array element exceeds the size limit")

// ArraySplitter cuts the JSON array that streamGenerateContent answers
// without alt=sse into pieces as its bytes arrive, so that each chunk can be
// passed on when it is whole. A piece ends with the last byte of an element;
// what stands before the element, bracket, comma and white space, belongs to
// it. Concatenating the pieces gives the stream. The zero value is ready for
// use; it is not safe for use by several goroutines. It does not validate.
type ArraySplitter struct {
	buf    []byte // the beginning of a piece that goes on in the next chunk
	depth  int    // containers open, the outer array counted
	text   bool   // inside a string
	escape bool   // behind a backslash inside a string
	err    error
}

// Feed takes the next chunk and calls piece for each piece that it completes.
// raw is valid during the call only. The only error is [ErrPieceTooLarge]; it
// stays.
func (s *ArraySplitter) Feed(chunk []byte, piece func(raw []byte)) error {
	for len(chunk) > 0 && s.err == nil {
		n, whole := s.scan(chunk)
		if len(s.buf)+n > sse.MaxFrame {
			s.buf, s.err = nil, ErrPieceTooLarge
			break
		}
		switch {
		case !whole:
			s.buf = append(s.buf, chunk[:n]...)
		case len(s.buf) == 0:
			piece(chunk[:n:n])
		default:
			s.buf = append(s.buf, chunk[:n]...)
			piece(s.buf)
			s.release()
		}
		chunk = chunk[n:]
	}
	return s.err
}

// release empties the buffer and lets go of one that a large piece made big.
func (s *ArraySplitter) release() {
	if cap(s.buf) > keep {
		s.buf = nil
		return
	}
	s.buf = s.buf[:0]
}

// keep is the largest buffer that outlives the piece it was made for.
const keep = 16 << 10

// Closed tells whether the array's closing bracket has come.
func (s *ArraySplitter) Closed() bool { return s.depth == 0 && len(s.buf) > 0 && !s.text }

// Close hands out what is left when the stream has ended, which is at least
// the closing bracket, and makes the splitter ready for another stream.
func (s *ArraySplitter) Close(piece func(raw []byte)) {
	if len(s.buf) > 0 {
		piece(s.buf)
	}
	*s = ArraySplitter{}
}

// scan returns how many bytes of data belong to the piece, and whether it
// ends there.
func (s *ArraySplitter) scan(data []byte) (n int, whole bool) {
	for i := 0; i < len(data); i++ {
		if s.text {
			if i += s.skipText(data[i:]); s.text {
				return len(data), false
			}
			continue
		}
		switch data[i] {
		case '"':
			s.text = true
		case '[', '{':
			s.depth++
		case ']', '}':
			if s.depth--; s.depth == 1 {
				return i + 1, true
			}
		}
	}
	return len(data), false
}

// skipText returns the offset of the quote that closes the string, and clears
// text when it is there.
func (s *ArraySplitter) skipText(data []byte) int {
	quote := -1 // the next quote at or after i, len(data) for none
	i := 0
	for i < len(data) {
		if s.escape {
			s.escape = false
			i++
			continue
		}
		if quote < i {
			quote = len(data)
			if n := bytes.IndexByte(data[i:], '"'); n >= 0 {
				quote = i + n
			}
		}
		if back := bytes.IndexByte(data[i:quote], '\\'); back >= 0 {
			s.escape = true
			i += back + 1
			continue
		}
		if quote < len(data) {
			s.text = false
		}
		return quote
	}
	return i
}

// Element returns the JSON of a piece's element, without what stands before
// it; nil for a piece that holds none, such as the closing bracket.
func Element(piece []byte) []byte {
	i := bytes.IndexByte(piece, '{')
	if i < 0 {
		return nil
	}
	return piece[i:]
}
