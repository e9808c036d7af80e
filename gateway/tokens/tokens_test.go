package tokens_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/llmgw/llmgw/gateway/tokens"
	"github.com/llmgw/llmgw/protocol"
)

func TestText(t *testing.T) {
	var c tokens.Counter
	for s, want := range map[string]int64{"": 0, "hello world": 2, "tiktoken is great!": 6, "網路": 1} {
		got := c.Text(s)
		if s == "網路" && got >= 1 && got <= 4 {
			continue
		}
		if got != want {
			t.Errorf("%q: %d tokens, want %d", s, got, want)
		}
	}
}

func TestRequest(t *testing.T) {
	var c tokens.Counter
	user := func(parts ...protocol.Part) protocol.Message {
		return protocol.Message{Parts: parts}
	}
	text := func(s string) protocol.Part { return protocol.Part{Text: protocol.TextOf(s)} }
	base := c.Request(&protocol.Request{Messages: []protocol.Message{user(text("hello world"))}})
	if base != 3+4+2 {
		t.Errorf("hello world: %d", base)
	}
	for name, r := range map[string]*protocol.Request{
		"a tool":        {Messages: []protocol.Message{user(text("hello world"))}, Tools: []protocol.Tool{{Name: protocol.TextOf("f"), Schema: protocol.Raw(`{"type":"object"}`)}}},
		"an image":      {Messages: []protocol.Message{user(text("hello world"), protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{}})}},
		"a tool result": {Messages: []protocol.Message{user(text("hello world"), protocol.Part{Kind: protocol.PartResult, Parts: []protocol.Part{text("x")}})}},
		"a turn more":   {Messages: []protocol.Message{user(text("hello world")), user(text("x"))}},
	} {
		if got := c.Request(r); got <= base {
			t.Errorf("%s: %d tokens, without it %d", name, got, base)
		}
	}
	deferred := &protocol.Request{Messages: []protocol.Message{user(text("hello world"))}, Tools: []protocol.Tool{{Name: protocol.TextOf("f"), Deferred: true}}}
	if got := c.Request(deferred); got != base {
		t.Errorf("a deferred tool is not in the prompt, and counts %d", got-base)
	}
}

func TestConcurrently(t *testing.T) {
	var c tokens.Counter
	long := strings.Repeat("The quick brown fox. ", 200)
	want := c.Text(long)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got := c.Text(long); got != want {
					t.Errorf("%d tokens, want %d", got, want)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkText33KB(b *testing.B) {
	var c tokens.Counter
	s := strings.Repeat("func main() { fmt.Println(\"hello, world\") } // a comment\n", 33<<10/57)
	b.SetBytes(int64(len(s)))
	c.Text(s)
	for b.Loop() {
		c.Text(s)
	}
}
