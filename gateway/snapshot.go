package gateway

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/llmgw/llmgw/gateway/balance"
	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/fetch"
	"github.com/llmgw/llmgw/gateway/upstream"
	"github.com/llmgw/llmgw/health"
	"github.com/llmgw/llmgw/protocol"
)

// snapshot is everything that one configuration decides, immutable, loaded
// once a request.
type snapshot struct {
	config    *config.Config
	digest    string
	keys      map[string]*config.APIKey
	cacheKeys map[string]string // by key: its prompt_cache_key outside of conversations
	providers map[string]*provider
	only      map[protocol.Dialect]*provider // where a model without any route goes
	fetch     *fetch.Fetcher                 // of images that requests point to
}

// provider is one provider of the configuration with what calls need of it.
type provider struct {
	*config.Provider
	dialect   protocol.Dialect
	group     *balance.Group
	instances []*instance
	budget    *balance.Budget // outlives reloads
	byConv    bool            // sticky_by starts with the conversation
}

type instance struct {
	*config.Instance
	id      string
	client  *upstream.Client
	success prometheus.Counter // calls that it answered
}

// newSnapshot builds all that can fail before anything live changes. Clients
// (and with them the warm connections) of old are kept where the instance is
// the same.
func newSnapshot(c *config.Config, old *snapshot, o upstream.Options, m *metrics) (*snapshot, error) {
	s := &snapshot{
		config:    c,
		digest:    c.Digest(),
		keys:      make(map[string]*config.APIKey, len(c.Keys)),
		cacheKeys: make(map[string]string, len(c.Keys)),
		providers: make(map[string]*provider, len(c.Providers)),
		only:      make(map[protocol.Dialect]*provider),
		fetch:     fetch.New(fetch.Options{AllowPrivate: c.Server.FetchPrivate, MaxBytes: c.Server.MaxBodySize}),
	}
	for i := range c.Keys {
		s.keys[c.Keys[i].Name] = &c.Keys[i]
		s.cacheKeys[c.Keys[i].Name] = cacheKeyOf(&c.Keys[i], "")
	}
	count := make(map[protocol.Dialect]int)
	for i := range c.Providers {
		p, err := newProvider(&c.Providers[i], old, o, m)
		if err != nil {
			return nil, err
		}
		s.providers[p.Name] = p
		s.only[p.dialect] = p
		count[p.dialect]++
	}
	for d, n := range count {
		if n > 1 {
			delete(s.only, d)
		}
	}
	return s, nil
}

func newProvider(c *config.Provider, old *snapshot, o upstream.Options, m *metrics) (*provider, error) {
	d, ok := protocol.ParseDialect(c.Dialect)
	if !ok {
		return nil, fmt.Errorf("provider %q: dialect %q is none of openai, anthropic, gemini", c.Name, c.Dialect)
	}
	p := &provider{Provider: c, dialect: d, budget: budgetFor(c.Name, old), byConv: len(c.StickyBy) > 0 && c.StickyBy[0] == "conversation"}
	members := make([]balance.Instance, len(c.Instances))
	for i := range c.Instances {
		in := &c.Instances[i]
		id := in.ID()
		members[i] = balance.Instance{ID: id, Priority: in.Priority, Weight: in.Weight}
		p.instances = append(p.instances, &instance{
			Instance: in, id: id, client: clientFor(in, d, old, o),
			success: m.instanceRequests.WithLabelValues(c.Name, in.Name, "success"),
		})
	}
	p.group = balance.NewGroup(c.Name, c.SessionTTL, members)
	return p, nil
}

// budgetFor keeps a provider's budget of retries.
func budgetFor(name string, old *snapshot) *balance.Budget {
	if old != nil && old.providers[name] != nil {
		return old.providers[name].budget
	}
	return &balance.Budget{}
}

// clientFor keeps the old client, and its connections, where nothing that it
// depends on has changed.
func clientFor(in *config.Instance, d protocol.Dialect, old *snapshot, o upstream.Options) *upstream.Client {
	if old != nil {
		for _, p := range old.providers {
			for _, was := range p.instances {
				if was.id == in.ID() && p.dialect == d && sameCall(was.Instance, in) {
					return was.client
				}
			}
		}
	}
	return upstream.New(upstream.Target{
		BaseURL:          in.BaseURL,
		Header:           staticHeader(in, d),
		Timeout:          in.Timeout,
		FirstByteTimeout: in.FirstByteTimeout,
		IdleTimeout:      in.IdleTimeout,
	}, o)
}

func sameCall(a, b *config.Instance) bool {
	return a.Timeout == b.Timeout && a.FirstByteTimeout == b.FirstByteTimeout && a.IdleTimeout == b.IdleTimeout &&
		a.APIKey == b.APIKey && a.BaseURL.String() == b.BaseURL.String() && maps.Equal(a.Headers, b.Headers)
}

// staticHeader holds an instance's credentials in its dialect's own form, and
// the configured headers.
func staticHeader(in *config.Instance, d protocol.Dialect) http.Header {
	h := make(http.Header)
	if k := in.APIKey.Reveal(); k != "" {
		switch d {
		case protocol.Anthropic:
			h.Set("X-Api-Key", k)
		case protocol.Gemini:
			h.Set("X-Goog-Api-Key", k)
		default:
			h.Set("Authorization", "Bearer "+k)
		}
	}
	for name, v := range in.Headers {
		h.Set(name, v.Reveal())
	}
	return h
}

// close gives back the connections of clients that next does not use.
func (s *snapshot) close(next *snapshot) {
	kept := make(map[*upstream.Client]bool)
	if next != nil {
		for _, p := range next.providers {
			for _, in := range p.instances {
				kept[in.client] = true
			}
		}
	}
	s.fetch.Close()
	for _, p := range s.providers {
		for _, in := range p.instances {
			if !kept[in.client] {
				in.client.Close()
			}
		}
	}
}

// targets lists the instances for the health table.
func (s *snapshot) targets() []health.Target {
	var ts []health.Target
	for i := range s.config.Providers {
		p := s.providers[s.config.Providers[i].Name]
		for _, in := range p.instances {
			ts = append(ts, health.Target{ID: in.id, Provider: p.Name, Instance: in.Name, RecoveryAfter: p.Health.RecoveryAfter})
		}
	}
	return ts
}

func (s *snapshot) groups() []*balance.Group {
	gs := make([]*balance.Group, 0, len(s.providers))
	for _, name := range slices.Sorted(maps.Keys(s.providers)) {
		gs = append(gs, s.providers[name].group)
	}
	return gs
}

// destination is where a model's request goes.
type destination struct {
	provider *provider
	model    string   // what the provider is asked for
	fallback []string // models to try when the provider has nothing left
}

// route finds a model's provider. Without any route in the configuration, a
// model goes to the only provider of the endpoint's dialect.
func (s *snapshot) route(model string, d protocol.Dialect) (destination, bool) {
	if r, ok := s.config.RouteFor(model); ok {
		to := destination{provider: s.providers[r.Provider], model: model, fallback: r.Fallback}
		if r.Model != "" {
			to.model = r.Model
		}
		return to, to.provider != nil
	}
	if len(s.config.Routes) > 0 {
		return destination{}, false
	}
	p := s.only[d]
	if p == nil && len(s.providers) == 1 {
		for _, p = range s.providers {
		}
	}
	return destination{provider: p, model: model}, p != nil
}

// modelLabel is the metrics' name of a model: one that the configuration
// spells out, else "other", so that no client can create series.
func (s *snapshot) modelLabel(model string) string {
	if s.config.ModelKnown(model) {
		return model
	}
	return "other"
}

// models lists the names that a key may ask for: routes without a pattern.
func (s *snapshot) models(key *config.APIKey) []config.Route {
	var list []config.Route
	for _, r := range s.config.Routes {
		if !strings.Contains(r.Pattern, "*") && key.Allows(r.Pattern) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b config.Route) int { return strings.Compare(a.Pattern, b.Pattern) })
	return list
}
