package anthropic_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
)

// turn makes a random turn of the assistant and what the user says then.
func turn(r *rand.Rand, n int) []protocol.Message {
	var said, answer []protocol.Part
	if r.IntN(3) == 0 {
		said = append(said, thought(protocol.Maker(r.IntN(4)), "hm", "s"))
	}
	if r.IntN(4) > 0 {
		said = append(said, words(fmt.Sprintf("answer %d ", n)))
	}
	for i := range r.IntN(3) {
		id := fmt.Sprintf("call:%d-%d", n, i)
		said = append(said, call(id, "mcp.f", `{"n": 1}`))
		answer = append(answer, result(id, words("done")))
	}
	if len(said) == 0 {
		said = append(said, words("so"))
	}
	if r.IntN(3) > 0 || len(answer) == 0 {
		answer = append(answer, words(fmt.Sprintf("question %d", n)))
	}
	if r.IntN(5) == 0 {
		answer = append(answer, image("image/png", "iVBORw0KGgoAAAA"), words(" "))
	}
	turns := []protocol.Message{assistant(said...), user(answer...)}
	if r.IntN(4) == 0 {
		turns = append(turns, system(fmt.Sprintf("note %d", n)))
	}
	return turns
}

// One more turn leaves the bytes of the turns before it as they are, or the
// provider's prompt cache would miss.
func TestOneMoreTurn(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, model := range []string{"claude-sonnet-4-5", "claude-opus-4-6", "claude-opus-5", "claude-3-haiku-20240307"} {
		for range 40 {
			history := []protocol.Message{system("be brief"), user(words("start"))}
			var before []byte
			for n := range 8 {
				x := newExchange(model)
				x.Request = &protocol.Request{Messages: history, Tools: []protocol.Tool{tool("mcp.f")}, Temperature: protocol.Raw("1")}
				protocol.Arrange(x)
				out, err := anthropic.EncodeRequest(nil, x)
				if err != nil {
					t.Fatal(err)
				}
				again, err := anthropic.EncodeRequest([]byte("x"), x) // for another instance
				if err != nil || !bytes.Equal(again[1:], out) {
					t.Fatalf("the second writing differs: %v\n%s\n%s", err, out, again)
				}
				const closing = "]}]}"
				if !bytes.HasPrefix(out, before) {
					t.Fatalf("%s: the beginning has changed\n%s\n%s", model, before, out)
				}
				before = bytes.TrimSuffix(out, []byte(closing))
				history = append(history[:len(history):len(history)], turn(r, n)...)
			}
		}
	}
}
