package gemini

import (
	"bytes"
	"slices"
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// jsonSchema makes a JSON Schema of Gemini's Schema, which is a subset of
// OpenAPI's with names of types in upper case, "nullable" and limits that are
// strings. What is a JSON Schema already stays one.
func jsonSchema(schema protocol.Raw) (protocol.Raw, error) {
	w := rewriter{edit: fromGemini}
	w.node(schema)
	return w.dst, w.err
}

func fromGemini(w *rewriter, node protocol.Raw, name []byte, value protocol.Raw) {
	name = camel(name)
	if protocol.IsNull(value) && string(name) != "default" {
		return
	}
	switch string(name) {
	case "nullable", "propertyOrdering", "example":
	case "type":
		writeType(w, node, value)
	case "anyOf", "oneOf":
		branches(w, node, name, value)
	case "enum":
		w.name(name)
		w.dst = append(w.dst, value.Compact()...)
		if nullable(node) && !bytes.Contains(value, []byte("null")) && len(value) > 2 {
			w.dst = append(w.dst[:len(w.dst)-1], ",null]"...)
		}
	case "format":
		if string(value) != `"enum"` {
			w.member(name, value)
		}
	case "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties", "minimum", "maximum":
		if s, ok := protocol.String(value); ok {
			if _, ok := protocol.Int([]byte(s)); ok {
				value = protocol.Raw(s)
			}
		}
		w.member(name, value)
	default:
		w.member(name, value)
	}
}

// writeType writes a type or a list of types in lower case, with "null" where
// the node is nullable.
func writeType(w *rewriter, node, value protocol.Raw) {
	lower := protocol.Raw(bytes.ToLower(value)).Compact()
	switch {
	case string(lower) == `"type_unspecified"`:
	case nullable(node) && lower[0] == '"' && string(lower) != `"null"`:
		w.name([]byte("type"))
		w.dst = append(append(append(w.dst, '['), lower...), `,"null"]`...)
	default:
		w.name([]byte("type"))
		w.dst = append(w.dst, lower...)
	}
}

func nullable(node protocol.Raw) bool {
	if !bytes.Contains(node, []byte(`"nullable"`)) {
		return false
	}
	v, _ := protocol.Find(node, "nullable")
	return string(v) == "true"
}

// branches writes a list of alternatives, with one for null where the node is
// nullable and has no type of its own to say so.
func branches(w *rewriter, node protocol.Raw, name []byte, value protocol.Raw) {
	w.name(name)
	at := len(w.dst)
	w.nodes(value)
	if _, typed := protocol.Find(node, "type"); !typed && nullable(node) && len(value.Compact()) > 2 && value[0] == '[' {
		w.dst = slices.Insert(w.dst, at+1, []byte(`{"type":"null"},`)...)
	}
}

// camel gives a keyword the name that JSON Schema has for it.
func camel(name []byte) []byte {
	switch string(name) {
	case "any_of", "one_of", "all_of", "min_items", "max_items", "min_length", "max_length",
		"min_properties", "max_properties", "property_ordering", "additional_properties", "prefix_items":
		before, after, _ := strings.Cut(string(name), "_")
		return []byte(before + strings.ToUpper(after[:1]) + after[1:])
	}
	return name
}
