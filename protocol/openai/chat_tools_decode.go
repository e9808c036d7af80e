package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

func (d *chatDecoder) toolMember(name []byte) {
	c, r := d.c, d.r
	switch string(name) {
	case "tools":
		c.Array(func(int) { d.tool() })
	case "functions":
		r.Functions = true
		c.Array(func(int) {
			var t protocol.Tool
			c.Object(func(name []byte) { d.toolField(&t, name) })
			d.addTool(t, "name")
		})
	case "tool_choice", "function_call":
		d.choice()
	case "parallel_tool_calls":
		r.Parallel = protocol.TriOf(c.Bool())
	case "web_search_options":
		r.WebSearch = &protocol.WebSearch{}
		c.Object(func(name []byte) { d.webSearch(r.WebSearch, name) })
	}
}

// tool takes one of tools: OpenAI's form, its form in the Responses API, where
// the function's fields lie beside the type, and Anthropic's.
func (d *chatDecoder) tool() {
	c := d.c
	var t protocol.Tool
	var kind protocol.Text
	field := "name"
	d.search = protocol.WebSearch{}
	c.Object(func(name []byte) {
		switch string(name) {
		case "type":
			kind = c.Text()
			if in := kind.Plain(); string(in) != "function" && string(in) != "custom" && !isSearch(kind) {
				c.Fail("this type of tool is not supported.")
			}
		case "function", "custom":
			if field = "function.name"; string(name) == "custom" {
				field = "custom.name"
			}
			c.Object(func(name []byte) { d.toolField(&t, name) })
		default:
			d.toolField(&t, name)
			d.webSearch(&d.search, name)
		}
	})
	switch {
	case isSearch(kind):
		search := d.search
		d.nestedSearch(&search, t.Schema)
		d.r.WebSearch = &search
		return
	case kind.Is("custom") && t.Schema == nil: // with a schema it is Anthropic's word for a function
		t.Kind = protocol.ToolCustom
	default:
		t.Raw = nil
	}
	d.addTool(t, field)
}

// isSearch tells whether a tool is its provider's search: web_search with or
// without a date, or an aggregator's name in front.
func isSearch(kind protocol.Text) bool {
	return bytes.HasPrefix(kind.Plain(), []byte("web_search")) || bytes.HasSuffix(kind.Plain(), []byte(":web_search"))
}

// nestedSearch reads the settings that an aggregator has below parameters.
func (d *chatDecoder) nestedSearch(w *protocol.WebSearch, parameters protocol.Raw) {
	if parameters == nil || d.c.Err() != nil {
		return
	}
	nested := chatDecoder{x: d.x, r: d.r, c: protocol.NewCursor(parameters)}
	nested.c.Object(func(name []byte) { nested.webSearch(w, name) })
	if err := nested.c.Err(); err != nil {
		d.c.FailWith(protocol.AsError(err))
	}
}

// addTool adds a tool whose name stood in field.
func (d *chatDecoder) addTool(t protocol.Tool, field string) {
	if t.Name.Empty() {
		d.missing(field) // no harm where an error is there already: the first one counts
		return
	}
	if d.r.Tools == nil {
		d.r.Tools = make([]protocol.Tool, 0, 16)
	}
	d.r.Tools = append(d.r.Tools, t)
}

func (d *chatDecoder) toolField(t *protocol.Tool, name []byte) {
	c := d.c
	if c.Kind() == 'n' {
		return
	}
	switch string(name) {
	case "name":
		t.Name = c.Text()
	case "description":
		t.Description = c.Text()
	case "parameters", "input_schema":
		t.Schema = d.object()
	case "strict":
		t.Strict = protocol.TriOf(c.Bool())
	case "cache_control":
		t.Cache = d.cacheControl()
	case "defer_loading":
		t.Deferred = c.Bool()
	case "format":
		t.Raw = d.grammar()
	}
}

// grammar takes the format of a custom tool; free text binds nothing.
func (d *chatDecoder) grammar() protocol.Raw {
	raw := d.object()
	if kind, _ := protocol.Find(raw, "type"); protocol.Text(kind).Is("text") {
		return nil
	}
	return raw
}

func (d *chatDecoder) webSearch(w *protocol.WebSearch, name []byte) {
	c := d.c
	if c.Kind() == 'n' {
		return
	}
	switch string(name) {
	case "search_context_size":
		w.Size = d.word("low", "medium", "high")
	case "max_uses":
		w.MaxUses = d.atLeastOne()
	case "allowed_domains":
		c.Array(func(int) { w.Allowed = append(w.Allowed, c.Text()) })
	case "blocked_domains", "excluded_domains":
		c.Array(func(int) { w.Blocked = append(w.Blocked, c.Text()) })
	case "filters":
		c.Object(func(name []byte) { d.webSearch(w, name) })
	case "user_location":
		w.Location = userLocation(d.object())
	}
}

// userLocation finds the place in a user_location: below approximate, or,
// in the Responses API and Anthropic's, beside the type.
func userLocation(raw protocol.Raw) protocol.Raw {
	if place, ok := protocol.Find(raw, "approximate"); ok {
		return place
	}
	out := protocol.Raw{'{'}
	for _, name := range [...]string{"city", "country", "region", "timezone"} {
		if v, ok := protocol.Find(raw, name); ok {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = protocol.QuoteString(out, name)
			out = append(append(out, ':'), v...)
		}
	}
	return append(out, '}')
}

// choice takes a tool_choice or function_call in the form of OpenAI's two APIs
// or of Anthropic's.
func (d *chatDecoder) choice() {
	c := d.c
	if c.Kind() == '"' {
		d.choiceMode(d.word("auto", "none", "required", "any"))
		return
	}
	var kind, mode string
	var names []protocol.Text
	c.Object(func(name []byte) {
		switch string(name) {
		case "type":
			kind = d.word("function", "custom", "allowed_tools", "auto", "any", "none", "required", "tool")
		case "name":
			names = append(names, c.Text())
		case "function", "custom":
			names = d.toolName(names)
		case "mode":
			mode = d.word("auto", "required")
		case "tools":
			c.Array(func(int) { names = d.toolName(names) })
		case "allowed_tools":
			c.Object(func(name []byte) {
				switch string(name) {
				case "mode":
					mode = d.word("auto", "required")
				case "tools":
					c.Array(func(int) { names = d.toolName(names) })
				}
			})
		case "disable_parallel_tool_use":
			if c.Bool() {
				d.r.Parallel = protocol.No
			}
		}
	})
	choice := &d.r.Choice
	switch {
	case c.Err() != nil:
	case kind == "auto" || kind == "none" || kind == "any" || kind == "required":
		d.choiceMode(kind)
	case len(names) == 0:
		c.Fail("it names no tool.")
	case kind == "allowed_tools" && mode == "required":
		choice.Mode, choice.Names = protocol.ChoiceOneOf, names
	case kind == "allowed_tools":
		choice.Mode, choice.Names = protocol.ChoiceAllowed, names
	default:
		choice.Mode, choice.Names = protocol.ChoiceTool, names[:1]
	}
}

func (d *chatDecoder) choiceMode(word string) {
	switch word {
	case "auto":
		d.r.Choice.Mode = protocol.ChoiceAuto
	case "none":
		d.r.Choice.Mode = protocol.ChoiceNone
	case "required", "any":
		d.r.Choice.Mode = protocol.ChoiceRequired
	}
}

// toolName takes an object that names a tool, at its top or one level below.
func (d *chatDecoder) toolName(names []protocol.Text) []protocol.Text {
	c := d.c
	c.Object(func(name []byte) {
		switch string(name) {
		case "name":
			names = append(names, c.Text())
		case "function", "custom":
			names = d.toolName(names)
		case "type":
			c.Text() // what kind a tool is tells its definition
		}
	})
	return names
}
