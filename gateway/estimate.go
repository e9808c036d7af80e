package gateway

import (
	"bytes"

	"github.com/llmgw/llmgw/protocol"
)

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
		output = min(outputAsked(c), outputGuess)
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
func outputAsked(c *call) int64 {
	paths := [...][]string{{"max_completion_tokens"}, {"max_tokens"}, {"max_output_tokens"}}
	if c.endpoint.dialect == protocol.Gemini {
		if n, ok := protocol.IntAt(c.body, "generationConfig", "maxOutputTokens"); ok && n > 0 {
			return n
		}
		return outputGuess
	}
	for _, p := range paths {
		if !bytes.Contains(c.body, []byte(p[0])) {
			continue
		}
		if n, ok := protocol.IntAt(c.body, p...); ok && n > 0 {
			return n
		}
	}
	return outputGuess
}
