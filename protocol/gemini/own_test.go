package gemini_test

import (
	"encoding/base64"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
)

func TestOwnSignatures(t *testing.T) {
	wrapped := protocol.Signature{Maker: protocol.MadeByAnthropic, Data: protocol.Text(`"EqQB"`)}.Wrap()
	foreign := base64.StdEncoding.EncodeToString([]byte(`llmgw1.["t","hm",` + string(wrapped) + `]`))
	for body, want := range map[string]string{
		`{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"CiQB"} ]}]}`:                                                                                      `{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"CiQB"} ]}]}`,
		`{"contents":[{"parts":[{"text":"` + foreign + `"}]}]}`:                                                                                                                                   `{"contents":[{"parts":[{"text":"` + foreign + `"}]}]}`,
		`{"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"thoughtSignature":"` + foreign + `","functionCall":{"name":"f"}},{"functionCall":{"name":"g"}}]}],"x":1}`: `{"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"thoughtSignature":"skip_thought_signature_validator","functionCall":{"name":"f"}},{"functionCall":{"name":"g"}}]}],"x":1}`,
		`{"contents":[{"parts":[{"text":"a","thought_signature":"` + foreign + `"}]}]}`:                                                                                                           `{"contents":[{"parts":[{"text":"a","thought_signature":""}]}]}`,
		`{"contents":"bGxtZ3cx","x":"bGxtZ3cx"}`:                                                                                                                                                  `{"contents":"bGxtZ3cx","x":"bGxtZ3cx"}`,
	} {
		if got := string(protocol.Splice(nil, []byte(body), gemini.OwnSignatures([]byte(body))...)); got != want {
			t.Errorf("%s became\n%s, want\n%s", body, got, want)
		}
	}
}
