package upstream

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// lendFrom is the size above which lending a body is cheaper than copying it:
// net/http writes the head of a request apart from a body that it does not know
// to be in memory, which it does anyway where both do not fit into its buffer.
const lendFrom = 4 << 10

// payload lends a call's body to net/http, whose goroutines may read it for a
// moment longer than the call lasts: they copy under a lock, and after giveBack
// none reads the caller's memory.
type payload struct {
	size int

	mu    sync.Mutex
	bytes []byte // what comes from offset on
	from  int
	read  int // how far the furthest reading has come
}

var errGivenBack = errors.New("the call is over")

// giveBack ends the loan. An instance that answers before it has read all gets
// the rest from a copy, if keep.
func (p *payload) giveBack(keep bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if keep && p.read < p.size {
		p.bytes, p.from = bytes.Clone(p.bytes[p.read-p.from:]), p.read
	} else {
		p.bytes, p.from = nil, p.size
	}
}

// reading is one reading of a payload, from its start.
type reading struct {
	p  *payload
	at int
}

func (r *reading) Read(b []byte) (int, error) {
	p := r.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.at == p.size {
		return 0, io.EOF
	}
	if r.at < p.from {
		return 0, errGivenBack
	}
	n := copy(b, p.bytes[r.at-p.from:])
	r.at += n
	p.read = max(p.read, r.at)
	return n, nil
}

func (r *reading) Close() error { return nil }
