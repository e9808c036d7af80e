package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// OpenAI's chat format has no place for a model's thinking. What servers and
// clients agree on instead: the text in reasoning_content (DeepSeek, LiteLLM)
// or reasoning (OpenRouter, vLLM); text, signatures and encrypted thinking in
// reasoning_details (OpenRouter) or thinking_blocks (LiteLLM). The gateway
// reads all and writes reasoning_content and reasoning_details.

var formats = [...]string{
	protocol.NoMaker:         "",
	protocol.MadeByAnthropic: "anthropic-claude-v1",
	protocol.MadeByGemini:    "google-gemini-v1",
	protocol.MadeByOpenAI:    "openai-responses-v1",
}

// thinking collects what a message or a delta tells of thinking.
type thinking struct {
	text    protocol.Text   // of reasoning_content, else of reasoning
	details []protocol.Part // thinking and encrypted thinking, in order
	blocks  []protocol.Part // the same, of thinking_blocks
	calls   []protocol.Part // ID and Signature: of Gemini's calls
	tail    protocol.Signature
	index   int64 // of the last of details
	owned   bool  // its text is not a span of the body
}

func (t *thinking) reset() {
	*t = thinking{details: t.details[:0], blocks: t.blocks[:0], calls: t.calls[:0]}
}

// member takes a member of a message or delta, if it is about thinking.
func (t *thinking) member(c *protocol.Cursor, name []byte) {
	switch string(name) {
	case "reasoning_content":
		if text := optionalText(c); !text.Empty() {
			t.text = text
		}
	case "reasoning":
		if text := optionalText(c); t.text.Empty() {
			t.text = text
		}
	case "reasoning_details":
		if c.Kind() == '[' {
			c.Array(func(int) { t.detail(c) })
		}
	case "thinking_blocks":
		if c.Kind() == '[' {
			c.Array(func(int) { t.block(c) })
		}
	}
}

// optionalText takes a string; anything else is as good as absent, since no
// two servers agree on these fields.
func optionalText(c *protocol.Cursor) protocol.Text {
	if c.Kind() != '"' {
		c.Raw()
		return nil
	}
	return c.Text()
}

// detail takes one of reasoning_details.
func (t *thinking) detail(c *protocol.Cursor) {
	if c.Kind() != '{' {
		return
	}
	var kind, text, data, signature, id protocol.Text
	var maker protocol.Maker
	index := int64(-1)
	c.Object(func(name []byte) {
		switch string(name) {
		case "type":
			kind = optionalText(c)
		case "text", "summary":
			text = optionalText(c)
		case "data":
			data = optionalText(c)
		case "signature":
			signature = optionalText(c)
		case "id":
			id = optionalText(c)
		case "format":
			maker = makerOf(optionalText(c))
		case "index":
			if n, ok := protocol.Int(c.Raw()); ok {
				index = n
			}
		}
	})
	if kind.Is("reasoning.encrypted") {
		t.encrypted(protocol.Signature{Maker: maker, Data: data}, id, index)
		return
	}
	sig := protocol.Signature{Maker: maker, Data: signature}
	if !sig.Present() {
		sig = protocol.Signature{}
	}
	if maker == protocol.MadeByGemini && sig.Present() && text.Empty() && !t.continues(index) {
		t.tail = sig
		return
	}
	t.add(text, sig, index)
}

func makerOf(format protocol.Text) protocol.Maker {
	for maker, name := range formats {
		if maker > 0 && format.Is(name) {
			return protocol.Maker(maker)
		}
	}
	return protocol.NoMaker
}

// continues tells whether what comes with this index goes on with the last
// block: streamed pieces of one, and its signature at last.
func (t *thinking) continues(index int64) bool {
	n := len(t.details)
	return n > 0 && t.index == index && t.details[n-1].Kind == protocol.PartThinking
}

func (t *thinking) add(text protocol.Text, sig protocol.Signature, index int64) {
	if !t.continues(index) || t.details[len(t.details)-1].Signature.Present() && !text.Empty() {
		t.details = append(t.details, protocol.Part{Kind: protocol.PartThinking, Text: text, Signature: sig})
		t.index, t.owned = index, false
		return
	}
	last := &t.details[len(t.details)-1]
	if sig.Present() {
		last.Signature = sig
	}
	switch {
	case text.Empty():
	case last.Text.Empty():
		last.Text, t.owned = text, false
	default:
		end := len(last.Text) - 1
		head := last.Text[:end:end] // a copy, unless it is one
		if t.owned {
			head = last.Text[:end]
		}
		last.Text, t.owned = append(head, text[1:]...), true
	}
}

func (t *thinking) encrypted(sig protocol.Signature, id protocol.Text, index int64) {
	switch {
	case !sig.Present():
	case sig.Maker == protocol.MadeByGemini && !id.Empty():
		t.calls = append(t.calls, protocol.Part{ID: id, Signature: sig})
	case sig.Maker == protocol.MadeByGemini:
		t.tail = sig
	case sig.Maker == protocol.MadeByOpenAI:
		sig.ID = id
		t.add(nil, sig, index)
	default:
		t.details = append(t.details, protocol.Part{Kind: protocol.PartRedacted, Signature: sig})
		t.index, t.owned = index, false
	}
}

// block takes one of thinking_blocks, which are Anthropic's.
func (t *thinking) block(c *protocol.Cursor) {
	if c.Kind() != '{' {
		return
	}
	var text, signature, data protocol.Text
	c.Object(func(name []byte) {
		switch string(name) {
		case "thinking":
			text = optionalText(c)
		case "signature":
			signature = optionalText(c)
		case "data":
			data = optionalText(c)
		case "type", "cache_control":
			c.Raw() // the members tell which it is, and thinking takes no mark
		}
	})
	if p, ok := thinkingBlock(text, signature, data); ok {
		t.blocks = append(t.blocks, p)
	}
}

// thinkingBlock makes a part of Anthropic's block of thinking, or of redacted
// thinking where data is there.
func thinkingBlock(text, signature, data protocol.Text) (protocol.Part, bool) {
	if !data.Empty() {
		return protocol.Part{Kind: protocol.PartRedacted, Signature: signatureOf(data)}, true
	}
	p := protocol.Part{Kind: protocol.PartThinking, Text: text}
	if !signature.Empty() {
		p.Signature = signatureOf(signature)
	}
	return p, !text.Empty() || p.Signature.Present()
}

// signatureOf reads one that stands where Anthropic's do.
func signatureOf(data protocol.Text) protocol.Signature {
	if sig, ours := protocol.Unwrap(data); ours {
		return sig
	}
	return protocol.Signature{Maker: protocol.MadeByAnthropic, Data: data}
}

// parts returns the thinking of a whole message: the form that says most.
func (t *thinking) parts() []protocol.Part {
	parts := t.details
	if len(parts) == 0 {
		parts = t.blocks
	}
	if t.text.Empty() {
		return parts
	}
	for i := range parts {
		if parts[i].Kind == protocol.PartThinking && !parts[i].Text.Empty() {
			return parts
		}
	}
	for i := range parts { // the signature came apart from its text
		if parts[i].Kind == protocol.PartThinking {
			parts[i].Text = t.text
			return parts
		}
	}
	t.details = append(t.details, protocol.Part{Kind: protocol.PartThinking, Text: t.text})
	return t.details
}

// sign gives Gemini's signatures to the parts that they came with.
func (t *thinking) sign(parts []protocol.Part) []protocol.Part {
	for _, signed := range t.calls {
		for i := range parts {
			if p := &parts[i]; p.Kind == protocol.PartCall && !p.Signature.Present() && bytes.Equal(p.ID, signed.ID) {
				p.Signature = signed.Signature
			}
		}
	}
	if !t.tail.Present() {
		return parts
	}
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i].Kind == protocol.PartText {
			parts[i].Signature = t.tail
			return parts
		}
	}
	return append(parts, protocol.Part{Kind: protocol.PartText, Text: protocol.Text(`""`), Signature: t.tail})
}

// appendDetail appends one of reasoning_details; text and signature are left
// out where they are absent.
func appendDetail(dst []byte, p *protocol.Part, index int) []byte {
	sig := p.Signature
	if !sig.Present() {
		sig = protocol.Signature{}
	}
	dst = append(dst, '{')
	switch {
	case p.Kind == protocol.PartRedacted:
		dst = append(dst, `"type":"reasoning.encrypted","data":`...)
		dst = append(dst, sig.Data...)
	case sig.Maker == protocol.MadeByOpenAI:
		if !p.Text.Empty() {
			dst = append(dst, `"type":"reasoning.summary","summary":`...)
			dst = append(dst, p.Text...)
			dst = appendFormat(dst, sig.Maker, index)
			dst = append(dst, `},{`...)
		}
		dst = append(dst, `"type":"reasoning.encrypted","data":`...)
		dst = append(dst, sig.Data...)
		if sig.ID != nil {
			dst = append(dst, `,"id":`...)
			dst = append(dst, sig.ID...)
		}
	default:
		dst = append(dst, `"type":"reasoning.text"`...)
		if p.Kind == protocol.PartThinking && p.Text != nil {
			dst = append(dst, `,"text":`...)
			dst = append(dst, p.Text...)
		}
		if sig.Present() {
			dst = append(dst, `,"signature":`...)
			dst = append(dst, sig.Data...)
		}
	}
	return append(appendFormat(dst, sig.Maker, index), '}')
}

func appendFormat(dst []byte, maker protocol.Maker, index int) []byte {
	if maker != protocol.NoMaker {
		dst = append(dst, `,"format":"`...)
		dst = append(dst, formats[maker]...)
		dst = append(dst, '"')
	}
	dst = append(dst, `,"index":`...)
	return appendInt(dst, int64(index))
}

// appendThoughtSignature appends Gemini's signature of a call as Google's own
// OpenAI endpoint has it, with a comma before it; nothing for other makers'.
func appendThoughtSignature(dst []byte, sig protocol.Signature) []byte {
	if sig.Maker != protocol.MadeByGemini || !sig.Present() {
		return dst
	}
	dst = append(dst, `,"extra_content":{"google":{"thought_signature":`...)
	dst = append(dst, sig.Data...)
	return append(dst, "}}"...)
}
