package openai

import (
	"slices"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// NewChatStreamEncoder returns the encoder of a stream of chat completion
// chunks to the client of x. Every chunk has the same id, time and model; only
// the first piece of a call has its id and name, since SDKs refuse a call that
// changes them.
func NewChatStreamEncoder(x *protocol.Exchange) protocol.StreamEncoder {
	return &chatStreamEncoder{x: x, tail: "]}\n\n"}
}

type chatStreamEncoder struct {
	x       *protocol.Exchange
	head    []byte // of every chunk, up to its choices
	tail    string // of every chunk, behind its choices
	tiered  bool   // the head names the service tier
	said    int    // where the chunk ends that the event before gave, if that was a piece of text
	saidBy  int    // the choice that it is of
	choices []chatChoice
}

// chatChoice is how far one choice of the stream has come.
type chatChoice struct {
	begun, stopped bool
	said           bool // anything but thinking
	part           protocol.PartKind
	custom, empty  bool // of the open call: a custom tool's; nothing of its arguments yet
	calls          int
	details        int // entries of reasoning_details so far
	images         int
	input          inputReader // of a custom tool's call
	cites          []protocol.Citation
	placed         int // so many of cites count from the beginning of all text
	at, length     int // code points before the open text, and of it
}

// Event appends the chunks of an event.
func (e *chatStreamEncoder) Event(dst []byte, ev *protocol.Event) []byte {
	switch ev.Kind {
	case protocol.EventPing:
		return sse.AppendComment(dst, "ping")
	case protocol.EventStart:
		return e.start(dst, ev)
	case protocol.EventEnd:
		return e.end(dst, ev)
	case protocol.EventError:
		return append(dst, ErrorEvent(ev.Err)...)
	case protocol.EventUsage:
		return dst
	}
	said := e.said
	e.said = 0
	if e.head == nil {
		dst = e.start(dst, &protocol.Event{})
	}
	ch := e.choice(ev.Choice)
	if !ch.begun {
		dst = e.role(dst, ev.Choice)
	}
	switch ev.Kind {
	case protocol.EventPartStart:
		return e.partStart(dst, ch, ev)
	case protocol.EventDelta:
		return e.delta(dst, ch, ev)
	case protocol.EventSignature:
		return e.signature(dst, ch, ev.Choice, ev.Part.Signature)
	case protocol.EventCite:
		return ch.cite(dst, ev.Part)
	case protocol.EventPartStop:
		return e.partStop(dst, ch, ev.Choice)
	case protocol.EventLogprobs:
		return e.logprobs(dst, ev, said)
	case protocol.EventStop:
		return e.stop(dst, ch, ev)
	}
	return dst
}

func (e *chatStreamEncoder) start(dst []byte, ev *protocol.Event) []byte {
	if e.head != nil {
		return dst
	}
	e.head = append(e.head, `data: {"id":`...)
	e.head = append(e.head, completionID(e.x, ev.ID)...)
	e.head = append(e.head, `,"object":"chat.completion.chunk"`...)
	e.head = appendOrigin(e.head, e.x, 0)
	e.head = append(e.head, afterTier...)
	e.tier(ev.Tier)
	if e.x.Request.IncludeUsage {
		e.tail = "],\"usage\":null}\n\n"
	}
	return e.role(dst, 0)
}

func (e *chatStreamEncoder) choice(i int) *chatChoice {
	for len(e.choices) <= i {
		e.choices = append(e.choices, chatChoice{})
	}
	return &e.choices[i]
}

// afterTier is what stands in every chunk's head behind the service tier.
const afterTier = `,"system_fingerprint":null,"choices":[`

// tier puts a service tier into the head of all chunks to come. Gemini tells it
// with the last counts.
func (e *chatStreamEncoder) tier(name string) {
	if name == "" || e.tiered {
		return
	}
	e.tiered = true
	e.head = append(e.head[:len(e.head)-len(afterTier)], `,"service_tier":`...)
	e.head = append(protocol.QuoteString(e.head, name), afterTier...)
}

// role appends the first chunk of a choice.
func (e *chatStreamEncoder) role(dst []byte, choice int) []byte {
	e.choice(choice).begun = true
	dst = e.open(dst, choice)
	dst = append(dst, `"role":"assistant","content":"","refusal":null}`...)
	return e.close(dst, "null")
}

// open appends a chunk up to what its delta holds; close appends the rest,
// when the delta's own brace has been written.
func (e *chatStreamEncoder) open(dst []byte, choice int) []byte {
	dst = append(dst, e.head...)
	dst = append(dst, `{"index":`...)
	dst = appendInt(dst, int64(choice))
	return append(dst, `,"delta":{`...)
}

func (e *chatStreamEncoder) close(dst []byte, finish string) []byte {
	dst = append(dst, `,"finish_reason":`...)
	dst = append(dst, finish...)
	dst = append(dst, '}')
	return append(dst, e.tail...)
}

func (e *chatStreamEncoder) partStart(dst []byte, ch *chatChoice, ev *protocol.Event) []byte {
	p := ev.Part
	ch.part, ch.length = p.Kind, 0
	switch p.Kind {
	case protocol.PartCall:
		ch.said, ch.custom, ch.empty, ch.input = true, p.Custom && !e.x.Request.Functions, true, inputReader{}
		return e.callStart(dst, ch, ev.Choice, p)
	case protocol.PartRedacted:
		return e.signature(dst, ch, ev.Choice, p.Signature)
	case protocol.PartImage:
		ch.said = true
		dst = e.open(dst, ev.Choice)
		dst = append(dst, `"images":[`...)
		dst = appendImage(dst, p.Media, ch.images)
		ch.images++
		return e.close(append(dst, "]}"...), "null")
	}
	return dst
}

func (e *chatStreamEncoder) callStart(dst []byte, ch *chatChoice, choice int, p *protocol.Part) []byte {
	ch.calls++
	if e.x.Request.Functions {
		if ch.calls > 1 {
			return dst // the deprecated form has a place for one
		}
		dst = e.open(dst, choice)
		dst = append(dst, `"function_call":{"name":`...)
		dst = appendText(dst, p.Name)
		return e.close(append(dst, `,"arguments":""}}`...), "null")
	}
	dst = e.callPiece(dst, ch, choice)
	dst = append(dst, `,"id":`...)
	dst = appendText(dst, p.ID)
	if p.Custom {
		dst = append(dst, `,"type":"custom","custom":{"name":`...)
		dst = appendText(dst, p.Name)
		return e.close(append(dst, `,"input":""}}]}`...), "null")
	}
	dst = append(dst, `,"type":"function","function":{"name":`...)
	dst = appendText(dst, p.Name)
	dst = append(dst, `,"arguments":""}`...)
	dst = appendThoughtSignature(dst, p.Signature)
	return e.close(append(dst, "}]}"...), "null")
}

// callPiece appends the beginning of a chunk about the open call.
func (e *chatStreamEncoder) callPiece(dst []byte, ch *chatChoice, choice int) []byte {
	dst = e.open(dst, choice)
	dst = append(dst, `"tool_calls":[{"index":`...)
	return appendInt(dst, int64(ch.calls-1))
}

func (e *chatStreamEncoder) delta(dst []byte, ch *chatChoice, ev *protocol.Event) []byte {
	if ev.Text.Empty() {
		return dst
	}
	switch ch.part {
	case protocol.PartText:
		ch.said = true
		ch.length += codePoints(ev.Text.Inner())
		dst = e.open(dst, ev.Choice)
		dst = append(dst, `"content":`...)
		dst = append(dst, ev.Text...)
	case protocol.PartRefusal:
		ch.said = true
		dst = e.open(dst, ev.Choice)
		dst = append(dst, `"refusal":`...)
		dst = append(dst, ev.Text...)
	case protocol.PartThinking:
		dst = e.open(dst, ev.Choice)
		dst = append(dst, `"reasoning_content":`...)
		dst = append(dst, ev.Text...)
		dst = append(dst, `,"reasoning_details":[`...)
		dst = appendDetail(dst, &protocol.Part{Kind: protocol.PartThinking, Text: ev.Text}, ch.details)
		dst = append(dst, ']')
	case protocol.PartCall:
		return e.arguments(dst, ch, ev.Choice, ev.Text)
	default:
		return dst
	}
	dst = e.close(append(dst, '}'), "null")
	e.said, e.saidBy = len(dst), ev.Choice
	return dst
}

// logprobs adds them to the chunk of the piece that they are of, which ends at
// said where it is still at hand.
func (e *chatStreamEncoder) logprobs(dst []byte, ev *protocol.Event, said int) []byte {
	if said > 0 && said == len(dst) && e.saidBy == ev.Choice {
		dst = dst[:said-len(`,"finish_reason":null}`)-len(e.tail)]
	} else {
		dst = append(e.open(dst, ev.Choice), '}')
	}
	dst = append(dst, `,"logprobs":`...)
	return e.close(appendLogprobs(dst, ev.Raw), "null")
}

func (e *chatStreamEncoder) arguments(dst []byte, ch *chatChoice, choice int, text protocol.Text) []byte {
	ch.empty = false
	switch {
	case ch.custom:
		return e.customInput(dst, ch, choice, ch.input.read([]byte{'"'}, text))
	case !e.x.Request.Functions:
		dst = e.callPiece(dst, ch, choice)
		dst = append(dst, `,"function":{"arguments":`...)
		dst = append(dst, text...)
		dst = append(dst, "}}]}"...)
	case ch.calls == 1:
		dst = e.open(dst, choice)
		dst = append(dst, `"function_call":{"arguments":`...)
		dst = append(dst, text...)
		dst = append(dst, "}}"...)
	default:
		return dst
	}
	return e.close(dst, "null")
}

// customInput appends a piece of a custom tool's text; begun is it but for the
// quote at its end.
func (e *chatStreamEncoder) customInput(dst []byte, ch *chatChoice, choice int, begun []byte) []byte {
	if len(begun) == 1 {
		return dst
	}
	dst = e.callPiece(dst, ch, choice)
	dst = append(dst, `,"custom":{"input":`...)
	dst = append(dst, begun...)
	return e.close(append(dst, `"}}]}`...), "null")
}

// signature appends what signs the open part.
func (e *chatStreamEncoder) signature(dst []byte, ch *chatChoice, choice int, sig protocol.Signature) []byte {
	if !sig.Present() {
		return dst
	}
	if ch.part == protocol.PartCall {
		if sig.Maker != protocol.MadeByGemini || ch.custom || e.x.Request.Functions {
			return dst
		}
		dst = e.callPiece(dst, ch, choice)
		dst = appendThoughtSignature(dst, sig)
		return e.close(append(dst, "}]}"...), "null")
	}
	dst = e.open(dst, choice)
	dst = append(dst, `"reasoning_details":[`...)
	dst = appendDetail(dst, &protocol.Part{Kind: ch.part, Signature: sig}, ch.details)
	if ch.part != protocol.PartThinking {
		ch.details++
	}
	return e.close(append(dst, "]}"...), "null")
}

// cite keeps citations until the answer is whole: SDKs either add a list to the
// one before only where its entries are numbered, or take it for the whole list.
func (ch *chatChoice) cite(dst []byte, p *protocol.Part) []byte {
	for i := range p.Citations {
		c := p.Citations[i]
		if c.URL != nil {
			c.URL, c.Title = slices.Clone(c.URL), slices.Clone(c.Title)
			ch.cites = append(ch.cites, c)
		}
	}
	return dst
}

// place finds where in all text the citations of the open one are, which is
// whole: those without a place are of all of it.
func (ch *chatChoice) place() {
	for ; ch.placed < len(ch.cites); ch.placed++ {
		c := &ch.cites[ch.placed]
		if c.End == 0 {
			c.End = ch.length
		}
		c.Start, c.End = c.Start+ch.at, c.End+ch.at
	}
	ch.at += ch.length
}

func (e *chatStreamEncoder) partStop(dst []byte, ch *chatChoice, choice int) []byte {
	switch ch.part {
	case protocol.PartThinking:
		ch.details++
	case protocol.PartText:
		ch.place()
	case protocol.PartCall:
		switch {
		case ch.custom:
			return e.customInput(dst, ch, choice, ch.input.rest([]byte{'"'}))
		case ch.empty:
			return e.arguments(dst, ch, choice, protocol.Text(`"{}"`))
		}
	}
	return dst
}

func (e *chatStreamEncoder) stop(dst []byte, ch *chatChoice, ev *protocol.Event) []byte {
	if ch.stopped {
		return dst
	}
	ch.stopped = true
	e.tier(ev.Tier)
	if !ch.said && ev.Stop.Reason == protocol.StopRefusal && ev.Stop.Detail != nil {
		dst = e.open(dst, ev.Choice)
		dst = append(dst, `"refusal":`...)
		dst = append(dst, ev.Stop.Detail...)
		dst = e.close(append(dst, '}'), "null")
	}
	if len(ch.cites) > 0 {
		dst = append(e.open(dst, ev.Choice), `"annotations":[`...)
		for i := range ch.cites {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendCitation(dst, &ch.cites[i], 0, 0)
		}
		dst = e.close(append(dst, "]}"...), "null")
	}
	dst = append(e.open(dst, ev.Choice), '}')
	return e.close(dst, `"`+finishReason(e.x, ev.Stop.Reason, ch.calls > 0)+`"`)
}

func (e *chatStreamEncoder) end(dst []byte, ev *protocol.Event) []byte {
	if e.x.Request.IncludeUsage && e.head != nil {
		dst = append(dst, e.head...)
		dst = append(dst, `],"usage":`...)
		dst = appendChatUsage(dst, ev.Usage)
		dst = append(dst, "}\n\n"...)
	}
	return append(dst, "data: [DONE]\n\n"...)
}
