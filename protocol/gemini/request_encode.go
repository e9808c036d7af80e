package gemini

import (
	"github.com/llmgw/llmgw/protocol"
)

// The API's own limits.
const (
	maxCandidates = 8
	maxStops      = 5
	maxLogprobs   = 20
	maxFunctions  = 512
)

// EncodeRequest appends the body of generateContent for the model x.Target,
// which itself stands in the path ([PathModel]) as the wish for a stream does.
// x.Request must have been arranged; it is not changed. An error is an
// *protocol.Error of what the client asked for and this model cannot do.
func EncodeRequest(dst []byte, x *protocol.Exchange) ([]byte, error) {
	e := encoder{x: x, r: x.Request, t: traitsOf(x.Target), dst: append(dst, '{')}
	e.sortTools()
	e.chooseFormat()
	lead := 0 // how many system messages come first
	for lead < len(e.r.Messages) && isSystem(e.r.Messages[lead].Role) {
		lead++
	}
	only := lead == len(e.r.Messages) // then they are what the user says
	if !only {
		e.systemInstruction(e.r.Messages[:lead])
	} else {
		e.systemInstruction(nil)
	}
	e.tools()
	e.toolConfig()
	e.generationConfig()
	if e.r.SafetyRaw != nil {
		e.key("safetySettings")
		e.dst = append(e.dst, e.r.SafetyRaw...)
	}
	e.tier()
	e.key("contents")
	e.dst = append(e.dst, '[')
	e.contents(lead, only)
	e.dst = append(e.dst, ']', '}')
	if e.err != nil {
		return nil, e.err
	}
	return e.dst, nil
}

func isSystem(r protocol.Role) bool {
	return r == protocol.RoleSystem || r == protocol.RoleDeveloper
}

// encoder writes one request.
type encoder struct {
	x   *protocol.Exchange
	r   *protocol.Request
	t   traits
	dst []byte
	err *protocol.Error

	functions bool           // there are tools that the client runs
	search    bool           // googleSearch is asked for
	server    []protocol.Raw // other tools that Google runs
	native    bool           // the format goes into generationConfig
	instruct  protocol.Text  // what says the format where native may not

	speaker byte // whose content is open: 'u', 'm', 0
	begun   bool // there is a content
}

func (e *encoder) fail(err *protocol.Error) {
	if e.err == nil {
		e.err = err
	}
}

// next writes the comma between this member or element and the one before it.
func (e *encoder) next() {
	if last := e.dst[len(e.dst)-1]; last != '{' && last != '[' {
		e.dst = append(e.dst, ',')
	}
}

// key begins a member.
func (e *encoder) key(name string) {
	e.next()
	e.dst = append(e.dst, '"')
	e.dst = append(e.dst, name...)
	e.dst = append(e.dst, '"', ':')
}

func (e *encoder) systemInstruction(system []protocol.Message) {
	mark := len(e.dst)
	e.key("systemInstruction")
	e.dst = append(e.dst, `{"parts":[`...)
	first := len(e.dst)
	for i := range system {
		for j := range system[i].Parts {
			if p := &system[i].Parts[j]; p.Kind == protocol.PartText && !p.Text.Blank() {
				e.text(p.Text)
			}
		}
	}
	if e.instruct != nil {
		e.text(e.instruct)
	}
	if len(e.dst) == first {
		e.dst = e.dst[:mark]
		return
	}
	e.dst = append(e.dst, `]}`...)
}

// text writes a part that is a text.
func (e *encoder) text(t protocol.Text) {
	e.next()
	e.dst = append(e.dst, `{"text":`...)
	e.dst = appendText(e.dst, t)
	e.dst = append(e.dst, '}')
}

func (e *encoder) tier() {
	tier := tierOut(e.r.Tier)
	if tier == "" {
		if e.r.Tier != "" && e.r.Tier != "auto" {
			e.x.Warn("service_tier", "not supported")
		}
		return
	}
	e.key("serviceTier")
	e.dst = append(e.dst, '"')
	e.dst = append(e.dst, tier...)
	e.dst = append(e.dst, '"')
}

// tierOut is Gemini's name of a service tier, "" for one that it has not.
func tierOut(tier string) string {
	switch tier {
	case "default":
		return "standard"
	case "flex":
		return "flex"
	case "priority", "fast":
		return "priority"
	}
	return ""
}
