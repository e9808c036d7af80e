package gemini

import (
	"bytes"
	"unicode/utf8"

	"github.com/llmgw/llmgw/protocol"
)

// answerPart puts one candidate's parts together from events, for a whole
// answer and for a stream alike: text goes out piece by piece, a call when it
// is whole, as Google's clients expect.
type answerPart struct {
	index int
	show  bool // thinking is to be seen

	kind      protocol.PartKind
	id, name  protocol.Text
	buf       []byte // of a call's arguments or of thinking, escaped, without quotes
	signature protocol.Signature
	thinking  []protocol.Part // with signatures of others, for the next call

	text   []byte // decoded, where citations may come
	cites  []protocol.Citation
	placed int // so many of cites count from the beginning of text, the others from that of the open part
	logs   protocol.Raw
	stop   protocol.Stop
	ended  bool
	keep   int  // so much of text is kept; 0: no more of it
	held   int  // bytes of thinking kept
	over   bool // a call is longer than it may be
	at     int  // where in text, in code points, the open part begins
}

// event appends the parts that an event completes, without a comma before the
// first; dst is empty or holds parts.
func (a *answerPart) event(dst []byte, e *protocol.Event) []byte {
	switch e.Kind {
	case protocol.EventPartStart:
		return a.start(dst, e.Part)
	case protocol.EventDelta:
		return a.delta(dst, e.Text)
	case protocol.EventSignature:
		return a.sign(dst, e.Part.Signature)
	case protocol.EventCite:
		for _, c := range e.Part.Citations {
			if a.keep == 0 {
				break
			}
			c.URL, c.Title = bytes.Clone(c.URL), bytes.Clone(c.Title)
			a.cites = append(a.cites, c)
		}
	case protocol.EventPartStop:
		return a.finish(dst)
	case protocol.EventStop:
		a.ended = true
		a.stop = protocol.Stop{Reason: e.Stop.Reason, Detail: bytes.Clone(e.Stop.Detail)}
	}
	return dst
}

func comma(dst []byte) []byte {
	if len(dst) > 0 && dst[len(dst)-1] == '}' {
		return append(dst, ',')
	}
	return dst
}

func (a *answerPart) start(dst []byte, p *protocol.Part) []byte {
	a.kind, a.buf = p.Kind, a.buf[:0]
	a.signature = protocol.Signature{}
	switch p.Kind {
	case protocol.PartText:
		if a.keep > 0 {
			a.at, a.placed = utf8.RuneCount(a.text), len(a.cites)
		}
	case protocol.PartCall:
		a.id, a.name = append(a.id[:0], p.ID...), append(a.name[:0], p.Name...)
		a.setSignature(p.Signature)
	case protocol.PartRedacted:
		a.setSignature(p.Signature)
	case protocol.PartImage, protocol.PartFile, protocol.PartAudio:
		return mediaOut(dst, p.Media)
	}
	return dst
}

func (a *answerPart) setSignature(s protocol.Signature) {
	if s.Present() {
		a.signature = protocol.Signature{Maker: s.Maker, Data: bytes.Clone(s.Data), ID: bytes.Clone(s.ID)}
	}
}

func (a *answerPart) delta(dst []byte, t protocol.Text) []byte {
	if t.Empty() {
		return dst
	}
	switch a.kind {
	case protocol.PartText, protocol.PartRefusal:
		if len(a.text)+len(t) > a.keep {
			a.keep, a.cites = 0, nil
		}
		if a.keep > 0 {
			a.text = appendDecoded(a.text, t)
		}
		dst = append(comma(dst), `{"text":`...)
		return append(append(dst, t...), '}')
	case protocol.PartThinking:
		if a.held += len(t); a.held <= maxHeld {
			a.buf = append(a.buf, t.Inner()...)
		}
		if a.show {
			dst = append(comma(dst), `{"text":`...)
			return append(append(dst, t...), `,"thought":true}`...)
		}
	case protocol.PartCall:
		if a.over = len(a.buf)+len(t) > maxHeld; !a.over {
			a.buf = append(a.buf, t.Inner()...)
		}
	}
	return dst
}

// place finds where in the answer the citations of the open text are, which is
// whole: those without a place are of all of it.
func (a *answerPart) place() {
	for ; a.placed < len(a.cites); a.placed++ {
		c := &a.cites[a.placed]
		if c.Start == 0 && c.End == 0 {
			c.End = utf8.RuneCount(a.text) - a.at
		}
		c.Start, c.End = c.Start+a.at, c.End+a.at
	}
}

func (a *answerPart) sign(dst []byte, s protocol.Signature) []byte {
	a.setSignature(s)
	if s.Maker != protocol.MadeByGemini || a.kind == protocol.PartCall {
		return dst
	}
	a.signature = protocol.Signature{}
	dst = append(comma(dst), `{"text":"","thoughtSignature":`...)
	return append(append(dst, s.Data...), '}')
}

func (a *answerPart) finish(dst []byte) []byte {
	switch a.kind {
	case protocol.PartText:
		a.place()
	case protocol.PartThinking, protocol.PartRedacted:
		if a.signature.Present() && a.held <= maxHeld {
			text := append(append(protocol.Text{'"'}, a.buf...), '"')
			a.thinking = append(a.thinking, protocol.Part{Kind: a.kind, Text: text, Signature: a.signature})
		}
	case protocol.PartCall:
		return a.call(dst)
	}
	return dst
}

func (a *answerPart) call(dst []byte) []byte {
	dst = append(comma(dst), `{"functionCall":{`...)
	if !a.id.Empty() {
		dst = append(dst, `"id":`...)
		dst = append(append(dst, a.id...), ',')
	}
	dst = append(dst, `"name":`...)
	dst = append(dst, a.name...)
	dst = append(dst, `,"args":`...)
	args := protocol.ArgsOf(append(append(protocol.Text{'"'}, a.buf...), '"'))
	dst = append(append(dst, args.Compact()...), '}')
	switch {
	case len(a.thinking) > 0:
		dst = append(dst, `,"thoughtSignature":`...)
		dst = carry(dst, a.thinking)
		a.thinking, a.held = nil, 0
	case a.signature.Maker == protocol.MadeByGemini:
		dst = append(dst, `,"thoughtSignature":`...)
		dst = append(dst, a.signature.Data...)
	}
	return append(dst, '}')
}

// mediaOut writes data that a model made.
func mediaOut(dst []byte, m *protocol.Media) []byte {
	switch {
	case m == nil || m.Data.Empty() && m.URL.Empty():
		return dst
	case m.Data.Empty():
		dst = append(comma(dst), `{"fileData":{"fileUri":`...)
		dst = append(dst, m.URL...)
		return append(dst, `}}`...)
	}
	kind := m.Type
	if kind.Empty() {
		kind = protocol.MediaType(m.Data)
	}
	if kind == nil {
		kind = protocol.Text(`"application/octet-stream"`)
	}
	dst = append(comma(dst), `{"inlineData":{"mimeType":`...)
	dst = append(dst, kind...)
	dst = append(dst, `,"data":`...)
	dst = append(dst, m.Data...)
	return append(dst, `}}`...)
}
