package recall

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// Watcher picks out of a stream's events what [Memory.Keep] wants, and keeps it
// at the stream's end. It belongs to one stream and one goroutine.
type Watcher struct {
	memory *Memory
	key    string
	parts  []protocol.Part
	open   *protocol.Part
	text   protocol.Text // of the open thinking, so far without its last quote
}

// Watch starts to watch a stream for the client's key.
func (m *Memory) Watch(key string) *Watcher { return &Watcher{memory: m, key: key} }

// Event takes the next event. Only the first choice is kept: the others cannot
// be continued.
func (w *Watcher) Event(e *protocol.Event) {
	if e.Choice != 0 {
		return
	}
	switch e.Kind {
	case protocol.EventPartStart:
		switch e.Part.Kind {
		case protocol.PartThinking, protocol.PartRedacted, protocol.PartCall:
			p := e.Part.Clone()
			w.open, w.text = &p, append(w.text[:0], '"')
		default:
			w.open = nil
		}
	case protocol.EventDelta:
		if w.open != nil && w.open.Kind == protocol.PartThinking {
			w.text = append(w.text, e.Text.Inner()...)
		}
	case protocol.EventSignature:
		if w.open != nil {
			w.open.Signature = e.Part.Clone().Signature
		}
	case protocol.EventPartStop:
		if w.open != nil {
			if len(w.text) > 1 {
				w.open.Text = append(bytes.Clone(w.text), '"')
			}
			w.parts = append(w.parts, *w.open)
			w.open = nil
		}
	case protocol.EventEnd:
		w.memory.Keep(w.key, w.parts)
	}
}
