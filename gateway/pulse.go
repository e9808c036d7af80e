package gateway

import (
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// keepaliveAfter is how long a client hears nothing before it hears that it is
// not forgotten: half of what the most impatient proxies wait.
const keepaliveAfter = 15 * time.Second

const (
	pulseWriters  = 32          // keepalives written at once: a stalled client holds up one of them
	pulseDeadline = time.Second // for one keepalive
)

// pulse sends keepalives to the clients of silent streams, for all streams of a
// node from one goroutine. A stream's own goroutine waits for the provider
// then; everything before is with the client, so that what is written to the
// connection stands between two events.
type pulse struct {
	after time.Duration
	start time.Time
	now   atomic.Int64 // of the last tick, nanoseconds since the start, never 0: exact enough, and free to read

	mu    sync.Mutex
	beats map[*beat]struct{}
}

// beat is one client's stream.
type beat struct {
	pulse *pulse
	conn  net.Conn
	piece []byte // the keepalive, framed as the stream is
	gone  func() // the client cannot be reached

	mu    sync.Mutex // held while a keepalive is written
	since int64      // when the stream began to wait; 0: it does not wait
}

func newPulse(after time.Duration) *pulse {
	p := &pulse{after: after, start: time.Now(), beats: make(map[*beat]struct{})}
	p.now.Store(1)
	return p
}

// clock is a time as the pulse tells it: no correction of the time of day may
// make a stream seem silent for a day, or keep its client waiting for one.
func (p *pulse) clock(t time.Time) int64 { return int64(t.Sub(p.start)) }

// asChunk frames a keepalive for HTTP/1.1.
func asChunk(keepalive []byte) []byte {
	chunk := strconv.AppendInt(nil, int64(len(keepalive)), 16)
	return append(append(append(chunk, '\r', '\n'), keepalive...), '\r', '\n')
}

// follow begins to watch over a stream whose head is with the client.
func (p *pulse) follow(conn net.Conn, piece []byte, gone func()) *beat {
	b := &beat{pulse: p, conn: conn, piece: piece, gone: gone}
	p.mu.Lock()
	p.beats[b] = struct{}{}
	p.mu.Unlock()
	return b
}

// wait says that the stream's goroutine waits for the provider from now on, and
// that all before has been written.
func (b *beat) wait() {
	b.mu.Lock()
	b.since = b.pulse.now.Load()
	b.mu.Unlock()
}

// resume ends a wait. Nothing else is written to the connection behind it.
func (b *beat) resume() {
	b.mu.Lock()
	b.since = 0
	b.mu.Unlock()
}

func (b *beat) end() {
	b.pulse.mu.Lock()
	delete(b.pulse.beats, b)
	b.pulse.mu.Unlock()
}

// run ticks until quit.
func (p *pulse) run(quit <-chan struct{}) {
	tick := time.NewTicker(min(time.Second, max(p.after/4, time.Millisecond)))
	defer tick.Stop()
	for {
		select {
		case <-quit:
			return
		case now := <-tick.C:
			p.tick(now)
		}
	}
}

// tick writes what is due, and returns when it is written.
func (p *pulse) tick(now time.Time) {
	p.now.Store(p.clock(now))
	var due []*beat
	p.mu.Lock()
	for b := range p.beats {
		if b.due(now) {
			due = append(due, b)
		}
	}
	p.mu.Unlock()
	var writers sync.WaitGroup
	next := make(chan *beat)
	for range min(len(due), pulseWriters) {
		writers.Go(func() {
			for b := range next {
				b.write(now)
			}
		})
	}
	for _, b := range due {
		next <- b
	}
	close(next)
	writers.Wait()
}

func (b *beat) due(now time.Time) bool {
	if !b.mu.TryLock() {
		return false
	}
	defer b.mu.Unlock()
	return b.since != 0 && b.pulse.clock(now)-b.since >= int64(b.pulse.after)
}

func (b *beat) write(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.since == 0 {
		return // it has gone on meanwhile
	}
	b.since = b.pulse.clock(now)
	_ = b.conn.SetWriteDeadline(time.Now().Add(pulseDeadline)) // fails with the write
	if _, err := b.conn.Write(b.piece); err != nil {
		b.gone()
	}
}
