package gateway

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/hop"
	"github.com/llmgw/llmgw/gateway/limit"
	"github.com/llmgw/llmgw/protocol"
)

// stateOfKey, with a key's name behind it, asks a node what the key has used.
const stateOfKey = "/state/"

type keyState struct {
	limit.State
	Known bool // an older version answers something else
}

// showLimits tells the state of a key's limits with an answer that is not its
// owner's. Nothing is told where nobody knows.
func (n *Node) showLimits(ctx context.Context, a *answer, d protocol.Dialect, key *config.APIKey) {
	l := limitsOf(key.Limits)
	if l.Requests <= 0 && l.Tokens <= 0 {
		return
	}
	if s, ok := n.stateOf(ctx, key.Name); ok {
		a.tellLimits(d, l, s)
	}
}

// stateOf asks who counts for a key what it has used, else the stand-by, which
// knows nearly as much.
func (n *Node) stateOf(ctx context.Context, key string) (limit.State, bool) {
	ctx, cancel := context.WithTimeout(ctx, borrowTimeout)
	defer cancel()
	owner, standby := n.placement.of(key)
	for _, to := range [2]place{owner, standby} {
		if to.addr == "" {
			return n.limits.State(key), true
		}
		if s, err := n.askState(ctx, to, key); err == nil {
			return s, true
		}
	}
	return limit.State{}, false
}

func (n *Node) askState(ctx context.Context, to place, key string) (limit.State, error) {
	var s keyState
	r, err := n.hop.Do(ctx, to.addr, &hop.Request{Kind: hopInspect, Method: "GET", Target: stateOfKey + key})
	if err != nil {
		return s.State, err
	}
	b, err := readWhole(r.Body, r.Length)
	if err != nil {
		return s.State, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s.State, err
	}
	if !s.Known {
		return s.State, errors.New("the peer runs another version")
	}
	return s.State, nil
}

// limitView is a key's use for the admin listener.
type limitView struct {
	APIKey     string      `json:"api_key"`
	Owner      string      `json:"owner"`
	Requests   *minuteView `json:"requests_per_minute,omitempty"`
	Tokens     *minuteView `json:"tokens_per_minute,omitempty"`
	Concurrent *nowView    `json:"concurrent_requests,omitempty"`
	Day        *dayView    `json:"usd_per_day,omitempty"`
}

type minuteView struct {
	Limit        int64   `json:"limit"`
	Used         int64   `json:"used"`
	Remaining    int64   `json:"remaining"`
	ResetSeconds float64 `json:"reset_seconds"`
}

type nowView struct {
	Limit   int64 `json:"limit"`
	Running int64 `json:"running"`
}

type dayView struct {
	Limit     float64 `json:"limit"`
	Spent     float64 `json:"spent"`
	Remaining float64 `json:"remaining"`
}

// limitsOwned lists the keys with limits that this node counts for.
func (n *Node) limitsOwned() []limitView {
	var list []limitView
	s := n.snap.Load()
	for i := range s.config.Keys {
		key := &s.config.Keys[i]
		l := limitsOf(key.Limits)
		if owner, _ := n.placement.of(key.Name); l == (limit.Limits{}) || owner.name != n.name {
			continue
		}
		u := n.limits.State(key.Name)
		v := limitView{APIKey: key.Name, Owner: n.name}
		if l.Requests > 0 {
			v.Requests = viewMinute(l.Requests, u.Requests)
		}
		if l.Tokens > 0 {
			v.Tokens = viewMinute(l.Tokens, u.Tokens)
		}
		if l.Concurrent > 0 {
			v.Concurrent = &nowView{l.Concurrent, u.Flying}
		}
		if l.Day > 0 {
			v.Day = &dayView{l.Day.USD(), u.Spent.USD(), max(l.Day-u.Spent, 0).USD()}
		}
		list = append(list, v)
	}
	return list
}

func viewMinute(most int64, m limit.Minute) *minuteView {
	return &minuteView{most, m.Used, m.Remaining(most), m.Reset.Seconds()}
}

// limitsView is the whole fleet's: any node can be asked.
func (n *Node) limitsView(ctx context.Context) map[string][]limitView {
	list := []limitView{}
	seen := make(map[string]bool)
	told := n.askAll(ctx, "/limits")
	for _, m := range append(n.placement.view.Load().ring.Names(), n.name) {
		for _, v := range told[m].Limits {
			if !seen[v.APIKey] { // rings may differ for a moment
				seen[v.APIKey] = true
				list = append(list, v)
			}
		}
	}
	return map[string][]limitView{"limits": list}
}
