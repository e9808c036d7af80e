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
	if isJSONSchema(schema) {
		return schema.Compact(), nil
	}
	w := rewriter{edit: fromGemini, dst: make([]byte, 0, len(schema))}
	w.node(schema)
	return w.dst, w.err
}

// isJSONSchema tells, without parsing, whether nothing in a schema can be of
// Gemini's own form: most clients send JSON Schema.
func isJSONSchema(schema protocol.Raw) bool {
	for rest := []byte(schema); ; {
		open := bytes.IndexByte(rest, '"')
		if open < 0 {
			return true
		}
		between := rest[:open]
		rest = rest[open+1:]
		end := bytes.IndexByte(rest, '"')
		if end < 0 || bytes.Contains(between, []byte("null")) || bytes.IndexByte(rest[:end], '\\') >= 0 || isGeminis(rest[:end]) {
			return false
		}
		rest = rest[end+1:]
	}
}

// isGeminis tells whether a word may mean something in Gemini's schemas that
// it does not mean in JSON Schema.
func isGeminis(word []byte) bool {
	switch string(word) {
	case "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL", "TYPE_UNSPECIFIED",
		"nullable", "propertyOrdering", "example", "enum",
		"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties", "minimum", "maximum":
		return true
	}
	return len(camel(word)) != len(word)
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
	if bytes.EqualFold(value, []byte(`"type_unspecified"`)) {
		return
	}
	w.name([]byte("type"))
	single := len(value) > 0 && value[0] == '"' && !bytes.EqualFold(value, []byte(`"null"`)) && nullable(node)
	if single {
		w.dst = append(w.dst, '[')
	}
	for _, b := range value.Compact() {
		if b >= 'A' && b <= 'Z' {
			b += 'a' - 'A'
		}
		w.dst = append(w.dst, b)
	}
	if single {
		w.dst = append(w.dst, `,"null"]`...)
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
