package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

// Changes tells what differs between two configurations, a line each, in plain
// words and without secrets. No lines: they mean the same.
func Changes(old, new *Config) []string {
	l := lines(NeedsRestart(old, new))
	l.value("server: drain_timeout", old.Server.DrainTimeout, new.Server.DrainTimeout)
	l.value("server: fetch_private_addresses", old.Server.FetchPrivate, new.Server.FetchPrivate)
	l.value("admin: token", old.Admin.Token, new.Admin.Token)
	l.value("log: level", levelName(old.Log.Level), levelName(new.Log.Level))
	l.value("log: format", old.Log.Format, new.Log.Format)
	eachPair(old.Keys, new.Keys, func(k *APIKey) string { return k.Name }, &l, "api_key", changedKey)
	eachPair(old.Providers, new.Providers, func(p *Provider) string { return p.Name }, &l, "provider", changedProvider)
	eachPair(old.Routes, new.Routes, func(r *Route) string { return r.Pattern }, &l, "route", changedRoute)
	eachPair(old.Prices, new.Prices, func(p *Price) string { return p.Pattern }, &l, "price", changedPrice)
	return l
}

// NeedsRestart tells the differences that a running node cannot take up: its
// name, its listeners and what is built into them, its cluster. They are among
// Changes too.
func NeedsRestart(old, new *Config) []string {
	var l lines
	l.value("node_name", old.NodeName, new.NodeName)
	l.value("server: listen", old.Server.Listen, new.Server.Listen)
	l.value("server: max_body_size", formatSize(old.Server.MaxBodySize), formatSize(new.Server.MaxBodySize))
	a, b := old.Server.TLS, new.Server.TLS
	switch {
	case a == nil && b != nil:
		l.add("server: tls added")
	case a != nil && b == nil:
		l.add("server: tls removed")
	case a != nil:
		l.value("server: tls: cert_file", a.CertFile, b.CertFile)
		l.value("server: tls: key_file", a.KeyFile, b.KeyFile)
	}
	l.value("admin: listen", old.Admin.Listen, new.Admin.Listen)
	l.cluster(old.Cluster, new.Cluster)
	return l
}

func (l *lines) cluster(a, b *Cluster) {
	switch {
	case a == nil && b == nil:
	case a == nil:
		l.add("cluster added")
	case b == nil:
		l.add("cluster removed")
	default:
		l.value("cluster: bind", a.Bind, b.Bind)
		l.value("cluster: advertise", a.Advertise, b.Advertise)
		l.value("cluster: peer_listen", a.PeerListen, b.PeerListen)
		l.value("cluster: join", a.Join, b.Join)
		l.value("cluster: secret", a.Secret, b.Secret)
	}
}

func changedKey(l *lines, at string, a, b *APIKey) {
	if a.Digest != b.Digest {
		l.add("%s: key changed", at)
	}
	l.value(at+": enabled", a.Enabled, b.Enabled)
	l.value(at+": models", a.Models, b.Models)
	l.value(at+": requests_per_minute", a.Limits.RequestsPerMinute, b.Limits.RequestsPerMinute)
	l.value(at+": tokens_per_minute", a.Limits.TokensPerMinute, b.Limits.TokensPerMinute)
	l.value(at+": concurrent_requests", a.Limits.ConcurrentRequests, b.Limits.ConcurrentRequests)
	l.value(at+": usd_per_day", a.Limits.USDPerDay, b.Limits.USDPerDay)
}

func changedProvider(l *lines, at string, a, b *Provider) {
	l.value(at+": dialect", a.Dialect, b.Dialect)
	l.value(at+": session_ttl", a.SessionTTL, b.SessionTTL)
	l.value(at+": sticky_by", a.StickyBy, b.StickyBy)
	eachPair(a.Instances, b.Instances, func(i *Instance) string { return i.Name }, l, at+": instance", changedInstance)
	l.value(at+": recovery_after", a.Health.RecoveryAfter, b.Health.RecoveryAfter)
	switch p, q := a.Health.Probe, b.Health.Probe; {
	case p == nil && q != nil:
		l.add("%s: probe added", at)
	case p != nil && q == nil:
		l.add("%s: probe removed", at)
	case p != nil:
		l.value(at+": probe: path", p.Path, q.Path)
		l.value(at+": probe: interval", p.Interval, q.Interval)
		l.value(at+": probe: timeout", p.Timeout, q.Timeout)
	}
	l.value(at+": auto_cache_system", a.Cache.AutoCacheSystem, b.Cache.AutoCacheSystem)
	l.value(at+": min_system_tokens", a.Cache.MinSystemTokens, b.Cache.MinSystemTokens)
	l.value(at+": auto_cache_tools", a.Cache.AutoCacheTools, b.Cache.AutoCacheTools)
}

func changedInstance(l *lines, at string, a, b *Instance) {
	l.value(at+": base_url", a.BaseURL.String(), b.BaseURL.String())
	l.value(at+": api_key", a.APIKey, b.APIKey)
	l.value(at+": priority", a.Priority, b.Priority)
	l.value(at+": weight", a.Weight, b.Weight)
	l.value(at+": timeout", a.Timeout, b.Timeout)
	l.value(at+": first_byte_timeout", a.FirstByteTimeout, b.FirstByteTimeout)
	l.value(at+": idle_timeout", a.IdleTimeout, b.IdleTimeout)
	if !maps.Equal(a.Headers, b.Headers) {
		l.add("%s: headers changed", at)
	}
}

func changedRoute(l *lines, at string, a, b *Route) {
	l.value(at+": provider", a.Provider, b.Provider)
	l.value(at+": model", a.Model, b.Model)
	l.value(at+": fallback", a.Fallback, b.Fallback)
	l.value(at+": display_name", a.DisplayName, b.DisplayName)
}

func changedPrice(l *lines, at string, a, b *Price) {
	l.value(at+": input", a.Input, b.Input)
	l.value(at+": output", a.Output, b.Output)
	l.value(at+": cache_read", a.CacheRead, b.CacheRead)
	l.value(at+": cache_write", a.CacheWrite, b.CacheWrite)
}

// eachPair compares what has the same name on both sides, in the order of the
// names, and tells what only one side has.
func eachPair[T any](old, new []T, name func(*T) string, l *lines, kind string, compare func(l *lines, at string, a, b *T)) {
	before, after := byName(old, name), byName(new, name)
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, n := range slices.Sorted(maps.Keys(all)) {
		at := fmt.Sprintf("%s %q", kind, n)
		switch a, b := before[n], after[n]; {
		case a == nil:
			l.add("%s added", at)
		case b == nil:
			l.add("%s removed", at)
		default:
			compare(l, at, a, b)
		}
	}
}

func byName[T any](values []T, name func(*T) string) map[string]*T {
	m := make(map[string]*T, len(values))
	for i := range values {
		m[name(&values[i])] = &values[i]
	}
	return m
}

// lines collects changes.
type lines []string

func (l *lines) add(format string, a ...any) { *l = append(*l, fmt.Sprintf(format, a...)) }

// value tells a changed value from which to which, of a secret only that.
func (l *lines) value(at string, old, new any) {
	if reflect.DeepEqual(old, new) {
		return
	}
	if _, secret := old.(Secret); secret {
		l.add("%s changed", at)
		return
	}
	if from, to := plain(old), plain(new); from != to {
		l.add("%s changed from %s to %s", at, from, to)
	}
}

func plain(v any) string {
	switch v := v.(type) {
	case string:
		if v == "" {
			return "nothing"
		}
		return fmt.Sprintf("%q", v)
	case []string:
		if len(v) == 0 {
			return "nothing"
		}
		return fmt.Sprintf("%q", v)
	case time.Duration:
		return short(v)
	}
	return fmt.Sprint(v)
}
