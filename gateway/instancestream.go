package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/llmgw/llmgw/gateway/upstream"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/sse"
)

// instanceStream is an instance's stream: its frames are looked at, its usage
// is metered, and its accounts are closed exactly once. Until the first content
// frames are held back, since another instance may still give the answer.
type instanceStream struct {
	n     *Node
	t     *trip
	p     *provider
	in    *instance
	body  io.ReadCloser
	meter *meter
	split splitter
	look  look
	alike alike
	began time.Time
	frame func(raw []byte) // the method, bound once

	emit     func(raw []byte) // nil: frames are held
	held     heldFrames
	begun    bool            // content has come
	ended    bool            // the dialect's own end has come
	over     bool            // with it, the last frame that the dialect has
	failure  *protocol.Error // the provider's own error
	err      error           // how reading ended
	closed   bool
	hopeless bool // the accounts are settled: the stream goes nowhere
}

func (n *Node) newInstanceStream(t *trip, p *provider, in *instance, resp *upstream.Response, m *meter, began time.Time, out *outbound) *instanceStream {
	s := &instanceStream{
		n: n, t: t, p: p, in: in, body: resp.Body, meter: m, began: began,
		split: splitterOf(m.array), look: lookOf(out, m.array),
	}
	s.frame = s.take
	return s
}

// lookOf picks what the instance's own dialect says of its frames.
func lookOf(o *outbound, array bool) look {
	switch {
	case o.dialect == protocol.Anthropic:
		return anthropic.Piece
	case o.dialect == protocol.Gemini && array:
		return gemini.ArrayPiece
	case o.dialect == protocol.Gemini && o.conv != nil:
		return gemini.UsablePiece
	case o.dialect == protocol.Gemini:
		return gemini.Piece
	case strings.HasPrefix(o.path, "/responses"):
		return openai.ResponsesPiece
	default:
		return openai.ChatPiece
	}
}

// await reads up to the first content. A fault means that nothing of the
// stream has left this node, and that it should not: CallerFault for the
// client's own mistake, else an instance's.
func (s *instanceStream) await(ctx context.Context) *fault {
	lent := s.n.buffers.get(false)
	defer s.n.buffers.put(lent)
	room := lent.bytes()
	for !s.begun && s.failure == nil {
		err := s.read(room)
		switch {
		case s.begun || s.failure != nil:
		case err != nil && ctx.Err() != nil:
			return &fault{Fault: &upstream.Fault{Outcome: upstream.Canceled}}
		case err == io.EOF:
			return &fault{Fault: &upstream.Fault{Outcome: upstream.Unreachable, Cause: "reset", Reason: "the stream ended before its first content"}}
		case err != nil:
			return &fault{Fault: &upstream.Fault{Outcome: upstream.Unreachable, Cause: causeOf(err), Reason: "the stream broke before its first content: " + err.Error()}}
		case len(s.held.bytes) > maxHeld:
			s.begun = true
		}
	}
	if !s.begun {
		return embedded(s.failure)
	}
	return nil
}

// read reads the instance once.
func (s *instanceStream) read(room []byte) error {
	m, err := s.body.Read(part(room))
	if m > 0 {
		if ferr := s.split.Feed(room[:m], s.frame); ferr != nil {
			err = ferr
		}
	}
	if err == io.EOF || err != nil && s.over { // what breaks behind the end breaks nothing
		err = s.end()
	}
	if err != nil && s.err == nil {
		s.err = err
	}
	return err
}

// end judges the end of the bytes. A last frame may lack its blank line; an
// array needs its closing bracket.
func (s *instanceStream) end() error {
	if a, ok := s.split.(*gemini.ArraySplitter); ok && s.begun && s.failure == nil && !(s.ended && a.Closed()) {
		return errUnfinished
	}
	s.split.Close(s.last)
	if s.begun && !s.ended && s.failure == nil && s.t.endpoint.kind == kindGenerate {
		return errUnfinished
	}
	return io.EOF
}

// last takes what stands behind the last whole frame: an array's bracket, a
// frame that lacks nothing but its blank line; not the half of a frame.
func (s *instanceStream) last(raw []byte) {
	if s.meter.array || sse.Complete(raw) || wholeData(sse.Data(raw)) {
		s.take(raw)
	}
}

func wholeData(data []byte) bool {
	return string(data) == "[DONE]" || protocol.ScanObject(data, func([]byte, protocol.Member) {}) == nil
}

// take looks at one frame and passes it on, or keeps it back.
func (s *instanceStream) take(raw []byte) {
	passing := s.begun && s.failure == nil && s.emit != nil
	if passing && s.alike.is(raw) {
		s.emit(raw)
		return
	}
	before := s.meter.usage
	piece, e := s.look(raw, s.begun)
	switch {
	case piece == protocol.Failure && s.failure == nil:
		s.failure = e
	case piece == protocol.Content:
		s.begun = s.begun || s.failure == nil
	case piece == protocol.End:
		if s.failure != nil && bytes.Contains(raw, []byte("[DONE]")) {
			return // behind an error it would make the answer look whole
		}
		s.begun, s.ended = s.begun || s.failure == nil, s.failure == nil
		s.over = s.ended && !bytes.Contains(raw, []byte(`"finish_reason"`)) // chat's [DONE] is still to come
	}
	switch {
	case !s.meter.frame(raw):
	case s.emit == nil:
		s.held.add(raw, &s.n.buffers)
	default:
		if passing && piece == protocol.Content && s.meter.usage == before {
			s.alike.learn(raw)
		}
		s.emit(raw)
	}
}

// atHand tells whether the next pull need not wait.
func (s *instanceStream) atHand() bool { return len(s.held.ends) > 0 }

func (s *instanceStream) pull(room []byte, emit func(raw []byte)) error {
	s.emit = emit
	if len(s.held.ends) > 0 {
		s.held.release(&s.n.buffers, emit)
		return nil
	}
	if s.err != nil {
		return s.err
	}
	err := s.read(room)
	if err != nil && s.failure != nil {
		return io.EOF // the provider has said itself that it failed
	}
	return err
}

// whole tells that what has come is a whole answer, although its end was not
// marked as such.
func (s *instanceStream) whole() { s.err = io.EOF }

// drop closes a stream of which nothing is used; its accounts are its caller's.
func (s *instanceStream) drop() {
	s.hopeless = true
	_ = s.Close() // the answer comes from elsewhere
}

// Close settles the request. A stream that the instance broke is the
// instance's fault, also after the first content.
func (s *instanceStream) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.body.Close()
	if s.hopeless {
		return err
	}
	s.t.record.Usage = s.meter.usage
	status, why := s.outcome()
	s.n.finish(s.t, nil, status, why)
	return err
}

// outcome is how the stream ended, for the record; an instance's fault is told
// to the others.
func (s *instanceStream) outcome() (status int, why string) {
	switch {
	case s.failure != nil:
		f := embedded(s.failure)
		if f.Outcome != upstream.CallerFault {
			s.n.blame(s.t, s.p, s.in, s.t.priced, f)
		}
		return s.failure.HTTPStatus(), "the provider's error inside of the stream: " + s.failure.Message
	case s.err == io.EOF, s.err == nil && s.ended: // many clients go at the end they know, before ours
		return 200, ""
	case s.err == nil, errors.Is(s.err, context.Canceled), clientLeftError(s.err):
		return 499, "the client left"
	case errors.Is(s.err, errDraining):
		return 503, "this node was shut down before the stream's end"
	}
	why = fmt.Sprintf("the stream broke: %v", s.err)
	s.n.blame(s.t, s.p, s.in, s.t.priced, &fault{Fault: &upstream.Fault{Outcome: upstream.Unreachable, Cause: causeOf(s.err), Reason: why}})
	return 502, why
}

func clientLeftError(err error) bool { return errors.Is(err, errClientLeft) }
