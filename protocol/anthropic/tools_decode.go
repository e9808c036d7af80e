package anthropic

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// tool reads an element of tools.
func (d *requestDecoder) tool() {
	c := d.c
	whole := *c
	var t protocol.Tool
	var kind string
	unknown := false
	c.Object(func(name []byte) {
		switch string(name) {
		case "type":
			if k := c.TextOrNull(); !k.Is("custom") {
				kind = k.String()
			}
		case "name":
			t.Name = c.TextOrNull()
		case "description":
			t.Description = c.TextOrNull()
		case "input_schema":
			if c.Kind() != '{' {
				c.Fail("expected a JSON schema, an object.")
			}
			t.Schema = c.Raw()
		case "strict":
			if !c.Null() {
				t.Strict = protocol.TriOf(c.Bool())
			}
		case "defer_loading":
			t.Deferred = !c.Null() && c.Bool()
		case "cache_control":
			t.Cache = cacheMark(c)
		case "input_examples":
			c.Raw()
			d.x.Warn("tools", "input_examples ignored")
		case "eager_input_streaming":
			c.Raw() // how soon a call is streamed, not what it says
		default:
			unknown = unknown || c.Kind() != 'n'
			c.Raw()
		}
	})
	if c.Err() != nil {
		return
	}
	if kind != "" && d.knownTool(kind, &t, whole) {
		return
	}
	if unknown {
		d.x.Warn("tools", "unknown field ignored")
	}
	if t.Name.Empty() {
		c.Fail("a tool needs a name.")
		return
	}
	d.r.Tools = append(d.r.Tools, t)
}

// knownTool reads a tool that Anthropic defines. Those that run at the client
// are functions with a schema that is known: t becomes one, and false says that
// it is still to be added. The others run at Anthropic.
func (d *requestDecoder) knownTool(kind string, t *protocol.Tool, at protocol.Cursor) bool {
	if strings.HasPrefix(kind, "web_search_") {
		d.webSearch(at)
		return true
	}
	for i := range clientTools {
		if known := &clientTools[i]; strings.HasPrefix(kind, known.prefix) {
			if t.Name == nil {
				t.Name = protocol.TextOf(known.name)
			}
			t.Description, t.Schema, t.Strict = protocol.TextOf(known.description), protocol.Raw(known.schema), protocol.Unset
			return false
		}
	}
	t.Kind, t.Maker, t.Raw = protocol.ToolServer, protocol.MadeByAnthropic, at.Raw()
	if t.Name == nil {
		t.Name = protocol.TextOf(kind)
	}
	d.r.Tools = append(d.r.Tools, *t)
	return true
}

// webSearch reads a search that runs at the provider, which others have too.
func (d *requestDecoder) webSearch(c protocol.Cursor) {
	w := new(protocol.WebSearch)
	domains := func() (list []protocol.Text) {
		if !c.Null() {
			c.Array(func(int) { list = append(list, c.Text()) })
		}
		return list
	}
	c.Object(func(name []byte) {
		switch string(name) {
		case "max_uses":
			if !c.Null() {
				w.MaxUses = c.Int()
			}
		case "allowed_domains":
			w.Allowed = domains()
		case "blocked_domains":
			w.Blocked = domains()
		case "user_location":
			if !c.Null() {
				w.Location = location(&c)
			}
		case "type", "name", "cache_control", "defer_loading", "strict":
			c.Raw() // not of what is searched
		}
	})
	d.c.Join(&c)
	d.r.WebSearch = w
}

// location reads a user_location without its type.
func location(c *protocol.Cursor) protocol.Raw {
	out := protocol.Raw{'{'}
	c.Object(func(name []byte) {
		switch string(name) {
		case "city", "country", "region", "timezone":
			if v := c.Raw(); !protocol.IsNull(v) {
				if len(out) > 1 {
					out = append(out, ',')
				}
				out = protocol.QuoteString(out, string(name))
				out = append(append(out, ':'), v...)
			}
		case "type":
			c.Raw()
		}
	})
	return append(out, '}')
}

func (d *requestDecoder) toolChoice() {
	c, r := d.c, d.r
	var name protocol.Text
	c.Object(func(member []byte) {
		switch string(member) {
		case "type":
			switch string(c.Text().Plain()) {
			case "auto":
				r.Choice.Mode = protocol.ChoiceAuto
			case "any":
				r.Choice.Mode = protocol.ChoiceRequired
			case "tool":
				r.Choice.Mode = protocol.ChoiceTool
			case "none":
				r.Choice.Mode = protocol.ChoiceNone
			default:
				if c.Err() == nil {
					c.Fail("expected auto, any, tool or none.")
				}
			}
		case "name":
			name = c.TextOrNull()
		case "disable_parallel_tool_use":
			if !c.Null() {
				r.Parallel = protocol.TriOf(!c.Bool())
			}
		}
	})
	if c.Err() == nil && r.Choice.Mode == protocol.ChoiceTool {
		if name.Empty() {
			c.Fail("a choice of type tool needs a name.")
			return
		}
		r.Choice.Names = []protocol.Text{name}
	}
}

// clientTools are the tools whose schema Anthropic's models have learnt and
// requests leave out. They run at the client, so any model can call them.
var clientTools = [...]struct{ prefix, name, description, schema string }{
	{"bash_", "bash", "Runs a command in a persistent bash session and returns its output.",
		`{"type":"object","properties":{"command":{"type":"string","description":"The command to run."},"restart":{"type":"boolean","description":"Restarts the session instead of running a command."}}}`},
	{"text_editor_", "str_replace_based_edit_tool", "Views, creates and edits text files.",
		`{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"]},"path":{"type":"string","description":"Path of the file or folder."},"file_text":{"type":"string","description":"For create: the whole text."},"old_str":{"type":"string","description":"For str_replace: the text to replace; it must occur once."},"new_str":{"type":"string","description":"For str_replace: the text to put there."},"insert_line":{"type":"integer","description":"For insert: the line behind which to insert; 0 is the beginning."},"insert_text":{"type":"string","description":"For insert: the text."},"view_range":{"type":"array","items":{"type":"integer"},"description":"For view: first and last line; -1 is the end."}},"required":["command","path"]}`},
	{"memory_", "memory", "Keeps files of notes below /memories between conversations.",
		`{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"]},"path":{"type":"string"},"view_range":{"type":"array","items":{"type":"integer"}},"file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"},"insert_line":{"type":"integer"},"insert_text":{"type":"string"},"old_path":{"type":"string"},"new_path":{"type":"string"}},"required":["command"]}`},
}
