package anthropic_test

import (
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
)

func TestOwnThinking(t *testing.T) {
	const foreign = `{"type":"thinking","thinking":"hm","signature":"llmgw1.bwpnQUFB"}`
	for body, want := range map[string]string{
		`{"messages":[{"role":"user","content":"\"llmgw1.\""}]}`:                                                                          `{"messages":[{"role":"user","content":"\"llmgw1.\""}]}`,
		`{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"EqQB"} ]}],"x":"llmgw1."}`:             `{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"EqQB"} ]}],"x":"llmgw1."}`,
		`{"messages":[{"role":"assistant","content":[` + foreign + `,{"type":"text","text":"a"}]}, {"role":"user","content":"b"}],"x":1}`: `{"messages":[{"role":"assistant","content":[{"type":"text","text":"a"}]},{"role":"user","content":"b"}],"x":1}`,
		`{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[` + foreign + `]},{"role":"user","content":"b"}]}`:     `{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}`,
		`{"messages":[{"role":"assistant","content":[{"type":"redacted_thinking","data":"llmgw1.none"},{"type":"text","text":"a"}]}]}`:    `{"messages":[{"role":"assistant","content":[{"type":"text","text":"a"}]}]}`,
		`{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"llmgw1.damaged"}]}]}`:                  `{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"llmgw1.damaged"}]}]}`,
	} {
		if got := string(protocol.Splice(nil, []byte(body), anthropic.OwnThinking([]byte(body))...)); got != want {
			t.Errorf("%s became\n%s, want\n%s", body, got, want)
		}
	}
}
