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
	room := make([]byte, pieceSize)
	for {
		if s.relay.waiting() == 0 {
			s.beat.wait()
			s.relay.fill(room)
			s.beat.resume()
		}
		if s.relay.waiting() == 0 {
			return nil
		}
		_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // as above
		if err := s.write(s.relay.rest()); err != nil {
			return nil
		}
		s.relay.release()
	}
}
