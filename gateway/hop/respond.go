package hop

import (
	"encoding/binary"
	"errors"
	"io"
)

var errPanic = errors.New("the node panicked")

func (c *serverConn) sendReason(kind byte, reason string) error {
	return c.send(appendReason(nil, kind, reason))
}

// respond sends a response; false: the connection is over.
func (c *serverConn) respond(resp *Response) bool {
	if resp.Body != nil {
		defer c.closeBody(resp.Body)
	}
	buf := c.s.buffers.getRecord()
	defer c.s.buffers.record.Put(buf)
	head, err := appendResponse(buf[:0], resp)
	if err != nil {
		c.s.o.Log.Error("a response cannot be sent to the peer that asked", "error", err)
		_ = c.sendReason(frameAbort, err.Error()) // the connection is over either way
		return false
	}
	if resp.Body == nil {
		return c.sendWhole(head, resp.Bytes) == nil
	}
	if c.send(head) != nil {
		return false
	}
	return c.sendStream(resp.Body)
}

// sendWhole sends head, body and end: in one write, if they fit into one
// record, which is what head has room for.
func (c *serverConn) sendWhole(head, body []byte) error {
	if len(head)+len(body)+2*frameHeader <= cap(head) {
		if len(body) > 0 {
			head = append(appendHeader(head, frameData, len(body)), body...)
		}
		return c.send(appendHeader(head, frameEnd, 0))
	}
	w := c.startBulk(&c.s.buffers)
	err := w.send(head)
	for out := head[:0]; len(body) > 0 && err == nil; {
		n := min(len(body), cap(out)-2*frameHeader)
		out = append(appendHeader(out[:0], frameData, n), body[:n]...)
		if body = body[n:]; len(body) == 0 {
			out = appendHeader(out, frameEnd, 0)
		}
		err = w.send(out)
	}
	return w.done(err)
}

// sendStream sends each Read of the body as a frame of its own, at once.
func (c *serverConn) sendStream(body io.Reader) bool {
	small := c.s.buffers.getSmall()
	defer c.s.buffers.small.Put(small)
	buf := small[:]
	for {
		// Room for the end, which comes with the last data if the body says so.
		n, err := c.readBody(body, buf[frameHeader:len(buf)-frameHeader])
		out := buf[:0]
		if n > 0 {
			out = buf[:frameHeader+n]
			out[0] = frameData
			binary.BigEndian.PutUint32(out[1:], uint32(n))
		}
		if err != nil && err != io.EOF {
			if len(out) > 0 && c.send(out) != nil {
				return false
			}
			_ = c.sendReason(frameAbort, err.Error()) // the connection is over either way
			return false
		}
		if err == io.EOF {
			return c.send(appendHeader(out, frameEnd, 0)) == nil
		}
		if len(out) > 0 && c.send(out) != nil {
			return false
		}
		if n == smallSize-2*frameHeader && len(buf) == smallSize { // large pieces: room for larger ones
			record := c.s.buffers.getRecord()
			defer c.s.buffers.record.Put(record)
			buf = record[:]
		}
	}
}

// readBody reads a handler's body; a panic in it is an error of the stream.
func (c *serverConn) readBody(body io.Reader, p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			c.report(v)
			n, err = 0, errPanic
		}
	}()
	for range 100 {
		if n, err = body.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

func (c *serverConn) closeBody(body io.Closer) {
	defer func() {
		if v := recover(); v != nil {
			c.report(v)
		}
	}()
	_ = body.Close() // what it has to say concerns the handler
}
