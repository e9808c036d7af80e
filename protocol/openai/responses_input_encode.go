package openai

import "github.com/llmgw/llmgw/protocol"

// input writes the conversation.
func (e *responsesEncoder) input(messages []protocol.Message) {
	e.out = append(e.out, `,"input":[`...)
	// OpenAI demands the word in the input itself.
	if e.r.Format != nil && e.r.Format.Schema == nil && (len(messages) < len(e.r.Messages) || !e.saysJSON()) {
		e.message(e.systemRole())
		e.out = append(e.out, `,"content":"Answer with one JSON object."}`...)
	}
	for i := range messages {
		switch m := &messages[i]; m.Role {
		case protocol.RoleUser:
			e.user(m)
		case protocol.RoleAssistant:
			e.assistant(m)
		default:
			e.message(e.systemRole())
			e.content("input_text", m.Parts)
			e.out = append(e.out, '}')
		}
	}
	if !e.more {
		e.message("user") // nothing is left of what the client said
		e.out = append(e.out, `,"content":"."}`...)
	}
	if n := len(messages); n > 0 && messages[n-1].Role == protocol.RoleAssistant {
		e.x.Warn("messages", "the last message is not continued")
	}
	e.out = append(e.out, ']')
}

// item begins an item, which ends with a brace.
func (e *responsesEncoder) item(kind string) {
	if e.more {
		e.out = append(e.out, ',')
	}
	e.more = true
	e.out = append(e.out, `{"type":"`...)
	e.out = append(e.out, kind...)
	e.out = append(e.out, '"')
}

func (e *responsesEncoder) message(role string) {
	e.item("message")
	e.word("role", role)
}

// user writes the results of a turn, then the rest of it.
func (e *responsesEncoder) user(m *protocol.Message) {
	rest := m.Parts
	for len(rest) > 0 && rest[0].Kind == protocol.PartResult {
		e.result(&rest[0])
		rest = rest[1:]
	}
	if shows(rest) {
		e.message("user")
		e.content("input_text", rest)
		e.out = append(e.out, '}')
	}
}

// content writes a message's content: a string where it is one text without a
// mark, else a list. kind is what its texts are.
func (e *responsesEncoder) content(kind string, parts []protocol.Part) {
	if len(parts) == 1 && parts[0].Kind == protocol.PartText && !e.marked(&parts[0]) {
		e.raw("content", parts[0].Text)
		return
	}
	e.member("content")
	e.list(kind, parts)
}

// marked tells whether a cache mark is to be written.
func (e *responsesEncoder) marked(p *protocol.Part) bool {
	return p.Cache != protocol.CacheNone && e.model.breakpoints
}

func (e *responsesEncoder) list(kind string, parts []protocol.Part) {
	e.out = append(e.out, '[')
	first := len(e.out)
	for i := range parts {
		e.part(first, kind, &parts[i])
	}
	e.out = append(e.out, ']')
}

// part writes one part of a content, if it has a form there; first is where
// the list begins.
func (e *responsesEncoder) part(first int, kind string, p *protocol.Part) {
	before := len(e.out)
	if before > first {
		e.out = append(e.out, ',')
	}
	start := len(e.out)
	switch {
	case p.Media != nil && kind == "output_text":
		e.x.Warn("messages", "what the model drew or said aloud left out")
	case p.Kind == protocol.PartImage:
		e.image(p.Media)
	case p.Kind == protocol.PartFile:
		e.file(p.Media)
	case p.Kind == protocol.PartAudio:
		e.fail(protocol.Invalid("messages", "This model takes no sound."))
	case p.Text == nil:
	case p.Kind == protocol.PartRefusal && kind == "output_text":
		e.out = append(e.out, `{"type":"refusal"`...)
		e.raw("refusal", p.Text)
	default:
		e.say(kind, p.Text)
	}
	if len(e.out) == start {
		e.out = e.out[:before]
		return
	}
	if e.marked(p) && kind == "input_text" {
		e.out = append(e.out, breakpoint...)
	}
	e.out = append(e.out, '}')
}

// say begins a part that is a text.
func (e *responsesEncoder) say(kind string, text protocol.Text) {
	e.out = append(e.out, `{"type":"`...)
	e.out = append(e.out, kind...)
	e.out = append(e.out, '"')
	e.raw("text", text)
}

func (e *responsesEncoder) image(m *protocol.Media) {
	if e.foreign(m) {
		return
	}
	e.out = append(e.out, `{"type":"input_image","image_url":`...)
	e.url(m, "image/png")
	detail := m.Detail
	if detail == "" {
		detail = "auto"
	}
	e.word("detail", detail)
}

func (e *responsesEncoder) url(m *protocol.Media, kind string) {
	if m.Data == nil {
		e.out = append(e.out, m.URL...)
		return
	}
	e.out = appendDataURL(e.out, m, kind)
}

func (e *responsesEncoder) file(m *protocol.Media) {
	if e.foreign(m) {
		return
	}
	if plain := plainOf(m); plain != nil {
		e.say("input_text", protocol.AppendTexts(nil, "\n\n", m.Name, m.Context, plain))
		return
	}
	if m.Data == nil {
		e.out = append(e.out, `{"type":"input_file","file_url":`...)
		e.url(m, "")
		return
	}
	e.out = append(e.out, `{"type":"input_file","file_data":`...)
	e.url(m, "application/pdf")
	name := m.Name
	if name.Empty() {
		name = protocol.Text(`"document.pdf"`)
	}
	e.raw("filename", name)
}

// result writes the output of one call.
func (e *responsesEncoder) result(p *protocol.Part) {
	kind := "function_call_output"
	if p.Custom && e.model.modern {
		kind = "custom_tool_call_output"
	}
	e.item(kind)
	e.raw("call_id", sentID(p.ID))
	e.member("output")
	if holdsMedia([]protocol.Part{*p}) {
		e.list("input_text", p.Parts)
	} else {
		e.resultText(p)
	}
	e.out = append(e.out, '}')
}

// assistant writes a turn of the model as the items that it came in: what it
// said between two others is one message. Thinking goes back to OpenAI only
// where OpenAI's own signature is there.
func (e *responsesEncoder) assistant(m *protocol.Message) {
	for i := 0; i < len(m.Parts); i++ {
		switch p := &m.Parts[i]; p.Kind {
		case protocol.PartCall:
			e.call(p)
		case protocol.PartThinking, protocol.PartRedacted:
			e.thought(p)
		default:
			end := i
			for end < len(m.Parts) && isWords(&m.Parts[end]) {
				end++
			}
			e.words(m.Parts[i:end])
			i = end - 1
		}
	}
}

func isWords(p *protocol.Part) bool {
	return p.Kind != protocol.PartCall && p.Kind != protocol.PartThinking && p.Kind != protocol.PartRedacted
}

// words writes what the model said in one message.
func (e *responsesEncoder) words(parts []protocol.Part) {
	said := false
	for i := range parts {
		if parts[i].Kind == protocol.PartServerTool {
			e.x.Warn("messages", "what another provider's own tools did is told in words or left out")
		}
		said = said || parts[i].Text != nil
	}
	if !said {
		return
	}
	e.message("assistant")
	e.content("output_text", parts)
	e.out = append(e.out, '}')
}

func (e *responsesEncoder) thought(p *protocol.Part) {
	if p.Signature.Maker != protocol.MadeByOpenAI || !p.Signature.Present() {
		return
	}
	e.item("reasoning")
	if !p.Signature.ID.Empty() {
		e.raw("id", p.Signature.ID)
	}
	e.member("summary")
	e.out = append(e.out, '[')
	if !p.Text.Empty() {
		e.say("summary_text", p.Text)
		e.out = append(e.out, '}')
	}
	e.out = append(e.out, ']')
	e.raw("encrypted_content", p.Signature.Data)
	e.out = append(e.out, '}')
}

func (e *responsesEncoder) call(p *protocol.Part) {
	custom := p.Custom && e.model.modern
	if custom {
		e.item("custom_tool_call")
	} else {
		e.item("function_call")
	}
	e.raw("call_id", sentID(p.ID))
	e.raw("name", e.sentName(p.Name))
	if custom {
		e.raw("input", inputOf(p.Args))
	} else {
		e.member("arguments")
		e.out = protocol.AppendQuotedJSON(e.out, p.Args.Compact())
	}
	e.out = append(e.out, '}')
}
