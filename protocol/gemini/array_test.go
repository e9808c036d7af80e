package gemini_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol/gemini"
)

func pieces(t *testing.T, chunks ...string) []string {
	t.Helper()
	var s gemini.ArraySplitter
	var got []string
	keep := func(raw []byte) { got = append(got, string(raw)) }
	for _, c := range chunks {
		if err := s.Feed([]byte(c), keep); err != nil {
			t.Fatal(err)
		}
	}
	s.Close(keep)
	return got
}

var arrays = []struct {
	stream string
	want   []string
}{
	{"", nil},
	{"[]\n", []string{"[]\n"}},
	{`[{"a":1}]`, []string{`[{"a":1}`, `]`}},
	{"[{\"a\":[{}]}\n,\r\n{\"b\":\"]}\\\"[{\\\\\"}\n,\r\n{}]\n", []string{"[{\"a\":[{}]}", "\n,\r\n{\"b\":\"]}\\\"[{\\\\\"}", "\n,\r\n{}", "]\n"}},
	{` [ {"網":"關\u0022\\"} , {"cut":"` + "\\", []string{` [ {"網":"關\u0022\\"}`, ` , {"cut":"` + "\\"}},
}

func TestArraySplitterAtEveryCut(t *testing.T) {
	for _, c := range arrays {
		for i := range len(c.stream) + 1 {
			for j := i; j <= len(c.stream); j++ {
				if got := pieces(t, c.stream[:i], c.stream[i:j], c.stream[j:]); !slices.Equal(got, c.want) {
					t.Fatalf("%q cut at %d and %d: %q, want %q", c.stream, i, j, got, c.want)
				}
			}
		}
	}
}

func TestArraySplitterLimit(t *testing.T) {
	var s gemini.ArraySplitter
	chunk := []byte(`"` + strings.Repeat("x", 1<<20))
	var err error
	for i := 0; i < 20 && err == nil; i++ {
		err = s.Feed(chunk, func([]byte) { t.Error("a piece") })
		chunk[0] = 'x'
	}
	if !errors.Is(err, gemini.ErrPieceTooLarge) || s.Feed([]byte("]"), nil) == nil {
		t.Errorf("%v", err)
	}
}

func TestElement(t *testing.T) {
	for piece, want := range map[string]string{`[{"a":1}`: `{"a":1}`, "\n,\r\n{}": "{}", "]\n": "", "": ""} {
		if got := string(gemini.Element([]byte(piece))); got != want {
			t.Errorf("%q: %q", piece, got)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, body := range []string{`{"contents":[],"generationConfig":{"maxOutputTokens":9}}`, `{"generation_config":{"max_output_tokens":9.0}}`} {
		if p, err := gemini.Peek([]byte(body)); err != nil || p.MaxOutput != 9 {
			t.Errorf("%s: %+v, %v", body, p, err)
		}
	}
	if _, err := gemini.Peek([]byte(`{"contents":[]}`)); err != nil {
		t.Error(err)
	}
	if _, err := gemini.Peek([]byte(`{"contents":[}`)); err == nil {
		t.Error("broken JSON accepted")
	}
	if _, err := gemini.Peek(nil); err == nil {
		t.Error("broken JSON accepted")
	}
}

func FuzzArraySplitter(f *testing.F) {
	for _, c := range arrays {
		f.Add([]byte(c.stream), uint16(2), uint16(7))
	}
	f.Fuzz(func(t *testing.T, stream []byte, a, b uint16) {
		i, j := int(a)%(len(stream)+1), int(b)%(len(stream)+1)
		i, j = min(i, j), max(i, j)
		want := pieces(t, string(stream))
		if got := pieces(t, string(stream[:i]), string(stream[i:j]), string(stream[j:])); !slices.Equal(got, want) {
			t.Fatalf("%q cut at %d and %d: %q, want %q", stream, i, j, got, want)
		}
		if strings.Join(want, "") != string(stream) {
			t.Fatalf("%q became %q", stream, want)
		}
		var array []map[string]any
		if json.Unmarshal(stream, &array) != nil || slices.ContainsFunc(array, func(m map[string]any) bool { return m == nil }) || array == nil {
			return
		}
		n := 0
		for _, p := range want {
			if e := gemini.Element([]byte(p)); e != nil {
				n++
				if !json.Valid(e) {
					t.Fatalf("%q: element %q", stream, e)
				}
			}
		}
		if n != len(array) {
			t.Fatalf("%q: %d elements of %d: %q", stream, n, len(array), want)
		}
	})
}

func BenchmarkArraySplitter(b *testing.B) {
	stream := []byte("[" + strings.Repeat(`{"candidates":[{"content":{"parts":[{"text":"some words of an answer\n"}],"role":"model"}}]}`+"\n,\r\n", 99) + "{}]")
	b.ReportAllocs()
	b.SetBytes(int64(len(stream)))
	n := 0
	for b.Loop() {
		var s gemini.ArraySplitter
		if err := s.Feed(stream, func([]byte) { n++ }); err != nil {
			b.Fatal(err)
		}
	}
}
