package openai

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// content takes a message's content or a tool's output: a text, or parts.
func (d *responsesDecoder) content() []protocol.Part {
	c := d.c
	switch c.Kind() {
	case '"':
		return []protocol.Part{{Text: c.Text()}}
	case 'n':
		c.Raw()
		return nil
	case '[':
		parts := make([]protocol.Part, 0, 1)
		c.Array(func(int) { parts = append(parts, d.part()) })
		return parts
	}
	c.Fail("expected a string or an array of parts.")
	return nil
}

func (d *responsesDecoder) part() protocol.Part {
	c := d.c
	if c.Kind() != '{' {
		c.Fail("expected a part, which is an object.")
		return protocol.Part{}
	}
	p := protocol.Part{}
	switch string(kindOf(c)) {
	case "input_text", "output_text", "text":
		d.textPart(&p, "text")
	case "summary_text", "reasoning_text":
		p.Kind = protocol.PartThinking
		d.textPart(&p, "text")
	case "refusal":
		p.Kind = protocol.PartRefusal
		d.textPart(&p, "refusal")
	case "input_image", "image_url", "computer_screenshot":
		p.Kind = protocol.PartImage
		d.mediaPart(&p)
	case "input_file", "file":
		p.Kind = protocol.PartFile
		d.mediaPart(&p)
	case "input_audio":
		p.Kind = protocol.PartAudio
		d.mediaPart(&p)
	case "":
		c.Fail("the part has no type.")
	default:
		c.Fail("it is a part of unknown type.")
	}
	return p
}

func (d *responsesDecoder) textPart(p *protocol.Part, member string) {
	c := d.c
	c.Object(func(name []byte) {
		switch {
		case string(name) == member:
			p.Text = c.Text()
		case string(name) == "annotations", string(name) == "logprobs":
			c.Raw() // what an earlier answer tells of itself
		default:
			d.cacheMember(p, name)
		}
	})
	if c.Err() == nil && p.Text == nil {
		c.Fail("the part has no " + member + ".")
	}
}

// cacheMember reads the marks that ask for caching: OpenAI's, and Anthropic's
// where a client mixes them.
func (d *responsesDecoder) cacheMember(p *protocol.Part, name []byte) {
	c := d.c
	switch string(name) {
	case "prompt_cache_breakpoint", "cache_control":
		if c.Null() {
			return
		}
		p.Cache = protocol.Cache5m
		c.Object(func(name []byte) {
			if string(name) == "mode" || string(name) == "type" {
				c.Raw() // there is one
			}
			if string(name) != "ttl" || c.Null() {
				return
			}
			switch c.Str() {
			case "30m", "1h":
				p.Cache = protocol.Cache1h
			case "12h":
				p.Cache = protocol.Cache1h
				d.x.Warn("prompt_cache_breakpoint", "12h taken for 1h")
			}
		})
	case "type":
		c.Raw()
	}
}

// mediaPart takes a part with an image, a file or a sound, flat as Responses
// has it or with the values in an object of their own, as chat has it.
func (d *responsesDecoder) mediaPart(p *protocol.Part) {
	c := d.c
	m := &protocol.Media{}
	var member func([]byte)
	member = func(key []byte) {
		if c.Null() {
			return
		}
		switch string(key) {
		case "image_url", "file", "input_audio":
			if c.Kind() == '{' {
				c.Object(member)
				return
			}
			d.url(m, c.Text())
		case "url", "file_url":
			d.url(m, c.Text())
		case "file_data":
			d.fileData(m, c.Text())
		case "data":
			m.Data = c.Text()
		case "format":
			m.Type = protocol.TextOf("audio/" + c.Str())
		case "file_id":
			m.FileID = c.Text()
		case "filename":
			m.Name = c.Text()
		case "detail":
			m.Detail = c.Str()
		default:
			d.cacheMember(p, key)
		}
	}
	c.Object(member)
	if c.Err() == nil && m.Data.Empty() && m.URL.Empty() && m.FileID.Empty() {
		c.Fail("the part has neither data nor a URL.")
	}
	if fault := m.Settle(p.Kind, c.Path()); fault != "" && c.Err() == nil {
		c.Fail(fault)
	}
	p.Media = m
}

func (d *responsesDecoder) url(m *protocol.Media, url protocol.Text) {
	if fault := readURL(m, url); fault != "" {
		d.c.Fail(fault)
	}
}

// fileData reads file_data: a data: URL, or base64 alone.
func (d *responsesDecoder) fileData(m *protocol.Media, data protocol.Text) {
	if in := data.Inner(); len(in) >= 5 && bytes.EqualFold(in[:5], []byte("data:")) {
		d.url(m, data)
		return
	}
	m.Data = data
}
