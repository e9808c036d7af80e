package openai

import (
	"github.com/llmgw/llmgw/protocol"
)

// DecodeEmbeddingsRequest reads a client's request for embeddings. Inputs that
// are already tokens have no meaning to another provider and are refused.
func DecodeEmbeddingsRequest(x *protocol.Exchange, body []byte) (*protocol.Embeddings, error) {
	if err := protocol.ScanObject(body, func([]byte, protocol.Member) {}); err != nil {
		return nil, err
	}
	e := &protocol.Embeddings{}
	c := protocol.NewCursor(body)
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "model":
		case "input":
			readInputs(c, e)
		case "dimensions":
			if e.Dimensions = c.Int(); e.Dimensions < 1 {
				c.Fail("expected a number of at least 1.")
			}
		case "encoding_format":
			switch c.Str() {
			case "float":
			case "base64":
				e.Base64 = true
			default:
				c.Fail("expected float or base64.")
			}
		case "user":
			e.User = c.Text()
		default:
			x.Warn("body", "unknown field ignored")
		}
	})
	if err := c.Err(); err != nil {
		return nil, err
	}
	if len(e.Inputs) == 0 {
		return nil, protocol.Invalid("input", "Missing required parameter: 'input'.")
	}
	return e, nil
}

func readInputs(c *protocol.Cursor, e *protocol.Embeddings) {
	text := func() {
		switch k := c.Kind(); {
		case k == '0', k == '[':
			c.Fail("tokens cannot be converted for this model's provider: send texts.")
		default:
			t := c.Text()
			if t.Empty() {
				c.Fail("it is empty.")
			}
			e.Inputs = append(e.Inputs, t)
		}
	}
	if c.Kind() == '[' {
		c.Array(func(int) { text() })
		return
	}
	text()
}

// EncodeEmbeddingsRequest appends e as a request to the model x.Target.
func EncodeEmbeddingsRequest(dst []byte, x *protocol.Exchange, e *protocol.Embeddings) ([]byte, error) {
	dst = append(dst, `{"model":`...)
	dst = protocol.QuoteString(dst, x.Target)
	if e.Dimensions > 0 {
		dst = append(dst, `,"dimensions":`...)
		dst = appendInt(dst, e.Dimensions)
	}
	if !e.User.Empty() {
		dst = append(dst, `,"user":`...)
		dst = append(dst, e.User...)
	}
	if e.Task != "" {
		x.Warn("taskType", "not supported")
	}
	if e.Title != nil {
		x.Warn("title", "not supported")
	}
	dst = append(dst, `,"encoding_format":"float","input":[`...)
	for i, t := range e.Inputs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, t...)
	}
	return append(dst, "]}"...), nil
}

// DecodeEmbeddingsResponse reads an instance's answer to e. Errors are
// *protocol.Error.
func DecodeEmbeddingsResponse(e *protocol.Embeddings, body []byte) (*protocol.Embedded, error) {
	if err := protocol.EmbeddedError(body); err != nil {
		return nil, err
	}
	if protocol.ScanObject(body, func([]byte, protocol.Member) {}) != nil {
		return nil, notReadable()
	}
	r := &protocol.Embedded{Vectors: make([]protocol.Raw, len(e.Inputs))}
	c := protocol.NewCursor(body)
	c.Object(func(name []byte) {
		switch string(name) {
		case "data":
			c.Array(func(i int) {
				at, vector := i, protocol.Raw(nil)
				c.Object(func(name []byte) {
					switch string(name) {
					case "index":
						at = index(c)
					case "embedding":
						vector, _ = protocol.VectorOf(c.Raw())
					}
				})
				if at < len(r.Vectors) {
					r.Vectors[at] = vector
				}
			})
		case "usage":
			usage, _ := usageObject(c.Raw())
			r.Tokens = usage.Input + usage.CacheRead
		}
	})
	for _, v := range r.Vectors {
		if v == nil {
			return nil, notReadable()
		}
	}
	if c.Err() != nil {
		return nil, notReadable()
	}
	return r, nil
}

// EncodeEmbeddingsResponse appends the client's answer to e.
func EncodeEmbeddingsResponse(dst []byte, x *protocol.Exchange, e *protocol.Embeddings, r *protocol.Embedded) []byte {
	dst = append(dst, `{"object":"list","data":[`...)
	for i, v := range r.Vectors {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"object":"embedding","index":`...)
		dst = appendInt(dst, int64(i))
		dst = append(dst, `,"embedding":`...)
		if e.Base64 {
			dst, _ = protocol.AppendVectorBase64(dst, v) // decoders give arrays of numbers alone
		} else {
			dst = append(dst, v...)
		}
		dst = append(dst, '}')
	}
	dst = append(dst, `],"model":`...)
	dst = protocol.QuoteString(dst, x.Model)
	dst = append(dst, `,"usage":{"prompt_tokens":`...)
	dst = appendInt(dst, r.Tokens)
	dst = append(dst, `,"total_tokens":`...)
	dst = appendInt(dst, r.Tokens)
	return append(dst, "}}"...)
}
