package protocol

// The hub is the neutral form that a request, an answer and a stream have
// between two dialects. A dialect's package converts from and to the hub and
// knows no other dialect:
//
//	request   client's bytes -> DecodeRequest -> Request -> Arrange -> EncodeRequest -> instance's bytes
//	answer    instance's bytes -> DecodeResponse -> Response -> EncodeResponse -> client's bytes
//	stream    instance's frames -> StreamDecoder -> Events -> StreamEncoder -> client's frames
//
// What the hub can say is the union of what the dialects can: blocks as
// Anthropic has them, with cache marks, signatures of thinking and of calls.
// Texts, arguments, schemas and images stay the spans of JSON that they are in
// the body ([Text], [Raw]), so the hub's values point into it: a body must not
// be changed or reused while they live.
//
// A conversion converts, warns ([Exchange.Warn]) or refuses (an *Error of code
// InvalidRequest). It drops nothing in silence. It is deterministic: the same
// history with one more turn gives a body whose bytes up to there are the
// same, or the provider's prompt cache would miss. Encoders therefore write
// the list of messages last.

// Tri is a boolean that may be absent.
type Tri uint8

// The three values of a [Tri].
const (
	Unset Tri = iota
	Yes
	No
)

// TriOf makes a Tri of a boolean that is there.
func TriOf(v bool) Tri {
	if v {
		return Yes
	}
	return No
}
