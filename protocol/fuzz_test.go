package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/llmgw/llmgw/protocol"
)

var seeds = []string{
	`{}`, ` { "a" : [ 1 , -2.5e+10 , true , false , null , "x" ] } `, `{"model":"m","messages":[{"role":"user","content":"h\u00e9\ud83d\ude00"}]}`,
	`{"a":"\ud800"}`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"\u0061":1,"a":2}`, `[1]`, `"x"`, `{"a":01}`, `{"a":"` + "\xff" + `"}`,
	"\xef\xbb\xbf{}", `{"a":"\`, `{"a":[[[[{}]]]]}`, `{"a":"0123456789012345678901234567890123456789"}`, `{"a":1}}`, `{"":""}`, `{"a":1e999}`,
}

// shape reads what ScanObject refuses beyond the grammar: how deep a valid
// document is nested, and whether a name comes twice at its top level.
func shape(t *testing.T, body []byte) (depth int, duplicate bool, names []string) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	open, key := 0, false // key: at the top level of an object a name is due
	seen := map[string]bool{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return depth, duplicate, names
		}
		if err != nil {
			t.Fatalf("%q is valid, but its tokens cannot be read: %v", body, err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			open++
			depth = max(depth, open)
			key = open == 1
			continue
		case json.Delim('}'), json.Delim(']'):
			open--
			key = open == 1
			continue
		}
		if open == 1 && key {
			name, _ := token.(string)
			duplicate = duplicate || seen[name]
			seen[name] = true
			names = append(names, name)
		}
		key = open == 1 && !key
	}
}

// ScanObject agrees with encoding/json on what JSON is, but for what its
// documentation names.
func FuzzScanObject(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var names []string
		err := protocol.ScanObject(body, func(name []byte, m protocol.Member) {
			names = append(names, string(name))
			if v := m.Of(body); !json.Valid(v) || body[m.KeyStart] != '"' {
				t.Fatalf("%q: the span of %q is %q", body, name, v)
			}
		})
		if err != nil && (len(err.Error()) > 300 || protocol.AsError(err).Code != protocol.InvalidRequest) {
			t.Fatalf("%q: %v", body, err)
		}
		valid := json.Valid(body)
		if err == nil && !valid {
			t.Fatalf("%q: accepted", body)
		}
		if !valid {
			return
		}
		trimmed := bytes.TrimLeft(body, " \t\r\n")
		depth, duplicate, want := shape(t, body)
		refuse := trimmed[0] != '{' || !utf8.Valid(body) || duplicate || depth > protocol.MaxDepth
		if refuse != (err != nil) {
			t.Fatalf("%q: depth %d, duplicate %v: %v", body, depth, duplicate, err)
		}
		if d := cmp.Diff(want, names); err == nil && d != "" && !bytes.Contains(body, []byte(`\u`)) {
			t.Fatalf("%q: names (-want +got):\n%s", body, d)
		}
	})
}

// Values decode as encoding/json decodes them.
func FuzzString(f *testing.F) {
	for _, s := range []string{`"x"`, `"\u00e9\n"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83d\u0041"`, `"\ud83dx"`, `"\ude00\ud83d\ude00"`, `"a`, `1`, `""`, `"\/"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		got, ok := protocol.String(value)
		var want string
		err := json.Unmarshal(value, &want)
		isString := err == nil && value[0] == '"' && value[len(value)-1] == '"' && utf8.Valid(value)
		if ok != isString {
			t.Fatalf("%q: %q, %v, encoding/json: %v", value, got, ok, err)
		}
		if ok && got != want {
			t.Fatalf("%q: %q, want %q", value, got, want)
		}
		quoted := protocol.QuoteString(nil, string(value))
		var back string
		if err := json.Unmarshal(quoted, &back); err != nil || utf8.Valid(value) && back != string(value) {
			t.Fatalf("%q quoted is %s, which is %q (%v)", value, quoted, back, err)
		}
		if own, ok := protocol.String(quoted); !ok || own != back {
			t.Fatalf("%q quoted is %s, which String reads as %q, %v", value, quoted, own, ok)
		}
	})
}

// FuzzSplice replaces one member, inserts another, and looks for all the rest
// byte by byte.
func FuzzSplice(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), uint8(0), "gpt-5")
	}
	f.Add([]byte(`{"a":1,"b":{"c":"d"},"e":[]}`), uint8(1), "x\"\\\n\xff")
	f.Fuzz(func(t *testing.T, body []byte, which uint8, model string) {
		type member struct{ name, value string }
		read := func(body []byte) (all []member, spans []protocol.Member, err error) {
			err = protocol.ScanObject(body, func(name []byte, m protocol.Member) {
				all = append(all, member{string(name), string(m.Of(body))})
				spans = append(spans, m)
			})
			return all, spans, err
		}
		before, spans, err := read(body)
		if err != nil {
			return
		}
		original := bytes.Clone(body)
		const added = "zz added"
		value := protocol.QuoteString(nil, model)
		object := protocol.Member{Start: bytes.IndexByte(body, '{'), End: len(body)}
		edits := []protocol.Edit{protocol.InsertMember(body, object, added, []byte("true"))}
		want := []member{{added, "true"}}
		for i, m := range before {
			if m.name == added {
				return
			}
			if i == int(which)%len(before) {
				edits = append([]protocol.Edit{protocol.Replace(spans[i], value)}, edits...) // out of order on purpose
				m.value = string(value)
			}
			want = append(want, m)
		}
		out := protocol.Splice([]byte("kept"), body, edits...)
		if !bytes.Equal(body, original) || !bytes.HasPrefix(out, []byte("kept")) {
			t.Fatal("the body or what dst held has changed")
		}
		after, _, err := read(out[4:])
		if err != nil {
			t.Fatalf("%q became %q: %v", body, out[4:], err)
		}
		if d := cmp.Diff(want, after, cmp.AllowUnexported(member{})); d != "" {
			t.Fatalf("%q became %q (-want +got):\n%s", body, out[4:], d)
		}
	})
}
