package gateway

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/llmgw/llmgw/gateway/balance"
	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/hop"
	"github.com/llmgw/llmgw/gateway/limit"
)

// asked decides for another node that serves one of this node's keys.
func (n *Node) asked(ctx context.Context, r *hop.Request) *hop.Response {
	q := new(question)
	key := n.snap.Load().keys[r.Key]
	if json.Unmarshal(r.Body, q) != nil || key == nil || q.Need.Tokens < 0 || q.Need.Cost < 0 {
		return &hop.Response{Status: 400}
	}
	body, err := json.Marshal(n.decide(ctx, key, q))
	if err != nil {
		return &hop.Response{Status: 500}
	}
	return &hop.Response{Status: 200, Bytes: body}
}

func (n *Node) decide(ctx context.Context, key *config.APIKey, q *question) *decision {
	d := &decision{Origin: n.origin}
	h := n.handover
	who := n.counter(ctx, key.Name)
	switch {
	case q.Claim && (who.name == n.name || who.name == q.Node):
		who.name = q.Node
		h.mu.Lock()
		delete(h.held, key.Name)
		h.ceded[key.Name] = cession{q.Node, time.Now()}
		h.mu.Unlock()
		h.doubt(time.Now())
	case q.Leaving && who.name == q.Node: // this node's ring is behind
		who.name = n.name
		if err := n.mergeLimits(q.Entries); err != nil {
			n.log.Warn("a peer's hand-over cannot be read; it may run another version", "error", err)
		}
		h.hold(key.Name)
	}
	if who.name != n.name {
		d.Counter = who.name
		d.Entries = n.limits.Append(nil, key.Name)
		d.Moves = n.movesOf(key.Name, q.Conversation)
		return d
	}
	d.Granted = true
	n.noteHeat(key.Name, q.Node, 1+min(max(q.Served, 0), mostAhead), false)
	d.Hot = n.heat.hot(key.Name, time.Now())
	extra := min(max(q.Extra, 0), mostAhead)
	switch {
	case q.Count && d.Hot:
		d.Grant, d.Verdict = n.limits.Lend(key.Name, q.Origin, q.ID, limitsOf(key.Limits), q.Need, extra)
	case q.Count:
		d.Grant, d.Verdict = n.limits.Lend(key.Name, q.Origin, q.ID, limitsOf(key.Limits), q.Need, 0)
	case d.Hot:
		d.Grant = limit.Grant{Extra: extra, For: freeAhead}
	}
	if l := limitsOf(key.Limits); nearEnd(l, d.Verdict.State) || muchUntold(l, d.Verdict) {
		n.shareSoon()
	}
	d.Moves = n.movesOf(key.Name, q.Conversation)
	return d
}

// movesOf lists where a key's sessions are that are not at home.
func (n *Node) movesOf(key, conversation string) []balance.Move {
	var list []balance.Move
	s := n.snap.Load()
	for _, name := range slices.Sorted(maps.Keys(s.providers)) {
		k := balance.Key{APIKey: key}
		if s.providers[name].byConv {
			k.Conversation = conversation
		}
		if m, ok := n.balance.Exception(k, name); ok {
			list = append(list, m)
		}
	}
	return list
}
