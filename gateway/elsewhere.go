package gateway

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/llmgw/llmgw/protocol"
)

// tryElsewhere hands a call to a peer when instances are out of reach of this
// node alone: its own way to the provider is broken, not the provider. This
// node has admitted the call and keeps its accounts; the peer only carries it,
// and hands it no further. false: there is no such peer, or it gave no answer.
func (n *Node) tryElsewhere(ctx context.Context, t *trip, to destination) (*answer, bool) {
	if t.handed || n.hop == nil || !n.reachableElsewhere(to.provider) {
		return nil, false
	}
	owner, standby := n.placement.of(t.key)
	for _, peer := range [2]place{standby, owner} {
		if peer.addr == "" || n.peers.avoided(peer.name, time.Now()) {
			continue
		}
		a, err := n.forward(ctx, t.call, peer, hopElsewhere)
		switch {
		case err == nil:
			return n.carried(t, a), true
		case ctx.Err() != nil:
			return n.abandoned(ctx, t), true
		}
		return nil, false // once
	}
	return nil, false
}

// reachableElsewhere tells whether others may reach an instance that this node
// cannot.
func (n *Node) reachableElsewhere(p *provider) bool {
	for _, in := range p.instances {
		if n.health.OnlyHere(in.id) {
			return true
		}
	}
	return false
}

// carried takes a peer's answer into this node's accounts.
func (n *Node) carried(t *trip, a *answer) *answer {
	t.reached = true
	t.record.Instance = a.field("X-LLM-Gateway-Instance")
	if more, err := strconv.Atoi(a.field("X-LLM-Gateway-Attempts")); err == nil {
		t.attempts += more
	}
	t.record.Attempts = t.attempts
	t.record.TTFB = time.Since(t.began)
	n.stamp(t, a)
	m := &meter{dialect: t.endpoint.dialect, array: t.endpoint.dialect == protocol.Gemini && a.isArray()}
	m.forced = t.endpoint.path == "/chat/completions" && t.peek.Stream && !t.peek.IncludeUsage
	if a.stream != nil {
		a.stream = &carriedStream{frameSource: a.stream, n: n, t: t, meter: m}
		return a
	}
	if a.status < 300 {
		m.whole(a.body)
		t.record.Usage = m.usage
	}
	return n.finish(t, a, a.status, "")
}

// carriedStream is a stream that a peer carries for this owner: it is metered
// here, and ends the accounts here.
type carriedStream struct {
	frameSource
	n     *Node
	t     *trip
	meter *meter
	err   error
	done  bool
}

func (s *carriedStream) pull(room []byte, emit func(raw []byte)) error {
	err := s.frameSource.pull(room, func(raw []byte) {
		if s.meter.frame(raw) {
			emit(raw)
		}
	})
	if err != nil && s.err == nil {
		s.err = err
	}
	return err
}

func (s *carriedStream) Close() error {
	if s.done {
		return nil
	}
	s.done = true
	err := s.frameSource.Close()
	s.t.record.Usage = s.meter.usage
	switch s.err {
	case io.EOF:
		s.n.finish(s.t, nil, 200, "")
	case nil:
		s.n.finish(s.t, nil, 499, "the client left")
	default:
		s.n.finish(s.t, nil, 502, "the stream broke at the node that carried it: "+s.err.Error())
	}
	return err
}
