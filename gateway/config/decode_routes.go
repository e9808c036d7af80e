package config

import (
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
)

// placedRoute is a route with the places that checks point at.
type placedRoute struct {
	Route
	label     hcl.Range
	provider  hcl.Range // zero: not readable, and reported
	fallbacks []hcl.Range
}

func (d *decoder) route(in *hcl.Block) Route {
	r := Route{Pattern: in.Labels[0]}
	b := d.block(quoted("route", r.Pattern), in, schema("provider model fallback display_name", ""))
	d.label(in, "")
	b.require("provider", `provider = "..."`)
	r.Provider = b.text("provider", "")
	r.Model = b.text("model", "")
	r.Fallback = b.texts("fallback")
	r.DisplayName = b.text("display_name", "")
	placed := placedRoute{Route: r, label: in.LabelRanges[0]}
	if b.has("provider") && b.sound("provider") {
		placed.provider = b.at("provider")
	}
	if b.has("model") && b.sound("model") {
		why := badModel(r.Model)
		if why == "" && strings.Contains(r.Model, "*") {
			why = "holds a *; the provider is asked for one model. Leave it out to ask for the name that the client sent"
		}
		if why != "" {
			b.fail("model", "Invalid model", "model is %q, which %s.", clip(r.Model), why)
		}
	}
	for i, f := range r.Fallback {
		at := b.element("fallback", i)
		placed.fallbacks = append(placed.fallbacks, at)
		switch why := badModel(f); {
		case why != "":
			d.errorf(at, "Invalid fallback", "fallback has %q, which %s.", clip(f), why)
		case strings.Contains(f, "*"):
			d.errorf(at, "Invalid fallback", "fallback has %q; write names of models, without *.", clip(f))
		case f == r.Pattern:
			d.warnf(at, "Fallback to itself", "%s falls back to itself, which changes nothing.", b.name)
		case slices.Contains(r.Fallback[:i], f):
			d.errorf(at, "Duplicate fallback", "fallback has %q twice. Remove one.", f)
		}
	}
	if strings.ContainsFunc(r.DisplayName, func(c rune) bool { return !unicode.IsPrint(c) }) {
		b.fail("display_name", "Invalid display_name", "display_name holds a character that cannot be printed.")
	}
	d.routes = append(d.routes, placed)
	return r
}

func (d *decoder) price(in *hcl.Block) Price {
	p := Price{Pattern: in.Labels[0]}
	b := d.block(quoted("price", p.Pattern), in, schema("input output cache_read cache_write", ""))
	d.label(in, "")
	b.require("input", "input = 3.00, in USD per million tokens")
	b.require("output", "output = 15.00, in USD per million tokens")
	p.Input = b.amount("input", 0)
	p.Output = b.amount("output", 0)
	p.CacheRead = b.amount("cache_read", p.Input)
	p.CacheWrite = b.amount("cache_write", p.Input)
	return p
}
