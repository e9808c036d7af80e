package anthropic

import (
	"bytes"
	"slices"

	"github.com/llmgw/llmgw/protocol"
)

// The API refuses a history of calls and results in a request without tools.
// A client that offers none any more, to have the answer in words, means what
// a list of the tools that were called says together with a choice of none.

// findUsed collects the tools that the history calls, in the order of their
// first calls: one more turn leaves those before it as they are.
func (e *encoder) findUsed() {
	for i := range e.r.Messages {
		for j := range e.r.Messages[i].Parts {
			p := &e.r.Messages[i].Parts[j]
			known := func(t protocol.Text) bool { return bytes.Equal(t, p.Name) }
			if p.Kind == protocol.PartCall && !slices.ContainsFunc(e.used, known) {
				e.used = append(e.used, p.Name)
			}
		}
	}
}

// usedTools writes tools and tool_choice of what findUsed has found.
func (e *encoder) usedTools() {
	for i, name := range e.used {
		if i == 0 {
			e.dst = append(e.dst, `,"tools":[`...)
		} else {
			e.dst = append(e.dst, ',')
		}
		e.dst = append(e.dst, `{"name":`...)
		e.dst = append(e.dst, e.x.SendName(name, &nameRule)...)
		e.dst = append(e.dst, `,"input_schema":`+anything+`}`...)
	}
	if len(e.used) > 0 {
		e.dst = append(e.dst, `],"tool_choice":{"type":"none"}`...)
	}
}
