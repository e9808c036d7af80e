package gemini

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// End ends every candidate. The API only closes the connection, so that an
// answer is whole when each of them has said why it ended.
func (d *streamDecoder) End(dst []protocol.Event) []protocol.Event {
	if d.done {
		return dst
	}
	d.out = dst
	d.readUsage()
	if len(d.choices) == 0 && d.blocked != nil {
		d.emit(protocol.Event{Kind: protocol.EventStop, Stop: protocol.Stop{Reason: protocol.StopRefusal, Detail: d.blocked}, Tier: d.tier})
	} else {
		d.endChoices()
	}
	if !d.done {
		d.done = true
		d.emit(protocol.Event{Kind: protocol.EventEnd, Usage: d.usage, Tier: d.tier})
	}
	return d.out
}

func (d *streamDecoder) endChoices() {
	if len(d.choices) == 0 {
		d.fail(cut())
	}
	for i := range d.choices {
		ch := &d.choices[i]
		if ch.reason == "" && d.blocked != nil { // behind a part of the answer
			ch.reason, ch.message = "SAFETY", d.blocked
		}
		if ch.reason == "" {
			d.fail(cut())
			return
		}
		d.endPartial(ch)
		stop, err := stopOf(ch)
		if err != nil {
			d.fail(err)
			return
		}
		if modelFailed(ch.reason) {
			d.x.Warn("finish_reason", "the model's answer is malformed at its end")
		}
		if ch.open && ch.kind == protocol.PartText && d.cited > 0 && ch.grounding != nil {
			if cites := citations(ch.grounding, ch.text, ch.partAt); len(cites) > 0 {
				d.emit(protocol.Event{Kind: protocol.EventCite, Choice: ch.index, Part: &protocol.Part{Citations: cites}})
			}
		}
		d.close(ch)
		d.emit(protocol.Event{Kind: protocol.EventStop, Choice: ch.index, Stop: stop, Tier: d.tier})
	}
}

func cut() *protocol.Error {
	return protocol.Errorf(protocol.BadGateway, "The provider's answer ended early.")
}

// stopOf is why a candidate ended. Where the model failed and nothing of use
// came before, it is an error.
func stopOf(ch *choice) (protocol.Stop, *protocol.Error) {
	switch ch.reason {
	case "MAX_TOKENS", "CONTINUATION":
		return protocol.Stop{Reason: protocol.StopLength}, nil
	case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE",
		"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR":
		detail := ch.message
		if detail.Empty() {
			detail = protocol.TextOf("blocked: " + ch.reason)
		}
		return protocol.Stop{Reason: protocol.StopRefusal, Detail: detail}, nil
	}
	if !ch.usable && modelFailed(ch.reason) {
		return protocol.Stop{}, unusable(ch.reason)
	}
	if ch.calls > 0 {
		return protocol.Stop{Reason: protocol.StopTool}, nil
	}
	return protocol.Stop{Reason: protocol.StopEnd}, nil
}

// modelFailed tells whether a finishReason says that the model's output is of
// no use.
func modelFailed(reason string) bool {
	switch reason {
	case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE":
		return true
	}
	return false
}

func unusable(reason string) *protocol.Error {
	return &protocol.Error{
		Code: protocol.BadGateway, Reason: strings.ToLower(reason), Unusable: true,
		Message: "The model gave no usable answer (" + reason + ").",
	}
}
