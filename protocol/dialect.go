package protocol

// Dialect is the wire format that an endpoint or a provider speaks.
type Dialect uint8

const (
	// None is the dialect of a path that belongs to no API.
	None Dialect = iota
	// OpenAI covers chat completions, responses and embeddings.
	OpenAI
	// Anthropic is the Messages API.
	Anthropic
	// Gemini is generateContent of the Gemini API.
	Gemini
)

// String returns the dialect's name as the configuration spells it; "none"
// for None and "unknown" for a value that is no dialect.
func (d Dialect) String() string {
	switch d {
	case None:
		return "none"
	case OpenAI:
		return "openai"
	case Anthropic:
		return "anthropic"
	case Gemini:
		return "gemini"
	}
	return "unknown"
}

// ParseDialect is the inverse of [Dialect.String] for the three dialects that
// can be configured. It is case-sensitive, and "none" is not accepted.
func ParseDialect(name string) (Dialect, bool) {
	for _, d := range [...]Dialect{OpenAI, Anthropic, Gemini} {
		if d.String() == name {
			return d, true
		}
	}
	return None, false
}
