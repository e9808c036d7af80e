package gateway

import "bytes"

// What a request is expected to use must be known before the provider tells.
// Too much would refuse good requests, too little is put right when the call
// ends, so the guess is low where it is wild.
const (
	bytesPerToken = 4       // of a body: text, its JSON around it
	outputGuess   = 1024    // tokens of an answer, at most; agents allow 32,000 and use 500
	longRun       = 8 << 10 // bytes of one string in base64: a picture or a document
	runTokens     = 1600    // what such a string costs, whatever its size
)

// estimate guesses a call's tokens.
func estimate(c *call) (input, output int64) {
	text, runs := weigh(c.body)
	input = int64(text)/bytesPerToken + int64(runs)*runTokens
	if c.endpoint.kind == kindGenerate {
		output = min(outputAsked(c.body), outputGuess)
	}
	return input, output
}

// weigh counts the bytes of a body that are text, and the long runs of base64.
func weigh(body []byte) (text, runs int) {
	text = len(body)
	for len(body) > longRun {
		n := bytes.IndexByte(body, '"')
		if n < 0 {
			n = len(body)
		}
		if n > longRun && base64ish(body[n/2:n/2+256]) {
			runs++
			text -= n
		}
		body = body[min(n+1, len(body)):]
	}
	return text, runs
}

func base64ish(b []byte) bool {
	for _, c := range b {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/', c == '-', c == '_', c == '=':
		default:
			return false
		}
	}
	return true
}

// outputAsked is the most that the client wants; outputGuess where it does not
// say.
func outputAsked(body []byte) int64 {
	for _, name := range [...]string{`"max_tokens"`, `"max_completion_tokens"`, `"max_output_tokens"`, `"maxOutputTokens"`} {
		if n := numberOf(body, name); n > 0 {
			return n
		}
	}
	return outputGuess
}

// numberOf finds a member's number without reading the JSON: a quoted name
// before a colon is a member somewhere, which is enough for a guess, and no text
// of a user's, where quotes are escaped.
func numberOf(body []byte, name string) int64 {
	for {
		i := bytes.Index(body, []byte(name))
		if i < 0 {
			return 0
		}
		body = body[i+len(name):]
		rest := bytes.TrimLeft(body, " \t\r\n")
		if len(rest) == 0 || rest[0] != ':' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t\r\n")
		n, digits := int64(0), 0
		for digits < len(rest) && digits < 10 && '0' <= rest[digits] && rest[digits] <= '9' {
			n = n*10 + int64(rest[digits]-'0')
			digits++
		}
		if n > 0 {
			return n
		}
	}
}
