package hop

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"time"
)

// Sizes of buffers. A record is what one record of TLS holds.
const (
	smallSize  = 4 << 10
	recordSize = 16 << 10
	corkSize   = 128 << 10
)

// buffers are what exchanges borrow while they last.
type buffers struct{ small, record, cork sync.Pool }

func (b *buffers) getSmall() *[smallSize]byte {
	if p, ok := b.small.Get().(*[smallSize]byte); ok {
		return p
	}
	return new([smallSize]byte)
}

func (b *buffers) getRecord() *[recordSize]byte {
	if p, ok := b.record.Get().(*[recordSize]byte); ok {
		return p
	}
	return new([recordSize]byte)
}

func (b *buffers) getCork() *[corkSize]byte {
	if p, ok := b.cork.Get().(*[corkSize]byte); ok {
		return p
	}
	return new([corkSize]byte)
}

// link is a connection between two nodes, with or without TLS. One goroutine
// reads it and one writes it; any may kill it.
type link struct {
	net.Conn              // what frames go through
	raw          net.Conn // the connection below TLS
	cork         *cork    // between TLS and raw; nil without TLS
	writeTimeout time.Duration
}

func newLink(raw net.Conn, config *tls.Config, secure func(net.Conn, *tls.Config) *tls.Conn, writeTimeout time.Duration) link {
	l := link{Conn: raw, raw: raw, writeTimeout: writeTimeout}
	if config != nil {
		l.cork = &cork{Conn: raw}
		l.Conn = secure(l.cork, config)
	}
	return l
}

// handshake completes TLS until the deadline, which stays set.
func (l *link) handshake(deadline time.Time) error {
	t, ok := l.Conn.(*tls.Conn)
	if !ok {
		return nil
	}
	if err := l.raw.SetDeadline(deadline); err != nil {
		return err
	}
	return t.Handshake()
}

// kill ends the connection at once, whatever else is done with it: without the
// farewell of TLS, which would wait for a write under way. Frames say what is
// whole.
func (l *link) kill() { _ = l.raw.Close() } // closed already is as good

// send writes b, which must not be larger than a frame needs, in one write of
// the network if it is at most a record.
func (l *link) send(b []byte) error {
	if err := l.raw.SetWriteDeadline(time.Now().Add(l.writeTimeout)); err != nil {
		return err
	}
	_, err := l.Conn.Write(b)
	return err
}

// cork joins the records that TLS makes of a large write, so that they cost the
// network one write and the reader one wake-up.
type cork struct {
	net.Conn
	held []byte // nil: nothing is held back
}

func (c *cork) Write(p []byte) (int, error) {
	if c.held == nil {
		return c.Conn.Write(p)
	}
	if len(c.held)+len(p) > cap(c.held) {
		if err := c.flush(); err != nil {
			return 0, err
		}
	}
	c.held = append(c.held, p...)
	return len(p), nil
}

func (c *cork) flush() error {
	_, err := c.Conn.Write(c.held)
	c.held = c.held[:0]
	return err
}

// bulk writes through l more than a record, held back until done.
type bulk struct {
	l       *link
	buffers *buffers
	held    *[corkSize]byte
}

func (l *link) startBulk(b *buffers) bulk {
	w := bulk{l: l, buffers: b}
	if l.cork != nil {
		w.held = b.getCork()
		l.cork.held = w.held[:0]
	}
	return w
}

// send writes a piece, within the write timeout.
func (w bulk) send(p []byte) error { return w.l.send(p) }

// done sends what is held back; it must be called, also after an error.
func (w bulk) done(err error) error {
	if w.held == nil {
		return err
	}
	if err == nil && len(w.l.cork.held) > 0 {
		if err = w.l.raw.SetWriteDeadline(time.Now().Add(w.l.writeTimeout)); err == nil {
			err = w.l.cork.flush()
		}
	}
	w.l.cork.held = nil
	w.buffers.cork.Put(w.held)
	return err
}

// readFull fills p; between two reads at most timeout may pass.
func (l *link) readFull(in *reader, p []byte, timeout time.Duration) error {
	for at, armed := 0, 0; at < len(p); {
		if at >= armed { // for each 256 KiB, not for each read
			if err := l.raw.SetReadDeadline(time.Now().Add(timeout)); err != nil {
				return err
			}
			armed = at + 256<<10
		}
		n, err := in.read(p[at:])
		if at += n; err != nil && at < len(p) {
			return truncated(err)
		}
		if n == 0 && err == nil {
			return io.ErrNoProgress
		}
	}
	return nil
}
