package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// world is what the tests' configurations find around them.
func world() Options {
	vars := map[string]string{
		"LLMGW_CLUSTER_SECRET": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
		"LLMGW_ADMIN_TOKEN":    "hunter2-admin",
		"OPENAI_API_KEY":       "hunter2-openai",
		"ANTHROPIC_API_KEY":    "hunter2-anthropic",
		"ANTHROPIC_API_KEY_2":  "hunter2-anthropic-2",
		"GEMINI_API_KEY":       "hunter2-gemini",
		"SEARCH_TEAM_KEY":      "hunter2-search",
		"MY_KEY":               "hunter2-mine",
		"OTHER_KEY":            "hunter2-other",
		"EMPTY":                "",
	}
	return Options{
		Env:      func(k string) (string, bool) { v, ok := vars[k]; return v, ok },
		Hostname: func() (string, error) { return "host-1", nil },
	}
}

func parse(t testing.TB, text string) *Config {
	t.Helper()
	c, err := Parse(map[string][]byte{"test.hcl": []byte(text)}, world())
	if err != nil {
		t.Fatalf("the configuration is refused:\n%v", err)
	}
	return c
}

const someProvider = `
provider "openai" {
  instance "a" { base_url = "https://api.openai.com/v1" }
}
`

// TestGolden loads each file and folder of testdata, which are named by what is
// wrong with them, and compares what is said of it.
func TestGolden(t *testing.T) {
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".hcl")
		if e.Name() == "fuzz" || !e.IsDir() && name == e.Name() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			got := verdict(filepath.Join("testdata", e.Name()))
			if strings.Contains(got, "hunter") && !strings.Contains(name, "headers") {
				t.Errorf("a secret is shown:\n%s", got)
			}
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("what is said of it differs (-want +got); -update rewrites it:\n%s", diff)
			}
		})
	}
}

// verdict is all that Load says of a configuration.
func verdict(path string) string {
	c, err := Load(path, world())
	if err == nil {
		return "valid\n" + strings.Join(append(c.Warnings(), ""), "\n")
	}
	var b strings.Builder
	if _, werr := err.(*Diagnostics).WriteTo(&b); werr != nil {
		return werr.Error()
	}
	return b.String()
}

func TestExample(t *testing.T) {
	c, err := Load("../../gateway.hcl.example", world())
	if err != nil {
		t.Fatal(err)
	}
	if w := c.Warnings(); len(w) > 0 {
		t.Errorf("the example has warnings:\n%s", strings.Join(w, "\n"))
	}
	text, err := os.ReadFile("../../gateway.hcl.example")
	if err != nil {
		t.Fatal(err)
	}
	for name := range harmless { // an attribute that is new must be shown there
		if !strings.Contains(string(text), name) {
			t.Errorf("the example does not mention %s", name)
		}
	}
	for _, name := range []string{"key ", "api_key ", "token ", "secret ", "headers ", "tls {", "limits {", "probe {", "cache {"} {
		if !strings.Contains(string(text), name) {
			t.Errorf("the example does not mention %s", name)
		}
	}
	if got := len(c.Cluster.Key()); got != 32 {
		t.Errorf("the cluster's key has %d bytes", got)
	}
}
