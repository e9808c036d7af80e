package hop

import (
	"encoding/binary"
	"fmt"
	"math"
)

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

// appendRequest appends a request's head, or fails if it is larger than heads
// may be.
func appendRequest(b []byte, r *Request) ([]byte, error) {
	b, at := openFrame(b, frameRequest)
	b = append(b, wireVersion, r.Kind)
	for _, s := range [...]string{r.Key, r.Conversation, r.RequestID, r.ClientIP, r.Method, r.Target} {
		b = appendText(b, s)
	}
	b = appendFields(b, r.Header)
	b = binary.AppendUvarint(b, uint64(len(r.Body)))
	if len(r.Body) > math.MaxUint32 {
		return b, fmt.Errorf("a body of %d bytes is larger than a frame can be", len(r.Body))
	}
	return checkedHead(b, at, len(r.Header))
}

// appendResponse appends a response's head, or fails as appendRequest does.
func appendResponse(b []byte, r *Response) ([]byte, error) {
	streamed := byte(0)
	if r.Body != nil {
		streamed = 1
	}
	b, at := openFrame(b, frameResponse)
	b = append(b, wireVersion)
	b = binary.AppendUvarint(b, uint64(r.Status))
	b = append(b, streamed)
	if streamed == 1 {
		b = append(b, 0)
	} else {
		b = binary.AppendUvarint(b, uint64(len(r.Bytes)))
	}
	b = appendFields(b, r.Header)
	if r.Status < 100 || r.Status > 999 {
		return b, fmt.Errorf("%d is no status", r.Status)
	}
	return checkedHead(b, at, len(r.Header))
}

func checkedHead(b []byte, at, fields int) ([]byte, error) {
	if n := len(b) - at - frameHeader; n > maxHead {
		return b, fmt.Errorf("a head of %d bytes is larger than %d", n, maxHead)
	}
	if fields > maxFields {
		return b, fmt.Errorf("a head of %d fields has more than %d", fields, maxFields)
	}
	return closeFrame(b, at), nil
}

// parser takes a head apart; its texts are parts of the one string.
type parser struct {
	s   string
	bad bool
}

func (p *parser) byte() byte {
	if p.s == "" {
		p.bad = true
		return 0
	}
	c := p.s[0]
	p.s = p.s[1:]
	return c
}

// number takes a varint of at most 63 bits.
func (p *parser) number() uint64 {
	var v uint64
	for shift := 0; shift < 63; shift += 7 {
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

// spareFields is room for the fields that whoever gets a head adds to it.
const spareFields = 8

func (p *parser) fields() []Field {
	n := p.number()
	if p.bad || n > maxFields || 2*n > uint64(len(p.s)) {
		p.bad = true
		return nil
	}
	fields := make([]Field, 0, n+spareFields)
	for range n {
		fields = append(fields, Field{Name: p.text(), Value: p.text()})
	}
	return fields
}

func (p *parser) version() error {
	if v := p.byte(); v != wireVersion {
		return fmt.Errorf("%w: version %d", errFrame, v)
	}
	return nil
}

// parseRequest takes a request's head apart; the body is to come.
func parseRequest(head string) (r *Request, body uint64, err error) {
	p := parser{s: head}
	if err := p.version(); err != nil {
		return nil, 0, err
	}
	r = &Request{Kind: p.byte()}
	r.Key = p.text()
	r.Conversation = p.text()
	r.RequestID = p.text()
	r.ClientIP = p.text()
	r.Method = p.text()
	r.Target = p.text()
	r.Header = p.fields()
	body = p.number()
	if p.bad || p.s != "" || body > math.MaxUint32 {
		return nil, 0, fmt.Errorf("%w: a request's head", errFrame)
	}
	return r, body, nil
}

// parseResponse takes a response's head apart, into r.
func parseResponse(head string, r *Response) error {
	p := parser{s: head}
	if err := p.version(); err != nil {
		return err
	}
	status, streamed, length := p.number(), p.byte(), p.number()
	r.Header = p.fields()
	if p.bad || p.s != "" || status < 100 || status > 999 || streamed > 1 || streamed == 1 && length != 0 {
		return fmt.Errorf("%w: a response's head", errFrame)
	}
	r.Status, r.Streamed, r.Length = int(status), streamed == 1, int64(length)
	if r.Streamed {
		r.Length = -1
	}
	return nil
}
