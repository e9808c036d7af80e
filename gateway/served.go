package gateway

import (
	"context"
	"errors"
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

// served turns an instance's response into the answer: a stream is handed to
// the relay, anything else is read whole first, so that an answer cut short
// still goes to the next instance.
func (n *Node) served(ctx context.Context, t *trip, p *provider, in *instance, choice balance.Choice, resp *upstream.Response, began time.Time, forced bool) (*answer, *upstream.Fault) {
	a := &answer{status: resp.Status, header: fieldsOf(resp.Header)}
	m := &meter{dialect: t.endpoint.dialect, forced: forced}
	ok := resp.Outcome == upstream.OK
	// Gemini streams one JSON array where the client did not ask for SSE.
	m.array = !resp.Stream && t.endpoint.stream && ok
	stream := resp.Stream || m.array
	if !stream {
		body, err := readWhole(resp.Body, resp.Length)
		if err != nil {
			if ctx.Err() != nil {
				return nil, &upstream.Fault{Outcome: upstream.Canceled}
			}
			return nil, &upstream.Fault{Outcome: upstream.Unreachable, Cause: causeOf(err), Reason: "the answer broke off: " + err.Error()}
		}
		a.body = body
		if ok {
			m.whole(body)
		}
	}
	t.record.TTFB = time.Since(t.began)
	n.credit(t, p, in, choice, ok, began)
	n.stamp(t, a)
	if !stream {
		t.record.Usage = m.usage
		return n.finish(t, a, resp.Status, ""), nil
	}
	a.stream = &instanceStream{n: n, t: t, p: p, in: in, body: resp.Body, meter: m, began: began}
	return a, nil
}

// credit notes that an instance answered: it is healthy, and the session is
// there now. A 400-class answer is the client's and tells nothing.
func (n *Node) credit(t *trip, p *provider, in *instance, choice balance.Choice, ok bool, began time.Time) {
	if !ok {
		n.metrics.instanceRequests.WithLabelValues(p.Name, in.Name, "business_error").Inc()
		n.health.Release(in.id)
		return
	}
	n.metrics.instanceRequests.WithLabelValues(p.Name, in.Name, "success").Inc()
	if t.endpoint.kind == kindCount {
		n.health.Release(in.id)
		return
	}
	n.health.Succeed(in.id, began)
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
	h := make(http.Header, len(fields)+4)
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

// fieldsOf takes what of an instance's header is for the client. What names
// the hop before us, or this gateway, is not.
func fieldsOf(h http.Header) []hop.Field {
	fields := make([]hop.Field, 0, len(h)+8)
	for name, values := range h {
		switch name {
		case "Server", "Date", "Alt-Svc", "Via", "Strict-Transport-Security", "Content-Length", "Set-Cookie", "X-Request-Id":
			continue
		}
		if strings.HasPrefix(name, "X-Llm-Gateway-") {
			continue
		}
		for _, v := range values {
			fields = append(fields, hop.Field{Name: name, Value: v})
		}
	}
	return fields
}
