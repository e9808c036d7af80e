package anthropic_test

import (
	"os"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
)

// What requests of this dialect become on their way through the hub and back:
// the model, the request, what the client is warned of, and the new request.
func TestGoldenRequests(t *testing.T) {
	const file = "testdata/requests.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var now strings.Builder
	for i, pair := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		lines := strings.Split(pair, "\n")
		x := newExchange(lines[0])
		if err := anthropic.DecodeRequest(x, []byte(lines[1])); err != nil {
			t.Fatalf("%s: %v", lines[1], err)
		}
		protocol.Arrange(x)
		out, err := anthropic.EncodeRequest(nil, x)
		if err != nil {
			t.Fatalf("%s: %v", lines[1], err)
		}
		if i > 0 {
			now.WriteString("\n\n")
		}
		now.WriteString(lines[0] + "\n" + lines[1] + "\nwarnings: " + x.WarningsHeader() + "\n" + string(out))
	}
	got := now.String() + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got == string(text) {
		return
	}
	want := strings.Split(string(text), "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(want) || line != want[i] {
			t.Errorf("line %d is\n%s", i+1, line)
		}
	}
}
