package mock

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// refusal is an error on its way to the client.
type refusal struct {
	status      int
	message     string
	param, code string // OpenAI's
	wait        time.Duration
}

// fail answers with an error in the dialect's form.
func (x *exchange) fail(status int, message string) {
	x.refuse(refusal{status: status, message: message})
}

func (x *exchange) refuse(r refusal) {
	if r.wait > 0 && x.p.o.Dialect != "gemini" { // Gemini tells it in the body
		x.w.Header().Set("Retry-After", strconv.Itoa(int((r.wait+time.Second-1)/time.Second)))
	}
	if r.status == http.StatusBadRequest || r.status == http.StatusUnauthorized {
		x.w.Header().Set("X-Should-Retry", "false")
	}
	x.json(r.status, x.errorBody(r))
}

// invalid words a fault as the dialect's API does.
func (x *exchange) invalid(f *fault) {
	r := refusal{status: http.StatusBadRequest}
	switch x.p.o.Dialect {
	case "anthropic":
		r.message = f.at + ": " + anthropicText(f)
		if f.at == "" {
			r.message = f.text
		}
	case "gemini":
		r.message = geminiText(f)
	default:
		r.param = brackets(f.at)
		r.message, r.code = openaiText(f, r.param)
	}
	x.refuse(r)
}

func anthropicText(f *fault) string {
	switch f.kind {
	case missing:
		return "Field required"
	case unknown:
		return "Extra inputs are not permitted"
	case wrongType:
		want := f.text
		switch want {
		case "object":
			want = "dictionary"
		case "array":
			want = "list"
		}
		return "Input should be a valid " + want
	}
	return f.text
}

func openaiText(f *fault, at string) (message, code string) {
	switch f.kind {
	case missing:
		return fmt.Sprintf("Missing required parameter: '%s'.", at), "missing_required_parameter"
	case unknown:
		return fmt.Sprintf("Unknown parameter: '%s'.", at), "unknown_parameter"
	case wrongType:
		return fmt.Sprintf("Invalid type for '%s': expected %s %s, but got %s %s instead.", at, article(f.text), f.text, article(f.got), f.got), "invalid_type"
	}
	if at == "" {
		return f.text, "invalid_request"
	}
	return fmt.Sprintf("Invalid value for '%s': %s", at, f.text), "invalid_value"
}

func article(word string) string {
	if strings.ContainsAny(word[:1], "aeiou") {
		return "an"
	}
	return "a"
}

func geminiText(f *fault) string {
	at := brackets(f.at)
	switch f.kind {
	case missing:
		return fmt.Sprintf("* GenerateContentRequest.%s: must be specified", at)
	case unknown:
		place, name := "", at
		if i := strings.LastIndexByte(at, '.'); i >= 0 {
			place, name = " at '"+at[:i]+"'", at[i+1:]
		}
		return fmt.Sprintf("Invalid JSON payload received. Unknown name %q%s: Cannot find field.", name, place)
	case wrongType:
		return fmt.Sprintf("Invalid value at '%s' (%s), got %s", at, f.text, f.got)
	}
	if at == "" {
		return f.text
	}
	return fmt.Sprintf("* GenerateContentRequest.%s: %s", at, f.text)
}

var index = regexp.MustCompile(`\.(\d+)`)

// brackets writes messages.0.content as messages[0].content.
func brackets(at string) string { return index.ReplaceAllString(at, "[$1]") }

var anthropicKinds = map[int]string{
	400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error",
	413: "invalid_request_error", 429: "rate_limit_error", 504: "timeout_error", 529: "overloaded_error",
}

var geminiStates = map[int]string{
	400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 413: "INVALID_ARGUMENT",
	429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED", 529: "UNAVAILABLE",
}

func (x *exchange) errorBody(r refusal) any {
	switch x.p.o.Dialect {
	case "anthropic":
		kind := anthropicKinds[r.status]
		switch {
		case kind != "":
		case r.status < 500:
			kind = "invalid_request_error"
		default:
			kind = "api_error"
		}
		return map[string]any{"type": "error", "error": map[string]any{"type": kind, "message": r.message}, "request_id": x.w.Header().Get("Request-Id")}
	case "gemini":
		name := geminiStates[r.status]
		if name == "" {
			name = "INTERNAL"
		}
		e := map[string]any{"code": r.status, "message": r.message, "status": name}
		if r.wait > 0 {
			e["details"] = []any{map[string]any{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": strconv.FormatFloat(r.wait.Seconds(), 'f', -1, 64) + "s"}}
		}
		return map[string]any{"error": e}
	default:
		return map[string]any{"error": openaiError(r)}
	}
}

func openaiError(r refusal) map[string]any {
	kind := "invalid_request_error"
	switch {
	case r.status == 429:
		kind = "rate_limit_error"
		if r.code == "" {
			r.code = "rate_limit_exceeded"
		}
	case r.status >= 500:
		kind = "server_error"
	}
	e := map[string]any{"message": r.message, "type": kind, "param": nil, "code": nil}
	if r.param != "" {
		e["param"] = r.param
	}
	if r.code != "" {
		e["code"] = r.code
	}
	return e
}
