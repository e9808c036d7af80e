package gemini

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// partialCall is a call that Vertex streams in pieces: values, each with the
// path of the place that it belongs to. The values of one place are strings
// that go on.
type partialCall struct {
	id, name, signature protocol.Text
	root                argNode
	nodes               int
}

// maxArgNodes bounds what a provider can make of a call.
const maxArgNodes = 1 << 12

// argNode is a value that is put together: an object or a list with kids, a
// text, or another scalar.
type argNode struct {
	key   string
	list  bool
	kids  []*argNode
	value []byte // JSON of a scalar; of a text without quotes
	text  bool
}

func newPartialCall(id, name, signature protocol.Text) *partialCall {
	return &partialCall{id: bytes.Clone(id), name: bytes.Clone(name), signature: bytes.Clone(signature)}
}

// add takes a list of pieces. What it does not understand it leaves out.
func (p *partialCall) add(pieces protocol.Raw) {
	if len(pieces) == 0 || pieces[0] != '[' {
		return
	}
	c := protocol.NewCursor(pieces)
	c.Array(func(int) {
		if c.Kind() != '{' {
			return
		}
		var path string
		var value []byte
		text := false
		c.Object(func(name []byte) {
			v := c.Raw()
			switch string(name) {
			case "jsonPath":
				path, _ = protocol.String(v)
			case "stringValue":
				value, text = textOf(v).Inner(), true
			case "numberValue", "boolValue":
				if v[0] != '{' && v[0] != '[' && v[0] != '"' {
					value = v
				}
			case "nullValue":
				value = []byte("null")
			}
		})
		n := p.at(path)
		if n == nil || n.kids != nil {
			return
		}
		if text {
			n.text = true
			n.value = append(n.value, value...)
		} else if value != nil {
			n.text, n.value = false, bytes.Clone(value)
		}
	})
}

// at finds or makes the node of a path such as $.place.names[2] or
// $['place']; nil for a path that it cannot read.
func (p *partialCall) at(path string) *argNode {
	rest, ok := strings.CutPrefix(path, "$")
	if !ok || rest == "" {
		return nil
	}
	n := &p.root
	for rest != "" {
		key, after, list, ok := step(rest)
		if !ok || n.text || n.value != nil || n.kids != nil && n.list != list {
			return nil
		}
		rest = after
		n.list = list
		if n = p.kid(n, key); n == nil {
			return nil
		}
	}
	return n
}

// step reads the first step of a path's rest.
func step(s string) (key, rest string, list, ok bool) {
	if after, dot := strings.CutPrefix(s, "."); dot {
		end := strings.IndexAny(after, ".[")
		if end < 0 {
			end = len(after)
		}
		return after[:end], after[end:], false, end > 0
	}
	inner, rest, ok := strings.Cut(strings.TrimPrefix(s, "["), "]")
	if !ok || s[0] != '[' || inner == "" {
		return "", "", false, false
	}
	if quote := inner[0]; quote == '\'' || quote == '"' {
		key = strings.Trim(inner, string(quote))
		return key, rest, false, true
	}
	_, err := strconv.ParseUint(inner, 10, 16)
	return inner, rest, true, err == nil
}

// kid finds or makes a node below n.
func (p *partialCall) kid(n *argNode, key string) *argNode {
	for i := len(n.kids) - 1; i >= 0; i-- {
		if n.kids[i].key == key {
			return n.kids[i]
		}
	}
	if p.nodes++; p.nodes > maxArgNodes {
		return nil
	}
	made := &argNode{key: key}
	n.kids = append(n.kids, made)
	return made
}

// args is the object of all pieces.
func (p *partialCall) args() protocol.Raw { return p.root.append(nil, true) }

func (n *argNode) append(dst []byte, top bool) []byte {
	switch {
	case n.text:
		return append(append(append(dst, '"'), n.value...), '"')
	case n.value != nil:
		return append(dst, n.value...)
	case n.kids == nil && !top:
		return append(dst, "null"...)
	}
	open, end := byte('{'), byte('}')
	if n.list && !top {
		open, end = '[', ']'
	}
	dst = append(dst, open)
	for i, k := range n.kids {
		if i > 0 {
			dst = append(dst, ',')
		}
		if open == '{' {
			dst = append(protocol.QuoteString(dst, k.key), ':')
		}
		dst = k.append(dst, false)
	}
	return append(dst, end)
}
