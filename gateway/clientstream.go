package gateway

import (
	"net"
	"time"

	"github.com/valyala/fasthttp"
)

// clientStream is what fasthttp reads: the relay, with a write deadline for
// each piece, keepalives while it is silent, and its end told.
type clientStream struct {
	ctx    *fasthttp.RequestCtx // for the first Read
	conn   net.Conn
	relay  *relay
	beat   *beat
	headed bool // the head has been written: fasthttp keeps it back for the first piece
	finish func()
	closed bool
}

const (
	pieceSize  = writeBufferSize - 16 // fits into fasthttp's buffer with a chunk's frame
	firstPiece = 1 << 10              // fits behind a usual head
)

// Read is called when all that it gave before is written. What is too much for
// fasthttp's buffer is written to the connection here, in fewer and larger
// writes.
func (s *clientStream) Read(p []byte) (int, error) {
	s.forgetHead()
	for {
		if s.relay.waiting() == 0 {
			s.beat.wait()
			s.relay.fill(p)
			s.beat.resume()
		}
		// A stalled reader is dropped; the deadline of the last write would
		// otherwise count the time that the provider was silent.
		_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // fails with the write
		switch {
		case !s.headed:
			s.headed = true
			return s.relay.read(p[:min(len(p), firstPiece)])
		case s.relay.waiting() <= pieceSize:
			return s.relay.read(p)
		}
		if err := s.write(s.relay.chunk()); err != nil {
			return 0, err
		}
		s.relay.release()
	}
}

// forgetHead lets go of the answer's head, which fasthttp has written to its
// buffer and would hold for as long as the stream.
func (s *clientStream) forgetHead() {
	if s.ctx != nil {
		s.ctx.Response.Header = fasthttp.ResponseHeader{}
		s.ctx = nil
	}
}

// write writes to the connection, with a deadline for each piece.
func (s *clientStream) write(b []byte) error {
	for len(b) > 0 {
		m, err := s.conn.Write(b[:min(len(b), burstChunk+chunkHead)])
		if err != nil {
			return err
		}
		if b = b[m:]; len(b) > 0 {
			_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // fails with the write
		}
	}
	return nil
}

func (s *clientStream) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.beat.end()
	err := s.relay.Close()
	s.finish()
	return err
}
