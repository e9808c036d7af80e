package gateway

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/protocol"
)

// metrics are one node's own, in a registry of its own: several nodes can live
// in one process. Every label is a configured name or a constant; no client
// can create series.
type metrics struct {
	registry *prometheus.Registry

	mu    sync.RWMutex
	kinds map[seriesKey]*series

	requests         *prometheus.CounterVec
	tokens           *prometheus.CounterVec
	cost             *prometheus.CounterVec
	duration         *prometheus.HistogramVec
	firstToken       *prometheus.HistogramVec
	errors           *prometheus.CounterVec
	overhead         prometheus.Histogram
	instanceHealth   *prometheus.GaugeVec
	instanceRequests *prometheus.CounterVec
	sessions         *prometheus.GaugeVec
	members          *prometheus.GaugeVec
	ringShare        prometheus.Gauge
	forwards         *prometheus.CounterVec
	forwardSeconds   prometheus.Histogram
	flips            *prometheus.CounterVec
	handovers        *prometheus.CounterVec
	configInfo       *prometheus.GaugeVec
	reloadOK         prometheus.Gauge
	disconnects      prometheus.Counter
	warnings         *prometheus.CounterVec
}

func newMetrics(version string) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), kinds: make(map[seriesKey]*series)}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(v)
		return v
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(v)
		return v
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
		m.registry.MustRegister(v)
		return v
	}
	whole := []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 600}
	short := []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .3}

	m.requests = counter("llm_requests_total", "Requests served by this node as their key's owner.", "api_key", "provider", "model", "endpoint")
	m.tokens = counter("llm_tokens_total", "Tokens by type: input (not cached), output, cache_read, cache_write.", "api_key", "provider", "model", "type")
	m.cost = counter("llm_cost_usd_total", "What the tokens cost at the configured prices.", "api_key", "provider", "model")
	m.duration = histogram("llm_request_duration_seconds", "Time from a request's arrival to the end of its answer.", whole, "api_key", "provider", "model")
	m.firstToken = histogram("llm_time_to_first_token_seconds", "Time from a request's arrival to the first byte of its answer.", whole, "provider", "model")
	m.errors = counter("llm_errors_total", "Requests that ended in an error, by type.", "api_key", "provider", "model", "error_type")
	m.overhead = histogram("llm_gateway_overhead_seconds", "Time that this node added to a request before and after the provider's call.", short).WithLabelValues().(prometheus.Histogram)
	m.instanceHealth = gauge("llm_gateway_instance_health_status", "1: the instance is used, 0: it is not.", "provider", "instance")
	m.instanceRequests = counter("llm_gateway_instance_requests_total", "Calls to an instance: success, failure (the instance's), business_error (the client's).", "provider", "instance", "status")
	m.sessions = gauge("llm_gateway_session_count", "Live sessions that this node owns.", "provider")
	m.members = gauge("llm_gateway_cluster_members", "Members of the cluster as this node sees them.", "state")
	m.ringShare = gauge("llm_gateway_ring_share", "Share of the ring that this node owns, 0 to 1.").WithLabelValues()
	m.forwards = counter("llm_gateway_forwards_total", "Requests forwarded to a peer: ok, refused, unreachable, broken, avoided; leased: served here on the peer's word.", "peer", "result")
	m.forwardSeconds = histogram("llm_gateway_forward_duration_seconds", "Time from a forward's start to the head of the peer's answer.", whole).WithLabelValues().(prometheus.Histogram)
	m.flips = counter("llm_gateway_health_flips_total", "Changes of an instance's health as seen here.", "provider", "instance", "to", "source")
	m.handovers = counter("llm_gateway_handovers_total", "Messages that tell a peer what keys use: ok, failed.", "peer", "result")
	m.configInfo = gauge("llm_gateway_config_info", "1 for the digest of the configuration in force.", "digest")
	m.reloadOK = gauge("llm_gateway_config_last_reload_successful", "1: the last reload was taken, 0: it was refused.").WithLabelValues()
	m.disconnects = counter("llm_gateway_client_disconnects_total", "Clients that left before their answer was whole.").WithLabelValues()
	m.warnings = counter("llm_gateway_conversion_warnings_total", "What conversions could not carry, by field.", "field")
	gauge("llm_gateway_info", "1 for the version of this node.", "version").WithLabelValues(version).Set(1)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.reloadOK.Set(1)
	return m
}

// series are the metrics of one kind of request.
type series struct {
	requests, input, output, cacheRead, cacheWrite prometheus.Counter
	duration, firstToken                           prometheus.Observer
}

type seriesKey struct{ apiKey, provider, model, endpoint string }

// of finds a kind's series: one look-up instead of one a metric. There are no
// more kinds than the configuration has names.
func (m *metrics) of(k seriesKey) *series {
	m.mu.RLock()
	s := m.kinds[k]
	m.mu.RUnlock()
	if s != nil {
		return s
	}
	tokens := func(kind string) prometheus.Counter {
		return m.tokens.WithLabelValues(k.apiKey, k.provider, k.model, kind)
	}
	s = &series{
		requests: m.requests.WithLabelValues(k.apiKey, k.provider, k.model, k.endpoint),
		input:    tokens("input"), output: tokens("output"), cacheRead: tokens("cache_read"), cacheWrite: tokens("cache_write"),
		duration:   m.duration.WithLabelValues(k.apiKey, k.provider, k.model),
		firstToken: m.firstToken.WithLabelValues(k.provider, k.model),
	}
	m.mu.Lock()
	m.kinds[k] = s
	m.mu.Unlock()
	return s
}

// refused counts what the door turned away: with the key's name, where it is
// one that is disabled.
func (m *metrics) refused(key *config.APIKey, e *protocol.Error) {
	name := ""
	if key != nil {
		name = key.Name
	}
	m.errors.WithLabelValues(name, "", "other", e.Code.String()).Inc()
}
