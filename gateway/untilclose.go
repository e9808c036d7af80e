package gateway

import (
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
)

// untilClose streams to a client of HTTP/1.0, which knows no chunks: the body
// ends with the connection. fasthttp makes chunks of every stream, so all is
// written here, and it is left nothing to write.
func (s *clientStream) untilClose(c *fiber.Ctx) error {
	h := &c.Response().Header
	h.SetConnectionClose()
	c.Context().HijackSetNoResponse(true)
	c.Context().Hijack(func(net.Conn) {}) // closes the connection
	defer s.Close()
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // fails with the write
	if err := s.write(h.Header()); err != nil {
		return nil // the client has left
	}
	s.forgetHead()
	_ = s.drain() // a stream that breaks has said so
	return nil
}

// drain writes all that the relay gives, without chunks.
func (s *clientStream) drain() error {
	room := make([]byte, pieceSize)
	for {
		if s.relay.waiting() == 0 {
			s.beat.wait()
			s.relay.fill(room)
			s.beat.resume()
		}
		if s.relay.waiting() == 0 {
			return s.relay.endWith
		}
		_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // fails with the write
		if err := s.write(s.relay.rest()); err != nil {
			return err
		}
		s.relay.release()
	}
}
