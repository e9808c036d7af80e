package anthropic

import (
	"strconv"

	"github.com/llmgw/llmgw/protocol"
)

// EncodeRequest appends the body of a request to /v1/messages for the model
// x.Target. x.Request has been arranged and is not changed. What the model or
// the API cannot do is warned of in x, or an *protocol.Error of code
// InvalidRequest.
func EncodeRequest(dst []byte, x *protocol.Exchange) ([]byte, error) {
	e := encoder{x: x, r: x.Request, m: modelOf(x.Target), dst: dst}
	if e.r.N > 1 {
		return dst, protocol.Invalid("n", "This model gives one answer a request: 'n' must be 1.")
	}
	e.findPrefill()
	e.planThinking()
	e.planFormat()
	if err := e.planTools(); err != nil {
		return dst, err
	}
	if err := e.checkPrefill(); err != nil {
		return dst, err
	}
	e.head()
	e.sampling()
	e.outputConfig()
	if err := e.tools(); err != nil {
		return dst, err
	}
	first := e.system()
	if err := e.messages(first); err != nil {
		return dst, err
	}
	e.dst = append(e.dst, '}')
	e.limitMarks()
	e.unsupported()
	return e.dst, nil
}

// encoder writes one request. What members depend on each other's fate is
// planned first.
type encoder struct {
	x   *protocol.Exchange
	r   *protocol.Request
	m   *model
	dst []byte

	thinking  string // thinking.type, "" for none
	budget    int64
	effort    protocol.Effort
	maxTokens int64

	native      bool   // output_config.format
	instruction string // in its place, at the end of the system prompt

	only     []protocol.Text // the tools to send; nil for all
	count    int             // of the tools that are sent
	used     []protocol.Text // in the place of tools: those that the history calls
	choice   string          // tool_choice.type, "" for none
	chosen   protocol.Text   // the tool of a choice of type tool
	noParall bool

	prefill *protocol.Part // the last text, where the assistant has the last word
	role    string         // of the message that is open, "" for none
	marks   []mark
}

// head writes what is small and differs from turn to turn least.
func (e *encoder) head() {
	e.dst = append(e.dst, `{"model":`...)
	e.dst = protocol.QuoteString(e.dst, e.x.Target)
	e.dst = append(e.dst, `,"max_tokens":`...)
	e.dst = strconv.AppendInt(e.dst, e.maxTokens, 10)
	if e.r.Stream {
		e.dst = append(e.dst, `,"stream":true`...)
	}
	if !e.r.User.Empty() {
		e.dst = append(e.dst, `,"metadata":{"user_id":`...)
		e.dst = append(e.dst, cut(e.r.User, maxUserID)...)
		e.dst = append(e.dst, '}')
	}
	e.tier()
	e.stop()
	if e.r.Cache != protocol.CacheNone {
		e.mark(e.r.Cache)
	}
}

// maxUserID is how many characters metadata.user_id may have.
const maxUserID = 256

// cut returns the first n characters of t.
func cut(t protocol.Text, n int) protocol.Text {
	if len(t) <= n {
		return t
	}
	s := t.String()
	for i := range s {
		if n--; n < 0 {
			return protocol.TextOf(s[:i])
		}
	}
	return t
}

func (e *encoder) tier() {
	tier, fast := "", false
	switch e.r.Tier {
	case "default":
		tier = "standard_only"
	case "auto", "priority":
		tier = "auto"
	case "fast":
		if tier, fast = "auto", e.m.fast; !fast {
			e.x.Warn("service_tier", "fast is not known to this model")
		}
	case "":
	default:
		e.x.Warn("service_tier", "not supported")
	}
	if tier != "" {
		e.dst = append(e.dst, `,"service_tier":"`+tier+`"`...)
	}
	if fast {
		e.dst = append(e.dst, `,"speed":"fast"`...)
	}
}

// stop writes the stop sequences that are not blank: those are refused.
func (e *encoder) stop() {
	n := 0
	for _, s := range e.r.Stop {
		if s.Blank() {
			e.x.Warn("stop", "blank sequence dropped")
			continue
		}
		if n++; n == 1 {
			e.dst = append(e.dst, `,"stop_sequences":[`...)
		} else {
			e.dst = append(e.dst, ',')
		}
		e.dst = append(e.dst, s...)
	}
	if n > 0 {
		e.dst = append(e.dst, ']')
	}
}

// sampling writes temperature, top_p and top_k as far as the model and the
// thinking let it.
func (e *encoder) sampling() {
	r, thinks := e.r, e.thinking == thinkEnabled || e.thinking == thinkAdaptive
	temperature := r.Temperature != nil
	if t := number(r.Temperature); temperature && (e.m.sampling == sampleNone || thinks) {
		if temperature = false; t != 1 {
			e.x.Warn("temperature", e.whyNot())
		}
	} else if temperature {
		value := r.Temperature
		if t > 1 {
			e.x.Warn("temperature", "clamped to 1")
			value = protocol.Raw("1")
		}
		e.member("temperature", value)
	}
	if p := number(r.TopP); r.TopP != nil {
		switch {
		case e.m.sampling == sampleNone:
			if p < 0.99 {
				e.x.Warn("top_p", e.whyNot())
			}
		case thinks && p < 0.95:
			e.x.Warn("top_p", e.whyNot())
		case temperature && e.m.sampling == sampleOne:
			e.x.Warn("top_p", "dropped beside temperature")
		default:
			e.member("top_p", r.TopP)
		}
	}
	if r.TopK != nil {
		if e.m.sampling == sampleNone || thinks {
			e.x.Warn("top_k", e.whyNot())
		} else {
			e.member("top_k", r.TopK)
		}
	}
}

func (e *encoder) whyNot() string {
	if e.m.sampling == sampleNone {
		return "not supported by this model"
	}
	return "not supported while thinking"
}

func (e *encoder) member(name string, value []byte) {
	e.dst = append(e.dst, `,"`+name+`":`...)
	e.dst = append(e.dst, value...)
}

func number(v protocol.Raw) float64 {
	f, _ := strconv.ParseFloat(string(v), 64) // a number as JSON has it; what is out of range is infinite
	return f
}

// unsupported warns of what Messages has no field for.
func (e *encoder) unsupported() {
	r := e.r
	for _, f := range [...]struct {
		field string
		there bool
	}{
		{"seed", r.Seed != nil},
		{"logit_bias", r.LogitBias != nil && !protocol.IsBlank(r.LogitBias)},
		{"logprobs", r.Logprobs || r.TopLogprobs > 0},
		{"presence_penalty", r.Presence != nil && number(r.Presence) != 0},
		{"frequency_penalty", r.Frequency != nil && number(r.Frequency) != 0},
		{"verbosity", r.Verbosity != ""},
		{"safetySettings", r.SafetyRaw != nil && !protocol.IsBlank(r.SafetyRaw)},
	} {
		if f.there {
			e.x.Warn(f.field, "not supported")
		}
	}
}
