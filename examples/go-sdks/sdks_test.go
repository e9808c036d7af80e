// Package sdks points the official Go SDKs of OpenAI, Anthropic and Google at a
// cluster of three nodes. Any SDK may ask for any model.
package sdks

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway/gatewaytest"
	"github.com/llmgw/llmgw/gateway/mock"
)

// sdk is one client library, as its users use it.
type sdk interface {
	ask(ctx context.Context, model string) (text string, err error)
	stream(ctx context.Context, model string) (text string, pieces int, err error)
	// weather asks something that takes the tool "weather", runs it, and
	// returns the model's last answer and the city that the tool was called with.
	weather(ctx context.Context, model string, stream bool) (text, city string, err error)
	// refused reads an error of the library: its status and headers, where the
	// library keeps them.
	refused(err error) (status int, header http.Header)
}

// maker makes a client for a node; retries is how often it tries again.
type maker func(t *testing.T, node, key string, retries int) sdk

var sdks = map[string]maker{
	"openai chat":      newChat,
	"openai responses": newResponses,
	"anthropic":        newAnthropic,
	"anthropic before": newAnthropicBefore,
	"genai":            newGenai,
}

// models are asked for by every SDK; those of another dialect are converted.
var models = []string{"gpt-5", "gpt-4o", "claude-sonnet-4-5", "claude-opus-5", "smart", "gemini-3-pro", "gemini-2.5-flash"}

type pair struct{ sdk, model string }

// pairs are every SDK with every model.
func pairs() []pair {
	var all []pair
	for _, name := range slices.Sorted(maps.Keys(sdks)) {
		for _, model := range models {
			all = append(all, pair{name, model})
		}
	}
	return all
}

const (
	system   = "You are a weather service."
	question = "What is the weather in Paris?"
	sunny    = "22 degrees and sunny"
)

func each(t *testing.T, c *gatewaytest.Cluster, retries int, test func(t *testing.T, client sdk, model string)) {
	for i, tt := range pairs() {
		t.Run(tt.sdk+" "+tt.model, func(t *testing.T) {
			// Each case enters at another node.
			node := c.Nodes[i%len(c.Nodes)]
			test(t, sdks[tt.sdk](t, "http://"+node.Addr(), gatewaytest.Keys["alice"], retries), tt.model)
		})
	}
}

func TestAnswers(t *testing.T) {
	c := gatewaytest.New(t, gatewaytest.Options{Nodes: 3})
	each(t, c, 0, func(t *testing.T, client sdk, model string) {
		whole, err := client.ask(t.Context(), model)
		if err != nil || !strings.HasPrefix(whole, "Hello from ") {
			t.Fatalf("%q, %v", whole, err)
		}
		streamed, pieces, err := client.stream(t.Context(), model)
		if err != nil || streamed != whole || pieces < 2 {
			t.Errorf("streamed in %d pieces: %q, %v; want %q", pieces, streamed, err, whole)
		}
	})
}

func TestToolLoops(t *testing.T) {
	c := gatewaytest.New(t, gatewaytest.Options{Nodes: 3})
	each(t, c, 0, func(t *testing.T, client sdk, model string) {
		for _, stream := range []bool{false, true} {
			text, city, err := client.weather(t.Context(), model, stream)
			if err != nil || !strings.Contains(text, sunny) || city != "stand-in" {
				t.Errorf("stream %v: %q for %q, %v", stream, text, city, err)
			}
		}
	})
}

func TestAWrongKey(t *testing.T) {
	c := gatewaytest.New(t, gatewaytest.Options{Nodes: 1})
	for _, tt := range pairs() {
		client := sdks[tt.sdk](t, "http://"+c.Nodes[0].Addr(), "sk-wrong", 0)
		_, err := client.ask(t.Context(), tt.model)
		if status, _ := client.refused(err); status != 401 {
			t.Errorf("%s: %v", tt.sdk, err)
		}
		_, _, err = client.stream(t.Context(), tt.model)
		if status, _ := client.refused(err); status != 401 {
			t.Errorf("%s, a stream: %v", tt.sdk, err)
		}
	}
}

func TestAnUnknownModel(t *testing.T) {
	c := gatewaytest.New(t, gatewaytest.Options{Nodes: 1})
	for name, open := range sdks {
		client := open(t, "http://"+c.Nodes[0].Addr(), gatewaytest.Keys["alice"], 0)
		_, err := client.ask(t.Context(), "no-such-model")
		if status, _ := client.refused(err); status != 404 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A limit of the provider reaches the client with its deadline, and a client
// that waits for it succeeds.
func TestARateLimit(t *testing.T) {
	for name, open := range sdks {
		t.Run(name, func(t *testing.T) {
			c := gatewaytest.New(t, gatewaytest.Options{Nodes: 1})
			for _, m := range c.Mocks {
				m.Script(mock.Step{Status: 429, RetryAfter: time.Second})
			}
			node, key := "http://"+c.Nodes[0].Addr(), gatewaytest.Keys["alice"]
			_, err := open(t, node, key, 0).ask(t.Context(), models[0])
			status, header := open(t, node, key, 0).refused(err)
			if status != 429 {
				t.Fatalf("%v", err)
			}
			if header != nil && header.Get("Retry-After") != "1" {
				t.Errorf("retry-after %q", header.Get("Retry-After"))
			}
			if text, err := open(t, node, key, 3).ask(t.Context(), models[0]); err != nil || text == "" {
				t.Errorf("with retries: %q, %v", text, err)
			}
		})
	}
}

// What breaks inside a stream is an error of the library, not a short answer.
func TestABrokenStream(t *testing.T) {
	c := gatewaytest.New(t, gatewaytest.Options{Nodes: 3, Recovery: "100ms"})
	each(t, c, 0, func(t *testing.T, client sdk, model string) {
		for _, m := range c.Mocks {
			m.Reset()
			m.Always(&mock.Step{CutAfterEvents: 6})
		}
		text, _, err := client.stream(t.Context(), model)
		if err == nil {
			t.Errorf("no error after %q", text)
		}
		for _, m := range c.Mocks {
			m.Reset()
		}
	})
}
