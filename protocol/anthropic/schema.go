package anthropic

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

// anything is the schema of a tool without parameters.
const anything = `{"type":"object","properties":{}}`

// inputSchema writes the schema of a tool's arguments. The API wants an object
// at the top, no union there, and no dialect named.
func (e *encoder) inputSchema(schema protocol.Raw) {
	if schema == nil || protocol.IsNull(schema) {
		e.dst = append(e.dst, anything...)
		return
	}
	if plainObject(schema) {
		e.dst = append(e.dst, schema...)
		return
	}
	e.dst = e.appendObjectSchema(e.dst, schema)
}

// describesObject tells whether a schema says that it is of an object, or
// nothing to the contrary.
func describesObject(schema protocol.Raw) bool {
	kind, typed := protocol.Find(schema, "type")
	return !typed || bytes.Contains(kind, []byte(`"object"`))
}

// plainObject tells whether a schema can stay as it is.
func plainObject(schema protocol.Raw) bool {
	object, plain := false, true
	err := protocol.ScanObject(schema, func(name []byte, m protocol.Member) {
		switch string(name) {
		case "type":
			object = string(m.Of(schema)) == `"object"`
		case "$schema", "$id", "anyOf", "oneOf", "allOf":
			plain = false
		case "properties", "required":
			plain = plain && !protocol.IsNull(m.Of(schema))
		}
	})
	return err == nil && object && plain
}

// appendObjectSchema writes a schema with an object at the top. The branches
// of a union there become one object: its properties are all of theirs, and
// required is what every branch requires.
func (e *encoder) appendObjectSchema(dst []byte, schema protocol.Raw) []byte {
	var u union
	dst = append(dst, `{"type":"object"`...)
	_ = protocol.ScanObject(schema, func(name []byte, m protocol.Member) { // valid already, or left empty
		v := m.Of(schema)
		switch string(name) {
		case "type", "$schema", "$id":
		case "properties":
			u.addProperties(v)
		case "required":
			u.always = names(v)
		case "allOf":
			u.branches(schema, v, true)
		case "anyOf", "oneOf":
			u.branches(schema, v, false)
		default:
			dst = append(dst, ',')
			dst = append(dst, schema[m.KeyStart:m.End]...)
		}
	})
	if u.merged {
		e.x.Warn("tools", "a union at the top of a schema is merged")
	}
	dst = append(dst, `,"properties":{`...)
	dst = append(dst, u.properties...)
	dst = append(dst, '}')
	if required := u.required(); len(required) > 0 {
		dst = append(dst, `,"required":[`...)
		dst = append(dst, bytes.Join(required, []byte{','})...)
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// union is what an object has of the branches of anyOf, oneOf and allOf.
type union struct {
	properties []byte // members, without braces
	known      [][]byte
	always     [][]byte // required, quoted
	common     [][]byte // required by every branch of a choice so far
	chosen     bool
	merged     bool
}

func (u *union) addProperties(object []byte) {
	_ = protocol.ScanObject(object, func(name []byte, m protocol.Member) { // what is no object has no properties
		key := object[m.KeyStart:m.End]
		quoted := key[:bytes.IndexByte(key[1:], '"')+2]
		if has(u.known, quoted) {
			return
		}
		u.known = append(u.known, quoted)
		if len(u.properties) > 0 {
			u.properties = append(u.properties, ',')
		}
		u.properties = append(u.properties, key...)
	})
}

func (u *union) branches(root, list []byte, all bool) {
	u.merged = true
	_ = protocol.ScanArray(list, func(m protocol.Member) { // what is no array has no branches
		branch := resolve(root, m.Of(list))
		var required [][]byte
		if v, ok := protocol.Find(branch, "properties"); ok {
			u.addProperties(v)
		}
		if v, ok := protocol.Find(branch, "required"); ok {
			required = names(v)
		}
		switch {
		case all:
			u.always = append(u.always, required...)
		case !u.chosen:
			u.common, u.chosen = required, true
		default:
			var both [][]byte
			for _, name := range u.common {
				if has(required, name) {
					both = append(both, name)
				}
			}
			u.common = both
		}
	})
}

func (u *union) required() [][]byte {
	var out [][]byte
	for _, list := range [...][][]byte{u.always, u.common} {
		for _, name := range list {
			if !has(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// resolve follows one reference to a definition of the same schema.
func resolve(root, schema []byte) []byte {
	ref, ok := protocol.Find(schema, "$ref")
	if !ok {
		return schema
	}
	path := bytes.Split(protocol.Text(ref).Inner(), []byte{'/'})
	if len(path) != 3 || string(path[0]) != "#" {
		return schema
	}
	if target, ok := protocol.Find(root, string(path[1]), string(path[2])); ok {
		return target
	}
	return schema
}

func names(list []byte) [][]byte {
	var out [][]byte
	_ = protocol.ScanArray(list, func(m protocol.Member) { // what is no array names nothing
		if v := m.Of(list); v[0] == '"' {
			out = append(out, v)
		}
	})
	return out
}

func has(list [][]byte, name []byte) bool {
	for _, other := range list {
		if bytes.Equal(other, name) {
			return true
		}
	}
	return false
}
