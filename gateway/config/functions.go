package config

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// callError is a function's failure in the words that the user reads.
type callError struct{ summary, detail string }

func (e *callError) Error() string { return e.summary + "; " + e.detail }

// Bounds of what functions may make, in bytes: one value, and all of a
// configuration together. Without them replace("aaa", "a", replace(...)) fills
// the memory.
const (
	maxValue  = 256 << 10
	maxBudget = 64 << 20
	maxPieces = 4096 // of split
)

// functions is what expressions of a source in a folder may call.
func (d *decoder) functions(folder string) map[string]function.Function {
	fs := map[string]function.Function{
		"env":          d.envFunction(),
		"file":         fileFunction(folder),
		"hostname":     d.hostnameFunction(),
		"base64decode": base64Function,
		"sha256":       sha256Function,

		"chomp":      stdlib.ChompFunc,
		"coalesce":   stdlib.CoalesceFunc,
		"concat":     stdlib.ConcatFunc,
		"format":     stdlib.FormatFunc,
		"join":       stdlib.JoinFunc,
		"jsonencode": stdlib.JSONEncodeFunc,
		"length":     stdlib.LengthFunc,
		"lower":      stdlib.LowerFunc,
		"merge":      stdlib.MergeFunc,
		"replace":    stdlib.ReplaceFunc,
		"split":      stdlib.SplitFunc,
		"strlen":     stdlib.StrlenFunc,
		"substr":     stdlib.SubstrFunc,
		"title":      stdlib.TitleFunc,
		"trim":       stdlib.TrimFunc,
		"trimprefix": stdlib.TrimPrefixFunc,
		"trimspace":  stdlib.TrimSpaceFunc,
		"trimsuffix": stdlib.TrimSuffixFunc,
		"upper":      stdlib.UpperFunc,
	}
	for name, f := range fs {
		fs[name] = d.bounded(name, f)
	}
	return fs
}

// bounded is f with the decoder's budget, and refused before it runs where its
// result would be too large.
func (d *decoder) bounded(name string, f function.Function) function.Function {
	return function.New(&function.Spec{
		Params:   f.Params(),
		VarParam: f.VarParam(),
		Type:     f.ReturnTypeForValues,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			size := int64(64)
			for _, a := range args {
				size += sizeOf(a)
			}
			d.spent += size
			if size > maxValue || d.spent > maxBudget || tooMuch(name, args) {
				return cty.NilVal, &callError{"Value too large", fmt.Sprintf("%s() would make a value far larger than a configuration needs.", name)}
			}
			v, err := f.Call(args)
			if err == nil && foreignText[name] {
				d.diags.conceal(v.AsString())
			}
			return v, err
		},
	})
}

// foreignText is what comes from outside of the source: it may be a secret that
// was put into the wrong place.
var foreignText = map[string]bool{"env": true, "file": true, "base64decode": true}

// sizeOf estimates the bytes of a value.
func sizeOf(v cty.Value) int64 {
	if !v.IsKnown() || v.IsNull() {
		return 8
	}
	switch t := v.Type(); {
	case t == cty.String:
		return int64(len(v.AsString()))
	case t.IsPrimitiveType():
		return 16
	case v.CanIterateElements():
		var n int64
		for k, e := range v.Elements() {
			n += 16 + sizeOf(k) + sizeOf(e)
		}
		return n
	}
	return 8
}

// tooMuch foresees the functions whose result can be out of proportion to
// their arguments.
func tooMuch(name string, args []cty.Value) bool {
	switch name {
	case "replace":
		in, old, by := args[0].AsString(), args[1].AsString(), args[2].AsString()
		return int64(strings.Count(in, old))*int64(len(by)) > maxValue
	case "join":
		var n int64
		for _, a := range args[1:] {
			n += int64(a.LengthInt())
		}
		return n*int64(len(args[0].AsString())) > maxValue
	case "split":
		return strings.Count(args[1].AsString(), args[0].AsString()) > maxPieces
	case "format":
		if wideVerb.MatchString(args[0].AsString()) {
			return true
		}
		for _, a := range args[1:] { // a string like 1e999999999 would become its digits
			if a.Type() == cty.String && a.IsKnown() && !a.IsNull() && hugeExponent.MatchString(a.AsString()) {
				return true
			}
		}
	}
	return false
}

var (
	wideVerb     = regexp.MustCompile(`%[^a-zA-Z%]*([0-9]{4}|\*)`)
	hugeExponent = regexp.MustCompile(`^\s*[-+]?[0-9.]+[eE][-+]?[0-9]{4,}\s*$`)
)

// envFunction reads an environment variable. A variable that is set but empty
// counts as missing, as in the shell's ${NAME:-default}.
func (d *decoder) envFunction() function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "name", Type: cty.String}},
		VarParam: &function.Parameter{Name: "default", Type: cty.String},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name := args[0].AsString()
			if !variableName.MatchString(name) {
				return cty.NilVal, &callError{"Invalid variable name", `env() takes the name of an environment variable, such as env("ANTHROPIC_API_KEY"), not its value.`}
			}
			if len(args) > 2 {
				return cty.NilVal, &callError{"Too many arguments", "env() takes a name and at most one default."}
			}
			v, ok := d.options.Env(name)
			switch {
			case ok && v != "":
				return text(v), nil
			case len(args) == 2:
				return args[1], nil
			case ok:
				return cty.NilVal, &callError{"Missing environment variable", fmt.Sprintf("The environment variable %s is empty. Set it, or give a default: env(%q, \"...\").", name, name)}
			}
			return cty.NilVal, &callError{"Missing environment variable", fmt.Sprintf("The environment variable %s is not set. Set it, or give a default: env(%q, \"...\").", name, name)}
		},
	})
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// fileFunction reads a file without the line break at its end: a mounted
// secret.
func fileFunction(folder string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			path := args[0].AsString()
			if !filepath.IsAbs(path) {
				path = filepath.Join(folder, path)
			}
			b, err := readFile(path, maxValue)
			if err != nil {
				return cty.NilVal, &callError{"Cannot read a file", fmt.Sprintf("%v. Relative paths start at the folder of the configuration file.", err)}
			}
			if !utf8.Valid(b) {
				return cty.NilVal, &callError{"Cannot read a file", path + " is not UTF-8 text."}
			}
			return text(strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")), nil
		},
	})
}

func (d *decoder) hostnameFunction() function.Function {
	return function.New(&function.Spec{
		Type: function.StaticReturnType(cty.String),
		Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
			name, err := d.options.Hostname()
			if err != nil {
				return cty.NilVal, &callError{"No host name", fmt.Sprintf("The host's name cannot be read: %v.", err)}
			}
			return text(name), nil
		},
	})
}

var base64Function = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "text", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		b, err := decodeBase64(args[0].AsString())
		if err != nil || !utf8.Valid(b) { // err would quote from what may be a secret
			return cty.NilVal, &callError{"Invalid base64", "base64decode() takes the base64 of UTF-8 text."}
		}
		return text(string(b)), nil
	},
})

var sha256Function = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "text", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		sum := sha256.Sum256([]byte(args[0].AsString()))
		return text(hex.EncodeToString(sum[:])), nil
	},
})

// text makes a value of bytes from outside; what is not UTF-8 is replaced.
func text(s string) cty.Value { return cty.StringVal(strings.ToValidUTF8(s, "\uFFFD")) }

// decodeBase64 reads either alphabet of base64, padded or not.
func decodeBase64(s string) ([]byte, error) {
	s = strings.TrimRight(strings.TrimSpace(s), "=")
	if strings.ContainsAny(s, "-_") {
		return base64.RawURLEncoding.DecodeString(s)
	}
	return base64.RawStdEncoding.DecodeString(s)
}
