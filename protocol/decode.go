package protocol

import (
	"bytes"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Reasons that [DecodeError] gives whatever the dialect, in OpenAI's words.
const (
	ReasonContextLength = "context_length_exceeded"
	ReasonNoQuota       = "insufficient_quota"
)

// maxErrorText bounds what of a text that is no JSON becomes a message, in
// bytes.
const maxErrorText = 500

// DecodeError reads a provider's error in any form that was seen: those of the
// three dialects, wrapped in an array or not, an error that is a mere string,
// a text, a page of HTML, nothing at all. status is the HTTP status that it
// came with, 0 inside of a stream, where its own names and numbers tell the
// class. The result is never nil and has a Code and a Message; RetryAfter is
// set where the body tells it. Names of organizations and projects, which are
// the gateway's and not the client's, are blotted out of the message.
func DecodeError(status int, body []byte) *Error {
	body = bytes.TrimSpace(body)
	if first, ok := firstElement(body); ok {
		body = first
	}
	d := decodedError{status: status}
	if value, ok := Find(body, "error"); ok {
		d.read(value)
	} else if value, ok := Find(body, "response", "error"); ok { // response.failed
		d.read(value)
	} else if len(body) > 0 && body[0] == '{' {
		d.read(body)
	} else {
		d.message = plainText(body)
	}
	return d.error()
}

// EmbeddedError looks for an error in the place of an answer: a body that came
// with a 200 and says that it failed. A body that is no JSON at all is the
// instance's fault, too. nil: there is no error.
func EmbeddedError(body []byte) *Error {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
		return Errorf(BadGateway, "The provider's answer is not readable.")
	}
	if !bytes.Contains(trimmed, []byte(`"error"`)) {
		return nil
	}
	if first, ok := firstElement(trimmed); ok {
		trimmed = first
	}
	if v, ok := Find(trimmed, "error"); !ok || IsBlank(v) {
		return nil
	}
	return DecodeError(0, trimmed)
}

// decodedError is what a body says of its error.
type decodedError struct {
	status                      int
	message, kind, reason, name string
	param                       string
	badKey                      bool
	wait                        time.Duration
}

func (d *decodedError) read(value []byte) {
	if text, ok := String(value); ok {
		d.message = text
		return
	}
	_ = ScanObject(value, func(name []byte, m Member) { // what is no object tells nothing
		v := m.Of(value)
		text, _ := String(v)
		switch string(name) {
		case "message", "detail":
			d.message = text
			if v[0] == '[' { // FastAPI: one of what is wrong with the request
				d.message = firstMessage(v)
			}
		case "type":
			d.kind = text
		case "status":
			d.name = text
		case "param":
			d.param = text
		case "code":
			d.reason = text
			if n, ok := Int(v); ok {
				d.reason = strconv.FormatInt(n, 10)
			}
		case "details":
			d.details(v)
		}
	})
}

func firstMessage(list []byte) (text string) {
	if first, ok := firstElement(list); ok {
		msg, _ := Find(first, "msg")
		text, _ = String(msg)
	}
	return text
}

// details reads the parts of Google's errors that matter here.
func (d *decodedError) details(value []byte) {
	_ = ScanArray(value, func(m Member) {
		item := m.Of(value)
		if v, ok := Find(item, "reason"); ok {
			reason, _ := String(v)
			d.badKey = d.badKey || reason == "API_KEY_INVALID"
		}
		if v, ok := Find(item, "retryDelay"); ok {
			text, _ := String(v)
			if wait, err := time.ParseDuration(text); err == nil && wait > 0 {
				d.wait = wait
			}
		}
	})
}

func (d *decodedError) error() *Error {
	e := &Error{Message: blot(d.message), Param: d.param, Type: d.kind, Status: d.status, RetryAfter: d.wait}
	if e.Type == "" || e.Type == "error" {
		e.Type = d.name
	}
	if n, err := strconv.Atoi(d.reason); err == nil {
		if n >= 400 && n < 600 && e.Status == 0 {
			e.Status = n
		}
	} else {
		e.Reason = d.reason
	}
	d.classify(e)
	if e.Message == "" {
		e.Message = http.StatusText(e.Status)
	}
	e.Message = e.Text() // 529 and others have no text
	return e
}

// classify finds the code: names that mean one thing everywhere first, then
// the status, then the other names.
func (d *decodedError) classify(e *Error) {
	switch {
	case d.badKey:
		e.Code, e.Status = Authentication, Authentication.Status()
		return
	case e.Reason == ReasonNoQuota || e.Type == ReasonNoQuota || e.Reason == "billing_hard_limit_reached" || e.Type == "billing_error" || e.Status == http.StatusPaymentRequired:
		e.Code, e.Reason = RateLimited, ReasonNoQuota
		if e.Status == 0 {
			e.Status = RateLimited.Status()
			if e.Type == "billing_error" {
				e.Status = http.StatusPaymentRequired
			}
		}
		return
	}
	code, named := codeNamed(e.Reason)
	if !named {
		code, named = codeNamed(e.Type)
	}
	switch {
	case e.Status == 0 && named:
		e.Code, e.Status = code, code.Status()
	case e.Status == 0:
		e.Code, e.Status = Internal, Internal.Status()
	default:
		e.Code = CodeOf(e.Status)
		if e.Status == 404 && (code == ModelNotFound || strings.Contains(strings.ToLower(e.Message), "model")) {
			e.Code = ModelNotFound
		}
	}
	switch {
	case e.Code != InvalidRequest:
	case strings.HasPrefix(e.Message, "Your credit balance is too low"): // Anthropic's, with a 400
		e.Code, e.Reason = RateLimited, ReasonNoQuota
	case isContextLength(e):
		e.Reason = ReasonContextLength
	}
}

// codeNamed is the class of a name that providers give their errors, in any
// dialect: OpenAI-compatible servers use those of the others, too.
func codeNamed(name string) (Code, bool) {
	switch name {
	case "invalid_request_error", "invalid_prompt", "invalid_value", "content_filter", ReasonContextLength, "string_above_max_length",
		"unsupported_parameter", "unsupported_value", "missing_required_parameter", "invalid_image",
		"INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE":
		return InvalidRequest, true
	case "authentication_error", "invalid_api_key", "UNAUTHENTICATED":
		return Authentication, true
	case "permission_error", "permission_denied", "PERMISSION_DENIED":
		return Permission, true
	case "model_not_found":
		return ModelNotFound, true
	case "not_found_error", "NOT_FOUND":
		return NotFound, true
	case "request_too_large":
		return TooLarge, true
	case "rate_limit_error", "rate_limit_exceeded", "requests", "tokens", "RESOURCE_EXHAUSTED":
		return RateLimited, true
	case "overloaded_error", "overloaded", "engine_overloaded":
		return Overloaded, true
	case "server_is_overloaded", "slow_down", "service_unavailable", "service_unavailable_error", "UNAVAILABLE":
		return Unavailable, true
	case "timeout", "timeout_error", "DEADLINE_EXCEEDED":
		return GatewayTimeout, true
	}
	return 0, false
}

func isContextLength(e *Error) bool {
	return e.Reason == ReasonContextLength || e.Type == "exceed_context_size_error" || strings.HasPrefix(e.Message, "prompt is too long") ||
		strings.Contains(e.Message, "exceeds the maximum number of tokens") || strings.Contains(e.Message, "maximum context length")
}

// firstElement unwraps an array.
func firstElement(body []byte) ([]byte, bool) {
	if len(body) == 0 || body[0] != '[' {
		return nil, false
	}
	var first []byte
	_ = ScanArray(body, func(m Member) { // the first one counts, also where the rest is broken
		if first == nil {
			first = m.Of(body)
		}
	})
	return first, first != nil
}

var (
	tags    = regexp.MustCompile(`(?s)<(script|style|head)\b.*?</(script|style|head)>|<[^>]*>`)
	account = regexp.MustCompile(`\b(org|proj|wrkspc)[-_][A-Za-z0-9]{6,}`)
)

// plainText makes one line of what an instance or a proxy before it said.
func plainText(body []byte) string {
	body = body[:min(len(body), 16<<10)]
	if bytes.HasPrefix(body, []byte("<")) {
		body = tags.ReplaceAll(body, []byte(" "))
	}
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "")), " ")
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "")
	}
	return text
}

// Discreet returns an error's body without the names of the gateway's own
// organizations and projects; body itself where there are none.
func Discreet(body []byte) []byte {
	if !account.Match(body) {
		return body
	}
	return account.ReplaceAll(body, []byte("$1-..."))
}

// blot takes the gateway's organization out of a text for a client.
func blot(text string) string { return account.ReplaceAllString(text, "$1-...") }
