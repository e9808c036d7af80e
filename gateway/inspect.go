package gateway

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/llmgw/llmgw/cluster"
	"github.com/llmgw/llmgw/gateway/balance"
	"github.com/llmgw/llmgw/gateway/hop"
)

// self is what a node tells another one's admin listener about itself.
type self struct {
	At            time.Time          `json:"at"` // by the teller's clock, as the rows
	Sessions      int                `json:"sessions"`
	UptimeSeconds float64            `json:"uptime_seconds"`
	Rows          []sessionView      `json:"rows,omitempty"`
	Limits        []limitView        `json:"limits,omitempty"`
	Stats         map[string]account `json:"stats,omitempty"`
}

type sessionView struct {
	APIKey       string    `json:"api_key"`
	Conversation string    `json:"conversation"`
	Provider     string    `json:"provider"`
	Instance     string    `json:"instance"`
	LastRequest  time.Time `json:"last_request"`
	Expires      time.Time `json:"expires"`
	Owner        string    `json:"owner"`
}

// describe answers one of the questions /self, /sessions, /limits and /stats.
func (n *Node) describe(target string) self {
	list := n.balance.Sessions()
	s := self{At: n.now(), Sessions: len(list), UptimeSeconds: time.Since(n.started).Seconds()}
	switch target {
	case "/limits":
		s.Limits = n.limitsOwned()
	case "/stats":
		s.Stats = n.stats.accounts(time.Now())
	case "/sessions":
		now := n.now()
		s.Rows = make([]sessionView, len(list))
		for i, b := range list {
			s.Rows[i] = viewOf(b, n.name, now)
		}
	}
	return s
}

func viewOf(b balance.Session, owner string, now time.Time) sessionView {
	day := func(t time.Time) time.Time { return now.Add(t.Sub(now)).UTC() } // the clock may have been corrected since
	return sessionView{APIKey: b.APIKey, Conversation: b.Conversation, Provider: b.Provider, Instance: b.Instance, LastRequest: day(b.LastRequest), Expires: day(b.Expires), Owner: owner}
}

// translate makes the rows' times those of this node's clock.
func (s *self) translate(now time.Time) {
	if s.At.IsZero() {
		return // it runs an older version
	}
	ahead := now.Round(0).Sub(s.At)
	for i := range s.Rows {
		v := &s.Rows[i]
		v.LastRequest, v.Expires = v.LastRequest.Add(ahead), v.Expires.Add(ahead)
	}
}

// inspect answers another node's question over the hop.
func (n *Node) inspect(target string) *hop.Response {
	var told any
	if key, ok := strings.CutPrefix(target, stateOfKey); ok {
		told = keyState{n.limits.State(key), true}
	} else {
		told = n.describe(target)
	}
	body, err := json.Marshal(told)
	if err != nil {
		return &hop.Response{Status: 500}
	}
	return &hop.Response{Status: 200, Bytes: body}
}

// askAll asks every live peer at once, for at most a second. Who does not
// answer is left out: the admin page of one node must not wait for a dead one.
func (n *Node) askAll(ctx context.Context, target string) map[string]self {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	out := map[string]self{n.name: n.describe(target)}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, m := range *n.members.Load() {
		if m.Self || m.PeerAddress == "" || n.hop == nil || m.State != cluster.StateAlive && m.State != cluster.StateSuspect {
			continue
		}
		wg.Go(func() {
			r, err := n.hop.Do(ctx, m.PeerAddress, &hop.Request{Kind: hopInspect, Method: "GET", Target: target})
			if err != nil {
				return
			}
			b, err := readWhole(r.Body, r.Length)
			if err != nil {
				return
			}
			var s self
			if json.Unmarshal(b, &s) == nil {
				s.translate(n.now())
				mu.Lock()
				out[m.Name] = s
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return out
}
