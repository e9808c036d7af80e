package config

import (
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// Diagnostics is every mistake of a configuration, and every warning, each with
// its place and source line. Secrets in those lines are masked.
type Diagnostics struct {
	list    hcl.Diagnostics
	sources map[string]*source
	foreign []string // values from outside of the sources, as messages quote them
}

// shortSecret is the length below which a value is no secret, and may be a part
// of any message: a port, a level.
const shortSecret = 8

// conceal keeps a value out of all messages.
func (d *Diagnostics) conceal(value string) {
	if len(value) < shortSecret {
		return
	}
	for _, s := range []string{value, strings.TrimSuffix(clip(value), "...")} {
		d.foreign = append(d.foreign, strings.Trim(strconv.Quote(s), `"`))
	}
}

// told is a message without the values that are concealed.
func (d *Diagnostics) told(message string) string {
	for _, s := range d.foreign {
		message = strings.ReplaceAll(message, s, masked)
	}
	return printable(message)
}

// Error lists the errors, not the warnings: "file:line,col: summary; detail"
// and the source line each.
func (d *Diagnostics) Error() string {
	var b strings.Builder
	for _, g := range d.sorted(hcl.DiagError) {
		d.write(&b, g)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Warnings lists what is likely not meant, in the form of Error.
func (d *Diagnostics) Warnings() []string {
	var list []string
	for _, g := range d.sorted(hcl.DiagWarning) {
		var b strings.Builder
		d.write(&b, g)
		list = append(list, strings.TrimSuffix(b.String(), "\n"))
	}
	return list
}

// WriteTo writes errors and warnings, each with its source line.
func (d *Diagnostics) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	for _, g := range d.sorted(hcl.DiagError) {
		d.write(&b, g)
	}
	for _, g := range d.sorted(hcl.DiagWarning) {
		d.write(&b, g)
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// HasErrors reports whether anything is worse than a warning.
func (d *Diagnostics) HasErrors() bool { return d.list.HasErrors() }

// sorted returns the diagnostics of a severity by file and position; those
// without a place come first.
func (d *Diagnostics) sorted(s hcl.DiagnosticSeverity) []*hcl.Diagnostic {
	var list []*hcl.Diagnostic
	for _, g := range d.list {
		if g.Severity == s {
			list = append(list, g)
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i].Subject, list[j].Subject
		if a == nil || b == nil {
			return a == nil && b != nil
		}
		if a.Filename != b.Filename {
			return a.Filename < b.Filename
		}
		return a.Start.Byte < b.Start.Byte
	})
	return list
}

// write prints one diagnostic.
func (d *Diagnostics) write(b *strings.Builder, g *hcl.Diagnostic) {
	src, summary, detail := (*source)(nil), g.Summary, g.Detail
	switch {
	case g.Subject == nil && d.whole() != "":
		fmt.Fprintf(b, "%s: ", d.whole())
	case g.Subject != nil:
		src = d.sources[g.Subject.Filename]
		fmt.Fprintf(b, "%s:%d,%d: ", g.Subject.Filename, g.Subject.Start.Line, g.Subject.Start.Column)
	}
	if src != nil {
		summary, detail = src.scrub(*g.Subject, summary), src.scrub(*g.Subject, detail)
	}
	if g.Severity == hcl.DiagWarning {
		b.WriteString("warning: ")
	}
	b.WriteString(d.told(summary) + "; " + d.told(detail) + "\n")
	if src != nil {
		src.snippet(b, *g.Subject)
	}
	if r, ok := g.Extra.(related); ok {
		if src = d.sources[r.at.Filename]; src != nil {
			fmt.Fprintf(b, "  %s:%d,%d: %s\n", r.at.Filename, r.at.Start.Line, r.at.Start.Column, r.text)
			src.snippet(b, r.at)
		}
	}
}

// whole names the configuration: its one file, or the folder of its files.
func (d *Diagnostics) whole() string {
	for name, s := range d.sources {
		if len(d.sources) > 1 {
			return s.folder
		}
		return name
	}
	return ""
}

// scrub removes from a message what the lines that it is about must not show.
func (s *source) scrub(at hcl.Range, message string) string {
	lines := span{s.line(at.Start.Byte).start, s.line(max(at.Start.Byte, at.End.Byte-1)).end}
	for _, h := range s.within(lines) {
		if h.end-h.start > 2 {
			message = strings.ReplaceAll(message, string(s.text[h.start:h.end]), masked)
		}
	}
	return message
}

// maxLine is how much of a source line is shown, in bytes.
const maxLine = 200

// snippet prints the line where a range starts, and marks the range.
func (s *source) snippet(b *strings.Builder, at hcl.Range) {
	l := s.line(at.Start.Byte)
	end := min(max(at.End.Byte, at.Start.Byte+1), l.end)
	var text, mark strings.Builder
	put := func(piece string, from, to int) { // piece stands for these bytes of the source
		for _, r := range piece {
			switch {
			case from < end && to > at.Start.Byte:
				mark.WriteByte('^')
			case r == '\t':
				mark.WriteByte('\t')
			default:
				mark.WriteByte(' ')
			}
		}
		text.WriteString(piece)
	}
	hidden := s.within(l)
	for i := l.start; i < l.end; {
		if text.Len() > maxLine {
			text.WriteString("...")
			break
		}
		if len(hidden) > 0 && hidden[0].start == i {
			put(masked, i, hidden[0].end)
			i, hidden = hidden[0].end, hidden[1:]
			continue
		}
		r, n := utf8.DecodeRune(s.text[i:l.end])
		if len(hidden) > 0 {
			n = min(n, hidden[0].start-i)
		}
		if r != '\t' && !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		put(string(r), i, i+n)
		i += n
	}
	fmt.Fprintf(b, "%5d | %s\n", at.Start.Line, strings.TrimRight(text.String(), " \t"))
	if m := strings.TrimRight(mark.String(), " \t"); m != "" {
		fmt.Fprintf(b, "      | %s\n", m)
	}
}

// printable keeps what a terminal could take for a command out of messages.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}
