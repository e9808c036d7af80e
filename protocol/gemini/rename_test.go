package gemini_test

import (
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
)

func TestRename(t *testing.T) {
	for body, want := range map[string]string{
		`{"model":"models/a","contents":[{"parts":[{"text":"model"}]}]}`:                  `{"model":"models/b","contents":[{"parts":[{"text":"model"}]}]}`,
		`{"model":"a","content":{}}`:                                                      `{"model":"b","content":{}}`,
		`{"generateContentRequest":{"contents":[],"model":"models/a"}}`:                   `{"generateContentRequest":{"contents":[],"model":"models/b"}}`,
		`{"requests":[{"model":"models/a","content":{}},{"content":{}},{"model":"a"},1]}`: `{"requests":[{"model":"models/b","content":{}},{"content":{}},{"model":"b"},1]}`,
		`{"contents":[],"model":5}`:                                                       `{"contents":[],"model":5}`,
		`{"contents":[]}`:                                                                 `{"contents":[]}`,
		`{"requests":{"model":"a"},"generateContentRequest":["model"]}`:                   `{"requests":{"model":"a"},"generateContentRequest":["model"]}`,
	} {
		if got := string(protocol.Splice(nil, []byte(body), gemini.Rename([]byte(body), "b")...)); got != want {
			t.Errorf("%s became %s", body, got)
		}
	}
}
