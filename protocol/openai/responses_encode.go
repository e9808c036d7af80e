package openai

import "github.com/llmgw/llmgw/protocol"

// EncodeResponsesResponse appends r as the Response object that a client
// reads. The object is put together by the code that streams it, so that both
// say the same.
func EncodeResponsesResponse(dst []byte, x *protocol.Exchange, r *protocol.Response) []byte {
	w := newResponsesWriter(x)
	w.quiet = true
	for _, e := range r.Replay(nil) {
		w.event(&e)
	}
	return w.appendResponse(dst, w.status(), true)
}

// NewResponsesStreamEncoder returns the encoder of a Responses stream: every
// event of the API that a client can meet, numbered from 0, items strictly one
// after the other, and at the end the whole Response again.
func NewResponsesStreamEncoder(x *protocol.Exchange) protocol.StreamEncoder {
	return newResponsesWriter(x)
}

func newResponsesWriter(x *protocol.Exchange) *responsesWriter {
	return &responsesWriter{x: x, head: ResponsesHead{Sequence: -1, Model: x.Model, CreatedAt: x.Now.Unix()}}
}

// responsesWriter turns events into the items of a Response. An item is closed
// when the next begins or the answer ends and not when its last part stops:
// pieces of one text, which a citation cuts apart, are one message, and only
// the end tells whether an item is whole.
type responsesWriter struct {
	x     *protocol.Exchange
	dst   []byte // where frames go while an event is handled
	frame int    // where in dst the frame at hand begins
	quiet bool   // no frames are wanted
	ended bool

	head  ResponsesHead
	tier  string
	stop  protocol.StopReason
	usage protocol.Usage

	items   []byte // those that are done, a comma between them
	index   int    // of the open item, else of the next
	open    itemKind
	id      string            // of the open item
	part    protocol.PartKind // of the hub's part at hand
	skip    bool              // the part at hand is not shown
	refused bool              // the model said so itself
	text    []byte            // of the open content, escaped: output text, refusal, summary, arguments, input

	message openMessage
	call    openCall
	carry   protocol.Text // signature of the open item, wrapped
}

type itemKind uint8

const (
	noItem itemKind = iota
	messageItem
	reasoningItem
	functionItem
	customItem
)

// Event implements [protocol.StreamEncoder].
func (w *responsesWriter) Event(dst []byte, e *protocol.Event) []byte {
	w.dst = dst
	w.event(e)
	dst, w.dst = w.dst, nil
	return dst
}

func (w *responsesWriter) event(e *protocol.Event) {
	if w.ended || e.Choice != 0 {
		return
	}
	if e.Tier != "" {
		w.tier = e.Tier
	}
	switch e.Kind {
	case protocol.EventPing:
		w.dst = append(w.dst, ": ping\n\n"...)
	case protocol.EventStart:
		w.start(e)
	case protocol.EventPartStart:
		w.partStart(e.Part)
	case protocol.EventDelta:
		w.delta(e.Text)
	case protocol.EventSignature:
		w.signature(e.Part)
	case protocol.EventCite:
		if !w.skip {
			w.message.cite(e.Part.Citations)
		}
	case protocol.EventPartStop:
		w.partStop()
	case protocol.EventLogprobs:
		w.addLogprobs(e.Raw)
	case protocol.EventUsage:
		w.usage = e.Usage
	case protocol.EventStop:
		w.end(e.Stop)
	case protocol.EventEnd:
		w.finish(e)
	case protocol.EventError:
		w.ended = true
		if !w.quiet {
			w.dst = append(w.dst, w.head.ErrorEvents(e.Err)...)
		}
	}
}

func (w *responsesWriter) start(e *protocol.Event) {
	if w.head.ID != "" {
		return // some proxies repeat the beginning
	}
	w.usage = e.Usage
	w.head.ID = w.responseID(e.ID)
	for _, event := range [...]string{"response.created", "response.in_progress"} {
		w.begin(event)
		w.dst = append(w.dst, `,"response":`...)
		w.dst = w.appendResponse(w.dst, "in_progress", false)
		w.close()
	}
}

// responseID keeps the provider's own id recognizable.
func (w *responsesWriter) responseID(id protocol.Text) string {
	if id.Empty() {
		return w.x.NewID("resp_")
	}
	return "resp_" + trimID(id.String())
}

func (w *responsesWriter) partStart(p *protocol.Part) {
	w.part, w.skip = p.Kind, false
	switch p.Kind {
	case protocol.PartText, protocol.PartRefusal:
		if w.open != messageItem {
			w.closeItem()
		}
		w.textStart()
	case protocol.PartThinking, protocol.PartRedacted:
		w.closeItem()
		w.openReasoning()
		w.signature(p)
	case protocol.PartCall:
		w.closeItem()
		w.openCall(p)
	case protocol.PartImage:
		w.image(p.Media)
	case protocol.PartAudio:
		w.say(protocol.Text(`"[audio]"`))
	default:
		w.skip = true // what a provider's own tool does is not shown and takes no index
	}
}

func (w *responsesWriter) delta(text protocol.Text) {
	if text.Empty() || w.skip {
		return
	}
	switch w.part {
	case protocol.PartText, protocol.PartRefusal:
		w.refused = w.refused || w.part == protocol.PartRefusal
		w.textDelta(text)
	case protocol.PartThinking:
		w.summaryDelta(text)
	case protocol.PartCall:
		w.callDelta(text)
	}
}

func (w *responsesWriter) partStop() {
	if w.part == protocol.PartText {
		w.annotate()
		if w.carry != nil && w.open != messageItem { // a signature without a text
			w.openReasoning()
			w.closeReasoning()
		}
	}
	w.skip = true
}

// signature keeps what the client shall carry, if it said that it will.
func (w *responsesWriter) signature(p *protocol.Part) {
	if w.skip || !p.Signature.Present() || !w.wants(includeEncrypted) {
		return
	}
	signed := protocol.Part{Kind: w.part, ID: w.call.id, Signature: p.Signature}
	w.carry = encryptedContent(&signed)
}

func (w *responsesWriter) wants(what string) bool {
	for _, s := range w.x.Request.Include {
		if s == what {
			return true
		}
	}
	return false
}

// end is the answer's end. A refusal without a word gets the provider's reason
// as its words.
func (w *responsesWriter) end(stop protocol.Stop) {
	if w.stop = stop.Reason; w.stop == protocol.StopPause {
		w.x.Warn("stop_reason", "pause_turn becomes completed")
	}
	if stop.Reason == protocol.StopRefusal && !stop.Detail.Empty() && w.index == 0 && w.open == noItem {
		w.part, w.skip = protocol.PartRefusal, false
		w.textStart()
		w.textDelta(stop.Detail)
	}
	w.closeItem()
}

func (w *responsesWriter) finish(e *protocol.Event) {
	w.closeItem()
	w.usage = e.Usage
	status := w.status()
	w.begin("response." + status)
	w.dst = append(w.dst, `,"response":`...)
	w.dst = w.appendResponse(w.dst, status, true)
	w.close()
	w.ended = true
}

func (w *responsesWriter) status() string {
	if w.incomplete() != "" {
		return "incomplete"
	}
	return "completed"
}

// incomplete is why the answer is not whole, "" where it is. What a model says
// when it refuses is whole; what a filter left of it is not.
func (w *responsesWriter) incomplete() string {
	switch {
	case w.stop == protocol.StopLength, w.stop == protocol.StopContext:
		return "max_output_tokens"
	case w.stop == protocol.StopRefusal && !w.refused:
		return "content_filter"
	}
	return ""
}

// itemStatus is how an item ended that is closed where the stream stands.
func (w *responsesWriter) itemStatus() string {
	if w.status() == "incomplete" {
		return "incomplete"
	}
	return "completed"
}
