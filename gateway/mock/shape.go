package mock

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rule tells what is wrong with a value of decoded JSON; nil: nothing is.
type rule func(at string, v any) *fault

// fault is why a request is refused. Each dialect words it its own way.
type fault struct {
	at   string // where: messages.0.content
	kind faultKind
	text string // what is wrong, or what was expected
	got  string // for wrongType: what came
}

type faultKind int

const (
	wrongValue faultKind = iota
	wrongType
	missing
	unknown
)

func wrong(at, format string, args ...any) *fault {
	return &fault{at: at, text: fmt.Sprintf(format, args...)}
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

func item(at string, i int) string { return join(at, strconv.Itoa(i)) }

func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	default:
		return "object"
	}
}

func typeFault(at, want string, v any) *fault {
	return &fault{at: at, kind: wrongType, text: want, got: kindOf(v)}
}

func anything(string, any) *fault { return nil }

func text(at string, v any) *fault {
	if _, ok := v.(string); !ok {
		return typeFault(at, "string", v)
	}
	return nil
}

func boolean(at string, v any) *fault {
	if _, ok := v.(bool); !ok {
		return typeFault(at, "boolean", v)
	}
	return nil
}

func anyObject(at string, v any) *fault {
	if _, ok := v.(map[string]any); !ok {
		return typeFault(at, "object", v)
	}
	return nil
}

// sized is a text of at least and at most so many bytes; most 0: no bound.
func sized(least, most int) rule {
	return func(at string, v any) *fault {
		s, ok := v.(string)
		switch {
		case !ok:
			return typeFault(at, "string", v)
		case len(s) < least:
			return wrong(at, "string is too short: %d characters are the minimum", least)
		case most > 0 && len(s) > most:
			return wrong(at, "string is too long: %d characters, %d are the maximum", len(s), most)
		}
		return nil
	}
}

func matches(pattern string) rule {
	re := regexp.MustCompile(pattern)
	return func(at string, v any) *fault {
		s, ok := v.(string)
		switch {
		case !ok:
			return typeFault(at, "string", v)
		case !re.MatchString(s):
			return wrong(at, "String should match pattern '%s'", pattern)
		}
		return nil
	}
}

func oneOf(values ...string) rule {
	return func(at string, v any) *fault {
		s, ok := v.(string)
		switch {
		case !ok:
			return typeFault(at, "string", v)
		case !slices.Contains(values, s):
			return wrong(at, "'%s' is none of '%s'", s, strings.Join(values, "', '"))
		}
		return nil
	}
}

func number(least, most float64) rule {
	return func(at string, v any) *fault {
		n, ok := v.(float64)
		switch {
		case !ok:
			return typeFault(at, "number", v)
		case n < least || n > most:
			return wrong(at, "%v is not between %v and %v", n, least, most)
		}
		return nil
	}
}

func integer(least, most float64) rule {
	within := number(least, most)
	return func(at string, v any) *fault {
		if n, ok := v.(float64); !ok || n != math.Trunc(n) {
			return typeFault(at, "integer", v)
		}
		return within(at, v)
	}
}

func nullable(r rule) rule {
	return func(at string, v any) *fault {
		if v == nil {
			return nil
		}
		return r(at, v)
	}
}

// listOf is an array of at least and at most so many items; most 0: no bound.
func listOf(r rule, least, most int) rule {
	return func(at string, v any) *fault {
		list, ok := v.([]any)
		switch {
		case !ok:
			return typeFault(at, "array", v)
		case len(list) < least:
			return wrong(at, "array is too short: %d items are the minimum", least)
		case most > 0 && len(list) > most:
			return wrong(at, "array is too long: %d items, %d are the maximum", len(list), most)
		}
		for i, e := range list {
			if f := r(item(at, i), e); f != nil {
				return f
			}
		}
		return nil
	}
}

// textOr is a text, or what else the rule takes.
func textOr(r rule) rule {
	return func(at string, v any) *fault {
		if _, ok := v.(string); ok {
			return nil
		}
		return r(at, v)
	}
}

// fields is an object with these and no other members. A name that ends in
// "!" must be there.
type fields map[string]rule

func object(f fields) rule { return f.rule(false) }

// openObject lets members pass that it does not name.
func openObject(f fields) rule { return f.rule(true) }

func (f fields) rule(open bool) rule {
	var required []string
	known := make(map[string]rule, len(f))
	for name, r := range f {
		plain, must := strings.CutSuffix(name, "!")
		known[plain] = r
		if must {
			required = append(required, plain)
		}
	}
	slices.Sort(required)
	return func(at string, v any) *fault {
		m, ok := v.(map[string]any)
		if !ok {
			return typeFault(at, "object", v)
		}
		for _, name := range required {
			if _, ok := m[name]; !ok {
				return &fault{at: join(at, name), kind: missing}
			}
		}
		for _, name := range sortedKeys(m) {
			r, ok := known[name]
			switch {
			case ok:
				if f := r(join(at, name), m[name]); f != nil {
					return f
				}
			case !open:
				return &fault{at: join(at, name), kind: unknown}
			}
		}
		return nil
	}
}

// with is f and more members.
func (f fields) with(more fields) fields {
	out := make(fields, len(f)+len(more))
	for k, v := range f {
		out[k] = v
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}

// tagged chooses an object's rule by the text in one of its members. Without
// the member the rule named "" applies, if there is one.
func tagged(tag string, kinds map[string]rule) rule {
	names := sortedKeys(kinds)
	return func(at string, v any) *fault {
		m, ok := v.(map[string]any)
		if !ok {
			return typeFault(at, "object", v)
		}
		value, given := m[tag]
		name, ok := value.(string)
		switch {
		case given && !ok:
			return typeFault(join(at, tag), "string", value)
		case kinds[name] != nil:
			return kinds[name](at, v)
		case !given:
			return &fault{at: join(at, tag), kind: missing}
		}
		return wrong(join(at, tag), "'%s' is none of '%s'", name, strings.Join(names, "', '"))
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// The getters below read what rules have already checked; what is absent is
// empty.

func str(m map[string]any, name string) string          { s, _ := m[name].(string); return s }
func obj(m map[string]any, name string) map[string]any  { o, _ := m[name].(map[string]any); return o }
func arr(m map[string]any, name string) []any           { a, _ := m[name].([]any); return a }
func num(m map[string]any, name string) (float64, bool) { n, ok := m[name].(float64); return n, ok }
func flag(m map[string]any, name string) bool           { b, _ := m[name].(bool); return b }

// objects are the objects of a list.
func objects(list []any) []map[string]any {
	out := make([]map[string]any, 0, len(list))
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}
