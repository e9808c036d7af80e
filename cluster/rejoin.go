package cluster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	settleLimit  = 3 * time.Second
	settlePoll   = 100 * time.Millisecond
	settleStable = 3 // polls with one number of members

	rejoinSoon   = 5 * time.Second // until the view is stable, +-50 %
	rejoinLater  = 15 * time.Second
	rejoinStable = 30 * time.Second
	rejoinAtOnce = 4 // addresses tried in one round
)

// settle joins and waits until the number of members stands still, so that a
// node that starts does not take itself for the whole cluster. While nobody is
// found it tries again each second: all nodes of a cluster may be starting.
func (n *Node) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	rnd := n.random()
	var err error
	for ctx.Err() == nil {
		candidates := n.candidates(ctx)
		if len(candidates) == 0 {
			return // only this node itself is in the list
		}
		want := max(3, 4*int(math.Ceil(math.Log10(float64(len(candidates)+1)))))
		err = n.joinSome(ctx, sample(rnd, candidates, want))
		if n.view.live() > 1 {
			n.waitStable(ctx)
			return
		}
		pause(ctx, time.Second)
	}
	if err != nil && n.ctx.Err() == nil && n.view.live() == 1 {
		n.log.Warn("no node of the join list could be joined: this node is alone and goes on trying", "error", err)
	}
}

func (n *Node) waitStable(ctx context.Context) {
	last, same := n.view.live(), 0
	for same < settleStable && pause(ctx, settlePoll) {
		if now := n.view.live(); now == last {
			same++
		} else {
			last, same = now, 0
		}
	}
}

// rejoin joins nodes that should be in the view and are not, until the node
// closes. memberlist gives a member up 30 s after it died: without this loop
// the halves of a longer partition never meet again.
func (n *Node) rejoin() {
	rnd := n.random()
	for pause(n.ctx, rejoinDelay(rnd, n.view.stableFor())) {
		n.view.refresh()
		candidates := n.candidates(n.ctx)
		if len(candidates) == 0 {
			continue
		}
		err := n.joinSome(n.ctx, sample(rnd, candidates, rejoinAtOnce))
		if err == nil || n.ctx.Err() != nil {
			continue
		}
		n.log.Debug("rejoin", "error", err)
		switch {
		case errors.Is(err, ErrSecret):
			n.warn.do("rejoin secret", func(int) { n.log.Warn("a node cannot be joined", "error", err) })
		case n.view.live() == 1:
			n.warn.do("rejoin alone", func(int) {
				n.log.Warn("no other node can be joined: this node is alone and goes on trying", "error", err)
			})
		}
	}
}

// rejoinDelay is the time to the next round. It is never more than 15 s, the
// bound for a healed partition to be one cluster again.
func rejoinDelay(rnd *rand.Rand, stable time.Duration) time.Duration {
	if stable < rejoinStable {
		return rejoinSoon/2 + time.Duration(rnd.Int64N(int64(rejoinSoon)))
	}
	return rejoinLater/2 + time.Duration(rnd.Int64N(int64(rejoinLater/2)))
}

// candidates returns the addresses worth joining: what the join list names now
// and the members that failed within the hour, without those that are alive.
func (n *Node) candidates(ctx context.Context) []string {
	live, found := n.view.addresses()
	for _, e := range n.join {
		addrs, err := n.resolve.lookup(ctx, e.host)
		if err != nil {
			if ctx.Err() == nil {
				n.warn.do("lookup "+e.host, func(more int) {
					n.log.Warn("an entry of the join list cannot be looked up", "entry", e.host, "error", err, "more", more)
				})
			}
			continue
		}
		for _, a := range addrs {
			found = append(found, netip.AddrPortFrom(a, e.port).String())
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return slices.DeleteFunc(found, func(a string) bool { return a == n.address || slices.Contains(live, a) })
}

// sample returns up to k of the candidates at random.
func sample(rnd *rand.Rand, candidates []string, k int) []string {
	rnd.Shuffle(len(candidates), func(i, j int) { candidates[i], candidates[j] = candidates[j], candidates[i] })
	return candidates[:min(k, len(candidates))]
}

// joinSome joins the addresses at the same time and waits for all, or for ctx;
// what is under way then ends with the node at the latest. The error is that of
// the addresses that failed, nil if one could be joined.
func (n *Node) joinSome(ctx context.Context, addresses []string) error {
	type result struct {
		address string
		err     error
	}
	results := make(chan result, len(addresses))
	for _, a := range addresses {
		if !n.task(func() { results <- result{a, n.joinOne(a)} }) {
			return ErrClosed
		}
	}
	var failed []error
	waiting := slices.Clone(addresses)
	for len(waiting) > 0 {
		select {
		case r := <-results:
			waiting = slices.DeleteFunc(waiting, func(a string) bool { return a == r.address })
			if r.err != nil {
				failed = append(failed, r.err)
			}
		case <-ctx.Done():
			return errors.Join(append(failed, fmt.Errorf("join %s: no answer yet", strings.Join(waiting, ", ")))...)
		}
	}
	if len(failed) < len(addresses) {
		return nil
	}
	return errors.Join(failed...)
}

// joinOne exchanges states with the node at an address, ip:port.
func (n *Node) joinOne(address string) error {
	if _, err := n.list.Join([]string{address}); err != nil {
		return explain(address, err)
	}
	return nil
}

// pause waits; it reports whether ctx still lives.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
