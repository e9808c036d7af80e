package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/llmgw/llmgw/gateway/scope"
	"github.com/llmgw/llmgw/protocol"
)

// pending is a call for a stream whose answer is not there yet.
type pending struct {
	done   chan struct{}
	answer *answer // once done is closed; nil: the client left
}

// patiently runs a call. Some clients give up when they see no head for a
// minute, while a provider may think for longer and instances may still fail
// over; so a call for a stream that has no answer in time is given back as
// pending, for the head to be sent. Failing over goes on behind it; but its
// errors are events from then on.
func (n *Node) patiently(ctx context.Context, c *call) (*answer, *pending) {
	if !c.wantsStream() {
		return n.handle(ctx, c), nil
	}
	p := &pending{done: make(chan struct{})}
	go func() {
		defer close(p.done)
		defer func() {
			if v := recover(); v != nil {
				n.panicked(c.target, v)
				p.answer = n.failure(c.endpoint.dialect, c.requestID, internalError())
			}
		}()
		p.answer = n.handle(ctx, c)
	}()
	timer := time.NewTimer(n.pulse.after)
	defer timer.Stop()
	select {
	case <-p.done:
		return p.answer, nil
	case <-timer.C:
		return nil, p
	}
}

// wantsStream tells whether a call is for a stream. What is wrong with its body
// is told where it is served.
func (c *call) wantsStream() bool {
	if c.endpoint.kind != kindGenerate {
		return c.endpoint.stream
	}
	seen, err := c.peek()
	return err == nil && seen.Stream
}

// lateAnswer is the head of an answer that is still to come.
func (n *Node) lateAnswer(ctx *scope.Scope, c *call, p *pending) *answer {
	a := &answer{status: 200, stream: &lateStream{ctx: ctx, pending: p}}
	a.set("Content-Type", "text/event-stream")
	if c.wantsArray() {
		a.replace("Content-Type", "application/json")
	}
	if key := n.snap.Load().keys[c.key]; key != nil {
		n.showLimits(ctx, a, c.endpoint.dialect, key)
	}
	return a
}

// lateStream is the stream of a pending call.
type lateStream struct {
	ctx     *scope.Scope
	pending *pending
	waited  bool
}

func (s *lateStream) pull(room []byte, emit func(raw []byte)) error {
	if !s.waited {
		<-s.pending.done // ends with the context
		s.waited = true
	}
	a := s.pending.answer
	switch {
	case a == nil:
		return errClientLeft
	case a.stream != nil:
		return a.stream.pull(room, emit)
	case a.status >= 400:
		return protocol.DecodeError(a.status, a.body)
	}
	return protocol.Errorf(protocol.BadGateway, "The provider did not answer with a stream.")
}

// Close waits for the call, which may still read the request.
func (s *lateStream) Close() error {
	if !s.waited {
		s.ctx.End(errClientLeft)
		<-s.pending.done
	}
	if a := s.pending.answer; a != nil && a.stream != nil {
		return a.stream.Close()
	}
	return nil
}

func (n *Node) panicked(path string, v any) {
	n.log.Error("a request made the gateway panic; please report this", "path", path, "panic", fmt.Sprint(v))
}

func internalError() *protocol.Error {
	return &protocol.Error{Code: protocol.Internal, Message: "The gateway failed to handle this request."}
}
