package gemini

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// shape is what of a keyword's value is a schema in turn.
type shape uint8

const (
	plain shape = iota // nothing
	one                // the value, or each element of it
	named              // each member's value
)

func shapeOf(keyword []byte) shape {
	switch string(keyword) {
	case "items", "prefixItems", "anyOf", "oneOf", "allOf", "not", "if", "then", "else",
		"additionalProperties", "additionalItems", "contains", "propertyNames", "unevaluatedProperties":
		return one
	case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas":
		return named
	}
	return plain
}

// rewriter writes a schema anew, its members in their order and without white
// space, and gives each keyword of each node to edit.
type rewriter struct {
	dst []byte
	err error
	// edit writes a keyword with [rewriter.member] or leaves it out. node is the
	// whole node that the keyword stands in.
	edit edit
	// refs: what stands beside a reference and does not begin with '$' is left
	// out. Without a reference anywhere it only costs.
	refs  bool
	first bool
}

type edit func(w *rewriter, node protocol.Raw, name []byte, value protocol.Raw)

func newRewriter(schema protocol.Raw, e edit) *rewriter {
	return &rewriter{dst: make([]byte, 0, len(schema)), edit: e, refs: bytes.Contains(schema, []byte(`"$ref"`))}
}

// node writes one schema.
func (w *rewriter) node(raw protocol.Raw) {
	if len(raw) == 0 || raw[0] != '{' {
		w.dst = append(w.dst, raw.Compact()...)
		return
	}
	w.dst = append(w.dst, '{')
	w.first = true
	c := protocol.NewCursor(raw)
	isRef := false
	if w.refs {
		_, isRef = protocol.Find(raw, "$ref")
	}
	c.Object(func(name []byte) {
		if !isRef || len(name) > 0 && name[0] == '$' {
			w.edit(w, raw, name, c.Raw())
		}
	})
	if w.err == nil {
		w.err = c.Err()
	}
	w.dst = append(w.dst, '}')
	w.first = false
}

// name writes a member's name, and what stands around it.
func (w *rewriter) name(name []byte) {
	if !w.first {
		w.dst = append(w.dst, ',')
	}
	w.first = false
	w.dst = append(protocol.QuoteString(w.dst, string(name)), ':')
}

// member writes a keyword and its value, and what of the value are schemas.
func (w *rewriter) member(name []byte, value protocol.Raw) {
	w.name(name)
	switch shapeOf(name) {
	case one:
		w.nodes(value)
	case named:
		w.named(value)
	default:
		w.dst = append(w.dst, value.Compact()...)
	}
}

func (w *rewriter) nodes(value protocol.Raw) {
	if len(value) == 0 || value[0] != '[' {
		w.node(value)
		return
	}
	w.dst = append(w.dst, '[')
	c := protocol.NewCursor(value)
	c.Array(func(i int) {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.node(c.Raw())
	})
	w.dst = append(w.dst, ']')
}

func (w *rewriter) named(value protocol.Raw) {
	if len(value) == 0 || value[0] != '{' {
		w.dst = append(w.dst, value.Compact()...)
		return
	}
	w.dst = append(w.dst, '{')
	w.first = true
	c := protocol.NewCursor(value)
	c.Object(func(name []byte) {
		w.name(name)
		w.node(c.Raw())
	})
	if w.err == nil {
		w.err = c.Err()
	}
	w.dst = append(w.dst, '}')
	w.first = false
}

// toGemini strips what the API refuses in a schema of a function's arguments.
func toGemini(schema protocol.Raw) (protocol.Raw, error) {
	if !bytes.Contains(schema, []byte(`"$`)) && !bytes.Contains(schema, []byte(`"strict"`)) {
		return schema.Compact(), nil
	}
	w := newRewriter(schema, func(w *rewriter, _ protocol.Raw, name []byte, value protocol.Raw) {
		if string(name) == "$schema" || string(name) == "$id" || string(name) == "strict" && len(value) > 0 && value[0] != '{' {
			return
		}
		w.member(name, value)
	})
	w.node(schema)
	return w.dst, w.err
}

// answerSchema reduces a schema to the keywords that responseJsonSchema takes
// and tells whether something that bounds the answer was lost.
func answerSchema(schema protocol.Raw) (out protocol.Raw, lost bool, err error) {
	w := newRewriter(schema, func(w *rewriter, _ protocol.Raw, name []byte, value protocol.Raw) {
		switch string(name) {
		case "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems",
			"minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties",
			"required", "propertyOrdering":
			w.member(name, value)
		case "const":
			w.name([]byte("enum"))
			w.dst = append(append(append(w.dst, '['), value.Compact()...), ']')
		case "$schema", "$id", "$comment", "default", "examples", "deprecated", "readOnly", "writeOnly", "strict":
		default:
			lost = true
		}
	})
	w.node(schema)
	return w.dst, lost, w.err
}

// noArguments tells whether a schema says that there is nothing to say: an
// object without properties. The API wants none then.
func noArguments(schema protocol.Raw) bool {
	if schema == nil {
		return true
	}
	if bytes.Contains(schema, []byte(`"properties":{"`)) { // what most say, found without parsing
		return false
	}
	says := false
	err := protocol.ScanObject(schema, func(name []byte, m protocol.Member) {
		v := m.Of(schema)
		switch shapeOf(name) {
		case one:
			says = says || v[0] == '{' || v[0] == '['
		case named:
			says = says || !protocol.IsNull(v) && string(protocol.Raw(v).Compact()) != "{}"
		default:
			says = says || string(name) == "$ref"
		}
	})
	return err == nil && !says
}
