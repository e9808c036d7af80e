package config

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// putBack replaces the masks of Show by the secrets, in their order.
func putBack(c *Config) string {
	secrets := []Secret{c.Admin.Token}
	if c.Cluster != nil {
		secrets = append(secrets, c.Cluster.Secret)
	}
	for _, p := range c.Providers {
		for _, i := range p.Instances {
			secrets = append(secrets, i.APIKey)
			for _, h := range slices.Sorted(maps.Keys(i.Headers)) {
				secrets = append(secrets, i.Headers[h])
			}
		}
	}
	text := string(c.Show())
	var b strings.Builder
	for _, s := range secrets {
		if s == "" {
			continue
		}
		before, after, _ := strings.Cut(text, `"`+masked+`"`)
		fmt.Fprintf(&b, "%s%s", before, hclwrite.TokensForValue(cty.StringVal(s.Reveal())).Bytes())
		text = after
	}
	return b.String() + text
}

func same(a, b *Config) string {
	return cmp.Diff(a, b, cmpopts.IgnoreUnexported(Config{}), cmp.AllowUnexported(Instance{}), cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b *url.URL) bool { return a.String() == b.String() }),
		cmp.Comparer(func(a, b Secret) bool { return a.Reveal() == b.Reveal() }))
}

func TestShowParsesAgain(t *testing.T) {
	c := parse(t, example(t))
	again := parse(t, putBack(c))
	if diff := same(c, again); diff != "" {
		t.Errorf("what Show wrote means something else (-loaded +shown):\n%s", diff)
	}
	if c.Digest() != again.Digest() {
		t.Error("the digests differ")
	}
	if first, second := string(c.Show()), string(c.Show()); first != second || first != string(again.Show()) {
		t.Error("Show is not deterministic")
	}
}

func TestDefaults(t *testing.T) {
	c := parse(t, someProvider)
	i := c.Providers[0].Instances[0]
	got := fmt.Sprint(c.NodeName, c.Server, c.Admin, c.Log, c.Cluster, c.Providers[0].Health, c.Providers[0].Cache, c.Providers[0].SessionTTL, c.Providers[0].StickyBy,
		i.Priority, i.Weight, i.Timeout, i.FirstByteTimeout, i.IdleTimeout, i.Headers == nil)
	const want = "host-1{0.0.0.0:8080 10485760 30s false <nil>} {127.0.0.1:9090 } {INFO json} <nil> {1m0s <nil>} {true 1024 true} 1h0m0s [api_key] 1 100 10m0s 2m0s 1m0s true"
	if got != want {
		t.Errorf("the defaults are\n%s, want\n%s", got, want)
	}
}

func TestChanges(t *testing.T) {
	base := parse(t, example(t))
	if got := Changes(base, parse(t, example(t))); len(got) > 0 {
		t.Errorf("the same configuration has changes: %q", got)
	}
	for _, c := range []struct{ old, new, want string }{
		{`instance "backup"`, `instance "reserve"`, "provider \"anthropic\": instance \"backup\" removed\nprovider \"anthropic\": instance \"reserve\" added"},
		{`env("ANTHROPIC_API_KEY")`, `env("MY_KEY")`, `provider "anthropic": instance "primary": api_key changed`},
		{`"x-team" = "search"`, `"x-team" = "hunter2"`, `provider "anthropic": instance "primary": headers changed`},
		{`env("SEARCH_TEAM_KEY")`, `env("MY_KEY")`, `api_key "search-team": key changed`},
		{`env("LLMGW_ADMIN_TOKEN", "")`, `"hunter2"`, "admin: token changed"},
		{`"gpt-*", "claude-*", "gemini-*", "smart"]`, `"gpt-*"]`, `api_key "search-team": models changed from ["gpt-*" "claude-*" "gemini-*" "smart"] to ["gpt-*"]`},
		{`session_ttl = "1h"`, `session_ttl = "90m"`, `provider "anthropic": session_ttl changed from 1h to 1h30m`},
		{"enabled = true", "enabled = false", `api_key "search-team": enabled changed from true to false`},
		{`display_name = "Smart"`, "", `route "smart": display_name changed from "Smart" to nothing`},
		{`route "gpt-*"`, `route "g*"`, "route \"g*\" added\nroute \"gpt-*\" removed"},
		{"cache_read = 0.125", "cache_read = 0.25", `price "gpt-5": cache_read changed from 0.125 to 0.25`},
		{`interval = "10s"`, `interval = "1m"`, `provider "anthropic": probe: interval changed from 10s to 1m`},
		{`level  = "info"`, `level = "debug"`, `log: level changed from "info" to "debug"`},
		{`"0.0.0.0:8080"`, `":8081"`, `server: listen changed from "0.0.0.0:8080" to ":8081"`},
	} {
		got := strings.Join(Changes(base, changed(t, c.old, c.new)), "\n")
		if got != c.want {
			t.Errorf("%s is told as\n%s, want\n%s", c.new, got, c.want)
		}
	}
}

func TestNeedsRestart(t *testing.T) {
	base := parse(t, example(t))
	for _, c := range []struct{ old, new, want string }{
		{`"gw-1"`, `"gw-2"`, `node_name changed from "gw-1" to "gw-2"`},
		{`"127.0.0.1:9090"`, `"127.0.0.1:9091"`, `admin: listen changed from "127.0.0.1:9090" to "127.0.0.1:9091"`},
		{`"10MiB" #`, `"1MiB" #`, `server: max_body_size changed from "10MiB" to "1MiB"`},
		{`advertise   = "10.0.0.11:7946"`, "", `cluster: advertise changed from "10.0.0.11:7946" to nothing`},
		{`env("LLMGW_CLUSTER_SECRET")`, `"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="`, "cluster: secret changed"},
		{`"30s"   #`, `"31s" #`, ""}, {`env("ANTHROPIC_API_KEY")`, `env("MY_KEY")`, ""}, {`"info"`, `"debug"`, ""},
	} {
		next := changed(t, c.old, c.new)
		got := NeedsRestart(base, next)
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s is told as %q, want %q", c.new, got, c.want)
		}
		for _, line := range got {
			if !slices.Contains(Changes(base, next), line) {
				t.Errorf("%q is not among the changes", line)
			}
		}
	}
	single := parse(t, someProvider)
	single.NodeName = base.NodeName
	if got := NeedsRestart(base, single); !slices.Contains(got, "cluster removed") {
		t.Errorf("leaving the cluster is told as %q", got)
	}
}
