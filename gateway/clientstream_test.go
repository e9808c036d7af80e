package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// flood is a provider that sends without an end, much at once.
type flood struct {
	frame  []byte
	closed bool
}

func (f *flood) pull(_ []byte, emit func([]byte)) error {
	for range 20 {
		emit(f.frame)
	}
	return nil
}

func (f *flood) Close() error { f.closed = true; return nil }

// A client that is slow gets all; one that stalls in the middle of what is
// written at once is given up after the deadline of one write, and the provider
// is let go.
func TestAClientThatStallsInABurst(t *testing.T) {
	for _, chunks := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			defer far.Close()
			n := &Node{pulse: newPulse(time.Hour)}
			e, _ := endpointOf("POST", "/v1/chat/completions")
			c := &call{endpoint: e}
			src := &flood{frame: append(bytes.Repeat([]byte("x"), 4<<10), "\n\n"...)}
			finished := false
			s := &clientStream{conn: near, headed: true, finish: func() { finished = true }, relay: n.newRelay(context.Background(), c, &answer{stream: src})}
			s.beat = n.pulse.follow(near, asChunk(s.relay.form.keepalive()), func() {})

			const pieces, slow = 8, writeTimeout - time.Second
			var stalled time.Time
			go func() {
				for range pieces { // each comes before the deadline, together they take longer
					if _, err := io.CopyN(io.Discard, far, burstChunk); err != nil {
						t.Error(err)
					}
					time.Sleep(slow)
				}
				stalled = time.Now()
			}()
			began, err := time.Now(), error(nil)
			if chunks {
				p := make([]byte, 4<<10) // what fasthttp brings
				for err == nil {
					var m int
					if m, err = s.Read(p); err == nil {
						_, err = near.Write(p[:m])
					}
				}
			} else {
				err = s.drain()
			}
			synctest.Wait() // the client's last word is written down
			if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took < pieces*slow || time.Since(stalled) > writeTimeout {
				t.Errorf("chunks %t: given up after %s, %s behind its last word: %v", chunks, took, time.Since(stalled), err)
			}
			if err := s.Close(); err != nil || !src.closed || !finished {
				t.Errorf("chunks %t: %v, the provider is let go: %t, the call has ended: %t", chunks, err, src.closed, finished)
			}
		})
	}
}
