package gemini

import (
	"strconv"

	"github.com/llmgw/llmgw/protocol"
)

// statuses are the names of google.rpc.Code that Google's error bodies have.
var statuses = [...]string{
	"INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE",
	"UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "ABORTED",
	"ALREADY_EXISTS", "RESOURCE_EXHAUSTED", "CANCELLED", "DATA_LOSS",
	"UNKNOWN", "INTERNAL", "UNIMPLEMENTED", "UNAVAILABLE",
	"DEADLINE_EXCEEDED",
}

// EncodeError returns the status and the JSON body of an error. 529 is not
// known to Google's clients and goes out as 503. The real API answers a bad
// key with 400 and a detail; 401 UNAUTHENTICATED is what its documentation
// lists and what clients take for it.
func EncodeError(e *protocol.Error) (status int, body []byte) {
	status = statusOf(e)
	return status, appendError(nil, e, status)
}

// ErrorEvent returns the frame that ends a stream of server-sent events in
// failure, with the CRLFs that Google writes.
func ErrorEvent(e *protocol.Error) []byte {
	dst := appendError([]byte("data: "), e, statusOf(e))
	return append(dst, "\r\n\r\n"...)
}

// ArrayErrorEvent returns the last piece of a stream that is one JSON array,
// as streamGenerateContent answers without alt=sse: the error as an element
// and the closing bracket. first tells that no piece has been sent before.
func ArrayErrorEvent(e *protocol.Error, first bool) []byte {
	dst := []byte(",\r\n")
	if first {
		dst = []byte("[")
	}
	dst = appendError(dst, e, statusOf(e))
	return append(dst, "]\n"...)
}

func appendError(dst []byte, e *protocol.Error, status int) []byte {
	dst = append(dst, `{"error":{"code":`...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(dst, `,"message":`...)
	dst = protocol.QuoteString(dst, e.Text())
	dst = append(dst, `,"status":"`...)
	dst = append(dst, nameOf(e)...)
	return append(dst, `"}}`...)
}

func statusOf(e *protocol.Error) int {
	if s := e.HTTPStatus(); s != protocol.Overloaded.Status() {
		return s
	}
	return protocol.Unavailable.Status()
}

// nameOf is the status that e sets, if Google has it, or that of its code.
func nameOf(e *protocol.Error) string {
	for _, s := range statuses {
		if s == e.Type {
			return s
		}
	}
	switch e.Code {
	case protocol.InvalidRequest, protocol.TooLarge, protocol.UnsupportedMedia, protocol.HeadersTooLarge:
		return "INVALID_ARGUMENT"
	case protocol.Authentication:
		return "UNAUTHENTICATED"
	case protocol.Permission:
		return "PERMISSION_DENIED"
	case protocol.NotFound, protocol.ModelNotFound:
		return "NOT_FOUND"
	case protocol.RateLimited:
		return "RESOURCE_EXHAUSTED"
	case protocol.ClientClosed:
		return "CANCELLED"
	case protocol.UpgradeRequired:
		return "FAILED_PRECONDITION"
	case protocol.MethodNotAllowed, protocol.NotImplemented:
		return "UNIMPLEMENTED"
	case protocol.BadGateway, protocol.Unavailable, protocol.Overloaded:
		return "UNAVAILABLE"
	case protocol.RequestTimeout, protocol.GatewayTimeout:
		return "DEADLINE_EXCEEDED"
	}
	return "INTERNAL"
}
