package protocol

// EventKind says what an [Event] is.
type EventKind uint8

// The kinds, in the order that a stream has them:
//
//	Start (PartStart Delta* [Signature] [Cite*] PartStop)* Stop End
//
// once a stream for Start and End, once a choice for Stop. Ping may stand
// anywhere. Usage may stand anywhere behind Start. An Error is the last event.
// Parts of one choice never overlap: a decoder whose provider interleaves them
// holds back what comes too early.
const (
	EventPing      EventKind = iota
	EventStart               // ID, Model, Usage as far as known
	EventPartStart           // Part: its kind, and of a call ID, Name, Custom, Namespace; of media all
	EventDelta               // Text: of a text, thinking or refusal; of a call a piece of the arguments' JSON
	EventSignature           // Part.Signature, of the open part, which it ends
	EventCite                // Part.Citations, of the open part
	EventPartStop            //
	EventLogprobs            // Raw: OpenAI's form, of the delta before it
	EventUsage               // Usage: all counts so far
	EventStop                // Stop
	EventEnd                 // Usage: final; nothing follows
	EventError               // Err; nothing follows
)

// Event is one step of a streamed answer. Its texts point into the frame that
// it was decoded from and are valid until the next frame is.
type Event struct {
	Kind   EventKind
	Choice int
	Part   *Part // of PartStart, Signature, Cite; valid until the next frame
	Text   Text
	Raw    Raw
	ID     Text
	Model  Text
	Tier   string
	Stop   Stop
	Usage  Usage
	Err    *Error
}

// StreamDecoder turns a provider's frames into events. It belongs to one
// stream and one goroutine.
type StreamDecoder interface {
	// Frame appends the events of one frame to dst: a whole SSE frame, its
	// blank line included, or one element of Gemini's array. A frame that is
	// not JSON, and the provider's own error, become an EventError. Unknown
	// frames, fields and block types are ignored.
	Frame(dst []Event, raw []byte) []Event
	// End appends what the end of the stream means: nothing when the answer
	// was complete and EventEnd has been given, the EventEnd of a provider that
	// closes without saying so, or the EventError of a stream that was cut.
	End(dst []Event) []Event
}

// StreamEncoder turns events into a client's frames. It belongs to one stream
// and one goroutine.
type StreamEncoder interface {
	// Event appends the frames that an event gives, none perhaps.
	Event(dst []byte, e *Event) []byte
}
