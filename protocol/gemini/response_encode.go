package gemini

import (
	"strconv"
	"unicode/utf8"

	"github.com/llmgw/llmgw/protocol"
)

// EncodeResponse appends a whole answer for a client of generateContent.
func EncodeResponse(dst []byte, x *protocol.Exchange, r *protocol.Response) []byte {
	e := newStreamEncoder(x)
	e.whole, e.cited = true, maxHeld
	for _, ev := range r.Replay(nil) {
		dst = e.Event(dst, &ev)
	}
	return dst
}

// appendCandidate appends a candidate that holds parts; what it ends with is
// written where it has ended.
func (a *answerPart) appendCandidate(dst, parts []byte, last bool) []byte {
	dst = append(dst, `{"content":{"parts":[`...)
	if len(parts) == 0 { // SDKs take a content without parts for a broken one
		parts = []byte(`{"text":""}`)
	}
	dst = append(dst, parts...)
	dst = append(dst, `],"role":"model"}`...)
	if a.logs != nil {
		dst = appendLogprobs(dst, a.logs)
		a.logs = nil
	}
	if last && a.ended {
		dst = append(dst, `,"finishReason":"`...)
		dst = append(append(dst, finishReason(a.stop.Reason)...), '"')
		if !a.stop.Detail.Empty() {
			dst = append(dst, `,"finishMessage":`...)
			dst = append(dst, a.stop.Detail...)
		}
		dst = a.appendGrounding(dst)
	}
	dst = append(dst, `,"index":`...)
	dst = strconv.AppendInt(dst, int64(a.index), 10)
	return append(dst, '}')
}

func finishReason(r protocol.StopReason) string {
	switch r {
	case protocol.StopLength, protocol.StopContext:
		return "MAX_TOKENS"
	case protocol.StopRefusal:
		return "SAFETY"
	case protocol.StopUnknown:
		return "OTHER"
	}
	return "STOP"
}

func appendUsage(dst []byte, u protocol.Usage, tier string) []byte {
	reasoning := min(u.Reasoning, u.Output)
	dst = append(dst, `,"usageMetadata":{"promptTokenCount":`...)
	dst = strconv.AppendInt(dst, u.Input+u.CacheRead+u.CacheWrite, 10)
	if u.CacheRead > 0 {
		dst = append(dst, `,"cachedContentTokenCount":`...)
		dst = strconv.AppendInt(dst, u.CacheRead, 10)
	}
	dst = append(dst, `,"candidatesTokenCount":`...)
	dst = strconv.AppendInt(dst, u.Output-reasoning, 10)
	if reasoning > 0 {
		dst = append(dst, `,"thoughtsTokenCount":`...)
		dst = strconv.AppendInt(dst, reasoning, 10)
	}
	dst = append(dst, `,"totalTokenCount":`...)
	dst = strconv.AppendInt(dst, u.Total(), 10)
	if name := tierOut(tier); name != "" {
		dst = append(dst, `,"serviceTier":"`...)
		dst = append(append(dst, name...), '"')
	}
	return append(dst, '}')
}

// appendGrounding writes the sources of the answer, with Google's offsets in
// bytes.
func (a *answerPart) appendGrounding(dst []byte) []byte {
	if len(a.cites) == 0 {
		return dst
	}
	dst = append(dst, `,"groundingMetadata":{"groundingChunks":[`...)
	for i := range a.cites {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"web":{"uri":`...)
		dst = appendText(dst, a.cites[i].URL)
		dst = append(dst, `,"title":`...)
		dst = appendText(dst, a.cites[i].Title)
		dst = append(dst, `}}`...)
	}
	dst = append(dst, `],"groundingSupports":[`...)
	for i := range a.cites {
		if i > 0 {
			dst = append(dst, ',')
		}
		start := byteOffset(a.text, a.cites[i].Start)
		end := max(start, byteOffset(a.text, a.cites[i].End))
		dst = append(dst, `{"segment":{"startIndex":`...)
		dst = strconv.AppendInt(dst, int64(start), 10)
		dst = append(dst, `,"endIndex":`...)
		dst = strconv.AppendInt(dst, int64(end), 10)
		dst = append(dst, `,"text":`...)
		dst = protocol.QuoteString(dst, string(a.text[start:end]))
		dst = append(dst, `},"groundingChunkIndices":[`...)
		dst = strconv.AppendInt(dst, int64(i), 10)
		dst = append(dst, `]}`...)
	}
	return append(dst, `]}`...)
}

// byteOffset is where the n-th code point of text begins, at most its end.
func byteOffset(text []byte, n int) int {
	at := 0
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return at
}

// appendLogprobs gives OpenAI's form of them Google's.
func appendLogprobs(dst []byte, logs protocol.Raw) []byte {
	content, ok := protocol.Find(logs, "content")
	if !ok {
		return dst
	}
	dst = append(dst, `,"logprobsResult":{"chosenCandidates":[`...)
	first := true
	tokens := func(m protocol.Member, list []byte) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		item := m.Of(list)
		token, _ := protocol.Find(item, "token")
		logprob, ok := protocol.Find(item, "logprob")
		if !ok {
			logprob = []byte("0")
		}
		dst = append(dst, `{"token":`...)
		dst = appendText(dst, textOf(token))
		dst = append(dst, `,"logProbability":`...)
		dst = append(append(dst, logprob...), '}')
	}
	_ = protocol.ScanArray(content, func(m protocol.Member) { tokens(m, content) }) // of another type: there are none
	dst = append(dst, `],"topCandidates":[`...)
	outer := true
	_ = protocol.ScanArray(content, func(m protocol.Member) {
		if !outer {
			dst = append(dst, ',')
		}
		outer, first = false, true
		dst = append(dst, `{"candidates":[`...)
		top, _ := protocol.Find(m.Of(content), "top_logprobs")
		_ = protocol.ScanArray(top, func(t protocol.Member) { tokens(t, top) })
		dst = append(dst, `]}`...)
	})
	return append(dst, `]}`...)
}
