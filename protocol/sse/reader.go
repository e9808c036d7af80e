package sse

import "io"

// Reader cuts the stream of an io.Reader into frames. It is not safe for use
// by several goroutines.
type Reader struct {
	// Limit is the largest frame in bytes; 0 means MaxFrame.
	Limit int

	r       io.Reader
	buf     []byte // buf[start:] is read and not handed out
	start   int
	scanned int // buf[start:scanned] is known to hold no end of a frame
	st      state
	err     error // of r, told when the frames before it are out
}

// firstRead is the size of a Reader's buffer until a frame needs more.
const firstRead = 4 << 10

// NewReader returns a Reader of r's frames.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// Next returns the next frame, its blank line included. It is valid until the
// following call. Next reads only when no whole frame is there already, and
// then returns as soon as one is.
//
// At the end of the stream a last frame without its blank line is returned
// ([Complete] tells), then io.EOF. Other errors of the io.Reader are returned
// as they are, and a frame that they cut is not. [ErrFrameTooLarge] stays.
func (r *Reader) Next() ([]byte, error) {
	for {
		if raw, ok := r.take(); ok {
			return raw, nil
		}
		if r.Pending() > r.limit() {
			r.giveUp()
		}
		if r.err != nil {
			return r.last()
		}
		r.fill()
	}
}

// Buffered tells whether Next will return without reading. A relay may put
// off flushing while it does.
func (r *Reader) Buffered() bool {
	if r.err != nil {
		return true
	}
	st := r.st
	_, ok := st.scan(r.buf[r.scanned:])
	return ok
}

// Pending returns how many bytes are read and not handed out.
func (r *Reader) Pending() int { return len(r.buf) - r.start }

// take cuts the next frame off the buffer.
func (r *Reader) take() ([]byte, bool) {
	n, ok := r.st.scan(r.buf[r.scanned:])
	if !ok {
		r.scanned = len(r.buf)
		return nil, false
	}
	end := r.scanned + n
	raw := r.buf[r.start:end:end]
	if len(raw) > r.limit() {
		r.giveUp()
		return nil, false
	}
	r.start, r.scanned = end, end
	return raw, true
}

func (r *Reader) giveUp() {
	r.err, r.buf, r.start, r.scanned = ErrFrameTooLarge, nil, 0, 0
}

// last hands out the rest of a stream that has ended, then why it ended.
func (r *Reader) last() ([]byte, error) {
	if r.err == io.EOF && r.start < len(r.buf) {
		raw := r.buf[r.start:]
		r.buf, r.start, r.scanned = nil, 0, 0
		return raw, nil
	}
	return nil, r.err
}

// fill makes room and reads once.
func (r *Reader) fill() {
	rest := len(r.buf) - r.start
	switch {
	case rest == 0 && cap(r.buf) > keep || cap(r.buf) == 0:
		r.buf = make([]byte, 0, firstRead)
	case rest == cap(r.buf):
		grown := make([]byte, rest, 2*rest)
		copy(grown, r.buf)
		r.buf = grown
	case r.start > 0:
		r.buf = r.buf[:copy(r.buf[:rest], r.buf[r.start:])]
	}
	r.scanned -= r.start
	r.start = 0
	for range maxEmptyReads {
		n, err := r.r.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		if r.err = err; n > 0 || err != nil {
			return
		}
	}
	r.err = io.ErrNoProgress
}

// maxEmptyReads is how many reads may return nothing, as in package bufio.
const maxEmptyReads = 100

func (r *Reader) limit() int {
	if r.Limit > 0 {
		return r.Limit
	}
	return MaxFrame
}
