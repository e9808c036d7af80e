package anthropic

import (
	"github.com/llmgw/llmgw/protocol"
)

// findPrefill finds out whether the assistant has the last word. A turn that
// ends in a server tool's block is one that paused, and goes on.
func (e *encoder) findPrefill() {
	n := len(e.r.Messages)
	if n == 0 || e.r.Messages[n-1].Role != protocol.RoleAssistant {
		return
	}
	parts := e.r.Messages[n-1].Parts
	for i := len(parts) - 1; i >= 0; i-- {
		switch p := &parts[i]; p.Kind {
		case protocol.PartText, protocol.PartRefusal:
			if !p.Text.Blank() {
				e.prefill = p
				return
			}
		case protocol.PartImage, protocol.PartFile, protocol.PartAudio:
			e.prefill = p
			return
		case protocol.PartServerTool:
			return
		}
	}
}

func (e *encoder) checkPrefill() error {
	if e.prefill == nil || e.m.prefill {
		return nil
	}
	err := protocol.Invalid("messages", "This model does not continue an answer that the request begins: the last message must be the user's.")
	err.Reason = "prefill_unsupported"
	return err
}

// system writes what the system says before the first turn, and returns the
// index of that turn.
func (e *encoder) system() int {
	first, n := 0, 0
	block := func(t protocol.Text, cache protocol.CacheMark) {
		if n++; n == 1 {
			e.dst = append(e.dst, `,"system":[`...)
		} else {
			e.dst = append(e.dst, ',')
		}
		e.text(t, cache)
	}
	for first < len(e.r.Messages) && isSystem(&e.r.Messages[first]) {
		first++
	}
	if first == len(e.r.Messages) { // nobody else speaks: the system's words become the user's
		first = 0
	}
	for i := range e.r.Messages[:first] {
		for j := range e.r.Messages[i].Parts {
			p := &e.r.Messages[i].Parts[j]
			block(p.Text, p.Cache)
		}
	}
	if e.instruction != "" {
		block(protocol.TextOf(e.instruction), protocol.CacheNone)
	}
	if n > 0 {
		e.dst = append(e.dst, ']')
	}
	return first
}

func isSystem(m *protocol.Message) bool {
	return m.Role == protocol.RoleSystem || m.Role == protocol.RoleDeveloper
}

// messages writes the turns from index first on, as the last member of the
// body: one more turn leaves the bytes before it as they are.
func (e *encoder) messages(first int) error {
	e.dst = append(e.dst, `,"messages":[`...)
	alone := first == 0 && len(e.r.Messages) > 0 && isSystem(&e.r.Messages[0])
	var held []protocol.Part // of system messages, until they may stand
	for i := first; i < len(e.r.Messages); i++ {
		m := &e.r.Messages[i]
		switch {
		case m.Role == protocol.RoleAssistant && silent(m.Parts):
			if len(held) > 0 && i < len(e.r.Messages)-1 { // the system's words stay where they were sent, and need it behind them
				e.release(held)
				held = nil
				e.open("assistant")
				e.text(protocol.Text(`"."`), protocol.CacheNone)
			}
		case m.Role == protocol.RoleAssistant:
			e.release(held)
			held = nil
			if err := e.parts("assistant", m.Parts); err != nil {
				return err
			}
		case m.Role == protocol.RoleUser, alone:
			if err := e.parts("user", m.Parts); err != nil {
				return err
			}
			if e.role != "user" {
				e.open("user")
				e.text(protocol.Text(`"."`), protocol.CacheNone) // a turn without content is refused
			}
		case e.m.system:
			held = append(held, m.Parts...)
		default:
			e.inline(m.Parts)
		}
	}
	e.release(held)
	if e.role == "" {
		e.open("user")
		e.text(protocol.Text(`"."`), protocol.CacheNone)
	}
	e.dst = append(e.dst, "]}]"...)
	return nil
}

// silent tells whether an assistant's turn came no further than its thinking,
// with which none can end: it is not sent.
func silent(parts []protocol.Part) bool {
	for i := range parts {
		switch p := &parts[i]; p.Kind {
		case protocol.PartText, protocol.PartRefusal:
			if !p.Text.Blank() {
				return false
			}
		case protocol.PartThinking, protocol.PartRedacted:
		default:
			return false
		}
	}
	return true
}

// release writes held system messages where they are legal: behind a user's
// turn, before an assistant's or at the end.
func (e *encoder) release(held []protocol.Part) {
	if len(held) == 0 {
		return
	}
	if e.role != "user" {
		e.inline(held)
		return
	}
	for i := range held {
		if p := &held[i]; p.Kind == protocol.PartText && !p.Text.Blank() {
			e.open("system")
			e.text(p.Text, p.Cache)
		}
	}
}

// inline writes a system message as a text of the user's.
func (e *encoder) inline(parts []protocol.Part) {
	for i := range parts {
		p := &parts[i]
		if p.Kind != protocol.PartText || p.Text.Blank() {
			continue
		}
		e.x.Warn("messages", "a system message behind the first turn is sent as a user's text")
		e.open("user")
		e.text(protocol.AppendTexts(nil, "", protocol.Text(`"<system>"`), p.Text, protocol.Text(`"</system>"`)), p.Cache)
	}
}

// open begins a block of a message of the role, and the message unless it is
// open.
func (e *encoder) open(role string) {
	if e.role == role {
		e.dst = append(e.dst, ',')
		return
	}
	if e.role != "" {
		e.dst = append(e.dst, "]},"...)
	}
	e.role = role
	e.dst = append(e.dst, `{"role":"`...)
	e.dst = append(e.dst, role...)
	e.dst = append(e.dst, `","content":[`...)
}

// mark is a cache_control that was written.
type mark struct {
	start, end int // in dst, the comma before it included
	hour       bool
}

// mark writes a cache_control as one more member of an object.
func (e *encoder) mark(cache protocol.CacheMark) {
	if cache == protocol.CacheNone {
		return
	}
	start := len(e.dst)
	if cache == protocol.Cache1h {
		e.dst = append(e.dst, `,"cache_control":{"type":"ephemeral","ttl":"1h"}`...)
	} else {
		e.dst = append(e.dst, markMember...)
	}
	e.marks = append(e.marks, mark{start, len(e.dst), cache == protocol.Cache1h})
}

const markMember = `,"cache_control":{"type":"ephemeral"}`

// maxMarks is how many cache_control a request may have.
const maxMarks = 4

// limitMarks takes back marks above the limit, from the second one on: the
// first keeps what many conversations share, the last ones this conversation.
// A mark of an hour behind one of five minutes is refused, and becomes one of
// five minutes.
func (e *encoder) limitMarks() {
	var edits []protocol.Edit
	surplus, short := len(e.marks)-maxMarks, false
	top := e.r.Cache != protocol.CacheNone // it is written first and stands for the last block
	for i, m := range e.marks {
		first := i == 0 && !top || i == 1 && top
		switch {
		case surplus > 0 && !first && !(top && i == 0):
			e.x.Warn("cache_control", "more than four marks")
			edits = append(edits, protocol.Edit{Start: m.start, End: m.end})
			surplus--
		case top && i == 0:
		case m.hour && short:
			edits = append(edits, e.shorten(m))
		case !m.hour:
			short = true
		}
	}
	if top && e.marks[0].hour && short {
		edits = append([]protocol.Edit{e.shorten(e.marks[0])}, edits...)
	}
	if len(edits) > 0 {
		e.dst = protocol.Splice(make([]byte, 0, len(e.dst)), e.dst, edits...)
	}
}

func (e *encoder) shorten(m mark) protocol.Edit {
	e.x.Warn("cache_control", "ttl 1h behind 5m shortened")
	return protocol.Edit{Start: m.start, End: m.end, With: []byte(markMember)}
}
