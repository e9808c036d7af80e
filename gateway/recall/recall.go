// Package recall remembers what an answer's tool calls were signed with, for
// clients that cannot carry it: a provider wants the thinking, or the thought
// signature, of its own call back when the tool's result comes, and most
// dialects have no field for it.
//
// The memory lives on the node that owns the client's key, where the next
// request of the conversation arrives too. A miss is never fatal: the encoders
// know what a provider accepts instead.
package recall

import (
	"sync"
	"time"

	"github.com/llmgw/llmgw/protocol"
)

// Limits of a Memory. A signature is some hundred bytes to some KiB.
const (
	maxEntries = 20_000
	maxBytes   = 64 << 20
	ttl        = time.Hour // longer than tools run
)

// Memory holds what was signed, by client key and call id, the oldest going
// first when it is full. It may be used from any goroutine.
type Memory struct {
	mu      sync.Mutex
	entries map[id]*entry
	order   []id // as they came, the oldest first; forgotten ones may linger
	bytes   int
	now     func() time.Time
}

type id struct{ key, call string }

type entry struct {
	born      time.Time
	thinking  []protocol.Part // what stood before the first call of the answer
	signature protocol.Signature
	size      int
}

// New returns an empty memory; now is the clock.
func New(now func() time.Time) *Memory {
	return &Memory{entries: make(map[id]*entry), now: now}
}

// Keep remembers what the calls in parts, an answer to the client's key, were
// signed with. Thinking belongs to the first call behind it. parts are copied.
func (m *Memory) Keep(key string, parts []protocol.Part) {
	var thinking []protocol.Part
	for i := range parts {
		p := &parts[i]
		switch p.Kind {
		case protocol.PartThinking, protocol.PartRedacted:
			if p.Signature.Present() {
				thinking = append(thinking, p.Clone())
			}
		case protocol.PartCall:
			if len(thinking) > 0 || p.Signature.Present() {
				m.put(id{key, p.ID.String()}, &entry{born: m.now(), thinking: thinking, signature: p.Clone().Signature})
			}
			thinking = nil
		}
	}
}

func (m *Memory) put(at id, e *entry) {
	e.size = len(at.key) + len(at.call) + len(e.signature.Data) + 200
	for i := range e.thinking {
		e.size += len(e.thinking[i].Text) + len(e.thinking[i].Signature.Data) + 300
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(at)
	m.entries[at], m.bytes = e, m.bytes+e.size
	m.order = append(m.order, at)
	for len(m.order) > 0 && (len(m.entries) > maxEntries || m.bytes > maxBytes || len(m.order) > 2*maxEntries || m.expired(m.order[0])) {
		m.forget(m.order[0])
		m.order = m.order[1:]
	}
}

// expired also tells that an entry is gone already.
func (m *Memory) expired(at id) bool {
	e := m.entries[at]
	return e == nil || m.now().Sub(e.born) > ttl
}

func (m *Memory) forget(at id) {
	if e := m.entries[at]; e != nil {
		m.bytes -= e.size
		delete(m.entries, at)
	}
}

// Restore puts back what the maker signed into the assistant's turns of a
// request of the client's key: thinking in front of a turn that has none,
// signatures on calls that have none. It changes r.
func (m *Memory) Restore(key string, r *protocol.Request, maker protocol.Maker) {
	for i := range r.Messages {
		if msg := &r.Messages[i]; msg.Role == protocol.RoleAssistant {
			msg.Parts = m.restore(key, msg.Parts, maker)
		}
	}
}

func (m *Memory) restore(key string, parts []protocol.Part, maker protocol.Maker) []protocol.Part {
	thinks := false
	for i := range parts {
		p := &parts[i]
		if p.Kind == protocol.PartThinking || p.Kind == protocol.PartRedacted {
			thinks = thinks || p.Signature.Maker == maker
		}
	}
	var before []protocol.Part
	for i := range parts {
		p := &parts[i]
		if p.Kind != protocol.PartCall || p.Signature.Present() {
			continue
		}
		e := m.get(id{key, p.ID.String()})
		if e == nil {
			continue
		}
		if e.signature.Maker == maker {
			p.Signature = e.signature
		}
		if !thinks && len(e.thinking) > 0 && e.thinking[0].Signature.Maker == maker {
			before, thinks = e.thinking, true
		}
	}
	if before == nil {
		return parts
	}
	out := make([]protocol.Part, 0, len(before)+len(parts))
	return append(append(out, before...), parts...)
}

func (m *Memory) get(at id) *entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.expired(at) {
		return nil
	}
	return m.entries[at]
}
