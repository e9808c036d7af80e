package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// DecodeResponsesResponse reads a Response of an instance. Errors are
// *protocol.Error: the instance's own where it answers with one in spite of a
// status of 200, BadGateway for what is no answer.
func DecodeResponsesResponse(x *protocol.Exchange, body []byte) (*protocol.Response, error) {
	if err := protocol.EmbeddedError(body); err != nil {
		return nil, err
	}
	if protocol.ScanObject(body, func([]byte, protocol.Member) {}) != nil {
		return nil, notReadable()
	}
	r := &protocol.Response{}
	ch := protocol.Choice{}
	end := responsesEnd{}
	found := false
	c := protocol.NewCursor(body)
	c.Object(func(name []byte) {
		switch string(name) {
		case "id":
			r.ID = optionalText(c)
		case "model":
			r.Model = optionalText(c)
		case "created_at":
			r.Created, _ = protocol.Int(c.Raw())
		case "service_tier":
			r.Tier = optionalText(c).String()
		case "usage":
			r.Usage, _ = usageObject(c.Raw())
		case "status":
			end.status = optionalText(c)
		case "incomplete_details":
			end.reason, _ = protocol.Find(c.Raw(), "reason")
		case "output":
			found = true
			c.Array(func(int) {
				item := readResponsesItem(c.Raw())
				ch.Parts = append(ch.Parts, item.asParts(x)...)
				ch.Logprobs = joined(ch.Logprobs, item.logprobs)
			})
		}
	})
	if c.Err() != nil || !found {
		return nil, notReadable()
	}
	for i := range ch.Parts {
		end.see(&ch.Parts[i])
	}
	var err *protocol.Error
	if ch.Stop, err = end.stop(); err != nil {
		return nil, err
	}
	r.Choices = []protocol.Choice{ch}
	return r, nil
}

// joined is the logprobs of two contents, in chat's form.
func joined(all, more protocol.Raw) protocol.Raw {
	switch {
	case len(more) <= 2:
		return all
	case all == nil:
		all = append(protocol.Raw(nil), `{"content":[`...)
	default:
		all = append(all[:len(all)-2], ',')
	}
	all = append(all, more[1:len(more)-1]...)
	return append(all, "]}"...)
}

// responsesEnd is what tells why an answer ended.
type responsesEnd struct {
	status, reason protocol.Text
	called         bool
	refusal        protocol.Text
}

func (e *responsesEnd) see(p *protocol.Part) {
	switch p.Kind {
	case protocol.PartCall:
		e.called = true
	case protocol.PartRefusal:
		e.refusal = p.Text
	}
}

// stop returns the end. An answer that is not at its end is an error: it runs
// in the background, or failed without saying how.
func (e *responsesEnd) stop() (protocol.Stop, *protocol.Error) {
	switch {
	case e.status.Is("incomplete") && e.reason.Is("content_filter"):
		return protocol.Stop{Reason: protocol.StopRefusal, Detail: e.refusal}, nil
	case e.status.Is("incomplete"):
		return protocol.Stop{Reason: protocol.StopLength}, nil
	case e.status != nil && !e.status.Is("completed") && !e.status.Is("complete"):
		return protocol.Stop{}, protocol.Errorf(protocol.BadGateway, "The provider's answer is not complete.")
	case e.called:
		return protocol.Stop{Reason: protocol.StopTool}, nil
	case !e.refusal.Empty():
		return protocol.Stop{Reason: protocol.StopRefusal, Detail: e.refusal}, nil
	}
	return protocol.Stop{Reason: protocol.StopEnd}, nil
}

// responsesItem is an item of an answer as it stands. What a server leaves out
// or sends in another type is absent.
type responsesItem struct {
	kind                                           string
	id, callID, name, namespace                    protocol.Text
	arguments, input, encrypted, result, imageType protocol.Text
	summary                                        []protocol.Text
	content                                        []protocol.Part // of a message; of reasoning, thinking
	logprobs                                       protocol.Raw
	raw                                            protocol.Raw
}

func readResponsesItem(raw protocol.Raw) responsesItem {
	c := protocol.NewCursor(raw)
	it := responsesItem{kind: string(kindOf(c)), raw: raw}
	c.Object(func(name []byte) {
		switch string(name) {
		case "id":
			it.id = optionalText(c)
		case "call_id":
			it.callID = optionalText(c)
		case "name":
			it.name = optionalText(c)
		case "namespace":
			it.namespace = optionalText(c)
		case "arguments":
			it.arguments = optionalText(c)
		case "input":
			it.input = optionalText(c)
		case "encrypted_content":
			it.encrypted = optionalText(c)
		case "result":
			it.result = optionalText(c)
		case "output_format":
			it.imageType = optionalText(c)
		case "summary":
			if c.Kind() == '[' {
				c.Array(func(int) {
					if text, ok := protocol.Find(c.Raw(), "text"); ok && text[0] == '"' {
						it.summary = append(it.summary, text)
					}
				})
			}
		case "content":
			if c.Kind() == '[' {
				c.Array(func(int) { it.part(c) })
			}
		}
	})
	return it
}

// part takes one content of a message or of reasoning.
func (it *responsesItem) part(c *protocol.Cursor) {
	if c.Kind() != '{' {
		return
	}
	var p protocol.Part
	known := true
	switch string(kindOf(c)) {
	case "output_text", "text":
	case "refusal":
		p.Kind = protocol.PartRefusal
	case "reasoning_text":
		p.Kind = protocol.PartThinking
	default:
		known = false
	}
	c.Object(func(name []byte) {
		switch string(name) {
		case "text", "refusal":
			p.Text = optionalText(c)
		case "annotations":
			if c.Kind() == '[' {
				c.Array(func(int) {
					if cite, ok := readResponsesCitation(c.Raw()); ok {
						p.Citations = append(p.Citations, cite)
					}
				})
			}
		case "logprobs":
			if c.Kind() == '[' {
				it.logprobs = c.Raw()
			}
		}
	})
	if known && p.Text != nil {
		it.content = append(it.content, p)
	}
}

// readResponsesCitation reads an annotation; false: it cites no URL.
func readResponsesCitation(annotation protocol.Raw) (protocol.Citation, bool) {
	kind, _ := protocol.Find(annotation, "type")
	url, ok := protocol.Find(annotation, "url")
	if !ok || url[0] != '"' || !protocol.Text(kind).Is("url_citation") {
		return protocol.Citation{}, false
	}
	cite := protocol.Citation{URL: url}
	if title, ok := protocol.Find(annotation, "title"); ok && title[0] == '"' {
		cite.Title = title
	}
	from, _ := protocol.IntAt(annotation, "start_index")
	to, _ := protocol.IntAt(annotation, "end_index")
	if from >= 0 && from <= to && to < 1<<30 {
		cite.Start, cite.End = int(from), int(to)
	}
	return cite, true
}

// asParts returns what the item is in the hub.
func (it *responsesItem) asParts(x *protocol.Exchange) []protocol.Part {
	switch it.kind {
	case "message":
		return it.content
	case "reasoning":
		if p, ok := it.thinking(); ok {
			return []protocol.Part{p}
		}
		return nil
	case "function_call", "custom_tool_call":
		return []protocol.Part{it.call(x)}
	case "image_generation_call":
		if !it.result.Empty() {
			return []protocol.Part{it.image()}
		}
	case "":
		return nil
	}
	return []protocol.Part{{Kind: protocol.PartServerTool, Name: protocol.TextOf(it.kind), Raw: it.raw}}
}

// thinking returns a reasoning item's part; false: it says nothing at all, and
// nobody can use it.
func (it *responsesItem) thinking() (protocol.Part, bool) {
	p := protocol.Part{Kind: protocol.PartThinking, Text: it.thought()}
	if !it.encrypted.Empty() {
		p.Signature = protocol.Signature{Maker: protocol.MadeByOpenAI, Data: it.encrypted, ID: it.id}
	}
	return p, !p.Text.Empty() || p.Signature.Present()
}

// thought is the text of a reasoning item: its summary, or all of it where a
// server shows that.
func (it *responsesItem) thought() protocol.Text {
	texts := it.summary
	if len(texts) == 0 {
		for i := range it.content {
			texts = append(texts, it.content[i].Text)
		}
	}
	switch len(texts) {
	case 0:
		return protocol.Text(`""`)
	case 1:
		return texts[0]
	}
	return protocol.AppendTexts(nil, betweenThoughts, texts...)
}

// betweenThoughts parts the pieces of a summary.
const betweenThoughts = "\n\n"

func (it *responsesItem) call(x *protocol.Exchange) protocol.Part {
	p := it.callHead(x)
	if it.kind == "custom_tool_call" {
		p.Args = inputArgs(orEmpty(it.input))
	} else {
		p.Args = protocol.ArgsOf(it.arguments)
	}
	if isFormat(x, &p) {
		return protocol.Part{Text: protocol.AppendQuotedJSON(nil, p.Args)}
	}
	return p
}

// callHead is the call without its arguments.
func (it *responsesItem) callHead(x *protocol.Exchange) protocol.Part {
	p := protocol.Part{Kind: protocol.PartCall, ID: it.callID, Name: flattened(it.namespace, it.name), Custom: it.kind == "custom_tool_call"}
	if p.ID.Empty() {
		p.ID = it.id
	}
	if p.ID.Empty() {
		p.ID = protocol.TextOf(x.NewID("call_"))
	}
	return clientCall(x, p)
}

// isFormat tells whether a call is none but the answer in the form of a schema.
func isFormat(x *protocol.Exchange, p *protocol.Part) bool {
	return x.FormatTool != "" && p.Name.Is(x.FormatTool)
}

func orEmpty(t protocol.Text) protocol.Text {
	if t == nil {
		return protocol.Text(`""`)
	}
	return t
}

func (it *responsesItem) image() protocol.Part {
	kind := []byte("png")
	if !it.imageType.Empty() {
		kind = bytes.ToLower(it.imageType.Inner())
	}
	return protocol.Part{Kind: protocol.PartImage, Media: &protocol.Media{Type: asText(append([]byte("image/"), kind...)), Data: it.result}}
}
