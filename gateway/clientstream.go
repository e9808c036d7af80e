package gateway

import (
	"net"
	"time"
)

// clientStream is what fasthttp reads: the relay, with a write deadline for
// each piece, keepalives while it is silent, and its end told.
type clientStream struct {
	conn   net.Conn
	relay  *relay
	beat   *beat
	finish func()
	closed bool
}

// Read is called when all that it gave before is written.
func (s *clientStream) Read(p []byte) (int, error) {
	s.beat.wait()
	m, err := s.relay.Read(p)
	s.beat.resume()
	// A stalled reader is dropped; the deadline of the last write would
	// otherwise count the time that the provider was silent.
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // fails with the write
	return m, err
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
