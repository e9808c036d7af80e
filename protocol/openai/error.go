package openai

import (
	"strconv"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/sse"
)

// class is how OpenAI names an error; an empty code is written as null.
type class struct {
	status int // 0: that of the protocol's code
	kind   string
	code   string
}

const (
	invalidRequest = "invalid_request_error"
	serverError    = "server_error"
)

// classes maps the codes. 401 with invalid_api_key, 404 with model_not_found,
// 400 and 405 are what api.openai.com answers; 529 is not known there and
// goes out as 503.
var classes = [...]class{
	protocol.InvalidRequest:   {kind: invalidRequest},
	protocol.Authentication:   {kind: invalidRequest, code: "invalid_api_key"},
	protocol.Permission:       {kind: "permission_error"},
	protocol.NotFound:         {kind: invalidRequest},
	protocol.ModelNotFound:    {kind: invalidRequest, code: "model_not_found"},
	protocol.MethodNotAllowed: {kind: invalidRequest, code: "method_not_supported"},
	protocol.RequestTimeout:   {kind: invalidRequest, code: "request_timeout"},
	protocol.TooLarge:         {kind: invalidRequest, code: "request_too_large"},
	protocol.UnsupportedMedia: {kind: invalidRequest, code: "unsupported_media_type"},
	protocol.UpgradeRequired:  {kind: invalidRequest, code: "upgrade_required"},
	protocol.RateLimited:      {kind: "rate_limit_error", code: "rate_limit_exceeded"},
	protocol.HeadersTooLarge:  {kind: invalidRequest, code: "headers_too_large"},
	protocol.ClientClosed:     {kind: invalidRequest, code: "client_closed_request"},
	protocol.Internal:         {kind: serverError},
	protocol.NotImplemented:   {kind: serverError, code: "not_implemented"},
	protocol.BadGateway:       {kind: serverError, code: "upstream_error"},
	protocol.Unavailable:      {kind: serverError, code: "service_unavailable"},
	protocol.GatewayTimeout:   {kind: serverError, code: "timeout"},
	protocol.Overloaded:       {status: 503, kind: serverError, code: "overloaded"},
}

// classOf returns the names of e with what e itself sets.
func classOf(e *protocol.Error) class {
	c := classes[protocol.Internal]
	if int(e.Code) < len(classes) && classes[e.Code].kind != "" {
		c = classes[e.Code]
	}
	if c.status == 0 {
		c.status = e.Code.Status()
	}
	if e.Status != 0 {
		c.status = e.Status
	}
	switch {
	case e.Type != "":
		c.kind = e.Type
	case e.Reason == protocol.ReasonNoQuota:
		c.kind = e.Reason
	}
	if e.Reason != "" {
		c.code = e.Reason
	}
	return c
}

// EncodeError returns the status and the JSON body of an error.
func EncodeError(e *protocol.Error) (status int, body []byte) {
	c := classOf(e)
	return c.status, appendError(nil, e, c)
}

// ErrorEvent returns the frame that ends a chat stream in failure. No [DONE]
// follows it: clients that do not look for errors must notice the cut.
func ErrorEvent(e *protocol.Error) []byte {
	return sse.AppendEvent(nil, "", appendError(nil, e, classOf(e)))
}

// appendError appends {"error":{...}}.
func appendError(dst []byte, e *protocol.Error, c class) []byte {
	dst = append(dst, `{"error":{`...)
	dst = appendFields(dst, e, c)
	return append(dst, "}}"...)
}

// appendFields appends the four members that an error always has.
func appendFields(dst []byte, e *protocol.Error, c class) []byte {
	dst = append(dst, `"message":`...)
	dst = protocol.QuoteString(dst, e.Text())
	dst = append(dst, `,"type":`...)
	dst = protocol.QuoteString(dst, c.kind)
	dst = append(dst, `,"param":`...)
	dst = appendNullable(dst, e.Param)
	dst = append(dst, `,"code":`...)
	return appendNullable(dst, c.code)
}

func appendNullable(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return protocol.QuoteString(dst, s)
}

func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }
