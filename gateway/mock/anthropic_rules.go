package mock

import (
	"slices"
	"strings"
)

// claude is what a model's generation accepts.
type claude struct {
	sampling   bool // temperature, top_p, top_k
	oneSampler bool // temperature or top_p, not both
	enabled    bool // thinking by budget
	adaptive   bool
	thinks     bool // by default
	effort     []string
	forced     bool // tool_choice any and tool
	structured bool
	system     bool // role system inside messages
	prefill    bool
	most       float64 // max_tokens
}

// claudeOf reads a model's generation from its name. An unknown one is taken
// for the newest.
func claudeOf(model string) claude {
	has := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(model, "claude-"+p) })
	}
	effort := []string{"low", "medium", "high", "xhigh", "max"}
	newest := claude{adaptive: true, effort: effort, forced: true, structured: true, system: true, most: 128_000}
	switch {
	case has("3", "2", "instant"):
		return claude{sampling: true, enabled: has("3-7"), forced: true, prefill: true, most: 64_000}
	case has("opus-4-0", "sonnet-4-0", "opus-4-2025", "sonnet-4-2025"):
		return claude{sampling: true, enabled: true, forced: true, prefill: true, most: 64_000}
	case has("opus-4-1"):
		return claude{sampling: true, oneSampler: true, enabled: true, forced: true, structured: true, prefill: true, most: 32_000}
	case has("sonnet-4-5", "haiku-4-5"):
		return claude{sampling: true, oneSampler: true, enabled: true, forced: true, structured: true, prefill: true, most: 64_000}
	case has("opus-4-5"):
		return claude{sampling: true, oneSampler: true, enabled: true, effort: effort[:3], forced: true, structured: true, prefill: true, most: 64_000}
	case has("opus-4-6", "sonnet-4-6"):
		return claude{sampling: true, oneSampler: true, enabled: true, adaptive: true, effort: []string{"low", "medium", "high", "max"}, forced: true, structured: true, most: 128_000}
	case has("opus-4-7"):
		newest.system = false
	case has("sonnet-5"):
		newest.thinks = true
	case has("fable-5", "mythos-5"):
		newest.forced = false
	}
	return newest
}

// judge applies the rules that hold between the fields of a request.
func (x *exchange) judge(counting bool) *fault {
	in := x.in
	c := claudeOf(str(in, "model"))
	thinking := str(obj(in, "thinking"), "type")
	for _, check := range []func() *fault{
		func() *fault { return judgeSampling(in, c, thinking) },
		func() *fault { return judgeThinking(in, c, thinking, counting) },
		func() *fault { return judgeTools(in, c, thinking) },
		func() *fault { return judgeMarks(in) },
		func() *fault { return judgeSystem(in, c) },
		func() *fault { return judgeTurns(in, c, thinking) },
	} {
		if f := check(); f != nil {
			return f
		}
	}
	return nil
}

func judgeSampling(in map[string]any, c claude, thinking string) *fault {
	temperature, hasT := num(in, "temperature")
	topP, hasP := num(in, "top_p")
	_, hasK := num(in, "top_k")
	switch {
	case !c.sampling && hasT && temperature != 1:
		return wrong("", "`temperature` is not supported by this model")
	case !c.sampling && hasP && topP < 0.99:
		return wrong("", "`top_p` is not supported by this model")
	case !c.sampling && hasK:
		return wrong("", "`top_k` is not supported by this model")
	case c.oneSampler && hasT && hasP:
		return wrong("", "`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
	case thinking == "enabled" && hasT && temperature != 1:
		return wrong("", "`temperature` may only be set to 1 when thinking is enabled.")
	case thinking == "enabled" && hasP && topP < 0.95:
		return wrong("", "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.")
	case thinking == "enabled" && hasK:
		return wrong("", "`top_k` must be unset when thinking is enabled.")
	}
	return nil
}

func judgeThinking(in map[string]any, c claude, thinking string, counting bool) *fault {
	most, _ := num(in, "max_tokens")
	budget, _ := num(obj(in, "thinking"), "budget_tokens")
	effort := str(obj(in, "output_config"), "effort")
	switch {
	case most > c.most:
		return wrong("max_tokens", "%v > %v, which is the maximum allowed number of output tokens for %s", most, c.most, str(in, "model"))
	case thinking == "enabled" && !c.enabled:
		return wrong("", "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior.")
	case thinking == "adaptive" && !c.adaptive:
		return wrong("", "adaptive thinking is not supported on this model")
	case thinking == "enabled" && !counting && budget >= most:
		return wrong("", "`max_tokens` must be greater than `thinking.budget_tokens`.")
	case effort != "" && !slices.Contains(c.effort, effort):
		return wrong("", "This model does not support effort level '%s'. Supported levels: %s.", effort, strings.Join(c.effort, ", "))
	case strings.HasPrefix(str(in, "model"), "claude-opus-5") && thinking == "disabled" && (effort == "xhigh" || effort == "max"):
		return wrong("", "thinking cannot be disabled with effort '%s'", effort)
	}
	format := obj(obj(in, "output_config"), "format")
	if format == nil {
		return nil
	}
	if !c.structured {
		return wrong("", "'%s' does not support output format.", str(in, "model"))
	}
	return strictSchema("output_config.format.schema", obj(format, "schema"))
}

// strictSchema is what structured output asks of a schema.
func strictSchema(at string, s map[string]any) *fault {
	if str(s, "type") == "object" {
		if closed, ok := s["additionalProperties"].(bool); !ok || closed {
			return wrong(at, "For 'object' type, 'additionalProperties' must be explicitly set to false")
		}
	}
	for _, name := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems", "oneOf"} {
		if _, ok := s[name]; ok {
			return wrong(at, "For '%s' type, property '%s' is not supported", str(s, "type"), name)
		}
	}
	for _, group := range []string{"properties", "$defs", "definitions"} {
		for _, name := range sortedKeys(obj(s, group)) {
			if f := strictSchema(join(at, group+"."+name), obj(obj(s, group), name)); f != nil {
				return f
			}
		}
	}
	for i, sub := range objects(arr(s, "anyOf")) {
		if f := strictSchema(item(join(at, "anyOf"), i), sub); f != nil {
			return f
		}
	}
	if items := obj(s, "items"); items != nil {
		return strictSchema(join(at, "items"), items)
	}
	return nil
}

func judgeTools(in map[string]any, c claude, thinking string) *fault {
	names := map[string]bool{}
	for i, t := range objects(arr(in, "tools")) {
		at := item("tools", i)
		name := str(t, "name")
		if name != "" && names[name] {
			return wrong("tools", "Tool names must be unique.")
		}
		names[name] = true
		if flag(t, "defer_loading") && t["cache_control"] != nil {
			return wrong(at, "Tools with defer_loading=true cannot have cache_control set.")
		}
		schema := obj(t, "input_schema")
		for _, union := range []string{"oneOf", "allOf", "anyOf"} {
			if _, ok := schema[union]; ok {
				return wrong(join(at, "input_schema"), "input_schema does not support oneOf, allOf, or anyOf at the top level")
			}
		}
	}
	choice := obj(in, "tool_choice")
	kind := str(choice, "type")
	switch {
	case choice == nil:
		return nil
	case len(names) == 0 && kind != "none":
		return wrong("", "tool_choice may only be specified while providing tools.")
	case kind == "tool" && !names[str(choice, "name")]:
		return wrong("", "Tool '%s' not found in provided tools", str(choice, "name"))
	case (kind == "any" || kind == "tool") && !c.forced:
		return wrong("", "This model does not support forced tool use: tool_choice must be auto or none.")
	case (kind == "any" || kind == "tool") && thinking == "enabled":
		return wrong("", "Thinking may not be enabled when tool_choice forces tool use.")
	}
	return nil
}

// judgeMarks counts cache marks and their order: tools, system, messages.
func judgeMarks(in map[string]any) *fault {
	marks, short := 0, false
	var walk func(at string, blocks []any) *fault
	walk = func(at string, blocks []any) *fault {
		for i, b := range blocks {
			m, _ := b.(map[string]any)
			if f := walk(join(item(at, i), "content"), arr(m, "content")); f != nil {
				return f
			}
			mark := obj(m, "cache_control")
			if mark == nil {
				continue
			}
			marks++
			if str(mark, "ttl") != "1h" {
				short = true
			} else if short {
				return wrong(join(item(at, i), "cache_control.ttl"), "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`.")
			}
		}
		return nil
	}
	for _, part := range []string{"tools", "system", "messages"} {
		if f := walk(part, arr(in, part)); f != nil {
			return f
		}
	}
	if in["cache_control"] != nil {
		marks++
	}
	if marks > 4 {
		return wrong("", "A maximum of 4 blocks with cache_control may be provided. Found %d.", marks)
	}
	return nil
}

func judgeSystem(in map[string]any, c claude) *fault {
	messages := objects(arr(in, "messages"))
	for i, m := range messages {
		if str(m, "role") != "system" {
			continue
		}
		switch {
		case !c.system:
			return wrong(join(item("messages", i), "role"), "role 'system' is not supported on this model")
		case i == 0 || str(messages[i-1], "role") != "user":
			return wrong(item("messages", i), "a system message must follow a user message")
		case i+1 < len(messages) && str(messages[i+1], "role") != "assistant":
			return wrong(item("messages", i), "a system message must come directly before an assistant message, or last")
		}
	}
	return nil
}
