package gemini

import (
	"slices"

	"github.com/llmgw/llmgw/protocol"
)

// tool takes one element of tools, which may hold several.
func (d *decoder) tool() {
	c := d.c
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "functionDeclarations", "function_declarations":
			list(c, func(int) { d.function() })
		case "googleSearch", "google_search", "googleSearchRetrieval", "google_search_retrieval":
			d.search()
		case "codeExecution", "code_execution":
			d.serverTool("code_execution", "codeExecution")
		case "urlContext", "url_context":
			d.serverTool("url_context", "urlContext")
		case "fileSearch", "file_search":
			d.serverTool("file_search", "fileSearch")
		case "googleMaps", "google_maps":
			d.serverTool("google_maps", "googleMaps")
		case "computerUse", "computer_use":
			d.serverTool("computer_use", "computerUse")
		case "mcpServers", "mcp_servers":
			d.serverTool("mcp_servers", "mcpServers")
		case "retrieval", "enterpriseWebSearch", "enterprise_web_search", "exaAiSearch", "parallelAiSearch":
			d.serverTool(string(name), string(name))
		}
	})
}

func (d *decoder) search() {
	d.r.WebSearch = &protocol.WebSearch{}
	if v := d.c.Raw(); len(v.Compact()) > len("{}") {
		d.x.Warn("tools", "options of the search not supported")
	}
}

// serverTool takes a tool that Google runs; its name is the hub's, field the
// one that it stands in.
func (d *decoder) serverTool(name, field string) {
	raw := append(protocol.Raw(`{"`+field+`":`), d.c.Raw().Compact()...)
	d.r.Tools = append(d.r.Tools, protocol.Tool{
		Kind: protocol.ToolServer, Name: protocol.TextOf(name), Maker: protocol.MadeByGemini, Raw: append(raw, '}'),
	})
}

func (d *decoder) function() {
	c, t := d.c, protocol.Tool{}
	schemas := 0
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "name":
			t.Name = c.Text()
		case "description":
			if text := c.Text(); !text.Empty() {
				t.Description = text
			}
		case "parameters", "parametersJsonSchema", "parameters_json_schema":
			schemas++
			t.Schema = d.parameters()
		case "response", "responseJsonSchema", "response_json_schema":
			c.Raw()
			d.x.Warn("tools", "the schema of a function's response is ignored")
		case "behavior":
			c.Raw()
			d.x.Warn("tools", "asynchronous functions not supported")
		}
	})
	switch {
	case t.Name.Empty():
		c.Fail("a function needs a name.")
	case schemas > 1:
		c.Fail("a function has parameters or parametersJsonSchema.")
	}
	d.r.Tools = append(d.r.Tools, t)
}

// parameters takes the schema of a function's arguments.
func (d *decoder) parameters() protocol.Raw {
	if d.c.Kind() != '{' {
		d.c.Fail("expected an object.")
		return nil
	}
	schema, err := jsonSchema(d.c.Raw())
	if err != nil {
		d.c.FailWith(protocol.AsError(err))
	}
	return schema
}

func (d *decoder) toolConfig() {
	c := d.c
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "functionCallingConfig", "function_calling_config":
			d.calling()
		case "includeServerSideToolInvocations", "include_server_side_tool_invocations":
			c.Raw() // what another provider's own tools do is told in words
		case "retrievalConfig", "retrieval_config":
			c.Raw()
			d.x.Warn("toolConfig", "retrievalConfig not supported")
		}
	})
}

func (d *decoder) calling() {
	c, choice := d.c, &d.r.Choice
	mode := ""
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "mode":
			mode = d.enum()
			if !slices.Contains([]string{"", "MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"}, mode) {
				c.Fail("expected AUTO, ANY, NONE or VALIDATED.")
			}
		case "allowedFunctionNames", "allowed_function_names":
			list(c, func(int) { choice.Names = append(choice.Names, c.Text()) })
		}
	})
	choice.Mode = modeIn(mode, len(choice.Names))
	if choice.Mode < protocol.ChoiceTool {
		choice.Names = nil
	}
}

// modeIn is the hub's mode for one of Gemini's with n names.
func modeIn(mode string, n int) protocol.ChoiceMode {
	switch mode {
	case "NONE":
		return protocol.ChoiceNone
	case "AUTO":
		return protocol.ChoiceAuto
	case "ANY":
		return [...]protocol.ChoiceMode{protocol.ChoiceRequired, protocol.ChoiceTool, protocol.ChoiceOneOf}[min(n, 2)]
	case "VALIDATED":
		if n > 0 {
			return protocol.ChoiceAllowed
		}
		return protocol.ChoiceAuto
	}
	return protocol.ChoiceUnset
}
