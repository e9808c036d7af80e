package protocol_test

import (
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

func TestGet(t *testing.T) {
	body := []byte(` {"metadata": {"user_id":"u","deep":{"x":[1]},"twice":1,"twice":2},"plain":3}`)
	top := protocol.Member{Start: 1, End: len(body)}
	for _, c := range []struct {
		path []string
		want string // "" for not found
	}{
		{[]string{"plain"}, "3"},
		{[]string{"metadata"}, `{"user_id":"u","deep":{"x":[1]},"twice":1,"twice":2}`},
		{[]string{"metadata", "user_id"}, ""}, // a name comes twice beside it
		{[]string{"missing"}, ""},
		{[]string{"plain", "x"}, ""},
	} {
		m, ok := protocol.Get(body, top, c.path...)
		if ok != (c.want != "") || ok && string(m.Of(body)) != c.want {
			t.Errorf("%v: %v, %v, want %q", c.path, m, ok, c.want)
		}
		if ok && body[m.KeyStart] != '"' {
			t.Errorf("%v: KeyStart %d", c.path, m.KeyStart)
		}
	}
	if _, ok := protocol.Get(body, protocol.Member{}, "x"); ok {
		t.Error("found below an absent member")
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		body string
		path []string
		want string
	}{
		{`{"a":{"b":{"c":12}}}`, []string{"a", "b", "c"}, "12"},
		{" \n{\"a\":\"x\"} ", []string{"a"}, `"x"`},
		{`{"a":null}`, []string{"a"}, ""},
		{`{"a":1`, []string{"a"}, ""},
		{`[1]`, []string{"a"}, ""},
		{`  `, []string{"a"}, ""},
		{``, []string{"a"}, ""},
	} {
		got, ok := protocol.Find([]byte(c.body), c.path...)
		if string(got) != c.want || ok != (c.want != "") {
			t.Errorf("%s %v: %q, %v", c.body, c.path, got, ok)
		}
	}
	if n, ok := protocol.IntAt([]byte(`{"a":{"b":7}}`), "a", "b"); n != 7 || !ok {
		t.Errorf("IntAt: %d, %v", n, ok)
	}
}

func TestInt(t *testing.T) {
	for _, c := range []struct {
		value string
		want  int64
		ok    bool
	}{
		{"0", 0, true}, {"7", 7, true}, {"-7", -7, true}, {"404500", 404500, true},
		{"9223372036854775807", 1<<63 - 1, true}, {"9223372036854775808", 0, false},
		{"999999999999999999", 999999999999999999, true},
		{"12.0", 12, true}, {"1.2e1", 12, true}, {"1.5", 0, false}, {"1e300", 0, false},
		{"01", 0, false}, {"", 0, false}, {"null", 0, false}, {`"1"`, 0, false}, {"1x", 0, false}, {"0x1", 0, false}, {"1_0", 0, false}, {"Inf", 0, false},
	} {
		if got, ok := protocol.Int([]byte(c.value)); got != c.want || ok != c.ok {
			t.Errorf("%q: %d, %v", c.value, got, ok)
		}
	}
}

func TestBool(t *testing.T) {
	for value, want := range map[string][2]bool{"true": {true, true}, "false": {false, true}, "null": {}, "1": {}, "": {}, "True": {}} {
		if v, ok := protocol.Bool([]byte(value)); v != want[0] || ok != want[1] {
			t.Errorf("%q: %v, %v", value, v, ok)
		}
	}
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		value, want string
		ok          bool
	}{
		{`""`, "", true}, {`"a b"`, "a b", true}, {`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t", true},
		{`"\u00E9\ud83d\ude00"`, "é😀", true}, {`"\ud83d"`, "\ufffd", true}, {`"\ude00\ud83d"`, "\ufffd\ufffd", true},
		{`"\ud83d\n"`, "\ufffd\n", true}, {`"\ud83d\u0041"`, "\ufffdA", true},
		{`null`, "", false}, {`"a`, "", false}, {`"a"b"`, "", false}, {`"`, "", false}, {``, "", false}, {`"\q"`, "", false},
	} {
		if got, ok := protocol.String([]byte(c.value)); got != c.want || ok != c.ok {
			t.Errorf("%s: %q, %v", c.value, got, ok)
		}
	}
}

func TestQuoteString(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", `""`}, {"plain é😀 \u2028/<>", `"plain é😀 ` + "\u2028" + `/<>"`},
		{"\"\\\b\f\n\r\t\x00\x1f\x7f", `"\"\\\b\f\n\r\t\u0000\u001f` + "\x7f" + `"`},
		{"a\xffb\xc3", `"a` + "\ufffd" + `b` + "\ufffd" + `"`},
	} {
		if got := string(protocol.QuoteString([]byte("="), c.text)); got != "="+c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}
