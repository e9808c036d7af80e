package anthropic

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// CacheOptions say where [AutoCache] may place marks.
type CacheOptions struct {
	System       bool // behind the system prompt
	Tools        bool // behind the tools
	Conversation bool // behind the user's last turn
	// MinSystemTokens is the shortest system prompt to mark, in tokens. What
	// the model itself demands counts where that is more.
	MinSystemTokens int64
	// Count returns the tokens of a system prompt, given the value of "system",
	// a string or an array of blocks. It is asked only where the estimate is
	// too near to the minimum to decide; nil: the estimate decides.
	Count func(system protocol.Raw) int64
}

// AutoCache places cache_control marks in a request to /v1/messages, so that
// the provider caches what comes again:
//
//   - behind the system prompt, when that is as long as the shortest prefix
//     that the model caches; a system that is a string becomes a block;
//   - behind the last tool that is not deferred: those are not in the prompt;
//   - behind the user's last turn of a conversation, which is one in which the
//     assistant has answered before.
//
// It places none when the client placed one anywhere: it knows better. So there
// are three at most of the four that are allowed, all of five minutes, none on
// thinking or on empty text.
//
// The new body is appended to dst, which must not share memory with body; all
// other bytes stay. Where there is nothing to mark body itself is returned.
// body is valid JSON. It may be called from any goroutine.
func AutoCache(dst, body []byte, model string, o CacheOptions) []byte {
	var few [5]protocol.Edit
	edits := CacheEdits(few[:0], body, Spans{}, model, o)
	if len(edits) == 0 {
		return body
	}
	return protocol.Splice(dst, body, edits...)
}

// Spans are where the members of a request lie that can be marked, and Named
// where the first name "cache_control" stands, 0 where there is none.
type Spans struct {
	System, Tools, Messages protocol.Member
	Named                   int
}

// SpansOf is what [Peek] has found of them.
func SpansOf(p *protocol.Peek) Spans {
	return Spans{System: p.System, Tools: p.Tools, Messages: p.Messages, Named: p.Signs.CacheControl}
}

// CacheEdits appends the edits that [AutoCache] makes, for a caller that has
// others to make. at is where [Peek] has found the members; the zero Spans has
// them looked for, which takes most of the time.
func CacheEdits(edits []protocol.Edit, body []byte, at Spans, model string, o CacheOptions) []protocol.Edit {
	searched := at == (Spans{})
	if !o.System && !o.Tools && !o.Conversation || (searched || at.Named > 0) && hasMark(body[at.Named:]) {
		return edits
	}
	if searched {
		at = spansOf(body)
	}
	if o.Tools && at.Tools.Present() {
		s, ok := lastTool(body, at.Tools)
		edits = s.edit(edits, ok)
	}
	if o.System && at.System.Present() {
		s, ok := lastSystem(body, at.System)
		ok = ok && longEnough(at.System.Of(body), max(modelOf(model).cached, o.MinSystemTokens), o.Count)
		edits = s.edit(edits, ok)
	}
	if o.Conversation && at.Messages.Present() {
		s, ok := lastTurn(body, at.Messages)
		edits = s.edit(edits, ok)
	}
	return edits
}

func spansOf(body []byte) (at Spans) {
	c := protocol.NewCursor(body)
	c.Object(func(name []byte) {
		switch string(name) {
		case "system":
			at.System = take(c)
		case "tools":
			at.Tools = take(c)
		case "messages":
			at.Messages = take(c)
		}
	})
	return at
}

// take takes the value at hand and tells where it lies.
func take(c *protocol.Cursor) protocol.Member {
	start := c.Offset()
	c.Raw()
	return protocol.Member{Start: start, End: c.Offset(), KeyStart: start}
}

// hasMark tells whether a cache_control is set anywhere in body. The name
// alone is no mark: it may be null, or a parameter of a tool.
func hasMark(body []byte) bool {
	const before, behind = `"cache`, `_control"`
	for i := 0; ; i++ { // underscores are rare, so this is fast
		n := bytes.IndexByte(body[i:], '_')
		if n < 0 {
			return false
		}
		i += n
		if !bytes.HasSuffix(body[:i], []byte(before)) || !bytes.HasPrefix(body[i:], []byte(behind)) {
			continue
		}
		value := bytes.TrimLeft(body[i+len(behind):], " \t\r\n")
		if len(value) == 0 || value[0] != ':' {
			continue
		}
		if kind, ok := protocol.Find(protocol.NewCursor(value[1:]).Raw(), "type"); ok && string(kind) == `"ephemeral"` {
			return true
		}
	}
}

// spot is a place for a mark: an object, the null that it has in the mark's
// place, or a string that becomes a block.
type spot struct{ object, null, text protocol.Member }

// edit appends what marks the spot, if there is one.
func (s *spot) edit(edits []protocol.Edit, ok bool) []protocol.Edit {
	switch {
	case !ok:
		return edits
	case s.text.Present():
		return append(edits,
			protocol.Edit{Start: s.text.Start, End: s.text.Start, With: openBlock},
			protocol.Edit{Start: s.text.End, End: s.text.End, With: closeBlock})
	case s.null.Present():
		return append(edits, protocol.Replace(s.null, markValue))
	}
	at := s.object.End - 1
	return append(edits, protocol.Edit{Start: at, End: at, With: closeBlock[:len(markMember)]})
}

var (
	openBlock  = []byte(`[{"type":"text","text":`)
	closeBlock = []byte(markMember + `}]`)
	markValue  = []byte(`{"type":"ephemeral"}`)
)
