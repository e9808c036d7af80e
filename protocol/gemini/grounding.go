package gemini

import (
	"bytes"
	"unicode/utf8"

	"github.com/llmgw/llmgw/protocol"
)

// source is where a statement comes from.
type source struct{ uri, title protocol.Text }

// citations reads groundingMetadata: which sources which piece of text has.
// Google counts bytes of the text; the hub counts code points of the part that
// begins at from. Pieces before that part cannot be cited any more.
func citations(grounding, text []byte, from int) []protocol.Citation {
	var sources []source
	if chunks, ok := protocol.Find(grounding, "groundingChunks"); ok {
		sources = sourcesOf(chunks)
	}
	supports, ok := protocol.Find(grounding, "groundingSupports")
	if !ok || len(sources) == 0 {
		return nil
	}
	var out []protocol.Citation
	_ = protocol.ScanArray(supports, func(m protocol.Member) { // what is of another type cites nothing
		support := m.Of(supports)
		segment, ok := protocol.Find(support, "segment")
		if !ok {
			return
		}
		start, end, ok := place(segment, text)
		if !ok || start < from {
			return
		}
		cite := protocol.Citation{
			Start: utf8.RuneCount(text[from:start]),
			End:   utf8.RuneCount(text[from:end]),
		}
		indices, _ := protocol.Find(support, "groundingChunkIndices")
		_ = protocol.ScanArray(indices, func(m protocol.Member) {
			if i, ok := protocol.Int(m.Of(indices)); ok && i >= 0 && i < int64(len(sources)) && !sources[i].uri.Empty() {
				cite.URL, cite.Title = sources[i].uri, sources[i].title
				out = append(out, cite)
			}
		})
	})
	return out
}

// sourcesOf reads groundingChunks, each of which is of one kind. One without
// an address keeps its place: others are named by their number.
func sourcesOf(chunks []byte) []source {
	var out []source
	_ = protocol.ScanArray(chunks, func(m protocol.Member) {
		chunk := m.Of(chunks)
		var s source
		for _, kind := range []string{"web", "retrievedContext", "maps"} {
			if uri, ok := protocol.Find(chunk, kind, "uri"); ok {
				s.uri = textOf(uri)
				title, _ := protocol.Find(chunk, kind, "title")
				s.title = textOf(title)
			}
		}
		out = append(out, s)
	})
	return out
}

// place is where a segment lies in the text, in bytes. Offsets count from the
// beginning of the segment's part; where they do not lead to the text that the
// segment quotes, the quote is looked for.
func place(segment, text []byte) (start, end int, ok bool) {
	offset := func(name string) int {
		n, _ := protocol.IntAt(segment, name)
		return int(min(max(n, 0), int64(len(text))))
	}
	start, end = offset("startIndex"), offset("endIndex")
	var quote []byte
	if v, found := protocol.Find(segment, "text"); found {
		s, _ := protocol.String(v)
		quote = []byte(s)
	}
	if len(quote) > 0 && (end < start || !bytes.Equal(text[start:end], quote)) {
		if start = bytes.Index(text, quote); start < 0 {
			return 0, 0, false
		}
		end = start + len(quote)
	}
	return start, end, start < end
}
