package cluster

import (
	"time"

	"github.com/hashicorp/memberlist"
)

// delegate is what memberlist calls. Some calls come while memberlist holds its
// lock, and some before memberlist.Create has returned: none may call memberlist
// or block. A *memberlist.Node is read only inside the call, because memberlist
// changes it later.
type delegate struct {
	view   *view
	gossip *gossip
	meta   func() []byte
}

var (
	_ memberlist.Delegate         = delegate{}
	_ memberlist.EventDelegate    = delegate{}
	_ memberlist.ConflictDelegate = delegate{}
	_ memberlist.PingDelegate     = delegate{}
)

func (d delegate) NodeMeta(int) []byte  { return d.meta() }
func (d delegate) NotifyMsg(msg []byte) { d.gossip.receive(msg) }

func (d delegate) GetBroadcasts(overhead, limit int) [][]byte {
	return d.gossip.queue.GetBroadcasts(overhead, limit)
}

func (d delegate) LocalState(bool) []byte                { return d.gossip.whole() }
func (d delegate) MergeRemoteState(state []byte, _ bool) { d.gossip.receive(state) }

func (d delegate) NotifyJoin(n *memberlist.Node)   { d.view.join(n.Name, n.Address(), n.Meta) }
func (d delegate) NotifyUpdate(n *memberlist.Node) { d.view.join(n.Name, n.Address(), n.Meta) }
func (d delegate) NotifyLeave(n *memberlist.Node)  { d.view.leave(n.Name) }

func (d delegate) NotifyConflict(existing, other *memberlist.Node) {
	d.view.collide(existing.Name, existing.Address(), other.Address())
}

func (d delegate) AckPayload() []byte { return nil }

func (d delegate) NotifyPingComplete(n *memberlist.Node, rtt time.Duration, _ []byte) {
	d.view.answered(n.Name, rtt)
}
