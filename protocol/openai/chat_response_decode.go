package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// DecodeChatResponse reads a chat completion of an instance. Errors are
// *protocol.Error: the instance's own where it answers with one in spite of a
// status of 200, BadGateway for what is no answer.
func DecodeChatResponse(x *protocol.Exchange, body []byte) (*protocol.Response, error) {
	if err := protocol.EmbeddedError(body); err != nil {
		return nil, err
	}
	if protocol.ScanObject(body, func([]byte, protocol.Member) {}) != nil {
		return nil, notReadable()
	}
	r := &protocol.Response{}
	d := answerDecoder{x: x, c: protocol.NewCursor(body)}
	d.c.Object(func(name []byte) {
		c := d.c
		if c.Null() {
			return
		}
		switch string(name) {
		case "id":
			r.ID = optionalText(c)
		case "model":
			r.Model = optionalText(c)
		case "created":
			r.Created, _ = protocol.Int(c.Raw())
		case "service_tier":
			r.Tier = optionalText(c).String()
		case "usage":
			r.Usage, _ = usageObject(c.Raw())
		case "choices":
			c.Array(func(int) { r.Choices = append(r.Choices, d.choice()) })
		}
	})
	if d.c.Err() != nil || len(r.Choices) == 0 {
		return nil, notReadable()
	}
	if d.failed {
		return nil, protocol.Errorf(protocol.BadGateway, "The provider's answer broke off.")
	}
	return r, nil
}

func notReadable() *protocol.Error {
	return protocol.Errorf(protocol.BadGateway, "The provider's answer is not readable.")
}

// answerDecoder reads the choices of an answer.
type answerDecoder struct {
	x      *protocol.Exchange
	c      *protocol.Cursor
	failed bool // a finish reason says so
}

func (d *answerDecoder) choice() (ch protocol.Choice) {
	c := d.c
	var m answer
	var finish, matched protocol.Text
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "message":
			c.Object(func(name []byte) { d.member(&m, name) })
		case "finish_reason":
			finish = optionalText(c)
		case "stop_reason": // vLLM: which of the stop sequences it was
			matched = optionalText(c)
		case "logprobs":
			ch.Logprobs = c.Raw()
		}
	})
	ch.Parts = m.parts()
	calls := 0
	for i := range ch.Parts {
		if ch.Parts[i].Kind == protocol.PartCall {
			calls++
		}
	}
	d.failed = d.failed || finish.Is("error")
	ch.Stop = stopOf(d.x.Request, finish, matched, calls > 0, m.refusal)
	return ch
}

// answer is what the members of an answer's message say.
type answer struct {
	content     protocol.Text
	refusal     protocol.Text
	calls       []protocol.Part
	annotations []protocol.Citation
	images      []protocol.Part
	thinking    thinking
}

func (d *answerDecoder) member(m *answer, name []byte) {
	c := d.c
	if c.Null() {
		return
	}
	switch string(name) {
	case "content":
		m.content = contentOf(c, &m.thinking)
	case "refusal":
		m.refusal = optionalText(c)
	case "tool_calls":
		c.Array(func(int) { m.calls = append(m.calls, d.call()) })
	case "function_call": // deprecated, and without an id
		p := protocol.Part{Kind: protocol.PartCall}
		readFunction(c, &p)
		m.calls = append(m.calls, d.named(p))
	case "annotations":
		m.annotations = readAnnotations(c)
	case "images":
		m.images = readImages(c)
	default:
		m.thinking.member(c, name)
	}
}

// contentOf takes a content: a string, or the list of texts and thinking that
// Mistral sends.
func contentOf(c *protocol.Cursor, t *thinking) protocol.Text {
	if c.Kind() != '[' {
		return optionalText(c)
	}
	var texts, thoughts []protocol.Text
	c.Array(func(int) {
		if c.Kind() != '{' {
			return
		}
		c.Object(func(name []byte) {
			switch string(name) {
			case "text":
				texts = append(texts, optionalText(c))
			case "thinking":
				thoughts = append(thoughts, contentOf(c, t))
			}
		})
	})
	if thought := joinTexts(thoughts); thought != nil {
		t.text = thought
	}
	return joinTexts(texts)
}

// joinTexts makes one text of several; nil of none.
func joinTexts(texts []protocol.Text) protocol.Text {
	switch len(texts) {
	case 0:
		return nil
	case 1:
		return texts[0]
	}
	return protocol.AppendTexts(nil, "", texts...)
}

func (d *answerDecoder) call() protocol.Part {
	c := d.c
	p := protocol.Part{Kind: protocol.PartCall}
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "id":
			p.ID = c.Text()
		case "function":
			readFunction(c, &p)
		case "custom":
			readCustom(c, &p)
		case "extra_content":
			p.Signature = thoughtSignature(c)
		}
	})
	return d.named(p)
}

// named gives a call what the client knows it by.
func (d *answerDecoder) named(p protocol.Part) protocol.Part {
	if p.ID.Empty() {
		p.ID = protocol.TextOf(d.x.NewID("call_"))
	}
	if p.Args == nil {
		p.Args = protocol.Raw("{}")
	}
	return clientCall(d.x, p)
}

// clientCall gives a call the name that the client knows its tool by, and what
// else the client said of the tool.
func clientCall(x *protocol.Exchange, p protocol.Part) protocol.Part {
	p.Name = x.ClientName(p.Name)
	if t := x.Tool(p.Name); t != nil {
		p.Namespace = t.Namespace
		p.Custom = p.Custom || t.Kind == protocol.ToolCustom
	}
	return p
}

// parts returns what the message says, in the order of the hub: thinking,
// words, images, calls.
func (m *answer) parts() []protocol.Part {
	said := make([]protocol.Part, 0, len(m.calls)+len(m.images)+3)
	if !m.content.Empty() {
		said = append(said, protocol.Part{Text: m.content, Citations: m.annotations})
	}
	if !m.refusal.Empty() {
		said = append(said, protocol.Part{Kind: protocol.PartRefusal, Text: m.refusal})
	}
	said = append(said, m.images...)
	said = append(said, m.calls...)
	said = m.thinking.sign(said)
	if thought := m.thinking.parts(); len(thought) > 0 {
		return append(append(make([]protocol.Part, 0, len(thought)+len(said)), thought...), said...)
	}
	return said
}

// readAnnotations takes the citations of web pages; the others have no form in
// other dialects.
func readAnnotations(c *protocol.Cursor) (out []protocol.Citation) {
	if c.Kind() != '[' {
		return nil
	}
	c.Array(func(int) {
		var cite protocol.Citation
		if c.Kind() != '{' {
			return
		}
		c.Object(func(name []byte) {
			if string(name) == "url_citation" && c.Kind() == '{' {
				c.Object(func(name []byte) {
					switch string(name) {
					case "url":
						cite.URL = optionalText(c)
					case "title":
						cite.Title = optionalText(c)
					case "start_index":
						cite.Start = index(c)
					case "end_index":
						cite.End = index(c)
					}
				})
			}
		})
		if cite.URL != nil && cite.Start <= cite.End {
			out = append(out, cite)
		}
	})
	return out
}

// index takes a position in a text; what is none is 0.
func index(c *protocol.Cursor) int {
	n, ok := protocol.Int(c.Raw())
	if !ok || n < 0 || n > 1<<30 {
		return 0
	}
	return int(n)
}

// readImages takes images, as OpenRouter has them.
func readImages(c *protocol.Cursor) (out []protocol.Part) {
	if c.Kind() != '[' {
		return nil
	}
	c.Array(func(int) {
		if p, ok := readImage(c); ok {
			out = append(out, p)
		}
	})
	return out
}

// readImage takes one of images.
func readImage(c *protocol.Cursor) (protocol.Part, bool) {
	var m protocol.Media
	fault := "none"
	if c.Kind() != '{' {
		return protocol.Part{}, false
	}
	c.Object(func(name []byte) {
		if string(name) == "image_url" && c.Kind() == '{' {
			c.Object(func(name []byte) {
				if string(name) == "url" {
					fault = readURL(&m, optionalText(c))
				}
			})
		}
	})
	return protocol.Part{Kind: protocol.PartImage, Media: &m}, fault == ""
}

// stopOf is why an answer ended. Servers say "stop" also where tools are
// called, and some have words of their own for a plain end.
func stopOf(r *protocol.Request, finish, matched protocol.Text, calls bool, refusal protocol.Text) protocol.Stop {
	switch {
	case finish.Is("length"), finish.Is("max_tokens"):
		return protocol.Stop{Reason: protocol.StopLength}
	case finish.Is("content_filter"):
		return protocol.Stop{Reason: protocol.StopRefusal, Detail: refusal}
	case calls:
		return protocol.Stop{Reason: protocol.StopTool}
	case !refusal.Empty():
		return protocol.Stop{Reason: protocol.StopRefusal, Detail: refusal}
	}
	for _, s := range r.Stop {
		if !matched.Empty() && bytes.Equal(s, matched) {
			return protocol.Stop{Reason: protocol.StopSequence, Sequence: s}
		}
	}
	return protocol.Stop{Reason: protocol.StopEnd}
}
