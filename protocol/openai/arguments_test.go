package openai

import (
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

func TestArgumentsOf(t *testing.T) {
	for said, want := range map[string]struct {
		args  string
		whole bool
	}{
		``:                       {`{}`, true},
		" \n":                    {`{}`, true},
		`{}`:                     {`{}`, true},
		`{"a":1,"b":{"c":"d"}}`:  {`{"a":1,"b":{"c":"d"}}`, true},
		` {"a": "\n"} `:          {` {"a": "\n"} `, true},
		`[1,2]`:                  {`{"value":[1,2]}`, true},
		`null`:                   {`{"value":null}`, true},
		`"x"`:                    {`{"value":"x"}`, true},
		`1,"b":2`:                {`{"_raw_arguments":"1,\"b\":2"}`, false},
		`{"a":"cut`:              {`{"_raw_arguments":"{\"a\":\"cut"}`, false},
		`{"a":1}{"b":2}`:         {`{"_raw_arguments":"{\"a\":1}{\"b\":2}"}`, false},
		`{"a":1,"a":2}`:          {`{"value":{"a":1,"a":2}}`, true},
		`{"a":1}},"x":{"b":{}`:   {`{"_raw_arguments":"{\"a\":1}},\"x\":{\"b\":{}"}`, false},
		"*** Begin Patch\n*** E": {`{"_raw_arguments":"*** Begin Patch\n*** E"}`, false},
	} {
		got, whole := argumentsOf(protocol.TextOf(said))
		if string(got) != want.args || whole != want.whole {
			t.Errorf("%q: %s, %v", said, got, whole)
		}
	}
	if got, whole := argumentsOf(nil); string(got) != "{}" || !whole {
		t.Errorf("absent: %s, %v", got, whole)
	}
}
