package anthropic

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/llmgw/llmgw/protocol"
)

// nameRule and idRule are what Anthropic accepts as the name of a tool and as
// the id of a call.
var (
	nameRule = protocol.Rule{Max: 128, Extra: "-"}
	idRule   = protocol.Rule{Max: 200, Extra: "-"}
)

// planTools decides which tools are sent and how their use is bounded.
func (e *encoder) planTools() error {
	choice := e.r.Choice
	if err := e.checkChoice(choice); err != nil {
		return err
	}
	if choice.Mode == protocol.ChoiceAllowed || choice.Mode == protocol.ChoiceOneOf {
		e.only = choice.Names
		e.x.Warn("tool_choice", "the list of tools is cut to the allowed ones")
	}
	switch mode := choice.Mode; {
	case mode == protocol.ChoiceNone:
		e.choice = "none"
	case mode == protocol.ChoiceAuto, mode == protocol.ChoiceAllowed:
		e.choice = "auto"
	case mode == protocol.ChoiceRequired, mode == protocol.ChoiceOneOf && len(choice.Names) > 1:
		e.choice = "any"
	case mode == protocol.ChoiceTool, mode == protocol.ChoiceOneOf:
		e.choice, e.chosen = "tool", choice.Names[0]
	}
	e.count = e.countTools()
	if e.x.FormatTool != "" {
		e.forceFormat()
	}
	if e.forbidsForce() && (e.choice == "any" || e.choice == "tool") {
		e.x.Warn("tool_choice", "downgraded to auto")
		if e.choice == "tool" && e.x.FormatTool == "" {
			e.only = []protocol.Text{e.chosen}
			e.count = e.countTools()
		}
		e.choice = "auto"
	}
	if e.count == 0 {
		if e.choice == "any" {
			e.x.Warn("tool_choice", "no tool is left")
		}
		e.choice = ""
		e.findUsed()
		return nil
	}
	if e.noParall = e.r.Parallel == protocol.No && e.choice != "none"; e.noParall && e.choice == "" {
		e.choice = "auto"
	}
	return nil
}

// forbidsForce tells whether the API refuses to have a tool's use demanded.
func (e *encoder) forbidsForce() bool { return e.m.noForce || e.thinking == thinkEnabled }

// checkChoice refuses a choice of a tool that is not there, or that cannot be
// sent.
func (e *encoder) checkChoice(choice protocol.ToolChoice) error {
	for _, name := range choice.Names {
		t := e.x.Tool(name)
		switch {
		case t == nil && !(e.r.WebSearch != nil && name.Is("web_search")):
			return protocol.Invalid("tool_choice", "'tool_choice' names a tool that 'tools' does not have.")
		case t != nil && !sendable(t):
			return protocol.Invalid("tool_choice", "'tool_choice' names a tool that runs at another provider than the one that serves this model.")
		}
	}
	switch choice.Mode {
	case protocol.ChoiceTool, protocol.ChoiceAllowed, protocol.ChoiceOneOf:
		if len(choice.Names) == 0 {
			return protocol.Invalid("tool_choice", "'tool_choice' names no tool.")
		}
	}
	return nil
}

// forceFormat makes the model call the tool that stands for a JSON schema, or
// another tool first where the client has some.
func (e *encoder) forceFormat() {
	switch {
	case e.choice == "tool" || e.choice == "any": // the client's tool comes first; the answer is the next turn's
	case e.count > 0 && e.choice != "none":
		e.choice = "any"
	default:
		e.choice, e.chosen = "tool", protocol.TextOf(e.x.FormatTool)
	}
	e.count++
	if e.forbidsForce() {
		e.instruction = "Give your answer by calling the tool " + e.x.FormatTool + "."
	}
}

func (e *encoder) countTools() int {
	n := 0
	for i := range e.r.Tools {
		if t := &e.r.Tools[i]; sendable(t) && e.wanted(t.Name) {
			n++
		}
	}
	if e.r.WebSearch != nil && e.wanted(webSearchName) {
		n++
	}
	return n
}

var webSearchName = protocol.Text(`"web_search"`)

func sendable(t *protocol.Tool) bool {
	return t.Kind != protocol.ToolServer || t.Maker == protocol.MadeByAnthropic
}

// wanted tells whether a tool is among those that may be sent.
func (e *encoder) wanted(name protocol.Text) bool {
	return e.only == nil || slices.ContainsFunc(e.only, func(t protocol.Text) bool { return bytes.Equal(t, name) })
}

// tools writes tools and tool_choice.
func (e *encoder) tools() error {
	if e.count == 0 {
		for i := range e.r.Tools {
			e.warnServerTool(&e.r.Tools[i])
		}
		e.usedTools()
		return nil
	}
	e.dst = append(e.dst, `,"tools":[`...)
	n := 0
	next := func() {
		if n++; n > 1 {
			e.dst = append(e.dst, ',')
		}
	}
	for i := range e.r.Tools {
		t := &e.r.Tools[i]
		if !sendable(t) {
			e.warnServerTool(t)
			continue
		}
		if e.wanted(t.Name) {
			next()
			e.tool(t)
		}
	}
	if e.r.WebSearch != nil && e.wanted(webSearchName) {
		next()
		e.webSearch(e.r.WebSearch)
	}
	if e.x.FormatTool != "" {
		next()
		e.formatTool()
	}
	e.dst = append(e.dst, ']')
	if e.choice == "" {
		return nil
	}
	e.dst = append(e.dst, `,"tool_choice":{"type":"`+e.choice+`"`...)
	if e.choice == "tool" {
		e.member("name", e.x.SendName(e.chosen, &nameRule))
	}
	if e.noParall {
		e.dst = append(e.dst, `,"disable_parallel_tool_use":true`...)
	}
	e.dst = append(e.dst, '}')
	return nil
}

func (e *encoder) warnServerTool(t *protocol.Tool) {
	if !sendable(t) {
		e.x.Warn("tools", "a tool that runs at another provider is dropped")
	}
}

func (e *encoder) tool(t *protocol.Tool) {
	if t.Kind == protocol.ToolServer {
		e.dst = append(e.dst, t.Raw...)
		return
	}
	e.dst = append(e.dst, `{"name":`...)
	e.dst = append(e.dst, e.x.SendName(t.Name, &nameRule)...)
	if t.Kind == protocol.ToolCustom {
		e.customTool(t)
	} else {
		if !t.Description.Empty() {
			e.member("description", t.Description)
		}
		e.dst = append(e.dst, `,"input_schema":`...)
		e.inputSchema(t.Schema)
		if t.Strict == protocol.Yes {
			if e.m.formats && isClosed(t.Schema) {
				e.dst = append(e.dst, `,"strict":true`...)
			} else {
				e.x.Warn("tools", "strict dropped")
			}
		}
	}
	if t.Deferred {
		e.dst = append(e.dst, `,"defer_loading":true`...)
	} else {
		e.mark(t.Cache)
	}
	e.dst = append(e.dst, '}')
}

// customTool writes a tool that takes free text as one that takes a string.
func (e *encoder) customTool(t *protocol.Tool) {
	texts := make([]protocol.Text, 0, 4)
	if !t.Description.Empty() {
		texts = append(texts, t.Description)
	}
	texts = append(texts, protocol.Text(`"The input is raw text, not JSON."`))
	v, ok := protocol.Find(t.Raw, "definition")
	if !ok {
		v, ok = protocol.Find(t.Raw, "grammar", "definition") // the chat API's form
	}
	if ok {
		e.x.Warn("tools", "the grammar of a custom tool is not enforced")
		texts = append(texts, protocol.Text(`"It must follow this grammar:"`), protocol.Text(v))
	}
	e.dst = append(e.dst, `,"description":`...)
	e.dst = protocol.AppendTexts(e.dst, "\n", texts...)
	e.dst = append(e.dst, `,"input_schema":{"type":"object","properties":{"input":{"type":"string","description":"The raw text."}},"required":["input"],"additionalProperties":false}`...)
}

func (e *encoder) webSearch(w *protocol.WebSearch) {
	e.dst = append(e.dst, `{"type":"web_search_20250305","name":"web_search"`...)
	if w.MaxUses > 0 {
		e.dst = append(e.dst, `,"max_uses":`...)
		e.dst = strconv.AppendInt(e.dst, w.MaxUses, 10)
	}
	if len(w.Allowed) > 0 {
		e.texts("allowed_domains", w.Allowed)
		if len(w.Blocked) > 0 {
			e.x.Warn("web_search_options", "blocked domains dropped beside allowed ones")
		}
	} else if len(w.Blocked) > 0 {
		e.texts("blocked_domains", w.Blocked)
	}
	if len(w.Location) > 2 {
		e.dst = append(e.dst, `,"user_location":{"type":"approximate",`...)
		e.dst = append(e.dst, w.Location[1:]...)
	}
	if w.Size != "" && w.Size != "medium" {
		e.x.Warn("web_search_options", "search_context_size not supported")
	}
	e.dst = append(e.dst, '}')
}

func (e *encoder) texts(name string, list []protocol.Text) {
	e.dst = append(e.dst, `,"`+name+`":[`...)
	for i, t := range list {
		if i > 0 {
			e.dst = append(e.dst, ',')
		}
		e.dst = append(e.dst, t...)
	}
	e.dst = append(e.dst, ']')
}

// formatTool writes the tool whose arguments are the answer.
func (e *encoder) formatTool() {
	e.dst = append(e.dst, `{"name":`...)
	e.dst = protocol.QuoteString(e.dst, e.x.FormatTool)
	e.dst = append(e.dst, `,"description":`...)
	if d := e.r.Format.Description; !d.Empty() {
		e.dst = append(e.dst, d...)
	} else {
		e.dst = append(e.dst, `"Gives the answer. Its arguments are the whole answer."`...)
	}
	e.dst = append(e.dst, `,"input_schema":`...)
	e.inputSchema(e.r.Format.Schema)
	e.dst = append(e.dst, '}')
}
