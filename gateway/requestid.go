package gateway

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// requestID keeps a client's own request id where it is sane, else makes one.
// Sane is what cannot break a header, a log line or a terminal.
func (n *Node) requestID(client []byte) string {
	if len(client) >= 1 && len(client) <= 128 {
		sane := true
		for _, b := range client {
			if !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_' || b == '.' || b == ':') {
				sane = false
				break
			}
		}
		if sane {
			return string(client)
		}
	}
	id := [16]byte{} // it is no secret: the fast source will do
	binary.NativeEndian.PutUint64(id[:], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	text := [4 + 2*len(id)]byte{'r', 'e', 'q', '_'}
	hex.Encode(text[4:], id[:])
	return string(text[:])
}
