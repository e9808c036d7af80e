package protocoltest_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// The samples that come with the schemas are what this reading of them must
// accept and refuse.
func TestSchemaSamples(t *testing.T) {
	for _, name := range []string{
		"openai.error", "anthropic.error", "gemini.error", "openai.response.stream-event", "openai.response",
		"anthropic.stream-event", "anthropic.message.response", "openai.chat.completion", "openai.chat.completion.chunk",
		"gemini.generateContent.response", "openai.chat.completions.request",
	} {
		t.Run(name, func(t *testing.T) {
			schema := protocoltest.LoadSchema(t, name)
			b, err := os.ReadFile(protocoltest.Shared(t, "schemas/samples/"+name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var samples struct {
				Valid   []json.RawMessage
				Invalid []struct {
					Why  string
					Body json.RawMessage
				}
			}
			if err := json.Unmarshal(b, &samples); err != nil {
				t.Fatal(err)
			}
			for _, doc := range samples.Valid {
				if err := schema.Validate(doc); err != nil {
					t.Errorf("refused: %v\n%.300s", err, doc)
				}
			}
			for _, s := range samples.Invalid {
				if schema.Validate(s.Body) == nil {
					t.Errorf("accepted although %s: %.300s", s.Why, s.Body)
				}
			}
		})
	}
}
