package gemini

import (
	"math"
	"strconv"

	"github.com/llmgw/llmgw/protocol"
)

func (e *encoder) generationConfig() {
	mark := len(e.dst)
	e.key("generationConfig")
	e.dst = append(e.dst, '{')
	first := len(e.dst)
	e.sampling()
	e.stops()
	if e.r.Logprobs {
		e.key("responseLogprobs")
		e.dst = append(e.dst, "true"...)
		if e.r.TopLogprobs > 0 {
			e.int("logprobs", e.r.TopLogprobs)
		}
	} else if e.r.TopLogprobs > 0 {
		e.x.Warn("logprobs", "top_logprobs counts beside logprobs only")
	}
	e.format()
	e.thinking()
	if len(e.dst) == first {
		e.dst = e.dst[:mark]
		return
	}
	e.dst = append(e.dst, '}')
}

func (e *encoder) sampling() {
	r := e.r
	e.raw("temperature", r.Temperature)
	e.raw("topP", r.TopP)
	if string(r.TopK) == "0" { // elsewhere the word for no bound
		e.x.Warn("top_k", "0 is not supported")
	} else {
		e.raw("topK", r.TopK)
	}
	switch {
	case r.N > maxCandidates:
		e.fail(protocol.Invalid("n", "This model gives at most 8 answers at a time: 'n' must not be more."))
	case r.N > 1:
		e.int("candidateCount", r.N)
	}
	if r.MaxTokens > 0 {
		e.int("maxOutputTokens", r.MaxTokens)
	}
	e.raw("presencePenalty", r.Presence)
	e.raw("frequencyPenalty", r.Frequency)
	if r.Seed != nil {
		if n, ok := protocol.Int(r.Seed); ok && n >= math.MinInt32 && n <= math.MaxInt32 {
			e.int("seed", n)
		} else {
			e.x.Warn("seed", "not an integer of 32 bits")
		}
	}
	if r.LogitBias != nil && !protocol.IsBlank(r.LogitBias) {
		e.x.Warn("logit_bias", "not supported")
	}
	if r.Verbosity != "" {
		e.x.Warn("verbosity", "not supported")
	}
}

func (e *encoder) stops() {
	n := 0
	for _, s := range e.r.Stop {
		if s.Empty() {
			e.x.Warn("stop", "empty sequence dropped")
			continue
		}
		if n == maxStops {
			e.x.Warn("stop", "only the first 5 are used")
			break
		}
		if n++; n == 1 {
			e.key("stopSequences")
			e.dst = append(e.dst, '[')
		}
		e.next()
		e.dst = append(e.dst, s...)
	}
	if n > 0 {
		e.dst = append(e.dst, ']')
	}
}

// raw writes a member whose value the client gave, if it did.
func (e *encoder) raw(name string, v protocol.Raw) {
	if v != nil {
		e.key(name)
		e.dst = append(e.dst, v...)
	}
}

func (e *encoder) int(name string, n int64) {
	e.key(name)
	e.dst = strconv.AppendInt(e.dst, n, 10)
}

// chooseFormat decides how the answer's format is asked for. Models before 3
// refuse a format beside any tool.
func (e *encoder) chooseFormat() {
	f := e.r.Format
	if f == nil {
		return
	}
	if e.t.mixes || !e.functions && !e.search && len(e.server) == 0 {
		e.native = true
		return
	}
	e.x.Warn("response_format", "asked for in words because the model takes no schema beside tools")
	const words = "Answer with one JSON object and nothing else, no code fence around it."
	if f.Schema == nil {
		e.instruct = protocol.TextOf(words)
		return
	}
	e.instruct = protocol.TextOf(words + " It must be valid against this JSON schema: " + string(f.Described().Compact()))
}

func (e *encoder) format() {
	if !e.native {
		return
	}
	e.key("responseMimeType")
	e.dst = append(e.dst, `"application/json"`...)
	if e.r.Format.Schema == nil {
		return
	}
	schema, lost, err := answerSchema(e.r.Format.Described())
	if err != nil {
		e.fail(protocol.AsError(err))
		return
	}
	if lost {
		e.x.Warn("response_format", "keywords of the schema that the model does not know are left out")
	}
	e.raw("responseJsonSchema", schema)
}
