package protocol_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// members scans body and lists "name=value".
func members(body string) ([]string, error) {
	var got []string
	err := protocol.ScanObject([]byte(body), func(name []byte, m protocol.Member) {
		if body[m.KeyStart] != '"' {
			got = append(got, fmt.Sprintf("KeyStart %d of %q is no quote", m.KeyStart, name))
		}
		got = append(got, string(name)+"="+body[m.Start:m.End])
	})
	return got, err
}

func TestScanObjectMembers(t *testing.T) {
	for _, c := range []struct {
		body string
		want []string
	}{
		{`{}`, nil},
		{" \r\n\t{ }\n", nil},
		{`{"a":1}`, []string{"a=1"}},
		{"{ \"a\" : -0.5e+3 ,\n\"b\":\t[ ] , \"\" : { } }", []string{"a=-0.5e+3", "b=[ ]", "={ }"}},
		{`{"model":"x","messages":[{"a":[1,2,{"b":null}]},[]],"stream":true}`,
			[]string{`model="x"`, `messages=[{"a":[1,2,{"b":null}]},[]]`, "stream=true"}},
		{`{"mod\u0065l":"x"}`, []string{`model="x"`}},
		{`{"\ud83d\ude00":0,"😀 ":1}`, []string{"😀=0", "😀 =1"}},
		{`{"a":"\ud800","b":"\udc00\ud800\n"}`, []string{`a="\ud800"`, `b="\udc00\ud800\n"`}},
		{`{"a":{"x":1,"x":2}}`, []string{`a={"x":1,"x":2}`}},
		{`{"A":1,"a":2}`, []string{"A=1", "a=2"}},
		{`{"a":0,"b":10,"c":-0,"d":1E5,"e":0.0,"f":0e0}`, []string{"a=0", "b=10", "c=-0", "d=1E5", "e=0.0", "f=0e0"}},
		{`{"a":"\"\\\/\b\f\n\r\t\u00ff"}`, []string{`a="\"\\\/\b\f\n\r\t\u00ff"`}},
	} {
		got, err := members(c.body)
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
		} else if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.body, d)
		}
	}
}

func TestScanObjectFaults(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"", "it is empty, a JSON object was expected (line 1, column 1, byte 0)"},
		{" \n ", "it is empty, a JSON object was expected (line 2, column 2, byte 3)"},
		{"\xef\xbb\xbf{}", "byte order mark"},
		{`[]`, "expected a JSON object, starting with '{' (line 1, column 1, byte 0)"},
		{`"a"`, "expected a JSON object"},
		{`{} x`, "expected the end after the top-level value (line 1, column 4, byte 3)"},
		{`{}{}`, "expected the end"},
		{`{`, "expected a member name in double quotes, but the body ends"},
		{`{a:1}`, "expected a member name"},
		{`{'a':1}`, "expected a member name"},
		{`{"a":1,}`, "expected a member name in double quotes (line 1, column 8, byte 7)"},
		{`{,"a":1}`, "expected a member name"},
		{`{"a"}`, "expected ':'"},
		{`{"a" 1}`, "expected ':'"},
		{`{"a":}`, "expected a JSON value"},
		{`{"a":`, "expected a JSON value, but the body ends"},
		{`{"a":1`, "expected ',' or '}' after a member, but the body ends (line 1, column 7, byte 6)"},
		{`{"a":1 "b":2}`, "expected ',' or '}' after a member (line 1, column 8, byte 7)"},
		{"{\"a\":1,\n\"a\":2}", "appeared before; a name may be used once at the top level (line 2, column 1, byte 8)"},
		{`{"a":1,"\u0061":2}`, "appeared before"},
		{`{"\u0061":1,"a":2}`, "appeared before"},
		{`{"a":[1,]}`, "expected a JSON value"},
		{`{"a":[1 2]}`, "expected ',' or ']' after an array element"},
		{`{"a":[1}`, "expected ',' or ']'"},
		{`{"a":{"b":1]}`, "expected ',' or '}'"},
		{`{"a":[`, "expected a JSON value, but the body ends"},
		{`{"a":[1`, "expected ',' or ']' after an array element, but the body ends"},
		{`{"a":{"b"`, "expected ':'"},
		{`{"a":{1:2}}`, "expected a member name"},
		{`{"a":{"b":1,}}`, "expected a member name"},
		{`{"a":tru}`, "expected a JSON value"},
		{`{"a":True}`, "expected a JSON value"},
		{`{"a":truex}`, "expected ',' or '}'"},
		{`{"a":NaN}`, "expected a JSON value"},
		{`{"a":nul`, "expected a JSON value"},
		{`{"a":01}`, "superfluous zero"},
		{`{"a":-}`, "expected a digit"},
		{`{"a":+1}`, "expected a JSON value"},
		{`{"a":.5}`, "expected a JSON value"},
		{`{"a":1.}`, "expected a digit"},
		{`{"a":1e}`, "expected a digit"},
		{`{"a":1e+}`, "expected a digit"},
		{`{"a":"x}`, "a string is not closed, but the body ends"},
		{`{"a":"x\`, "a string is not closed"},
		{`{"a":"\x"}`, "unknown escape sequence"},
		{`{"a":"\u12"}`, "four hexadecimal digits"},
		{`{"a":"\u12G4"}`, "four hexadecimal digits"},
		{`{"a":"\u`, "four hexadecimal digits"},
		{"{\"a\":\"x\ny\"}", "a control character inside a string must be escaped (line 1, column 8, byte 7)"},
		{"{\"a\":\"\x00\"}", "control character"},
		{"{\"a\":\"\xff\"}", "not valid UTF-8"},
		{"{\"a\":\"\xc0\x80\"}", "not valid UTF-8"},
		{"{\"a\":\"\xed\xa0\x80\"}", "not valid UTF-8"},
		{"{\"a\":\"\xe0\x80\x80\"}", "not valid UTF-8"},
		{"{\"a\":\"\xe4\xbd", "not valid UTF-8"},
		{"{\"a\":\"\xf4\x90\x80\x80\"}", "not valid UTF-8"},
		{"{\"\xff\":1}", "not valid UTF-8"},
		{"{\"a\":\xff}", "expected a JSON value"},
		{"{\"a\":1}\x00", "expected the end"},
		{"{\"a\":1,\u00a0\"b\":1}", "expected a member name"},
		{`{"a":1/**/}`, "expected ',' or '}'"},
	} {
		_, err := members(c.body)
		e, ok := errors.AsType[*protocol.Error](err)
		switch {
		case !ok:
			t.Errorf("%q: error %v, want a *protocol.Error", c.body, err)
		case e.Code != protocol.InvalidRequest || e.HTTPStatus() != 400:
			t.Errorf("%q: code %v", c.body, e.Code)
		case !strings.Contains(e.Message, c.want):
			t.Errorf("%q: message\n%s\nwant it to contain\n%s", c.body, e.Message, c.want)
		}
	}
}

// A fault must not repeat what the client wrote: it may be secret, and long.
func TestScanObjectFaultsRepeatNoContent(t *testing.T) {
	for _, body := range []string{
		`{"sk-secret":1,"sk-secret":2}`,
		`{"a":"` + strings.Repeat("sk-secret", 1000) + "\x01" + `"}`,
		`{"a":sk-secret}`,
	} {
		_, err := members(body)
		if err == nil || strings.Contains(err.Error(), "sk-secret") || len(err.Error()) > 300 {
			t.Errorf("error %v of %d bytes of body", err, len(body))
		}
	}
}

func TestScanObjectDepth(t *testing.T) {
	for _, c := range []struct{ open, close string }{{"[", "]"}, {`{"a":`, "}"}} {
		nest := func(n int) string {
			inner := "0"
			return `{"a":` + strings.Repeat(c.open, n) + inner + strings.Repeat(c.close, n) + `}`
		}
		if _, err := members(nest(protocol.MaxDepth - 1)); err != nil {
			t.Errorf("%d of %s: %v", protocol.MaxDepth, c.open, err)
		}
		_, err := members(nest(protocol.MaxDepth))
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("more than %d ", protocol.MaxDepth)) {
			t.Errorf("%d of %s: %v", protocol.MaxDepth+1, c.open, err)
		}
		if _, err := members(nest(1_000_000)); err == nil {
			t.Error("a million accepted")
		}
	}
	mixed := `{"a":` + strings.Repeat(`[{"b":`, 127) + `[1,{},[]]` + strings.Repeat(`}]`, 127) + `}`
	if _, err := members(mixed); err == nil {
		t.Error("an empty container below the limit accepted") // 1 + 254 + 1 + 1
	}
	mixed = `{"a":` + strings.Repeat(`[{"b":`, 127) + `[1,"x"]` + strings.Repeat(`}]`, 127) + `}`
	if _, err := members(mixed); err != nil {
		t.Error(err)
	}
}

func TestScanObjectManyMembers(t *testing.T) {
	for _, n := range []int{47, 48, 49, 50, 3000} {
		var b strings.Builder
		b.WriteString(`{"k0":0`)
		for i := 1; i < n; i++ {
			fmt.Fprintf(&b, `,"k%d":%d`, i, i)
		}
		got, err := members(b.String() + "}")
		if err != nil || len(got) != n {
			t.Errorf("%d members: %d, %v", n, len(got), err)
		}
		for _, again := range []int{0, n - 1} {
			if _, err := members(fmt.Sprintf(`%s,"k%d":1}`, b.String(), again)); err == nil {
				t.Errorf("%d members: k%d accepted twice", n, again)
			}
		}
	}
}

// Every kind of byte at every place of a string, before and behind the borders
// of the words that are looked at together, and behind escapes.
func TestScanObjectStringBytes(t *testing.T) {
	for length := range 70 {
		for at := range length {
			for _, c := range []int{0, 1, 0x1f, 0x20, 0x21, '"', '#', '[', '\\', ']', 0x7f, 0x80, 0xa2, 0xff} {
				text := []byte(strings.Repeat("x", length))
				text[at] = byte(c)
				bad := c < 0x20 || c == '"' || c == '\\' || c >= 0x80
				if bad && c == '"' && at == length-1 {
					continue // the string is closed twice: another fault
				}
				for _, head := range []string{`{"a":"`, `{"a":"\n`, `{"a":"\t\t\n`} {
					for _, tail := range []string{`"}`, `"}` + strings.Repeat(" ", 40)} {
						got, err := members(head + string(text) + tail)
						if bad != (err != nil) {
							t.Fatalf("%s: byte %#x at %d of %d: %v, %v", head, c, at, length, got, err)
						}
						if at := at + len(head); err != nil && c < 0x20 && !strings.Contains(err.Error(), fmt.Sprintf("byte %d)", at)) {
							t.Fatalf("%s: byte %#x at %d: %v", head, c, at, err)
						}
					}
				}
			}
		}
	}
}

// Escapes in every order at every place of a word, alone and among others.
func TestScanObjectEscapes(t *testing.T) {
	const letters = `\\"n/` + "\x80"
	for n := range 6 * 6 * 6 * 6 * 6 {
		var text [5]byte
		for i := range text {
			text[i] = letters[n%6]
			n /= 6
		}
		for before := range 8 {
			for _, frame := range []struct{ head, tail string }{{``, ``}, {`\n`, ``}, {`\n`, `0123456789`}, {`\t`, strings.Repeat(`0123\n`, 12)}} {
				body := `{"a":"` + frame.head + "0123456789"[:before] + string(text[:]) + frame.tail + `"}`
				if got, err := members(body); (err == nil) != (json.Valid([]byte(body)) && utf8.ValidString(body)) {
					t.Fatalf("%s: %q, %v", body, got, err)
				}
			}
		}
	}
}

func TestScanObjectAllocatesNothing(t *testing.T) {
	body := smallBody()
	n := 0
	if got := testing.AllocsPerRun(100, func() {
		if err := protocol.ScanObject(body, func([]byte, protocol.Member) { n++ }); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func TestScanObjectAcceptsCaptures(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(protocoltest.Shared(t, "captures"), "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := members(string(body)); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func TestScanArray(t *testing.T) {
	for _, c := range []struct {
		body string
		want []string
	}{
		{`[]`, nil},
		{` [ 1 , {"a":[2]},"x" ] `, []string{"1", `{"a":[2]}`, `"x"`}},
	} {
		var got []string
		if err := protocol.ScanArray([]byte(c.body), func(m protocol.Member) { got = append(got, c.body[m.Start:m.End]) }); err != nil {
			t.Errorf("%s: %v", c.body, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.body, d)
		}
	}
	for _, body := range []string{"", "{}", "[", "[1", "[1,", "[1,]", "[1 2]", "[1]x", "[,]"} {
		if protocol.ScanArray([]byte(body), func(protocol.Member) {}) == nil {
			t.Errorf("%q accepted", body)
		}
	}
}
