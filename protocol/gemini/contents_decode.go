package gemini

import (
	"strconv"
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// pending is a call that waits for its result.
type pending struct {
	id, name protocol.Text
	made     bool // the id is not the client's
	answered bool
}

// content takes one element of contents, number i.
func (d *decoder) content(i int) {
	c := d.c
	if c.Kind() == '"' { // a text alone, as the SDKs' own contents may be
		d.push(protocol.RoleUser, []protocol.Part{{Kind: protocol.PartText, Text: c.Text()}})
		return
	}
	// The role decides what a part is, and may stand behind the parts.
	role := protocol.RoleUser
	there := false
	look := *c
	look.Object(func(name []byte) {
		if string(name) == "role" {
			role = roleOf(&look)
		}
	})
	if err := look.Err(); err != nil {
		c.FailWith(protocol.AsError(err))
		return
	}
	if asked := role == protocol.RoleAssistant; asked != d.asked {
		if d.asked = asked; asked {
			d.calls = d.calls[:0]
		}
	}
	var out []protocol.Part
	last := len(d.r.Messages) - 1
	goesOn := role == protocol.RoleAssistant && last >= 0 && d.r.Messages[last].Role == role
	if goesOn { // a stream's chunks that a client kept apart
		out = d.r.Messages[last].Parts
	}
	c.Object(func(name []byte) {
		switch string(name) {
		case "parts":
			there = true
			if !c.Null() {
				list(c, func(j int) { out = d.part(out, role, i, j) })
			}
		case "role":
			c.Raw()
		}
	})
	if !there && role != protocol.RoleAssistant { // the API itself gives a model's content without parts
		c.Fail("a content must have parts.")
		return
	}
	d.checkPlace(role, out)
	if goesOn {
		d.r.Messages[last].Parts = out
		return
	}
	d.push(role, out)
}

// checkPlace makes the walk fail where a call or its result stands in the
// other side's content.
func (d *decoder) checkPlace(role protocol.Role, parts []protocol.Part) {
	for i := range parts {
		switch kind := parts[i].Kind; {
		case kind == protocol.PartCall && role != protocol.RoleAssistant:
			d.c.Fail("a functionCall belongs in a content of the role model.")
		case kind == protocol.PartResult && role != protocol.RoleUser:
			d.c.Fail("a functionResponse belongs in a content of the role user.")
		}
	}
}

func (d *decoder) push(role protocol.Role, parts []protocol.Part) {
	d.r.Messages = append(d.r.Messages, protocol.Message{Role: role, Parts: parts})
}

func roleOf(c *protocol.Cursor) protocol.Role {
	if c.Null() {
		return protocol.RoleUser
	}
	switch role := c.Text(); {
	case isAny(role, "user", "function", ""):
		return protocol.RoleUser
	case isAny(role, "model"):
		return protocol.RoleAssistant
	case isAny(role, "system"):
		return protocol.RoleSystem
	}
	c.Fail("expected user or model.")
	return protocol.RoleUser
}

// inPart is one part as it is read, before its kind is known.
type inPart struct {
	part      protocol.Part
	kinds     int // how many of the fields that decide the kind are there
	thought   bool
	signature protocol.Text
	detail    string
}

// part takes one element of parts and appends what it is: mostly one part, two
// where thinking of another provider travelled in a call's signature, none
// where it says nothing.
func (d *decoder) part(out []protocol.Part, role protocol.Role, i, j int) []protocol.Part {
	c := d.c
	if c.Kind() == '"' {
		return append(out, protocol.Part{Kind: protocol.PartText, Text: c.Text()})
	}
	var p inPart
	c.Object(func(name []byte) {
		if !c.Null() {
			d.partField(&p, name, i, j)
		}
	})
	if p.kinds > 1 {
		c.Fail("a part holds one thing only.")
		return out
	}
	if p.kinds == 0 {
		// The Go SDK sends a model's empty text back as a part without fields.
		if p.signature == nil && role != protocol.RoleAssistant {
			c.Fail("expected text, inlineData, fileData, functionCall, functionResponse, executableCode or codeExecutionResult.")
			return out
		}
		p.part.Text = protocol.Text(`""`)
	}
	if p.part.Media != nil {
		p.part.Media.Detail = p.detail
	}
	if p.thought && p.part.Kind == protocol.PartText {
		p.part.Kind = protocol.PartThinking
	}
	if role != protocol.RoleAssistant {
		return append(out, p.part)
	}
	return signed(out, p.part, p.signature)
}

func (d *decoder) partField(p *inPart, name []byte, i, j int) {
	c := d.c
	kind := true
	switch string(name) {
	case "text":
		p.part.Text = c.Text()
	case "inlineData", "inline_data":
		d.inlineData(&p.part)
	case "fileData", "file_data":
		d.fileData(&p.part)
	case "functionCall", "function_call":
		d.functionCall(&p.part, i, j)
	case "functionResponse", "function_response":
		d.functionResponse(&p.part)
	case "executableCode", "executable_code":
		d.executableCode(&p.part)
	case "codeExecutionResult", "code_execution_result":
		d.executionResult(&p.part)
	case "toolCall", "tool_call", "toolResponse", "tool_response":
		p.part.Kind, p.part.Name, p.part.Raw = protocol.PartServerTool, protocol.TextOf(string(name)), c.Raw()
	default:
		kind = false
		d.partNote(p, name)
	}
	if kind {
		p.kinds++
	}
}

// partNote takes a field that stands beside the one that decides the kind.
func (d *decoder) partNote(p *inPart, name []byte) {
	c := d.c
	switch string(name) {
	case "thought":
		p.thought = c.Bool()
	case "thoughtSignature", "thought_signature":
		p.signature = c.Text()
	case "mediaResolution", "media_resolution":
		if level, ok := protocol.Find(c.Raw(), "level"); ok {
			switch s, _ := protocol.String(level); strings.ToUpper(s) {
			case "MEDIA_RESOLUTION_LOW":
				p.detail = "low"
			case "MEDIA_RESOLUTION_HIGH":
				p.detail = "high"
			}
		}
	case "videoMetadata", "video_metadata":
		c.Raw()
		d.x.Warn("contents", "videoMetadata not supported")
	case "partMetadata", "part_metadata", "mediaProcessing", "speechMetadata":
		c.Raw()
	}
}

// callID makes the id of a call that has none, of its place: the same history
// gives the same ids.
func callID(content, part int) protocol.Text {
	id := append(protocol.Text(`"call_`), strconv.Itoa(content)...)
	id = append(id, '_')
	id = append(id, strconv.Itoa(part)...)
	return append(id, '"')
}

func (d *decoder) functionCall(p *protocol.Part, i, j int) {
	c := d.c
	p.Kind, p.Args = protocol.PartCall, protocol.Raw("{}")
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "id":
			p.ID = c.Text()
		case "name":
			p.Name = c.Text()
		case "args":
			if c.Kind() != '{' {
				c.Fail("expected an object.")
				return
			}
			p.Args = c.Raw()
		}
	})
	if p.Name.Empty() {
		c.Fail("a functionCall needs a name.")
		return
	}
	made := p.ID.Empty()
	if made {
		p.ID = callID(i, j)
	}
	d.calls = append(d.calls, pending{id: p.ID, name: p.Name, made: made})
}

func (d *decoder) functionResponse(p *protocol.Part) {
	c := d.c
	p.Kind = protocol.PartResult
	var media []protocol.Part
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "id":
			p.ID = c.Text()
		case "name":
			p.Name = c.Text()
		case "response":
			d.result(p)
		case "parts":
			list(c, func(int) { media = append(media, d.resultMedia()) })
		case "willContinue", "will_continue", "scheduling":
			c.Raw()
			d.x.Warn("contents", "asynchronous functions not supported")
		}
	})
	p.Parts = append(p.Parts, media...)
	p.ID = d.answer(p.ID, p.Name)
}

// answer finds the call that a result answers: by its id, else by its name,
// in the order of the calls.
func (d *decoder) answer(id, name protocol.Text) protocol.Text {
	same := func(a, b protocol.Text) bool { return a != nil && b != nil && a.Is(b.String()) }
	for i := range d.calls {
		if call := &d.calls[i]; !id.Empty() && same(call.id, id) {
			call.answered = true
			return call.id
		}
	}
	for i := range d.calls {
		if call := &d.calls[i]; !call.answered && (call.made || id.Empty()) && same(call.name, name) {
			call.answered = true
			return call.id
		}
	}
	return id
}

// result reads a functionResponse's response: an object that says "output" or
// "error" alone is that text, any other is a text that holds its JSON.
func (d *decoder) result(p *protocol.Part) {
	c := d.c
	if c.Kind() == '[' { // an old client's; the API refuses it
		c.Fail("expected an object.")
		return
	}
	raw := c.Raw()
	var value protocol.Raw
	members, failed := 0, false
	_ = protocol.ScanObject(raw, func(name []byte, m protocol.Member) { // a scalar is a text as it stands
		members++
		failed = string(name) == "error"
		if failed || string(name) == "output" {
			value = m.Of(raw)
		}
	})
	switch {
	case len(raw) > 0 && raw[0] == '{' && members == 0:
		return
	case members == 1 && value != nil:
		p.IsError, raw = failed, value
	}
	text := protocol.Text(raw)
	if len(raw) == 0 || raw[0] != '"' {
		text = protocol.AppendQuotedJSON(nil, raw)
	}
	if !text.Empty() {
		p.Parts = append(p.Parts, protocol.Part{Kind: protocol.PartText, Text: text})
	}
}
