package openai

import (
	"bytes"
	"slices"

	"github.com/llmgw/llmgw/protocol"
)

// format writes the form that the answer must have.
func (e *chatEncoder) format() {
	f := e.r.Format
	if f == nil {
		return
	}
	switch {
	case f.Schema == nil, e.model.noSchema && isObject(f.Schema):
		e.out = append(e.out, `,"response_format":{"type":"json_object"}`...)
		return
	case e.inWords():
		return
	}
	e.out = append(e.out, `,"response_format":{"type":"json_schema","json_schema":{"name":`...)
	if f.Name.Empty() {
		e.out = append(e.out, `"output"`...)
	} else {
		e.out = append(e.out, toolName.Fit(f.Name)...)
	}
	e.raw("description", f.Description)
	strict := f.Strict != protocol.No && isStrict(f.Schema)
	if f.Strict == protocol.Yes && !strict {
		e.x.Warn("response_format", "strict dropped: the schema is not strict enough")
	}
	e.member("strict")
	if strict {
		e.out = append(e.out, "true"...)
	} else {
		e.out = append(e.out, "false"...)
	}
	e.raw("schema", f.Schema.Compact())
	e.out = append(e.out, "}}"...)
}

// inWords tells whether a schema cannot stand in response_format: the model
// takes none there, or, as OpenAI's, none but an object's.
func (e *chatEncoder) inWords() bool {
	return e.model.noSchema || e.model.own && !isObject(e.r.Format.Schema)
}

// isObject tells whether what a schema describes is an object.
func isObject(schema protocol.Raw) bool {
	kind, typed := protocol.Find(schema, "type")
	return !typed || protocol.Text(kind).Is("object")
}

// formatMessage writes in words what response_format does not say: a schema
// that cannot stand there, and for JSON mode the word that OpenAI demands.
func (e *chatEncoder) formatMessage() {
	f := e.r.Format
	if f == nil || f.Schema != nil && !e.inWords() || f.Schema == nil && e.saysJSON() {
		return
	}
	e.begin(e.systemRole())
	e.member("content")
	if f.Schema == nil {
		e.out = append(e.out, `"Answer with one JSON object."}`...)
		return
	}
	e.x.Warn("response_format", "the schema is not enforced by this model")
	order := protocol.Text(`"Answer with one JSON object that matches this JSON schema: "`)
	if !isObject(f.Schema) {
		order = protocol.Text(`"Answer with JSON alone, no code fence around it, that matches this JSON schema: "`)
	}
	e.out = protocol.AppendTexts(e.out, "", order, protocol.AppendQuotedJSON(nil, f.Described().Compact()))
	e.out = append(e.out, '}')
}

// saysJSON tells whether the system messages hold the word that OpenAI demands
// for its JSON mode. What users say does not count: they may say it in a later
// turn, and an instruction that was there before would then be gone.
func (e *chatEncoder) saysJSON() bool {
	for i := range e.r.Messages {
		m := &e.r.Messages[i]
		if m.Role != protocol.RoleSystem && m.Role != protocol.RoleDeveloper {
			break
		}
		for j := range m.Parts {
			if bytes.Contains(bytes.ToLower(m.Parts[j].Text), []byte("json")) {
				return true
			}
		}
	}
	return false
}

// isStrict tells whether OpenAI takes a schema as strict: it is an object, and
// every object in it allows its properties alone and requires all of them.
func isStrict(schema protocol.Raw) bool {
	kind, ok := protocol.Find(schema, "type")
	return ok && protocol.Text(kind).Is("object") && strictNode(schema)
}

func strictNode(schema protocol.Raw) bool {
	if len(schema) == 0 || schema[0] != '{' {
		return false
	}
	var properties, required []string
	object, closed, strict := false, false, true
	err := protocol.ScanObject(schema, func(name []byte, m protocol.Member) {
		v := protocol.Raw(m.Of(schema))
		switch string(name) {
		case "type":
			object = object || protocol.Text(v).Is("object")
		case "additionalProperties":
			closed = string(v) == "false"
		case "properties":
			object = true
			strict = strict && eachMember(v, func(name string, node protocol.Raw) bool {
				properties = append(properties, name)
				return strictNode(node)
			})
		case "required":
			strict = strict && protocol.ScanArray(v, func(m protocol.Member) {
				s, _ := protocol.String(m.Of(v))
				required = append(required, s)
			}) == nil
		case "items":
			strict = strict && strictNode(v)
		case "anyOf":
			_ = protocol.ScanArray(v, func(m protocol.Member) { strict = strict && strictNode(m.Of(v)) })
		case "$defs", "definitions":
			strict = strict && eachMember(v, func(_ string, node protocol.Raw) bool { return strictNode(node) })
		case "allOf", "oneOf", "not", "if", "patternProperties", "dependentRequired", "dependentSchemas":
			strict = false
		}
	})
	if err != nil || !strict || object && !closed {
		return false
	}
	for _, name := range properties {
		if !slices.Contains(required, name) {
			return false
		}
	}
	return true
}

// eachMember tells whether ok holds for every member of an object.
func eachMember(object protocol.Raw, ok func(name string, value protocol.Raw) bool) bool {
	all := true
	err := protocol.ScanObject(object, func(name []byte, m protocol.Member) {
		all = all && ok(string(name), m.Of(object))
	})
	return err == nil && all
}
