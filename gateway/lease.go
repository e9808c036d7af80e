package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/llmgw/llmgw/gateway/balance"
	"github.com/llmgw/llmgw/gateway/hop"
	"github.com/llmgw/llmgw/gateway/limit"
	"github.com/llmgw/llmgw/protocol"
)

// A node that serves a key which another one counts for asks that one for room
// before it calls a provider: after a change of the ring that not all have
// heard of, in the stead of an owner that does not take requests, and for a hot
// key, whose owner only decides. What is granted is counted at the lender and
// runs at the borrower.

// borrowTimeout is how long a node waits for another's word on a request. Its
// silence must not cost a client more than an owner that does not accept; nor
// twice, where another node has found it silent already.
const (
	borrowTimeout = 400 * time.Millisecond
	secondLook    = 30 * time.Millisecond
	pullTimeout   = 200 * time.Millisecond
)

var (
	errSilent = errors.New("the peer has not answered lately")
	// errUnheard ends a leased request's try; it is compared, never sent.
	errUnheard = &protocol.Error{Code: protocol.Unavailable}
)

// question asks the node that counts for a key.
type question struct {
	Origin       string     `json:"o"`
	Node         string     `json:"n"`
	ID           uint64     `json:"i,omitempty"`
	Need         limit.Need `json:"r"`
	Claim        bool       `json:"c,omitempty"` // the asker owns the key and wants all that is known of it
	Conversation string     `json:"s,omitempty"`
	Count        bool       `json:"l,omitempty"` // the key has limits
	Extra        int64      `json:"x,omitempty"` // wanted for the requests that will follow
	Served       int        `json:"w,omitempty"` // of what was lent ahead before
	Leaving      bool       `json:"d,omitempty"` // the asker counted and does so no longer
	Entries      []byte     `json:"e,omitempty"` // what a leaving asker knows
}

// decision is the answer.
type decision struct {
	Granted bool           `json:"g,omitempty"`
	Origin  string         `json:"o"`
	Grant   limit.Grant    `json:"r"`
	Verdict limit.Verdict  `json:"v"`
	Counter string         `json:"c,omitempty"` // who counts for the key, when it is another node
	Entries []byte         `json:"e,omitempty"` // what is known of the key, for the one who counts next
	Moves   []balance.Move `json:"m,omitempty"` // the key's sessions that are not at home
	Hot     bool           `json:"h,omitempty"` // go on serving the key yourself
}

// giveBack returns what was lent and not used.
type giveBack struct {
	Key    string       `json:"k"`
	Origin string       `json:"o"` // of the process that lent it
	Second int64        `json:"s"`
	Refund limit.Refund `json:"r"`
}

// loan is where a trip's room came from; zero: from this node.
type loan struct {
	lender, origin string
	second         int64
}

// ask puts a question to a peer, unless that has failed lately.
func (n *Node) ask(ctx context.Context, most time.Duration, to place, key string, q *question) (*decision, error) {
	if n.hop == nil || n.peers.avoided(to.name, time.Now()) {
		return nil, errSilent
	}
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	r, err := n.hop.Do(limited, to.addr, &hop.Request{Kind: hopAsk, Key: key, Method: "POST", Body: body})
	if err != nil {
		var refused *hop.RefusedError
		if ctx.Err() == nil && !errors.As(err, &refused) && n.peers.failed(to.name, time.Now()) {
			n.log.Warn("a peer does not answer; its keys are counted by what their stand-by knows until it does", "peer", to.name, "address", to.addr, "error", err)
		}
		return nil, err
	}
	n.peers.recovered(to.name)
	b, err := readWhole(r.Body, r.Length)
	if err != nil {
		return nil, err
	}
	if r.Status != 200 {
		return nil, errors.New("the peer cannot decide")
	}
	d := new(decision)
	return d, json.Unmarshal(b, d)
}

// errNoLease is the answer of serveLeased when the owner's word could not be
// had: the request is forwarded after all. It is compared, never sent.
var errNoLease = &answer{}

// serveLeased serves a hot key's request here.
func (n *Node) serveLeased(ctx context.Context, c *call, owner place) *answer {
	c.leased = true
	a := n.serve(ctx, c)
	c.leased = false
	if a != errNoLease {
		n.metrics.forwards.WithLabelValues(owner.name, "leased").Inc()
	}
	return a
}

// room asks for a request's room at whoever counts for the key.
func (n *Node) room(ctx context.Context, t *trip, need limit.Need) (limit.Verdict, *protocol.Error) {
	who := n.counter(ctx, t.key)
	if who.addr != "" {
		if v, ok := n.fromPurse(t, need); ok {
			return v, nil
		}
	}
	for range 2 { // one node may know better than this one who counts
		if who.addr == "" {
			break
		}
		v, next, ok := n.borrow(ctx, t, need, who)
		if ok {
			return v, nil
		}
		if t.leased {
			n.heat.unlease(t.key)
			return v, errUnheard
		}
		who = next
	}
	var v limit.Verdict
	if t.limited() {
		t.ticket, v = n.limits.Take(t.key, t.limits, need)
	}
	if v.Over == limit.None {
		t.heated = true
		n.noteHeat(t.key, t.edge, 1, true)
	}
	return v, nil
}

// noteHeat counts requests that this node decided over.
func (n *Node) noteHeat(key, edge string, count int, runs bool) {
	if n.heat.arrive(key, edge, count, runs, time.Now()) {
		n.log.Warn("one API key makes more than half of this node's requests; give its users keys of their own, or sticky_by = [\"conversation\"] to use more instances", "api_key", key)
	}
}

// borrow asks a node for room. false: it does not count for the key, or does
// not answer; then next is to be asked, or this node counts.
func (n *Node) borrow(ctx context.Context, t *trip, need limit.Need, who place) (v limit.Verdict, next place, ok bool) {
	here := place{name: n.name}
	var q limit.Question
	if t.limited() {
		q = n.limits.Ask(t.key)
	}
	ask := &question{
		Origin: n.origin, Node: n.name, ID: q.ID, Need: need, Count: t.limited(),
		Conversation: t.conversation,
	}
	sent := time.Now()
	if t.leased {
		ask.Extra, ask.Served = n.heat.wants(t.key)
	}
	if ask.Leaving = n.draining.Load(); ask.Leaving {
		ask.Entries = n.limits.Append(nil, t.key)
	}
	most := borrowTimeout
	if t.silent == who.name {
		most = secondLook
	}
	d, err := n.ask(ctx, most, who, t.key, ask)
	if err == nil && d.Hot {
		n.fillPurse(t.key, who.name, d, sent)
	}
	if err == nil && d.Granted {
		t.loan = loan{lender: who.name, origin: d.Origin, second: d.Grant.Second}
	}
	if err == nil && d.Granted && d.Verdict.Over == limit.None {
		n.adopt(d.Moves)
		if !t.limited() {
			return d.Verdict, here, true
		}
		t.ticket = n.limits.Borrow(q, d.Grant.Tokens, need.Cost)
		return d.Verdict, here, true
	}
	n.limits.Drop(q)
	switch {
	case err != nil:
		return v, here, false
	case d.Granted:
		return d.Verdict, here, true
	}
	n.learn(d)
	if d.Counter == n.name {
		n.handover.hold(t.key)
		return v, here, false
	}
	return v, place{d.Counter, n.addressOf(d.Counter)}, false
}

// refund gives back to a trip's lender what was not used.
func (n *Node) refund(t *trip, f limit.Refund) {
	if f == (limit.Refund{}) || t.loan.lender == "" {
		return
	}
	n.handover.giveBack(t.loan.lender, giveBack{t.key, t.loan.origin, t.loan.second, f})
	n.shareSoon()
}

func (h *handover) giveBack(lender string, g giveBack) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.returns[lender] = append(h.returns[lender], g)
}

func (h *handover) takeReturns() map[string][]giveBack {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.returns) == 0 {
		return nil
	}
	list := h.returns
	h.returns = make(map[string][]giveBack)
	return list
}

// takeBack takes what others give back, if it was this process that lent it.
func (n *Node) takeBack(list []giveBack) {
	for _, g := range list {
		if g.Origin == n.origin && g.Refund.Requests >= 0 && g.Refund.Tokens >= 0 {
			n.limits.Return(g.Key, g.Second, g.Refund)
		}
	}
}
