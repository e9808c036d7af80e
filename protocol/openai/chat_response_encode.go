package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// EncodeChatResponse appends r as a chat completion for the client.
func EncodeChatResponse(dst []byte, x *protocol.Exchange, r *protocol.Response) []byte {
	dst = append(dst, `{"id":`...)
	dst = append(dst, completionID(x, r.ID)...)
	dst = append(dst, `,"object":"chat.completion"`...)
	dst = appendOrigin(dst, x, r.Created)
	dst = append(dst, `,"choices":[`...)
	for i := range r.Choices {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendChoice(dst, x, i, &r.Choices[i])
	}
	dst = append(dst, `],"usage":`...)
	dst = appendChatUsage(dst, r.Usage)
	if r.Tier != "" {
		dst = append(dst, `,"service_tier":`...)
		dst = protocol.QuoteString(dst, r.Tier)
	}
	return append(dst, `,"system_fingerprint":null}`...)
}

const idPrefix = `"chatcmpl-`

// completionID makes an answer's id of the provider's.
func completionID(x *protocol.Exchange, id protocol.Text) protocol.Text {
	switch {
	case id.Empty():
		return protocol.TextOf(x.NewID("chatcmpl-"))
	case bytes.HasPrefix(id, []byte(idPrefix)):
		return id
	}
	return append(append(make(protocol.Text, 0, len(idPrefix)+len(id)), idPrefix...), id[1:]...)
}

// appendOrigin appends when and by what the answer was made.
func appendOrigin(dst []byte, x *protocol.Exchange, created int64) []byte {
	if created == 0 {
		created = x.Now.Unix()
	}
	dst = append(dst, `,"created":`...)
	dst = appendInt(dst, created)
	dst = append(dst, `,"model":`...)
	return protocol.QuoteString(dst, x.Model)
}

func appendChoice(dst []byte, x *protocol.Exchange, i int, ch *protocol.Choice) []byte {
	dst = append(dst, `{"index":`...)
	dst = appendInt(dst, int64(i))
	dst = append(dst, `,"message":{"role":"assistant","content":`...)
	said := countParts(ch.Parts)
	refusal := said.refusal
	if refusal == nil && said.texts == 0 && ch.Stop.Reason == protocol.StopRefusal {
		refusal = ch.Stop.Detail
	}
	switch {
	case said.texts > 0:
		dst = appendJoined(dst, ch.Parts, protocol.PartText)
	case said.calls > 0 || said.images > 0 || ch.Stop.Reason == protocol.StopRefusal || refusal != nil:
		dst = append(dst, "null"...)
	default:
		dst = append(dst, `""`...)
	}
	dst = append(dst, `,"refusal":`...)
	if refusal == nil {
		dst = append(dst, "null"...)
	} else {
		dst = append(dst, refusal...)
	}
	if said.thinking > 0 {
		dst = append(dst, `,"reasoning_content":`...)
		dst = appendJoined(dst, ch.Parts, protocol.PartThinking)
	}
	dst = appendDetails(dst, ch.Parts)
	dst = appendCalls(dst, x, ch.Parts)
	dst = appendAnnotations(dst, ch.Parts)
	dst = appendImages(dst, ch.Parts)
	dst = append(dst, `},"logprobs":`...)
	dst = appendLogprobs(dst, ch.Logprobs)
	dst = append(dst, `,"finish_reason":"`...)
	dst = append(dst, finishReason(x, ch.Stop.Reason, said.calls > 0)...)
	return append(dst, `"}`...)
}

// said counts what an answer holds.
type said struct {
	texts, thinking, calls, images int
	refusal                        protocol.Text
}

func countParts(parts []protocol.Part) (s said) {
	for i := range parts {
		switch p := &parts[i]; p.Kind {
		case protocol.PartText:
			if !p.Text.Empty() {
				s.texts++
			}
		case protocol.PartThinking:
			if !p.Text.Empty() {
				s.thinking++
			}
		case protocol.PartCall:
			s.calls++
		case protocol.PartImage:
			s.images++
		case protocol.PartRefusal:
			s.refusal = p.Text
		}
	}
	return s
}

// appendJoined appends the texts of all parts of a kind as one string.
func appendJoined(dst []byte, parts []protocol.Part, kind protocol.PartKind) []byte {
	dst = append(dst, '"')
	for i := range parts {
		if parts[i].Kind == kind {
			dst = append(dst, parts[i].Text.Inner()...)
		}
	}
	return append(dst, '"')
}

// hasDetail tells whether a part stands in reasoning_details: thinking, and a
// text that Gemini signed.
func hasDetail(p *protocol.Part) bool {
	switch p.Kind {
	case protocol.PartThinking:
		return !p.Text.Empty() || p.Signature.Present()
	case protocol.PartRedacted, protocol.PartText:
		return p.Signature.Present()
	}
	return false
}

func appendDetails(dst []byte, parts []protocol.Part) []byte {
	n := 0
	for i := range parts {
		p := &parts[i]
		if !hasDetail(p) {
			continue
		}
		if n == 0 {
			dst = append(dst, `,"reasoning_details":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = appendDetail(dst, p, n)
		n++
	}
	if n > 0 {
		dst = append(dst, ']')
	}
	return dst
}

func appendCalls(dst []byte, x *protocol.Exchange, parts []protocol.Part) []byte {
	n := 0
	for i := range parts {
		p := &parts[i]
		if p.Kind != protocol.PartCall {
			continue
		}
		if x.Request.Functions { // one call is all that the deprecated form has a place for
			dst = append(dst, `,"function_call":`...)
			return appendFunction(dst, p)
		}
		if n == 0 {
			dst = append(dst, `,"tool_calls":[`...)
		} else {
			dst = append(dst, ',')
		}
		n++
		dst = append(dst, `{"id":`...)
		dst = appendText(dst, p.ID)
		if p.Custom {
			dst = append(dst, `,"type":"custom","custom":{"name":`...)
			dst = appendText(dst, p.Name)
			dst = append(dst, `,"input":`...)
			dst = append(dst, inputOf(p.Args)...)
			dst = append(dst, "}}"...)
			continue
		}
		dst = append(dst, `,"type":"function","function":`...)
		dst = appendFunction(dst, p)
		dst = appendThoughtSignature(dst, p.Signature)
		dst = append(dst, '}')
	}
	if n > 0 {
		dst = append(dst, ']')
	}
	return dst
}

func appendFunction(dst []byte, p *protocol.Part) []byte {
	dst = append(dst, `{"name":`...)
	dst = appendText(dst, p.Name)
	dst = append(dst, `,"arguments":`...)
	dst = protocol.AppendQuotedJSON(dst, p.Args)
	return append(dst, '}')
}

// appendText appends a text, "" for an absent one.
func appendText(dst []byte, t protocol.Text) []byte {
	if t == nil {
		return append(dst, `""`...)
	}
	return append(dst, t...)
}

func appendImages(dst []byte, parts []protocol.Part) []byte {
	n := 0
	for i := range parts {
		if parts[i].Kind != protocol.PartImage {
			continue
		}
		if n == 0 {
			dst = append(dst, `,"images":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = appendImage(dst, parts[i].Media, n)
		n++
	}
	if n > 0 {
		dst = append(dst, ']')
	}
	return dst
}

// appendImage appends one of images, as OpenRouter has them.
func appendImage(dst []byte, m *protocol.Media, index int) []byte {
	dst = append(dst, `{"type":"image_url","image_url":{"url":`...)
	if m.Data != nil {
		dst = appendDataURL(dst, m, "image/png")
	} else {
		dst = append(dst, m.URL...)
	}
	dst = append(dst, `},"index":`...)
	dst = appendInt(dst, int64(index))
	return append(dst, '}')
}

// appendLogprobs appends logprobs, of which clients expect both lists.
func appendLogprobs(dst []byte, raw protocol.Raw) []byte {
	if raw == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, `{"content":`...)
	if v, ok := protocol.Find(raw, "content"); ok {
		dst = append(dst, v...)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"refusal":`...)
	if v, ok := protocol.Find(raw, "refusal"); ok {
		dst = append(dst, v...)
	} else {
		dst = append(dst, "null"...)
	}
	return append(dst, '}')
}

// finishReason is OpenAI's word for the end of an answer. No other words: SDKs
// have types that list them.
func finishReason(x *protocol.Exchange, reason protocol.StopReason, calls bool) string {
	switch reason {
	case protocol.StopLength, protocol.StopContext:
		return "length"
	case protocol.StopRefusal:
		return "content_filter"
	case protocol.StopPause:
		x.Warn("stop_reason", "pause_turn becomes stop")
	case protocol.StopTool:
		switch {
		case calls && x.Request.Functions:
			return "function_call"
		case calls:
			return "tool_calls"
		}
	}
	return "stop"
}

// appendChatUsage appends a usage. What is not told is left out.
func appendChatUsage(dst []byte, u protocol.Usage) []byte {
	prompt := u.Input + u.CacheRead + u.CacheWrite
	dst = append(dst, `{"prompt_tokens":`...)
	dst = appendInt(dst, prompt)
	dst = append(dst, `,"completion_tokens":`...)
	dst = appendInt(dst, u.Output)
	dst = append(dst, `,"total_tokens":`...)
	dst = appendInt(dst, prompt+u.Output)
	dst = append(dst, `,"prompt_tokens_details":{"cached_tokens":`...)
	dst = appendInt(dst, u.CacheRead)
	if u.CacheWrite > 0 {
		dst = append(dst, `,"cache_write_tokens":`...)
		dst = appendInt(dst, u.CacheWrite)
	}
	dst = append(dst, '}')
	if u.Reasoning > 0 {
		dst = append(dst, `,"completion_tokens_details":{"reasoning_tokens":`...)
		dst = appendInt(dst, u.Reasoning)
		dst = append(dst, '}')
	}
	return append(dst, '}')
}
