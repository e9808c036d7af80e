package anthropic

import (
	"regexp"
	"strings"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// types are the names of errors that the SDK's union has; no other may be
// written.
var types = [...]string{
	"invalid_request_error", "authentication_error", "billing_error",
	"permission_error", "not_found_error", "rate_limit_error",
	"timeout_error", "api_error", "overloaded_error",
}

// EncodeError returns the status and the JSON body of an error. requestID is
// repeated in the body, as clients look for it there; "" leaves it out. A
// provider without a usable instance is told as Anthropic tells of overload:
// 529.
func EncodeError(e *protocol.Error, requestID string) (status int, body []byte) {
	return statusOf(e), appendError(nil, e, requestID)
}

// ErrorEvent returns the frame that ends a stream in failure; no message_stop
// follows it.
func ErrorEvent(e *protocol.Error, requestID string) []byte {
	return sse.AppendEvent(nil, "error", appendError(nil, e, requestID))
}

func appendError(dst []byte, e *protocol.Error, requestID string) []byte {
	dst = append(dst, `{"type":"error","error":{"type":`...)
	dst = protocol.QuoteString(dst, typeOf(e))
	dst = append(dst, `,"message":`...)
	dst = protocol.QuoteString(dst, textOf(e))
	dst = append(dst, '}')
	if requestID != "" {
		dst = append(dst, `,"request_id":`...)
		dst = protocol.QuoteString(dst, requestID)
	}
	return append(dst, '}')
}

// textOf is the message. Clients know a prompt that is too long by how its
// message begins, and read from it by how much; there is no type for it.
func textOf(e *protocol.Error) string {
	const begin = "prompt is too long"
	if e.Reason != protocol.ReasonContextLength || strings.HasPrefix(e.Message, begin) {
		return e.Text()
	}
	if had, most, ok := lengths(e.Message); ok {
		return begin + ": " + had + " tokens > " + most + " maximum"
	}
	return begin + ": " + e.Text()
}

var counts = regexp.MustCompile(`\b[1-9][0-9]{2,9}\b`)

// lengths finds how many tokens a prompt had and how many it may have in a
// message of another provider's, which name both first and in any order.
func lengths(message string) (had, most string, ok bool) {
	n := counts.FindAllString(message, 2)
	if len(n) < 2 || n[0] == n[1] {
		return "", "", false
	}
	if len(n[0]) > len(n[1]) || len(n[0]) == len(n[1]) && n[0] > n[1] {
		return n[0], n[1], true
	}
	return n[1], n[0], true
}

func statusOf(e *protocol.Error) int {
	if e.Status == 0 && e.Code == protocol.Unavailable {
		return protocol.Overloaded.Status()
	}
	return e.HTTPStatus()
}

// typeOf is the type that e sets, if it is one, or that of its code. There is
// none for 413 in the SDK's union, and none for faults of the HTTP request
// but the general one.
func typeOf(e *protocol.Error) string {
	for _, t := range types {
		if t == e.Type {
			return t
		}
	}
	if e.Status == 402 {
		return "billing_error"
	}
	switch e.Code {
	case protocol.InvalidRequest, protocol.MethodNotAllowed, protocol.TooLarge, protocol.UnsupportedMedia,
		protocol.UpgradeRequired, protocol.HeadersTooLarge, protocol.ClientClosed:
		return "invalid_request_error"
	case protocol.Authentication:
		return "authentication_error"
	case protocol.Permission:
		return "permission_error"
	case protocol.NotFound, protocol.ModelNotFound:
		return "not_found_error"
	case protocol.RateLimited:
		return "rate_limit_error"
	case protocol.RequestTimeout, protocol.GatewayTimeout:
		return "timeout_error"
	case protocol.Unavailable, protocol.Overloaded:
		return "overloaded_error"
	}
	return "api_error"
}
