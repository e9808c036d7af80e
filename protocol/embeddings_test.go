package protocol_test

import (
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

func TestVectors(t *testing.T) {
	for in, want := range map[string]string{
		`[0.5,-1, 2e-3]`: `"AAAAPwAAgL9vEgM7"`,
		`[]`:             `""`,
		`[0.1]`:          `"zczMPQ=="`,
		`[-0.0,340282350000000000000000000000000000000]`: `"AAAAgP//f38="`,
	} {
		got, ok := protocol.AppendVectorBase64(nil, protocol.Raw(in))
		if !ok || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", in, got, ok, want)
		}
	}
	for in, want := range map[string]string{
		`"AAAAPwAAgL9vEgM7"`: `[0.5,-1,0.002]`,
		`"zczMPQ=="`:         `[0.1]`,
		`[1,2]`:              `[1,2]`,
		`"AAAA"`:             "",
		`"//////8="`:         "",
		`"AACAfw=="`:         "", // infinity
		`[1,"2"]`:            "",
		`{}`:                 "",
		``:                   "",
	} {
		got, ok := protocol.VectorOf(protocol.Raw(in))
		if ok != (want != "") || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", in, got, ok, want)
		}
	}
	if _, ok := protocol.AppendVectorBase64(nil, protocol.Raw(`["x"]`)); ok {
		t.Error("a vector of words")
	}
}
