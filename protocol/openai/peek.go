package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// Peek validates the body of a request to any of OpenAI's endpoints and reads
// what routing needs. Errors are *protocol.Error: broken JSON, a model or
// stream of the wrong type, or a stream_options that says things twice. A missing model is no error here.
func Peek(body []byte) (protocol.Peek, error) {
	var p protocol.Peek
	var key protocol.Member
	signs, err := protocol.ScanSigns(body, func(name []byte, m protocol.Member) {
		switch string(name) {
		case "model":
			p.ModelSpan = m
		case "stream":
			p.StreamSpan = m
		case "stream_options":
			p.StreamOptions = m
		case "prompt_cache_key":
			key = m
		case "system":
			p.System = m
		case "tools":
			p.Tools = m
		case "messages":
			p.HasMessages = true
		case "input":
			p.HasInput = true
		case "max_tokens", "max_completion_tokens", "max_output_tokens":
			p.ReadMaxOutput(m.Of(body))
		}
	})
	if err != nil {
		return protocol.Peek{}, err
	}
	p.Signs = signs
	if err := p.ReadModelAndStream(body); err != nil {
		return protocol.Peek{}, err
	}
	if key.Present() {
		p.PromptCacheKey, _ = protocol.String(key.Of(body))
	}
	if err := readStreamOptions(body, &p); err != nil {
		return protocol.Peek{}, err
	}
	p.Misshaped = p.System.Present() || p.Tools.Present() && anthropicTools(p.Tools.Of(body))
	return p, nil
}

// anthropicTools tells whether one of the tools is declared as for the Messages
// API. The whole text is asked first: hardly any tools say the word at all.
func anthropicTools(tools []byte) (found bool) {
	if !bytes.Contains(tools, []byte(`"input_schema"`)) {
		return false
	}
	_ = protocol.ScanArray(tools, func(m protocol.Member) { // no list: the provider refuses it
		_, ok := protocol.Find(m.Of(tools), "input_schema")
		found = found || ok
	})
	return found
}

// readStreamOptions sets IncludeUsage. A name that comes twice is refused:
// which of the two the provider takes decides whether usage comes at all.
func readStreamOptions(body []byte, p *protocol.Peek) error {
	if !p.StreamOptions.Present() || body[p.StreamOptions.Start] != '{' {
		return nil
	}
	options := p.StreamOptions.Of(body)
	err := protocol.ScanObject(options, func(name []byte, m protocol.Member) {
		if string(name) == "include_usage" {
			p.IncludeUsage, _ = protocol.Bool(m.Of(options))
		}
	})
	if err != nil {
		return protocol.Invalid("stream_options", "Invalid 'stream_options': a member name appears twice.")
	}
	return nil
}

// ForceUsage returns the edits that make a chat stream end with its usage
// when the client has not asked for it: none where it has, or where the body
// asks for no stream. p must be what [Peek] returned for body. A
// stream_options that is no object is left for the provider to refuse.
func ForceUsage(body []byte, p protocol.Peek) []protocol.Edit {
	if !p.Stream || p.IncludeUsage {
		return nil
	}
	options := p.StreamOptions
	switch {
	case !options.Present():
		at := p.StreamSpan.End
		return []protocol.Edit{{Start: at, End: at, With: []byte(`,"stream_options":{"include_usage":true}`)}}
	case protocol.IsNull(options.Of(body)):
		return []protocol.Edit{protocol.Replace(options, []byte(`{"include_usage":true}`))}
	case body[options.Start] != '{':
		return nil
	}
	if m, ok := protocol.Get(body, options, "include_usage"); ok {
		return []protocol.Edit{protocol.Replace(m, []byte("true"))}
	}
	return []protocol.Edit{protocol.InsertMember(body, options, "include_usage", []byte("true"))}
}
