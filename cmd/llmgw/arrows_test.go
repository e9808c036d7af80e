package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/llmgw/llmgw/"

// picture reads the arrows of ARCHITECTURE.md: package -> what it imports.
func picture(t *testing.T) map[string][]string {
	b, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "```\n")
	block, _, _ := strings.Cut(rest, "```")
	arrows := map[string][]string{}
	for line := range strings.Lines(block) {
		from, to, ok := strings.Cut(strings.TrimSpace(line), "->")
		if !ok {
			t.Fatalf("no arrow: %q", line)
		}
		var targets []string
		if strings.TrimSpace(to) != "none of ours" {
			targets = names(to)
		}
		for _, p := range names(from) {
			if _, twice := arrows[p]; twice {
				t.Errorf("%s is in the picture twice", p)
			}
			arrows[p] = targets
		}
	}
	return arrows
}

// names reads "a, b/{c,d}" as a, b/c and b/d.
func names(list string) []string {
	var out []string
	for list = strings.TrimSpace(list); list != ""; {
		end := strings.IndexAny(list, ",{")
		switch {
		case end < 0:
			return append(out, list)
		case list[end] == ',':
			out = append(out, list[:end])
			list = strings.TrimSpace(list[end+1:])
		default:
			inside, rest, _ := strings.Cut(list[end+1:], "}")
			for name := range strings.SplitSeq(inside, ",") {
				out = append(out, list[:end]+name)
			}
			list = strings.TrimLeft(rest, ", ")
		}
	}
	return out
}

// imports asks go list what each package imports itself.
func imports(t *testing.T) map[string][]string {
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		all[strings.TrimPrefix(words[0], module)] = words[1:]
	}
	return all
}

func TestArrows(t *testing.T) {
	drawn, found := picture(t), imports(t)
	for p, list := range found {
		if _, ok := drawn[p]; !ok {
			t.Errorf("ARCHITECTURE.md does not draw %s", p)
			continue
		}
		for _, i := range list {
			if name, ours := strings.CutPrefix(i, module); ours && !slices.Contains(drawn[p], name) {
				t.Errorf("%s imports %s, which ARCHITECTURE.md does not draw", p, name)
			}
		}
	}
	for p, list := range drawn {
		if _, ok := found[p]; !ok {
			t.Errorf("ARCHITECTURE.md draws %s, which is no package", p)
		}
		for _, name := range list {
			if !slices.Contains(found[p], module+name) {
				t.Errorf("ARCHITECTURE.md draws %s -> %s, which does not exist", p, name)
			}
		}
	}
}

// owners are the only packages that may import what begins so.
var owners = map[string]string{
	"github.com/hashicorp/memberlist":     "cluster",
	"github.com/buraksezer/consistent":    "ring",
	"github.com/cespare/xxhash":           "ring",
	"github.com/gofiber/fiber":            "gateway",
	"github.com/valyala/fasthttp":         "gateway",
	"github.com/prometheus/client_golang": "gateway",
	"github.com/hashicorp/hcl":            "gateway/config",
	"github.com/zclconf/go-cty":           "gateway/config",
	"github.com/spf13/cobra":              "cmd/llmgw",
	"github.com/tiktoken-go/tokenizer":    "gateway/tokens",
}

func TestOneImporterOfEachDependency(t *testing.T) {
	for p, list := range imports(t) {
		for _, i := range list {
			if strings.HasPrefix(i, module) || strings.HasPrefix(i, "golang.org/x/sys/") || !strings.Contains(strings.Split(i, "/")[0], ".") {
				continue // ours, the system's or Go's own
			}
			known := false
			for dependency, owner := range owners {
				if !strings.HasPrefix(i, dependency) {
					continue
				}
				known = true
				if kit := strings.HasPrefix(p, owner+"/") && strings.HasSuffix(p, "test"); p != owner && !kit {
					t.Errorf("%s imports %s, which is for %s alone", p, i, owner)
				}
			}
			if !known {
				t.Errorf("%s imports %s, which no package owns", p, i)
			}
		}
	}
}

func TestNothingThatRunsImportsATestKit(t *testing.T) {
	for p, list := range imports(t) {
		for _, i := range list {
			if name, ours := strings.CutPrefix(i, module); ours && strings.HasSuffix(name, "test") && !strings.HasSuffix(p, "test") {
				t.Errorf("%s imports %s", p, name)
			}
		}
	}
}
