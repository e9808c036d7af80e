package protocol_test

import (
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

func TestSplice(t *testing.T) {
	body := `{"model":"a","stream":true}`
	for _, c := range []struct {
		name  string
		edits []protocol.Edit
		want  string
	}{
		{"nothing", nil, body},
		{"replace", []protocol.Edit{{Start: 9, End: 12, With: []byte(`"longer"`)}}, `{"model":"longer","stream":true}`},
		{"delete", []protocol.Edit{{Start: 12, End: 26}}, `{"model":"a"}`},
		{"insert", []protocol.Edit{{Start: 26, End: 26, With: []byte(`,"x":1`)}}, `{"model":"a","stream":true,"x":1}`},
		{"at both ends", []protocol.Edit{{With: []byte(" ")}, {Start: 27, End: 27, With: []byte("\n")}}, " " + body + "\n"},
		{"unsorted", []protocol.Edit{{Start: 26, End: 26, With: []byte(`,"x":1`)}, {Start: 9, End: 12, With: []byte(`"b"`)}}, `{"model":"b","stream":true,"x":1}`},
		{"insertions before a replacement, in their order",
			[]protocol.Edit{{Start: 1, End: 9, With: []byte(`"m":`)}, {Start: 1, End: 1, With: []byte("1")}, {Start: 1, End: 1, With: []byte("2")}},
			`{12"m":"a","stream":true}`},
	} {
		if got := string(protocol.Splice(nil, []byte(body), c.edits...)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSplicePanicsOnOverlap(t *testing.T) {
	for _, edits := range [][]protocol.Edit{
		{{Start: 0, End: 2}, {Start: 1, End: 3}}, {{Start: 0, End: 9}}, {{Start: -1, End: 0}}, {{Start: 2, End: 1}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v: no panic", edits)
				}
			}()
			protocol.Splice(nil, []byte("abc"), edits...)
		}()
	}
}

func TestInsertMember(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:      `{"a\"b":1}`,
		`{ }`:     `{"a\"b":1 }`,
		`{"x":2}`: `{"a\"b":1,"x":2}`,
	} {
		e := protocol.InsertMember([]byte(body), protocol.Member{End: len(body)}, `a"b`, []byte("1"))
		if got := string(protocol.Splice(nil, []byte(body), e)); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

// Into a buffer that is large enough, a splice allocates nothing.
func TestSpliceAllocatesNothing(t *testing.T) {
	body, dst := []byte(`{"model":"a"}`), make([]byte, 0, 64)
	edit := protocol.Edit{Start: 9, End: 12, With: []byte(`"b"`)}
	if got := testing.AllocsPerRun(100, func() { dst = protocol.Splice(dst[:0], body, edit) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func TestAppendMember(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:              `{"k":1}`,
		`{ } `:            `{ "k":1} `,
		`{"a":{}}`:        `{"a":{},"k":1}`,
		"{\"a\":\"}\"\n}": "{\"a\":\"}\"\n,\"k\":1}",
	} {
		if got := string(protocol.Splice(nil, []byte(body), protocol.AppendMember([]byte(body), "k", []byte("1")))); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
