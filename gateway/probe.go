package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/llmgw/llmgw/gateway/upstream"
	"github.com/llmgw/llmgw/health"
)

const (
	probeTick    = 100 * time.Millisecond // how exactly intervals are kept
	reachTimeout = 3 * time.Second
)

// reported is another node's report that it cannot reach an instance.
type reported struct{ id, origin string }

// prober looks after instances on behalf of all nodes: actively where the
// configuration asks for it, and where another node's report stands alone.
// Which node does it is computed, an instance at a time, so that it moves when
// that node leaves.
type prober struct {
	n     *Node
	heard chan reported // a report that does not fit is dropped: a request finds out, too
	runs  sync.WaitGroup

	mu   sync.Mutex
	due  map[string]time.Time
	busy map[string]bool
}

func newProber(n *Node) *prober {
	return &prober{n: n, heard: make(chan reported, 64), due: make(map[string]time.Time), busy: make(map[string]bool)}
}

// report takes a report from the health table, under its lock.
func (p *prober) report(id, origin string) {
	select {
	case p.heard <- reported{id, origin}:
	default:
	}
}

// run works until the node ends, and waits for the probes under way.
func (p *prober) run() {
	ctx, cancel := context.WithCancel(context.Background())
	defer p.runs.Wait()
	defer cancel()
	tick := time.NewTicker(probeTick)
	defer tick.Stop()
	for {
		select {
		case <-p.n.quit:
			return
		case r := <-p.heard:
			p.confirm(ctx, r)
		case now := <-tick.C:
			p.round(ctx, now)
		}
	}
}

// round probes what is due and is this node's to probe.
func (p *prober) round(ctx context.Context, now time.Time) {
	if !p.n.ready.Load() {
		return
	}
	for _, pr := range p.n.snap.Load().providers {
		probe := pr.Health.Probe
		if probe == nil {
			continue
		}
		for _, in := range pr.instances {
			if now.Before(p.due[in.id]) || !p.n.health.Leads(in.id) {
				continue
			}
			p.due[in.id] = now.Add(probe.Interval)
			v := p.n.health.Check(in.id, "")
			trial := v == health.Trial || v == health.Overdue
			if v == health.Down && !p.n.health.ProbeLifts(in.id) || trial && !p.n.health.BeginTrial(in.id) {
				continue // it rests, or somebody is trying it
			}
			started := p.start(ctx, in.id, func(ctx context.Context) {
				began := time.Now()
				p.judge(ctx, pr, in, began, trial, in.client.Probe(ctx, probe.Path, probe.Timeout))
			})
			if !started && trial {
				p.n.health.Release(in.id)
			}
		}
	}
}

// confirm tries to reach what another node cannot. Where it cannot either, its
// own report makes the instance down for all.
func (p *prober) confirm(ctx context.Context, r reported) {
	if !p.n.health.Confirms(r.id, r.origin) {
		return
	}
	for _, pr := range p.n.snap.Load().providers {
		for _, in := range pr.instances {
			if in.id != r.id {
				continue
			}
			p.start(ctx, in.id, func(ctx context.Context) {
				began := time.Now()
				f := in.client.Reach(ctx, reachTimeout)
				if probe := pr.Health.Probe; f == nil && probe != nil {
					f = in.client.Probe(ctx, probe.Path, probe.Timeout)
				}
				if f != nil {
					p.judge(ctx, pr, in, began, false, f)
				}
			})
		}
	}
}

// start runs one check of an instance; false: one is running already.
func (p *prober) start(ctx context.Context, id string, check func(context.Context)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy[id] {
		return false
	}
	p.busy[id] = true
	p.runs.Go(func() {
		defer func() {
			p.mu.Lock()
			delete(p.busy, id)
			p.mu.Unlock()
		}()
		check(ctx)
	})
	return true
}

// judge tells the health table what a check found.
func (p *prober) judge(ctx context.Context, pr *provider, in *instance, began time.Time, trial bool, f *upstream.Fault) {
	switch {
	case f == nil:
		p.n.health.Succeed(in.id, began)
		return
	case ctx.Err() != nil || f.Outcome == upstream.Cooling || f.Outcome == upstream.Exhausted, f.Scarce, f.Cause == "timeout" && p.n.lapses.since(began, time.Now()):
		if trial {
			p.n.health.Release(in.id)
		}
		return
	}
	failure := health.Failure{Cause: health.CauseProbe, Reason: "probe: " + f.Reason, Wait: f.RetryAfter, Trial: trial}
	switch {
	case f.Outcome == upstream.Credentials:
		failure.Cause = health.CauseCredentials
		p.n.log.Error("a provider refuses this gateway's credentials; the instance is not used until the configuration is reloaded",
			"provider", pr.Name, "instance", in.Name, "status", f.Status, "source", "probe")
	case f.Outcome == upstream.Unreachable:
		failure.Cause = blamed(f)
	}
	p.n.health.Fail(in.id, failure)
}
