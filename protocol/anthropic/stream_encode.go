package anthropic

import (
	"bytes"
	"strconv"

	"github.com/llmgw/llmgw/protocol"
)

// NewStreamEncoder returns the encoder of a streamed message for the client.
func NewStreamEncoder(x *protocol.Exchange) protocol.StreamEncoder { return &streamEncoder{x: x} }

type streamEncoder struct {
	x       *protocol.Exchange
	started bool
	done    bool

	kind  protocol.PartKind // of the part that is open
	open  bool              // it has a block
	sig   bool              // its signature has been written
	index int               // of the next block, or of the open one

	calls  bool
	object bool   // the arguments of the open call are one, as far as is known
	args   []byte // what is held of those that may be none, escaped, without quotes
	stop   protocol.Stop
}

// Event implements [protocol.StreamEncoder].
func (s *streamEncoder) Event(dst []byte, e *protocol.Event) []byte {
	if s.done || e.Choice != 0 {
		return dst
	}
	switch e.Kind {
	case protocol.EventPing:
		if s.started {
			dst = append(dst, "event: ping\ndata: {\"type\": \"ping\"}\n\n"...)
		}
	case protocol.EventStart:
		dst = s.start(dst, e)
	case protocol.EventPartStart:
		dst = s.partStart(dst, e.Part)
	case protocol.EventDelta:
		dst = s.delta(dst, e.Text)
	case protocol.EventSignature:
		dst = s.signature(dst, e.Part.Signature)
	case protocol.EventCite:
		s.x.Warn("citations", "not supported")
	case protocol.EventPartStop:
		dst = s.partStop(dst)
	case protocol.EventStop:
		s.stop = protocol.Stop{Reason: e.Stop.Reason, Sequence: bytes.Clone(e.Stop.Sequence), Detail: bytes.Clone(e.Stop.Detail)}
	case protocol.EventEnd:
		dst = s.end(dst, e)
	case protocol.EventError:
		s.done = true
		dst = append(dst, ErrorEvent(e.Err, "")...)
	}
	return dst
}

func (s *streamEncoder) start(dst []byte, e *protocol.Event) []byte {
	if s.started {
		return dst
	}
	s.started = true
	dst = append(dst, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"...)
	dst = appendHead(dst, s.x, e.ID)
	dst = append(dst, `,"content":[],"stop_reason":null,"stop_sequence":null,"usage":`...)
	u := e.Usage
	u.Output, u.Reasoning = 0, 0 // the answer is still to come
	dst = appendUsage(dst, u, e.Tier)
	return append(dst, "}}\n\n"...)
}

// blockStart begins the frame of a content_block_start; the block follows, and
// then "}\n\n".
func (s *streamEncoder) blockStart(dst []byte) []byte {
	s.open = true
	dst = append(dst, "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":"...)
	dst = strconv.AppendInt(dst, int64(s.index), 10)
	return append(dst, `,"content_block":`...)
}

func (s *streamEncoder) blockStop(dst []byte) []byte {
	s.open = false
	dst = append(dst, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":"...)
	dst = strconv.AppendInt(dst, int64(s.index), 10)
	s.index++
	return append(dst, "}\n\n"...)
}

const endOfFrame = "}\n\n"

func (s *streamEncoder) partStart(dst []byte, p *protocol.Part) []byte {
	if s.open {
		dst = s.partStop(dst)
	}
	s.kind, s.sig = p.Kind, false
	switch p.Kind {
	case protocol.PartThinking:
		dst = append(s.blockStart(dst), `{"type":"thinking","thinking":"","signature":""}`...)
		return append(dst, endOfFrame...)
	case protocol.PartRedacted:
		if p.Signature.Present() {
			return s.signature(dst, p.Signature)
		}
	case protocol.PartCall:
		s.calls, s.object, s.args = true, false, s.args[:0]
		dst = appendCall(s.blockStart(dst), p, protocol.Raw("{}"))
		return append(append(dst, '}'), endOfFrame...)
	case protocol.PartImage:
		s.x.Warn("messages", "an image in the answer is not shown")
		return s.delta(dst, imageNote)
	}
	return dst // a text begins with its first characters
}

func (s *streamEncoder) delta(dst []byte, t protocol.Text) []byte {
	if t.Empty() {
		return dst
	}
	var head string
	switch s.kind {
	case protocol.PartText, protocol.PartRefusal, protocol.PartImage:
		head = `,"delta":{"type":"text_delta","text":`
		if !s.open {
			dst = append(s.blockStart(dst), `{"type":"text","text":""}`...)
			dst = append(dst, endOfFrame...)
		}
	case protocol.PartThinking:
		head = `,"delta":{"type":"thinking_delta","thinking":`
	case protocol.PartCall:
		if s.object {
			return s.appendDelta(dst, inputDelta, t)
		}
		return s.arguments(dst, t)
	default:
		return dst
	}
	return s.appendDelta(dst, head, t)
}

const inputDelta = `,"delta":{"type":"input_json_delta","partial_json":`

// maxHeldArgs bounds what is held of arguments that are no object.
const maxHeldArgs = 1 << 20

// arguments passes on the first pieces of a call's arguments. Those that do not
// begin as an object are held until all is there: SDKs fail when they read
// them, or make an input of another type.
func (s *streamEncoder) arguments(dst []byte, t protocol.Text) []byte {
	s.args = append(s.args, t.Inner()...)
	s.object = s.args[0] == '{' || len(s.args) > maxHeldArgs
	if !s.object {
		s.object = bytes.HasPrefix(bytes.TrimLeft(s.heldArgs().Bytes(), " \t\r\n"), []byte("{"))
	}
	if s.object {
		return s.appendDelta(dst, inputDelta, s.heldArgs())
	}
	return dst
}

func (s *streamEncoder) heldArgs() protocol.Text {
	return append(append(protocol.Text{'"'}, s.args...), '"')
}

func (s *streamEncoder) appendDelta(dst []byte, head string, t protocol.Text) []byte {
	dst = append(dst, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"...)
	dst = strconv.AppendInt(dst, int64(s.index), 10)
	dst = append(dst, head...)
	dst = append(dst, t...)
	return append(dst, "}}\n\n"...)
}

// signature writes what proves the open part. A call's has no place here.
func (s *streamEncoder) signature(dst []byte, sig protocol.Signature) []byte {
	switch {
	case s.sig:
	case s.kind == protocol.PartThinking:
		s.sig = true
		return s.appendDelta(dst, `,"delta":{"type":"signature_delta","signature":`, clientSignature(sig))
	case s.kind == protocol.PartRedacted && sig.Maker == protocol.MadeByAnthropic:
		s.sig = true
		dst = append(s.blockStart(dst), `{"type":"redacted_thinking","data":`...)
		dst = append(dst, sig.Data...)
		return append(append(dst, '}'), endOfFrame...)
	case s.kind == protocol.PartRedacted:
		dst = append(s.blockStart(dst), `{"type":"thinking","thinking":"","signature":""}`...)
		dst = append(dst, endOfFrame...)
		s.sig = true
		return s.appendDelta(dst, `,"delta":{"type":"signature_delta","signature":`, sig.Wrap())
	}
	return dst
}

func (s *streamEncoder) partStop(dst []byte) []byte {
	if !s.open {
		return dst
	}
	switch {
	case s.kind == protocol.PartThinking && !s.sig:
		dst = s.signature(dst, protocol.Signature{})
	case s.kind == protocol.PartCall && !s.object && len(s.args) > 0:
		dst = s.appendDelta(dst, inputDelta, protocol.AppendQuotedJSON(nil, protocol.ArgsOf(s.heldArgs())))
	}
	return s.blockStop(dst)
}

func (s *streamEncoder) end(dst []byte, e *protocol.Event) []byte {
	dst = s.partStop(dst)
	if s.index == 0 && s.stop.Reason != protocol.StopRefusal {
		dst = append(s.blockStart(dst), `{"type":"text","text":""}`...) // clients expect a block
		dst = append(dst, endOfFrame...)
		dst = s.blockStop(dst)
	}
	s.done = true
	dst = append(dst, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"...)
	dst = appendStop(dst, &s.stop, s.calls)
	dst = append(dst, `},"usage":`...)
	dst = appendUsage(dst, e.Usage, "")
	dst = append(dst, endOfFrame...)
	return append(dst, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"...)
}
