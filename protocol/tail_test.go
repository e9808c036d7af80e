package protocol_test

import (
	"bytes"
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

func TestTail(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":1,"usage":{"n":1},"b":"}"}`:               `{"n":1}`,
		"{\"usage\" :\n{\"n\":[1]}\n,\"b\":[2,{}]\n}\n": `{"n":[1]}`,
		`{"usage":null}`:                                "",
		`{"a":{"usage":{"n":1}}}`:                       "",
		`{"usage":{"n":1},"a":{"usage":2}}`:             "", // Find knows
		`{"a":"\"usage","usage":3}`:                     "3",
		`{"usage":3,"a":"\"usage"}`:                     "",
		`{"a":"say \"usage\":{\"n\":1}}"}`:              "",
		`{"a":"usage"}`:                                 "",
		`{"usage":{"n":1}`:                              "",
		`{"usage":{"n":1},`:                             "",
		`{"usage":{"n":1}}}`:                            "",
		`{"usage":`:                                     "",
		`"usage"`:                                       "",
		`[{"usage":1}]`:                                 "",
		``:                                              "",
	} {
		got, ok := protocol.Tail([]byte(body), `"usage"`)
		if ok != (want != "") || string(got) != want {
			t.Errorf("%s: %q, %v", body, got, ok)
		}
	}
}

// What Tail finds in JSON is what Find does.
func FuzzTail(f *testing.F) {
	for _, s := range []string{`{"a":1,"usage":{"n":1},"b":"}"}`, `{"usage":1,"a":{"usage":2}}`, `{"a":"\\","usage":2,"b":"\"usage"}`, `{"usage":{"usage":1}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, ok := protocol.Tail(body, `"usage"`)
		if !ok || protocol.ScanObject(body, func([]byte, protocol.Member) {}) != nil {
			return
		}
		if want, found := protocol.Find(body, "usage"); !found || !bytes.Equal(got, want) {
			t.Fatalf("%q: %q, not %q", body, got, want)
		}
	})
}
