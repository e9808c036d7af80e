package anthropic

import (
	"github.com/llmgw/llmgw/protocol"
)

// text writes a text block.
func (e *encoder) text(t protocol.Text, cache protocol.CacheMark) {
	e.dst = append(e.dst, `{"type":"text","text":`...)
	e.dst = append(e.dst, t...)
	e.mark(cache)
	e.dst = append(e.dst, '}')
}

// parts writes the blocks of a turn, those that cannot be sent left out.
func (e *encoder) parts(role string, parts []protocol.Part) error {
	for i := range parts {
		if err := e.part(role, &parts[i]); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) part(role string, p *protocol.Part) error {
	switch p.Kind {
	case protocol.PartText, protocol.PartRefusal:
		t := p.Text
		if p == e.prefill {
			t = trimRight(t)
		}
		if !t.Blank() {
			e.open(role)
			e.text(t, p.Cache)
		}
	case protocol.PartThinking, protocol.PartRedacted:
		e.thought(role, p)
	case protocol.PartCall:
		e.open(role)
		e.dst = append(e.dst, `{"type":"tool_use","id":`...)
		e.dst = append(e.dst, idRule.Fit(p.ID)...)
		e.member("name", e.x.SendName(p.Name, &nameRule))
		e.dst = append(e.dst, `,"input":`...)
		e.dst = appendOr(e.dst, p.Args, "{}")
		e.mark(p.Cache)
		e.dst = append(e.dst, '}')
	case protocol.PartResult:
		e.open(role)
		return e.result(p)
	case protocol.PartImage, protocol.PartFile, protocol.PartAudio:
		if role == "assistant" { // the API takes none there
			e.x.Warn("messages", protocol.MediaNamed)
			e.open(role)
			e.text(p.MediaWord(), p.Cache)
			return nil
		}
		if p.Kind != protocol.PartAudio {
			e.open(role)
			return e.media(p)
		}
		return p.Media.Refuse("", "this model takes no audio input.")
	case protocol.PartServerTool:
		e.serverTool(role, p)
	}
	return nil
}

// thought writes thinking that Anthropic has signed. All other thinking, and
// that of models which do not know it, stays out: it would be refused.
func (e *encoder) thought(role string, p *protocol.Part) {
	if !ours(p) || !e.m.budget && !e.m.adaptive {
		return
	}
	e.open(role)
	if p.Kind == protocol.PartRedacted {
		e.dst = append(e.dst, `{"type":"redacted_thinking","data":`...)
		e.dst = append(e.dst, p.Signature.Data...)
	} else {
		e.dst = append(e.dst, `{"type":"thinking","thinking":`...)
		e.dst = appendOr(e.dst, p.Text, `""`)
		e.member("signature", p.Signature.Data)
	}
	e.dst = append(e.dst, '}')
}

func (e *encoder) result(p *protocol.Part) error {
	e.dst = append(e.dst, `{"type":"tool_result","tool_use_id":`...)
	e.dst = append(e.dst, idRule.Fit(p.ID)...)
	if err := e.resultContent(p.Parts); err != nil {
		return err
	}
	if p.IsError {
		e.dst = append(e.dst, `,"is_error":true`...)
	}
	e.mark(p.Cache)
	e.dst = append(e.dst, '}')
	return nil
}

// resultContent writes a result's content: nothing, a string, or blocks.
func (e *encoder) resultContent(parts []protocol.Part) error {
	if len(parts) == 1 && parts[0].Kind == protocol.PartText && parts[0].Cache == protocol.CacheNone {
		if !parts[0].Text.Blank() {
			e.member("content", parts[0].Text)
		}
		return nil
	}
	n := 0
	for i := range parts {
		p := &parts[i]
		words := p.Kind == protocol.PartText || p.Kind == protocol.PartRefusal
		if words && p.Text.Blank() {
			continue
		}
		if n++; n == 1 {
			e.dst = append(e.dst, `,"content":[`...)
		} else {
			e.dst = append(e.dst, ',')
		}
		switch {
		case words:
			e.text(p.Text, p.Cache)
		case p.Kind == protocol.PartImage || p.Kind == protocol.PartFile:
			if err := e.media(p); err != nil {
				return err
			}
		default:
			e.x.Warn("messages", "a tool result holds what is no text and no image")
			e.text(protocol.Text(`"[not shown]"`), p.Cache)
		}
	}
	if n > 0 {
		e.dst = append(e.dst, ']')
	}
	return nil
}

// serverTool writes a block of a tool that ran at Anthropic as it came, and
// what another provider's said as text.
func (e *encoder) serverTool(role string, p *protocol.Part) {
	switch {
	case p.Signature.Maker == protocol.MadeByAnthropic && p.Raw != nil:
		e.open(role)
		e.dst = append(e.dst, p.Raw...)
	case !p.Text.Blank():
		e.x.Warn("messages", "the use of a server tool is sent as text")
		e.open(role)
		e.text(p.Text, p.Cache)
	default:
		e.x.Warn("messages", "the use of another provider's server tool is dropped")
	}
}

// trimRight returns t without white space at its end, which is refused where
// the model shall continue a text.
func trimRight(t protocol.Text) protocol.Text {
	s := t.Inner()
	for n := len(s); n > 0; n = len(s) {
		switch c := s[n-1]; {
		case c == ' ':
			s = s[:n-1]
		case n > 1 && (c == 'n' || c == 't' || c == 'r') && s[n-2] == '\\' && !escaped(s[:n-2]):
			s = s[:n-2]
		default:
			return requote(t, s)
		}
	}
	return requote(t, s)
}

// escaped tells whether a character behind s is escaped.
func escaped(s []byte) bool {
	odd := false
	for i := len(s); i > 0 && s[i-1] == '\\'; i-- {
		odd = !odd
	}
	return odd
}

func requote(t protocol.Text, inner []byte) protocol.Text {
	if len(inner)+2 == len(t) {
		return t
	}
	out := make(protocol.Text, 0, len(inner)+2)
	out = append(out, '"')
	out = append(out, inner...)
	return append(out, '"')
}
