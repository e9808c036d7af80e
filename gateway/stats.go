package gateway

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// windowSeconds is the time that rates are told over.
const windowSeconds = 10

// counts are what served requests add up to.
type counts struct {
	Requests   int64   `json:"requests"`
	Errors     int64   `json:"errors"`
	Input      int64   `json:"input_tokens"` // not cached
	Output     int64   `json:"output_tokens"`
	CacheRead  int64   `json:"cache_read_tokens"`
	CacheWrite int64   `json:"cache_write_tokens"`
	CostUSD    float64 `json:"cost_usd"`
}

func (c *counts) add(d counts) {
	c.Requests += d.Requests
	c.Errors += d.Errors
	c.Input += d.Input
	c.Output += d.Output
	c.CacheRead += d.CacheRead
	c.CacheWrite += d.CacheWrite
	c.CostUSD += d.CostUSD
}

// account is the sum since the node's start, and over the window.
type account struct {
	Total  counts `json:"total"`
	Window counts `json:"window"`
}

func (a *account) add(b account) {
	a.Total.add(b.Total)
	a.Window.add(b.Window)
}

// tally keeps one provider's account. The second that is running is left out
// of the window: it would make every rate too small.
type tally struct {
	total   counts
	seconds [windowSeconds + 1]struct {
		at int64 // Unix time
		counts
	}
}

func (t *tally) add(c counts, now time.Time) {
	t.total.add(c)
	s := &t.seconds[now.Unix()%int64(len(t.seconds))]
	if s.at != now.Unix() {
		s.at, s.counts = now.Unix(), counts{}
	}
	s.add(c)
}

func (t *tally) account(now time.Time) account {
	a := account{Total: t.total}
	for _, s := range t.seconds {
		if s.at < now.Unix() && s.at >= now.Unix()-windowSeconds {
			a.Window.add(s.counts)
		}
	}
	return a
}

// stats are one node's tallies by provider; "" is of requests that reached
// none.
type stats struct {
	mu        sync.Mutex
	providers map[string]*tally
}

func (s *stats) record(r *Record, now time.Time) {
	c := counts{
		Requests: 1, Input: r.Usage.Input, Output: r.Usage.Output, CacheRead: r.Usage.CacheRead, CacheWrite: r.Usage.CacheWrite, CostUSD: r.CostUSD,
	}
	if r.Status >= 400 {
		c.Errors = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.providers == nil {
		s.providers = make(map[string]*tally)
	}
	t := s.providers[r.Provider]
	if t == nil {
		t = new(tally)
		s.providers[r.Provider] = t
	}
	t.add(c, now)
}

func (s *stats) accounts(now time.Time) map[string]account {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]account, len(s.providers))
	for name, t := range s.providers {
		out[name] = t.account(now)
	}
	return out
}

type nodeStats struct {
	Name string `json:"name"`
	account
}

type providerStats struct {
	Provider string `json:"provider"`
	account
}

type statsView struct {
	WindowSeconds int             `json:"window_seconds"`
	Nodes         []nodeStats     `json:"nodes"`
	Providers     []providerStats `json:"providers"`
	account
}

// statsView adds up the whole fleet: any node can be asked.
func (n *Node) statsView(ctx context.Context) statsView {
	v := statsView{WindowSeconds: windowSeconds, Nodes: []nodeStats{}, Providers: []providerStats{}}
	told := n.askAll(ctx, "/stats")
	providers := map[string]*providerStats{}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		node := nodeStats{Name: name}
		for provider, a := range told[name].Stats {
			node.add(a)
			if providers[provider] == nil {
				providers[provider] = &providerStats{Provider: provider}
			}
			providers[provider].add(a)
		}
		v.add(node.account)
		v.Nodes = append(v.Nodes, node)
	}
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		if name != "" {
			v.Providers = append(v.Providers, *providers[name])
		}
	}
	return v
}
