package openai

import (
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

// The text of a custom tool is the same however its arguments are cut, and is
// always the inside of a JSON string.
func TestInputReader(t *testing.T) {
	for args, want := range map[string]string{
		`{"input":"*** Begin Patch\n*** End \"Patch\"\\"}`:    "*** Begin Patch\n*** End \"Patch\"\\",
		" { \"input\" :\n\"a\" } ":                            "a",
		`{"input":"\ud83d\ude00 \u00e9 é 日本 \/ \b\f\r\t"}`:    "😀 é é 日本 / \b\f\r\t",
		`{"input":"lone \ud83d and \ud83dx and \ude00"}`:      "lone \ufffd and \ufffdx and \ufffd",
		`{"input":"lone at the end \ud83d"}`:                  "lone at the end \ufffd",
		`{"input":"two \ud83d\ud83d\ude00"}`:                  "two \ufffd😀",
		"{\"input\":\"line\nbreak\tand \\windows \\u12 \\\"}": "line\nbreak\tand \\windows \\u12 \"}",
		`{"input":""}`:                "",
		`{}`:                          "",
		``:                            "",
		`{"input":"cut`:               "cut",
		`{"note":1,"input":"second"}`: "second",
		`{"input":7}`:                 `{"input":7}`,
		`{"patch":"other"}`:           `{"patch":"other"}`,
		"*** Begin Patch":             "*** Begin Patch",
		`{"input":"a","more":"b"}`:    "a",
		`{"inputs":"a"}`:              `{"inputs":"a"}`,
	} {
		for size := 1; size <= len(args)+1; size++ {
			var r inputReader
			var got []byte
			runes := []rune(args)
			for len(runes) > 0 {
				n := min(size, len(runes))
				got = r.read(got, protocol.TextOf(string(runes[:n])))
				runes = runes[n:]
				if !isJSON(got) {
					t.Fatalf("%s in pieces of %d: %s is no text", args, size, got)
				}
			}
			got = r.rest(got)
			if s, ok := protocol.String(asText(got)); !ok || s != want {
				t.Fatalf("%s in pieces of %d: %q, want %q", args, size, s, want)
			}
		}
	}
}

func isJSON(inner []byte) bool {
	_, ok := protocol.String(asText(inner))
	return ok
}

func TestCodePoints(t *testing.T) {
	for inner, want := range map[string]int{
		``: 0, `abc`: 3, `é日😀`: 3, `\n\"\\`: 3, `\u00e9`: 1, `\ud83d\ude00`: 1, `\uD83D\uDE00x`: 2, `\ud83d`: 1, `a\u0041`: 2,
		strings.Repeat("日", 100): 100,
	} {
		if got := codePoints([]byte(inner)); got != want {
			t.Errorf("%s: %d, want %d", inner, got, want)
		}
	}
}
