package anthropic

import (
	"bytes"
	"strconv"

	"github.com/llmgw/llmgw/protocol"
)

// EncodeResponse appends an answer as a whole message for the client.
func EncodeResponse(dst []byte, x *protocol.Exchange, r *protocol.Response) []byte {
	dst = append(dst, '{')
	dst = appendHead(dst, x, r.ID)
	dst = append(dst, `,"content":[`...)
	var choice protocol.Choice
	if len(r.Choices) > 0 {
		choice = r.Choices[0]
	}
	before, calls := len(dst), false
	for i := range choice.Parts {
		p := &choice.Parts[i]
		calls = calls || p.Kind == protocol.PartCall
		dst = appendAnswerPart(dst, x, p, len(dst) > before)
	}
	if len(dst) == before && choice.Stop.Reason != protocol.StopRefusal {
		dst = append(dst, `{"type":"text","text":""}`...) // clients expect a block
	}
	dst = append(dst, `],`...)
	dst = appendStop(dst, &choice.Stop, calls)
	dst = append(dst, `,"usage":`...)
	dst = appendUsage(dst, r.Usage, r.Tier)
	return append(dst, '}')
}

// appendHead writes the members of a message that are known at its start.
func appendHead(dst []byte, x *protocol.Exchange, id protocol.Text) []byte {
	dst = append(dst, `"id":`...)
	switch inner := id.Inner(); {
	case len(inner) == 0:
		dst = protocol.QuoteString(dst, x.NewID("msg_"))
	case bytes.HasPrefix(inner, []byte("msg_")):
		dst = append(dst, id...)
	default:
		dst = append(dst, `"msg_`...)
		dst = append(dst, inner...)
		dst = append(dst, '"')
	}
	dst = append(dst, `,"type":"message","role":"assistant","model":`...)
	return protocol.QuoteString(dst, x.Model)
}

// appendAnswerPart writes the block of a part, with a comma in front where
// comma is set, or nothing.
func appendAnswerPart(dst []byte, x *protocol.Exchange, p *protocol.Part, comma bool) []byte {
	if comma {
		dst = append(dst, ',')
	}
	switch p.Kind {
	case protocol.PartText, protocol.PartRefusal:
		if !p.Text.Empty() {
			if len(p.Citations) > 0 {
				x.Warn("citations", "not supported")
			}
			return appendTextBlock(dst, p.Text)
		}
	case protocol.PartThinking:
		return appendThinking(dst, p.Text, p.Signature)
	case protocol.PartRedacted:
		if ours(p) {
			dst = append(dst, `{"type":"redacted_thinking","data":`...)
			dst = append(dst, p.Signature.Data...)
			return append(dst, '}')
		}
		return appendThinking(dst, nil, p.Signature)
	case protocol.PartCall:
		dst = appendCall(dst, p, p.Args)
		return append(dst, '}')
	case protocol.PartImage:
		x.Warn("messages", "an image in the answer is not shown")
		return appendTextBlock(dst, imageNote)
	}
	if comma {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// imageNote stands for an image: answers of this dialect have none.
var imageNote = protocol.Text(`"[image]"`)

func appendTextBlock(dst []byte, t protocol.Text) []byte {
	dst = append(dst, `{"type":"text","text":`...)
	dst = append(dst, t...)
	return append(dst, '}')
}

// appendThinking writes a thinking block. Another provider's signature is
// wrapped, so that it comes back with the next request.
func appendThinking(dst []byte, t protocol.Text, s protocol.Signature) []byte {
	dst = append(dst, `{"type":"thinking","thinking":`...)
	dst = appendOr(dst, t, `""`)
	dst = append(dst, `,"signature":`...)
	dst = append(dst, clientSignature(s)...)
	return append(dst, '}')
}

func clientSignature(s protocol.Signature) protocol.Text {
	if s.Maker == protocol.MadeByAnthropic && s.Present() {
		return s.Data
	}
	return s.Wrap()
}

// appendCall writes a tool_use block without its end.
func appendCall(dst []byte, p *protocol.Part, input protocol.Raw) []byte {
	dst = append(dst, `{"type":"tool_use","id":`...)
	dst = append(dst, idRule.Fit(p.ID)...)
	dst = append(dst, `,"name":`...)
	dst = appendOr(dst, p.Name, `""`)
	dst = append(dst, `,"input":`...)
	dst = appendOr(dst, input, "{}")
	return append(dst, `,"caller":{"type":"direct"}`...)
}

// appendOr writes a JSON value, or another where it is absent.
func appendOr(dst, v []byte, absent string) []byte {
	if v == nil {
		return append(dst, absent...)
	}
	return append(dst, v...)
}

// appendStop writes stop_reason, stop_sequence and, of a refusal,
// stop_details.
func appendStop(dst []byte, s *protocol.Stop, calls bool) []byte {
	reason := "end_turn"
	switch s.Reason {
	case protocol.StopEnd, protocol.StopTool, protocol.StopUnknown:
		if calls {
			reason = "tool_use"
		}
	case protocol.StopSequence:
		if s.Sequence != nil {
			reason = "stop_sequence"
		}
	case protocol.StopLength:
		reason = "max_tokens"
	case protocol.StopContext:
		reason = "model_context_window_exceeded"
	case protocol.StopRefusal:
		reason = "refusal"
	case protocol.StopPause:
		reason = "pause_turn"
	}
	dst = append(dst, `"stop_reason":"`...)
	dst = append(dst, reason...)
	dst = append(dst, `","stop_sequence":`...)
	if reason == "stop_sequence" {
		dst = append(dst, s.Sequence...)
	} else {
		dst = append(dst, "null"...)
	}
	if s.Reason == protocol.StopRefusal {
		dst = append(dst, `,"stop_details":{"type":"refusal","category":null,"explanation":`...)
		dst = appendOr(dst, s.Detail, "null")
		dst = append(dst, '}')
	}
	return dst
}

// appendUsage writes a usage; tier is in OpenAI's words, "" where it is not
// told or where it has no place.
func appendUsage(dst []byte, u protocol.Usage, tier string) []byte {
	dst = append(dst, `{"input_tokens":`...)
	dst = strconv.AppendInt(dst, u.Input, 10)
	dst = append(dst, `,"cache_creation_input_tokens":`...)
	dst = strconv.AppendInt(dst, u.CacheWrite, 10)
	dst = append(dst, `,"cache_read_input_tokens":`...)
	dst = strconv.AppendInt(dst, u.CacheRead, 10)
	dst = append(dst, `,"output_tokens":`...)
	dst = strconv.AppendInt(dst, u.Output, 10)
	if u.Reasoning > 0 {
		dst = append(dst, `,"output_tokens_details":{"thinking_tokens":`...)
		dst = strconv.AppendInt(dst, u.Reasoning, 10)
		dst = append(dst, '}')
	}
	switch tier {
	case "default":
		dst = append(dst, `,"service_tier":"standard"`...)
	case "priority":
		dst = append(dst, `,"service_tier":"priority"`...)
	}
	return append(dst, '}')
}
