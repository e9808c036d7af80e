package protocol_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

// dump walks a document with the cursor and writes down what it saw.
func dump(c *protocol.Cursor, b *strings.Builder) {
	switch c.Kind() {
	case '{':
		b.WriteByte('{')
		c.Object(func(name []byte) {
			b.WriteString(string(name) + ":")
			dump(c, b)
			b.WriteByte(' ')
		})
		b.WriteByte('}')
	case '[':
		b.WriteByte('[')
		c.Array(func(int) {
			dump(c, b)
			b.WriteByte(' ')
		})
		b.WriteByte(']')
	case '"':
		b.WriteString("s(" + c.Str() + ")")
	default:
		b.WriteString(string(c.Raw()))
	}
}

func TestCursorWalksOnce(t *testing.T) {
	for _, tc := range [][2]string{
		{`{}`, `{}`},
		{` { "a" : 1 , "b" : [ ] } `, `{a:1 b:[] }`},
		{`{"a":{"b":[1,"x\"y",{"c":null}]},"d":true}`, `{a:{b:[1 s(x"y) {c:null } ] } d:true }`},
		{`{"\u0061":"\\"}`, `{a:s(\) }`},
	} {
		var b strings.Builder
		c := protocol.NewCursor([]byte(tc[0]))
		dump(c, &b)
		if err := c.Err(); err != nil || b.String() != tc[1] {
			t.Errorf("%s: got %s, %v; want %s", tc[0], b.String(), err, tc[1])
		}
	}
}

func TestCursorSkipsWhatIsLeft(t *testing.T) {
	var names []string
	c := protocol.NewCursor([]byte(`{"a":{"x":["}"]},"b":[[1],[2]],"c":"]","d":-1.5e3}`))
	c.Object(func(name []byte) { names = append(names, string(name)) })
	if err := c.Err(); err != nil || strings.Join(names, "") != "abcd" {
		t.Errorf("got %v, %v", names, err)
	}
}

func TestCursorNamesTheField(t *testing.T) {
	body := []byte(`{"messages":[{"content":"x"},{"content":[{"type":"text"},{"type":7}]}]}`)
	c := protocol.NewCursor(body)
	c.Object(func([]byte) {
		c.Array(func(int) {
			c.Object(func([]byte) {
				if c.Kind() == '"' {
					return
				}
				c.Array(func(int) { c.Object(func([]byte) { c.Text() }) })
			})
		})
	})
	e, ok := errors.AsType[*protocol.Error](c.Err())
	if !ok || e.Code != protocol.InvalidRequest || e.Param != "messages[1].content[1].type" {
		t.Fatalf("got %#v", c.Err())
	}
	if want := "Invalid value for 'messages[1].content[1].type': expected a string, got a number."; e.Message != want {
		t.Errorf("got %q, want %q", e.Message, want)
	}
}

func TestCursorRefusesDuplicates(t *testing.T) {
	c := protocol.NewCursor([]byte(`{"m":{"role":"user","role":"system"}}`))
	c.Object(func([]byte) { c.Object(func([]byte) {}) })
	e, _ := errors.AsType[*protocol.Error](c.Err())
	if e == nil || e.Param != "m.role" {
		t.Errorf("got %v", c.Err())
	}
}

func TestCursorAhead(t *testing.T) {
	for body, want := range map[string]string{
		`{"type":"text"}`: `"text"`,
		`{"a":{"type":1},"b":"}\"","c" : [1],"type" : "x" }`: `"x"`,
		`{"t\u0079pe":"x"}`:        `"x"`,
		`{"type":{"a":[1]},"b":2}`: `{"a":[1]}`,
		`{"a":1}`:                  ``,
		`{}`:                       ``,
		`["type"]`:                 ``,
		`"type"`:                   ``,
		`{"a`:                      ``,
		`{"type"`:                  ``,
		`{"type":`:                 ``,
		`{"a":1 "type":2}`:         ``,
	} {
		c := protocol.NewCursor([]byte(body))
		if got := string(c.Ahead("type")); got != want {
			t.Errorf("%s: %s", body, got)
		}
		if got := string(c.Raw()); got != body && want != "" {
			t.Errorf("%s: took some of it: %s is left", body, got)
		}
	}
}

func FuzzCursor(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":"\"\\"}]}`, `{`, `{"a"`, `{"a":`, `["`, `{"a":[}`, `{"a" 1}`, `"`, ``, `[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		valid := protocol.ScanObject(body, func([]byte, protocol.Member) {}) == nil
		var b strings.Builder
		c := protocol.NewCursor(body)
		if v := protocol.NewCursor(body).Ahead("a"); valid && v != nil && !json.Valid(v) {
			t.Errorf("ahead lies %q", v)
		}
		dump(c, &b)
		if valid && c.Err() != nil && !strings.Contains(c.Err().Error(), "twice") && !strings.Contains(c.Err().Error(), "deeply") {
			t.Errorf("a valid document fails: %v", c.Err())
		}
	})
}
