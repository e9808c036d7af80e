package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/llmgw/llmgw/gateway/balance"
	"github.com/llmgw/llmgw/gateway/hop"
)

// shareSoon makes the next round of sharing come at once.
func (n *Node) shareSoon() {
	select {
	case n.handover.kick <- struct{}{}:
	default:
	}
}

// share tells others, until the node ends.
func (n *Node) share() {
	tick := time.NewTicker(shareEvery)
	defer tick.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-n.quit:
			return
		case <-tick.C:
		case <-n.handover.kick:
		}
		n.shareNow(context.Background())
		pause.Reset(shareSoonest)
		select {
		case <-n.quit:
			return
		case <-pause.C:
		}
	}
}

// shareNow tells the owners and stand-bys what they do not know yet. When it
// returns they know, also what a round that ran before has sent; or the second
// that each round may take is over.
func (n *Node) shareNow(ctx context.Context) {
	if n.hop == nil {
		return
	}
	n.handover.round.Lock()
	defer n.handover.round.Unlock()
	for key, left := range n.heat.lapsed(time.Now()) {
		n.giveBack(key, left)
	}
	p := n.gather()
	ctx, cancel := context.WithTimeout(ctx, shareTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for addr, parcel := range p {
		wg.Go(func() { n.deliver(ctx, addr, parcel) })
	}
	wg.Wait()
}

// parcel is what one peer is to be told.
type parcel struct {
	name    string
	chunks  [][]byte // of entries
	keys    []string // in them
	moves   []balance.Move
	returns []giveBack
}

func (n *Node) gather() map[string]*parcel {
	v := n.placement.view.Load()
	out := make(map[string]*parcel)
	to := func(name string) *parcel {
		addr := v.peers[name]
		if name == v.self || addr == "" {
			return nil
		}
		p := out[addr]
		if p == nil {
			p = &parcel{name: name}
			out[addr] = p
		}
		return p
	}
	concerned := func(key string) [2]*parcel { return [2]*parcel{to(v.ring.Owner(key)), to(v.ring.Standby(key))} }
	for _, key := range n.limits.Changed() {
		for _, p := range concerned(key) {
			if p == nil {
				continue
			}
			if last := len(p.chunks) - 1; last < 0 || len(p.chunks[last]) > shareChunk {
				p.chunks = append(p.chunks, nil)
			}
			last := &p.chunks[len(p.chunks)-1]
			*last = n.limits.Append(*last, key)
			p.keys = append(p.keys, key)
		}
	}
	for _, m := range n.balance.Moves() {
		for _, p := range concerned(m.APIKey) {
			if p != nil {
				p.moves = append(p.moves, m)
			}
		}
	}
	for name, list := range n.handover.takeReturns() {
		if p := to(name); p != nil { // a lender that is gone has nothing to take back
			p.returns = list
		}
	}
	return out
}

// deliver sends a parcel. What does not arrive is told again in the next round,
// except what is given back: a lender that cannot be reached is the stricter
// for it, and a minute forgets that.
func (n *Node) deliver(ctx context.Context, addr string, p *parcel) {
	for i, c := range p.chunks {
		if err := n.push(ctx, addr, pushLimits, c); err != nil {
			n.metrics.handovers.WithLabelValues(p.name, "failed").Inc()
			for _, key := range p.keys {
				n.limits.Touch(key)
			}
			n.onwards(ctx, p.name, p.chunks[i:])
			break
		}
		n.metrics.handovers.WithLabelValues(p.name, "ok").Inc()
	}
	if len(p.moves) > 0 && n.pushJSON(ctx, addr, pushSessions, p.moves) != nil {
		keys := make(map[string]bool)
		for _, m := range p.moves {
			keys[m.APIKey] = true
		}
		n.balance.Retell(func(key string) bool { return keys[key] })
	}
	if len(p.returns) > 0 {
		_ = n.pushJSON(ctx, addr, pushReturns, p.returns) // see above
	}
}

// onwards sends entries to a third node, which passes on what is news to it:
// where only the way between two nodes is broken, each goes on to learn what the
// other one counts.
func (n *Node) onwards(ctx context.Context, unreachable string, chunks [][]byte) {
	v := n.placement.view.Load()
	for _, name := range v.ring.Names() {
		if name == v.self || name == unreachable {
			continue
		}
		for _, c := range chunks {
			if n.push(ctx, v.peers[name], pushOnwards, c) != nil {
				break // the next round tries again
			}
		}
		return
	}
}

func (n *Node) pushJSON(ctx context.Context, addr, what string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return n.push(ctx, addr, what, b)
}

func (n *Node) push(ctx context.Context, addr, what string, body []byte) error {
	r, err := n.hop.Do(ctx, addr, &hop.Request{Kind: hopPush, Method: "POST", Target: what, Body: body})
	if err != nil {
		return err
	}
	_ = r.Body.Close() // it is empty
	if r.Status != 200 {
		return fmt.Errorf("the peer answered %d", r.Status)
	}
	return nil
}

// pushed takes over what another node tells.
func (n *Node) pushed(r *hop.Request) *hop.Response {
	var err error
	switch r.Target {
	case pushLimits:
		err = n.mergeLimits(r.Body)
	case pushOnwards:
		err = n.limits.Merge(r.Body, func(key string) {
			n.limits.Touch(key)
			n.shareSoon()
		})
	case pushSessions:
		var moves []balance.Move
		if err = json.Unmarshal(r.Body, &moves); err == nil {
			n.adopt(moves)
		}
	case pushReturns:
		var list []giveBack
		if err = json.Unmarshal(r.Body, &list); err == nil {
			n.takeBack(list)
		}
	}
	if err != nil {
		n.log.Warn("a peer's hand-over cannot be read; it may run another version", "what", r.Target, "error", err)
		return &hop.Response{Status: 400}
	}
	return &hop.Response{Status: 200}
}

// mergeLimits takes over entries, of keys that this node's configuration does
// not have yet, too. The owner of a key passes on what is news to it: its
// stand-by may not have heard.
func (n *Node) mergeLimits(b []byte) error {
	v := n.placement.view.Load()
	return n.limits.Merge(b, func(key string) {
		if v.ring.Owner(key) == n.name {
			n.limits.Touch(key)
		}
	})
}

func (n *Node) adopt(moves []balance.Move) {
	s := n.snap.Load()
	for _, m := range moves {
		if p := s.providers[m.Provider]; p != nil && s.keys[m.APIKey] != nil {
			m.TTL = p.SessionTTL
			n.balance.Adopt(m)
		}
	}
}
