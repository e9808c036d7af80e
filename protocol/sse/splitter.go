package sse

// Splitter cuts a stream into frames as its bytes arrive. Frames that lie
// whole in a chunk are handed out without being copied. The zero Splitter is
// ready for use; it is not safe for use by several goroutines.
type Splitter struct {
	// Limit is the largest frame in bytes; 0 means MaxFrame. At most about
	// twice as many are held.
	Limit int

	buf []byte // the beginning of a frame that goes on in the next chunk
	st  state
	err error
}

// Feed takes the next chunk and calls frame for each frame that it completes.
// raw is valid during the call only: it points into chunk or into the
// Splitter. The only error is [ErrFrameTooLarge]; it stays.
func (s *Splitter) Feed(chunk []byte, frame func(raw []byte)) error {
	for len(chunk) > 0 && s.err == nil {
		n, whole := s.st.scan(chunk)
		if !whole {
			n = len(chunk)
		}
		if len(s.buf)+n > s.limit() {
			s.buf, s.err = nil, ErrFrameTooLarge
			break
		}
		switch {
		case !whole:
			s.hold(chunk)
		case len(s.buf) == 0:
			frame(chunk[:n:n])
		default:
			s.hold(chunk[:n])
			frame(s.buf)
			s.release()
		}
		chunk = chunk[n:]
	}
	return s.err
}

// Close hands out what is left when the stream has ended: a last frame
// without its blank line, or one whose blank line is a single CR. The
// Splitter is then ready for another stream.
func (s *Splitter) Close(frame func(raw []byte)) {
	if len(s.buf) > 0 {
		frame(s.buf)
	}
	*s = Splitter{Limit: s.Limit, buf: s.buf[:0]}
}

// Pending returns how many bytes of an unfinished frame are held.
func (s *Splitter) Pending() int { return len(s.buf) }

func (s *Splitter) limit() int {
	if s.Limit > 0 {
		return s.Limit
	}
	return MaxFrame
}

func (s *Splitter) hold(b []byte) { s.buf = append(s.buf, b...) }

// release empties the buffer and lets go of one that a large frame made big:
// a stream lives for minutes, and there are thousands.
func (s *Splitter) release() {
	if cap(s.buf) > keep {
		s.buf = nil
		return
	}
	s.buf = s.buf[:0]
}

// keep is the largest buffer that outlives the frame it was made for.
const keep = 16 << 10
