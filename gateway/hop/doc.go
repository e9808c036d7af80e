// Package hop carries requests between nodes: one exchange at a time on a
// connection kept alive, over mutual TLS, in frames of our own, because an
// HTTP stack at both ends would cost more than the rest of the gateway.
//
// One exchange:
//
//	edge -> owner   head frame: who, what, how long the body is
//	owner -> edge   one byte: accepted, or a refusal with its reason
//	edge -> owner   the body: only now may the owner run the request
//	owner -> edge   response head, data frames as they come, end (or abort)
//
// An owner that is frozen does not accept, so the edge goes elsewhere after
// AcceptTimeout; when the owner wakes up it finds the connection closed and no
// body, and runs nothing. A stream that breaks ends with an abort frame or with
// the connection: a truncated answer is never a clean end.
//
// A frame is a type byte, a big-endian 32-bit length, and that many bytes.
package hop

import (
	"errors"
	"io"
)

// Field is one header field.
type Field struct{ Name, Value string }

// Request is what the edge asks of the owner.
type Request struct {
	Kind      byte // the caller's own distinction
	Key       string
	RequestID string
	ClientIP  string
	Method    string
	Target    string // path and query
	Header    []Field
	Body      []byte
}

// Response is the owner's answer. On the owner either Bytes is the whole body,
// or Streamed is set and every Read of Body becomes one frame. On the edge Body
// always holds the body, one frame a Read at most; it must be closed, and
// closing it early makes the owner's context end.
type Response struct {
	Status   int
	Header   []Field
	Streamed bool
	Length   int64 // of a body that is not streamed
	Bytes    []byte
	Body     io.ReadCloser
}

// ErrNotAccepted: the request was not run; it may be tried elsewhere.
var ErrNotAccepted = errors.New("hop: the peer did not accept the request")

// ErrBroken: the peer accepted the request and was lost before its answer.
var ErrBroken = errors.New("hop: the peer was lost before it answered")

// RefusedError is a peer that is alive and says no.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return "the peer refuses: " + e.Reason }

// AbortError is a stream that the owner could not bring to its end.
type AbortError struct{ Reason string }

func (e *AbortError) Error() string { return "the peer's stream broke: " + e.Reason }

// Limits of frames, both ways.
const (
	maxHead  = 128 << 10
	maxData  = 64 << 10
	maxField = 512
)
