package config

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// The getters below read one attribute each. Where it is absent they give the
// default; where it is wrong they report it, give the default, and remember it
// in failed, so that nothing is said about it twice.

// has reports whether an attribute is written at all, right or wrong.
func (b *body) has(name string) bool { return b.attrs[name] != nil }

// sound reports whether an attribute, written or not, was not reported.
func (b *body) sound(name string) bool { return !b.failed[name] }

// at is where an attribute's value is, or the block's header without one.
func (b *body) at(name string) hcl.Range {
	if a := b.attrs[name]; a != nil {
		return a.Expr.Range()
	}
	return b.where
}

func (b *body) fail(name, summary, format string, a ...any) {
	b.failed[name] = true
	b.d.errorf(b.at(name), summary, format, a...)
}

// require reports a missing attribute.
func (b *body) require(name, example string) {
	if !b.has(name) && !b.broken {
		b.failed[name] = true
		b.d.errorf(b.where, "Missing "+name, "%s needs %s: write %s.", b.name, name, example)
	}
}

// value evaluates an attribute as a type; ok is false where there is none.
func (b *body) value(name string, want cty.Type, kind string) (v cty.Value, ok bool) {
	a := b.attrs[name]
	if a == nil {
		return cty.NilVal, false
	}
	v, diags := a.Expr.Value(b.scope)
	b.d.add(diags...)
	if diags.HasErrors() {
		b.failed[name] = true
		return cty.NilVal, false
	}
	if v.Type() == cty.DynamicPseudoType && !v.IsKnown() { // its syntax was reported
		b.failed[name] = true
		return cty.NilVal, false
	}
	if v.IsNull() {
		delete(b.attrs, name) // null means: as if it were not written
		return cty.NilVal, false
	}
	got := friendly(v.Type())
	v, err := convert.Convert(v, want)
	if err != nil || !v.IsWhollyKnown() || holdsNull(v) {
		b.fail(name, "Wrong type", "%s must be %s. This is %s.", name, kind, got)
		return cty.NilVal, false
	}
	return v, true
}

// friendly names a type as this package's messages do.
func friendly(t cty.Type) string {
	switch {
	case t.IsTupleType() || t.IsListType() || t.IsSetType():
		return "a list"
	case t.IsObjectType() || t.IsMapType():
		return "a map"
	case t == cty.Bool:
		return "true or false"
	case t == cty.String || t == cty.Number:
		return "a " + t.FriendlyName()
	}
	return t.FriendlyName()
}

func holdsNull(v cty.Value) bool {
	if v.IsNull() {
		return true
	}
	if v.CanIterateElements() {
		for _, e := range v.Elements() {
			if holdsNull(e) {
				return true
			}
		}
	}
	return false
}

func (b *body) text(name, fallback string) string {
	v, ok := b.value(name, cty.String, "a string")
	if !ok {
		return fallback
	}
	return v.AsString()
}

func (b *body) secret(name string) Secret {
	v, ok := b.value(name, cty.String, "a string")
	if !ok {
		return ""
	}
	s := v.AsString()
	if why := unsendable(s); why != "" {
		b.fail(name, "Invalid "+name, "%s %s.", name, why)
		return ""
	}
	return Secret(s)
}

// unsendable says why a string cannot be the value of an HTTP header.
func unsendable(s string) string {
	switch {
	case strings.ContainsAny(s, "\r\n"):
		return "holds a line break; file() drops only the one at the end of a file, trimspace() drops all around a text"
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return "holds a control character"
	case strings.TrimSpace(s) != s:
		return "begins or ends with white space; trimspace() removes it"
	}
	return ""
}

func (b *body) bool(name string, fallback bool) bool {
	v, ok := b.value(name, cty.Bool, "true or false")
	if !ok {
		return fallback
	}
	return v.True()
}

func (b *body) int(name string, fallback, low, high int64) int64 {
	v, ok := b.value(name, cty.Number, "a number")
	if !ok {
		return fallback
	}
	f := v.AsBigFloat()
	if f.Cmp(big.NewFloat(float64(low))) < 0 || f.Cmp(big.NewFloat(float64(high))) > 0 {
		b.fail(name, "Impossible value", "%s must be between %d and %d.", name, low, high)
		return fallback
	}
	if !f.IsInt() {
		b.fail(name, "Impossible value", "%s must be a whole number.", name)
		return fallback
	}
	n, _ := f.Int64()
	return n
}

// amount reads a number of dollars.
func (b *body) amount(name string, fallback float64) float64 {
	v, ok := b.value(name, cty.Number, "a number")
	if !ok {
		return fallback
	}
	f, _ := v.AsBigFloat().Float64()
	if f < 0 || f > maxAmount || math.IsNaN(f) {
		b.fail(name, "Impossible value", "%s must be an amount in USD, between 0 and %d.", name, int64(maxAmount))
		return fallback
	}
	return f
}

const maxAmount = 1e9

func (b *body) duration(name string, fallback time.Duration) time.Duration {
	v, ok := b.value(name, cty.String, `a duration such as "30s"`)
	if !ok {
		return fallback
	}
	s := v.AsString()
	t, err := time.ParseDuration(s)
	switch {
	case err != nil && numeric.MatchString(s):
		b.fail(name, "Invalid duration", "%s is %q, without a unit. Write %q, or ms, m, h for the unit.", name, clip(s), clip(s)+"s")
	case err != nil:
		b.fail(name, "Invalid duration", "%s is %q. Write a number with a unit, such as \"30s\", \"1m30s\" or \"1h\".", name, clip(s))
	case t <= 0:
		b.fail(name, "Impossible value", "%s is %q. It must be longer than nothing, such as %q.", name, clip(s), short(fallback))
	case t > maxDuration:
		b.fail(name, "Impossible value", "%s is %q. It can be a year at most.", name, clip(s))
	default:
		return t
	}
	return fallback
}

const maxDuration = 366 * 24 * time.Hour

var numeric = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// size reads a number of bytes, plain or with a binary unit.
func (b *body) size(name string, fallback, low, high int64) int64 {
	v, ok := b.value(name, cty.String, `a size such as "10MiB"`)
	if !ok {
		return fallback
	}
	s := v.AsString()
	n, err := parseSize(s)
	switch {
	case err != nil:
		b.fail(name, "Invalid size", "%s is %q. Write a number of bytes, or a number with KiB, MiB or GiB, such as \"10MiB\".", name, clip(s))
	case n < low || n > high:
		b.fail(name, "Impossible value", "%s is %q. It must be between %s and %s.", name, clip(s), formatSize(low), formatSize(high))
	default:
		return n
	}
	return fallback
}

var units = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

func parseSize(s string) (int64, error) {
	unit := int64(1)
	for _, u := range units {
		if n, found := strings.CutSuffix(s, u.name); found {
			s, unit = strings.TrimSpace(n), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, err
	}
	if n > math.MaxInt64/unit || n < 0 {
		return 0, strconv.ErrRange
	}
	return n * unit, nil
}

// formatSize writes bytes in the largest unit that fits exactly.
func formatSize(n int64) string {
	for _, u := range units {
		if n >= u.bytes && n%u.bytes == 0 && u.bytes > 1 {
			return fmt.Sprintf("%d%s", n/u.bytes, u.name)
		}
	}
	return strconv.FormatInt(n, 10)
}

func (b *body) texts(name string) []string {
	v, ok := b.value(name, cty.List(cty.String), `a list of strings, such as ["a", "b"]`)
	if !ok {
		return nil
	}
	texts := make([]string, 0, v.LengthInt())
	for _, e := range v.Elements() {
		texts = append(texts, e.AsString())
	}
	return texts
}

// element is where one element of a list is written, or the whole list.
func (b *body) element(name string, i int) hcl.Range {
	if a := b.attrs[name]; a != nil {
		if exprs, diags := hcl.ExprList(a.Expr); !diags.HasErrors() && i < len(exprs) {
			return exprs[i].Range()
		}
	}
	return b.at(name)
}

// oneOf reads a string of a fixed set.
func (b *body) oneOf(name, fallback string, known ...string) string {
	s := b.text(name, fallback)
	if s != fallback && !slices.Contains(known, s) {
		b.fail(name, "Invalid "+name, "%s is %q; it must be %s.%s", name, clip(s), list(known), suggest(s, known))
		return fallback
	}
	return s
}

// clip keeps a value that a message quotes short.
func clip(s string) string {
	if len(s) <= 80 {
		return s
	}
	return strings.ToValidUTF8(s[:80], "") + "..."
}
