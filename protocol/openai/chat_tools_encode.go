package openai

import (
	"bytes"
	"slices"

	"github.com/llmgw/llmgw/protocol"
)

// tools writes the tools and what bounds their use.
func (e *chatEncoder) tools() {
	e.webSearch()
	for _, name := range e.r.Choice.Names {
		if e.x.Tool(name) == nil { // the provider's search, which has no name here
			e.fail(protocol.Invalid("tool_choice", "Invalid value for 'tool_choice': this model's provider has no tool %q that could be chosen.", name.String()))
		}
	}
	tools, choice := e.r.Tools, e.r.Choice
	if !e.model.own && (choice.Mode == protocol.ChoiceAllowed || choice.Mode == protocol.ChoiceOneOf) {
		// Compatible servers know no allowed_tools. Fewer tools are the same
		// bound, at the price of the prompt's cache.
		e.x.Warn("tool_choice", "the other tools are left out")
		tools = slices.DeleteFunc(slices.Clone(tools), func(t protocol.Tool) bool { return !names(choice, t.Name) })
		choice.Mode = map[protocol.ChoiceMode]protocol.ChoiceMode{protocol.ChoiceAllowed: protocol.ChoiceAuto, protocol.ChoiceOneOf: protocol.ChoiceRequired}[choice.Mode]
	}
	start := len(e.out)
	e.out = append(e.out, `,"tools":[`...)
	first := len(e.out)
	for i := range tools {
		e.tool(first, &tools[i], choice)
	}
	if len(e.out) == first {
		e.out = e.out[:start]
		return
	}
	e.out = append(e.out, ']')
	e.choice(choice)
	// Yes is what happens anyway. Models that call one tool at a time refuse the
	// field, whatever it says.
	if e.r.Parallel == protocol.No && !e.model.oneCall {
		e.out = append(e.out, `,"parallel_tool_calls":false`...)
	}
}

func names(c protocol.ToolChoice, name protocol.Text) bool {
	return slices.ContainsFunc(c.Names, func(n protocol.Text) bool { return bytes.Equal(n, name) })
}

func (e *chatEncoder) tool(first int, t *protocol.Tool, choice protocol.ToolChoice) {
	if t.Kind == protocol.ToolServer {
		if names(choice, t.Name) {
			e.fail(protocol.Invalid("tool_choice", "Invalid value for 'tool_choice': the tool runs at another provider."))
		}
		e.x.Warn("tools", "a tool that runs at another provider left out")
		return
	}
	if len(e.out) > first {
		e.out = append(e.out, ',')
	}
	custom := t.Kind == protocol.ToolCustom
	if custom && e.model.modern {
		e.out = append(e.out, `{"type":"custom","custom":{"name":`...)
		e.out = append(e.out, e.sentName(t.Name)...)
		e.raw("description", t.Description)
		e.raw("format", chatGrammar(t.Raw))
		e.out = append(e.out, "}}"...)
		return
	}
	e.out = append(e.out, `{"type":"function","function":{"name":`...)
	e.out = append(e.out, e.sentName(t.Name)...)
	switch {
	case custom:
		if t.Raw != nil {
			e.x.Warn("tools", "a custom tool's grammar is not enforced")
		}
		e.member("description")
		e.out = customDescription(e.out, t)
		e.out = append(e.out, `,"parameters":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}`...)
	default:
		e.raw("description", t.Description)
		if t.Schema != nil {
			e.member("parameters")
			e.out = appendParameters(e.out, t.Schema)
		}
		if t.Strict == protocol.Yes {
			if isStrict(t.Schema) {
				e.out = append(e.out, `,"strict":true`...)
			} else {
				e.x.Warn("tools", "strict dropped: the schema is not strict enough")
			}
		}
	}
	e.out = append(e.out, "}}"...)
}

// customDescription appends what a function that stands in for a custom tool
// is described as: with its grammar, which only words can tell.
func customDescription(dst []byte, t *protocol.Tool) []byte {
	texts := []protocol.Text{t.Description, protocol.Text(`"The input is raw text."`)}
	if t.Raw != nil {
		texts = append(texts, protocol.Text(`"It must match this grammar:"`), protocol.AppendQuotedJSON(nil, t.Raw))
	}
	return protocol.AppendTexts(dst, "\n", texts...)
}

// chatGrammar puts a grammar in the form of the chat API: the Responses API
// has its fields one level higher.
func chatGrammar(raw protocol.Raw) protocol.Raw {
	if raw == nil {
		return nil
	}
	if _, nested := protocol.Find(raw, "grammar"); nested {
		return raw
	}
	syntax, _ := protocol.Find(raw, "syntax")
	definition, ok := protocol.Find(raw, "definition")
	if !ok || syntax == nil {
		return nil
	}
	return slices.Concat(protocol.Raw(`{"type":"grammar","grammar":{"syntax":`), syntax, protocol.Raw(`,"definition":`), definition, protocol.Raw("}}"))
}

// appendParameters appends a schema of arguments. OpenAI refuses what does not
// say that it is an object, and an object without properties, also where there
// are none.
func appendParameters(dst []byte, schema protocol.Raw) []byte {
	schema = schema.Compact()
	whole := protocol.Member{End: len(schema)}
	_, typed := protocol.Find(schema, "type")
	if _, ok := protocol.Find(schema, "properties"); !ok {
		schema = protocol.Splice(nil, schema, protocol.InsertMember(schema, whole, "properties", []byte("{}")))
	}
	if !typed {
		whole.End = len(schema)
		schema = protocol.Splice(nil, schema, protocol.InsertMember(schema, whole, "type", []byte(`"object"`)))
	}
	return append(dst, schema...)
}

func (e *chatEncoder) choice(c protocol.ToolChoice) {
	if len(c.Names) == 0 && c.Mode >= protocol.ChoiceTool {
		return
	}
	switch c.Mode {
	case protocol.ChoiceAuto:
		e.word("tool_choice", "auto")
	case protocol.ChoiceNone:
		e.word("tool_choice", "none")
	case protocol.ChoiceRequired:
		e.word("tool_choice", "required")
	case protocol.ChoiceTool:
		e.member("tool_choice")
		e.named(c.Names[0])
	case protocol.ChoiceAllowed, protocol.ChoiceOneOf:
		mode := "auto"
		if c.Mode == protocol.ChoiceOneOf {
			mode = "required"
		}
		e.member("tool_choice")
		e.out = append(e.out, `{"type":"allowed_tools","allowed_tools":{"mode":"`...)
		e.out = append(e.out, mode...)
		e.out = append(e.out, `","tools":[`...)
		for i, name := range c.Names {
			if i > 0 {
				e.out = append(e.out, ',')
			}
			e.named(name)
		}
		e.out = append(e.out, "]}}"...)
	}
}

// named writes the object that names a tool.
func (e *chatEncoder) named(name protocol.Text) {
	kind := "function"
	if t := e.x.Tool(name); t != nil && t.Kind == protocol.ToolCustom && e.model.modern {
		kind = "custom"
	}
	e.out = append(e.out, `{"type":"`...)
	e.out = append(e.out, kind...)
	e.out = append(e.out, `","`...)
	e.out = append(e.out, kind...)
	e.out = append(e.out, `":{"name":`...)
	e.out = append(e.out, e.sentName(name)...)
	e.out = append(e.out, "}}"...)
}

func (e *chatEncoder) webSearch() {
	w := e.r.WebSearch
	if w == nil {
		return
	}
	if !e.model.search {
		e.x.Warn("web_search_options", "not supported by this model")
		return
	}
	if w.MaxUses > 0 || len(w.Allowed) > 0 || len(w.Blocked) > 0 {
		e.x.Warn("web_search_options", "only place and context size are used")
	}
	e.out = append(e.out, `,"web_search_options":{`...)
	first := len(e.out)
	e.word("search_context_size", w.Size)
	if w.Location != nil {
		e.out = append(e.out, `,"user_location":{"type":"approximate","approximate":`...)
		e.out = append(e.out, w.Location...)
		e.out = append(e.out, '}')
	}
	if len(e.out) > first { // the comma before the first member
		e.out = append(e.out[:first], e.out[first+1:]...)
	}
	e.out = append(e.out, '}')
}
