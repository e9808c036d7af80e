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

func TestScanSigns(t *testing.T) {
	wrapped := string(protocol.Signature{Maker: protocol.MadeByGemini, Data: protocol.Text(`"x"`)}.Wrap())
	for body, want := range map[string]protocol.Signs{
		`{"a":"llmgw1","b":"xllmgw1.none!","cache_controls":[{"cache-control":1}]}`: {},
		`{"a":[{"signature":` + wrapped + `}]}`:                                     {Wrapped: true},
		`{"a":"llmgw1.none"}`:                                                       {Wrapped: true},
		`{"a":"bGxtZ3cxLltd"}`:                                                      {Wrapped: true},
		`{"llmgw1.none":"cache_control"}`:                                           {},
		`{"cache_control":null,"b":{"cache_control":{}}}`:                           {CacheControl: 1},
		`{"b":[{"c":1, "cache_control" :{}}]}`:                                      {CacheControl: 14},
	} {
		if got, err := protocol.ScanSigns([]byte(body), func([]byte, protocol.Member) {}); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", body, got, err, want)
		}
	}
}
