package gemini

import (
	"strconv"

	"github.com/llmgw/llmgw/protocol"
)

// logprobsOf gives a logprobsResult OpenAI's form, nil where it holds none.
func logprobsOf(result []byte) protocol.Raw {
	chosen, ok := protocol.Find(result, "chosenCandidates")
	if !ok || chosen[0] != '[' {
		return nil
	}
	var tops [][]byte
	if top, ok := protocol.Find(result, "topCandidates"); ok {
		_ = protocol.ScanArray(top, func(m protocol.Member) { // of another type: there are none
			list, _ := protocol.Find(m.Of(top), "candidates")
			tops = append(tops, list)
		})
	}
	out := protocol.Raw(`{"content":[`)
	n := 0
	_ = protocol.ScanArray(chosen, func(m protocol.Member) {
		if n > 0 {
			out = append(out, ',')
		}
		out = appendToken(out, m.Of(chosen))
		out = append(out, `,"top_logprobs":[`...)
		if n < len(tops) {
			first := true
			_ = protocol.ScanArray(tops[n], func(t protocol.Member) {
				if !first {
					out = append(out, ',')
				}
				first = false
				out = append(appendToken(out, t.Of(tops[n])), '}')
			})
		}
		out = append(out, "]}"...)
		n++
	})
	return append(out, "]}"...)
}

// appendToken appends a token without the closing brace.
func appendToken(dst, candidate []byte) []byte {
	token := protocol.Text(`""`)
	if v, ok := protocol.Find(candidate, "token"); ok && textOf(v) != nil {
		token = textOf(v)
	}
	logprob := []byte("0")
	if v, ok := protocol.Find(candidate, "logProbability"); ok && (v[0] == '-' || v[0] >= '0' && v[0] <= '9') {
		logprob = v
	}
	dst = append(dst, `{"token":`...)
	dst = append(dst, token...)
	dst = append(dst, `,"logprob":`...)
	dst = append(dst, logprob...)
	dst = append(dst, `,"bytes":[`...)
	for i, b := range []byte(token.String()) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(b), 10)
	}
	return append(dst, ']')
}
