package gateway

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/llmgw/llmgw/cluster"
)

// frozenAfter is how long a peer that the cluster has given up may keep a
// client waiting. A process that was stopped, or a host that went away, leaves
// its connections open and says nothing; a peer that the cluster knows as alive
// may think for as long as its provider does.
const frozenAfter = 15 * time.Second

// vigil watches over what peers carry for this node's clients.
type vigil struct {
	now *atomic.Int64 // the pulse's

	mu   sync.Mutex
	open map[*carriage]struct{}
}

// carriage is one call that a peer carries.
type carriage struct {
	vigil  *vigil
	peer   string
	since  atomic.Int64 // when this node began to wait for the peer; 0: it does not
	cancel context.CancelCauseFunc
}

func newVigil(now *atomic.Int64) *vigil {
	return &vigil{now: now, open: make(map[*carriage]struct{})}
}

// begin watches over a call to a peer; its context ends when the peer is given
// up.
func (v *vigil) begin(ctx context.Context, peer string) (context.Context, *carriage) {
	ctx, cancel := context.WithCancelCause(ctx)
	c := &carriage{vigil: v, peer: peer, cancel: cancel}
	c.wait()
	v.mu.Lock()
	v.open[c] = struct{}{}
	v.mu.Unlock()
	return ctx, c
}

func (c *carriage) wait()   { c.since.Store(c.vigil.now.Load()) }
func (c *carriage) resume() { c.since.Store(0) }

func (c *carriage) end() {
	c.vigil.mu.Lock()
	delete(c.vigil.open, c)
	c.vigil.mu.Unlock()
	c.cancel(nil)
}

// sweep gives up what has been waited for long enough at peers that are lost.
func (v *vigil) sweep(lost func(peer string) bool) {
	now := v.now.Load()
	v.mu.Lock()
	defer v.mu.Unlock()
	for c := range v.open {
		if since := c.since.Load(); since != 0 && now-since > int64(frozenAfter) && lost(c.peer) {
			c.cancel(errPeerLost)
		}
	}
}

var errPeerLost = &cause{"the node that carried the request was lost"}

// lost tells whether the cluster has given up a peer. One that left may still
// end what it carries.
func (n *Node) lost(peer string) bool {
	for _, m := range *n.members.Load() {
		if m.Name == peer && !m.Superseded {
			return m.State == cluster.StateFailed
		}
	}
	return true
}
