package protocol

// Response is a whole answer.
type Response struct {
	ID      Text     // the provider's
	Model   Text     // as the provider names it
	Created int64    // Unix seconds; 0: not told
	Choices []Choice // one, but for Gemini's candidates
	Usage   Usage
	Tier    string // service tier in OpenAI's words; "": not told
}

// Choice is one answer of possibly several.
type Choice struct {
	Parts    []Part
	Stop     Stop
	Logprobs Raw // in OpenAI's form, {"content":[...]}
}

// StopReason is why an answer ended.
type StopReason uint8

// The reasons. StopUnknown: the provider has not said, which in a finished
// answer is an error.
const (
	StopUnknown StopReason = iota
	StopEnd
	StopSequence // Stop.Sequence, where known
	StopLength
	StopContext // the model's context window is full
	StopTool
	StopRefusal // also: filtered, blocked; Stop.Detail where told
	StopPause   // the provider's own tool loop stopped at its limit
)

// Stop is the end of an answer.
type Stop struct {
	Reason   StopReason
	Sequence Text
	Detail   Text // why a refusal
}
