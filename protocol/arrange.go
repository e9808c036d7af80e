package protocol

import (
	"bytes"
	"slices"
	"strconv"
)

// Arrange brings a request's messages into the order that every provider but
// the most lenient demands, and that no provider refuses:
//
//   - neighbours of one role are one turn;
//   - the results of an assistant's calls stand at the front of the user's turn
//     right behind it, in the order of the calls, each exactly once. One that is
//     missing (the client gave up) is made up as an error, one that answers no
//     call becomes text, and of two for one call the last counts;
//   - every result knows its tool's name, and no two calls of a turn share an id;
//   - empty texts are gone, and turns that hold nothing else with them; system
//     messages hold texts alone, none of them blank;
//   - no two tools share a name: the first counts.
//
// System messages behind the first turn stay where they are, but never between
// a call and its result. Arrange must run once, between decoding and encoding.
func Arrange(x *Exchange) {
	a := arranger{x: x, in: x.Request.Messages}
	a.canonical()
	a.out = make([]Message, 0, len(a.in)+1)
	for len(a.in) > 0 {
		switch m := a.in[0]; m.Role {
		case RoleAssistant:
			a.assistant()
		case RoleUser:
			a.in = a.in[1:]
			a.user(Message{Role: RoleUser, Name: m.Name, Parts: a.orphans(m.Parts)})
		default:
			a.in = a.in[1:]
			a.system(m)
		}
	}
	x.Request.Messages = a.out
	a.tools()
}

// canonical makes names and ids comparable.
func (a *arranger) canonical() {
	for i := range a.in {
		for j := range a.in[i].Parts {
			p := &a.in[i].Parts[j]
			p.ID, p.Name = p.ID.Canonical(), p.Name.Canonical()
		}
	}
	r := a.x.Request
	for i := range r.Tools {
		r.Tools[i].Name = r.Tools[i].Name.Canonical()
	}
	for i := range r.Choice.Names {
		r.Choice.Names[i] = r.Choice.Names[i].Canonical()
	}
}

type arranger struct {
	x       *Exchange
	in, out []Message
}

// user adds a user's turn, to the one before it where that is a user's too.
func (a *arranger) user(m Message) {
	m.Parts = full(m.Parts)
	if n := len(a.out); n > 0 && a.out[n-1].Role == RoleUser {
		last := &a.out[n-1]
		last.Parts = append(slices.Clip(last.Parts), m.Parts...)
		return
	}
	if len(m.Parts) == 0 {
		m.Parts = []Part{{Kind: PartText, Text: Text(`"."`)}} // providers refuse an empty turn, and a missing one shifts the others
	}
	a.out = append(a.out, m)
}

// system adds a system message with its texts.
func (a *arranger) system(m Message) {
	kept := m.Parts[:0:0]
	for i := range m.Parts {
		switch p := &m.Parts[i]; {
		case p.Kind != PartText:
			a.x.Warn("messages", "only text can be a system message")
		case !p.Text.Blank():
			kept = append(kept, *p)
		}
	}
	if m.Parts = kept; len(kept) > 0 {
		a.out = append(a.out, m)
	}
}

// tools drops the second of two tools with one name.
func (a *arranger) tools() {
	tools := a.x.Request.Tools
	second := func(t *Tool) bool { return t.Name != nil && a.x.Tool(t.Name) != t }
	for i := range tools {
		if !second(&tools[i]) {
			continue
		}
		a.x.Warn("tools", "of two tools with one name the first counts")
		kept := slices.Clone(tools[:i])
		for j := i; j < len(tools); j++ {
			if !second(&tools[j]) {
				kept = append(kept, tools[j])
			}
		}
		a.x.Request.Tools = kept
		return
	}
}

// assistant takes an assistant's turn and, where it calls tools, all that
// stands before the next one.
func (a *arranger) assistant() {
	m := a.in[0]
	m.Parts = full(m.Parts)
	a.in = a.in[1:]
	for len(a.in) > 0 && a.in[0].Role == RoleAssistant {
		m.Parts = append(slices.Clip(m.Parts), full(a.in[0].Parts)...)
		a.in = a.in[1:]
	}
	if len(m.Parts) == 0 {
		return
	}
	a.out = append(a.out, m)
	for i := range m.Parts {
		if m.Parts[i].Kind == PartCall {
			a.answers(m.Parts)
			return
		}
	}
}

// answers takes what stands between the calls of a turn and the next
// assistant's turn: the results, then the rest.
func (a *arranger) answers(turn []Part) {
	end := 0
	for end < len(a.in) && a.in[end].Role != RoleAssistant {
		end++
	}
	block := a.in[:end]
	a.in = a.in[end:]

	results := make([]Part, 0, len(turn))
	for i := range turn {
		if turn[i].Kind == PartCall {
			results = append(results, a.result(turn, i, block))
		}
	}
	a.out = append(a.out, Message{Role: RoleUser, Parts: results})
	for _, m := range block {
		if m.Role == RoleUser {
			if rest := a.rest(m.Parts, turn); len(rest) > 0 {
				a.user(Message{Role: RoleUser, Name: m.Name, Parts: rest})
			}
		} else {
			a.system(m)
		}
	}
	for i := range turn { // the second of two calls that share an id gets one of its own
		if turn[i].Kind == PartCall {
			turn[i].ID = results[0].ID
			results = results[1:]
		}
	}
}

// result finds the result of the call turn[i]. Calls that share an id take the
// results with that id one by one.
func (a *arranger) result(turn []Part, i int, block []Message) Part {
	call := &turn[i]
	nth, sharing := 0, 0
	for j := range turn {
		if turn[j].Kind == PartCall && bytes.Equal(turn[j].ID, call.ID) {
			sharing++
			if j < i {
				nth++
			}
		}
	}
	r := Part{Kind: PartResult, IsError: true}
	found := 0
	for k := range block {
		m := &block[k]
		for j := range m.Parts {
			if p := &m.Parts[j]; p.Kind == PartResult && bytes.Equal(p.ID, call.ID) {
				if found == nth || sharing == 1 {
					r = *p
				}
				found++
			}
		}
	}
	switch {
	case found <= nth:
		r.Parts = []Part{{Kind: PartText, Text: Text(`"no result"`)}}
		a.x.Warn("messages", "a tool call has no result")
	case found > sharing:
		a.x.Warn("messages", "a tool call has several results; the last one counts")
	}
	r.ID, r.Name, r.Namespace, r.Custom = call.ID, call.Name, call.Namespace, call.Custom
	if nth > 0 {
		r.ID = TextOf(call.ID.String() + "_" + strconv.Itoa(nth+1))
	}
	return r
}

// rest is what of a user's turn does not answer a call of the turn before.
func (a *arranger) rest(parts, turn []Part) []Part {
	answered := 0
	for i := range parts {
		if answers(&parts[i], turn) {
			answered++
		}
	}
	switch answered {
	case 0:
		return a.orphans(parts)
	case len(parts):
		return nil
	}
	kept := make([]Part, 0, len(parts)-answered)
	for i := range parts {
		if !answers(&parts[i], turn) {
			kept = append(kept, parts[i])
		}
	}
	return a.orphans(kept)
}

// answers tells whether p is the result of a call of the turn.
func answers(p *Part, turn []Part) bool {
	if p.Kind != PartResult {
		return false
	}
	for i := range turn {
		if turn[i].Kind == PartCall && bytes.Equal(turn[i].ID, p.ID) {
			return true
		}
	}
	return false
}

// orphans turns results that answer no call into words.
func (a *arranger) orphans(parts []Part) []Part {
	for i := range parts {
		if parts[i].Kind != PartResult {
			continue
		}
		a.x.Warn("messages", "a tool result answers no call")
		out := slices.Clone(parts[:i])
		for _, p := range parts[i:] {
			if p.Kind != PartResult {
				out = append(out, p)
				continue
			}
			label := "[tool result]"
			if !p.Name.Empty() {
				label = "[tool result " + p.Name.String() + "]"
			}
			out = append(out, Part{Kind: PartText, Text: TextOf(label)})
			out = append(out, p.Parts...)
		}
		return out
	}
	return parts
}

// full drops texts without characters; parts itself when there are none.
func full(parts []Part) []Part {
	for i := range parts {
		if !parts[i].empty() {
			continue
		}
		kept := append(make([]Part, 0, len(parts)), parts[:i]...)
		for j := i; j < len(parts); j++ {
			if !parts[j].empty() {
				kept = append(kept, parts[j])
			}
		}
		return kept
	}
	return parts
}

// empty tells whether p is a text without characters that nobody signed, or a
// document of such.
func (p *Part) empty() bool {
	if p.Kind == PartFile {
		return p.Media != nil && p.Media.Plain != nil && p.Media.Plain.Empty()
	}
	return (p.Kind == PartText || p.Kind == PartRefusal) && p.Text.Empty() && !p.Signature.Present()
}
