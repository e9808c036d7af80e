// Package tokens counts the tokens of a request where no provider is asked:
// offline, with OpenAI's o200k vocabulary. It is exact for OpenAI's models but
// for the few tokens of their chat format, and an estimate for the others,
// whose vocabularies are not public.
package tokens

import (
	"sync"

	"github.com/tiktoken-go/tokenizer/codec"

	"github.com/llmgw/llmgw/protocol"
)

// What is counted for what has no text of its own.
const (
	perMessage = 4    // role and separators
	perReply   = 3    // what primes the answer
	perTool    = 8    // how a definition is written into the prompt
	perImage   = 1600 // Anthropic's largest; the size is not looked at
	perPage    = 2000 // a PDF, by its size below
	pdfPage    = 60 << 10
	perSecond  = 32 // of audio, Gemini's figure, by its size below
	wavSecond  = 32 << 10
)

// Counter counts. The vocabulary is built at the first use: 8 ms, and 7 MB
// that stay. It may be used from any goroutine.
type Counter struct {
	once  sync.Once
	codec *codec.Codec
}

// Text counts the tokens of a text.
func (c *Counter) Text(s string) int64 {
	c.once.Do(func() { c.codec = codec.NewO200kBase() })
	n, err := c.codec.Count(s)
	if err != nil {
		return int64(len(s)/4 + 1) // never seen: a text is valid UTF-8 here
	}
	return int64(n)
}

// Request counts a request's prompt: messages, system texts, tools and the
// schema of the answer.
func (c *Counter) Request(r *protocol.Request) int64 {
	n := int64(perReply)
	for i := range r.Messages {
		n += perMessage + c.parts(r.Messages[i].Parts)
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		if t.Deferred {
			continue
		}
		n += perTool + c.text(t.Name) + c.text(t.Description) + c.raw(t.Schema) + c.raw(t.Raw)
	}
	if r.Format != nil {
		n += c.raw(r.Format.Schema)
	}
	return n
}

func (c *Counter) parts(parts []protocol.Part) int64 {
	var n int64
	for i := range parts {
		p := &parts[i]
		n += c.text(p.Text)
		switch p.Kind {
		case protocol.PartCall:
			n += perTool + c.text(p.Name) + c.raw(p.Args)
		case protocol.PartResult:
			n += perMessage + c.parts(p.Parts)
		case protocol.PartServerTool:
			n += c.raw(p.Raw)
		case protocol.PartImage, protocol.PartFile, protocol.PartAudio:
			n += c.media(p)
		}
	}
	return n
}

func (c *Counter) media(p *protocol.Part) int64 {
	m := p.Media
	if m == nil {
		return 0
	}
	n := c.text(m.Plain) + c.text(m.Context)
	size := int64(len(m.Data)) * 3 / 4
	switch {
	case p.Kind == protocol.PartImage:
		n += perImage
	case p.Kind == protocol.PartAudio:
		n += (size/wavSecond + 1) * perSecond
	case m.Plain.Empty():
		n += (size/pdfPage + 1) * perPage
	}
	return n
}

func (c *Counter) text(t protocol.Text) int64 {
	if t.Empty() {
		return 0
	}
	return c.Text(t.String())
}

func (c *Counter) raw(v protocol.Raw) int64 {
	if len(v) == 0 {
		return 0
	}
	return c.Text(string(v.Compact()))
}
