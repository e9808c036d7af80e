package openai_test

import (
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
)

func TestOwnReasoning(t *testing.T) {
	foreign := `{"type":"reasoning","summary":[],"encrypted_content":` + string(thought.Wrap()) + `}`
	wrapped := protocol.Signature{Maker: protocol.MadeByOpenAI, Data: text("gAAA"), ID: text("rs_1")}
	for body, want := range map[string]string{
		`{"input":"hi"}`:                                  `{"input":"hi"}`,
		`{"input":"say \"llmgw1.x\""}`:                    `{"input":"say \"llmgw1.x\""}`,
		`{"input":[{"role":"user"} ]}`:                    `{"input":[{"role":"user"} ]}`,
		`{"input":"x","user":"llmgw1."}`:                  `{"input":"x","user":"llmgw1."}`,
		`{"input":[{"role":"user","content":"llmgw1."}]}`: `{"input":[{"role":"user","content":"llmgw1."}]}`,
		`{"input":[{"type":"reasoning","summary":[],"encrypted_content":"llmgw1.damaged"}]}`:           `{"input":[{"type":"reasoning","summary":[],"encrypted_content":"llmgw1.damaged"}]}`,
		`{"a":1,"input":[` + foreign + `],"b":2}`:                                                      `{"a":1,"input":[],"b":2}`,
		`{"input":[{"role":"user"}, ` + foreign + ` , {"role":"assistant","n":[1, 2]}],"b":2}`:         `{"input":[{"role":"user"},{"role":"assistant","n":[1, 2]}],"b":2}`,
		`{"input":[` + foreign + `,` + foreign + `,{"role":"user"}]}`:                                  `{"input":[{"role":"user"}]}`,
		`{"input":[{"role":"user"},` + foreign + `]}`:                                                  `{"input":[{"role":"user"}]}`,
		`{"input":[{"type":"reasoning","id":"x","encrypted_content":` + string(wrapped.Wrap()) + `}]}`: `{"input":[{"type":"reasoning","id":"x","encrypted_content":"gAAA"}]}`,
	} {
		if got := string(protocol.Splice(nil, []byte(body), openai.OwnReasoning([]byte(body))...)); got != want {
			t.Errorf("%s became\n%s, want\n%s", body, got, want)
		}
	}
}
