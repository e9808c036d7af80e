package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a credential. Every way of printing it gives masked: fmt with any
// verb that a string can have, slog, JSON, text. Reveal is the only way to its
// value, and so the one word to search for in a review.
//
// %p, and %w outside of fmt.Errorf, are no verbs of a string: fmt then asks no
// method and prints the value in its complaint. go vet refuses both.
type Secret string

// masked stands for a secret wherever one is printed.
const masked = "***"

// Reveal returns the value itself, for the one place that sends it.
func (s Secret) Reveal() string { return string(s) }

// String masks the value; an empty secret stays empty, to tell that none is set.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return masked
}

// GoString masks the value for %#v.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// Format masks the value for every verb that fmt asks it for, %x and %d included.
func (s Secret) Format(f fmt.State, verb rune) {
	switch {
	case verb == 'v' && f.Flag('#'), verb == 'q':
		_, _ = io.WriteString(f, s.GoString())
	default:
		_, _ = io.WriteString(f, s.String())
	}
}

// LogValue masks the value for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON masks the value for encoding/json.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(s.GoString()), nil }

// MarshalText masks the value for every text encoder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
