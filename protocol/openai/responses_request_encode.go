package openai

import (
	"slices"

	"github.com/llmgw/llmgw/protocol"
)

// EncodeResponsesRequest appends x.Request, which [protocol.Arrange] has
// ordered, as a request to the Responses API for the model x.Target. Nothing is
// stored there: reasoning travels encrypted. What the model refuses is left out
// with a warning; what the API cannot do is an *protocol.Error. The input
// stands last: with one more turn the bytes before it stay.
func EncodeResponsesRequest(dst []byte, x *protocol.Exchange) ([]byte, error) {
	e := responsesEncoder{chatEncoder{x: x, r: x.Request, model: modelOf(x.Target), out: dst}}
	e.out = append(e.out, `{"model":`...)
	e.out = protocol.QuoteString(e.out, x.Target)
	if e.r.Stream {
		e.out = append(e.out, `,"stream":true`...)
		if e.model.own {
			e.out = append(e.out, `,"stream_options":{"include_obfuscation":false}`...)
		}
	}
	e.out = append(e.out, `,"store":false`...)
	rest := e.instructions()
	e.limits()
	e.sampling(e.reasoning())
	e.form()
	e.tools()
	e.account()
	e.input(rest)
	if e.err != nil {
		return dst, e.err
	}
	return append(e.out, '}'), nil
}

// responsesEncoder is the writing of one request. What it has in common with
// chat it has from there.
type responsesEncoder struct{ chatEncoder }

// instructions writes the system's messages at the front, and returns the
// others. Where they have cache marks that the model knows they stay in the
// input, which alone has a place for these.
func (e *responsesEncoder) instructions() []protocol.Message {
	rest := e.r.Messages
	var texts []protocol.Text
	for len(rest) > 0 && (rest[0].Role == protocol.RoleSystem || rest[0].Role == protocol.RoleDeveloper) {
		for i := range rest[0].Parts {
			p := &rest[0].Parts[i]
			if p.Cache != protocol.CacheNone && e.model.breakpoints {
				return e.r.Messages
			}
			if p.Text != nil {
				texts = append(texts, p.Text)
			}
		}
		rest = rest[1:]
	}
	if len(texts) > 0 {
		e.member("instructions")
		e.out = protocol.AppendTexts(e.out, "\n\n", texts...)
	}
	return rest
}

// fewestTokens is the least that the API takes for max_output_tokens.
const fewestTokens = 16

func (e *responsesEncoder) limits() {
	r := e.r
	if r.N > 1 {
		e.fail(protocol.Invalid("n", "Invalid value for 'n': this model gives one answer."))
	}
	most := r.MaxTokens
	if most > 0 && most < fewestTokens {
		e.x.Warn("max_tokens", "raised to 16")
		most = fewestTokens
	}
	e.number("max_output_tokens", most)
	for _, p := range [...]struct {
		name  string
		value []byte
	}{
		{"presence_penalty", r.Presence}, {"frequency_penalty", r.Frequency}, {"logit_bias", r.LogitBias}, {"seed", r.Seed}, {"top_k", r.TopK},
	} {
		if p.value != nil {
			e.x.Warn(p.name, "not supported")
		}
	}
	if len(r.Stop) > 0 {
		e.x.Warn("stop", "not supported")
	}
}

// reasoning writes how hard to think and what of it to show, and tells whether
// the model will think at all.
func (e *responsesEncoder) reasoning() (thinks bool) {
	word, exact := e.model.effort(effortOf(e.r.Reasoning))
	if !exact {
		e.x.Warn("reasoning_effort", "not supported by this model as it is")
	}
	thinks = e.model.thinks
	if word != "" {
		thinks = e.model.reasons && word != "none"
	}
	show := e.r.Reasoning.Show == protocol.Yes && (e.model.reasons || !e.model.own)
	if word != "" || show {
		e.member("reasoning")
		open := byte('{')
		if word != "" {
			e.out = append(e.out, `{"effort":"`...)
			e.out = append(e.out, word...)
			e.out = append(e.out, '"')
			open = ','
		}
		if show {
			e.out = append(e.out, open)
			e.out = append(e.out, `"summary":"auto"`...)
		}
		e.out = append(e.out, '}')
	}
	return thinks
}

// sampling writes what thinking models refuse while they think, and what is to
// be included in the answer.
func (e *responsesEncoder) sampling(thinks bool) {
	r := e.r
	for _, p := range [...]struct {
		name  string
		value []byte
	}{{"temperature", r.Temperature}, {"top_p", r.TopP}} {
		switch {
		case p.value == nil:
		case thinks:
			e.x.Warn(p.name, "not supported by a thinking model")
		default:
			e.raw(p.name, p.value)
		}
	}
	logprobs := r.Logprobs && !thinks
	if r.Logprobs && thinks {
		e.x.Warn("logprobs", "not supported by a thinking model")
	}
	if logprobs {
		e.number("top_logprobs", r.TopLogprobs)
	}
	switch {
	case e.model.reasons && logprobs:
		e.out = append(e.out, `,"include":["reasoning.encrypted_content","message.output_text.logprobs"]`...)
	case e.model.reasons:
		e.out = append(e.out, `,"include":["reasoning.encrypted_content"]`...)
	case logprobs:
		e.out = append(e.out, `,"include":["message.output_text.logprobs"]`...)
	}
}

// form writes the form that the answer must have.
func (e *responsesEncoder) form() {
	f := e.r.Format
	verbosity := e.r.Verbosity
	if verbosity != "" && !e.model.modern {
		e.x.Warn("verbosity", "not supported by this model")
		verbosity = ""
	}
	if f == nil && verbosity == "" {
		return
	}
	e.out = append(e.out, `,"text":{`...)
	first := len(e.out)
	switch {
	case f == nil:
	case f.Schema == nil:
		e.out = append(e.out, `,"format":{"type":"json_object"}`...)
	default:
		e.schema(f)
	}
	e.word("verbosity", verbosity)
	e.out = slices.Delete(e.out, first, first+1) // the comma before the first member
	e.out = append(e.out, '}')
}

func (e *responsesEncoder) schema(f *protocol.Format) {
	name := protocol.Text(`"output"`)
	if !f.Name.Empty() {
		name = toolName.Fit(f.Name)
	}
	strict := f.Strict != protocol.No && isStrict(f.Schema)
	if f.Strict == protocol.Yes && !strict {
		e.x.Warn("response_format", "strict dropped: the schema is not strict enough")
	}
	e.out = append(e.out, `,"format":{"type":"json_schema"`...)
	e.raw("name", name)
	e.raw("description", f.Description)
	e.flag("strict", strict)
	e.raw("schema", f.Schema.Compact())
	e.out = append(e.out, '}')
}

func (e *responsesEncoder) flag(name string, v bool) {
	e.member(name)
	if v {
		e.out = append(e.out, "true"...)
		return
	}
	e.out = append(e.out, "false"...)
}
