package gemini

import (
	"strconv"
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// maxEmbedBatch is how many contents batchEmbedContents takes.
const maxEmbedBatch = 100

// DecodeEmbeddingsRequest reads the body of embedContent, or of
// batchEmbedContents, whose settings are those of its first request.
func DecodeEmbeddingsRequest(x *protocol.Exchange, body []byte, batch bool) (*protocol.Embeddings, error) {
	if err := protocol.ScanObject(body, func([]byte, protocol.Member) {}); err != nil {
		return nil, err
	}
	d := embedDecoder{x: x, e: &protocol.Embeddings{Single: !batch}, c: protocol.NewCursor(body)}
	if batch {
		d.c.Object(func(name []byte) {
			if string(name) == "requests" {
				d.c.Array(func(int) { d.request() })
			}
		})
	} else {
		d.request()
	}
	if err := d.c.Err(); err != nil {
		return nil, err
	}
	if len(d.e.Inputs) == 0 {
		return nil, protocol.Invalid("content", "Missing required field 'content'.")
	}
	return d.e, nil
}

type embedDecoder struct {
	x *protocol.Exchange
	e *protocol.Embeddings
	c *protocol.Cursor
}

func (d *embedDecoder) request() {
	c := d.c
	first := len(d.e.Inputs) == 0
	var texts []protocol.Text
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "content":
			c.Object(func(name []byte) {
				if string(name) == "parts" {
					texts = d.parts()
				}
			})
		default:
			d.setting(name, first)
		}
	})
	if c.Err() == nil && len(texts) == 0 {
		c.Fail("a content without text has no embedding.")
	}
	d.e.Inputs = append(d.e.Inputs, protocol.AppendTexts(nil, "\n", texts...))
}

func (d *embedDecoder) setting(name []byte, first bool) {
	c, e := d.c, d.e
	switch string(name) {
	case "model":
	case "embedContentConfig", "embed_content_config":
		c.Object(func(name []byte) {
			if !c.Null() {
				d.setting(name, first)
			}
		})
	case "outputDimensionality", "output_dimensionality":
		n := c.Int()
		if !first && n != e.Dimensions {
			c.Fail("it differs from that of the first request.")
		}
		e.Dimensions = n
	case "taskType", "task_type":
		e.Task = strings.ToUpper(c.Str())
	case "title":
		e.Title = c.Text()
	default:
		d.x.Warn("body", "unknown field ignored")
	}
}

// parts takes the texts of a content, in a list or as one object.
func (d *embedDecoder) parts() (texts []protocol.Text) {
	c := d.c
	part := func() {
		c.Object(func(name []byte) {
			if string(name) != "text" {
				c.Fail("only texts can be converted for this model's provider.")
				return
			}
			if t := c.Text(); !t.Empty() {
				texts = append(texts, t)
			}
		})
	}
	if c.Kind() == '[' {
		c.Array(func(int) { part() })
	} else {
		part()
	}
	return texts
}

// EncodeEmbeddingsRequest appends e as the body of batchEmbedContents for the
// model x.Target.
func EncodeEmbeddingsRequest(dst []byte, x *protocol.Exchange, e *protocol.Embeddings) ([]byte, error) {
	if len(e.Inputs) > maxEmbedBatch {
		return dst, protocol.Invalid("input", "This model's provider takes at most %d inputs at once.", maxEmbedBatch)
	}
	model := protocol.QuoteString(nil, "models/"+strings.TrimPrefix(x.Target, "models/"))
	dst = append(dst, `{"requests":[`...)
	for i, t := range e.Inputs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"model":`...)
		dst = append(dst, model...)
		dst = append(dst, `,"content":{"parts":[{"text":`...)
		dst = append(dst, t...)
		dst = append(dst, "}]}"...)
		if e.Task != "" {
			dst = append(dst, `,"taskType":`...)
			dst = protocol.QuoteString(dst, e.Task)
		}
		if e.Title != nil {
			dst = append(dst, `,"title":`...)
			dst = append(dst, e.Title...)
		}
		if e.Dimensions > 0 {
			dst = append(dst, `,"outputDimensionality":`...)
			dst = strconv.AppendInt(dst, e.Dimensions, 10)
		}
		dst = append(dst, '}')
	}
	return append(dst, "]}"...), nil
}

// DecodeEmbeddingsResponse reads the answer of batchEmbedContents, or of
// embedContent, to e. Errors are *protocol.Error.
func DecodeEmbeddingsResponse(e *protocol.Embeddings, body []byte) (*protocol.Embedded, error) {
	if err := protocol.EmbeddedError(body); err != nil {
		return nil, err
	}
	if protocol.ScanObject(body, func([]byte, protocol.Member) {}) != nil {
		return nil, unreadable()
	}
	r := &protocol.Embedded{}
	c := protocol.NewCursor(body)
	vector := func() {
		c.Object(func(name []byte) {
			if string(name) == "values" {
				if v, ok := protocol.VectorOf(c.Raw()); ok {
					r.Vectors = append(r.Vectors, v)
				}
			}
		})
	}
	c.Object(func(name []byte) {
		switch string(name) {
		case "embedding":
			vector()
		case "embeddings":
			c.Array(func(int) { vector() })
		case "usageMetadata":
			r.Tokens, _ = protocol.IntAt(c.Raw(), "promptTokenCount")
		}
	})
	if c.Err() != nil || len(r.Vectors) != len(e.Inputs) {
		return nil, unreadable()
	}
	return r, nil
}

// EncodeEmbeddingsResponse appends the client's answer to e.
func EncodeEmbeddingsResponse(dst []byte, e *protocol.Embeddings, r *protocol.Embedded) []byte {
	if e.Single {
		dst = append(dst, `{"embedding":{"values":`...)
		dst = append(dst, r.Vectors[0]...)
		return append(dst, "}}"...)
	}
	dst = append(dst, `{"embeddings":[`...)
	for i, v := range r.Vectors {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"values":`...)
		dst = append(dst, v...)
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}
