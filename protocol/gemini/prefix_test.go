package gemini_test

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
)

// turn makes one exchange of a conversation: what the user says, and the
// model's answer to it, with calls and their results perhaps.
func turn(r *rand.Rand, n int) []protocol.Message {
	words := func() protocol.Part { return say("words " + strconv.Itoa(r.IntN(1000)) + " \"x\"\n") }
	all := []protocol.Message{user(words())}
	if r.IntN(4) == 0 {
		all[0].Parts = append(all[0].Parts, image("image/png", "iVBORw0KGgo="))
	}
	for step := range r.IntN(3) {
		m, results := model(), user()
		if r.IntN(2) == 0 {
			m.Parts = append(m.Parts, words())
		}
		for k := range 1 + r.IntN(3) {
			id := "id" + strconv.Itoa(n) + "_" + strconv.Itoa(step) + "_" + strconv.Itoa(k)
			c := call(id, "tool.x/"+strconv.Itoa(k), `{"a":[1, 2]}`)
			if k == 0 && r.IntN(2) == 0 {
				c = geminiSigned(c, "c2ln")
			}
			m.Parts = append(m.Parts, c)
			results.Parts = append(results.Parts, protocol.Part{Kind: protocol.PartResult, ID: text(id), IsError: r.IntN(3) == 0, Parts: []protocol.Part{words(), image("image/webp", "UklG")}})
		}
		all = append(all, m, results)
	}
	if r.IntN(5) == 0 {
		all = append(all, system("from here on, "+strconv.Itoa(n)))
	}
	return append(all, model(words()))
}

// A conversation with one more turn has the bytes of the one before, or every
// turn would miss the provider's prompt cache.
func TestOneMoreTurnKeepsThePrefix(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		for _, target := range []string{"gemini-2.5-flash", "gemini-3-flash"} {
			history := []protocol.Message{system("s")}
			var before []byte
			for n := range 5 {
				next := turn(r, n)
				history = append(history, next...)
				// What is asked for: everything up to the user's, without the answer.
				asked := append(append([]protocol.Message{}, history[:len(history)-1]...), user(say("next?")))
				x := exchange(&protocol.Request{Messages: asked, Tools: []protocol.Tool{function("tool.x/0", object)}, Temperature: protocol.Raw("1")}, target)
				protocol.Arrange(x)
				body, err := gemini.EncodeRequest(nil, x)
				if err != nil {
					t.Fatal(err)
				}
				// Without the closing brackets and the question that the next turn has not.
				if !bytes.HasPrefix(body, before) {
					t.Fatalf("seed %d, %s, turn %d:\n%s\n%s", seed, target, n, before, body)
				}
				cut := bytes.LastIndex(body, []byte(`{"text":"next?"}`))
				before = bytes.TrimSuffix(bytes.TrimSuffix(body[:cut], []byte(`{"role":"user","parts":[`)), []byte(","))
				before = bytes.TrimSuffix(before, []byte("]}"))
			}
		}
	}
}
