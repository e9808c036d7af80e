package anthropic

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/llmgw/llmgw/protocol"
)

// lastSystem finds the last block of a system prompt that is not blank.
func lastSystem(body []byte, at protocol.Member) (spot, bool) {
	return lastBlock(body, at, func(kind protocol.Text) bool { return kind.Is("text") })
}

// lastBlock finds the last block of a content that can be marked. can tells it
// of a type of blocks; a text must not be blank either.
func lastBlock(body []byte, at protocol.Member, can func(kind protocol.Text) bool) (last spot, ok bool) {
	if body[at.Start] == '"' {
		return spot{text: at}, !protocol.Text(at.Of(body)).Blank()
	}
	if body[at.Start] != '[' {
		return last, false
	}
	c := protocol.NewCursor(at.Of(body))
	c.Array(func(int) {
		var kind, text protocol.Text
		s := spot{object: protocol.Member{Start: at.Start + c.Offset()}}
		c.Object(func(name []byte) {
			switch string(name) {
			case "type":
				kind = c.TextOrNull()
			case "text":
				text = c.TextOrNull()
			case "cache_control":
				s.null = shift(take(c), at.Start)
			}
		})
		s.object.End = at.Start + c.Offset()
		if can(kind) && (!kind.Is("text") || !text.Blank()) {
			last, ok = s, true
		}
	})
	return last, ok && c.Err() == nil
}

func shift(m protocol.Member, by int) protocol.Member {
	return protocol.Member{Start: m.Start + by, End: m.End + by, KeyStart: m.KeyStart + by}
}

// lastTurn finds the last block of the user's last turn, where the assistant
// has spoken before it.
func lastTurn(body []byte, at protocol.Member) (spot, bool) {
	if body[at.Start] != '[' {
		return spot{}, false
	}
	spoken, answered := false, false
	var turn protocol.Member
	c := protocol.NewCursor(at.Of(body))
	c.Array(func(int) {
		var role protocol.Text
		var content protocol.Member
		c.Object(func(name []byte) {
			switch string(name) {
			case "role":
				role = c.Text()
			case "content":
				content = shift(take(c), at.Start)
			}
		})
		switch {
		case role.Is("assistant"):
			spoken = true
		case role.Is("user"):
			turn, answered = content, spoken
		}
	})
	if c.Err() != nil || !answered || !turn.Present() {
		return spot{}, false
	}
	return lastBlock(body, turn, func(kind protocol.Text) bool {
		switch string(kind.Inner()) {
		case "text", "image", "document", "tool_result", "search_result":
			return true
		}
		return false
	})
}

// lastTool finds the last tool that is in the prompt. It walks back from the
// end of the array: tools are half of a coding agent's body, and only the last
// ones matter.
func lastTool(body []byte, at protocol.Member) (spot, bool) {
	if body[at.Start] != '[' {
		return spot{}, false
	}
	for end := at.End - 1; ; {
		end = trimSpace(body[:end])
		if end <= at.Start || body[end-1] != '}' {
			return spot{}, false
		}
		start := objectStart(body[:end])
		if start <= at.Start {
			return spot{}, false
		}
		s := spot{object: protocol.Member{Start: start, End: end}}
		named, deferred := false, false
		c := protocol.NewCursor(body[start:end])
		c.Object(func(name []byte) {
			named = true
			switch string(name) {
			case "type":
				deferred = deferred || c.Kind() == '"' && c.Text().Is("mcp_toolset")
			case "defer_loading":
				deferred = deferred || c.Kind() == 't'
			case "cache_control":
				s.null = shift(take(c), start)
			}
		})
		if c.Err() == nil && named && !deferred {
			return s, true
		}
		if end = trimSpace(body[:start]); body[end-1] != ',' {
			return spot{}, false
		}
		end--
	}
}

// trimSpace returns the length of b without the white space at its end.
func trimSpace(b []byte) int { return len(bytes.TrimRight(b, " \t\r\n")) }

// objectStart returns where the object begins that ends at the end of b, -1
// where there is none.
func objectStart(b []byte) int {
	depth := 0
	for i := len(b) - 1; i >= 0; i-- {
		switch b[i] {
		case '}', ']':
			depth++
		case '{', '[':
			if depth--; depth == 0 {
				return i
			}
		case '"':
			for i--; i >= 0 && (b[i] != '"' || escaped(b[:i])); i-- {
			}
		}
	}
	return -1
}

// longEnough tells whether a system prompt has at least so many tokens. Their
// number is estimated, cautiously: four and a half bytes of ASCII are a token,
// and three of other characters, which is one of Chinese. English prose has
// more tokens than that, code and numbers have many more; only runs of one
// character have fewer. Where the estimate is below the minimum, but not
// below a third of it, or not above twice of it, count decides if it is there.
func longEnough(system protocol.Raw, minimum int64, count func(protocol.Raw) int64) bool {
	n := estimate(system)
	if count != nil && n > minimum/3 && n < 2*minimum {
		n = count(system)
	}
	return n >= minimum
}

// estimate returns about how many tokens a system prompt has.
func estimate(system protocol.Raw) int64 {
	if system[0] == '"' {
		return estimateText(protocol.Text(system))
	}
	var n int64
	c := protocol.NewCursor(system)
	c.Array(func(int) {
		c.Object(func(name []byte) {
			if string(name) == "text" {
				n += estimateText(c.TextOrNull())
			}
		})
	})
	return n
}

func estimateText(t protocol.Text) int64 {
	b := t.Inner()
	all, wide := int64(len(b)), 0
	for ; len(b) >= 8; b = b[8:] {
		wide += bits.OnesCount64(binary.LittleEndian.Uint64(b) & 0x8080808080808080)
	}
	for _, c := range b {
		wide += int(c >> 7)
	}
	return (all-int64(wide))*2/9 + int64(wide)/3
}
