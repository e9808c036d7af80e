package gateway

import (
	"bytes"
	"cmp"
)

// What a request is expected to use must be known before the provider tells.
// Too much would refuse good requests, too little is put right when the call
// ends, so the guess is low where it is wild.
const (
	bytesPerToken = 4       // of a body: text, its JSON around it
	outputGuess   = 1024    // tokens of an answer, at most; agents allow 32,000 and use 500
	longRun       = 8 << 10 // bytes of one string in base64: a picture or a document
	probe         = 256     // bytes that tell base64 from text
	runTokens     = 1600    // what such a string costs, whatever its size
)

// estimate guesses a call's tokens; most is how many the client wants at most,
// 0 where it does not say.
func estimate(c *call, most int64) (input, output int64) {
	text, runs := weigh(c.body)
	input = int64(text)/bytesPerToken + int64(runs)*runTokens
	if c.endpoint.kind == kindGenerate {
		output = min(cmp.Or(most, outputGuess), outputGuess)
	}
	return input, output
}

// weigh counts the bytes of a body that are text, and the long runs of base64.
// A long run covers two of the places that are looked at, whatever stands
// before it in its string.
func weigh(body []byte) (text, runs int) {
	text = len(body)
	done := 0 // what lies before has been counted
	for at := longRun / 2; at+probe <= len(body); at += longRun / 2 {
		if !base64ish(body[at : at+probe]) {
			continue
		}
		start := done + bytes.LastIndexByte(body[done:at], '"') + 1
		end := at + bytes.IndexByte(body[at:], '"')
		if end < at {
			end = len(body)
		}
		if end-start > longRun {
			runs++
			text -= end - start
		}
		done = end
		at = max(at, end-end%(longRun/2))
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
