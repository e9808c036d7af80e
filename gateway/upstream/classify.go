package upstream

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxWait caps what an instance may ask for: a mistaken header must not take
// an instance away for a day.
const maxWait = time.Hour

// Classify tells what a status means, and how long the instance asks to be
// left alone (0: it does not say). body may be a part of the answer; Gemini
// tells the wait there.
func Classify(status int, h http.Header, body []byte, now time.Time) (Outcome, time.Duration) {
	switch {
	case status >= 200 && status < 300:
		return OK, 0
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return Credentials, 0
	case status == http.StatusPaymentRequired:
		return Exhausted, retryAfter(h, body, now)
	case status == http.StatusTooManyRequests:
		return Cooling, retryAfter(h, body, now)
	case status == http.StatusRequestTimeout, status < 200, status >= 300 && status < 400, status >= 500:
		return Failed, retryAfter(h, body, now)
	default:
		return CallerFault, 0
	}
}

// retryAfter reads every form of "come back then" that providers use, the most
// exact first.
func retryAfter(h http.Header, body []byte, now time.Time) time.Duration {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		now = at // moments in an answer are of the instance's clock; this host's may be wrong
	}
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 {
		return clamp(ms / 1000)
	}
	if v := strings.TrimSpace(h.Get("Retry-After")); v != "" {
		if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 {
			return clamp(s)
		}
		if at, err := http.ParseTime(v); err == nil && at.After(now) {
			return min(at.Sub(now), maxWait)
		}
	}
	if d := retryInfo(body); d > 0 {
		return d
	}
	return resetOf(h, now)
}

func clamp(seconds float64) time.Duration {
	if seconds >= maxWait.Seconds() {
		return maxWait
	}
	return time.Duration(seconds * float64(time.Second))
}

// retryInfo finds google.rpc.RetryInfo's "retryDelay": "34.5s".
func retryInfo(body []byte) time.Duration {
	const name = `"retryDelay"`
	i := bytes.Index(body, []byte(name))
	if i < 0 {
		return 0
	}
	rest := bytes.TrimLeft(body[i+len(name):], " \t\r\n:")
	if len(rest) == 0 || rest[0] != '"' {
		return 0
	}
	text, _, ok := bytes.Cut(rest[1:], []byte(`"`))
	if !ok || len(text) > 32 {
		return 0
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return 0
	}
	return min(d, maxWait)
}

// resetOf reads the limits' own headers: the reset of a limit that has nothing
// left, as far as it tells what is left. OpenAI gives durations ("6m0s"),
// Anthropic moments (RFC 3339), others seconds or Unix times.
func resetOf(h http.Header, now time.Time) time.Duration {
	longest := time.Duration(0)
	see := func(remaining, reset string) {
		if left := h.Get(remaining); left == "" || left == "0" {
			longest = max(longest, resetIn(h.Get(reset), now))
		}
	}
	see("X-Ratelimit-Remaining", "X-Ratelimit-Reset")
	for _, what := range [...]string{"Requests", "Tokens", "Input-Tokens", "Output-Tokens"} {
		see("X-Ratelimit-Remaining-"+what, "X-Ratelimit-Reset-"+what)
		see("Anthropic-Ratelimit-"+what+"-Remaining", "Anthropic-Ratelimit-"+what+"-Reset")
	}
	return min(longest, maxWait)
}

// resetIn is how far away a reset is, in any of its forms; 0 for none.
func resetIn(v string, now time.Time) time.Duration {
	if d, err := time.ParseDuration(v); err == nil {
		return d
	}
	if at, err := time.Parse(time.RFC3339, v); err == nil {
		return at.Sub(now)
	}
	n, err := strconv.ParseFloat(v, 64)
	switch {
	case err != nil || !(n > 0):
		return 0
	case n >= 1e12: // milliseconds since 1970
		return clamp(n/1000 - float64(now.UnixMilli())/1000)
	case n >= 1e9: // seconds since 1970
		return clamp(n - float64(now.UnixMilli())/1000)
	}
	return clamp(n)
}
