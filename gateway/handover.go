package gateway

import (
	"maps"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/llmgw/llmgw/cluster"
	"github.com/llmgw/llmgw/ring"
)

// What a key uses and where its sessions are is told to the key's owner and to
// its stand-by, by whoever changes it: the owner tells the stand-by, a node that
// served in the owner's place tells both. That is replication. When the ring
// changes, whoever had something to say says it again to the new ones. That is
// hand-over. Receivers keep the newest, so nothing is lost or counted double.
const (
	shareEvery   = 500 * time.Millisecond // a crash loses less than a second
	shareSoonest = 20 * time.Millisecond  // between two that were asked for
	shareTimeout = time.Second
	shareChunk   = 128 << 10 // bytes of one message

	// acquiring is how long after a change of the ring a new owner asks the one
	// before it at the first touch of a key.
	acquiring = 10 * time.Second
)

// What a push carries, as its target.
const (
	pushLimits   = "limits"
	pushOnwards  = "limits-onwards" // for a node that the sender cannot reach
	pushSessions = "sessions"
	pushReturns  = "returns"
)

// handover is what a node remembers of keys that change their owner.
type handover struct {
	kick  chan struct{}
	start time.Time
	round sync.Mutex   // held by a round of sharing
	until atomic.Int64 // owners may be in doubt so long, nanoseconds since the start

	mu      sync.Mutex
	rings   []pastRing
	pulled  map[string]*pull     // what this node, as the owner, asked the owner before it
	held    map[string]time.Time // keys that their owner has left to this node, since
	ceded   map[string]cession   // keys that this node has left to another one
	returns map[string][]giveBack
}

type pastRing struct {
	ring *ring.Ring
	end  time.Time // when it was replaced
}

// pull is the question of a new owner. Every request of the key waits for the
// answer.
type pull struct {
	at   time.Time
	done chan struct{}
}

type cession struct {
	to    string
	since time.Time
}

func newHandover() *handover {
	return &handover{
		kick: make(chan struct{}, 1), start: time.Now(), pulled: make(map[string]*pull), held: make(map[string]time.Time),
		ceded: make(map[string]cession), returns: make(map[string][]giveBack),
	}
}

// originOf names this process among all that ever served a key, in the words
// that other nodes know of it.
func originOf(members []cluster.Member) string {
	for _, m := range members {
		if m.Self {
			return origin(m)
		}
	}
	return "" // a node that does not know itself knows nobody else either
}

func origin(m cluster.Member) string {
	return m.Name + "~" + strconv.FormatInt(m.Started.UnixMilli(), 36)
}

// ringChanged takes over a new set of members: which processes live, and whose
// every key was and will be. What it returns tells the others what they now must
// know, and is to be called once the new view is in force.
func (n *Node) ringChanged(before, after *placementView, members []cluster.Member) (tell func()) {
	live := make(map[string]bool, len(members))
	for _, m := range members {
		if m.State == cluster.StateAlive || m.State == cluster.StateSuspect {
			live[origin(m)] = true
		}
	}
	n.limits.SetLive(func(origin string) bool { return live[origin] })
	old, now := before.ring, after.ring
	if old.Print() == now.Print() && before.self == after.self && maps.Equal(before.peers, after.peers) {
		return func() {}
	}
	h, at := n.handover, time.Now()
	h.doubt(at)
	h.mu.Lock()
	if before.self == "" {
		old, _ = ring.New(nil) // another process of this name had its keys; an empty set cannot fail
	}
	h.rings = append(h.rings, pastRing{old, at})
	for len(h.rings) > 0 && at.Sub(h.rings[0].end) > acquiring {
		h.rings = h.rings[1:]
	}
	clear(h.held) // the new ring says whose they are
	for key, c := range h.ceded {
		// What has come back with this ring is not ceded any more: the one that it
		// was ceded to has left, and may come back itself as one that knows nothing.
		if now.Owner(key) != n.name || old.Owner(key) != n.name || at.Sub(c.since) > acquiring {
			delete(h.ceded, key)
		}
	}
	for key, p := range h.pulled {
		if now.Owner(key) != n.name || at.Sub(p.at) > acquiring {
			delete(h.pulled, key)
		}
	}
	h.mu.Unlock()

	// A process that takes a name over has the same keys, and knows nothing.
	renewed := func(name string) bool { return before.peers[name] != "" && before.peers[name] != after.peers[name] }
	mine := func(key string) bool {
		owner := now.Owner(key)
		return old.Owner(key) == n.name || owner == n.name || now.Standby(key) == n.name && renewed(owner)
	}
	return func() {
		for key, served := range n.limits.Keys() {
			if served || mine(key) {
				n.limits.Touch(key)
			}
		}
		n.balance.Retell(mine)
		n.shareSoon()
	}
}

// hold makes this node count for a key that its owner has left to it.
func (h *handover) hold(key string) {
	h.mu.Lock()
	h.held[key] = time.Now()
	h.mu.Unlock()
}

func (h *handover) doubt(now time.Time) { h.until.Store(int64(now.Add(acquiring).Sub(h.start))) }

// doubted tells whether the owner of a key may be another one than the ring says.
func (h *handover) doubted(now time.Time) bool { return int64(now.Sub(h.start)) <= h.until.Load() }

// before names the owner of a key before this node became it, "" when it has
// been that for long. A node that has just started knows no ring without
// itself: the stand-by is who owned the key then.
func (h *handover) before(key, self, standby string, now time.Time) string {
	for i := len(h.rings) - 1; i >= 0; i-- {
		p := h.rings[i]
		if now.Sub(p.end) > acquiring {
			break
		}
		switch owner := p.ring.Owner(key); owner {
		case self:
		case "":
			return standby
		default:
			return owner
		}
	}
	return ""
}
