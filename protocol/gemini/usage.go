package gemini

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// UsageOf reads the usage of a whole answer: one object, or the array of a
// stream without alt=sse, of which the last one counts. It returns false when
// the body is not JSON or has none.
func UsageOf(body []byte) (protocol.Usage, bool) {
	var u protocol.Usage
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '[' {
		return u, objectUsage(body, &u)
	}
	var array ArraySplitter
	found := false
	if array.Feed(body, func(piece []byte) {
		found = PieceUsage(piece, &u) || found
	}) != nil {
		return protocol.Usage{}, false
	}
	return u, found
}

// StreamUsage reads the usage of a frame into u and tells whether it carries
// one. Every chunk repeats the counts so far; the last one counts.
func StreamUsage(frame []byte, u *protocol.Usage) bool {
	return mentions(frame) && objectUsage(sse.Data(frame), u)
}

// PieceUsage is [StreamUsage] for a piece of an [ArraySplitter].
func PieceUsage(piece []byte, u *protocol.Usage) bool {
	return mentions(piece) && objectUsage(Element(piece), u)
}

func mentions(b []byte) bool { return bytes.Contains(b, []byte(`"usageMetadata"`)) }

// objectUsage reads the usage of one answer or chunk.
func objectUsage(body []byte, u *protocol.Usage) bool {
	usage, ok := protocol.Find(body, "usageMetadata")
	return ok && counts(usage, u)
}

// counts reads a usageMetadata. Prompt tokens hold the cached ones but not
// those of tool results; candidates do not hold thoughts; each may be missing.
func counts(usage []byte, u *protocol.Usage) bool {
	var prompt, tool, cached, candidates, thoughts int64
	known := false
	set := func(part *int64, value []byte) {
		if n, ok := protocol.Int(value); ok {
			*part, known = n, true
		}
	}
	err := protocol.ScanObject(usage, func(name []byte, m protocol.Member) {
		v := m.Of(usage)
		switch string(name) {
		case "promptTokenCount":
			set(&prompt, v)
		case "toolUsePromptTokenCount":
			set(&tool, v)
		case "cachedContentTokenCount":
			set(&cached, v)
		case "candidatesTokenCount":
			set(&candidates, v)
		case "thoughtsTokenCount":
			set(&thoughts, v)
		}
	})
	if err != nil || !known {
		return false
	}
	*u = protocol.SplitInput(prompt+tool, cached, 0, candidates+thoughts)
	u.Reasoning = min(max(thoughts, 0), u.Output)
	return true
}
