package gateway

import (
	"time"

	"github.com/llmgw/llmgw/cluster"
	"github.com/llmgw/llmgw/health"
	"github.com/llmgw/llmgw/ring"
)

// meta is what this node tells the others about itself.
func (n *Node) meta() cluster.Meta {
	return cluster.Meta{
		PeerAddress:  n.PeerAddr(),
		APIAddress:   n.Addr(),
		Version:      n.version,
		ConfigDigest: n.snap.Load().digest,
		RingVersion:  ring.Version,
	}
}

// membersChanged takes the members over: a new ring, and a fresh start for peers
// that are new processes. It reads them itself, one call after the other: a list
// that somebody has read before may be older than the one in force.
func (n *Node) membersChanged() {
	n.membersMu.Lock()
	defer n.membersMu.Unlock()
	members := n.cluster.Members()
	before := make(map[string]cluster.Member)
	for _, m := range *n.members.Load() {
		before[m.Name] = m
	}
	old := n.placement.view.Load()
	view, err := n.placement.next(members)
	if err != nil {
		n.log.Error("the ring could not be built; the old one stays", "error", err)
		view = old
	}
	// The hand-over is told first: a node that sees itself as an owner before it
	// knows that there was another one would count from nothing.
	tell := n.ringChanged(old, view, members)
	n.members.Store(&members)
	n.placement.view.Store(view)
	tell()
	var serving []string
	started := make(map[string]bool)
	count := map[string]int{cluster.StateAlive: 0, cluster.StateSuspect: 0, cluster.StateLeft: 0, cluster.StateFailed: 0}
	for _, m := range members {
		count[m.State]++
		if m.Serving {
			serving = append(serving, m.Name)
		}
		old, known := before[m.Name]
		started[m.Name] = known && old.Started.Equal(m.Started)
		if !m.Self && (!known || old.State != m.State || old.Serving != m.Serving) {
			n.log.Info("member", "name", m.Name, "state", m.State, "serving", m.Serving, "address", m.Address, "peer_address", m.PeerAddress)
		}
	}
	n.health.SetMembers(serving)
	n.peers.forget(func(name string) bool { return started[name] })
	for state, c := range count {
		n.metrics.members.WithLabelValues(state).Set(float64(c))
	}
	n.metrics.ringShare.Set(n.placement.view.Load().ring.Shares()[n.name])
}

// broadcast hands a piece of the health table to the gossip. Before the
// cluster exists there is nobody to tell: joins exchange whole tables.
func (n *Node) broadcast(name string, delta []byte) {
	if c := n.cluster; c != nil {
		c.Broadcast(name, delta)
	}
}

// flipped logs and counts a change of an instance's health. It is called under
// the table's lock.
func (n *Node) flipped(f health.Flip) {
	n.metrics.flips.WithLabelValues(f.Provider, f.Instance, f.To, f.Source).Inc()
	up := 0.0
	level := n.log.Warn
	if f.To == "healthy" {
		up, level = 1, n.log.Info
	}
	n.metrics.instanceHealth.WithLabelValues(f.Provider, f.Instance).Set(up)
	if f.Here {
		f.Source += ", of effect here alone"
	}
	level("instance "+f.To, "provider", f.Provider, "instance", f.Instance, "reason", f.Reason, "source", f.Source, "reported_by", f.Origin)
}

// showHealth sets the health gauges of every configured instance, and drops
// those of instances that are gone.
func (n *Node) showHealth() {
	n.metrics.instanceHealth.Reset()
	for _, r := range n.health.Rows() {
		up := 0.0
		if r.Healthy {
			up = 1
		}
		n.metrics.instanceHealth.WithLabelValues(r.Provider, r.Instance).Set(up)
	}
}

// housekeep does what time asks for: expired sessions go, gauges follow.
func (n *Node) housekeep() {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-n.quit:
			return
		case <-tick.C:
			n.vigil.sweep(n.lost)
			n.balance.Sweep()
			n.limits.Sweep()
			n.countSessions()
		}
	}
}

func (n *Node) countSessions() {
	n.balance.Sweep() // what expired is in no list either
	for name := range n.snap.Load().providers {
		n.metrics.sessions.WithLabelValues(name).Set(float64(n.balance.Count(name)))
	}
}
