package gemini

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// toolNames is what the API accepts as the name of a function.
var toolNames = protocol.Rule{Max: 128, Extra: ".:-", Start: true}

// sortTools decides which tools can be asked for together. Models before 3
// take either functions or Google's own tools.
func (e *encoder) sortTools() {
	r := e.r
	functions := 0
	for i := range r.Tools {
		if r.Tools[i].Kind != protocol.ToolServer {
			functions++
		}
	}
	e.functions = functions > 0
	if functions > maxFunctions {
		e.fail(protocol.Invalid("tools", "This model takes at most 512 functions: 'tools' holds %d.", functions))
	}
	alone := e.functions && !e.t.mixes
	for i := range r.Tools {
		t := &r.Tools[i]
		if t.Kind != protocol.ToolServer {
			continue
		}
		raw, known := serverTool(t)
		switch {
		case e.chosen(t) && (!known || alone):
			e.fail(protocol.Invalid("tool_choice", "The model has no tool %q of its own that could be chosen.", t.Name.String()))
		case !known:
			e.x.Warn("tools", "a tool of another provider is left out")
		case alone:
			e.x.Warn("tools", "the model takes no tools of its own beside functions")
		default:
			e.server = append(e.server, raw)
		}
	}
	if s := r.WebSearch; s != nil {
		if alone {
			e.x.Warn("web_search", "the model does not search beside functions")
			return
		}
		e.search = true
		if s.MaxUses != 0 || s.Allowed != nil || s.Blocked != nil || s.Location != nil || s.Size != "" {
			e.x.Warn("web_search", "options of the search not supported")
		}
	}
}

// serverTool is the element of tools that asks for a tool of Google's.
func serverTool(t *protocol.Tool) (protocol.Raw, bool) {
	if t.Maker == protocol.MadeByGemini {
		return t.Raw, true
	}
	kind, _ := protocol.Find(t.Raw, "type")
	for _, name := range [][]byte{t.Name, kind} {
		if bytes.HasPrefix(name, []byte(`"code_execution`)) || bytes.HasPrefix(name, []byte(`"code_interpreter`)) {
			return protocol.Raw(`{"codeExecution":{}}`), true
		}
	}
	return nil, false
}

// chosen tells whether the client says that a tool must be called.
func (e *encoder) chosen(t *protocol.Tool) bool {
	return e.r.Choice.Mode == protocol.ChoiceTool && len(e.r.Choice.Names) > 0 && bytes.Equal(e.r.Choice.Names[0], t.Name)
}

func (e *encoder) tools() {
	if !e.functions && !e.search && len(e.server) == 0 {
		return
	}
	e.key("tools")
	e.dst = append(e.dst, '[')
	if e.functions {
		e.dst = append(e.dst, `{"functionDeclarations":[`...)
		for i := range e.r.Tools {
			if t := &e.r.Tools[i]; t.Kind != protocol.ToolServer {
				e.function(t)
			}
		}
		e.dst = append(e.dst, `]}`...)
	}
	if e.search {
		e.next()
		e.dst = append(e.dst, `{"googleSearch":{}}`...)
	}
	for _, raw := range e.server {
		e.next()
		e.dst = append(e.dst, raw...)
	}
	e.dst = append(e.dst, ']')
}

func (e *encoder) function(t *protocol.Tool) {
	e.next()
	e.dst = append(e.dst, `{"name":`...)
	e.dst = append(e.dst, e.x.SendName(t.Name, &toolNames)...)
	if t.Kind == protocol.ToolCustom {
		e.key("description")
		e.dst = append(e.dst, e.customDescription(t)...)
		e.dst = append(e.dst, `,"parametersJsonSchema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}}`...)
		return
	}
	if !t.Description.Empty() {
		e.key("description")
		e.dst = append(e.dst, t.Description...)
	}
	if !noArguments(t.Schema) {
		schema, err := toGemini(t.Schema)
		if err != nil {
			e.fail(protocol.AsError(err))
		}
		e.key("parametersJsonSchema")
		e.dst = append(e.dst, schema...)
	}
	e.dst = append(e.dst, '}')
}

// customDescription says in words that a tool takes free text, and which: a
// grammar cannot be enforced.
func (e *encoder) customDescription(t *protocol.Tool) protocol.Text {
	words := protocol.TextOf("The input is the raw text for the tool, not JSON.")
	for _, path := range [][]string{{"definition"}, {"grammar", "definition"}} {
		if grammar, ok := protocol.Find(t.Raw, path...); ok && grammar[0] == '"' {
			e.x.Warn("tools", "the grammar of a custom tool is not enforced")
			words = protocol.AppendTexts(nil, " It must match this grammar:\n", words, protocol.Text(grammar))
			break
		}
	}
	if t.Description.Empty() {
		return words
	}
	return protocol.AppendTexts(nil, "\n\n", t.Description, words)
}

func (e *encoder) toolConfig() {
	if e.functions && e.r.Parallel == protocol.No {
		e.x.Warn("parallel_tool_calls", "only the first call of an answer is kept")
	}
	mode, names := "", []protocol.Text(nil)
	if e.functions {
		mode, names = e.mode()
	}
	mixed := e.functions && (e.search || len(e.server) > 0)
	if mode == "" && !mixed {
		return
	}
	e.key("toolConfig")
	e.dst = append(e.dst, '{')
	if mode != "" {
		e.dst = append(e.dst, `"functionCallingConfig":{"mode":"`...)
		e.dst = append(append(e.dst, mode...), '"')
		for i, name := range names {
			if i == 0 {
				e.dst = append(e.dst, `,"allowedFunctionNames":[`...)
			}
			e.next()
			e.dst = append(e.dst, e.x.SendName(name, &toolNames)...)
		}
		if len(names) > 0 {
			e.dst = append(e.dst, ']')
		}
		e.dst = append(e.dst, '}')
	}
	if mixed { // the API demands it beside functions
		e.key("includeServerSideToolInvocations")
		e.dst = append(e.dst, "true"...)
	}
	e.dst = append(e.dst, '}')
}

// mode is the functionCallingConfig of what the client says about tools.
func (e *encoder) mode() (mode string, names []protocol.Text) {
	c := &e.r.Choice
	switch c.Mode {
	case protocol.ChoiceAuto:
		return "AUTO", nil
	case protocol.ChoiceNone:
		return "NONE", nil
	case protocol.ChoiceRequired:
		return "ANY", nil
	case protocol.ChoiceTool, protocol.ChoiceOneOf:
		names = e.functionsAmong(c.Names)
		if len(names) == 0 {
			e.fail(protocol.Invalid("tool_choice", "'tool_choice' names a tool that is not among the functions that can be sent to this model."))
		}
		return "ANY", names
	case protocol.ChoiceAllowed:
		names = e.functionsAmong(c.Names)
		switch {
		case len(names) == 0: // only tools that are no functions
			return "NONE", nil
		case e.t.validated:
			return "VALIDATED", names
		}
		e.x.Warn("tool_choice", "the model cannot be bound to some tools")
		return "AUTO", nil
	}
	return "", nil
}

// functionsAmong leaves out what is no function of the request: the API
// refuses other names.
func (e *encoder) functionsAmong(names []protocol.Text) []protocol.Text {
	var out []protocol.Text
	for _, name := range names {
		if t := e.x.Tool(name); t != nil && t.Kind != protocol.ToolServer {
			out = append(out, name)
		}
	}
	return out
}
