package protocol

import "testing"

func TestHalves(t *testing.T) {
	const first, second = `\ud83d`, `\uDE00`
	for _, tc := range []struct {
		name   string
		pieces []string // "|" is an event that is no delta
		want   []string
	}{
		{"whole characters", []string{`a` + first + second, `b`}, []string{`a` + first + second, `b`}},
		{"one that is cut", []string{`a` + first, second + `b`}, []string{`a`, first + second + `b`}},
		{"two that are", []string{first, second + `\uDBFF`, `\udfff`}, []string{``, first + second, `\uDBFF\udfff`}},
		{"a half at the end", []string{`a` + first, `|`}, []string{`a`, first, `|`}},
		{"a half before another character", []string{`a` + first, `b`}, []string{`a`, first + `b`}},
		{"two first halves", []string{first, first, second}, []string{``, first, first + second}},
		{"a backslash and letters", []string{`\\ud83d`, second}, []string{`\\ud83d`, second}},
		{"a backslash and a half", []string{`\\` + first, second}, []string{`\\`, first + second}},
		{"other escapes", []string{`\u00e9`, `\ud7ff`, `\udc00`, `\n`}, []string{`\u00e9`, `\ud7ff`, `\udc00`, `\n`}},
	} {
		var h Halves
		var got []string
		for _, p := range tc.pieces {
			e := Event{Kind: EventDelta, Text: Text(`"` + p + `"`)}
			if p == "|" {
				e = Event{Kind: EventPartStop}
			}
			if before := h.Join(&e); before != nil {
				got = append(got, string(before.Inner()))
			}
			if e.Kind == EventDelta {
				got = append(got, string(e.Text.Inner()))
			} else {
				got = append(got, "|")
			}
		}
		if len(h.held) != 0 || len(got) != len(tc.want) {
			t.Errorf("%s: %q, held %v", tc.name, got, h.held)
			continue
		}
		for i := range got {
			if got[i] != tc.want[i] {
				t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
			}
		}
	}
}

// Choices that come in turn do not mix; what belongs to none of them passes by.
func TestHalvesOfChoices(t *testing.T) {
	var h Halves
	for i, e := range []Event{
		{Kind: EventDelta, Choice: 0, Text: Text(`"\ud83d"`)},
		{Kind: EventDelta, Choice: 1, Text: Text(`"x\ud83e"`)},
		{Kind: EventPing},
		{Kind: EventUsage},
		{Kind: EventDelta, Choice: 0, Text: Text(`"\ude00"`)},
		{Kind: EventDelta, Choice: 1, Text: Text(`"\udd14"`)},
	} {
		want := []string{`""`, `"x"`, "", "", `"\ud83d\ude00"`, `"\ud83e\udd14"`}[i]
		if before := h.Join(&e); before != nil || string(e.Text) != want {
			t.Errorf("%d: %s, %s before", i, e.Text, before)
		}
	}
}

func BenchmarkHalves(b *testing.B) {
	var h Halves
	e := Event{Kind: EventDelta, Text: Text(`"a few words of an answer"`)}
	b.ReportAllocs()
	for b.Loop() {
		h.Join(&e)
	}
}
