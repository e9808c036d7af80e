package hop

import (
	"errors"
	"io"
)

// Field is one header field.
type Field struct{ Name, Value string }

// Request is what the edge asks of the owner. On the owner its strings and its
// body belong to the handler, for good.
type Request struct {
	Kind         byte // the callers' own distinction; the hop carries it
	Key          string
	Conversation string
	RequestID    string
	ClientIP     string
	Method       string
	Target       string // path and query
	Header       []Field
	Body         []byte // not there yet while ServerOptions.Accept decides
}

// Response is the owner's answer.
//
// A handler sets either Bytes, the whole body, or Body, a stream: each Read of
// it becomes one data frame, sent at once. Body must heed the handler's context,
// and is closed by the server in every case. The server sets the other fields.
//
// On the edge Body always holds the body, and Bytes is nil. One Read gives at
// most one data frame, whole if there is room. Read returns io.EOF when the
// owner has ended the response, *AbortError when it did not. Read may be called
// by one goroutine at a time; Close by any, also while a Read waits. Body must
// be closed; closing it before its end closes the connection, which cancels the
// owner's handler.
type Response struct {
	Status   int
	Header   []Field
	Streamed bool  // on the edge: the handler gave a stream
	Length   int64 // on the edge: of the body in bytes; -1 for a stream
	Bytes    []byte
	Body     io.ReadCloser
}

// ErrNotAccepted says that the owner did not run the request and will not: it
// may be tried elsewhere. The connection failed, or the owner did not accept in
// time, or it refused (*RefusedError).
var ErrNotAccepted = errors.New("the peer did not accept the request")

// ErrBroken says that the owner accepted the request, and was lost or gave up
// before it answered: the request may have been run.
var ErrBroken = errors.New("the peer was lost before it answered")

// RefusedError is the word of a peer that is alive and does not take the
// request.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return "refused: " + e.Reason }

// AbortError is a response that did not come to its end.
type AbortError struct {
	Reason string
	Lost   error // how the connection failed; nil: the peer itself gave up, for Reason
}

func (e *AbortError) Error() string {
	if e.Lost != nil {
		return "the connection to the peer was lost: " + e.Lost.Error()
	}
	return "the peer broke off: " + e.Reason
}

// Unwrap makes a lost connection ErrBroken, too.
func (e *AbortError) Unwrap() []error {
	if e.Lost == nil {
		return nil
	}
	return []error{ErrBroken, e.Lost}
}
