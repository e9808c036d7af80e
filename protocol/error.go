package protocol

import (
	"errors"
	"fmt"
	"time"
)

// Error is an error that a client is told in the form of its dialect. Every
// field but Code may be left out.
type Error struct {
	// Code is the class of the error.
	Code Code
	// Status replaces the status that the dialect gives Code; 0 keeps it.
	Status int
	// Message goes to the client as it is: it must name no secret and nothing
	// of the gateway's inside that the client could not know.
	Message string
	// Param is the request's field at fault. Only OpenAI has a place for it.
	Param string
	// Type replaces the dialect's name of the class ("type", in Gemini
	// "status"). A name that the dialect does not know is ignored where the
	// dialect's schema lists the names.
	Type string
	// Reason is OpenAI's machine-readable "code", such as
	// "context_length_exceeded"; the other dialects have no place for it.
	Reason string
	// RetryAfter is the wait to tell in the retry-after header; 0 tells none.
	RetryAfter time.Duration
	// ShouldRetry is the value of x-should-retry; nil leaves the header out.
	ShouldRetry *bool
	// Unusable tells that the model failed, not who serves it: its answer
	// ended, for Reason, without anything that a client can use.
	Unusable bool
}

// Error returns the code's name and the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code.String()
	}
	return e.Code.String() + ": " + e.Message
}

// HTTPStatus returns Status, or the code's own status where that is 0.
func (e *Error) HTTPStatus() int {
	if e.Status != 0 {
		return e.Status
	}
	return e.Code.Status()
}

// Text returns the message, never empty: SDKs show it and some fail without.
func (e *Error) Text() string {
	if e.Message != "" {
		return e.Message
	}
	return "The request failed (" + e.Code.String() + ")."
}

// Errorf makes an Error of a code with a message that the client may read.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid makes an InvalidRequest error about one parameter; param may be
// empty.
func Invalid(param, format string, args ...any) *Error {
	return &Error{Code: InvalidRequest, Param: param, Message: fmt.Sprintf(format, args...)}
}

// AsError finds the *Error in err's chain. An error without one becomes
// Internal with a text that tells the client nothing of the inside; nil stays
// nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: Internal, Message: "The gateway failed to handle this request."}
}
