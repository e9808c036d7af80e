package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// openMessage is what is open of a message item.
type openMessage struct {
	refusal  bool   // the open content is one
	content  bool   // some content is open
	contents []byte // those that are done, a comma between them
	index    int    // of the open content, else of the next

	from     int // where in the open text the hub's part at hand begins, in bytes
	cites    []protocol.Citation
	notes    []byte // annotations of the open text, a comma between them
	noted    int
	logprobs []byte // of the open text, a comma between them

	counted int // bytes of the open text whose code points have been counted
	points  int
}

// cite keeps citations until the part that they belong to is whole.
func (m *openMessage) cite(cites []protocol.Citation) {
	for _, c := range cites {
		if !c.URL.Empty() {
			m.cites = append(m.cites, protocol.Citation{URL: bytes.Clone(c.URL), Title: bytes.Clone(c.Title), Start: c.Start, End: c.End})
		}
	}
}

// addLogprobs takes {"content":[...]}.
func (w *responsesWriter) addLogprobs(raw protocol.Raw) {
	m := &w.message
	list, ok := protocol.Find(raw, "content")
	if !ok || len(list) < 2 || !m.content || m.refusal {
		return
	}
	tokens := bytes.TrimSpace(protocol.Raw(list[1 : len(list)-1]).Compact())
	if len(tokens) == 0 {
		return
	}
	if len(m.logprobs) > 0 {
		m.logprobs = append(m.logprobs, ',')
	}
	m.logprobs = append(m.logprobs, tokens...)
	const none = `,"logprobs":[]}` + "\n\n" // of the delta before, where it is still at hand
	if bytes.HasSuffix(w.dst, []byte(none)) {
		w.dst = append(w.dst[:len(w.dst)-len("]}\n\n")], tokens...)
		w.dst = append(w.dst, "]}\n\n"...)
	}
}

// textStart begins a part of the hub, which may go on with the open content.
func (w *responsesWriter) textStart() {
	m := &w.message
	if m.content && m.refusal != (w.part == protocol.PartRefusal) {
		w.closeContent()
	}
	m.from = 0
	if m.content {
		m.from = len(w.text)
	}
}

// textDelta writes a piece of the answer's text. Nothing is opened before
// there is some: an empty message would be shown.
func (w *responsesWriter) textDelta(text protocol.Text) {
	m := &w.message
	if w.open != messageItem {
		w.added(messageItem, "msg_", "message", `,"status":"in_progress","role":"assistant","content":[]`)
	}
	if !m.content {
		m.content, m.refusal = true, w.part == protocol.PartRefusal
		w.aboutContent("response.content_part.added")
		w.dst = append(w.dst, `,"part":`...)
		w.dst = w.appendContent(w.dst)
		w.close()
	}
	w.text = append(w.text, text.Inner()...)
	if m.refusal {
		w.aboutContent("response.refusal.delta")
		w.dst = appendMember(w.dst, "delta", text.Inner())
	} else {
		w.aboutContent("response.output_text.delta")
		w.dst = appendMember(w.dst, "delta", text.Inner())
		w.dst = append(w.dst, `,"logprobs":[]`...)
	}
	w.close()
}

// say writes a text that stands for something that Responses cannot show.
func (w *responsesWriter) say(text protocol.Text) {
	if w.open != messageItem {
		w.closeItem()
	}
	w.part = protocol.PartText
	w.textStart()
	w.textDelta(text)
	w.skip = true
}

func (w *responsesWriter) aboutContent(event string) {
	w.about(event)
	w.dst = append(w.dst, `,"content_index":`...)
	w.dst = appendInt(w.dst, int64(w.message.index))
}

// appendContent appends the open content as it stands.
func (w *responsesWriter) appendContent(dst []byte) []byte {
	m := &w.message
	if m.refusal {
		dst = append(dst, `{"type":"refusal"`...)
		dst = appendMember(dst, "refusal", w.text)
		return append(dst, '}')
	}
	dst = append(dst, `{"type":"output_text"`...)
	dst = appendMember(dst, "text", w.text)
	dst = append(dst, `,"annotations":[`...)
	dst = append(dst, m.notes...)
	dst = append(dst, `],"logprobs":[`...)
	dst = append(dst, m.logprobs...)
	return append(dst, "]}"...)
}

// annotate writes what the part at hand cites. Indexes count code points of
// the whole text.
func (w *responsesWriter) annotate() {
	m := &w.message
	if len(m.cites) == 0 {
		return
	}
	if m.content && !m.refusal {
		from, to := m.pointsUpTo(w.text, m.from), m.pointsUpTo(w.text, len(w.text))
		for _, c := range m.cites {
			w.annotation(c, from, to)
		}
	}
	m.cites = m.cites[:0]
}

func (w *responsesWriter) annotation(c protocol.Citation, from, to int) {
	m := &w.message
	start, end := from, to
	if c.Start != 0 || c.End != 0 {
		start, end = min(from+c.Start, to), min(from+c.End, to)
	}
	if len(m.notes) > 0 {
		m.notes = append(m.notes, ',')
	}
	at := len(m.notes)
	m.notes = append(m.notes, `{"type":"url_citation"`...)
	m.notes = appendMember(m.notes, "url", c.URL.Inner())
	m.notes = appendMember(m.notes, "title", c.Title.Inner())
	m.notes = append(m.notes, `,"start_index":`...)
	m.notes = appendInt(m.notes, int64(start))
	m.notes = append(m.notes, `,"end_index":`...)
	m.notes = append(appendInt(m.notes, int64(end)), '}')

	w.aboutContent("response.output_text.annotation.added")
	w.dst = append(w.dst, `,"annotation_index":`...)
	w.dst = appendInt(w.dst, int64(m.noted))
	w.dst = append(w.dst, `,"annotation":`...)
	w.dst = append(w.dst, m.notes[at:]...)
	w.close()
	m.noted++
}

// pointsUpTo returns how many code points stand before byte n of the open
// text. It must not be asked for less than before, so that each byte is looked
// at once.
func (m *openMessage) pointsUpTo(text []byte, n int) int {
	m.points += codePoints(text[m.counted:n])
	m.counted = n
	return m.points
}

// closeContent ends the open content.
func (w *responsesWriter) closeContent() {
	m := &w.message
	if !m.content {
		return
	}
	if m.refusal {
		w.aboutContent("response.refusal.done")
		w.dst = appendMember(w.dst, "refusal", w.text)
	} else {
		w.aboutContent("response.output_text.done")
		w.dst = appendMember(w.dst, "text", w.text)
		w.dst = append(w.dst, `,"logprobs":[`...)
		w.dst = append(w.dst, m.logprobs...)
		w.dst = append(w.dst, ']')
	}
	w.close()

	if m.index > 0 {
		m.contents = append(m.contents, ',')
	}
	at := len(m.contents)
	m.contents = w.appendContent(m.contents)
	w.aboutContent("response.content_part.done")
	w.dst = append(w.dst, `,"part":`...)
	w.dst = append(w.dst, m.contents[at:]...)
	w.close()
	*m = openMessage{contents: m.contents, index: m.index + 1}
	w.text = w.text[:0]
}

func (w *responsesWriter) closeMessage() {
	w.closeContent()
	at := w.nextItem()
	w.items = w.appendItem(w.items, "message")
	w.items = appendMember(w.items, "status", []byte(w.itemStatus()))
	w.items = append(w.items, `,"role":"assistant","content":[`...)
	w.items = append(w.items, w.message.contents...)
	w.items = append(w.items, "]}"...)
	w.done(at)
	w.message = openMessage{}
}
