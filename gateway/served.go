package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/llmgw/llmgw/gateway/balance"
	"github.com/llmgw/llmgw/gateway/hop"
	"github.com/llmgw/llmgw/gateway/upstream"
	"github.com/llmgw/llmgw/health"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
)

// maxWhole bounds an answer that is read whole before it goes on. Images and
// embeddings in batches stay far below.
const maxWhole = 64 << 20

// served turns an instance's response into the answer. A stream goes on to the
// relay from its first content, anything else is read whole first, so that an
// answer that is cut short, or is an error in a 200, still goes to the next
// instance.
func (n *Node) served(ctx context.Context, t *trip, p *provider, in *instance, choice balance.Choice, resp *upstream.Response, began time.Time, out *outbound) (*answer, *fault) {
	m := &meter{dialect: out.dialect, forced: out.usageForced && !t.handed} // the owner wants to see it, too
	ok := resp.Outcome == upstream.OK
	// Gemini streams one JSON array where the client did not ask for SSE.
	m.array = !resp.Stream && t.endpoint.stream && ok && out.conv == nil
	var a *answer
	if ok && (resp.Stream || m.array) {
		s := n.newInstanceStream(t, p, in, resp, m, began, out)
		f := s.await(ctx)
		if f == nil {
			a, f = n.streamAnswer(t, s, resp, out)
			resp.Header = nil // resp lasts as long as the stream
		}
		if f != nil {
			s.drop()
			return nil, f
		}
	} else {
		body, f := n.readAnswer(ctx, t, resp)
		if f == nil {
			a, f = n.bodyAnswer(t, body, resp, m, out)
		}
		if f != nil {
			return nil, f
		}
	}
	t.record.TTFB = time.Since(t.began)
	n.credit(t, p, in, choice, began)
	n.stamp(t, a)
	if a.stream == nil {
		t.record.Usage = m.usage
		return n.finish(t, a, a.status, ""), nil
	}
	return a, nil
}

// streamAnswer is an instance's stream for the client: as it is, converted, or
// read to its end where a client of another dialect asked for no stream.
func (n *Node) streamAnswer(t *trip, s *instanceStream, resp *upstream.Response, out *outbound) (*answer, *fault) {
	switch {
	case out.conv == nil:
		return &answer{status: resp.Status, header: fieldsOf(resp.Header), stream: s}, nil
	case out.conv.x.Request.Stream:
		a := &answer{status: resp.Status, stream: n.newConvertedStream(t, out.conv, s)}
		a.set("Content-Type", t.streamType())
		return a, nil
	}
	r, e := n.newConvertedStream(t, out.conv, s).collect()
	if e != nil {
		return nil, embedded(e)
	}
	s.meter.usage = r.Usage
	s.drop()
	return n.converted(t, out.conv, r), nil
}

// bodyAnswer is an answer that was read whole, for the client.
func (n *Node) bodyAnswer(t *trip, body []byte, resp *upstream.Response, m *meter, out *outbound) (*answer, *fault) {
	if out.conv == nil {
		if a := n.restreamed(t, body, m); a != nil {
			return a, nil
		}
		m.whole(body)
		return &answer{status: resp.Status, header: fieldsOf(resp.Header), body: body}, nil
	}
	if out.conv.embed != nil {
		return n.embedAnswer(t, body, m, out)
	}
	r, err := out.conv.from.answer(out.conv.x, body)
	if err != nil {
		return nil, embedded(unreadable(err))
	}
	m.usage = r.Usage
	return n.converted(t, out.conv, r), nil
}

// restreamed writes a whole answer as the stream that the client asked for and
// an instance of its own dialect did not give: SDKs read no event in it. nil:
// the bytes pass as they are.
func (n *Node) restreamed(t *trip, body []byte, m *meter) *answer {
	e := t.endpoint
	if e.kind != kindGenerate || !t.peek.Stream {
		return nil
	}
	read := providerCodecFor(e.dialect).answer
	if isResponses(e) {
		read = openai.DecodeResponsesResponse
	}
	c, failed := n.conversion(t)
	if failed != nil {
		return nil
	}
	r, err := read(c.x, body)
	if err != nil {
		return nil
	}
	m.usage = r.Usage
	return n.converted(t, c, r)
}

// readAnswer reads an answer whole, and looks whether it is one.
func (n *Node) readAnswer(ctx context.Context, t *trip, resp *upstream.Response) ([]byte, *fault) {
	body, err := readWhole(resp.Body, resp.Length)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, &fault{Fault: &upstream.Fault{Outcome: upstream.Canceled}}
	case err != nil:
		return nil, &fault{Fault: &upstream.Fault{Outcome: upstream.Unreachable, Cause: causeOf(err), Reason: "the answer broke off: " + err.Error()}}
	case resp.Outcome == upstream.CallerFault:
		return nil, understand(&upstream.Fault{
			Outcome: upstream.CallerFault, Status: resp.Status, Reason: fmt.Sprintf("HTTP %d", resp.Status),
			Response: &upstream.Buffered{Header: resp.Header, Body: body},
		})
	}
	e := protocol.EmbeddedError(body)
	if e == nil {
		return body, nil
	}
	f := embedded(e)
	if _, whole := protocol.Find(body, "status"); whole && f.Outcome == upstream.CallerFault {
		return body, nil // a response that failed for the client's own fault is an answer of that API
	}
	return nil, f
}

// credit notes that an instance answered: it is healthy, and the session is
// there now.
func (n *Node) credit(t *trip, p *provider, in *instance, choice balance.Choice, began time.Time) {
	in.success.Inc()
	if t.endpoint.kind == kindCount {
		n.release(t, in)
		return
	}
	n.health.Succeed(in.id, began)
	t.trial = false
	if t.handed {
		return // the session is the owner's
	}
	n.balance.Settle(p.group, t.session, choice, n.homeIsDown(p, choice))
}

// homeIsDown tells whether a key is away from home because of a failure, not
// because of a rate limit's rest: only the first makes it stay.
func (n *Node) homeIsDown(p *provider, c balance.Choice) bool {
	return c.Home != c.Index && n.health.Check(p.instances[c.Home].id, "") != health.Up
}

// meter reads usage from answers on their way.
type meter struct {
	dialect protocol.Dialect
	forced  bool // the stream's usage frame is ours to take out again
	usage   protocol.Usage
	array   bool // Gemini's stream is one JSON array
}

func (m *meter) whole(body []byte) {
	var u protocol.Usage
	var ok bool
	switch m.dialect {
	case protocol.Anthropic:
		u, ok = anthropic.UsageOf(body)
	case protocol.Gemini:
		u, ok = gemini.UsageOf(body)
	default:
		u, ok = openai.UsageOf(body)
	}
	if ok {
		m.usage = u
	}
}

// frame looks into one frame of a stream; false: it does not go on to the
// client.
func (m *meter) frame(raw []byte) bool {
	switch m.dialect {
	case protocol.Anthropic:
		anthropic.StreamUsage(raw, &m.usage)
	case protocol.Gemini:
		if m.array {
			gemini.PieceUsage(raw, &m.usage)
		} else {
			gemini.StreamUsage(raw, &m.usage)
		}
	default:
		openai.StreamUsage(raw, &m.usage)
		if m.forced && openai.IsUsageOnly(raw) {
			return false
		}
	}
	return true
}

// readWhole reads a body of a known or unknown length, within bounds.
func readWhole(body io.ReadCloser, length int64) ([]byte, error) {
	defer body.Close()
	if length > maxWhole {
		return nil, errTooLong
	}
	if length >= 0 {
		b := make([]byte, length)
		if _, err := io.ReadFull(body, b); err != nil {
			return nil, err
		}
		return b, nil
	}
	b, err := io.ReadAll(io.LimitReader(body, maxWhole+1))
	if err == nil && len(b) > maxWhole {
		err = errTooLong
	}
	return b, err
}

var errTooLong = errors.New("it is longer than 64 MiB")

func causeOf(err error) string {
	if errors.Is(err, upstream.ErrIdle) || errors.Is(err, upstream.ErrTimeout) {
		return "timeout"
	}
	return "reset"
}

// headerOf makes the provider call's header of a call's fields, with one
// allocation for all values.
func headerOf(fields []hop.Field) http.Header {
	h := make(http.Header, len(fields)+1) // and the credentials
	values := make([]string, len(fields))
	for i, f := range fields {
		if old, ok := h[f.Name]; ok {
			h[f.Name] = append(old[:len(old):len(old)], f.Value)
			continue
		}
		values[i] = f.Value
		h[f.Name] = values[i : i+1 : i+1]
	}
	return h
}

// upstreamID is what an instance calls the request, for its provider's support.
func upstreamID(resp *upstream.Response, f *upstream.Fault) string {
	var h http.Header
	switch {
	case resp != nil:
		h = resp.Header
	case f.Response != nil:
		h = f.Response.Header
	}
	return clip(cmp.Or(h.Get("Request-Id"), h.Get("X-Request-Id")), 200)
}

// fieldsOf takes what of an instance's header is for the client. What names
// the hop before us, this gateway, or the gateway's account is not.
func fieldsOf(h http.Header) []hop.Field {
	fields := make([]hop.Field, 0, len(h)+8)
	for name, values := range h {
		switch name {
		case "X-Request-Id", "Request-Id", // the client's are this gateway's
			"Server", "Date", "Alt-Svc", "Via", "Strict-Transport-Security", "Content-Length", "Content-Encoding", "Set-Cookie",
			"Openai-Organization", "Openai-Project", "Anthropic-Organization-Id", "Anthropic-Workspace-Id",
			"Www-Authenticate", "Authorization", "X-Api-Key", "X-Goog-Api-Key", "Nel", "Report-To", "Server-Timing":
			continue
		}
		if strings.HasPrefix(name, "X-Llm-Gateway-") || strings.HasPrefix(name, "X-Llmgw-") || strings.HasPrefix(name, "Cf-") {
			continue
		}
		for _, v := range values {
			fields = append(fields, hop.Field{Name: name, Value: v})
		}
	}
	return fields
}
