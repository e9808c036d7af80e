package anthropic

import (
	"bytes"
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// isClosed tells whether a schema is one that the API can enforce: every
// object closed, and no keyword that it does not know.
func isClosed(schema protocol.Raw) bool {
	c := closer{}
	c.dst = c.schema(nil, schema, 0)
	return !c.changed
}

// appendClosed writes a schema in the form that output_config.format takes:
// every object is closed, oneOf is anyOf, and keywords that the API does not
// know are told in the description, where the model reads them.
func appendClosed(dst []byte, schema protocol.Raw) []byte {
	var c closer
	return c.schema(dst, schema, 0)
}

type closer struct {
	dst     []byte
	changed bool
}

// maxSchemaDepth bounds how deep a schema is followed; what lies deeper is
// left to the provider's judgement.
const maxSchemaDepth = 32

// schema writes one schema.
func (c *closer) schema(dst []byte, schema []byte, depth int) []byte {
	if len(schema) == 0 || schema[0] != '{' || depth > maxSchemaDepth {
		return append(dst, schema...)
	}
	n := 0
	key := func(name string) {
		if n++; n > 1 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, name...)
		dst = append(dst, `":`...)
	}
	var description protocol.Text
	var notes []byte
	object, closed := false, false
	dst = append(dst, '{')
	err := protocol.ScanObject(schema, func(name []byte, m protocol.Member) {
		v := m.Of(schema)
		switch k := string(name); k {
		case "type":
			object = object || bytes.Contains(v, []byte(`"object"`))
			key(k)
			dst = append(dst, v...)
		case "enum", "const", "title", "required":
			key(k)
			dst = append(dst, v...)
		case "description":
			description = protocol.Text(v)
		case "$ref":
			key(k)
			dst = c.reference(dst, v)
		case "properties":
			object = true
			key(k)
			dst = c.each(dst, v, depth)
		case "$defs":
			key(k)
			dst = c.each(dst, v, depth)
		case "definitions":
			c.changed = true
			key("$defs")
			dst = c.each(dst, v, depth)
		case "items":
			key(k)
			dst = c.schema(dst, v, depth+1)
		case "anyOf", "allOf":
			key(k)
			dst = c.list(dst, v, depth)
		case "oneOf":
			c.changed = true
			key("anyOf")
			dst = c.list(dst, v, depth)
		case "$schema", "$id":
			c.changed = c.changed || depth > 0 // at the top they are left out everywhere
		case "$comment":
			c.changed = true
		case "additionalProperties":
			if closed = string(v) == "false"; !closed && string(v) != "true" {
				notes = c.note(notes, k, v)
			}
		case "format":
			if !knownFormat(v) {
				notes = c.note(notes, k, v)
				break
			}
			key(k)
			dst = append(dst, v...)
		case "minItems":
			if string(v) != "0" && string(v) != "1" {
				notes = c.note(notes, k, v)
				break
			}
			key(k)
			dst = append(dst, v...)
		default:
			notes = c.note(notes, k, v)
		}
	})
	if err != nil {
		return append(dst[:len(dst)-1], "{}"...)
	}
	if object {
		c.changed = c.changed || !closed
		key("additionalProperties")
		dst = append(dst, "false"...)
	}
	if description != nil || notes != nil {
		key("description")
		dst = describe(dst, description, notes)
	}
	return append(dst, '}')
}

// note adds a keyword that the API does not know.
func (c *closer) note(notes []byte, keyword string, value []byte) []byte {
	c.changed = true
	if notes != nil {
		notes = append(notes, ", "...)
	}
	notes = append(notes, keyword...)
	notes = append(notes, ": "...)
	return append(notes, protocol.Raw(value).Compact()...)
}

// describe writes a description with notes behind it.
func describe(dst []byte, description protocol.Text, notes []byte) []byte {
	switch {
	case notes == nil:
		return append(dst, description...)
	case len(description) < 2 || description[0] != '"':
		return protocol.QuoteString(dst, "{"+string(notes)+"}")
	}
	return protocol.AppendTexts(dst, "\n\n", description, protocol.TextOf("{"+string(notes)+"}"))
}

// each writes an object whose members are schemas.
func (c *closer) each(dst, object []byte, depth int) []byte {
	if len(object) == 0 || object[0] != '{' {
		return append(dst, object...)
	}
	dst = append(dst, '{')
	n := 0
	_ = protocol.ScanObject(object, func(_ []byte, m protocol.Member) { // a part of a document that is valid
		if n++; n > 1 {
			dst = append(dst, ',')
		}
		dst = append(dst, bytes.TrimRight(object[m.KeyStart:m.Start], " \t\r\n")...)
		dst = c.schema(dst, m.Of(object), depth+1)
	})
	return append(dst, '}')
}

// list writes an array of schemas.
func (c *closer) list(dst, array []byte, depth int) []byte {
	if len(array) == 0 || array[0] != '[' {
		return append(dst, array...)
	}
	dst = append(dst, '[')
	n := 0
	_ = protocol.ScanArray(array, func(m protocol.Member) { // a part of a document that is valid
		if n++; n > 1 {
			dst = append(dst, ',')
		}
		dst = c.schema(dst, m.Of(array), depth+1)
	})
	return append(dst, ']')
}

// reference writes a $ref, to where the definitions are.
func (c *closer) reference(dst, v []byte) []byte {
	if ref, ok := strings.CutPrefix(protocol.Text(v).String(), "#/definitions/"); ok {
		c.changed = true
		return protocol.QuoteString(dst, "#/$defs/"+ref)
	}
	return append(dst, v...)
}

func knownFormat(v []byte) bool {
	switch string(v) {
	case `"date-time"`, `"time"`, `"date"`, `"duration"`, `"email"`, `"hostname"`, `"uri"`, `"ipv4"`, `"ipv6"`, `"uuid"`:
		return true
	}
	return false
}
