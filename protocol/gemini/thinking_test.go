package gemini_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
)

// What is wanted of thinking, and what each generation is asked for.
func TestThinking(t *testing.T) {
	encode := encoderOf(t)
	models := []string{
		"gemini-1.5-pro", "gemini-2.0-flash", "gemma-3-27b-it", "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro", "models/gemini-2.5-pro",
		"gemini-3-pro-preview", "gemini-3.1-pro-preview", "gemini-3-flash-preview", "gemini-3.5-flash-lite", "gemini-3.7-flash", "gemini-3.8-flash-lite", "gemini-4-flash",
		"gemini-flash-latest", "my-own-name",
	}
	var wants []protocol.Reasoning
	for e := protocol.EffortNone; e <= protocol.EffortMax; e++ {
		wants = append(wants, protocol.Reasoning{Effort: e})
	}
	wants = append(
		wants,
		protocol.Reasoning{Mode: protocol.ThinkOff},
		protocol.Reasoning{Mode: protocol.ThinkBudget, Budget: 1024, Show: protocol.Yes},
		protocol.Reasoning{Mode: protocol.ThinkBudget, Budget: 12000},
		protocol.Reasoning{Mode: protocol.ThinkBudget, Budget: 99999},
		protocol.Reasoning{Mode: protocol.ThinkAdaptive},
		protocol.Reasoning{Mode: protocol.ThinkAdaptive, Effort: protocol.EffortMedium},
		protocol.Reasoning{Show: protocol.Yes},
		protocol.Reasoning{Show: protocol.No},
	)
	var out strings.Builder
	for _, m := range models {
		t.Run("case-31 "+m, func(t *testing.T) {
			for _, want := range wants {
				r := hello(protocol.Request{Reasoning: want})
				x := exchange(&r, m)
				body := encode(t, x)
				if strings.Contains(body, "thinkingBudget") && strings.Contains(body, "thinkingLevel") {
					t.Errorf("%s: %s", m, body)
				}
				config, ok := protocol.Find([]byte(body), "generationConfig", "thinkingConfig")
				if !ok {
					config = []byte("-")
				}
				fmt.Fprintf(&out, "%s effort=%s mode=%d budget=%d show=%d: %s %s\n", m, want.Effort, want.Mode, want.Budget, want.Show, config, x.WarningsHeader())
			}
		})
	}
	golden(t, "thinking.txt", out.String())
}

func TestPathModel(t *testing.T) { t.Run("case-106", testPathModel) }

func testPathModel(t *testing.T) {
	for in, want := range map[string]string{
		"gemini-2.5-flash":        "gemini-2.5-flash",
		"models/gemini-2.5-flash": "gemini-2.5-flash",
		"vendor/model":            "vendor%2Fmodel",
		"a:b@c d?e#f":             "a:b@c%20d%3Fe%23f",
		"tuned/../x%":             "tuned%2F..%2Fx%25",
	} {
		if got := gemini.PathModel(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
