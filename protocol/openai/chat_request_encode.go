package openai

import (
	"slices"

	"github.com/llmgw/llmgw/protocol"
)

// EncodeChatRequest appends x.Request, which [protocol.Arrange] has ordered,
// as a chat completion request for the model x.Target. What the model refuses
// is left out with a warning; what no chat model can do is an *protocol.Error.
// The messages stand last: with one more turn the bytes before it stay.
func EncodeChatRequest(dst []byte, x *protocol.Exchange) ([]byte, error) {
	e := chatEncoder{x: x, r: x.Request, model: modelOf(x.Target), out: dst}
	e.out = append(e.out, `{"model":`...)
	e.out = protocol.QuoteString(e.out, x.Target)
	if e.r.Stream {
		e.out = append(e.out, `,"stream":true,"stream_options":{"include_usage":true}`...)
	}
	e.limits()
	e.sampling(e.effort())
	e.format()
	e.tools()
	e.account()
	e.messages()
	if e.err != nil {
		return dst, e.err
	}
	return append(e.out, '}'), nil
}

// chatEncoder is the writing of one request.
type chatEncoder struct {
	x     *protocol.Exchange
	r     *protocol.Request
	model model
	out   []byte
	err   error
	more  bool // there is a message already
}

func (e *chatEncoder) fail(err *protocol.Error) {
	if e.err == nil {
		e.err = err
	}
}

// member appends a comma and a name, which needs no escaping.
func (e *chatEncoder) member(name string) {
	e.out = append(e.out, ',', '"')
	e.out = append(e.out, name...)
	e.out = append(e.out, '"', ':')
}

func (e *chatEncoder) raw(name string, value []byte) {
	if value != nil {
		e.member(name)
		e.out = append(e.out, value...)
	}
}

func (e *chatEncoder) word(name, value string) {
	if value != "" {
		e.member(name)
		e.out = protocol.QuoteString(e.out, value)
	}
}

func (e *chatEncoder) number(name string, n int64) {
	if n > 0 {
		e.member(name)
		e.out = appendInt(e.out, n)
	}
}

func (e *chatEncoder) limits() {
	name := "max_completion_tokens"
	if !e.model.own { // compatible servers may know the old name alone
		name = "max_tokens"
	}
	e.number(name, e.r.MaxTokens)
	e.number("n", e.r.N)
	if len(e.r.Stop) == 0 {
		return
	}
	if e.model.modern {
		e.x.Warn("stop", "not supported by this model")
		return
	}
	stop := slices.DeleteFunc(slices.Clone(e.r.Stop), protocol.Text.Empty)
	if len(stop) < len(e.r.Stop) {
		e.x.Warn("stop", "empty sequence dropped")
	}
	if len(stop) == 0 {
		return
	}
	if len(stop) > maxStop {
		e.x.Warn("stop", "only the first 4 are used")
		stop = stop[:maxStop]
	}
	e.member("stop")
	for i, s := range stop {
		e.out = append(e.out, "[,"[min(i, 1)])
		e.out = append(e.out, s...)
	}
	e.out = append(e.out, ']')
}

// maxStop is how many stop sequences OpenAI takes.
const maxStop = 4

// effort writes how hard to think, and tells whether the model will think at
// all.
func (e *chatEncoder) effort() (thinks bool) {
	wish := effortOf(e.r.Reasoning)
	if hasFunctions(e.r.Tools) && (e.model.toolsMute || e.model.toolsQuiet) {
		// The newest models think beside tools in the Responses API alone and
		// refuse the request here.
		if wish > protocol.EffortNone {
			e.x.Warn("reasoning_effort", "not supported beside tools by this model")
		}
		wish = protocol.EffortUnset
		if e.model.toolsQuiet {
			wish = protocol.EffortNone
		}
	}
	word, exact := e.model.effort(wish)
	if !exact {
		e.x.Warn("reasoning_effort", "not supported by this model as it is")
	}
	e.word("reasoning_effort", word)
	if word == "" {
		return e.model.thinks
	}
	return e.model.own && word != "none"
}

// hasFunctions tells whether there is a tool that the client runs.
func hasFunctions(tools []protocol.Tool) bool {
	for i := range tools {
		if tools[i].Kind != protocol.ToolServer {
			return true
		}
	}
	return false
}

// sampling writes what thinking models refuse while they think.
func (e *chatEncoder) sampling(thinks bool) {
	r := e.r
	for _, p := range [...]struct {
		name  string
		value protocol.Raw
		usual byte // what the model does anyway: no loss
	}{
		{"temperature", r.Temperature, '1'}, {"top_p", r.TopP, '1'},
		{"presence_penalty", r.Presence, '0'}, {"frequency_penalty", r.Frequency, '0'}, {"logit_bias", r.LogitBias, 0},
	} {
		switch {
		case p.value == nil:
		case !thinks:
			e.raw(p.name, p.value)
		case len(p.value) != 1 || p.value[0] != p.usual:
			e.x.Warn(p.name, "not supported by a thinking model")
		}
	}
	switch {
	case !r.Logprobs:
	case thinks:
		e.x.Warn("logprobs", "not supported by a thinking model")
	default:
		e.out = append(e.out, `,"logprobs":true`...)
		e.number("top_logprobs", r.TopLogprobs)
	}
	if r.TopK != nil {
		e.x.Warn("top_k", "not supported")
	}
	if _, whole := protocol.Int(r.Seed); r.Seed != nil && !whole {
		e.x.Warn("seed", "not an integer of 64 bits")
	} else {
		e.raw("seed", r.Seed)
	}
	if r.Verbosity != "" {
		if e.model.modern {
			e.word("verbosity", r.Verbosity)
		} else {
			e.x.Warn("verbosity", "not supported by this model")
		}
	}
}

// account writes who asks, and what is only about accounting.
func (e *chatEncoder) account() {
	r := e.r
	if !r.User.Empty() {
		if e.model.own {
			e.raw("safety_identifier", cut(r.User, maxIdentifier))
		} else {
			e.raw("user", r.User)
		}
	}
	if !r.CacheKey.Empty() && e.model.own { // other servers refuse it
		e.raw("prompt_cache_key", r.CacheKey)
	}
	switch {
	case r.Tier == "":
	case e.model.own:
		e.word("service_tier", r.Tier)
	case r.Tier != "default" && r.Tier != "auto":
		e.x.Warn("service_tier", "not supported by this model")
	}
	if r.SafetyRaw != nil {
		e.x.Warn("safetySettings", "not supported")
	}
}

// maxIdentifier is how many characters a safety_identifier may have.
const maxIdentifier = 64

// cut shortens a text to n characters.
func cut(t protocol.Text, n int) protocol.Text {
	if len(t.Inner()) <= n {
		return t
	}
	runes := []rune(t.String())
	if len(runes) <= n {
		return t
	}
	return protocol.TextOf(string(runes[:n]))
}
