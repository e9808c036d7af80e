package protocol

import (
	"bytes"
	"slices"
)

// Collector makes one Response of a stream's events: for a client that asked
// for no stream and an instance that streams all the same. What it keeps is
// copied, so that frames may be reused. The zero value is ready for use.
type Collector struct {
	r    Response
	open map[int]*collected
	err  *Error
	done bool
}

// collected is a part that is being put together.
type collected struct {
	part Part
	text []byte // escaped, without quotes
}

// Add takes the next event.
func (c *Collector) Add(e *Event) {
	switch e.Kind {
	case EventStart:
		c.r.ID, c.r.Model, c.r.Usage = slices.Clone(e.ID), slices.Clone(e.Model), e.Usage
	case EventPartStart:
		if c.open == nil {
			c.open = make(map[int]*collected)
		}
		c.open[e.Choice] = &collected{part: e.Part.Clone()}
	case EventDelta:
		if p := c.open[e.Choice]; p != nil {
			p.text = append(p.text, e.Text.Inner()...)
		}
	case EventSignature:
		if p := c.open[e.Choice]; p != nil {
			p.part.Signature = e.Part.Signature.clone()
		}
	case EventCite:
		if p := c.open[e.Choice]; p != nil {
			p.part.Citations = append(p.part.Citations, e.Part.Clone().Citations...)
		}
	case EventPartStop:
		c.close(e.Choice)
	case EventLogprobs:
		ch := c.choice(e.Choice)
		ch.Logprobs = joinLogprobs(ch.Logprobs, e.Raw)
	case EventStop:
		c.choice(e.Choice).Stop = Stop{Reason: e.Stop.Reason, Sequence: slices.Clone(e.Stop.Sequence), Detail: slices.Clone(e.Stop.Detail)}
	case EventUsage:
		c.r.Usage = e.Usage
	case EventEnd:
		c.r.Usage, c.done = e.Usage, true
	case EventError:
		c.err = e.Err
	}
	if e.Tier != "" {
		c.r.Tier = e.Tier
	}
}

// Response returns the whole answer, or why there is none: the stream's error,
// or that it was cut.
func (c *Collector) Response() (*Response, *Error) {
	if c.err != nil {
		return nil, c.err
	}
	if !c.done {
		return nil, Errorf(BadGateway, "The provider's answer broke off.")
	}
	c.choice(0)
	return &c.r, nil
}

func (c *Collector) choice(i int) *Choice {
	for len(c.r.Choices) <= i {
		c.r.Choices = append(c.r.Choices, Choice{})
	}
	return &c.r.Choices[i]
}

func (c *Collector) close(choice int) {
	p := c.open[choice]
	if p == nil {
		return
	}
	delete(c.open, choice)
	text := append(append(Text{'"'}, p.text...), '"')
	switch p.part.Kind {
	case PartText, PartThinking, PartRefusal:
		p.part.Text = text
	case PartCall:
		p.part.Args = ArgsOf(text)
	}
	ch := c.choice(choice)
	ch.Parts = append(ch.Parts, p.part)
}

// ArgsOf makes a call's arguments of their JSON in a string, as OpenAI sends
// them. Arguments are always an object: nothing becomes {}, another value
// {"value":...}, and what is no JSON (the model was cut off) or gives a name
// twice, so that nobody knows what is meant, is kept under "_raw_arguments".
func ArgsOf(text Text) Raw {
	s := bytes.TrimSpace(text.Bytes())
	if len(s) == 0 {
		return Raw("{}")
	}
	if ScanObject(s, func([]byte, Member) {}) == nil {
		return s
	}
	values := 0
	if s[0] != '{' && ScanArray(slices.Concat([]byte{'['}, s, []byte{']'}), func(Member) { values++ }) == nil && values == 1 {
		return slices.Concat(Raw(`{"value":`), s, []byte{'}'})
	}
	return slices.Concat(Raw(`{"_raw_arguments":`), Raw(text), []byte{'}'})
}

func (s Signature) clone() Signature {
	return Signature{Maker: s.Maker, Data: slices.Clone(s.Data), ID: slices.Clone(s.ID)}
}

// Clone copies a part with all that it points to.
func (p *Part) Clone() Part {
	out := *p
	for _, t := range []*Text{&out.Text, &out.ID, &out.Name, &out.Namespace} {
		*t = slices.Clone(*t)
	}
	out.Args, out.Raw = slices.Clone(p.Args), slices.Clone(p.Raw)
	out.Signature = p.Signature.clone()
	out.Citations = slices.Clone(p.Citations)
	for i := range out.Citations {
		c := &out.Citations[i]
		c.URL, c.Title = slices.Clone(c.URL), slices.Clone(c.Title)
	}
	if p.Media != nil {
		m := *p.Media
		for _, t := range []*Text{&m.Type, &m.Data, &m.URL, &m.FileID, &m.Name, &m.Plain, &m.Context} {
			*t = slices.Clone(*t)
		}
		out.Media = &m
	}
	return out
}

// joinLogprobs appends the tokens of one {"content":[...]} to another's.
func joinLogprobs(a, b Raw) Raw {
	if a == nil {
		return slices.Clone(b)
	}
	x, okX := Find(a, "content")
	y, okY := Find(b, "content")
	if !okX || !okY || len(x) < 2 || len(y) < 2 {
		return a
	}
	out := append(Raw(`{"content":[`), x[1:len(x)-1]...)
	if len(bytes.TrimSpace(x[1:len(x)-1])) > 0 && len(bytes.TrimSpace(y[1:len(y)-1])) > 0 {
		out = append(out, ',')
	}
	return append(append(out, y[1:len(y)-1]...), "]}"...)
}

// Replay appends the events that a whole answer would have had as a stream:
// for a client that asked for one and an instance that did not give it.
func (r *Response) Replay(dst []Event) []Event {
	dst = append(dst, Event{Kind: EventStart, ID: r.ID, Model: r.Model, Tier: r.Tier, Usage: r.Usage})
	for i := range r.Choices {
		ch := &r.Choices[i]
		for j := range ch.Parts {
			dst = replayPart(dst, i, &ch.Parts[j])
		}
		if ch.Logprobs != nil {
			dst = append(dst, Event{Kind: EventLogprobs, Choice: i, Raw: ch.Logprobs})
		}
		dst = append(dst, Event{Kind: EventStop, Choice: i, Stop: ch.Stop})
	}
	return append(dst, Event{Kind: EventEnd, Usage: r.Usage, Tier: r.Tier})
}

func replayPart(dst []Event, choice int, p *Part) []Event {
	start := *p
	start.Text, start.Args, start.Citations, start.Signature = nil, nil, nil, Signature{}
	if p.Kind == PartRedacted || p.Kind == PartCall {
		start.Signature = p.Signature
	}
	dst = append(dst, Event{Kind: EventPartStart, Choice: choice, Part: &start})
	switch {
	case p.Kind == PartCall:
		dst = append(dst, Event{Kind: EventDelta, Choice: choice, Text: AppendQuotedJSON(nil, p.Args)})
	case !p.Text.Empty():
		dst = append(dst, Event{Kind: EventDelta, Choice: choice, Text: p.Text})
	}
	if p.Signature.Present() && !start.Signature.Present() {
		dst = append(dst, Event{Kind: EventSignature, Choice: choice, Part: p})
	}
	if len(p.Citations) > 0 {
		dst = append(dst, Event{Kind: EventCite, Choice: choice, Part: p})
	}
	return append(dst, Event{Kind: EventPartStop, Choice: choice})
}
