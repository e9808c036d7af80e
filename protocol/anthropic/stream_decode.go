package anthropic

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// NewStreamDecoder returns the decoder of a message that is streamed.
func NewStreamDecoder(x *protocol.Exchange) protocol.StreamDecoder {
	return &streamDecoder{x: x, room: maxHeld}
}

// maxHeld bounds in bytes what is held back of one stream, each time that it is.
const maxHeld = 16 << 20

// blockState is what the block that is open is to the client.
type blockState uint8

const (
	blockNone   blockState = iota
	blockHidden            // of no use to the client
	blockText              // begins with its first text: empty ones do not exist
	blockFormat            // the tool that stands for a JSON schema: its arguments are text
	blockThinking
	blockRedacted
	blockCall
	blockServer // of a server tool: shown as a whole when it ends
)

type streamDecoder struct {
	x             *protocol.Exchange
	started, done bool
	calls         bool

	open     blockState
	index    int64
	begun    bool // its PartStart has been given
	streamed bool // and some of its arguments
	input    []byte
	sig      []byte // the last signature, quoted
	server   serverBlockState

	stop                     bool // a stop reason has come
	reason, sequence, detail protocol.Text
	usage                    protocol.Usage
	tier                     string

	held  [][]byte         // frames about blocks that must wait for the open one's end
	room  int              // bytes that may still be held
	parts []*protocol.Part // that events point to, used again in the next frame
	used  int
}

// Frame implements [protocol.StreamDecoder].
func (d *streamDecoder) Frame(dst []protocol.Event, raw []byte) []protocol.Event {
	if d.done {
		return dst
	}
	d.used = 0
	data := sse.Data(raw)
	if len(bytes.TrimSpace(data)) == 0 {
		return append(dst, protocol.Event{Kind: protocol.EventPing})
	}
	var f frame
	if protocol.ScanObject(data, func(name []byte, m protocol.Member) { f.member(name, m.Of(data)) }) != nil {
		if string(data) == "[DONE]" {
			return dst // some servers end as OpenAI does
		}
		return d.fail(dst, protocol.Errorf(protocol.BadGateway, "The provider sent a broken event."))
	}
	switch string(f.kind) {
	case `"content_block_delta"`, `"content_block_start"`, `"content_block_stop"`:
		return d.block(dst, &f, data)
	case `"message_start"`:
		return d.messageStart(dst, f.message)
	case `"message_delta"`:
		return d.messageDelta(dst, &f)
	case `"message_stop"`:
		return d.end(dst)
	case `"ping"`:
		return append(dst, protocol.Event{Kind: protocol.EventPing})
	}
	if f.error != nil && !protocol.IsBlank(f.error) || string(f.kind) == `"error"` {
		return d.fail(dst, DecodeError(0, data))
	}
	return dst
}

// End implements [protocol.StreamDecoder].
func (d *streamDecoder) End(dst []protocol.Event) []protocol.Event {
	switch {
	case d.done:
		return dst
	case d.stop:
		d.used = 0
		return d.end(dst)
	}
	return d.fail(dst, protocol.Errorf(protocol.BadGateway, "The provider's stream ended early."))
}

// frame is the top level of an event.
type frame struct {
	kind, message, block, delta, usage, error []byte
	index                                     int64
}

func (f *frame) member(name, v []byte) {
	switch string(name) {
	case "type":
		f.kind = v
	case "index":
		f.index, _ = protocol.Int(v) // what is no index is the first
	case "delta":
		f.delta = v
	case "content_block":
		f.block = v
	case "message":
		f.message = v
	case "usage":
		f.usage = v
	case "error":
		f.error = v
	}
}

func (d *streamDecoder) fail(dst []protocol.Event, err *protocol.Error) []protocol.Event {
	d.done, d.held = true, nil
	return append(dst, protocol.Event{Kind: protocol.EventError, Err: err})
}

// here tells whether a frame is about the block that is open.
func (d *streamDecoder) here(f *frame) bool { return f.index == d.index }

// messageStart begins the answer. Some proxies send it twice, or splice a
// second one in: the client's message goes on, only the counts are taken.
func (d *streamDecoder) messageStart(dst []protocol.Event, message []byte) []protocol.Event {
	if usage, ok := protocol.Find(message, "usage"); ok {
		update(&d.usage, usage)
		d.tier = tierOf(usage)
	}
	if d.started {
		return dst
	}
	id, _ := protocol.Find(message, "id")
	model, _ := protocol.Find(message, "model")
	return d.start(dst, text(id), text(model))
}

func (d *streamDecoder) start(dst []protocol.Event, id, model protocol.Text) []protocol.Event {
	d.started = true
	return append(dst, protocol.Event{Kind: protocol.EventStart, ID: id, Model: model, Tier: d.tier, Usage: d.usage})
}

// text is v where that is a string, else nil.
func text(v []byte) protocol.Text {
	if len(v) < 2 || v[0] != '"' {
		return nil
	}
	return protocol.Text(v)
}

func (d *streamDecoder) messageDelta(dst []protocol.Event, f *frame) []protocol.Event {
	_ = protocol.ScanObject(f.delta, func(name []byte, m protocol.Member) { // what is no object says nothing
		v := m.Of(f.delta)
		switch string(name) {
		case "stop_reason":
			if t := text(v); t != nil {
				d.reason, d.stop = bytes.Clone(t), true
			}
		case "stop_sequence":
			d.sequence = bytes.Clone(text(v))
		case "stop_details":
			d.detail = bytes.Clone(explanation(v))
		}
	})
	if f.usage == nil || !update(&d.usage, f.usage) {
		return dst
	}
	return append(dst, protocol.Event{Kind: protocol.EventUsage, Usage: d.usage})
}

// end gives the end of the answer, or that it has none.
func (d *streamDecoder) end(dst []protocol.Event) []protocol.Event {
	if !d.started || !d.stop {
		return d.fail(dst, protocol.Errorf(protocol.BadGateway, "The provider's stream ended without a reason."))
	}
	for dst = d.blockStop(dst); len(d.held) > 0 && !d.done; dst = d.blockStop(dst) {
		dst = d.release(dst)
	}
	if d.done {
		return dst
	}
	d.done = true
	dst = append(dst, protocol.Event{Kind: protocol.EventStop, Stop: stopOf(d.reason, d.sequence, d.detail, d.calls)})
	return append(dst, protocol.Event{Kind: protocol.EventEnd, Usage: d.usage, Tier: d.tier})
}
