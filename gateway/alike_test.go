package gateway

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestAlike(t *testing.T) {
	const f = `data: {"n":1,"choices":[{"delta":{"content":"%s"},"finish_reason":null}],"usage":null}` + "\n\n"
	of := func(s string) string { return fmt.Sprintf(f, s) }
	for _, tt := range []struct {
		name            string
		one, two, three string
		want            bool
	}{
		{"another word", of("the"), of("then"), of("thus"), true},
		{"another length", of("a"), of("bb"), of("a longer piece of text"), true},
		{"one inside of the other", of("aa"), of("aaa"), of("a"), true},
		{"nothing", of("a"), of("b"), of(""), true},
		{"an escape", of("a"), of("b"), of(`\n`), false},
		{"an escape at the end", of("a"), of("b"), of(`b\`), false},
		{"the end of the string", of("a"), of("b"), of(`"},"finish_reason":"stop","x":{"y":"`), false},
		{"another finish", of("a"), of("b"), `data: {"n":1,"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}],"usage":null}` + "\n\n", false},
		{"a number is no string", `data: {"a":"x","n":1,"b":"y"}`, `data: {"a":"x","n":2,"b":"y"}`, `data: {"a":"x","n":3,"b":"y"}`, false},
		{"between two strings", `data: {"a":"x", "b":"y"}`, `data: {"a":"x",  "b":"y"}`, `data: {"a":"x",} "b":"y"}`, false},
		{"two strings", `data: {"a":"x","b":"y"}`, `data: {"a":"z","b":"z"}`, `data: {"a":"v","b":"w"}`, false},
		{"a null that becomes a string", `data: {"a":null}`, `data: {"a":"x"}`, `data: {"a":"y"}`, false},
		{"a member's name", `data: {"aa":1}`, `data: {"ab":1}`, `data: {"error":1}`, false},
		{"the same again", of("a"), of("a"), of("a"), false}, // where it may differ is not known
	} {
		var a alike
		a.learn([]byte(tt.one))
		a.learn([]byte(tt.two))
		if got := a.is([]byte(tt.three)); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

// What is alike has the same values but for one string.
func FuzzAlike(f *testing.F) {
	f.Add(`{"a":"x","b":[1,null]}`, `{"a":"y","b":[1,null]}`, `{"a":"zz","b":[1,null]}`)
	f.Add(`{"a":"x\\","b":"\""}`, `{"a":"y\\","b":"\""}`, `{"a":"","b":"\""}`)
	f.Add(`["a","b"]`, `["a","c"]`, `["a"," "]`)
	f.Fuzz(func(t *testing.T, one, two, three string) {
		var a alike
		a.learn([]byte(one))
		a.learn([]byte(two))
		if !a.is([]byte(three)) {
			return
		}
		var x, y any
		if json.Unmarshal([]byte(two), &x) != nil {
			return
		}
		if err := json.Unmarshal([]byte(three), &y); err != nil {
			t.Fatalf("%q is taken for one like %q: %v", three, two, err)
		}
		if n := differences(x, y); n > 1 {
			t.Fatalf("%q is taken for one like %q, with %d differences", three, two, n)
		}
	})
}

// differences counts the strings in which two values differ; what else differs
// counts as many.
func differences(x, y any) int {
	n := 0
	switch x := x.(type) {
	case string:
		if y, ok := y.(string); !ok {
			n = 100
		} else if x != y {
			n = 1
		}
	case map[string]any:
		y, ok := y.(map[string]any)
		if !ok || len(x) != len(y) {
			return 100
		}
		for k, v := range x {
			n += differences(v, y[k])
		}
	case []any:
		y, ok := y.([]any)
		if !ok || len(x) != len(y) {
			return 100
		}
		for i := range x {
			n += differences(x[i], y[i])
		}
	default:
		if x != y {
			n = 100
		}
	}
	return n
}
