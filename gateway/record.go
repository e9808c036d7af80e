package gateway

import (
	"context"
	"log/slog"
	"time"

	"github.com/llmgw/llmgw/protocol"
)

// Record is one finished request, as the node that served it saw it.
type Record struct {
	Time         time.Time // when it arrived at the serving node
	RequestID    string
	UpstreamID   string // what the instance that was asked last calls the request; "": it does not tell
	APIKey       string // the configured name
	Conversation string
	Edge         string // the node that the client reached
	Owner        string // the node that served
	Provider     string
	Instance     string
	Model        string
	Endpoint     string
	Status       int // of the answer; 499: the client left
	Attempts     int
	Stream       bool
	Usage        protocol.Usage
	CostUSD      float64 // by the configured prices
	Duration     time.Duration
	TTFB         time.Duration // 0: nothing was answered
	Error        string        // "" for success

	upstream time.Duration // spent waiting for instances
}

func (n *Node) newRecord(c *call) Record {
	return Record{
		Time: c.began, RequestID: c.requestID, APIKey: c.key, Edge: c.edge, Owner: n.name, Endpoint: c.endpoint.label,
	}
}

// finish ends a request's accounts, once, and gives back its answer.
func (n *Node) finish(t *trip, a *answer, status int, why string) *answer {
	r := &t.record
	r.Conversation = t.session.Conversation
	r.Status, r.Error = status, why
	r.Duration = time.Since(t.began)
	if t.handed {
		return a // the owner counts
	}
	n.settle(t, status)
	n.count(t.snap, r)
	if t.conv != nil {
		for _, w := range t.conv.x.Warnings() {
			n.metrics.warnings.WithLabelValues(w.Field).Inc()
		}
	}
	n.stats.record(r, time.Now())
	if n.log.Enabled(context.Background(), slog.LevelDebug) {
		n.log.Debug("request", "request_id", r.RequestID, "upstream_request_id", r.UpstreamID, "api_key", r.APIKey, "endpoint", r.Endpoint, "model", r.Model,
			"edge", r.Edge, "owner", r.Owner, "provider", r.Provider, "instance", r.Instance, "status", r.Status,
			"attempts", r.Attempts, "stream", r.Stream, "duration_ms", r.Duration.Milliseconds(),
			"input", r.Usage.Input, "output", r.Usage.Output, "cache_read", r.Usage.CacheRead, "error", r.Error)
	}
	if n.observe != nil {
		n.observe(*r)
	}
	return a
}

func (n *Node) count(s *snapshot, r *Record) {
	m, model := n.metrics, s.modelLabel(r.Model)
	of := m.of(seriesKey{r.APIKey, r.Provider, model, r.Endpoint})
	of.requests.Inc()
	of.duration.Observe(r.Duration.Seconds())
	if r.TTFB > 0 {
		of.firstToken.Observe(r.TTFB.Seconds())
	}
	of.input.Add(float64(r.Usage.Input))
	of.output.Add(float64(r.Usage.Output))
	of.cacheRead.Add(float64(r.Usage.CacheRead))
	of.cacheWrite.Add(float64(r.Usage.CacheWrite))
	if !r.Stream && r.upstream > 0 {
		m.overhead.Observe(max(r.Duration-r.upstream, 0).Seconds())
	}
	if r.Status >= 400 {
		m.errors.WithLabelValues(r.APIKey, r.Provider, model, protocol.CodeOf(r.Status).String()).Inc()
	}
}
