package anthropic_test

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

func effort(e protocol.Effort) protocol.Reasoning { return protocol.Reasoning{Effort: e} }

func budget(n int64) protocol.Reasoning {
	return protocol.Reasoning{Mode: protocol.ThinkBudget, Budget: n}
}

var settingCases = []encodeCase{
	// Sampling.
	{name: "case-23 temperature clamped", model: sonnet45, r: protocol.Request{Temperature: protocol.Raw("1.7")}, want: []string{`"temperature":1,`}, warn: "temperature: clamped to 1"},
	{name: "case-23 temperature refused", model: "claude-opus-4-7", r: protocol.Request{Temperature: protocol.Raw("0.3")}, want: []string{`!temperature`}, warn: "temperature: not supported by this model"},
	{name: "case-23 the default is no loss", model: "claude-opus-4-7", r: protocol.Request{Temperature: protocol.Raw("1.0"), TopP: protocol.Raw("1")}, want: []string{`!temperature`, `!top_p`}},
	{name: "case-24 one of two", model: sonnet45, r: protocol.Request{Temperature: protocol.Raw("0.5"), TopP: protocol.Raw("0.9"), TopK: protocol.Raw("40")}, want: []string{`"temperature":0.5`, `!top_p`, `"top_k":40`}, warn: "top_p: dropped beside temperature"},
	{name: "both for an old one", model: "claude-sonnet-4-20250514", r: protocol.Request{Temperature: protocol.Raw("0.5"), TopP: protocol.Raw("0.9")}, want: []string{`"temperature":0.5`, `"top_p":0.9`}},
	{name: "none while thinking", r: protocol.Request{Temperature: protocol.Raw("0.5"), TopP: protocol.Raw("0.9"), TopK: protocol.Raw("40"), Reasoning: effort(protocol.EffortLow)},
		want: []string{`!temperature`, `!top_`}, warn: "temperature: not supported while thinking, top_p: not supported while thinking, top_k: not supported while thinking"},
	{name: "a wide top_p while thinking", r: protocol.Request{TopP: protocol.Raw("0.97"), Reasoning: effort(protocol.EffortLow)}, want: []string{`"top_p":0.97`}},
	{name: "case-32 blank stops", r: protocol.Request{Stop: []protocol.Text{str("\n"), str("END"), str("x\"")}}, want: []string{`"stop_sequences":["END","x\""]`}, warn: "stop: blank sequence dropped"},
	{name: "case-32 only blank stops", r: protocol.Request{Stop: []protocol.Text{str(" ")}}, want: []string{`!stop`}, warn: "stop: blank sequence dropped"},
	{name: "n", r: protocol.Request{N: 2}, fault: "n"},
	{name: "what has no field", r: protocol.Request{N: 1, Seed: protocol.Raw("1"), LogitBias: protocol.Raw(`{"1":2}`), Logprobs: true, Presence: protocol.Raw("0"), Frequency: protocol.Raw("0.1"), Verbosity: "low", Metadata: protocol.Raw(`{"a":"b"}`), CacheKey: str("k"), SafetyRaw: protocol.Raw("[]")},
		warn: "seed: not supported, logit_bias: not supported, logprobs: not supported, frequency_penalty: not supported, verbosity: not supported"},
	{name: "the user, cut", r: protocol.Request{User: str(strings.Repeat("é", 300))}, want: []string{`"metadata":{"user_id":"` + strings.Repeat("é", 256) + `"}`}},

	// Tiers.
	{name: "tier default", r: protocol.Request{Tier: "default"}, want: []string{`"service_tier":"standard_only"`}},
	{name: "tier priority", r: protocol.Request{Tier: "priority"}, want: []string{`"service_tier":"auto"`, `!speed`}},
	{name: "tier fast", r: protocol.Request{Tier: "fast"}, want: []string{`"service_tier":"auto","speed":"fast"`}},
	{name: "tier fast, old model", model: sonnet45, r: protocol.Request{Tier: "fast"}, want: []string{`!speed`}, warn: "service_tier: fast is not known to this model"},
	{name: "tier flex", r: protocol.Request{Tier: "flex"}, want: []string{`!service_tier`}, warn: "service_tier: not supported"},

	// How long an answer may be.
	{name: "case-25 max_tokens absent, streamed", r: protocol.Request{Stream: true}, want: []string{`"max_tokens":128000,"stream":true`}},
	{name: "case-25 an old model", model: "claude-3-haiku-20240307", want: []string{`"max_tokens":4096`}},
	{name: "capped", model: sonnet45, r: protocol.Request{MaxTokens: 100_000}, want: []string{`"max_tokens":64000`}, warn: "max_tokens: capped to the model's maximum"},
	{name: "another maker's model", model: "kimi-k3", r: protocol.Request{MaxTokens: 900_000, Temperature: protocol.Raw("0.6")}, want: []string{`"max_tokens":900000`, `"temperature":0.6`}},

	// Thinking.
	{name: "case-26 no room to think", model: sonnet45, r: protocol.Request{MaxTokens: 1000, Reasoning: effort(protocol.EffortHigh)}, want: []string{`"max_tokens":1000`, `!thinking`}, warn: "thinking: max_tokens leaves no room"},
	{name: "budget below max_tokens", model: sonnet45, r: protocol.Request{MaxTokens: 5000, Reasoning: effort(protocol.EffortHigh)}, want: []string{`"max_tokens":5000`, `"thinking":{"type":"enabled","budget_tokens":4999}`}},
	{name: "max_tokens grows by the budget", model: sonnet45, r: protocol.Request{Reasoning: effort(protocol.EffortHigh)}, want: []string{`"max_tokens":48384`, `"budget_tokens":16384`}},
	{name: "case-27 xhigh to opus-4-6", r: protocol.Request{Reasoning: effort(protocol.EffortXHigh)}, want: []string{`"thinking":{"type":"adaptive"},"output_config":{"effort":"max"}`}},
	{name: "xhigh to opus-5", model: "claude-opus-5", r: protocol.Request{Reasoning: effort(protocol.EffortXHigh)}, want: []string{`"output_config":{"effort":"xhigh"}`}},
	{name: "minimal is low", r: protocol.Request{Reasoning: effort(protocol.EffortMinimal)}, want: []string{`"effort":"low"`}},
	{name: "minimal as a budget", model: "claude-haiku-4-5", r: protocol.Request{Reasoning: effort(protocol.EffortMinimal)}, want: []string{`"budget_tokens":1024}`, `!effort`}},
	{name: "an effort and a budget", model: "claude-opus-4-5", r: protocol.Request{Reasoning: protocol.Reasoning{Mode: protocol.ThinkBudget, Budget: 3000, Effort: protocol.EffortMax}}, want: []string{`"budget_tokens":3000},"output_config":{"effort":"high"}`}, warn: "reasoning_effort: capped to high"},
	{name: "none", r: protocol.Request{Reasoning: effort(protocol.EffortNone)}, want: []string{`"thinking":{"type":"disabled"}`, `!effort`}},
	{name: "none of an old model", model: sonnet45, r: protocol.Request{Reasoning: effort(protocol.EffortNone)}, want: []string{`!thinking`}},
	{name: "none of one that always thinks", model: "claude-mythos-5", r: protocol.Request{Reasoning: effort(protocol.EffortNone)}, want: []string{`!thinking`, `"effort":"low"`}, warn: "reasoning_effort: this model cannot stop thinking"},
	{name: "case-28 disabled with effort max", model: "claude-opus-5", r: protocol.Request{Reasoning: protocol.Reasoning{Mode: protocol.ThinkOff, Effort: protocol.EffortMax}}, want: []string{`"thinking":{"type":"disabled"},"output_config":{"effort":"high"}`}, warn: "reasoning_effort: lowered to high without thinking"},
	{name: "a budget for opus-4-6", r: protocol.Request{Reasoning: budget(6000)}, want: []string{`"thinking":{"type":"enabled","budget_tokens":6000}`}},
	{name: "a budget for opus-4-8", model: "claude-opus-4-8", r: protocol.Request{Reasoning: budget(9000)}, want: []string{`"thinking":{"type":"adaptive"},"output_config":{"effort":"medium"}`}, warn: "thinking: the budget becomes an effort"},
	{name: "a budget that is too small", model: sonnet45, r: protocol.Request{Reasoning: budget(100)}, want: []string{`"budget_tokens":1024`}},
	{name: "adaptive for an old model", model: sonnet45, r: protocol.Request{Reasoning: protocol.Reasoning{Mode: protocol.ThinkAdaptive}}, want: []string{`"budget_tokens":16384`}},
	{name: "a model that does not think", model: "claude-3-5-sonnet-20241022", r: protocol.Request{Reasoning: effort(protocol.EffortHigh)}, want: []string{`!thinking`}, warn: "reasoning_effort: this model does not think"},
	{name: "thinking shown", model: "claude-sonnet-5", r: protocol.Request{Reasoning: protocol.Reasoning{Show: protocol.Yes}}, want: []string{`"thinking":{"type":"adaptive","display":"summarized"}`}},
	{name: "thinking not shown", model: "claude-sonnet-5", r: protocol.Request{Reasoning: protocol.Reasoning{Mode: protocol.ThinkAdaptive, Show: protocol.No}}, want: []string{`"display":"omitted"`}},
	{name: "no thinking beside a prefill", model: sonnet45, r: protocol.Request{Reasoning: effort(protocol.EffortHigh), Messages: []protocol.Message{user(words("a")), assistant(words("{"))}}, want: []string{`!thinking`}, warn: "thinking: not together with the beginning of an answer"},
	{name: "a call of the history without its thinking", model: sonnet45, r: protocol.Request{Reasoning: effort(protocol.EffortHigh), Messages: []protocol.Message{
		user(words("a")), assistant(thought(protocol.MadeByOpenAI, "hm", "x"), call("c", "f", "{}")), user(result("c")),
	}}, want: []string{`!thinking`}, warn: "thinking: a tool call of the history lacks its thinking"},
	{name: "but adaptive goes on", r: protocol.Request{Reasoning: effort(protocol.EffortHigh), Messages: []protocol.Message{
		user(words("a")), assistant(call("c", "f", "{}")), user(result("c")),
	}}, want: []string{`"thinking":{"type":"adaptive"}`}},
	{name: "case-42 thinking of others", r: protocol.Request{Messages: []protocol.Message{user(words("a")),
		assistant(thought(protocol.MadeByGemini, "hm", "g"), thought(protocol.NoMaker, "hm", ""), protocol.Part{Kind: protocol.PartRedacted, Signature: protocol.Signature{Maker: protocol.MadeByOpenAI, Data: str("o")}}, words("b")), user(words("c"))}},
		want: []string{`{"role":"assistant","content":[{"type":"text","text":"b"}]}`}},
	{name: "case-43 empty thinking, signed", model: sonnet45, r: protocol.Request{Reasoning: effort(protocol.EffortLow), Messages: []protocol.Message{user(words("a")),
		assistant(thought(protocol.MadeByAnthropic, "", "sig+/="), protocol.Part{Kind: protocol.PartRedacted, Signature: protocol.Signature{Maker: protocol.MadeByAnthropic, Data: str("r")}}, call("c", "f", "{}")), user(result("c"))}},
		want: []string{`"content":[{"type":"thinking","thinking":"","signature":"sig+/="},{"type":"redacted_thinking","data":"r"},{"type":"tool_use"`, `"thinking":{"type":"enabled"`}},
	{name: "a model that does not know thinking", model: "claude-3-haiku-20240307", r: protocol.Request{Messages: []protocol.Message{user(words("a")), assistant(thought(protocol.MadeByAnthropic, "hm", "s"), words("b")), user(words("c"))}},
		want: []string{`!thinking`}},
}
