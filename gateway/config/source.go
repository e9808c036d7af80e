package config

import (
	"path/filepath"
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// source is one file: its text, and what of it may be shown.
type source struct {
	name   string
	folder string // that relative paths start at
	text   []byte
	tokens hclsyntax.Tokens
	body   *hclsyntax.Body // nil: its syntax could not be read
	broken bool            // it has syntax errors
	lines  []int           // byte offset of each line's start
	hidden []span          // what diagnostics must not show, in order, apart
}

// span is a piece of a source in bytes.
type span struct{ start, end int }

func newSource(name string, text []byte) *source {
	s := &source{name: name, folder: filepath.Dir(name), text: text, lines: []int{0}}
	for i, c := range text {
		if c == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	if len(text) <= maxSource {
		s.tokens, _ = hclsyntax.LexConfig(text, name, hcl.InitialPos)
		s.hide(hiddenTokens(s.tokens))
		s.hide(hiddenURLs(text))
	}
	return s
}

// line returns the span of the line that holds a byte, without its end.
func (s *source) line(at int) span {
	at = min(max(at, 0), len(s.text))
	i := sort.SearchInts(s.lines, at+1) - 1
	l := span{s.lines[i], len(s.text)}
	if i+1 < len(s.lines) {
		l.end = s.lines[i+1] - 1
	}
	if l.end > l.start && s.text[l.end-1] == '\r' {
		l.end--
	}
	return l
}

// hide adds spans to those that are not shown.
func (s *source) hide(spans []span) {
	all := append(s.hidden, spans...)
	sort.Slice(all, func(i, j int) bool { return all[i].start < all[j].start })
	s.hidden = nil
	for _, h := range all {
		if h.end <= h.start {
			continue
		}
		if n := len(s.hidden); n > 0 && h.start <= s.hidden[n-1].end {
			s.hidden[n-1].end = max(s.hidden[n-1].end, h.end)
			continue
		}
		s.hidden = append(s.hidden, h)
	}
}

// within returns the hidden pieces of a span.
func (s *source) within(l span) []span {
	first := sort.Search(len(s.hidden), func(i int) bool { return s.hidden[i].end > l.start })
	var pieces []span
	for _, h := range s.hidden[first:] {
		if h.start >= l.end {
			break
		}
		pieces = append(pieces, span{max(h.start, l.start), min(h.end, l.end)})
	}
	return pieces
}
