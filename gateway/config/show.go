package config

import (
	"encoding/hex"
	"log/slog"
	"maps"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// Show writes the effective configuration as HCL: every default filled in,
// functions replaced by their values, secrets masked. With the secrets put back
// it is a configuration of the same meaning.
func (c *Config) Show() []byte {
	f := hclwrite.NewEmptyFile()
	top := writer{f.Body()}
	top.string("node_name", c.NodeName)
	c.showNode(top)
	for i := range c.Keys {
		showKey(top.block("api_key", c.Keys[i].Name), &c.Keys[i])
	}
	for i := range c.Providers {
		showProvider(top.block("provider", c.Providers[i].Name), &c.Providers[i])
	}
	for _, r := range c.Routes {
		w := top.block("route", r.Pattern)
		w.string("provider", r.Provider)
		w.optional("model", r.Model)
		w.list("fallback", r.Fallback)
		w.optional("display_name", r.DisplayName)
	}
	for _, p := range c.Prices {
		w := top.block("price", p.Pattern)
		w.number("input", p.Input)
		w.number("output", p.Output)
		w.number("cache_read", p.CacheRead)
		w.number("cache_write", p.CacheWrite)
	}
	return hclwrite.Format(f.Bytes())
}

func (c *Config) showNode(top writer) {
	s := top.block("server")
	s.string("listen", c.Server.Listen)
	s.string("max_body_size", formatSize(c.Server.MaxBodySize))
	s.string("drain_timeout", short(c.Server.DrainTimeout))
	s.bool("fetch_private_addresses", c.Server.FetchPrivate)
	if t := c.Server.TLS; t != nil {
		w := s.block("tls")
		w.string("cert_file", t.CertFile)
		w.string("key_file", t.KeyFile)
	}

	a := top.block("admin")
	a.string("listen", c.Admin.Listen)
	a.string("token", c.Admin.Token.String())

	l := top.block("log")
	l.string("level", levelName(c.Log.Level))
	l.string("format", c.Log.Format)

	if c.Cluster != nil {
		w := top.block("cluster")
		w.string("bind", c.Cluster.Bind)
		w.optional("advertise", c.Cluster.Advertise)
		w.string("peer_listen", c.Cluster.PeerListen)
		w.list("join", c.Cluster.Join)
		w.string("secret", c.Cluster.Secret.String())
	}
}

func levelName(l slog.Level) string { return strings.ToLower(l.String()) }

func showKey(w writer, k *APIKey) {
	w.string("sha256", hex.EncodeToString(k.Digest[:]))
	w.bool("enabled", k.Enabled)
	w.list("models", k.Models)
	if k.Limits == (Limits{}) {
		return
	}
	l := w.block("limits")
	l.int("requests_per_minute", k.Limits.RequestsPerMinute)
	l.int("tokens_per_minute", k.Limits.TokensPerMinute)
	l.int("concurrent_requests", k.Limits.ConcurrentRequests)
	l.number("usd_per_day", k.Limits.USDPerDay)
}

func showProvider(w writer, p *Provider) {
	w.string("dialect", p.Dialect)
	w.string("session_ttl", short(p.SessionTTL))
	w.list("sticky_by", p.StickyBy)
	for i := range p.Instances {
		showInstance(w.block("instance", p.Instances[i].Name), &p.Instances[i])
	}
	h := w.block("health")
	h.string("recovery_after", short(p.Health.RecoveryAfter))
	if probe := p.Health.Probe; probe != nil {
		b := h.block("probe")
		b.string("path", probe.Path)
		b.string("interval", short(probe.Interval))
		b.string("timeout", short(probe.Timeout))
	}
	c := w.block("cache")
	c.bool("auto_cache_system", p.Cache.AutoCacheSystem)
	c.int("min_system_tokens", int64(p.Cache.MinSystemTokens))
	c.bool("auto_cache_tools", p.Cache.AutoCacheTools)
}

func showInstance(w writer, i *Instance) {
	w.string("base_url", i.BaseURL.String())
	w.string("api_key", i.APIKey.String())
	w.int("priority", int64(i.Priority))
	w.int("weight", int64(i.Weight))
	w.string("timeout", short(i.Timeout))
	w.string("first_byte_timeout", short(i.FirstByteTimeout))
	w.string("idle_timeout", short(i.IdleTimeout))
	if len(i.Headers) > 0 {
		values := make(map[string]cty.Value, len(i.Headers))
		for name := range maps.Keys(i.Headers) {
			values[name] = cty.StringVal(i.Headers[name].String())
		}
		w.body.SetAttributeValue("headers", cty.MapVal(values))
	}
}

// writer writes attributes and blocks of one body.
type writer struct{ body *hclwrite.Body }

// block begins a block; at the top, after an empty line.
func (w writer) block(kind string, labels ...string) writer {
	w.body.AppendNewline()
	return writer{w.body.AppendNewBlock(kind, labels).Body()}
}

func (w writer) string(name, v string)         { w.body.SetAttributeValue(name, cty.StringVal(v)) }
func (w writer) bool(name string, v bool)      { w.body.SetAttributeValue(name, cty.BoolVal(v)) }
func (w writer) int(name string, v int64)      { w.body.SetAttributeValue(name, cty.NumberIntVal(v)) }
func (w writer) number(name string, v float64) { w.body.SetAttributeValue(name, cty.NumberFloatVal(v)) }

func (w writer) optional(name, v string) {
	if v != "" {
		w.string(name, v)
	}
}

func (w writer) list(name string, v []string) {
	if len(v) == 0 {
		return
	}
	values := make([]cty.Value, len(v))
	for i, s := range v {
		values[i] = cty.StringVal(s)
	}
	w.body.SetAttributeValue(name, cty.ListVal(values))
}
