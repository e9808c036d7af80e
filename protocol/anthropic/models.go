package anthropic

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// sampling is what a model accepts of temperature, top_p and top_k.
type sampling uint8

const (
	sampleAll  sampling = iota
	sampleOne           // temperature or top_p, not both
	sampleNone          // a 400, unless the value is the default
)

// efforts are the words that a model knows for output_config.effort.
type efforts uint8

const (
	effortsNone  efforts = iota
	effortsHigh          // low, medium, high
	effortsMax           // and max
	effortsXHigh         // and xhigh
)

// model is what differs between models in a request.
type model struct {
	prefix   string
	sampling sampling
	budget   bool // thinking.type enabled
	adaptive bool // thinking.type adaptive
	always   bool // thinking cannot be disabled
	calmOff  bool // disabled only with an effort of at most high
	efforts  efforts
	noForce  bool // tool_choice any and tool are a 400
	formats  bool // output_config.format, and strict tools
	system   bool // role system in messages is honoured
	prefill  bool // the last message may be the assistant's
	fast     bool // speed fast
	max      int64
	cached   int64 // tokens of the shortest prefix that is cached
}

// models are in the order of search; the prefix stands behind "claude-". A
// whole name ends in '@' here, as it does where a date follows on Vertex.
var models = [...]model{
	{prefix: "opus-4-8", sampling: sampleNone, adaptive: true, efforts: effortsXHigh, formats: true, system: true, fast: true, max: 128_000, cached: 4096},
	{prefix: "opus-4-7", sampling: sampleNone, adaptive: true, efforts: effortsXHigh, formats: true, fast: true, max: 128_000, cached: 4096},
	{prefix: "opus-4-6", sampling: sampleOne, budget: true, adaptive: true, efforts: effortsMax, formats: true, fast: true, max: 128_000, cached: 4096},
	{prefix: "opus-4-5", sampling: sampleOne, budget: true, efforts: effortsHigh, formats: true, prefill: true, max: 64_000, cached: 4096},
	{prefix: "opus-4-1", sampling: sampleOne, budget: true, formats: true, prefill: true, max: 32_000, cached: 1024},
	{prefix: "opus-4-0", budget: true, prefill: true, max: 32_000, cached: 1024},
	{prefix: "opus-4-20", budget: true, prefill: true, max: 32_000, cached: 1024},
	{prefix: "opus-4@", budget: true, prefill: true, max: 32_000, cached: 1024},
	{prefix: "sonnet-4-6", sampling: sampleOne, budget: true, adaptive: true, efforts: effortsMax, formats: true, max: 128_000, cached: 2048},
	{prefix: "sonnet-4-5", sampling: sampleOne, budget: true, formats: true, prefill: true, max: 64_000, cached: 1024},
	{prefix: "sonnet-4-0", budget: true, prefill: true, max: 64_000, cached: 1024},
	{prefix: "sonnet-4-20", budget: true, prefill: true, max: 64_000, cached: 1024},
	{prefix: "sonnet-4@", budget: true, prefill: true, max: 64_000, cached: 1024},
	{prefix: "haiku-4-5", sampling: sampleOne, budget: true, formats: true, prefill: true, max: 64_000, cached: 4096},
	{prefix: "opus-5", sampling: sampleNone, adaptive: true, calmOff: true, efforts: effortsXHigh, formats: true, system: true, fast: true, max: 128_000, cached: 4096},
	{prefix: "sonnet-5", sampling: sampleNone, adaptive: true, efforts: effortsXHigh, formats: true, max: 128_000, cached: 2048},
	{prefix: "fable-", sampling: sampleNone, adaptive: true, always: true, efforts: effortsXHigh, noForce: true, formats: true, system: true, max: 128_000, cached: 4096},
	{prefix: "mythos-", sampling: sampleNone, adaptive: true, always: true, efforts: effortsXHigh, noForce: true, formats: true, system: true, max: 128_000, cached: 4096},
	{prefix: "3-7", budget: true, prefill: true, max: 64_000, cached: 1024},
	{prefix: "3-5-haiku", prefill: true, max: 8192, cached: 2048},
	{prefix: "3-5", prefill: true, max: 8192, cached: 1024},
	{prefix: "3-haiku", prefill: true, max: 4096, cached: 2048},
	{prefix: "3", prefill: true, max: 4096, cached: 1024},
	{prefix: "2", prefill: true, max: 4096, cached: 1024},
	{prefix: "instant", prefill: true, max: 4096, cached: 1024},
}

// newest stands for a Claude that is not in the table: only what every recent
// one accepts.
var newest = model{sampling: sampleNone, adaptive: true, calmOff: true, efforts: effortsXHigh, formats: true, max: 128_000, cached: 4096}

// foreign stands for another maker's model behind this API: what the API had
// for years.
var foreign = model{budget: true, prefill: true, max: 1 << 40, cached: 1024}

// modelOf finds a model by its id, which may stand behind the name of a
// region or a maker, as in "eu.anthropic.claude-opus-4-6".
func modelOf(id string) *model {
	_, name, ok := strings.Cut(id, "claude-")
	if !ok {
		return &foreign
	}
	if strings.Contains(name, ".") { // claude-opus-4.6, as some resellers write it
		name = strings.ReplaceAll(name, ".", "-")
	}
	for i := range models {
		if m := &models[i]; strings.HasPrefix(name, m.prefix) || m.prefix[len(m.prefix)-1] == '@' && name == m.prefix[:len(m.prefix)-1] {
			return m
		}
	}
	return &newest
}

// defaultMax is max_tokens for a client that gives none: all that the model
// can, but no answer that keeps a client waiting for ten minutes.
func (m *model) defaultMax(stream bool) int64 {
	const patience = 32_000
	if stream && m != &foreign {
		return m.max
	}
	return min(m.max, patience)
}

// effort returns the word nearest to e that the model knows, and whether it is
// not weaker than e. The model knows some.
func (m *model) effort(e protocol.Effort) (protocol.Effort, bool) {
	switch {
	case e <= protocol.EffortLow:
		return protocol.EffortLow, true
	case e == protocol.EffortXHigh && m.efforts == effortsMax:
		return protocol.EffortMax, true
	case e >= protocol.EffortXHigh && m.efforts == effortsHigh:
		return protocol.EffortHigh, false
	}
	return e, true
}

// budgets are the tokens of thinking that stand for an effort where a model
// takes a budget.
var budgets = [...]int64{
	protocol.EffortMinimal: 1024,
	protocol.EffortLow:     2048,
	protocol.EffortMedium:  8192,
	protocol.EffortHigh:    16_384,
	protocol.EffortXHigh:   24_576,
	protocol.EffortMax:     32_000,
}

// effortOf is the effort that a budget stands for where a model takes none.
func effortOf(budget int64) protocol.Effort {
	switch {
	case budget <= 4096:
		return protocol.EffortLow
	case budget <= 12_000:
		return protocol.EffortMedium
	case budget <= 24_576:
		return protocol.EffortHigh
	}
	return protocol.EffortXHigh
}
