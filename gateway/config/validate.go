package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// validate checks what only the whole configuration can tell.
func (d *decoder) validate(c *Config) {
	d.checkListeners()
	if len(c.Providers) == 0 && !d.unsure {
		d.add(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: "No provider", Detail: `There is nothing to send requests to. Write a provider block, such as provider "openai" { ... }, with an instance.`})
	}
	if len(c.Keys) == 0 && !d.unsure {
		d.add(&hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "No api_key", Detail: `Every request will be refused. Write an api_key block, such as api_key "me" { key = env("MY_KEY") }.`})
	}
	d.checkRoutes()
}

// checkListeners reports listeners that would take each other's port.
func (d *decoder) checkListeners() {
	for i, a := range d.listeners {
		for _, b := range d.listeners[:i] {
			if a.port == 0 || a.port != b.port || a.host != b.host && !wildcard(a.host) && !wildcard(b.host) {
				continue
			}
			at, other := a, b
			if at.at.Filename == "" {
				at, other = b, a
			}
			if at.at.Filename == "" {
				continue // both are defaults, which differ
			}
			text := "%s and %s both listen on port %d. Give one of them another."
			if other.at.Filename == "" {
				d.errorf(at.at, "Port used twice", text+" (%s is a default.)", at.name, other.name, a.port, other.name)
				continue
			}
			d.add(&hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Port used twice", Detail: fmt.Sprintf(text, at.name, other.name, a.port),
				Subject: &at.at, Extra: related{other.at, "the other is here"},
			})
		}
	}
}

// checkRoutes reports references to nothing, and patterns without effect.
func (d *decoder) checkRoutes() {
	patterns := make([]string, len(d.routes))
	for i, r := range d.routes {
		patterns[i] = r.Pattern
	}
	routes := newMatcher(patterns)
	known := slices.Compact(slices.Sorted(slices.Values(d.providers)))
	used := make(map[string]bool)
	for _, r := range d.routes {
		used[r.Provider] = true
		if r.provider.Filename != "" && !slices.Contains(known, r.Provider) && !d.unsure {
			d.errorf(r.provider, "Unknown provider", "There is no provider %q.%s", clip(r.Provider), orKnown(r.Provider, known, "These are configured"))
		}
		for i, f := range r.Fallback {
			if strings.Contains(f, "*") || badModel(f) != "" || d.unsure {
				continue // reported already
			}
			if _, ok := routes.find(f); !ok {
				d.errorf(r.fallbacks[i], "Unknown fallback", "No route matches the model %q.%s Write route %q { provider = \"...\" }, or remove it.", clip(f), suggest(f, patterns), clip(f))
			}
		}
	}
	d.checkPatterns()
	if len(d.routes) > 0 && !d.unsure {
		for _, name := range known {
			if at, ok := d.labels["\x00provider\x00"+name]; ok && !used[name] {
				d.warnf(at, "Provider without a route", "No route leads to provider %q.", name)
			}
		}
	}
}

func orKnown(given string, known []string, text string) string {
	if s := suggest(given, known); s != "" || len(known) == 0 {
		return s
	}
	return " " + text + ": " + strings.Join(known, ", ") + "."
}

// checkPatterns warns of routes that no request can reach.
func (d *decoder) checkPatterns() {
	type first struct {
		pattern string
		at      hcl.Range
	}
	seen := make(map[string]first)
	ordered := slices.Clone(d.routes)
	slices.SortStableFunc(ordered, func(a, b placedRoute) int { return moreSpecific(a.Pattern, b.Pattern) })
	for _, r := range ordered {
		if i := strings.IndexAny(r.Pattern, "?[]^$\\| "); i >= 0 {
			d.warnf(r.label, "Pattern that matches nothing", "In %q only * is special; %q stands for itself, and no model's name has it.", clip(r.Pattern), r.Pattern[i:i+1])
		}
		collapsed := r.Pattern
		for strings.Contains(collapsed, "**") {
			collapsed = strings.ReplaceAll(collapsed, "**", "*")
		}
		was, found := seen[collapsed]
		if !found {
			seen[collapsed] = first{r.Pattern, r.label}
			continue
		}
		if was.pattern == r.Pattern {
			continue // a duplicate, reported as such
		}
		d.add(&hcl.Diagnostic{
			Severity: hcl.DiagWarning, Summary: "Route that is never taken",
			Detail:  fmt.Sprintf("%q means the same as %q, which comes first. Remove one of the two.", clip(r.Pattern), clip(was.pattern)),
			Subject: &r.label, Extra: related{was.at, "the other is here"},
		})
	}
}
