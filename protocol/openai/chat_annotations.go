package openai

import (
	"github.com/llmgw/llmgw/protocol"
)

// appendAnnotations appends the citations of an answer's texts. Their ranges
// count code points of the joined text.
func appendAnnotations(dst []byte, parts []protocol.Part) []byte {
	at, n := 0, 0
	for i := range parts {
		p := &parts[i]
		if p.Kind != protocol.PartText {
			continue
		}
		length := codePoints(p.Text.Inner())
		for j := range p.Citations {
			c := &p.Citations[j]
			if c.URL == nil {
				continue // a document's: chat has no form for it
			}
			if n == 0 {
				dst = append(dst, `,"annotations":[`...)
			} else {
				dst = append(dst, ',')
			}
			dst = appendCitation(dst, c, at, length)
			n++
		}
		at += length
	}
	if n > 0 {
		dst = append(dst, ']')
	}
	return dst
}

// appendCitation appends one annotation of a text that begins at code point at
// and has length of them.
func appendCitation(dst []byte, c *protocol.Citation, at, length int) []byte {
	start, end := c.Start, c.End
	if end == 0 {
		end = length
	}
	dst = append(dst, `{"type":"url_citation","url_citation":{"url":`...)
	dst = append(dst, c.URL...)
	dst = append(dst, `,"title":`...)
	dst = appendText(dst, c.Title)
	dst = append(dst, `,"start_index":`...)
	dst = appendInt(dst, int64(at+start))
	dst = append(dst, `,"end_index":`...)
	dst = appendInt(dst, int64(at+end))
	return append(dst, "}}"...)
}
