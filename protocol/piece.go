package protocol

// Piece is what one frame of a provider's stream means for the answer. Until
// the first Content or End nothing of the answer exists, and another instance
// may still give it.
type Piece uint8

const (
	// Prelude is no part of the answer: roles, ids, pings, comments, usage.
	Prelude Piece = iota
	// Content is a part of the answer.
	Content
	// End is the dialect's own end, or the frame that announces it; it may hold
	// content. A stream that stops without one was cut.
	End
	// Failure is the provider's own error.
	Failure
)

// String returns the piece's name.
func (p Piece) String() string {
	switch p {
	case Prelude:
		return "prelude"
	case Content:
		return "content"
	case End:
		return "end"
	case Failure:
		return "failure"
	}
	return "unknown"
}

// IsBlank tells whether a JSON value says nothing: null, false, "", {} or [].
func IsBlank(value []byte) bool {
	switch string(value) {
	case "null", "false", `""`, "{}", "[]":
		return true
	}
	return false
}
