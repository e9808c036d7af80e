package protocol

import (
	"bytes"
	"fmt"
	"slices"
)

// Edit replaces body[Start:End] by With; Start == End inserts.
type Edit struct {
	Start, End int
	With       []byte
}

// Splice appends body with the edits made to dst and returns the extended
// slice; dst must not share memory with body. Offsets are those of the
// unchanged body. Edits are best sorted by Start; others are sorted first, in
// a copy, insertions at one place keeping their order. Edits that overlap or
// leave the body are a fault of the caller: Splice panics.
func Splice(dst, body []byte, edits ...Edit) []byte {
	if !slices.IsSortedFunc(edits, byStart) {
		edits = slices.Clone(edits)
		slices.SortStableFunc(edits, byStart)
	}
	grow := len(body)
	for _, e := range edits {
		grow += len(e.With)
	}
	dst = slices.Grow(dst, grow)
	at := 0
	for _, e := range edits {
		if e.Start < at || e.End < e.Start || e.End > len(body) {
			panic(fmt.Sprintf("protocol: edit [%d:%d] overlaps the one before it or leaves the body of %d bytes", e.Start, e.End, len(body)))
		}
		dst = append(dst, body[at:e.Start]...)
		dst = append(dst, e.With...)
		at = e.End
	}
	return append(dst, body[at:]...)
}

func byStart(a, b Edit) int {
	if a.Start != b.Start {
		return a.Start - b.Start
	}
	return a.End - b.End
}

// Replace is the edit that gives a member another value, value being JSON.
func Replace(m Member, value []byte) Edit {
	return Edit{Start: m.Start, End: m.End, With: value}
}

// InsertMember is the edit that gives the object that m spans in body a new
// first member; value is JSON. The object must not have one of that name.
func InsertMember(body []byte, m Member, name string, value []byte) Edit {
	at := m.Start + 1
	with := QuoteString(nil, name)
	with = append(with, ':')
	with = append(with, value...)
	s := scanner{body: body}
	if body[s.space(at)] != '}' {
		with = append(with, ',')
	}
	return Edit{Start: at, End: at, With: with}
}

// AppendMember is the edit that gives the object that body is a new last
// member; value is JSON. The object must be valid and not have one of that
// name.
func AppendMember(body []byte, name string, value []byte) Edit {
	at := bytes.LastIndexByte(body, '}')
	with := make([]byte, 0, len(name)+len(value)+len(`,"":`))
	if before := bytes.TrimRight(body[:at], " \t\r\n"); before[len(before)-1] != '{' {
		with = append(with, ',')
	}
	with = append(QuoteString(with, name), ':')
	return Edit{Start: at, End: at, With: append(with, value...)}
}
