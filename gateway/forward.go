package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/llmgw/llmgw/gateway/hop"
	"github.com/llmgw/llmgw/gateway/scope"
	"github.com/llmgw/llmgw/protocol"
)

// Kinds of exchange between nodes.
const (
	hopServe   byte = 1 // serve this client's request: you own its key
	hopInspect byte = 2 // tell of yourself, for the admin listener of another node
	hopPush    byte = 3 // take over what is told of keys, see handover.go
	hopAsk     byte = 4 // decide over a request that runs elsewhere, see lease.go

	hopElsewhere byte = 5 // serve this for me, the owner, who cannot reach the provider; go no further
)

// edgeField carries the edge's name over the hop, and silentField that of the
// owner in whose stead the receiver is asked, if that was silent. The public
// door drops any header of that family that a client sends.
const (
	edgeField   = "X-LLM-Gateway-Node"
	silentField = "X-LLM-Gateway-Silent"
)

// A peer that failed is passed over for a moment, so that a dead owner costs
// its edge one timeout, not one a request.
const (
	avoidFirst = 2 * time.Second
	avoidMost  = 30 * time.Second
)

// handle runs a call where the ring says: at the owner, at the stand-by when
// the owner does not accept, else here. nil: the client left.
func (n *Node) handle(ctx context.Context, c *call) *answer {
	owner, standby := n.placement.of(c.key)
	if owner.addr != "" && n.heat.leased(c.key, time.Now()) {
		if a := n.serveLeased(ctx, c, owner); a != errNoLease {
			return a
		}
	}
	for _, to := range [2]place{owner, standby} {
		if to.addr == "" {
			break // it is this node, or there is nobody else
		}
		if n.peers.avoided(to.name, time.Now()) {
			n.metrics.forwards.WithLabelValues(to.name, "avoided").Inc()
			c.silent = to.name
			continue
		}
		a, err := n.forward(ctx, c, to, hopServe)
		if err == nil {
			return a
		}
		if ctx.Err() != nil {
			return n.interrupted(ctx, c)
		}
		var refused *hop.RefusedError
		if !errors.As(err, &refused) {
			c.silent = to.name
		} else if refusedAsHot(refused.Reason) {
			n.heat.lease(c.key, time.Now())
			if a := n.serveLeased(ctx, c, to); a != errNoLease {
				return a
			}
		}
	}
	return n.serve(ctx, c)
}

// forward sends a call to a peer. An error means that the peer gave no answer,
// and that the request may be tried elsewhere.
func (n *Node) forward(ctx context.Context, c *call, to place, kind byte) (*answer, error) {
	began := time.Now()
	header := append(c.header, hop.Field{Name: edgeField, Value: c.edge})
	if c.silent != "" {
		header = append(header, hop.Field{Name: silentField, Value: c.silent})
	}
	watched, carriage := n.vigil.begin(ctx, to.name)
	r, err := n.hop.Do(watched, to.addr, &hop.Request{
		Kind:      kind,
		Key:       c.key,
		RequestID: c.requestID,
		ClientIP:  c.clientIP,
		Method:    c.method,
		Target:    c.target,
		Header:    header,
		Body:      c.body,
	})
	carriage.resume()
	if err != nil {
		carriage.end()
		if ctx.Err() == nil {
			result := "broken"
			if errors.Is(err, hop.ErrNotAccepted) {
				result = "unreachable"
			}
			var refused *hop.RefusedError
			if errors.As(err, &refused) {
				result = "refused" // alive, and says no: leaving, or another configuration
			} else if n.peers.failed(to.name, time.Now()) {
				n.log.Warn("a peer does not take requests; its keys are served by their stand-by until it does", "peer", to.name, "address", to.addr, "error", err)
			}
			n.metrics.forwards.WithLabelValues(to.name, result).Inc()
		}
		return nil, err
	}
	if n.peers.recovered(to.name) {
		n.log.Info("the peer takes requests again", "peer", to.name)
	}
	n.metrics.forwards.WithLabelValues(to.name, "ok").Inc()
	n.metrics.forwardSeconds.Observe(time.Since(began).Seconds())
	return n.forwarded(c, r, carriage), nil
}

// forwarded turns a peer's response into this edge's answer.
func (n *Node) forwarded(c *call, r *hop.Response, carriage *carriage) *answer {
	a := &answer{status: r.Status, header: r.Header}
	if r.Streamed {
		a.stream = newHopStream(r, carriage, c.endpoint.dialect == protocol.Gemini && a.isArray())
		return a
	}
	carriage.wait()
	defer carriage.end()
	body, err := readWhole(r.Body, r.Length)
	if err != nil {
		return n.failure(c.endpoint.dialect, c.requestID, &protocol.Error{Code: protocol.BadGateway, Message: "The node that served this request was lost before its answer was whole.", ShouldRetry: yes()})
	}
	a.body = body
	return a
}

// accept decides over a forwarded request's head, before its body is sent.
func (n *Node) accept(r *hop.Request) error {
	if r.Kind != hopServe && r.Kind != hopElsewhere {
		return nil
	}
	if n.draining.Load() {
		return errors.New("this node is leaving")
	}
	if n.snap.Load().keys[r.Key] == nil {
		return errors.New("this node's configuration has no such key")
	}
	if r.Kind == hopServe && n.heat.hot(r.Key, time.Now()) {
		return errHot
	}
	return nil
}

// fromPeer serves what another node forwarded. It never asks the ring: rings
// that disagree for a moment cannot send a request in circles.
func (n *Node) fromPeer(ctx context.Context, r *hop.Request) *hop.Response {
	switch r.Kind {
	case hopInspect:
		return n.inspect(r.Target)
	case hopPush:
		return n.pushed(r)
	case hopAsk:
		return n.asked(ctx, r)
	}
	n.inFlight.Add(1)
	inner := new(scope.Scope)
	inner.Begin(ctx)
	detach := n.life.AfterFunc(func() { inner.End(n.life.Err()) })
	end := func() {
		detach()
		inner.End(nil)
		n.inFlight.Done()
	}
	c, e := callFromPeer(r)
	if e == nil {
		c.handed = r.Kind == hopElsewhere
	}
	var a *answer
	if e != nil {
		a = n.failure(dialectOf(r.Target), r.RequestID, e)
	} else {
		a = n.serve(inner, c)
	}
	if a == nil {
		end()
		return nil
	}
	if a.stream == nil {
		end()
		return &hop.Response{Status: a.status, Header: a.header, Bytes: a.body}
	}
	c.body, c.header = nil, nil // a 500 KB body would be held as long as the stream
	return &hop.Response{Status: a.status, Header: a.header, Streamed: true, Body: &endingStream{relay: n.newRelay(inner, c, a), finish: end}}
}

func callFromPeer(r *hop.Request) (*call, *protocol.Error) {
	path, query := r.Target, ""
	for i := 0; i < len(path); i++ {
		if path[i] == '?' {
			path, query = r.Target[:i], r.Target[i+1:]
			break
		}
	}
	e, _ := endpointOf(r.Method, path)
	if e.kind == kindNone {
		return nil, &protocol.Error{Code: protocol.NotFound, Message: "The owner of this key runs a version of llmgw without this endpoint."}
	}
	c := &call{
		endpoint: e, method: r.Method, target: r.Target, query: query, header: r.Header, body: r.Body,
		key: r.Key, requestID: r.RequestID, clientIP: r.ClientIP, began: time.Now(),
	}
	c.header = slices.DeleteFunc(c.header, func(f hop.Field) bool {
		switch f.Name {
		case edgeField:
			c.edge = f.Value
		case silentField:
			c.silent = f.Value
		default:
			return false
		}
		return true
	})
	return c, nil
}

// interrupted is the answer to a call whose context ended: nobody to answer,
// or the drain's end.
func (n *Node) interrupted(ctx context.Context, c *call) *answer {
	if context.Cause(ctx) != errDraining {
		return nil
	}
	return n.failure(c.endpoint.dialect, c.requestID, drainError())
}

func drainError() *protocol.Error {
	return &protocol.Error{Code: protocol.Unavailable, Message: "This gateway node is shutting down; send the request again.", RetryAfter: time.Second, ShouldRetry: yes()}
}

// avoidance remembers which peers failed lately. It is this node's own view:
// gossip decides membership, this decides where the next request goes.
type avoidance struct {
	mu    sync.Mutex
	peers map[string]*avoided
}

type avoided struct {
	until time.Time
	wait  time.Duration
	trial bool // one request is finding out
}

func newAvoidance() *avoidance { return &avoidance{peers: make(map[string]*avoided)} }

// avoided tells whether to pass a peer over. Once its time is over, one caller
// at a time finds out.
func (v *avoidance) avoided(peer string, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.peers[peer]
	if p == nil {
		return false
	}
	if now.Before(p.until) {
		return true
	}
	p.until, p.trial = now.Add(p.wait), true // others keep away while this caller tries
	return false
}

// failed notes a failure; true when it is news.
func (v *avoidance) failed(peer string, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.peers[peer]
	if p == nil {
		v.peers[peer] = &avoided{until: now.Add(avoidFirst), wait: avoidFirst}
		return true
	}
	if p.trial { // the others failed together with the first one: no news
		p.wait, p.trial = min(2*p.wait, avoidMost), false
		p.until = now.Add(p.wait)
	}
	return false
}

// recovered notes an answer; true when the peer was avoided before.
func (v *avoidance) recovered(peer string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, was := v.peers[peer]
	delete(v.peers, peer)
	return was
}

// forget drops what is remembered of peers that are no members any more, or
// that started anew.
func (v *avoidance) forget(keep func(peer string) bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for name := range v.peers {
		if !keep(name) {
			delete(v.peers, name)
		}
	}
}
