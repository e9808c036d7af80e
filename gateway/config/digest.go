package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"
)

// Digest is 16 hex digits over all that nodes of a cluster must agree on: keys,
// providers, routes and prices, secrets included. It leaves out what is a
// node's own (node_name, listeners, log, cluster), and the order of blocks.
func (c *Config) Digest() string {
	h := sha256.New()
	for _, k := range sorted(c.Keys, func(k APIKey) string { return k.Name }) {
		put(h, "api_key", k.Name, k.Digest, k.Enabled, k.Models, k.Limits)
	}
	for _, p := range sorted(c.Providers, func(p Provider) string { return p.Name }) {
		put(h, "provider", p.Name, p.Dialect, p.SessionTTL, p.StickyBy, p.Health.RecoveryAfter, p.Cache)
		if p.Health.Probe != nil {
			put(h, "probe", *p.Health.Probe)
		}
		for _, i := range sorted(p.Instances, func(i Instance) string { return i.Name }) {
			put(h, "instance", i.Name, i.BaseURL.String(), i.APIKey, i.Priority, i.Weight, i.Timeout, i.FirstByteTimeout, i.IdleTimeout)
			for _, name := range slices.Sorted(maps.Keys(i.Headers)) {
				put(h, "header", strings.ToLower(name), i.Headers[name])
			}
		}
	}
	for _, r := range sorted(c.Routes, func(r Route) string { return r.Pattern }) {
		put(h, "route", r)
	}
	for _, p := range sorted(c.Prices, func(p Price) string { return p.Pattern }) {
		put(h, "price", p)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// put hashes values such that no two lists of values look alike. A Secret would
// print masked: its own digest stands for it.
func put(h hash.Hash, values ...any) {
	for _, v := range values {
		if s, ok := v.(Secret); ok {
			v = sha256.Sum256([]byte(s.Reveal()))
		}
		fmt.Fprintf(h, "%#v\x00", v)
	}
	_, _ = h.Write([]byte{'\n'})
}

// sorted returns the values in the order of their names.
func sorted[T any](values []T, name func(T) string) []T {
	s := slices.Clone(values)
	slices.SortStableFunc(s, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
	return s
}
