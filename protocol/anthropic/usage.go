package anthropic

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// UsageOf reads the usage of a whole message. It returns false when there is
// none. The body should be JSON.
func UsageOf(body []byte) (protocol.Usage, bool) {
	usage, ok := protocol.Tail(body, `"usage"`)
	if !ok {
		usage, ok = protocol.Find(body, "usage")
	}
	if !ok {
		return protocol.Usage{}, false
	}
	var u protocol.Usage
	return u, update(&u, usage)
}

// StreamUsage reads the usage of a message_start or message_delta frame into
// u and tells whether the frame carries one. Counts are cumulative: each that
// is there overwrites the one before, input included, which server tools
// multiply after the start. Other frames cost a search and no parsing.
func StreamUsage(frame []byte, u *protocol.Usage) bool {
	if !bytes.Contains(frame, []byte(`"usage"`)) {
		return false
	}
	data := sse.Data(frame)
	usage, ok := protocol.Find(data, "usage") // message_delta
	if !ok {
		usage, ok = protocol.Find(data, "message", "usage") // message_start
	}
	return ok && update(u, usage)
}

// update overwrites the parts of u that usage names, and tells whether it
// names any.
func update(u *protocol.Usage, usage []byte) bool {
	now, known := *u, false
	set := func(part *int64, value []byte) {
		if n, ok := protocol.Int(value); ok && n >= 0 {
			*part, known = n, true
		}
	}
	var iterations []byte
	err := protocol.ScanObject(usage, func(name []byte, m protocol.Member) {
		v := m.Of(usage)
		switch string(name) {
		case "input_tokens":
			set(&now.Input, v)
		case "output_tokens":
			set(&now.Output, v)
		case "cache_read_input_tokens":
			set(&now.CacheRead, v)
		case "cache_creation_input_tokens":
			set(&now.CacheWrite, v)
		case "output_tokens_details":
			if n, ok := protocol.IntAt(v, "thinking_tokens"); ok && n >= 0 {
				now.Reasoning = n
			}
		case "iterations":
			iterations = v
		}
	})
	if err != nil {
		return false
	}
	if iterations != nil {
		if sum, ok := sumIterations(iterations); ok {
			sum.Reasoning = now.Reasoning
			now, known = sum, true
		}
	}
	*u = now
	return known
}
