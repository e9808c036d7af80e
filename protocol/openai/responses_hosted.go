package openai

import "github.com/llmgw/llmgw/protocol"

// hostedMembers are what of a hosted tool's call, or of its output, tells the
// next model something. Data of images is not among them.
var hostedMembers = [...]string{"name", "action", "operation", "queries", "code", "arguments", "results", "outputs", "output", "error"}

// hosted takes an item of a tool that only OpenAI's API runs or knows. No other
// provider has a form for it, so it becomes words: those of the assistant, or
// the user's where they are an output that the client gave. false: the kind is
// unknown.
func (d *responsesDecoder) hosted(kind string) bool {
	role := protocol.RoleAssistant
	switch kind {
	case "local_shell_call", "shell_call", "web_search_call", "file_search_call", "computer_call", "code_interpreter_call",
		"image_generation_call", "apply_patch_call", "mcp_call", "program", "program_output":
	case "local_shell_call_output", "shell_call_output", "computer_call_output", "apply_patch_call_output":
		role = protocol.RoleUser
	case "mcp_list_tools":
		d.x.Warn("input", "lists of MCP tools are dropped")
		d.c.Raw()
		return true
	default:
		return false
	}
	d.x.Warn("input", "calls of hosted tools are sent as text")
	note := append([]byte(nil), "["+kind+"]"...)
	var shot []protocol.Part
	d.c.Object(func(name []byte) {
		if d.c.Null() {
			return
		}
		if kind == "computer_call_output" && string(name) == "output" {
			shot = append(shot, d.part())
			return
		}
		for _, m := range hostedMembers {
			if string(name) == m {
				note = append(note, " "+m+": "...)
				note = append(note, d.c.Raw().Compact()...)
				return
			}
		}
		d.c.Raw()
	})
	parts := append([]protocol.Part{{Text: protocol.AppendQuotedJSON(nil, note)}}, shot...)
	d.add(role, parts...)
	return true
}
