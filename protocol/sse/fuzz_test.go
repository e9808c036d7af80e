package sse_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol/sse"
)

// FuzzFrames cuts a stream in two places and compares Splitter and Reader with
// the plain reading of the standard: lines first, then frames.
func FuzzFrames(f *testing.F) {
	for _, c := range streams {
		f.Add([]byte(c.stream), uint16(3), uint16(9))
	}
	f.Fuzz(func(t *testing.T, stream []byte, a, b uint16) {
		i, j := int(a)%(len(stream)+1), int(b)%(len(stream)+1)
		i, j = min(i, j), max(i, j)
		want := split(t, string(stream))
		if got := split(t, string(stream[:i]), string(stream[i:j]), string(stream[j:])); !slices.Equal(got, want) {
			t.Fatalf("%q cut at %d and %d: %q, whole %q", stream, i, j, got, want)
		}
		r := io.MultiReader(bytes.NewReader(stream[:i]), bytes.NewReader(stream[i:j]), bytes.NewReader(stream[j:]))
		if got := read(t, r); !slices.Equal(got, want) {
			t.Fatalf("%q cut at %d and %d: Reader %q, Splitter %q", stream, i, j, got, want)
		}
		if strings.Join(want, "") != string(stream) {
			t.Fatalf("%q became %q", stream, want)
		}
		var got []string
		for n, raw := range want {
			if whole := sse.Complete([]byte(raw)); !whole && n < len(want)-1 {
				t.Fatalf("%q: frame %q is not complete", stream, raw)
			}
			if data := sse.Data([]byte(raw)); data != nil {
				got = append(got, string(sse.Event([]byte(raw)))+"|"+string(data))
			}
		}
		if plain := events(string(stream)); !slices.Equal(got, plain) && !strings.Contains(string(stream), "\xef\xbb\xbf") {
			t.Fatalf("%q: %q, want %q", stream, got, plain)
		}
	})
}

// events reads a stream as the standard tells it, with the last event even if
// its blank line is missing.
func events(stream string) []string {
	stream = strings.ReplaceAll(stream, "\r\n", "\n")
	stream = strings.ReplaceAll(stream, "\r", "\n")
	var out, data []string
	event, any := "", false
	flush := func() {
		if any {
			out = append(out, event+"|"+strings.Join(data, "\n"))
		}
		data, event, any = nil, "", false
	}
	for line := range strings.SplitSeq(stream, "\n") {
		if line == "" {
			flush()
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "data":
			data, any = append(data, value), true
		case "event":
			event = value
		}
	}
	flush()
	return out
}
