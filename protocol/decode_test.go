package protocol_test

import (
	"strings"
	"testing"
	"time"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/protocoltest"
)

func TestDecodeError(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		code       protocol.Code
		want       int // HTTP status
		reason     string
		message    string // contained
	}{
		{"openai", `{"error":{"message":"m","type":"invalid_request_error","param":"messages","code":"empty_array"}}`, 400, protocol.InvalidRequest, 400, "empty_array", "m"},
		{"openai, a number for a code", `{"error":{"code":429,"message":"Provider returned error"},"user_id":"u"}`, 0, protocol.RateLimited, 429, "", "Provider"},
		{"no quota", `{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}`, 429, protocol.RateLimited, 429, protocol.ReasonNoQuota, "m"},
		{"no quota in a stream", `{"error":{"message":"m","type":"insufficient_quota"}}`, 0, protocol.RateLimited, 429, protocol.ReasonNoQuota, "m"},
		{"anthropic billing", `{"type":"error","error":{"type":"billing_error","message":"m"}}`, 402, protocol.RateLimited, 402, protocol.ReasonNoQuota, "m"},
		{"anthropic billing in a stream", `{"type":"error","error":{"type":"billing_error","message":"m"}}`, 0, protocol.RateLimited, 402, protocol.ReasonNoQuota, "m"},
		{"anthropic without credit", `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}`, 400, protocol.RateLimited, 400, protocol.ReasonNoQuota, "credit"},
		{"anthropic overloaded in a stream", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, 0, protocol.Overloaded, 529, "", "Overloaded"},
		{"anthropic too long", `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 3 tokens > 2 maximum"}}`, 400, protocol.InvalidRequest, 400, protocol.ReasonContextLength, "prompt is too long"},
		{"gemini too long", `{"error":{"code":400,"message":"The input token count (3) exceeds the maximum number of tokens allowed (2).","status":"INVALID_ARGUMENT"}}`, 400, protocol.InvalidRequest, 400, protocol.ReasonContextLength, "exceeds"},
		{"gemini bad key", `{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}`, 400, protocol.Authentication, 401, "", "API key"},
		{"gemini in a stream", `{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}`, 0, protocol.Unavailable, 503, "", "m"},
		{"responses failed", `{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"m"}}}`, 0, protocol.RateLimited, 429, "rate_limit_exceeded", "m"},
		{"responses error, flat", `{"type":"error","code":"server_is_overloaded","message":"m","param":null,"sequence_number":3}`, 0, protocol.Unavailable, 503, "server_is_overloaded", "m"},
		{"responses error, nested", `{"type":"error","sequence_number":3,"error":{"type":"server_error","code":"server_error","message":"m"}}`, 0, protocol.Internal, 500, "server_error", "m"},
		{"context length in a stream", `{"error":{"message":"m","type":"invalid_request_error","code":"context_length_exceeded"}}`, 0, protocol.InvalidRequest, 400, protocol.ReasonContextLength, "m"},
		{"array", `[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}]`, 429, protocol.RateLimited, 429, "", "m"},
		{"string", `{"error":"model is loading"}`, 503, protocol.Unavailable, 503, "", "model is loading"},
		{"message at the top", `{"message":"no such route"}`, 404, protocol.NotFound, 404, "", "no such route"},
		{"unknown model", `{"error":{"message":"m","code":"model_not_found"}}`, 404, protocol.ModelNotFound, 404, "model_not_found", "m"},
		{"unknown model, in words", `{"object":"error","message":"The model ` + "`x`" + ` does not exist.","type":"NotFoundError","param":null,"code":404}`, 404, protocol.ModelNotFound, 404, "", "does not exist"},
		{"FastAPI", `{"detail":[{"type":"extra_forbidden","loc":["body","x"],"msg":"Extra inputs are not permitted"}]}`, 422, protocol.InvalidRequest, 422, "", "Extra inputs"},
		{"llama.cpp", `{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}`, 400, protocol.InvalidRequest, 400, protocol.ReasonContextLength, "context size"},
		{"nothing", ``, 502, protocol.BadGateway, 502, "", "Bad Gateway"},
		{"null", `null`, 500, protocol.Internal, 500, "", "null"},
		{"HTML", "<html><head><title>502</title></head><body>\n<h1>502 Bad Gateway</h1>\n<script>alert(1)</script></body></html>", 502, protocol.BadGateway, 502, "", "502 Bad Gateway"},
		{"a status without a text", `{"error":{}}`, 529, protocol.Overloaded, 529, "", "failed"},
		{"text", "upstream connect error\nor disconnect", 503, protocol.Unavailable, 503, "", "upstream connect error or disconnect"},
		{"cut off", `{"error":{"message":"m`, 500, protocol.Internal, 500, "", "Internal Server Error"},
		{"unknown name in a stream", `{"error":{"message":"m","type":"strange"}}`, 0, protocol.Internal, 500, "", "m"},
		{"organization", `{"error":{"message":"Rate limit reached in organization org-AbCdEf123456 on requests","type":"requests","code":"rate_limit_exceeded"}}`, 429, protocol.RateLimited, 429, "rate_limit_exceeded", "organization org-... on"},
	} {
		e := protocol.DecodeError(c.status, []byte(c.body))
		if e.Code != c.code || e.HTTPStatus() != c.want || e.Reason != c.reason || !strings.Contains(e.Message, c.message) {
			t.Errorf("%s: %+v", c.name, e)
		}
		if strings.Contains(e.Message, "<") || strings.Contains(e.Message, "alert") {
			t.Errorf("%s: markup in %q", c.name, e.Message)
		}
	}
}

func TestDecodeErrorReadsTheWait(t *testing.T) {
	e := protocol.DecodeError(429, []byte(`{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"48.9s"}]}}`))
	if e.RetryAfter != 48900*time.Millisecond {
		t.Error(e.RetryAfter)
	}
}

// Every recorded error becomes one with its status and a message.
func TestDecodeRecordedErrors(t *testing.T) {
	seen := 0
	for _, folder := range []string{"anthropic", "gemini", "openai-chat", "openai-responses"} {
		for _, r := range protocoltest.Recordings(t, folder) {
			if r.Stream {
				continue
			}
			if embedded := protocol.EmbeddedError(r.Body); (embedded != nil) != (r.Status >= 400) {
				t.Errorf("%s: status %d, embedded error %v", r.Name, r.Status, embedded)
			}
			if r.Status < 400 {
				continue
			}
			seen++
			if e := protocol.DecodeError(r.Status, r.Body); e.HTTPStatus() != r.Status || e.Message == "" || e.Message[0] == '{' {
				t.Errorf("%s: %+v", r.Name, e)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d recorded errors", seen)
	}
}

func TestEmbeddedError(t *testing.T) {
	for body, want := range map[string]int{
		`{"id":"x","error":null,"choices":[]}`:                              0,
		`{"content":[{"input":{"error":"in a tool's input"}}]}`:             0,
		`{"error":{"type":"overloaded_error","message":"m"}}`:               529,
		`[{"error":{"code":503,"message":"m"}}]`:                            503,
		`{"status":"failed","error":{"code":"server_error","message":"m"}}`: 500,
		`{"error":{"code":"context_length_exceeded","message":"m"}}`:        400,
		``:                    502,
		`<html>please log in`: 502,
	} {
		got := 0
		if e := protocol.EmbeddedError([]byte(body)); e != nil {
			got = e.HTTPStatus()
		}
		if got != want {
			t.Errorf("%s: %d, want %d", body, got, want)
		}
	}
}

func FuzzDecodeError(f *testing.F) {
	for _, s := range []string{`{"error":{"message":"m","type":"t","code":"c"}}`, `[{"error":{"code":429,"status":"X","details":[{"retryDelay":"3s"}]}}]`, `{"error":"x"}`, `<html>`, ``, `{"response":{"error":{"code":"x"}}}`} {
		f.Add(429, []byte(s))
		f.Add(0, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status != 0 && (status < 400 || status > 599) {
			return
		}
		e := protocol.DecodeError(status, body)
		if s := e.HTTPStatus(); s < 400 || s > 599 || e.Code.Status() == 0 || e.Message == "" {
			t.Fatalf("%+v", e)
		}
		_ = protocol.EmbeddedError(body)
	})
}
