package protocol

import (
	"math/rand/v2"
	"strings"
	"time"
)

// Exchange is one converted call: its request in the hub's form, and all that
// the conversion of the request decided and the conversion of the answer must
// undo. It belongs to one call; requests to several instances in turn share it
// after [Exchange.Reset]. It is not safe for use by several goroutines.
type Exchange struct {
	Request *Request
	// Model is the name that the client asked for and that answers carry.
	Model string
	// Target is the name that the instance is asked for.
	Target string
	// Scanned tells decoders of requests that the body has passed [ScanObject].
	Scanned bool
	// Now is when the call came, for "created".
	Now time.Time
	// Clock tells when its answer is whole, for "completed_at"; nil: with Now.
	Clock func() time.Time
	// Rand gives the random part of ids. Set it with [NewRand].
	Rand *rand.Rand
	// FormatTool is the name of the tool that stands in for a JSON schema
	// where a model has no native form: its arguments are the answer's text,
	// and its stop is a plain end. "": none.
	FormatTool string

	warnings []Warning
	names    map[string]Text // what a tool is called at the instance, to the client's name
}

// Scan is [ScanObject] for a decoder: it validates the body of a request,
// unless it was validated before.
func (x *Exchange) Scan(body []byte) error {
	if x.Scanned {
		return nil
	}
	return ScanObject(body, func([]byte, Member) {})
}

// NewRand makes the source of ids from two random numbers.
func NewRand(a, b uint64) *rand.Rand { return rand.New(rand.NewPCG(a, b)) }

// Warning is one thing that a conversion could not carry.
type Warning struct {
	Field  string // the client's field; one of a fixed set, never a client's text
	Reason string // a few words, no comma
}

// Warn notes that a field could not be carried. field and reason must be
// constants or made of them: both go into headers, field into a metric.
func (x *Exchange) Warn(field, reason string) {
	for _, w := range x.warnings {
		if w.Field == field && w.Reason == reason {
			return
		}
	}
	x.warnings = append(x.warnings, Warning{field, reason})
}

// Warnings returns what was noted, in order, each once.
func (x *Exchange) Warnings() []Warning { return x.warnings }

// WarningsHeader returns the value of X-LLM-Gateway-Warnings, "" for none.
func (x *Exchange) WarningsHeader() string {
	var b strings.Builder
	for i, w := range x.warnings {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(w.Field + ": " + w.Reason)
	}
	return b.String()
}

// Reset forgets what the conversion for an instance decided, so that the
// request can be converted for another one; the decoder's warnings stay when
// kept is what [Exchange.Warnings] was then.
func (x *Exchange) Reset(kept int) {
	x.warnings = x.warnings[:kept]
	x.FormatTool = ""
	x.names = nil
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// NewID returns prefix and 24 random letters and digits.
func (x *Exchange) NewID(prefix string) string {
	b := make([]byte, len(prefix), len(prefix)+24)
	copy(b, prefix)
	for range 24 {
		b = append(b, base62[x.Rand.IntN(len(base62))])
	}
	return string(b)
}

// Tool finds a tool of the request by the client's name, nil for none.
func (x *Exchange) Tool(name Text) *Tool {
	for i := range x.Request.Tools {
		if t := &x.Request.Tools[i]; t.Name != nil && string(t.Name) == string(name) {
			return t
		}
	}
	return nil
}
