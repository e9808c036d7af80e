package upstream

import (
	"bytes"
	"net/http"
	"strings"
)

// Forwardable tells whether a client's header may travel to an instance, and
// its name there. Credentials, what belongs to one connection, what describes
// the way to this gateway, and the gateway's own headers do not.
func Forwardable(name []byte) (string, bool) {
	if s, ok := common[string(name)]; ok { // no allocation: a look-up by converted bytes
		return s, s != ""
	}
	lower := bytes.ToLower(name)
	for _, p := range droppedPrefixes {
		if bytes.HasPrefix(lower, []byte(p)) {
			return "", false
		}
	}
	return string(name), true
}

var droppedPrefixes = []string{"x-llm-gateway-", "x-llmgw-", "x-forwarded-", "proxy-", "cf-", "sec-websocket-"}

// common maps canonical names to what they become; "" is dropped.
var common = map[string]string{
	"Authorization": "", "X-Api-Key": "", "X-Goog-Api-Key": "", "Cookie": "",
	"Host": "", "Content-Length": "", "Accept-Encoding": "", "Connection": "", "Keep-Alive": "", "Te": "", "Trailer": "",
	"Transfer-Encoding": "", "Upgrade": "", "Expect": "", "Forwarded": "", "X-Real-Ip": "", "Via": "", "True-Client-Ip": "",
	"Http2-Settings": "", "Content-Encoding": "",

	// net/http re-sends a POST that carries one of these in canonical form.
	// In lower case they go on the wire and change nothing.
	"Idempotency-Key": "idempotency-key", "X-Idempotency-Key": "x-idempotency-key",

	"Content-Type": "Content-Type", "Accept": "Accept", "User-Agent": "User-Agent", "Accept-Language": "Accept-Language",
	"Anthropic-Version": "Anthropic-Version", "Anthropic-Beta": "Anthropic-Beta",
	"Anthropic-Dangerous-Direct-Browser-Access": "Anthropic-Dangerous-Direct-Browser-Access",
	"Openai-Organization":                       "Openai-Organization", "Openai-Project": "Openai-Project", "Openai-Beta": "Openai-Beta",
	"X-App": "X-App", "X-Request-Id": "X-Request-Id", "X-Session-Id": "X-Session-Id",
	"X-Claude-Code-Session-Id": "X-Claude-Code-Session-Id", "X-Goog-Api-Client": "X-Goog-Api-Client",
	"X-Stainless-Lang": "X-Stainless-Lang", "X-Stainless-Package-Version": "X-Stainless-Package-Version",
	"X-Stainless-Os": "X-Stainless-Os", "X-Stainless-Arch": "X-Stainless-Arch", "X-Stainless-Runtime": "X-Stainless-Runtime",
	"X-Stainless-Runtime-Version": "X-Stainless-Runtime-Version", "X-Stainless-Retry-Count": "X-Stainless-Retry-Count",
	"X-Stainless-Timeout": "X-Stainless-Timeout", "X-Stainless-Async": "X-Stainless-Async", "X-Stainless-Helper-Method": "X-Stainless-Helper-Method",
}

// hopByHop tells whether a response's header ends at this hop (RFC 9110, 7.6.1).
func hopByHop(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Set-Cookie":
		return true
	}
	return false
}

func cleanResponse(h http.Header) {
	for _, listed := range h["Connection"] {
		for name := range strings.SplitSeq(listed, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for name := range h {
		if hopByHop(name) {
			delete(h, name)
		}
	}
}
