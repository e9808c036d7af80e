package gateway

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// One key that all of a company shares would make its owner do the whole
// fleet's work. Load balancers spread requests evenly, so what a node gets as
// an edge is a fair share. A key that brings its owner clearly more than that,
// from several edges, is hot: its owner refuses the edges' offers with a lease,
// and only decides; calls, conversions and streams stay at the edges.
const (
	hotLeast = 50               // requests a second and running ones, below which nothing is hot
	hotOver  = 1.25             // times the fair share
	hotPart  = 0.67             // from one edge; moving the work there would not spread it
	leaseFor = 2 * time.Second  // of one word
	warnWait = 10 * time.Minute // between two warnings about one key
)

// errHot refuses a forwarded request: the edge is to serve it itself.
var errHot = errors.New("hot: serve this key yourself, and ask for each request")

func refusedAsHot(reason string) bool { return strings.HasPrefix(reason, "hot:") }

// heat measures what keys bring to this node. Its methods may be called from
// any goroutine.
type heat struct {
	edge    atomic.Int64 // requests that came in at this node's door, since start
	running atomic.Int64 // of those, still running

	mu     sync.Mutex
	since  time.Time
	door   float64 // requests a second at this node's door, in the last full second
	all    float64 // requests a second that this node decided over
	before int64
	keys   map[string]*keyHeat
	leases map[string]*lease // keys that this node, as an edge, serves itself
	warned map[string]time.Time
}

type keyHeat struct {
	arrived map[string]int // in this second, by edge
	running int            // here
	rate    float64        // of the last full second
	part    float64        // of the edge that brought most of it
}

func newHeat() *heat {
	return &heat{keys: make(map[string]*keyHeat), leases: make(map[string]*lease), warned: make(map[string]time.Time)}
}

// arrive notes requests that this node decides over; runs tells that one of them
// runs here, until leave. A key that makes more than half of a busy node's
// requests is reported, now and then.
func (h *heat) arrive(key, edge string, count int, runs bool, now time.Time) (warn bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.roll(now)
	k := h.keys[key]
	if k == nil {
		k = &keyHeat{arrived: make(map[string]int)}
		h.keys[key] = k
	}
	k.arrived[edge] += count
	if runs {
		k.running++
	}
	if k.rate < hotLeast || k.rate*2 < h.all || now.Sub(h.warned[key]) < warnWait {
		return false
	}
	h.warned[key] = now
	return true
}

func (h *heat) leave(key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k := h.keys[key]; k != nil {
		k.running--
	}
}

// roll begins a new second.
func (h *heat) roll(now time.Time) {
	span := now.Sub(h.since)
	if span < time.Second {
		return
	}
	s := span.Seconds()
	edge := h.edge.Load()
	h.door, h.before, h.since, h.all = float64(edge-h.before)/s, edge, now, 0
	for key, k := range h.keys {
		sum, most := 0, 0
		for _, n := range k.arrived {
			sum += n
			most = max(most, n)
		}
		clear(k.arrived)
		k.rate, k.part = float64(sum)/s, float64(most)/float64(max(sum, 1))
		h.all += k.rate
		if sum == 0 && k.running <= 0 {
			delete(h.keys, key)
		}
	}
}

// hot tells whether a key's work is to stay at the edges.
func (h *heat) hot(key string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.roll(now)
	k := h.keys[key]
	if k == nil || k.part > hotPart {
		return false
	}
	load := k.rate + float64(k.running)
	return load >= hotLeast && load > hotOver*(h.door+float64(h.running.Load()))
}
