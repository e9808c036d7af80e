package gateway

import (
	"context"
	"time"
)

// counter names the node that counts for a key: this one (no address), or the
// one to ask.
func (n *Node) counter(ctx context.Context, key string) place {
	owner, standby := n.placement.of(key)
	h, now := n.handover, time.Now()
	mine := owner.name == n.name && owner.addr == "" // another process may have taken the name
	if mine && !h.doubted(now) {
		return owner
	}
	if !mine {
		h.mu.Lock()
		since, held := h.held[key]
		h.mu.Unlock()
		if owner.addr == "" || held && now.Sub(since) < acquiring {
			return place{name: n.name}
		}
		return owner
	}
	h.mu.Lock()
	if c, ok := h.ceded[key]; ok {
		h.mu.Unlock()
		if addr := n.addressOf(c.to); addr != "" && now.Sub(c.since) < acquiring {
			return place{c.to, addr}
		}
		return owner
	}
	p, from := h.pulled[key], ""
	if p == nil {
		from = h.before(key, n.name, standby.name, now)
	}
	if from != "" && from != n.name {
		p = &pull{at: now, done: make(chan struct{})}
		h.pulled[key] = p
		h.mu.Unlock()
		n.pull(ctx, key, from)
		close(p.done)
		return owner
	}
	h.mu.Unlock()
	if p != nil {
		<-p.done // it has a short timeout
	}
	return owner
}

// addressOf finds a live member's peer address, also when it is in no ring.
func (n *Node) addressOf(name string) string {
	for _, m := range *n.members.Load() {
		if m.Name == name && !m.Superseded && (m.State == "alive" || m.State == "suspect") {
			return m.PeerAddress
		}
	}
	return ""
}

// pull asks the owner before this node for all that it knows of a key, and
// tells it by that to count no longer.
func (n *Node) pull(ctx context.Context, key, from string) {
	to := place{from, n.addressOf(from)}
	if to.addr == "" {
		return
	}
	for range 2 { // one node may know better who counted
		d, err := n.ask(context.WithoutCancel(ctx), pullTimeout, to, key, &question{Origin: n.origin, Node: n.name, Claim: true})
		if err != nil {
			return
		}
		n.learn(d)
		if to = (place{d.Counter, n.addressOf(d.Counter)}); d.Counter == n.name || to.addr == "" {
			return
		}
	}
}

// learn keeps what a decision tells of a key.
func (n *Node) learn(d *decision) {
	if err := n.mergeLimits(d.Entries); err != nil {
		n.log.Warn("a peer's hand-over cannot be read; it may run another version", "error", err)
	}
	n.adopt(d.Moves)
}
