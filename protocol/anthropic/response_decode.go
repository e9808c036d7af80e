package anthropic

import (
	"github.com/llmgw/llmgw/protocol"
)

// DecodeResponse reads a whole message. The body must stay unchanged as long
// as the answer lives. An error is an *protocol.Error: what the body itself
// reports, or BadGateway where it is no message.
func DecodeResponse(x *protocol.Exchange, body []byte) (*protocol.Response, error) {
	if err := protocol.EmbeddedError(body); err != nil {
		return nil, err
	}
	if protocol.ScanObject(body, func([]byte, protocol.Member) {}) != nil {
		return nil, unreadable()
	}
	d := responseDecoder{x: x, r: &protocol.Response{Choices: make([]protocol.Choice, 1)}}
	c := protocol.NewCursor(body)
	content := false
	c.Object(func(name []byte) {
		switch string(name) {
		case "id":
			d.r.ID = c.TextOrNull()
		case "model":
			d.r.Model = c.TextOrNull()
		case "content":
			content = true
			c.Array(func(int) { d.block(c) })
		case "stop_reason":
			d.reason = c.TextOrNull()
		case "stop_sequence":
			d.sequence = c.TextOrNull()
		case "stop_details":
			d.detail = explanation(c.Raw())
		case "usage":
			d.r.Tier = d.usage(c.Raw())
		}
	})
	if c.Err() != nil || !content || d.reason == nil {
		return nil, unreadable()
	}
	if d.reason.Is("compaction") {
		x.Warn("stop_reason", "compaction becomes stop")
	}
	d.r.Choices[0] = protocol.Choice{Parts: d.parts, Stop: stopOf(d.reason, d.sequence, d.detail, d.calls > 0)}
	return d.r, nil
}

func unreadable() *protocol.Error {
	return protocol.Errorf(protocol.BadGateway, "The provider's answer is not a message that can be read.")
}

type responseDecoder struct {
	x                        *protocol.Exchange
	r                        *protocol.Response
	parts                    []protocol.Part
	calls                    int // of the client's tools
	reason, sequence, detail protocol.Text
}

// usage reads the counts, and returns the tier that served.
func (d *responseDecoder) usage(raw protocol.Raw) string {
	update(&d.r.Usage, raw)
	return tierOf(raw)
}

// tierOf reads the service tier of a usage in OpenAI's words.
func tierOf(usage []byte) string {
	switch v, _ := protocol.Find(usage, "service_tier"); string(v) {
	case `"standard"`, `"batch"`:
		return "default"
	case `"priority"`:
		return "priority"
	}
	return ""
}

// explanation reads why an answer was refused.
func explanation(details []byte) protocol.Text {
	v, _ := protocol.Find(details, "explanation")
	if len(v) > 0 && v[0] == '"' {
		return protocol.Text(v)
	}
	return nil
}

// stopOf tells why a message ended. calls: it calls a tool of the client's.
func stopOf(reason, sequence, detail protocol.Text, calls bool) protocol.Stop {
	s := protocol.Stop{Reason: protocol.StopEnd}
	switch string(reason.Inner()) {
	case "max_tokens":
		s.Reason = protocol.StopLength
	case "model_context_window_exceeded":
		s.Reason = protocol.StopContext
	case "stop_sequence":
		s.Reason, s.Sequence = protocol.StopSequence, sequence
	case "refusal":
		s.Reason, s.Detail = protocol.StopRefusal, detail
	case "pause_turn":
		s.Reason = protocol.StopPause
	default: // end_turn, tool_use, compaction, and what is to come
		if calls {
			s.Reason = protocol.StopTool
		}
	}
	return s
}

// answerBlock holds the members of a block of an answer.
type answerBlock struct {
	kind, text, thinking, signature, data, id, name protocol.Text
	input, citations                                protocol.Raw
}

// member takes one member of a block.
func (b *answerBlock) member(c *protocol.Cursor, name []byte) {
	switch string(name) {
	case "type":
		b.kind = c.TextOrNull()
	case "text":
		b.text = c.TextOrNull()
	case "thinking":
		b.thinking = c.TextOrNull()
	case "signature":
		b.signature = c.TextOrNull()
	case "data":
		b.data = c.TextOrNull()
	case "id":
		b.id = c.TextOrNull()
	case "name":
		b.name = c.TextOrNull()
	case "input":
		b.input = c.Raw()
	case "citations":
		b.citations = c.Raw()
	}
}

func (d *responseDecoder) block(c *protocol.Cursor) {
	whole := *c
	var b answerBlock
	c.Object(func(name []byte) { b.member(c, name) })
	if c.Err() != nil {
		return
	}
	switch string(b.kind.Inner()) {
	case "text":
		if !b.text.Empty() {
			d.parts = append(d.parts, protocol.Part{Kind: protocol.PartText, Text: b.text, Citations: citations(b.citations)})
		}
	case "thinking":
		d.parts = append(d.parts, protocol.Part{Kind: protocol.PartThinking, Text: b.thinking, Signature: signed(b.signature)})
	case "redacted_thinking":
		d.parts = append(d.parts, protocol.Part{Kind: protocol.PartRedacted, Signature: signed(b.data)})
	case "tool_use":
		d.call(&b)
	default:
		if blockKind(b.kind) == serverBlock {
			d.parts = append(d.parts, protocol.Part{
				Kind: protocol.PartServerTool, Name: b.name, Raw: whole.Raw(),
				Signature: protocol.Signature{Maker: protocol.MadeByAnthropic},
			})
		}
	}
}

func (d *responseDecoder) call(b *answerBlock) {
	if len(b.input) == 0 || b.input[0] != '{' {
		b.input = protocol.Raw("{}")
	}
	b.input = b.input.Compact() // as a stream would have it
	if d.x.FormatTool != "" && b.name.Is(d.x.FormatTool) {
		d.parts = append(d.parts, protocol.Part{Kind: protocol.PartText, Text: protocol.AppendQuotedJSON(nil, b.input)})
		return
	}
	d.calls++
	d.parts = append(d.parts, clientCall(d.x, protocol.Part{Kind: protocol.PartCall, ID: b.id, Name: b.name, Args: b.input}))
}

// clientCall gives a call the name that the client knows its tool by, and an
// id where the server gave none.
func clientCall(x *protocol.Exchange, p protocol.Part) protocol.Part {
	if p.ID.Empty() {
		p.ID = protocol.TextOf(x.NewID("toolu_"))
	}
	if p.Name = x.ClientName(p.Name); p.Name == nil {
		p.Name = protocol.Text(`""`)
	}
	if x.Request != nil {
		if t := x.Tool(p.Name); t != nil {
			p.Namespace, p.Custom = t.Namespace, t.Kind == protocol.ToolCustom
		}
	}
	return p
}

// signed is the signature of the provider's own thinking.
func signed(t protocol.Text) protocol.Signature {
	if t.Empty() {
		return protocol.Signature{}
	}
	return protocol.Signature{Maker: protocol.MadeByAnthropic, Data: t}
}

// citations reads those that have an address; documents of the request have
// none.
func citations(raw protocol.Raw) []protocol.Citation {
	if len(raw) == 0 || raw[0] != '[' {
		return nil
	}
	var list []protocol.Citation
	_ = protocol.ScanArray(raw, func(m protocol.Member) { // a part of a body that is valid
		if c, ok := citation(m.Of(raw)); ok {
			list = append(list, c)
		}
	})
	return list
}

func citation(raw []byte) (protocol.Citation, bool) {
	url, ok := protocol.Find(raw, "url")
	if !ok || url[0] != '"' {
		return protocol.Citation{}, false
	}
	c := protocol.Citation{URL: protocol.Text(url)}
	if title, ok := protocol.Find(raw, "title"); ok && title[0] == '"' {
		c.Title = protocol.Text(title)
	}
	return c, true
}
