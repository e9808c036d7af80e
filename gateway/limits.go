package gateway

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/limit"
	"github.com/llmgw/llmgw/protocol"
)

// admission is a trip's account with its key's limits.
type admission struct {
	limits  limit.Limits
	ticket  limit.Ticket // zero where nothing is counted
	state   limit.State
	priced  string // the model that the last provider was asked for
	reached bool   // a provider has seen the request
	loan    loan
	heated  bool // this node's heat counts it as running
}

func (a *admission) limited() bool { return a.limits != limit.Limits{} }

func limitsOf(c config.Limits) limit.Limits {
	return limit.Limits{Requests: c.RequestsPerMinute, Tokens: c.TokensPerMinute, Concurrent: c.ConcurrentRequests, Day: limit.Dollars(c.USDPerDay)}
}

// admit asks the key's limits for room. Counting tokens costs nothing.
func (n *Node) admit(ctx context.Context, t *trip, key *config.APIKey) *protocol.Error {
	t.limits = limitsOf(key.Limits)
	if t.endpoint.kind == kindCount {
		if t.limited() {
			t.state = n.limits.State(key.Name)
		}
		return nil
	}
	v, e := n.room(ctx, t, t.need())
	if e != nil {
		return e
	}
	t.state = v.State
	if v.Over == limit.None {
		if nearEnd(t.limits, v.State) || muchUntold(t.limits, v) {
			n.shareSoon() // the stand-by must know before the limit is crossed
		}
		return nil
	}
	return refusal(key, t.limits, v)
}

// nearEnd tells whether what lasts, running requests and money, comes near its
// limit.
func nearEnd(l limit.Limits, s limit.State) bool {
	return l.Concurrent > 0 && s.Flying*10 >= l.Concurrent*8 || l.Day > 0 && s.Spent+s.Pending >= l.Day-l.Day/10
}

// muchUntold tells whether this node's death would forget more than a twentieth
// of a limit.
func muchUntold(l limit.Limits, v limit.Verdict) bool {
	return l.Requests > 0 && v.Untold*20 >= l.Requests
}

// need is what a request is expected to use, as far as a limit asks.
func (t *trip) need() limit.Need {
	var n limit.Need
	if t.limits.Tokens <= 0 && t.limits.Day <= 0 {
		return n
	}
	in, out := estimate(t.call)
	n.Tokens = in + out
	if t.limits.Day > 0 {
		to, _ := t.snap.route(t.peek.Model, t.endpoint.dialect)
		n.Cost = t.snap.cost(to.model, t.peek.Model, protocol.Usage{Input: in, Output: out})
	}
	return n
}

// cost is what tokens are worth at the price of the model that the provider was
// asked for, else of that which the client named; 0 without a price.
func (s *snapshot) cost(model, asked string, u protocol.Usage) limit.Money {
	p, ok := s.config.PriceFor(model)
	if !ok {
		if p, ok = s.config.PriceFor(asked); !ok {
			return 0
		}
	}
	const million = 1e6
	return limit.Dollars((float64(u.Input)*p.Input + float64(u.Output)*p.Output + float64(u.CacheRead)*p.CacheRead + float64(u.CacheWrite)*p.CacheWrite) / million)
}

// settle ends a trip's account: what it used takes the place of what was
// reserved for it.
func (n *Node) settle(t *trip, status int) {
	if t.heated {
		n.heat.leave(t.key)
	}
	r := t.record
	cost := t.snap.cost(t.priced, r.Model, r.Usage)
	r.CostUSD = cost.USD()
	if cost > 0 {
		n.metrics.cost.WithLabelValues(r.APIKey, r.Provider, t.snap.modelLabel(r.Model)).Add(cost.USD())
	}
	if !t.reached {
		n.refund(t, n.limits.Cancel(t.ticket))
		return
	}
	tokens := r.Usage.Total()
	if tokens == 0 && generated(r, status) {
		tokens = t.ticket.Reserved() // nobody told: the estimate is the best guess
	}
	n.refund(t, n.limits.Settle(t.ticket, tokens, cost))
	if cost > 0 && nearEnd(t.limits, t.state) {
		n.shareSoon()
	}
}

// generated tells whether a provider may have worked for the request.
func generated(r *Record, status int) bool {
	return status < 400 || status == 499 || status >= 500 && r.TTFB > 0
}

// refusal is the 429 of a limit, which it names.
func refusal(key *config.APIKey, l limit.Limits, v limit.Verdict) *protocol.Error {
	wait := (v.Wait + time.Millisecond - 1).Truncate(time.Millisecond) // never too early
	e := &protocol.Error{Code: protocol.RateLimited, RetryAfter: wait}
	var what string
	switch v.Over {
	case limit.Requests:
		what = fmt.Sprintf("%d requests per minute", l.Requests)
	case limit.Tokens:
		what = fmt.Sprintf("%d tokens per minute", l.Tokens)
	case limit.Concurrent:
		what = fmt.Sprintf("%d concurrent requests", l.Concurrent)
	case limit.Day:
		what = fmt.Sprintf("%s USD per day", strconv.FormatFloat(key.Limits.USDPerDay, 'f', -1, 64))
		if v.State.Spent < l.Day {
			what += ", with what is running now"
			break
		}
		no := false
		e.ShouldRetry, e.Type, e.Reason = &no, "insufficient_quota", "insufficient_quota"
	}
	e.Message = fmt.Sprintf("The API key %q has reached its limit of %s. Try again in %s.", key.Name, what, wait)
	return e
}

// stampLimits tells the key's limits in the client's dialect. A provider's own
// limits are those of the gateway's account there: a key with limits here is
// not told of them.
func (n *Node) stampLimits(t *trip, a *answer) {
	if !t.limited() {
		return
	}
	kept := a.header[:0]
	for _, f := range a.header {
		if !strings.HasPrefix(f.Name, "X-Ratelimit-") && !strings.HasPrefix(f.Name, "Anthropic-Ratelimit-") {
			kept = append(kept, f)
		}
	}
	a.header = kept
	d, now := t.endpoint.dialect, time.Now()
	if l := t.limits.Requests; l > 0 {
		a.tellLimit(d, "Requests", l, t.state.Requests, now)
	}
	if l := t.limits.Tokens; l > 0 {
		a.tellLimit(d, "Tokens", l, t.state.Tokens, now)
	}
}

func (a *answer) tellLimit(d protocol.Dialect, what string, most int64, m limit.Minute, now time.Time) {
	limit, remaining := strconv.FormatInt(most, 10), strconv.FormatInt(m.Remaining(most), 10)
	if d == protocol.Anthropic {
		a.set("Anthropic-Ratelimit-"+what+"-Limit", limit)
		a.set("Anthropic-Ratelimit-"+what+"-Remaining", remaining)
		a.set("Anthropic-Ratelimit-"+what+"-Reset", now.Add(m.Reset+time.Second-1).UTC().Truncate(time.Second).Format(time.RFC3339))
		return
	}
	a.set("X-Ratelimit-Limit-"+what, limit)
	a.set("X-Ratelimit-Remaining-"+what, remaining)
	a.set("X-Ratelimit-Reset-"+what, (m.Reset + time.Millisecond - 1).Truncate(time.Millisecond).String())
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
