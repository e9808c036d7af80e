package mock

import (
	"encoding/json"
	"strconv"
	"strings"
)

// question is what an answer depends on, read from a request of any dialect.
type question struct {
	tools     []tool
	choice    string // auto, none, required
	only      string // the one tool that must be called
	parallel  bool   // several calls at once are allowed
	results   []string
	resulted  bool           // the last turn is a tool's result
	user      string         // the last user's text
	schema    map[string]any // of a structured answer
	jsonOnly  bool           // any JSON object
	reasoning bool
	most      int // tokens of the answer; 0: no bound
	stops     []string
}

type tool struct {
	name   string
	schema map[string]any
	raw    bool // a custom tool: its input is text
}

type call struct {
	id, name string
	args     string // JSON, or text of a custom tool
	raw      bool
}

// ending is why an answer ends, in words of no dialect.
type ending string

const (
	endTurn  ending = "end"
	endTools ending = "tools"
	endLong  ending = "length"
	endStop  ending = "stop"
)

// answer is what is told; the dialects write it down.
type answer struct {
	reasoning string
	words     []string
	calls     []call
	end       ending
	stop      string // the stop sequence that ended it
}

func (a answer) text() string { return strings.Join(a.words, "") }

// tokens counts what the answer costs: a word is one.
func (a answer) tokens() (output, reasoning int) {
	if a.reasoning != "" {
		reasoning = len(strings.Fields(a.reasoning))
	}
	output = reasoning + len(a.words)
	for _, c := range a.calls {
		output += len(c.args)/4 + 8
	}
	return max(output, 1), reasoning
}

const thought = "The user wants an answer, so I give one."

// answer decides what to say.
func (x *exchange) answer(q question) answer {
	var a answer
	switch {
	case x.step.Reasoning != "":
		a.reasoning = x.step.Reasoning
	case q.reasoning:
		a.reasoning = thought
	}
	if a.calls = x.calls(q); len(a.calls) > 0 {
		a.end = endTools
		return a
	}
	text := x.say(q)
	a.end = endTurn
	for _, s := range q.stops {
		if i := strings.Index(text, s); s != "" && i >= 0 {
			text, a.end, a.stop = text[:i], endStop, s
		}
	}
	a.words = strings.SplitAfter(text, " ")
	if q.most > 0 && len(a.words) > q.most {
		a.words, a.end, a.stop = a.words[:q.most], endLong, ""
	}
	if text == "" {
		a.words = nil
	}
	return a
}

func (x *exchange) calls(q question) []call {
	tools := q.tools
	var list []call
	switch {
	case x.step.Text != "" || x.step.Echo || x.step.NoTool:
		return nil
	case x.step.Tool != "":
		named := tool{name: x.step.Tool}
		for _, t := range tools {
			if t.name == named.name {
				named = t
			}
		}
		tools = []tool{named}
	case len(tools) == 0 || q.choice == "none" || q.resulted:
		return nil
	case q.only != "":
		for _, t := range tools {
			if t.name == q.only {
				tools = []tool{t}
			}
		}
	default:
		tools = x.preferred(tools)
	}
	n := max(x.step.Calls, 1)
	if !q.parallel {
		n = 1
	}
	for i := range n {
		t := tools[i%len(tools)]
		c := call{id: x.id("call", i), name: t.name, raw: t.raw, args: "stand-in"}
		if !t.raw {
			c.args = example(t.schema)
		}
		if input, ok := x.p.o.Tools[t.name]; ok {
			c.args = input
		}
		list = append(list, c)
	}
	return list
}

// preferred are the declared tools that this stand-in has inputs for, else all.
func (x *exchange) preferred(tools []tool) []tool {
	var known []tool
	for _, t := range tools {
		if _, ok := x.p.o.Tools[t.name]; ok {
			known = append(known, t)
		}
	}
	if known == nil {
		return tools
	}
	return known
}

// say is the text of an answer that calls no tool.
func (x *exchange) say(q question) string {
	switch {
	case x.step.Echo:
		return q.user
	case x.step.Text != "":
		return x.step.Text
	case q.schema != nil:
		return example(q.schema)
	case q.jsonOnly:
		return `{"answer": "stand-in"}`
	case len(q.results) > 0 && q.resulted:
		return "The tool answered: " + strings.Join(q.results, "; ")
	}
	n := x.p.o.Tokens
	if x.step.Tokens > 0 {
		n = x.step.Tokens
	}
	words := strings.Fields("Hello from " + x.p.o.Name + ", a stand-in that knows these words only:")
	for i := len(words); i < n; i++ {
		words = append(words, "word"+strconv.Itoa(i))
	}
	return strings.Join(words[:n], " ")
}

// example makes a small JSON value that a schema takes.
func example(schema map[string]any) string {
	b, err := json.Marshal(exampleOf(schema, schema, 0))
	if err != nil || len(schema) == 0 {
		return "{}"
	}
	return string(b)
}

func exampleOf(root, s map[string]any, depth int) any {
	if ref, ok := s["$ref"].(string); ok {
		s = resolve(root, ref)
	}
	for _, name := range []string{"const", "default", "example"} {
		if v, ok := s[name]; ok {
			return v
		}
	}
	if list := arr(s, "enum"); len(list) > 0 {
		return list[0]
	}
	if depth > 8 {
		return nil
	}
	for _, name := range []string{"anyOf", "oneOf", "allOf"} {
		if list := objects(arr(s, name)); len(list) > 0 && s["properties"] == nil {
			return exampleOf(root, list[0], depth+1)
		}
	}
	kind := str(s, "type")
	if list := arr(s, "type"); len(list) > 0 {
		kind, _ = list[0].(string)
	}
	switch strings.ToLower(kind) {
	case "string":
		return exampleText(s)
	case "integer", "number":
		if n, ok := num(s, "minimum"); ok {
			return n
		}
		if n, ok := num(s, "exclusiveMinimum"); ok {
			return n + 1
		}
		return 1
	case "boolean":
		return true
	case "null":
		return nil
	case "array":
		list := []any{}
		least, _ := num(s, "minItems")
		for range int(min(max(least, 1), 64)) {
			list = append(list, exampleOf(root, obj(s, "items"), depth+1))
		}
		return list
	}
	out := map[string]any{}
	properties := obj(s, "properties")
	for _, name := range arr(s, "required") {
		if name, ok := name.(string); ok {
			out[name] = exampleOf(root, obj(properties, name), depth+1)
		}
	}
	return out
}

func exampleText(s map[string]any) string {
	switch str(s, "format") {
	case "date-time":
		return "2026-01-01T00:00:00Z"
	case "date":
		return "2026-01-01"
	case "email":
		return "stand-in@example.com"
	case "uri":
		return "https://example.com/"
	case "uuid":
		return "00000000-0000-4000-8000-000000000000"
	}
	least, _ := num(s, "minLength")
	most, bounded := num(s, "maxLength")
	text := "stand-in"
	for len(text) < int(least) && len(text) < 4096 {
		text += "-stand-in"
	}
	if bounded && len(text) > int(most) {
		text = text[:int(most)]
	}
	return text
}

// resolve finds "#/$defs/name" and "#/definitions/name".
func resolve(root map[string]any, ref string) map[string]any {
	at := root
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		if step != "#" {
			at = obj(at, step)
		}
	}
	return at
}
