package config

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func example(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("../../gateway.hcl.example")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// changed is the example with one piece replaced, which must be there.
func changed(t testing.TB, old, new string) *Config {
	t.Helper()
	text := example(t)
	if !strings.Contains(text, old) {
		t.Fatalf("the example does not hold %q", old)
	}
	return parse(t, strings.Replace(text, old, new, 1))
}

func TestDigestChangesWithWhatMatters(t *testing.T) {
	seen := map[string]string{parse(t, example(t)).Digest(): "the example"}
	for _, c := range [][2]string{
		{`api_key "search-team"`, `api_key "find-team"`}, {`env("SEARCH_TEAM_KEY")`, `env("MY_KEY")`}, {"enabled = true", "enabled = false"},
		{`"gpt-*", "claude-*", "gemini-*", "smart"]`, `"gpt-*"]`}, {"requests_per_minute = 600", "requests_per_minute = 601"},
		{"usd_per_day         = 50", "usd_per_day         = 50.5"}, {"3b7d9d6a", "3b7d9d6b"}, {`session_ttl = "1h"`, `session_ttl = "2h"`},
		{`["conversation", "api_key"]`, `["api_key"]`}, {"https://api.anthropic.com/v1", "https://api.anthropic.com/v2"},
		{`env("ANTHROPIC_API_KEY")`, `env("MY_KEY")`}, {"priority           = 1", "priority           = 3"}, {"weight             = 100", "weight             = 99"},
		{`timeout            = "600s"`, `timeout            = "601s"`}, {`first_byte_timeout = "120s"`, `first_byte_timeout = "121s"`}, {`idle_timeout       = "60s"`, `idle_timeout       = "61s"`},
		{`"x-team" = "search"`, `"x-team" = "find"`}, {`instance "backup"`, `instance "reserve"`}, {`recovery_after = "60s"`, `recovery_after = "61s"`},
		{`interval = "10s"`, `interval = "11s"`}, {"auto_cache_tools  = true", "auto_cache_tools  = false"}, {`"claude-sonnet-5"`, `"claude-opus-5"`},
		{`["gpt-5"]`, `["gpt-4"]`}, {`"Smart"`, `"Clever"`}, {"output      = 15.00", "output      = 16.00"}, {"cache_read = 0.125", "cache_read = 0.126"},
	} {
		d := changed(t, c[0], c[1]).Digest()
		if was := seen[d]; was != "" {
			t.Errorf("%s gives the digest of %s", c[1], was)
		}
		seen[d] = c[1]
		if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(d) {
			t.Errorf("%q is not 16 hex digits", d)
		}
	}
}

func TestDigestIgnoresWhatIsANodesOwn(t *testing.T) {
	want := parse(t, example(t)).Digest()
	for _, c := range [][2]string{
		{`"gw-1"`, `"gw-2"`}, {"0.0.0.0:8080", "0.0.0.0:8081"}, {"127.0.0.1:9090", "127.0.0.1:9091"}, {`"info"`, `"debug"`}, {"10.0.0.11:7946", "10.0.0.12:7946"},
		{`"30s"   #`, `"31s" #`}, {`api_key  = env("GEMINI_API_KEY")`, `api_key = env("NO_SUCH", env("GEMINI_API_KEY"))`},
	} {
		if got := changed(t, c[0], c[1]).Digest(); got != want {
			t.Errorf("%s changes the digest", c[1])
		}
	}
}

// TestDigestIgnoresOrder loads the blocks in another order, over two files.
func TestDigestIgnoresOrder(t *testing.T) {
	blocks := []string{someProvider, "api_key \"a\" { key = \"1\" }\n", "api_key \"b\" { key = \"2\" }\n", "route \"a\" { provider = \"openai\" }\n", "route \"b\" { provider = \"openai\" }\n"}
	one, err := Parse(map[string][]byte{"a.hcl": []byte(strings.Join(blocks, ""))}, world())
	if err != nil {
		t.Fatal(err)
	}
	two, err := Parse(map[string][]byte{"a.hcl": []byte(blocks[4] + blocks[2]), "b.hcl": []byte(blocks[1] + blocks[3] + blocks[0])}, world())
	if err != nil {
		t.Fatal(err)
	}
	if one.Digest() != two.Digest() {
		t.Error("the order of blocks changes the digest")
	}
}

func TestInstanceID(t *testing.T) {
	id := func(c *Config) string { return c.Providers[0].Instances[0].ID() }
	base := id(parse(t, example(t)))
	if !regexp.MustCompile(`^anthropic/primary@[0-9a-f]{8}$`).MatchString(base) {
		t.Errorf("the ID is %q", base)
	}
	for _, c := range [][2]string{{"https://api.anthropic.com/v1", "https://api.anthropic.com/v2"}, {`env("ANTHROPIC_API_KEY")`, `env("MY_KEY")`}, {`"x-team" =`, `"authorization" =`}} {
		if id(changed(t, c[0], c[1])) == base {
			t.Errorf("%s leaves the ID", c[1])
		}
	}
	for _, c := range [][2]string{{"weight             = 100", "weight = 1"}, {`"x-team" = "search"`, `"x-team" = "find"`}, {"https://api.anthropic.com/v1", "https://api.anthropic.com/v1/"}} {
		if id(changed(t, c[0], c[1])) != base {
			t.Errorf("%s changes the ID", c[1])
		}
	}
}
