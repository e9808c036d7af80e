package openai

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

func (e *chatEncoder) messages() {
	e.member("messages")
	e.out = append(e.out, '[')
	e.formatMessage()
	for i := range e.r.Messages {
		switch m := &e.r.Messages[i]; m.Role {
		case protocol.RoleUser:
			e.user(m)
		case protocol.RoleAssistant:
			e.assistant(m)
		default:
			e.begin(e.systemRole())
			e.content(m.Parts)
			e.out = append(e.out, '}')
		}
	}
	if !e.more {
		e.begin("user") // nothing is left of what the client said
		e.out = append(e.out, `,"content":"."}`...)
	}
	if n := len(e.r.Messages); n > 0 && e.r.Messages[n-1].Role == protocol.RoleAssistant {
		e.x.Warn("messages", "the last message is not continued")
	}
	e.out = append(e.out, ']')
}

func (e *chatEncoder) systemRole() string {
	if e.model.modern {
		return "developer"
	}
	return "system"
}

// begin starts a message.
func (e *chatEncoder) begin(role string) {
	if e.more {
		e.out = append(e.out, ',')
	}
	e.more = true
	e.out = append(e.out, `{"role":"`...)
	e.out = append(e.out, role...)
	e.out = append(e.out, '"')
}

func (e *chatEncoder) name(m *protocol.Message) {
	if !m.Name.Empty() {
		e.raw("name", m.Name)
	}
}

// user writes the results of a turn as messages of their own, then the rest of
// it. A tool's message holds text alone: images follow in the user's message,
// which must stand behind all results.
func (e *chatEncoder) user(m *protocol.Message) {
	rest := m.Parts
	for len(rest) > 0 && rest[0].Kind == protocol.PartResult {
		e.result(&rest[0])
		rest = rest[1:]
	}
	results := m.Parts[:len(m.Parts)-len(rest)]
	for i := range rest {
		if rest[i].Kind == protocol.PartServerTool { // a file for a tool that runs at the provider
			e.warnServerTool()
		}
	}
	if !shows(rest) && !holdsMedia(results) {
		return
	}
	e.begin("user")
	e.name(m)
	if !holdsMedia(results) {
		e.content(rest)
		e.out = append(e.out, '}')
		return
	}
	e.out = append(e.out, `,"content":[`...)
	first := len(e.out)
	for i := range results {
		for j := range results[i].Parts {
			if p := &results[i].Parts[j]; follows(p) {
				e.part(first, p)
			}
		}
	}
	for i := range rest {
		e.part(first, &rest[i])
	}
	e.out = append(e.out, "]}"...)
}

// shows tells whether any of the parts has a form in a user's message.
func shows(parts []protocol.Part) bool {
	for i := range parts {
		switch p := &parts[i]; p.Kind {
		case protocol.PartText, protocol.PartRefusal, protocol.PartServerTool:
			if !p.Text.Empty() {
				return true
			}
		case protocol.PartImage, protocol.PartFile, protocol.PartAudio:
			return true
		}
	}
	return false
}

func holdsMedia(results []protocol.Part) bool {
	for i := range results {
		for j := range results[i].Parts {
			if follows(&results[i].Parts[j]) {
				return true
			}
		}
	}
	return false
}

// follows tells whether a part of a result must stand in the message behind it:
// all but texts, and documents that are such.
func follows(p *protocol.Part) bool { return p.Media != nil && plainOf(p.Media) == nil }

// result writes the message of one tool's result.
func (e *chatEncoder) result(p *protocol.Part) {
	e.begin("tool")
	e.raw("tool_call_id", sentID(p.ID))
	marked := p.Cache != protocol.CacheNone && e.model.breakpoints
	if marked {
		e.out = append(e.out, `,"content":[{"type":"text","text":`...)
	} else {
		e.member("content")
	}
	e.resultText(p)
	if marked {
		e.out = append(e.out, breakpoint...)
		e.out = append(e.out, "}]"...)
	}
	e.out = append(e.out, '}')
}

func (e *chatEncoder) resultText(p *protocol.Part) {
	e.out = append(e.out, '"')
	start := len(e.out)
	line := func(s []byte) {
		if len(e.out) > start && len(s) > 0 {
			e.out = append(e.out, `\n`...)
		}
		e.out = append(e.out, s...)
	}
	behind := ""
	for i := range p.Parts {
		switch q := &p.Parts[i]; {
		case q.Kind == protocol.PartImage:
			behind = "[image follows]"
		case q.Media != nil && follows(q):
			behind = "[file follows]"
		case q.Media != nil:
			line(protocol.Text(protocol.AppendTexts(nil, "\n", q.Media.Name, q.Media.Context, plainOf(q.Media))).Inner())
		case q.Text != nil:
			line(q.Text.Inner())
		}
	}
	line([]byte(behind))
	if p.IsError && !saysError(e.out[start:]) {
		said := string(e.out[start:])
		e.out = append(append(e.out[:start], "Error: "...), said...)
	}
	e.out = append(e.out, '"')
}

func saysError(text []byte) bool {
	return len(text) >= 5 && strings.EqualFold(string(text[:5]), "error")
}

// assistant writes a turn of the model. Thinking is left out but for the
// servers that want it back; what each of them takes is what it gave.
func (e *chatEncoder) assistant(m *protocol.Message) {
	var texts, calls, details int
	var refusal protocol.Text
	for i := range m.Parts {
		switch p := &m.Parts[i]; p.Kind {
		case protocol.PartText, protocol.PartServerTool:
			if p.Kind == protocol.PartServerTool {
				e.warnServerTool()
			}
			if !p.Text.Empty() {
				texts++
			}
		case protocol.PartImage, protocol.PartFile, protocol.PartAudio:
			texts++
		case protocol.PartCall:
			calls++
		case protocol.PartRefusal:
			refusal = p.Text
		case protocol.PartRedacted, protocol.PartThinking:
			if p.Signature.Maker == protocol.MadeByAnthropic {
				details++
			}
		}
	}
	if texts == 0 && calls == 0 && refusal == nil {
		return
	}
	e.begin("assistant")
	e.name(m)
	if texts == 0 {
		e.out = append(e.out, `,"content":null`...)
	} else {
		e.content(e.spoken(m.Parts))
	}
	e.raw("refusal", refusal)
	e.thinking(m, calls, details)
	if calls > 0 {
		e.out = append(e.out, `,"tool_calls":[`...)
		first := len(e.out)
		for i := range m.Parts {
			if p := &m.Parts[i]; p.Kind == protocol.PartCall {
				e.call(first, p)
			}
		}
		e.out = append(e.out, ']')
	}
	e.out = append(e.out, '}')
}

// spoken is what of an assistant's parts its content can hold: texts. A refusal
// has a member of its own, and what a model has drawn or said aloud is named.
func (e *chatEncoder) spoken(parts []protocol.Part) []protocol.Part {
	other := func(p protocol.Part) bool { return p.Kind == protocol.PartRefusal || p.Media != nil }
	if !slices.ContainsFunc(parts, other) {
		return parts
	}
	out := make([]protocol.Part, 0, len(parts))
	for _, p := range parts {
		switch {
		case p.Media != nil:
			e.x.Warn("messages", protocol.MediaNamed)
			out = append(out, protocol.Part{Text: p.MediaWord()})
		case p.Kind != protocol.PartRefusal:
			out = append(out, p)
		}
	}
	return out
}

func (e *chatEncoder) warnServerTool() {
	e.x.Warn("messages", "what another provider's own tools did is told in words or left out")
}

// thinking writes what a compatible server wants of its model's thinking:
// DeepSeek and Kimi that of turns with calls alone.
func (e *chatEncoder) thinking(m *protocol.Message, calls, signed int) {
	switch {
	case calls > 0 && carriesThinking(e.x.Target):
		start := len(e.out)
		e.out = append(e.out, `,"reasoning_content":"`...)
		begun := len(e.out)
		for i := range m.Parts {
			if p := &m.Parts[i]; p.Kind == protocol.PartThinking {
				e.out = append(e.out, p.Text.Inner()...)
			}
		}
		if len(e.out) == begun {
			e.out = e.out[:start]
			return
		}
		e.out = append(e.out, '"')
	case signed > 0 && strings.Contains(e.x.Target, "claude"):
		e.out = append(e.out, `,"reasoning_details":[`...)
		index := 0
		for i := range m.Parts {
			if p := &m.Parts[i]; p.Signature.Maker == protocol.MadeByAnthropic {
				if index > 0 {
					e.out = append(e.out, ',')
				}
				e.out = appendDetail(e.out, p, index)
				index++
			}
		}
		e.out = append(e.out, ']')
	}
}

func (e *chatEncoder) call(first int, p *protocol.Part) {
	if len(e.out) > first {
		e.out = append(e.out, ',')
	}
	e.out = append(e.out, `{"id":`...)
	e.out = append(e.out, sentID(p.ID)...)
	if p.Custom && e.model.modern {
		e.out = append(e.out, `,"type":"custom","custom":{"name":`...)
		e.out = append(e.out, e.sentName(p.Name)...)
		e.raw("input", inputOf(p.Args))
		e.out = append(e.out, "}}"...)
		return
	}
	e.out = append(e.out, `,"type":"function","function":{"name":`...)
	e.out = append(e.out, e.sentName(p.Name)...)
	e.member("arguments")
	e.out = protocol.AppendQuotedJSON(e.out, p.Args.Compact())
	e.out = append(e.out, '}')
	if strings.Contains(e.x.Target, "gemini") {
		e.out = appendThoughtSignature(e.out, p.Signature)
	}
	e.out = append(e.out, '}')
}

// toolName is what OpenAI takes as the name of a tool or schema.
var toolName = protocol.Rule{Max: 64, Extra: "-"}

func (e *chatEncoder) sentName(name protocol.Text) protocol.Text {
	return e.x.SendName(name, &toolName)
}

// maxCallID is how long an id of a call may be, in bytes, as clients found out.
const maxCallID = 40

// sentID returns an id as it is sent. One that is too long gives way to one
// that depends on it alone, so that call and result still match.
func sentID(id protocol.Text) protocol.Text {
	if n := len(id.Inner()); n > 0 && n <= maxCallID {
		return id
	}
	sum := sha256.Sum256([]byte(id.String()))
	out := append(make(protocol.Text, 0, 31), `"call_`...)
	out = hex.AppendEncode(out, sum[:12])
	return append(out, '"')
}
