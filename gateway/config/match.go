package config

import (
	"cmp"
	"slices"
	"strings"
)

// index is what lookups need, built once by Load.
type index struct {
	keys   map[[32]byte]int
	routes matcher
	prices matcher
	models map[string]struct{}
}

func newIndex(c *Config) index {
	x := index{
		keys:   make(map[[32]byte]int, len(c.Keys)),
		models: make(map[string]struct{}),
	}
	for i := range c.Keys {
		x.keys[c.Keys[i].Digest] = i
	}
	exact := func(name string) {
		if name != "" && !strings.Contains(name, "*") {
			x.models[name] = struct{}{}
		}
	}
	patterns := make([]string, len(c.Routes))
	for i, r := range c.Routes {
		patterns[i] = r.Pattern
		exact(r.Pattern)
		exact(r.Model)
		for _, f := range r.Fallback {
			exact(f)
		}
	}
	x.routes = newMatcher(patterns)
	patterns = make([]string, len(c.Prices))
	for i, p := range c.Prices {
		patterns[i] = p.Pattern
		exact(p.Pattern)
	}
	x.prices = newMatcher(patterns)
	return x
}

// RouteFor finds the route of a model: its exact name, else the matching
// pattern with the most literal characters. It does not allocate.
func (c *Config) RouteFor(model string) (Route, bool) {
	if i, ok := c.index.routes.find(model); ok {
		return c.Routes[i], true
	}
	return Route{}, false
}

// PriceFor finds the price of a model, by the rule of RouteFor.
func (c *Config) PriceFor(model string) (Price, bool) {
	if i, ok := c.index.prices.find(model); ok {
		return c.Prices[i], true
	}
	return Price{}, false
}

// KeyByDigest finds a client's key by the SHA-256 of what the client sent.
// Timing tells nothing useful: who can steer the digest's bits towards those of
// a stored one has already inverted SHA-256.
func (c *Config) KeyByDigest(d [32]byte) (*APIKey, bool) {
	if i, ok := c.index.keys[d]; ok {
		return &c.Keys[i], true
	}
	return nil, false
}

// ModelKnown reports whether the configuration spells out a model's name, in a
// route, as what a provider is asked for, as a fallback or in a price. Metrics
// use such names only, so that no client can create series.
func (c *Config) ModelKnown(model string) bool {
	_, ok := c.index.models[model]
	return ok
}

// matcher finds the most specific of a set of names and patterns.
type matcher struct {
	exact    map[string]int
	patterns []pattern // most specific first
}

type pattern struct {
	text   string
	prefix string // what comes before the first *
	rest   string // from the first * on
	index  int
}

func newMatcher(texts []string) matcher {
	m := matcher{exact: make(map[string]int, len(texts))}
	for i, t := range texts {
		star := strings.IndexByte(t, '*')
		if star < 0 {
			m.exact[t] = i
			continue
		}
		m.patterns = append(m.patterns, pattern{text: t, prefix: t[:star], rest: t[star:], index: i})
	}
	slices.SortFunc(m.patterns, func(a, b pattern) int { return moreSpecific(a.text, b.text) })
	return m
}

// moreSpecific orders patterns: more literal characters first, then fewer
// stars, so that of two patterns of which one covers the other the narrower
// comes first; the text decides what is left, to be the same on all nodes.
func moreSpecific(a, b string) int {
	starsA, starsB := strings.Count(a, "*"), strings.Count(b, "*")
	return cmp.Or(
		cmp.Compare(len(b)-starsB, len(a)-starsA),
		cmp.Compare(starsA, starsB),
		cmp.Compare(a, b),
	)
}

func (m *matcher) find(name string) (int, bool) {
	if i, ok := m.exact[name]; ok {
		return i, true
	}
	for i := range m.patterns {
		p := &m.patterns[i]
		if strings.HasPrefix(name, p.prefix) && matches(p.rest, name[len(p.prefix):]) {
			return p.index, true
		}
	}
	return 0, false
}

// matches reports whether a name is matched by a pattern, in which * stands for
// any run of characters, an empty one too. Its time is at most the product of
// both lengths.
func matches(pattern, name string) bool {
	p, n := 0, 0
	star, retry := -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, retry = p, n
			p++
		case p < len(pattern) && pattern[p] == name[n]:
			p++
			n++
		case star >= 0: // let the last * take one character more
			retry++
			p, n = star+1, retry
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
