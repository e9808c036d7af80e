package openai

import (
	"slices"

	"github.com/llmgw/llmgw/protocol"
)

// tools writes the tools and what bounds their use.
func (e *responsesEncoder) tools() {
	tools, choice := e.r.Tools, e.r.Choice
	if !e.model.own && (choice.Mode == protocol.ChoiceAllowed || choice.Mode == protocol.ChoiceOneOf) {
		// As in chat: compatible servers know no allowed_tools.
		e.x.Warn("tool_choice", "the other tools are left out")
		tools = slices.DeleteFunc(slices.Clone(tools), func(t protocol.Tool) bool { return !names(choice, t.Name) })
		if choice.Mode == protocol.ChoiceAllowed {
			choice.Mode = protocol.ChoiceAuto
		} else {
			choice.Mode = protocol.ChoiceRequired
		}
	}
	start := len(e.out)
	e.out = append(e.out, `,"tools":[`...)
	first := len(e.out)
	e.search(e.r.WebSearch)
	for i := range tools {
		e.tool(first, &tools[i], choice)
	}
	if len(e.out) == first {
		e.out = e.out[:start]
		return
	}
	e.out = append(e.out, ']')
	e.choice(choice)
	if e.r.Parallel != protocol.Unset {
		e.flag("parallel_tool_calls", e.r.Parallel == protocol.Yes)
	}
}

func (e *responsesEncoder) tool(first int, t *protocol.Tool, choice protocol.ToolChoice) {
	if t.Kind == protocol.ToolServer && t.Maker != protocol.MadeByOpenAI {
		if names(choice, t.Name) {
			e.fail(protocol.Invalid("tool_choice", "Invalid value for 'tool_choice': the tool runs at another provider."))
		}
		e.x.Warn("tools", "a tool that runs at another provider left out")
		return
	}
	if len(e.out) > first {
		e.out = append(e.out, ',')
	}
	switch {
	case t.Kind == protocol.ToolServer:
		e.out = append(e.out, t.Raw.Compact()...)
	case t.Kind == protocol.ToolCustom && e.model.modern:
		e.out = append(e.out, `{"type":"custom"`...)
		e.raw("name", e.sentName(t.Name))
		e.raw("description", t.Description)
		e.raw("format", t.Raw)
		e.out = append(e.out, '}')
	default:
		e.function(t)
	}
}

// function writes a function tool. An absent strict would mean true.
func (e *responsesEncoder) function(t *protocol.Tool) {
	e.out = append(e.out, `{"type":"function"`...)
	e.raw("name", e.sentName(t.Name))
	if t.Kind == protocol.ToolCustom {
		if t.Raw != nil {
			e.x.Warn("tools", "a custom tool's grammar is not enforced")
		}
		e.member("description")
		e.out = customDescription(e.out, t)
		e.out = append(e.out, `,"parameters":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]},"strict":false}`...)
		return
	}
	e.raw("description", t.Description)
	strict := t.Strict == protocol.Yes && isStrict(t.Schema)
	if t.Strict == protocol.Yes && !strict {
		e.x.Warn("tools", "strict dropped: the schema is not strict enough")
	}
	e.member("parameters")
	schema := t.Schema
	if schema == nil {
		schema = protocol.Raw("{}")
	}
	e.out = appendParameters(e.out, schema)
	e.flag("strict", strict)
	e.out = append(e.out, '}')
}

func (e *responsesEncoder) choice(c protocol.ToolChoice) {
	if c.Mode < protocol.ChoiceTool {
		e.chatEncoder.choice(c)
		return
	}
	if len(c.Names) == 0 {
		return
	}
	e.member("tool_choice")
	if c.Mode == protocol.ChoiceTool {
		e.named(c.Names[0])
		return
	}
	mode := "auto"
	if c.Mode == protocol.ChoiceOneOf {
		mode = "required"
	}
	e.out = append(e.out, `{"type":"allowed_tools"`...)
	e.word("mode", mode)
	e.out = append(e.out, `,"tools":`...)
	for i, name := range c.Names {
		e.out = append(e.out, "[,"[min(i, 1)])
		e.named(name)
	}
	e.out = append(e.out, "]}"...)
}

// named writes the object that names a tool.
func (e *responsesEncoder) named(name protocol.Text) {
	kind := `{"type":"function"`
	if t := e.x.Tool(name); t != nil && t.Kind == protocol.ToolCustom && e.model.modern {
		kind = `{"type":"custom"`
	}
	e.out = append(e.out, kind...)
	e.raw("name", e.sentName(name))
	e.out = append(e.out, '}')
}

// search writes OpenAI's own search tool.
func (e *responsesEncoder) search(w *protocol.WebSearch) {
	if w == nil {
		return
	}
	if w.MaxUses > 0 {
		e.x.Warn("tools", "the number of searches is not limited")
	}
	if len(w.Blocked) > 0 {
		e.x.Warn("tools", "no domain is blocked for searches")
	}
	e.out = append(e.out, `{"type":"web_search"`...)
	for i, domain := range w.Allowed {
		if i == 0 {
			e.out = append(e.out, `,"filters":{"allowed_domains":`...)
		}
		e.out = append(e.out, "[,"[min(i, 1)])
		e.out = append(e.out, domain...)
	}
	if len(w.Allowed) > 0 {
		e.out = append(e.out, "]}"...)
	}
	if len(w.Location) > len("{}") {
		e.out = append(e.out, `,"user_location":{"type":"approximate",`...)
		e.out = append(e.out, w.Location[1:]...)
	}
	e.word("search_context_size", w.Size)
	e.out = append(e.out, '}')
}
