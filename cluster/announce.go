package cluster

import (
	"errors"
	"fmt"
	"time"
)

// updateTimeout bounds the wait for an announcement to be sent.
const updateTimeout = 2 * time.Second

// announcement encodes what this process tells about itself. It was validated
// when it was set.
func (n *Node) announcement() []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.own.encode()
}

// Activate announces that the node takes part: it is now in the rings of those
// that hear it. It returns when the announcement was sent, or after 2 s.
func (n *Node) Activate() error { return n.setStatus(StatusActive) }

// Drain announces that the node will go: it is out of the rings and still a
// member. It returns when the announcement was sent, or after 2 s.
func (n *Node) Drain() error { return n.setStatus(StatusDraining) }

func (n *Node) setStatus(s Status) error {
	return n.update(func(a *announcement) error {
		if a.status == StatusDraining && s == StatusActive {
			return errors.New("cluster: a draining node cannot become active again")
		}
		a.status = s
		return nil
	})
}

// SetConfigDigest announces another configuration. It returns when the
// announcement was sent, or after 2 s.
func (n *Node) SetConfigDigest(d string) error {
	return n.update(func(a *announcement) error {
		a.meta.ConfigDigest = d
		return nil
	})
}

// update changes the announcement and spreads it.
func (n *Node) update(change func(*announcement) error) error {
	n.updateMu.Lock()
	defer n.updateMu.Unlock()
	n.mu.Lock()
	if n.closed || n.leaving {
		n.mu.Unlock()
		return ErrClosed
	}
	next := n.own
	if err := change(&next); err != nil {
		n.mu.Unlock()
		return err
	}
	if err := next.validate(); err != nil {
		n.mu.Unlock()
		return fmt.Errorf("cluster: %w", err)
	}
	same := next == n.own
	n.own = next
	n.mu.Unlock()
	if !same {
		n.spread(updateTimeout)
	}
	return nil
}

// spread tells the others what this process announces now; callers hold
// updateMu. A timeout is no error: the announcement stays queued, and exchanges
// of states carry it too.
//
// memberlist numbers an announcement before it takes its lock. If it refutes a
// suspicion between the two, with what was announced before, it drops the new
// announcement as the older one, here and for good. So it is made again until
// this node has seen it itself.
func (n *Node) spread(limit time.Duration) {
	if n.list == nil {
		n.view.join(n.view.self, "", n.announcement())
		return
	}
	for range maxOvertaken {
		err := n.publish(limit)
		if n.view.heard(n.announcement()) {
			if err != nil {
				n.log.Debug("the node's announcement is not sent yet", "error", err)
			}
			return
		}
		limit = min(limit, 100*time.Millisecond) // what was overtaken waited in vain
	}
	n.log.Error("the node's announcement was overtaken by older ones; the other nodes do not know of its change", "times", maxOvertaken)
}

// maxOvertaken is how often an announcement is made again. A refutation is rare,
// and one at that moment rarer.
const maxOvertaken = 10
