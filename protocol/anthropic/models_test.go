package anthropic

import "testing"

func TestModelOf(t *testing.T) {
	for id, prefix := range map[string]string{
		"claude-opus-4-20250514":            "opus-4-20",
		"claude-opus-4":                     "opus-4@",
		"claude-opus-4@20250514":            "opus-4@",
		"claude-opus-4-0":                   "opus-4-0",
		"claude-opus-4-1-20250805":          "opus-4-1",
		"claude-opus-4-5-20251101":          "opus-4-5",
		"anthropic/claude-opus-4.6":         "opus-4-6",
		"eu.anthropic.claude-sonnet-4-6-v1": "sonnet-4-6",
		"claude-sonnet-4-5@20250929":        "sonnet-4-5",
		"claude-haiku-4-5":                  "haiku-4-5",
		"claude-opus-5-5":                   "opus-5",
		"claude-fable-5-1":                  "fable-",
		"claude-3-5-haiku-latest":           "3-5-haiku",
		"claude-3.7-sonnet":                 "3-7",
		"claude-instant-1.2":                "instant",
	} {
		if m := modelOf(id); m.prefix != prefix {
			t.Errorf("%s is taken for %q", id, m.prefix)
		}
	}
	for _, id := range []string{"claude-opus-4-9", "claude-haiku-5-5", "claude-next"} {
		if modelOf(id) != &newest {
			t.Errorf("%s is taken for an older one", id)
		}
	}
	if modelOf("kimi-k3") != &foreign {
		t.Error("kimi-k3 is taken for a Claude")
	}
}
