package gateway

import (
	"context"

	"github.com/llmgw/llmgw/gateway/limit"
)

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
