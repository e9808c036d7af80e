package openai

import "github.com/llmgw/llmgw/protocol"

// echoed are the members of a request that the answer repeats, with what it
// says where the request leaves them out; "" leaves them out there, too.
var echoed = [...]struct{ name, absent string }{
	{"instructions", "null"},
	{"max_output_tokens", "null"},
	{"max_tool_calls", ""},
	{"metadata", "{}"},
	{"parallel_tool_calls", "true"},
	{"prompt_cache_key", ""},
	{"reasoning", `{"effort":null,"summary":null}`},
	{"safety_identifier", ""},
	{"temperature", "null"},
	{"text", `{"format":{"type":"text"}}`},
	{"tool_choice", `"auto"`},
	{"tools", "[]"},
	{"top_logprobs", ""},
	{"top_p", "null"},
	{"truncation", `"disabled"`},
	{"user", ""},
}

// responsesEcho is where those members stand in a body.
type responsesEcho [len(echoed)]protocol.Member

func (e *responsesEcho) note(name []byte, m protocol.Member) {
	for i := range echoed {
		if string(name) == echoed[i].name {
			e[i] = m
		}
	}
}

// size is about how many bytes append makes.
func (e *responsesEcho) size() int {
	n := 512 // for the names and what is absent
	for _, m := range e {
		n += m.End - m.Start
	}
	return n
}

// append appends the members, each with a comma in front.
func (e *responsesEcho) append(dst, body []byte) []byte {
	for i, member := range echoed {
		value := []byte(member.absent)
		if e[i].Present() && !protocol.IsNull(e[i].Of(body)) {
			value = protocol.Raw(e[i].Of(body)).Compact()
		}
		if len(value) == 0 {
			continue
		}
		dst = append(dst, `,"`...)
		dst = append(dst, member.name...)
		dst = append(dst, `":`...)
		dst = append(dst, value...)
	}
	return dst
}
