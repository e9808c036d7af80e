package gateway

import (
	"time"

	"github.com/llmgw/llmgw/gateway/limit"
)

// To ask for each request of a hot key would cost about as much as to forward a
// small one. So an owner lends ahead: an edge says how many it expects, and
// serves those without a word until the owner's second is over. What is left
// then goes back.
const (
	mostAhead = 1000
	freeAhead = 100 * time.Millisecond // for a key without limits: how long its owner is not asked
)

// lease is a hot key at an edge: it serves the key itself, until.
type lease struct {
	until  time.Time
	purse  purse
	want   int64 // to be lent ahead
	served int   // from purses, since the owner was asked
}

// purse is what was lent ahead.
type purse struct {
	lender, origin string
	grant          limit.Grant // Extra is what is left
	state          limit.State // as told with it
	ends           time.Time
}

// lease makes this node serve a key itself for a while.
func (h *heat) lease(key string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.leases[key]
	if l == nil {
		l = &lease{}
		h.leases[key] = l
	}
	l.until = now.Add(leaseFor)
}

func (h *heat) leased(key string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.leases[key]
	return l != nil && now.Before(l.until)
}

// unlease ends a lease; its purse goes back when its time is over.
func (h *heat) unlease(key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l := h.leases[key]; l != nil {
		l.until = time.Time{}
	}
}

// wants says what to ask for, and what was served since the last question.
func (h *heat) wants(key string) (extra int64, served int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.leases[key]
	if l == nil {
		return 0, 0
	}
	served, l.served = l.served, 0
	return l.want, served
}

// fill puts a grant into a lease's purse, and returns what was in it. An empty
// one makes the next wish larger, a full one smaller.
func (h *heat) fill(key string, p purse, now time.Time) (old purse) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.leases[key]
	if l == nil {
		return p
	}
	old, l.purse = l.purse, p
	switch left := old.grant.Extra; {
	case left == 0:
		l.want = min(max(2*l.want, 1), mostAhead)
	case left > l.want/2:
		l.want /= 2
	}
	return old
}

// spend takes a request out of a lease's purse.
func (h *heat) spend(key string, tokens int64, now time.Time) (purse, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.leases[key]
	if l == nil || l.purse.grant.Extra <= 0 || !now.Before(l.purse.ends) || tokens > 2*l.purse.grant.Tokens {
		return purse{}, false
	}
	l.purse.grant.Extra--
	l.served++
	return l.purse, true
}

// lapsed takes out the purses whose time is over, and forgets leases.
func (h *heat) lapsed(now time.Time) map[string]purse {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out map[string]purse
	for key, l := range h.leases {
		if l.purse.grant.Extra > 0 && now.After(l.purse.ends) {
			if out == nil {
				out = make(map[string]purse)
			}
			out[key] = l.purse
			l.purse = purse{}
		}
		if now.After(l.until) && l.purse.grant.Extra == 0 {
			delete(h.leases, key)
		}
	}
	return out
}

// fillPurse takes over what an owner lent ahead. sent is when it was asked: its
// clock's second ends no earlier than the grant's time counted from then.
func (n *Node) fillPurse(key, lender string, d *decision, sent time.Time) {
	now := time.Now()
	n.heat.lease(key, now)
	if !d.Granted || d.Verdict.Over != limit.None {
		return
	}
	old := n.heat.fill(key, purse{lender: lender, origin: d.Origin, grant: d.Grant, state: d.Verdict.State, ends: sent.Add(d.Grant.For)}, now)
	n.giveBack(key, old)
}

// fromPurse takes a request's room from what was lent ahead.
func (n *Node) fromPurse(t *trip, need limit.Need) (limit.Verdict, bool) {
	if !t.leased {
		return limit.Verdict{}, false
	}
	p, ok := n.heat.spend(t.key, need.Tokens, time.Now())
	if !ok {
		return limit.Verdict{}, false
	}
	t.loan = loan{lender: p.lender, origin: p.origin, second: p.grant.Second}
	if t.limited() {
		t.ticket = n.limits.Borrow(n.limits.Ask(t.key), p.grant.Tokens, need.Cost)
	}
	return limit.Verdict{State: p.state}, true
}

// giveBack returns what is left in a purse.
func (n *Node) giveBack(key string, p purse) {
	if p.grant.Extra > 0 {
		n.handover.giveBack(p.lender, giveBack{key, p.origin, p.grant.Second, limit.Refund{Requests: p.grant.Extra, Tokens: p.grant.Extra * p.grant.Tokens}})
	}
}
