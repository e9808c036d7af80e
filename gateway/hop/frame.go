package hop

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	frameRequest  = 'Q'
	frameAccept   = 'A'
	frameRefuse   = 'R'
	frameBody     = 'B'
	frameResponse = 'H'
	frameData     = 'D'
	frameEnd      = 'E'
	frameAbort    = 'X'
)

const (
	frameHeader = 5
	wireVersion = 1

	maxHead   = 64 << 10
	maxData   = 64 << 10
	maxReason = 1 << 10
	maxFields = 1 << 10
)

var errFrame = errors.New("the peer sent what is no frame of this version")

// openFrame starts a frame whose length closeFrame will know; at is where it
// starts.
func openFrame(b []byte, kind byte) (frame []byte, at int) {
	return append(b, kind, 0, 0, 0, 0), len(b)
}

func closeFrame(b []byte, at int) []byte {
	binary.BigEndian.PutUint32(b[at+1:], uint32(len(b)-at-frameHeader))
	return b
}

// appendHeader starts a frame of n bytes.
func appendHeader(b []byte, kind byte, n int) []byte {
	return binary.BigEndian.AppendUint32(append(b, kind), uint32(n))
}

func appendReason(b []byte, kind byte, reason string) []byte {
	reason = reason[:min(len(reason), maxReason)]
	return append(appendHeader(b, kind, len(reason)), reason...)
}

// reader takes frames off a connection. It reads no further than one read of
// the connection gives, and large payloads past its buffer.
type reader struct {
	src  io.Reader
	buf  []byte
	r, w int // buf[r:w] is read and not taken
}

func (b *reader) buffered() int { return b.w - b.r }

// header takes a frame's header. io.EOF: the connection ended between frames.
func (b *reader) header() (kind byte, n uint32, err error) {
	if err := b.need(frameHeader); err != nil {
		return 0, 0, err
	}
	kind, n = b.buf[b.r], binary.BigEndian.Uint32(b.buf[b.r+1:])
	b.r += frameHeader
	return kind, n, nil
}

// endFollows tells whether the next frame is here already and is the end.
func (b *reader) endFollows() bool {
	return b.buffered() >= frameHeader && b.buf[b.r] == frameEnd
}

// need reads until n bytes are buffered; n is at most the buffer's size.
func (b *reader) need(n int) error {
	for b.buffered() < n {
		if err := b.fill(n); err != nil {
			if err == io.EOF && b.buffered() > 0 {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// fill reads once, to where n bytes from r on will fit.
func (b *reader) fill(n int) error {
	if b.r+n > len(b.buf) || b.r == b.w {
		b.w = copy(b.buf, b.buf[b.r:b.w])
		b.r = 0
	}
	m, err := b.src.Read(b.buf[b.w:])
	b.w += m
	if m > 0 {
		return nil // an error comes again
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// read takes some bytes, at most len(p), which must not be 0.
func (b *reader) read(p []byte) (int, error) {
	if b.buffered() == 0 {
		if len(p) >= len(b.buf) {
			return b.src.Read(p)
		}
		if err := b.fill(1); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.buf[b.r:b.w])
	b.r += n
	return n, nil
}

// text takes n bytes as a string of their own.
func (b *reader) text(n int) (string, error) {
	if n <= len(b.buf) {
		if err := b.need(n); err != nil {
			return "", truncated(err)
		}
		s := string(b.buf[b.r : b.r+n])
		b.r += n
		return s, nil
	}
	p := make([]byte, n)
	for at := 0; at < n; {
		m, err := b.read(p[at:])
		if at += m; err != nil && at < n {
			return "", truncated(err)
		}
	}
	return string(p), nil
}

// reason takes the payload of a refusal or an abort.
func (b *reader) reason(n uint32) (string, error) {
	if n > maxReason {
		return "", fmt.Errorf("%w: a reason of %d bytes", errFrame, n)
	}
	return b.text(int(n))
}

// truncated makes an end in the wrong place an error that no one takes for a
// clean end.
func truncated(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
