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
	stated  bool   // state is set
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
		return nil
	}
	v, e := n.room(ctx, t, t.need())
	if e != nil {
		return e
	}
	t.state, t.stated = v.State, true
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
	in, out := estimate(t.call, t.peek.MaxOutput)
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
	r := &t.record
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
	key := t.snap.keys[t.key]
	if key == nil || t.handed {
		return
	}
	if t.limits = limitsOf(key.Limits); !t.limited() {
		return
	}
	if !t.stated {
		t.state = n.limits.State(t.key)
	}
	if t.ticket.Valid() && !t.reached { // it is about to be given back
		t.state.Requests.Used--
		t.state.Tokens.Used -= t.ticket.Reserved()
	}
	a.tellLimits(t.endpoint.dialect, t.limits, t.state)
}

// tellLimits puts a key's limits in the place of those that a provider told.
func (a *answer) tellLimits(d protocol.Dialect, l limit.Limits, s limit.State) {
	kept := a.header[:0]
	for _, f := range a.header {
		if !strings.HasPrefix(f.Name, "X-Ratelimit-") && !strings.HasPrefix(f.Name, "Anthropic-Ratelimit-") {
			kept = append(kept, f)
		}
	}
	a.header = kept
	if l.Requests > 0 {
		a.tellLimit(d, "Requests", l.Requests, s.Requests)
	}
	if l.Tokens > 0 {
		a.tellLimit(d, "Tokens", l.Tokens, s.Tokens)
	}
}

func (a *answer) tellLimit(d protocol.Dialect, what string, most int64, m limit.Minute) {
	limit, remaining := strconv.FormatInt(most, 10), strconv.FormatInt(m.Remaining(most), 10)
	reset := (m.Reset + time.Millisecond - 1).Truncate(time.Millisecond).String()
	if d == protocol.Anthropic {
		a.set("Anthropic-Ratelimit-"+what+"-Limit", limit)
		a.set("Anthropic-Ratelimit-"+what+"-Remaining", remaining)
		a.set("Anthropic-Ratelimit-"+what+"-Reset", reset) // see dateResets
		return
	}
	a.set("X-Ratelimit-Limit-"+what, limit)
	a.set("X-Ratelimit-Remaining-"+what, remaining)
	a.set("X-Ratelimit-Reset-"+what, reset)
}

// dateResets makes moments of the resets that Anthropic's clients are told, on
// the node that the client reached: the owner's time of day may be another one.
// What a provider told is a moment already.
func (a *answer) dateResets(now time.Time) {
	for i := range a.header {
		f := &a.header[i]
		if !strings.HasPrefix(f.Name, "Anthropic-Ratelimit-") || !strings.HasSuffix(f.Name, "-Reset") {
			continue
		}
		if left, err := time.ParseDuration(f.Value); err == nil {
			f.Value = now.Add(left + time.Second - 1).UTC().Truncate(time.Second).Format(time.RFC3339)
		}
	}
}
