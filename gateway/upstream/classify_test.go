package upstream

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func TestClassify(t *testing.T) {
	for status, want := range map[int]Outcome{
		200: OK, 204: OK,
		400: CallerFault, 404: CallerFault, 409: CallerFault, 413: CallerFault, 422: CallerFault,
		401: Credentials, 403: Credentials,
		402: Exhausted, 429: Cooling,
		408: Failed, 500: Failed, 502: Failed, 503: Failed, 504: Failed, 529: Failed, 599: Failed,
		301: Failed, 304: Failed, 101: Failed,
	} {
		if got, _ := Classify(status, http.Header{}, nil, noon); got != want {
			t.Errorf("%d: %d, want %d", status, got, want)
		}
	}
}

func TestTheWaitThatAnInstanceAsksFor(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		header []string
		body   string
		want   time.Duration
	}{
		{"nothing", 429, nil, "", 0},
		{"seconds", 429, []string{"Retry-After", "7"}, "", 7 * time.Second},
		{"a fraction", 429, []string{"Retry-After", "0.5"}, "", 500 * time.Millisecond},
		{"milliseconds are more exact", 429, []string{"Retry-After", "7", "Retry-After-Ms", "6500"}, "", 6500 * time.Millisecond},
		{"a date", 503, []string{"Retry-After", noon.Add(90 * time.Second).Format(http.TimeFormat)}, "", 90 * time.Second},
		{"a date that has passed", 503, []string{"Retry-After", noon.Add(-time.Hour).Format(http.TimeFormat)}, "", 0},
		{"no sense", 429, []string{"Retry-After", "soon", "Retry-After-Ms", "x"}, "", 0},
		{"a negative one", 429, []string{"Retry-After", "-3"}, "", 0},
		{"a day is too long", 429, []string{"Retry-After", "86400"}, "", time.Hour},
		{"infinity", 429, []string{"Retry-After", "+Inf"}, "", time.Hour},
		{"not a number", 429, []string{"Retry-After", "NaN"}, "", 0},
		{"RetryInfo", 429, nil, `{"error":{"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"48.9s"}]}}`, 48900 * time.Millisecond},
		{"a broken RetryInfo", 429, nil, `{"retryDelay": 48}`, 0},
		{"OpenAI's reset", 429, []string{"X-Ratelimit-Remaining-Tokens", "0", "X-Ratelimit-Reset-Tokens", "6m0s", "X-Ratelimit-Remaining-Requests", "5", "X-Ratelimit-Reset-Requests", "9m"}, "", 6 * time.Minute},
		{"Anthropic's reset", 429, []string{"Anthropic-Ratelimit-Input-Tokens-Remaining", "0", "Anthropic-Ratelimit-Input-Tokens-Reset", "2026-11-25T12:00:42Z"}, "", 42 * time.Second},
		{"a reset alone", 429, []string{"X-Ratelimit-Reset-Requests", "1m30.5s"}, "", 90500 * time.Millisecond},
		{"a reset in seconds", 429, []string{"X-Ratelimit-Remaining-Requests", "0", "X-Ratelimit-Reset-Requests", "12.5"}, "", 12500 * time.Millisecond},
		{"a reset as a Unix time", 429, []string{"X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", strconv.FormatInt(noon.Unix()+33, 10)}, "", 33 * time.Second},
		{"a reset as a Unix time in milliseconds", 429, []string{"X-Ratelimit-Reset", strconv.FormatInt(noon.UnixMilli()+1500, 10)}, "", 1500 * time.Millisecond},
		{"a reset that has passed", 429, []string{"X-Ratelimit-Reset", strconv.FormatInt(noon.Unix()-5, 10)}, "", 0},
		{"a reset of a limit that is not reached", 429, []string{"X-Ratelimit-Remaining", "3", "X-Ratelimit-Reset", "30"}, "", 0},
		{"a reset that is none", 429, []string{"X-Ratelimit-Reset", "soon", "X-Ratelimit-Reset-Tokens", "NaN"}, "", 0},
		{"a date, where a clock is wrong by a day", 429, []string{"Date", noon.Add(24 * time.Hour).Format(http.TimeFormat), "Retry-After", noon.Add(24*time.Hour + 5*time.Second).Format(http.TimeFormat)}, "", 5 * time.Second},
		{"Anthropic's reset, where a clock is wrong by a day", 429, []string{"Date", noon.Add(-24 * time.Hour).Format(http.TimeFormat), "Anthropic-Ratelimit-Requests-Remaining", "0", "Anthropic-Ratelimit-Requests-Reset", "2026-11-24T12:00:09Z"}, "", 9 * time.Second},
		{"of a success", 200, []string{"Retry-After", "43"}, "", 0},
		{"of the client's own fault", 400, []string{"Retry-After", "43"}, "", 0},
		{"529", 529, []string{"Retry-After", "3"}, "", 3 * time.Second},
	} {
		h := http.Header{}
		for i := 0; i+1 < len(c.header); i += 2 {
			h.Set(c.header[i], c.header[i+1])
		}
		if _, got := Classify(c.status, h, []byte(c.body), noon); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func FuzzClassify(f *testing.F) {
	f.Add(429, "7", "6500", "6m0s", []byte(`{"retryDelay":"3s"}`))
	f.Add(503, "Wed, 25 Nov 2026 12:00:00 GMT", "", "", []byte(`<html>`))
	f.Fuzz(func(t *testing.T, status int, after, ms, reset string, body []byte) {
		h := http.Header{"Retry-After": {after}, "Retry-After-Ms": {ms}, "X-Ratelimit-Remaining-Requests": {"0"}, "X-Ratelimit-Reset-Requests": {reset}, "Anthropic-Ratelimit-Tokens-Remaining": {"0"}, "Anthropic-Ratelimit-Tokens-Reset": {reset}}
		if _, wait := Classify(status, h, body, noon); wait < 0 || wait > maxWait {
			t.Errorf("a wait of %s", wait)
		}
	})
}
