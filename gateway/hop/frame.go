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

	frameHeader = 5
	wireVersion = 1
)

var errFrame = errors.New("the peer sent what is no frame of this version")

// appendFrame starts a frame; endFrame writes its length.
func appendFrame(b []byte, kind byte) ([]byte, int) {
	at := len(b)
	return append(b, kind, 0, 0, 0, 0), at
}

func endFrame(b []byte, at int) []byte {
	binary.BigEndian.PutUint32(b[at+1:], uint32(len(b)-at-frameHeader))
	return b
}

func wholeFrame(b []byte, kind byte, data []byte) []byte {
	b = append(b, kind)
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

// readHeader reads a frame's kind and length, which must be within most.
func readHeader(r io.Reader, scratch *[frameHeader]byte, most uint32) (byte, int, error) {
	if _, err := io.ReadFull(r, scratch[:]); err != nil {
		return 0, 0, err
	}
	n := binary.BigEndian.Uint32(scratch[1:])
	if n > most {
		return 0, 0, fmt.Errorf("%w: a frame of %d bytes", errFrame, n)
	}
	return scratch[0], int(n), nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendFields(b []byte, fields []Field) []byte {
	b = binary.AppendUvarint(b, uint64(len(fields)))
	for i := range fields {
		b = appendText(appendText(b, fields[i].Name), fields[i].Value)
	}
	return b
}

func appendRequest(b []byte, r *Request) []byte {
	b, at := appendFrame(b, frameRequest)
	b = append(b, wireVersion, r.Kind)
	for _, s := range [...]string{r.Key, r.RequestID, r.ClientIP, r.Method, r.Target} {
		b = appendText(b, s)
	}
	b = appendFields(b, r.Header)
	b = binary.AppendUvarint(b, uint64(len(r.Body)))
	return endFrame(b, at)
}

func appendResponse(b []byte, r *Response) []byte {
	b, at := appendFrame(b, frameResponse)
	b = binary.AppendUvarint(b, uint64(r.Status))
	streamed := byte(0)
	if r.Streamed {
		streamed = 1
	}
	b = append(b, streamed)
	b = binary.AppendUvarint(b, uint64(r.Length))
	b = appendFields(b, r.Header)
	return endFrame(b, at)
}

// parser takes apart a head frame. All its strings share one copy of it.
type parser struct {
	s   string
	bad bool
}

func (p *parser) byte() byte {
	if p.bad || p.s == "" {
		p.bad = true
		return 0
	}
	c := p.s[0]
	p.s = p.s[1:]
	return c
}

func (p *parser) number() uint64 {
	var v uint64
	for shift := uint(0); shift < 63; shift += 7 {
		c := p.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	p.bad = true
	return 0
}

func (p *parser) text() string {
	n := p.number()
	if p.bad || n > uint64(len(p.s)) {
		p.bad = true
		return ""
	}
	s := p.s[:n]
	p.s = p.s[n:]
	return s
}

func (p *parser) fields() []Field {
	n := p.number()
	if p.bad || n > maxField {
		p.bad = true
		return nil
	}
	fields := make([]Field, 0, n+8) // the receiver adds its own
	for range n {
		fields = append(fields, Field{p.text(), p.text()})
	}
	return fields
}

// parseRequest returns the request without its body, and the body's length.
func parseRequest(head []byte, maxBody int64) (*Request, int, error) {
	p := parser{s: string(head)}
	if v := p.byte(); v != wireVersion {
		return nil, 0, fmt.Errorf("%w (version %d)", errFrame, v)
	}
	r := &Request{Kind: p.byte()}
	for _, s := range [...]*string{&r.Key, &r.RequestID, &r.ClientIP, &r.Method, &r.Target} {
		*s = p.text()
	}
	r.Header = p.fields()
	n := p.number()
	if p.bad || p.s != "" {
		return nil, 0, errFrame
	}
	if n > uint64(maxBody) {
		return nil, 0, fmt.Errorf("a body of %d bytes is larger than this node takes", n)
	}
	return r, int(n), nil
}

func parseResponse(head []byte) (*Response, error) {
	p := parser{s: string(head)}
	r := &Response{Status: int(p.number()), Streamed: p.byte() == 1, Length: int64(p.number())}
	r.Header = p.fields()
	if p.bad || p.s != "" || r.Status < 100 || r.Status > 999 || r.Length < 0 {
		return nil, errFrame
	}
	return r, nil
}
