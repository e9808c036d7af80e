package config

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

func TestRouteFor(t *testing.T) {
	c := parse(t, someProvider+`
route "*" { provider = "openai" }
route "gpt-*" { provider = "openai" }
route "gpt-*-mini" { provider = "openai" }
route "*-mini" { provider = "openai" }
route "gpt-5" { provider = "openai" }
route "a*b" { provider = "openai" }
route "a*b*" { provider = "openai" }
`)
	for model, want := range map[string]string{
		"gpt-5": "gpt-5", "gpt-5.1": "gpt-*", "gpt-5-mini": "gpt-*-mini", "o4-mini": "*-mini", "gpt-": "gpt-*", "": "*",
		"x": "*", "axb": "a*b", "axbc": "a*b*", "ab": "a*b", "GPT-5": "*", "gpt-*": "gpt-*",
	} {
		if r, ok := c.RouteFor(model); !ok || r.Pattern != want {
			t.Errorf("%q goes to route %q (%v), want %q", model, r.Pattern, ok, want)
		}
	}
	if _, ok := parse(t, someProvider+`route "gpt-*" { provider = "openai" }`).RouteFor("claude"); ok {
		t.Error("a route was found for a model that none matches")
	}
}

// TestMatches compares with regular expressions over a small alphabet.
func TestMatches(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	word := func(alphabet string, most int) string {
		b := make([]byte, rnd.IntN(most+1))
		for i := range b {
			b[i] = alphabet[rnd.IntN(len(alphabet))]
		}
		return string(b)
	}
	hits := 0
	for range 20_000 {
		p, name := word("ab*", 6), word("ab", 8)
		want := regexp.MustCompile("^" + strings.ReplaceAll(p, "*", ".*") + "$").MatchString(name)
		if got := matches(p, name); got != want {
			t.Fatalf("matches(%q, %q) = %v", p, name, got)
		}
		if want {
			hits++
		}
	}
	if hits < 1000 {
		t.Errorf("only %d pairs matched", hits)
	}
}

// TestLongestMatchWins checks the rule against the plainest way to say it, in
// any order of the routes.
func TestLongestMatchWins(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	all := []string{"*", "a*", "*a", "a*b", "ab*", "abc", "a*b*c", "ab*c", "*b*", "abc*", "aab", "**ab", "b*"}
	literals := func(p string) int { return len(strings.ReplaceAll(p, "*", "")) }
	for range 200 {
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		some := all[:1+rnd.IntN(len(all))]
		m := newMatcher(some)
		for range 50 {
			b := make([]byte, rnd.IntN(6))
			for i := range b {
				b[i] = "abc"[rnd.IntN(3)]
			}
			name := string(b)
			best := -1
			for _, p := range some {
				if p == name {
					best = 1000
				} else if strings.Contains(p, "*") && matches(p, name) {
					best = max(best, literals(p))
				}
			}
			i, ok := m.find(name)
			switch {
			case ok != (best >= 0):
				t.Fatalf("%q in %q: found %v", name, some, ok)
			case ok && best == 1000 && some[i] != name, ok && best < 1000 && literals(some[i]) != best:
				t.Fatalf("%q in %q: %q is not the longest", name, some, some[i])
			}
		}
	}
}

func TestAllows(t *testing.T) {
	k := APIKey{Models: []string{"gpt-*", "claude-sonnet-5"}}
	for model, want := range map[string]bool{"gpt-5": true, "claude-sonnet-5": true, "claude-opus-5": false, "": false, "xgpt-5": false} {
		if k.Allows(model) != want {
			t.Errorf("Allows(%q) = %v", model, !want)
		}
	}
	if !(&APIKey{}).Allows("anything") {
		t.Error("a key without a list of models must allow all")
	}
}

func TestModelKnown(t *testing.T) {
	c := parse(t, someProvider+`
route "gpt-*" { provider = "openai" }
route "smart" {
  provider = "openai"
  model    = "gpt-5.1"
  fallback = ["gpt-4o"]
}
price "o3" {
  input  = 1
  output = 2
}
price "o4*" {
  input  = 1
  output = 2
}
`)
	for model, want := range map[string]bool{"smart": true, "gpt-5.1": true, "gpt-4o": true, "o3": true, "gpt-*": false, "o4*": false, "gpt-5": false, "": false} {
		if c.ModelKnown(model) != want {
			t.Errorf("ModelKnown(%q) = %v", model, !want)
		}
	}
	if p, ok := c.PriceFor("o4-mini"); !ok || p.Pattern != "o4*" || p.CacheRead != 1 {
		t.Errorf("the price of o4-mini is %+v, %v", p, ok)
	}
	if _, ok := c.PriceFor("gpt-5"); ok {
		t.Error("a price was found for a model without one")
	}
}

func TestKeyByDigest(t *testing.T) {
	c := parse(t, someProvider+`
api_key "plain" { key = "k-plain" }
api_key "digest" { sha256 = sha256("k-digest") }
`)
	for key, name := range map[string]string{"k-plain": "plain", "k-digest": "digest"} {
		if k, ok := c.KeyByDigest(sha256.Sum256([]byte(key))); !ok || k.Name != name {
			t.Errorf("%s is found as %+v, %v", key, k, ok)
		}
	}
	if _, ok := c.KeyByDigest(sha256.Sum256([]byte("k-other"))); ok {
		t.Error("a key was found that is not configured")
	}
}

func manyRoutes(t testing.TB) *Config {
	var b strings.Builder
	b.WriteString(someProvider)
	for i := range 50 {
		fmt.Fprintf(&b, "route \"model-%d-*\" { provider = \"openai\" }\nroute \"exact-%d\" { provider = \"openai\" }\napi_key \"k%d\" { key = \"key-%d\" }\n", i, i, i, i)
	}
	b.WriteString("route \"*\" { provider = \"openai\" }\n")
	return parse(t, b.String())
}

func TestLookupsDoNotAllocate(t *testing.T) {
	c := manyRoutes(t)
	digest := sha256.Sum256([]byte("key-7"))
	if n := testing.AllocsPerRun(100, func() {
		c.RouteFor("exact-7")
		c.RouteFor("model-7-x")
		c.RouteFor("no-such-model")
		c.PriceFor("exact-7")
		c.KeyByDigest(digest)
		c.ModelKnown("exact-7")
	}); n != 0 {
		t.Errorf("lookups allocate %v times", n)
	}
}

func BenchmarkRouteFor(b *testing.B) {
	c := manyRoutes(b)
	for name, model := range map[string]string{"exact": "exact-7", "pattern": "model-7-x", "last": "no-such-model"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.RouteFor(model)
			}
		})
	}
}

func BenchmarkKeyByDigest(b *testing.B) {
	c := manyRoutes(b)
	digest := sha256.Sum256([]byte("key-7"))
	b.ReportAllocs()
	for b.Loop() {
		c.KeyByDigest(digest)
	}
}
