package cluster

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"
)

// Everything of ours that memberlist carries starts with one byte: the version
// of the envelope in the high half, the kind in the low one. What a node does
// not know it ignores, so that a later program may add kinds.
const (
	kindDelta byte = 0x11 // one piece of State, by broadcast
	kindState byte = 0x12 // a whole State, in an exchange
)

const (
	// messageLimit is far enough below what fits a packet (1350 bytes encrypted
	// with our label): memberlist keeps what does not fit for ever, unsent and
	// without an error.
	messageLimit = 1200

	// stateLimit bounds a whole State; memberlist itself refuses 20 MB.
	stateLimit = 4 << 20

	// queueLimit bounds the pieces waiting to be sent, inboxLimit the messages
	// waiting to be merged.
	queueLimit = 4096
	inboxLimit = 1024
)

// gossip carries the State: an outbox of named deltas, an inbox that one
// goroutine merges, so that a slow Merge never stops memberlist's own work.
type gossip struct {
	state State // nil: nothing is shared
	log   *slog.Logger
	warn  *limiter

	queue memberlist.TransmitLimitedQueue
	inbox chan incoming

	oversized, overrun, unreadable, unknown atomic.Uint64
}

// incoming is a message to merge or, with done set, a mark to be closed when
// all before it are merged.
type incoming struct {
	payload []byte
	done    chan struct{}
}

func newGossip(state State, log *slog.Logger, warn *limiter, nodes func() int) *gossip {
	return &gossip{
		state: state, log: log, warn: warn,
		queue: memberlist.TransmitLimitedQueue{NumNodes: nodes, RetransmitMult: retransmitMult},
		inbox: make(chan incoming, inboxLimit),
	}
}

// broadcast queues a delta for a number of random nodes, who relay it.
func (g *gossip) broadcast(name string, delta []byte) {
	if len(delta)+1 > messageLimit {
		g.oversized.Add(1)
		g.warn.do("oversized", func(more int) {
			g.log.Warn("a shared fact is too large to be gossiped and reaches other nodes only by the exchange of whole states, within 15 to 60 s",
				"name", name, "bytes", len(delta), "limit", messageLimit-1, "more", more)
		})
		return
	}
	message := make([]byte, 0, 1+len(delta))
	message = append(append(message, kindDelta), delta...)
	g.queue.QueueBroadcast(&piece{name: name, message: message})
	if g.queue.NumQueued() > queueLimit {
		g.queue.Prune(queueLimit) // safe only on a queue that was used: it was, just now
	}
}

// receive takes a message from memberlist; it copies it and never blocks.
func (g *gossip) receive(message []byte) {
	if len(message) == 0 {
		return
	}
	if kind := message[0]; kind != kindDelta && kind != kindState {
		g.unknown.Add(1)
		g.log.Debug("gossip of an unknown kind ignored", "kind", kind, "bytes", len(message))
		return
	}
	if g.state == nil {
		return
	}
	select {
	case g.inbox <- incoming{payload: append([]byte(nil), message[1:]...)}:
	default:
		g.overrun.Add(1)
		g.warn.do("overrun", func(more int) {
			g.log.Warn("shared facts arrive faster than they can be taken in; some were dropped until the next exchange of states", "more", more)
		})
	}
}

// run merges what arrives until ctx ends.
func (g *gossip) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-g.inbox:
			g.merge(m)
		}
	}
}

func (g *gossip) merge(m incoming) {
	if m.done != nil {
		close(m.done)
		return
	}
	if err := g.state.Merge(m.payload, g.broadcast); err != nil {
		g.unreadable.Add(1)
		g.warn.do("unreadable", func(more int) {
			g.log.Warn("a message of another node cannot be read; do all nodes run compatible versions?", "error", err, "bytes", len(m.payload), "more", more)
		})
	}
}

// flush waits until everything that arrived before is merged.
func (g *gossip) flush(ctx context.Context) {
	m := incoming{done: make(chan struct{})}
	select {
	case g.inbox <- m:
	case <-ctx.Done():
		return
	}
	select {
	case <-m.done:
	case <-ctx.Done():
	}
}

// whole returns the State for an exchange, nil if there is none to send.
func (g *gossip) whole() []byte {
	if g.state == nil {
		return nil
	}
	b, err := g.state.MarshalBinary()
	if err == nil && len(b) <= stateLimit {
		return append([]byte{kindState}, b...)
	}
	g.warn.do("whole", func(more int) {
		g.log.Warn("the whole shared state cannot be exchanged", "error", err, "bytes", len(b), "limit", stateLimit, "more", more)
	})
	return nil
}

// piece is a delta in the outbox; a later one of the same name replaces it.
type piece struct {
	name    string
	message []byte
}

func (p *piece) Name() string    { return p.name }
func (p *piece) Message() []byte { return p.message }
func (p *piece) Finished()       {}

func (p *piece) Invalidates(other memberlist.Broadcast) bool {
	o, ok := other.(memberlist.NamedBroadcast)
	return ok && o.Name() == p.name
}

// limiter lets each kind of warning through once a minute and tells how many
// were held back since.
type limiter struct {
	mu   sync.Mutex
	last map[string]time.Time
	held map[string]int
}

func newLimiter() *limiter {
	return &limiter{last: map[string]time.Time{}, held: map[string]int{}}
}

func (l *limiter) do(kind string, warn func(more int)) {
	l.mu.Lock()
	now := time.Now()
	if last, ok := l.last[kind]; ok && now.Sub(last) < time.Minute {
		l.held[kind]++
		l.mu.Unlock()
		return
	}
	more := l.held[kind]
	l.last[kind], l.held[kind] = now, 0
	l.mu.Unlock()
	warn(more)
}
