package gateway

import (
	"sync/atomic"

	"github.com/llmgw/llmgw/cluster"
	"github.com/llmgw/llmgw/ring"
)

// placement answers whose request this is. The ring and the peers' addresses
// change together, so they are one value behind one pointer.
type placement struct {
	self string
	view atomic.Pointer[placementView]
}

type placementView struct {
	ring  *ring.Ring
	peers map[string]string // node name -> address of its peer listener
	self  string            // "" when another process has taken this node's name
}

func newPlacement(self string) *placement {
	p := &placement{self: self}
	empty, _ := ring.New(nil) // an empty set cannot fail
	p.view.Store(&placementView{ring: empty, self: self})
	return p
}

// next is the view that members give: the ring of those that serve. An error is
// one of the library, which cannot build a ring.
func (p *placement) next(members []cluster.Member) (*placementView, error) {
	var names []string
	peers := make(map[string]string)
	self := p.self
	for _, m := range members {
		if m.Self && m.Superseded {
			self = ""
		}
		if m.Serving {
			names = append(names, m.Name)
			peers[m.Name] = m.PeerAddress
		}
	}
	r := p.view.Load().ring
	if next, err := ring.New(names); err != nil {
		return nil, err
	} else if next.Print() != r.Print() {
		r = next
	}
	return &placementView{ring: r, peers: peers, self: self}, nil
}

// place is where a request may run, in order: the owner, then the stand-by.
// An empty address means this node.
type place struct{ name, addr string }

// of names the owner and the stand-by of a key. A node alone, or one whose ring
// is empty, is the answer itself.
func (p *placement) of(key string) (owner, standby place) {
	v := p.view.Load()
	return p.at(v, v.ring.Owner(key)), p.at(v, v.ring.Standby(key))
}

func (p *placement) at(v *placementView, name string) place {
	if name == "" || name == v.self {
		return place{name: p.self}
	}
	return place{name: name, addr: v.peers[name]}
}
