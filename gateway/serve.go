package gateway

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/llmgw/llmgw/gateway/balance"
	"github.com/llmgw/llmgw/gateway/upstream"
	"github.com/llmgw/llmgw/health"
	"github.com/llmgw/llmgw/protocol"
)

// trip is one call's way through the providers, on the node that serves it.
type trip struct {
	*call
	snap         *snapshot
	peek         *protocol.Peek
	conversation string // the conversation that the request names; "": none
	session      balance.Key
	attempts     int
	trial        bool // the attempt under way is an instance's one trial
	record       Record
	conv         *conversion // nil: nothing has had to be converted
	admission

	// What the instances said, for the answer when none of them serves.
	last    *fault
	soonest time.Time // the first moment at which an instance may serve again
}

// serve answers a call here, whoever owns its key. nil: the client left.
func (n *Node) serve(ctx context.Context, c *call) *answer {
	t := &trip{call: c, peek: &c.peeked.peek, snap: n.snap.Load()}
	t.record = n.newRecord(c)

	key := t.snap.keys[c.key]
	if key == nil || !key.Enabled {
		return n.fail(t, protocol.Errorf(protocol.Authentication, "The API key is not known to this gateway."))
	}
	p, perr := c.peek()
	if perr != nil {
		return n.fail(t, perr)
	}
	t.conversation = conversationOf(c, p)
	t.record.Model, t.record.Stream = p.Model, p.Stream
	if !key.Allows(p.Model) {
		return n.fail(t, &protocol.Error{Code: protocol.Permission, Param: "model", Message: fmt.Sprintf("The API key %q may not use the model %q.", key.Name, clip(p.Model, 200))})
	}
	if !c.handed {
		if e := n.admit(ctx, t, key); e == errUnheard {
			return errNoLease
		} else if e != nil {
			return n.fail(t, e)
		}
	}
	return n.tryModels(ctx, t)
}

// tryModels goes through the model asked for and, where its provider has
// nothing left, the fallbacks of its route. A fallback's own fallbacks are not
// followed: no circles.
func (n *Node) tryModels(ctx context.Context, t *trip) *answer {
	to, e := t.destination(t.peek.Model)
	if e != nil {
		return n.fail(t, e)
	}
	fallback := to.fallback
	for {
		t.session = balance.Key{APIKey: t.key}
		if to.provider.byConv {
			t.session.Conversation = t.conversation
		}
		if a, done := n.tryProvider(ctx, t, to); done {
			return a
		}
		if a, done := n.tryElsewhere(ctx, t, to); done {
			return a
		}
		found := false
		for len(fallback) > 0 && !found {
			next, e := t.destination(fallback[0])
			fallback = fallback[1:]
			if e == nil {
				to, found = next, true
			}
		}
		if !found {
			return n.exhausted(t, to)
		}
	}
}

// destination routes a model.
func (t *trip) destination(model string) (destination, *protocol.Error) {
	to, ok := t.snap.route(model, t.endpoint.dialect)
	if !ok {
		return to, &protocol.Error{Code: protocol.ModelNotFound, Param: "model", Message: fmt.Sprintf("The model %q does not exist here: no route of this gateway matches it.", clip(model, 200))}
	}
	return to, nil
}

// tryProvider goes through a provider's instances until one serves. false:
// none did.
func (n *Node) tryProvider(ctx context.Context, t *trip, to destination) (*answer, bool) {
	p := to.provider
	t.record.Provider, t.priced = p.Name, to.model
	if t.countsHere(p) {
		return n.countHere(t), true
	}
	out, e := n.outbound(ctx, t, p, to.model)
	switch {
	case e != nil && ctx.Err() != nil: // while what the request points to was fetched
		return n.abandoned(ctx, t), true
	case e != nil:
		return n.fail(t, e), true
	}
	p.budget.First(time.Now())
	var tried uint64
	for {
		choice, ok := n.balance.Pick(p.group, t.session, to.model, tried, n.judge)
		if !ok || tried != 0 && !p.budget.Again(time.Now()) {
			n.noteSoonest(t, p, to.model)
			return nil, false
		}
		tried |= 1 << uint(choice.Index)
		in := p.instances[choice.Index]
		if t.trial = choice.Trial; t.trial && !n.health.BeginTrial(in.id) {
			continue // somebody else is finding out
		}
		t.attempts++
		t.record.Instance, t.record.Attempts = in.Name, t.attempts
		began := time.Now()
		resp, failed := in.client.Do(ctx, &upstream.Call{
			Method:   t.method,
			Path:     out.path,
			RawQuery: out.query,
			Header:   headerOf(out.header),
			Body:     out.body,
			Lent:     out.lent,
			Stream:   t.peek.Stream,
		})
		t.record.upstream += time.Since(began)
		t.reached = t.reached || failed == nil || failed.Cause != "connect"
		t.record.UpstreamID = upstreamID(resp, failed)
		var f *fault
		if failed == nil {
			var a *answer
			if a, f = n.served(ctx, t, p, in, choice, resp, began, out); f == nil {
				return a, true
			}
		} else {
			f = understand(failed)
		}
		if f.Outcome == upstream.Canceled || ctx.Err() != nil {
			n.release(t, in)
			return n.abandoned(ctx, t), true
		}
		if out.conv != nil {
			f.translate()
		}
		if f.Outcome == upstream.CallerFault {
			return n.callersFault(t, p, in, f), true
		}
		n.blame(t, p, in, to.model, f)
		t.last = f
	}
}

// callersFault is an instance's answer to a request that is at fault itself. It
// marks nothing, and no other instance would say anything else.
func (n *Node) callersFault(t *trip, p *provider, in *instance, f *fault) *answer {
	n.metrics.instanceRequests.WithLabelValues(p.Name, in.Name, "business_error").Inc()
	n.release(t, in)
	t.record.TTFB = time.Since(t.began)
	a := n.passError(t, f.said, f.Response)
	n.stamp(t, a)
	return n.finish(t, a, a.status, f.Reason)
}

// noteSoonest remembers when the first of a provider's instances may serve the
// model again: the true retry-after.
func (n *Node) noteSoonest(t *trip, p *provider, model string) {
	for _, in := range p.instances {
		at := n.health.RetryAt(in.id, model)
		if !at.IsZero() && (t.soonest.IsZero() || at.Before(t.soonest)) {
			t.soonest = at
		}
	}
}

// exhausted is the answer when no instance served: what the last one said, or
// when to come back.
func (n *Node) exhausted(t *trip, to destination) *answer {
	var wait time.Duration
	if !t.soonest.IsZero() {
		wait = max(time.Until(t.soonest), time.Second)
	}
	f := t.last
	cooling := f != nil && f.Outcome == upstream.Cooling || f == nil && n.onlyCooling(to)
	switch {
	case f != nil && f.said != nil && f.Outcome != upstream.Credentials:
		a := n.passError(t, f.said, f.Response)
		switch {
		case f.Outcome == upstream.Exhausted:
			a.replace("X-Should-Retry", "false")
		case cooling && wait > 0:
			a.setRetryAfter(wait)
		}
		n.stamp(t, a)
		return n.finish(t, a, a.status, f.Reason)
	case cooling:
		return n.fail(t, &protocol.Error{Code: protocol.RateLimited, RetryAfter: wait, Message: fmt.Sprintf("Every instance of provider %q is rate limited for this model.", to.provider.Name)})
	case f != nil && f.Outcome == upstream.Credentials:
		return n.fail(t, refusedCredentials(fmt.Sprintf("Provider %q", to.provider.Name)))
	case f != nil && f.Cause == "timeout":
		return n.fail(t, &protocol.Error{Code: protocol.GatewayTimeout, RetryAfter: wait, Message: fmt.Sprintf("Provider %q did not answer in time.", to.provider.Name)})
	case f != nil:
		return n.fail(t, &protocol.Error{Code: protocol.BadGateway, RetryAfter: wait, Message: fmt.Sprintf("Provider %q could not be reached.", to.provider.Name)})
	default:
		return n.fail(t, &protocol.Error{Code: protocol.Unavailable, RetryAfter: wait, ShouldRetry: yes(), Message: fmt.Sprintf("No instance of provider %q is healthy at the moment.", to.provider.Name)})
	}
}

// onlyCooling tells whether a provider's instances rest for a rate limit, none
// of them down.
func (n *Node) onlyCooling(to destination) bool {
	for _, in := range to.provider.instances {
		if n.health.Check(in.id, "") == health.Down {
			return false
		}
	}
	return true
}

// abandoned ends a trip whose context ended: the client left, or the drain is
// over.
func (n *Node) abandoned(ctx context.Context, t *trip) *answer {
	if clientLeft(ctx) || ctx.Err() != nil && context.Cause(ctx) != errDraining {
		n.finish(t, nil, 499, "the client left")
		return nil
	}
	return n.fail(t, drainError())
}

// fail ends a trip with an error of ours.
func (n *Node) fail(t *trip, e *protocol.Error) *answer {
	a := n.failure(t.endpoint.dialect, t.requestID, e)
	n.stamp(t, a)
	return n.finish(t, a, a.status, e.Message)
}

// stamp says who served.
func (n *Node) stamp(t *trip, a *answer) {
	n.stampLimits(t, a)
	if t.conv != nil {
		if w := t.conv.x.WarningsHeader(); w != "" {
			a.replace("X-LLM-Gateway-Warnings", w)
		}
	}
	a.replace("X-LLM-Gateway-Owner", cmp.Or(t.loan.lender, n.name))
	if t.record.Provider != "" {
		a.replace("X-LLM-Gateway-Provider", t.record.Provider)
		a.replace("X-LLM-Gateway-Attempts", strconv.Itoa(t.attempts))
	}
	if t.record.Instance != "" {
		a.replace("X-LLM-Gateway-Instance", t.record.Instance)
	}
	if t.record.UpstreamID != "" {
		a.replace("X-Llmgw-Upstream-Request-Id", t.record.UpstreamID)
	}
}
