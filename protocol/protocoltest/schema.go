package protocoltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Schema is a JSON schema of draft 07, read by the keywords that the schemas
// of ../shared use. An unknown keyword is an error when it is met, so that
// nothing is taken for checked that was not.
type Schema struct{ root map[string]any }

// LoadSchema reads ../shared/schemas/NAME.json. It skips the test when the
// schemas are not there.
func LoadSchema(tb testing.TB, name string) *Schema {
	tb.Helper()
	b, err := os.ReadFile(Shared(tb, "schemas/"+name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	s := &Schema{}
	if err := json.Unmarshal(b, &s.root); err != nil {
		tb.Fatalf("reading the schema %s: %v", name, err)
	}
	return s
}

// Validate tells why doc is not of the schema; nil when it is.
func (s *Schema) Validate(doc []byte) error {
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		return err
	}
	return s.check(s.root, v, "$")
}

func (s *Schema) check(schema, v any, at string) error {
	if b, ok := schema.(bool); ok {
		if !b {
			return fmt.Errorf("%s: not allowed", at)
		}
		return nil
	}
	m := schema.(map[string]any)
	if ref, ok := m["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/definitions/")
		target, ok := s.root["definitions"].(map[string]any)[name]
		if !ok {
			return fmt.Errorf("%s: the schema lacks %s", at, ref)
		}
		return s.check(target, v, at)
	}
	for keyword, arg := range m {
		if err := s.keyword(m, keyword, arg, v, at); err != nil {
			return err
		}
	}
	return nil
}

func (s *Schema) keyword(m map[string]any, keyword string, arg, v any, at string) error {
	switch keyword {
	case "$schema", "$id", "title", "description", "definitions", "default", "format", "examples", "deprecated", "then", "else":
		return nil
	case "type":
		return checkType(arg, v, at)
	case "const":
		if !reflect.DeepEqual(arg, v) {
			return fmt.Errorf("%s: %v is not %v", at, v, arg)
		}
	case "enum":
		if !slices.ContainsFunc(arg.([]any), func(e any) bool { return reflect.DeepEqual(e, v) }) {
			return fmt.Errorf("%s: %v is none of %v", at, v, arg)
		}
	case "allOf", "anyOf", "oneOf":
		return s.combine(keyword, arg.([]any), v, at)
	case "not":
		if s.check(arg, v, at) == nil {
			return fmt.Errorf("%s: is what it must not be", at)
		}
	case "if":
		branch := "then"
		if s.check(arg, v, at) != nil {
			branch = "else"
		}
		if sub, ok := m[branch]; ok {
			return s.check(sub, v, at)
		}
	case "required", "properties", "additionalProperties", "patternProperties", "propertyNames", "minProperties", "maxProperties":
		if object, ok := v.(map[string]any); ok {
			return s.object(m, keyword, arg, object, at)
		}
	case "items", "minItems", "maxItems":
		if array, ok := v.([]any); ok {
			return s.array(keyword, arg, array, at)
		}
	case "minimum", "maximum", "exclusiveMinimum":
		if n, ok := v.(float64); ok {
			return checkNumber(keyword, arg.(float64), n, at)
		}
	case "pattern", "minLength", "maxLength":
		if text, ok := v.(string); ok {
			return checkText(keyword, arg, text, at)
		}
	default:
		return fmt.Errorf("%s: the keyword %s is not understood", at, keyword)
	}
	return nil
}

func checkType(arg, v any, at string) error {
	kinds, ok := arg.([]any)
	if !ok {
		kinds = []any{arg}
	}
	for _, kind := range kinds {
		switch t := v.(type) {
		case nil:
			ok = kind == "null"
		case bool:
			ok = kind == "boolean"
		case string:
			ok = kind == "string"
		case float64:
			ok = kind == "number" || kind == "integer" && t == float64(int64(t))
		case []any:
			ok = kind == "array"
		case map[string]any:
			ok = kind == "object"
		}
		if ok {
			return nil
		}
	}
	return fmt.Errorf("%s: %v is not of type %v", at, v, arg)
}

func (s *Schema) combine(keyword string, subs []any, v any, at string) error {
	var failed []error
	for _, sub := range subs {
		if err := s.check(sub, v, at); err != nil {
			failed = append(failed, err)
		}
	}
	passed := len(subs) - len(failed)
	if keyword == "allOf" && len(failed) > 0 || keyword == "anyOf" && passed == 0 || keyword == "oneOf" && passed != 1 {
		return fmt.Errorf("%s: %s: %d of %d hold: %w", at, keyword, passed, len(subs), errors.Join(failed...))
	}
	return nil
}

func (s *Schema) object(m map[string]any, keyword string, arg any, object map[string]any, at string) error {
	properties, _ := m["properties"].(map[string]any)
	switch keyword {
	case "required":
		for _, name := range arg.([]any) {
			if _, ok := object[name.(string)]; !ok {
				return fmt.Errorf("%s: lacks %v", at, name)
			}
		}
	case "properties":
		for name, sub := range properties {
			if v, ok := object[name]; ok {
				if err := s.check(sub, v, at+"."+name); err != nil {
					return err
				}
			}
		}
	case "additionalProperties":
		for name, v := range object {
			if _, ok := properties[name]; ok {
				continue
			}
			if err := s.check(arg, v, at+"."+name); err != nil {
				return err
			}
		}
	case "minProperties", "maxProperties":
		return checkNumber(strings.Replace(keyword, "Properties", "imum", 1), arg.(float64), float64(len(object)), at)
	default:
		return fmt.Errorf("%s: the keyword %s is not understood", at, keyword)
	}
	return nil
}

func (s *Schema) array(keyword string, arg any, array []any, at string) error {
	if keyword != "items" {
		return checkNumber(strings.Replace(keyword, "Items", "imum", 1), arg.(float64), float64(len(array)), at)
	}
	for i, v := range array {
		if err := s.check(arg, v, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

func checkNumber(keyword string, limit, n float64, at string) error {
	if keyword == "minimum" && n < limit || keyword == "maximum" && n > limit || keyword == "exclusiveMinimum" && n <= limit {
		return fmt.Errorf("%s: %v, %s %v", at, n, keyword, limit)
	}
	return nil
}

func checkText(keyword string, arg any, text, at string) error {
	if keyword == "pattern" {
		if ok, err := regexp.MatchString(arg.(string), text); err != nil || !ok {
			return fmt.Errorf("%s: %q does not match %v", at, text, arg)
		}
		return nil
	}
	return checkNumber(strings.Replace(keyword, "Length", "imum", 1), arg.(float64), float64(utf8.RuneCountInString(text)), at)
}
