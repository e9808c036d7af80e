package gemini

import (
	"bytes"
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// result writes what a call gave, and appends to below what must stand behind
// the results.
func (e *encoder) result(p *protocol.Part, below []*protocol.Part) []*protocol.Part {
	var inside []*protocol.Part
	texts := make([]protocol.Text, 0, 4)
	moved := false
	for i := range p.Parts {
		part := &p.Parts[i]
		switch part.Kind {
		case protocol.PartText, protocol.PartRefusal, protocol.PartServerTool:
			if !part.Text.Empty() {
				texts = append(texts, part.Text)
			}
		case protocol.PartImage, protocol.PartFile, protocol.PartAudio:
			switch {
			case part.Media == nil:
			case !part.Media.Plain.Empty():
				texts = append(texts, titled(part.Media)...)
			case e.t.resultMedia && insideResult(part):
				inside = append(inside, part)
			default:
				below, moved = append(below, part), true
			}
		}
	}
	if moved {
		texts = append(texts, protocol.Text(`"[see the content below]"`))
	}
	e.next()
	e.dst = append(e.dst, `{"functionResponse":{`...)
	if e.t.ids && !p.ID.Empty() {
		e.key("id")
		e.dst = append(e.dst, p.ID...)
	}
	e.key("name")
	e.dst = append(e.dst, e.x.SendName(p.Name, &toolNames)...)
	e.dst = append(e.dst, `,"response":`...)
	e.response(texts, p.IsError)
	for i, part := range inside {
		if i == 0 {
			e.dst = append(e.dst, `,"parts":[`...)
		}
		e.next()
		e.dst = append(e.dst, `{"inlineData":`...)
		e.blob(part)
		e.dst = append(e.dst, '}')
	}
	if len(inside) > 0 {
		e.dst = append(e.dst, ']')
	}
	e.dst = append(e.dst, `}}`...)
	return below
}

// response writes an object, which is what the API demands: the one that the
// tool gave, or one that holds its list or its words.
func (e *encoder) response(texts []protocol.Text, failed bool) {
	if len(texts) == 1 && !failed && looksJSON(texts[0]) {
		value := protocol.Raw(texts[0].String())
		switch {
		case protocol.ScanObject(value, func([]byte, protocol.Member) {}) == nil:
			e.dst = append(e.dst, value.Compact()...)
			return
		case protocol.ScanArray(value, func(protocol.Member) {}) == nil:
			e.dst = append(e.dst, `{"output":`...)
			e.dst = append(append(e.dst, value.Compact()...), '}')
			return
		}
	}
	if failed {
		e.dst = append(e.dst, `{"error":`...)
	} else {
		e.dst = append(e.dst, `{"output":`...)
	}
	if len(texts) == 1 {
		e.dst = append(e.dst, texts[0]...)
	} else {
		e.dst = protocol.AppendTexts(e.dst, "\n", texts...)
	}
	e.dst = append(e.dst, '}')
}

func looksJSON(t protocol.Text) bool {
	inner := bytes.TrimLeft(t.Inner(), " ")
	return len(inner) > 0 && (inner[0] == '{' || inner[0] == '[' || inner[0] == '\\')
}

// insideResult tells whether data may stand inside of a result.
func insideResult(p *protocol.Part) bool {
	m := p.Media
	if m.Data.Empty() {
		return false
	}
	kind := protocol.MediaType(m.Data).String()
	if !m.Type.Empty() {
		kind = strings.ToLower(m.Type.String())
	}
	switch kind {
	case "image/png", "image/jpeg", "image/jpg", "image/webp", "application/pdf", "text/plain":
		return true
	}
	return false
}
