package openai_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

// chatRequest decodes, arranges and encodes a client's request for a model.
func chatRequest(tb testing.TB, body, target string) (string, *protocol.Exchange, error) {
	tb.Helper()
	x := exchange(nil)
	x.Target = target
	if err := openai.DecodeChatRequest(x, []byte(body)); err != nil {
		return "", x, err
	}
	protocol.Arrange(x)
	out, err := openai.EncodeChatRequest(nil, x)
	return string(out), x, err
}

// Every recorded and captured request is read, and what is written of it is
// what OpenAI's schema demands.
func TestChatRequestsOfClients(t *testing.T) {
	schema := protocoltest.LoadSchema(t, "openai.chat.completions.request")
	bodies := map[string][]byte{}
	files, _ := filepath.Glob(filepath.Join(protocoltest.Shared(t, "recordings/openai-chat"), "*.request.json"))
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		bodies[filepath.Base(f)] = b
	}
	for _, dir := range []string{"opencode-1.18.33", "node-sdks-latest", "node-sdks-node20"} {
		files, _ := filepath.Glob(filepath.Join(protocoltest.Shared(t, "captures/"+dir), "*.json"))
		for _, f := range files {
			head, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if path, _ := protocol.Find(head, "path"); strings.Contains(string(path), "chat/completions") {
				bodies[dir+"/"+filepath.Base(f)] = protocoltest.Capture(t, dir+"/"+filepath.Base(f))
			}
		}
	}
	if len(bodies) < 80 {
		t.Errorf("only %d requests", len(bodies))
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			for _, target := range []string{"gpt-4o", "gpt-5.6", "deepseek-chat"} {
				out, _, err := chatRequest(t, string(body), target)
				if err != nil {
					if strings.Contains(name, "no-messages") {
						return
					}
					t.Fatal(err)
				}
				if err := schema.Validate([]byte(out)); err != nil {
					t.Errorf("for %s: %v\n%.600s", target, err, out)
				}
			}
		})
	}
}
