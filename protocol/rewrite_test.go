package protocol_test

import (
	"testing"

	"github.com/llmgw/llmgw/protocol"
)

func TestRewriteArray(t *testing.T) {
	for list, want := range map[string]string{
		`[]`:                "unchanged",
		`[1, "a" ,{"b":2}]`: "unchanged",
		`[1, "drop" ,3]`:    `[1,3]`,
		`["drop"]`:          `[]`,
		`["drop","drop",7]`: `[7]`,
		`[ "change" , 2]`:   `["other!",2]`,
		`7`:                 "unchanged",
	} {
		got := protocol.RewriteArray([]byte(list), func(element []byte) []byte {
			switch string(element) {
			case `"drop"`:
				return nil
			case `"change"`:
				return []byte(`"other!"`)
			}
			return element
		})
		if got == nil {
			got = []byte("unchanged")
		}
		if string(got) != want {
			t.Errorf("%s became %s, want %s", list, got, want)
		}
	}
}

func TestMayHoldWrapped(t *testing.T) {
	s := protocol.Signature{Maker: protocol.MadeByGemini, Data: protocol.Text(`"x"`)}
	if !protocol.MayHoldWrapped([]byte(`{"signature":`+string(s.Wrap())+`}`)) || !protocol.MayHoldWrapped([]byte(`"llmgw1.none"`)) || protocol.MayHoldWrapped([]byte(`{"llmgw":1}`)) {
		t.Error("wrong")
	}
}
