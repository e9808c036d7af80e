package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// UsageOf reads the usage of a whole answer of chat completions, responses or
// embeddings. It returns false when there is none. The body should be JSON.
func UsageOf(body []byte) (protocol.Usage, bool) {
	usage, ok := protocol.Tail(body, `"usage"`)
	if !ok {
		usage, ok = protocol.Find(body, "usage")
	}
	if !ok {
		return protocol.Usage{}, false
	}
	return usageObject(usage)
}

// StreamUsage reads the usage that a frame of a chat or Responses stream
// carries into u and tells whether it carries one. The last one counts. A
// frame without one, or with the null that most chunks have, costs a search
// and no parsing.
func StreamUsage(frame []byte, u *protocol.Usage) bool {
	if !mentionsUsage(frame) {
		return false
	}
	data := sse.Data(frame)
	usage, ok := protocol.Find(data, "usage") // a chat chunk
	if !ok {
		usage, ok = protocol.Find(data, "response", "usage") // response.completed and its like
	}
	if !ok {
		return false
	}
	got, ok := usageObject(usage)
	if ok {
		*u = got
	}
	return ok
}

// IsUsageOnly tells whether a frame is the chat chunk that only
// stream_options.include_usage calls for: usage, and no choices.
func IsUsageOnly(frame []byte) bool {
	if !mentionsUsage(frame) {
		return false
	}
	data := sse.Data(frame)
	var usage, empty bool
	err := protocol.ScanObject(data, func(name []byte, m protocol.Member) {
		switch string(name) {
		case "usage":
			usage = data[m.Start] == '{'
		case "choices":
			v := m.Of(data)
			empty = v[0] == '[' && len(bytes.TrimSpace(v[1:len(v)-1])) == 0
		}
	})
	return err == nil && usage && empty
}

// mentionsUsage tells whether the frame may have a member "usage" that is not
// null. In a JSON string the closing quote of the name would be escaped, so
// texts that speak of usage are not mistaken often, and never for a null. A
// search that starts with a quote would stop at every one.
func mentionsUsage(frame []byte) bool {
	const name = `usage"`
	for {
		i := bytes.Index(frame, []byte(name))
		if i < 0 {
			return false
		}
		frame = frame[i+len(name):]
		rest := bytes.TrimLeft(frame, " \t")
		if len(rest) == 0 || rest[0] != ':' {
			continue
		}
		if !bytes.HasPrefix(bytes.TrimLeft(rest[1:], " \t"), []byte("null")) {
			return true
		}
	}
}

// usageObject reads a usage object in either of the two spellings. Cached
// tokens are part of the input there. Reasoning tokens are part of the output
// but for servers such as xAI's, whose total gives them away.
func usageObject(usage []byte) (protocol.Usage, bool) {
	var input, output, total, cached, written, hit, reasoning int64
	known := false
	details := func(name, value []byte) {
		switch string(name) {
		case "cached_tokens":
			cached, _ = protocol.Int(value)
		case "cache_write_tokens":
			written, _ = protocol.Int(value)
		case "reasoning_tokens":
			reasoning, _ = protocol.Int(value)
		}
	}
	whole := protocol.Each(usage, func(name, value []byte) {
		switch string(name) {
		case "prompt_tokens", "input_tokens":
			input, known = protocol.Int(value)
		case "completion_tokens", "output_tokens":
			output, _ = protocol.Int(value)
		case "total_tokens":
			total, _ = protocol.Int(value)
		case "prompt_tokens_details", "input_tokens_details", "completion_tokens_details", "output_tokens_details":
			protocol.Each(value, details) // null: there are none
		case "prompt_cache_hit_tokens": // DeepSeek
			hit, _ = protocol.Int(value)
		}
	})
	if !whole || !known {
		return protocol.Usage{}, false
	}
	if reasoning > 0 && total == input+output+reasoning {
		output += reasoning
	}
	u := protocol.SplitInput(input, max(cached, hit), written, output)
	u.Reasoning = min(max(reasoning, 0), u.Output)
	return u, true
}
