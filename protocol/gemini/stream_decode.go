package gemini

import (
	"bytes"
	"slices"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// NewStreamDecoder returns the decoder of one stream: of server-sent events,
// or of the elements of the JSON array that the API sends without alt=sse.
func NewStreamDecoder(x *protocol.Exchange) protocol.StreamDecoder {
	d := &streamDecoder{x: x, cited: maxUnasked}
	d.choices = d.first[:0]
	if r := x.Request; r != nil {
		if r.WebSearch != nil || slices.ContainsFunc(r.Tools, func(t protocol.Tool) bool { return t.Kind == protocol.ToolServer }) {
			d.cited = maxHeld
		}
		d.logprobs = r.Logprobs
		d.single = r.Parallel == protocol.No
	}
	return d
}

// DecodeResponse reads a whole answer: what its one chunk would have been as a
// stream. A body that is the array of a stream is read as one. body is not
// kept.
func DecodeResponse(x *protocol.Exchange, body []byte) (*protocol.Response, error) {
	d := NewStreamDecoder(x)
	d.(*streamDecoder).cited = maxHeld
	var all protocol.Collector
	var events []protocol.Event
	add := func(more []protocol.Event) {
		for i := range more {
			all.Add(&more[i])
		}
		events = more[:0]
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		if err := protocol.ScanArray(trimmed, func(m protocol.Member) { add(d.Frame(events, m.Of(trimmed))) }); err != nil {
			return nil, unreadable()
		}
	} else {
		d.(*streamDecoder).json(body)
		add(d.(*streamDecoder).out)
	}
	add(d.End(events))
	r, err := all.Response()
	if err != nil {
		return nil, err
	}
	return r, nil
}

// maxHeld bounds in bytes what is kept of one streamed answer until it can be
// used: the arguments of a call, the text that citations point into.
const maxHeld = sse.MaxFrame

// maxUnasked bounds the text that is kept for citations where nothing was asked
// for that gives some.
const maxUnasked = 64 << 10

func unreadable() *protocol.Error {
	return protocol.Errorf(protocol.BadGateway, "The provider's answer is not readable.")
}

// streamDecoder reads the chunks of one answer.
type streamDecoder struct {
	x   *protocol.Exchange
	out []protocol.Event // of the frame at hand

	cited    int  // so much text is kept for the places of citations; 0: no more of it
	logprobs bool // the client wants them
	single   bool // the client wants one call at a time

	held          int // bytes kept of the answer so far
	started, done bool
	id            []byte // responseId, without quotes
	counted       []byte // the last usageMetadata
	usage         protocol.Usage
	tier          string
	blocked       protocol.Text // why there is no candidate
	choices       []choice
	first         [1]choice
}

// choice is one candidate of the answer.
type choice struct {
	index   int
	open    bool
	kind    protocol.PartKind // of the open part
	sealed  bool              // the open part has its signature
	calls   int
	usable  bool // something that a client can use has come
	partial *partialCall
	reason  string // finishReason
	message protocol.Text

	text      []byte // the answer's text so far, where citations may come
	partAt    int    // where in text the open part begins
	grounding []byte
}

func (d *streamDecoder) Frame(dst []protocol.Event, raw []byte) []protocol.Event {
	if d.done {
		return dst
	}
	d.out = dst
	head := bytes.TrimLeft(raw, " \t\r\n[,")
	switch {
	case len(head) > 0 && (head[0] == '{' || head[0] == ']'):
		if data := Element(head); data != nil {
			d.json(data)
		}
	default:
		data := sse.Data(raw)
		switch {
		case len(bytes.TrimSpace(data)) > 0 && string(data) != "[DONE]": // some proxies end as OpenAI does
			d.json(data)
		case len(head) > 0 && head[0] == ':':
			d.emit(protocol.Event{Kind: protocol.EventPing})
		}
	}
	return d.out
}

func (d *streamDecoder) emit(e protocol.Event) { d.out = append(d.out, e) }

func (d *streamDecoder) fail(err *protocol.Error) {
	if !d.done {
		d.done = true
		d.emit(protocol.Event{Kind: protocol.EventError, Err: err})
	}
}

// chunkSpans is where in a chunk what matters lies.
type chunkSpans struct {
	candidates, usage, feedback, failure []byte
	id, model                            protocol.Text
}

// json reads one chunk.
func (d *streamDecoder) json(data []byte) {
	var s chunkSpans
	err := protocol.ScanObject(data, func(name []byte, m protocol.Member) {
		v := m.Of(data)
		if protocol.IsNull(v) {
			return
		}
		switch string(name) {
		case "candidates":
			s.candidates = v
		case "usageMetadata":
			s.usage = v
		case "promptFeedback":
			s.feedback = v
		case "responseId":
			s.id = textOf(v)
		case "modelVersion":
			s.model = textOf(v)
		case "error":
			if !protocol.IsBlank(v) {
				s.failure = v
			}
		}
	})
	if err != nil {
		d.fail(unreadable())
		return
	}
	if s.failure != nil {
		d.fail(DecodeError(0, data))
		return
	}
	if bytes.Contains(s.usage, []byte(`TokenCount"`)) {
		d.counted = append(d.counted[:0], s.usage...) // every chunk has the counts so far: the last ones are read at the end
	}
	if !d.started {
		d.readUsage()
		d.started = true
		d.id = bytes.Clone(s.id.Inner())
		d.emit(protocol.Event{Kind: protocol.EventStart, ID: s.id, Model: s.model, Usage: d.usage, Tier: d.tier})
	}
	if s.feedback != nil {
		d.feedback(s.feedback)
	}
	if s.candidates != nil {
		d.candidates(s.candidates)
	}
}

// textOf is a value that is a string, nil for any other.
func textOf(v []byte) protocol.Text {
	if len(v) == 0 || v[0] != '"' {
		return nil
	}
	return protocol.Text(v)
}

func (d *streamDecoder) readUsage() {
	if len(d.counted) == 0 {
		return
	}
	counts(d.counted, &d.usage)
	if v, ok := protocol.Find(d.counted, "serviceTier"); ok {
		s, _ := protocol.String(v)
		d.tier = tierIn(s)
	}
}

// feedback reads why a prompt was refused.
func (d *streamDecoder) feedback(v []byte) {
	reason, ok := protocol.Find(v, "blockReason")
	if !ok || protocol.IsBlank(reason) {
		return
	}
	s, _ := protocol.String(reason)
	d.blocked = protocol.TextOf("blocked: " + s)
	if message, ok := protocol.Find(v, "blockReasonMessage"); ok && textOf(message) != nil {
		d.blocked = bytes.Clone(message)
	}
}

func (d *streamDecoder) candidates(list []byte) {
	c := protocol.NewCursor(list)
	c.Array(func(i int) {
		if c.Kind() == '{' {
			d.candidate(c, i)
		}
	})
	if c.Err() != nil {
		d.fail(unreadable())
	}
}

// candidate reads one candidate of a chunk, the index-th where it does not tell
// its number.
func (d *streamDecoder) candidate(c *protocol.Cursor, index int) {
	var content, grounding, logprobs, reason, message []byte
	c.Object(func(name []byte) {
		switch string(name) {
		case "content":
			content = c.Raw()
		case "index":
			if n, ok := protocol.Int(c.Raw()); ok && n >= 0 && n < 1<<10 {
				index = int(n)
			}
		case "finishReason":
			reason = c.Raw()
		case "finishMessage":
			message = c.Raw()
		case "groundingMetadata":
			grounding = c.Raw()
		case "logprobsResult":
			logprobs = c.Raw()
		}
	})
	ch := d.choice(index)
	if len(content) > 0 && content[0] == '{' {
		d.content(ch, content)
	}
	if d.logprobs && logprobs != nil {
		if raw := logprobsOf(logprobs); raw != nil {
			d.emit(protocol.Event{Kind: protocol.EventLogprobs, Choice: ch.index, Raw: raw})
		}
	}
	if grounding != nil && bytes.Contains(grounding, []byte(`"groundingSupports"`)) {
		ch.grounding = bytes.Clone(grounding)
	}
	if s, ok := protocol.String(reason); ok && s != "" {
		ch.reason = s
		if textOf(message) != nil {
			ch.message = bytes.Clone(message)
		}
	}
}

// choice finds the candidate of an index.
func (d *streamDecoder) choice(index int) *choice {
	for i := range d.choices {
		if d.choices[i].index == index {
			return &d.choices[i]
		}
	}
	d.choices = append(d.choices, choice{index: index})
	return &d.choices[len(d.choices)-1]
}

func (d *streamDecoder) content(ch *choice, content []byte) {
	c := protocol.NewCursor(content)
	c.Object(func(name []byte) {
		if string(name) == "parts" && c.Kind() == '[' {
			c.Array(func(int) {
				if c.Kind() == '{' {
					d.part(ch, c)
				}
			})
		}
	})
	if c.Err() != nil {
		d.fail(unreadable())
	}
}
