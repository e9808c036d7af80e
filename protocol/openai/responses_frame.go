package openai

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// begin starts a frame: its event, its type and its number. Nothing in a frame
// holds a line break, so that one data line is enough.
func (w *responsesWriter) begin(event string) {
	w.frame = len(w.dst)
	w.head.Sequence++
	w.dst = append(w.dst, "event: "...)
	w.dst = append(w.dst, event...)
	w.dst = append(w.dst, "\ndata: {\"type\":\""...)
	w.dst = append(w.dst, event...)
	w.dst = append(w.dst, `","sequence_number":`...)
	w.dst = appendInt(w.dst, w.head.Sequence)
}

// begins starts a frame about the open item.
func (w *responsesWriter) begins(event string) {
	w.begin(event)
	w.dst = append(w.dst, `,"output_index":`...)
	w.dst = appendInt(w.dst, int64(w.index))
}

// about starts a frame about a thing inside of the open item.
func (w *responsesWriter) about(event string) {
	w.begins(event)
	w.dst = append(w.dst, `,"item_id":"`...)
	w.dst = append(w.dst, w.id...)
	w.dst = append(w.dst, '"')
}

// close ends the frame.
func (w *responsesWriter) close() {
	w.dst = append(w.dst, "}\n\n"...)
	if w.quiet {
		w.dst = w.dst[:w.frame]
	}
}

// added tells of a new item; the rest of it, from behind its id and type, is
// given.
func (w *responsesWriter) added(kind itemKind, prefix, typed, rest string) {
	w.open, w.id, w.text = kind, w.x.NewID(prefix), w.text[:0]
	w.begins("response.output_item.added")
	w.dst = append(w.dst, `,"item":`...)
	w.dst = w.appendItem(w.dst, typed)
	w.dst = append(w.dst, rest...)
	w.dst = append(w.dst, '}')
	w.close()
}

// appendItem begins the open item.
func (w *responsesWriter) appendItem(dst []byte, typed string) []byte {
	dst = append(dst, `{"id":"`...)
	dst = append(dst, w.id...)
	dst = append(dst, `","type":"`...)
	dst = append(dst, typed...)
	return append(dst, '"')
}

// done tells that the open item is done. It stands at the end of w.items, from
// byte at on.
func (w *responsesWriter) done(at int) {
	w.begins("response.output_item.done")
	w.dst = append(w.dst, `,"item":`...)
	w.dst = append(w.dst, w.items[at:]...)
	w.close()
	w.open = noItem
	w.index++
}

// nextItem returns where in w.items the next one starts.
func (w *responsesWriter) nextItem() int {
	if len(w.items) > 0 {
		w.items = append(w.items, ',')
	}
	return len(w.items)
}

// appendMember appends ,"name": and text as a JSON string; text is escaped.
func appendMember(dst []byte, name string, text []byte) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, name...)
	dst = append(dst, `":"`...)
	dst = append(dst, text...)
	return append(dst, '"')
}

// appendResponse appends the Response as it stands, with its usage at the end.
func (w *responsesWriter) appendResponse(dst []byte, status string, end bool) []byte {
	dst = append(dst, `{"id":`...)
	dst = protocol.QuoteString(dst, w.head.ID)
	dst = append(dst, `,"object":"response","created_at":`...)
	dst = appendInt(dst, w.head.CreatedAt)
	dst = append(dst, `,"status":"`...)
	dst = append(dst, status...)
	dst = append(dst, `","completed_at":`...)
	dst = w.appendCompletedAt(dst, status)
	dst = append(dst, `,"background":false,"error":null,"incomplete_details":`...)
	if reason := w.incomplete(); reason != "" {
		dst = append(dst, `{"reason":"`...)
		dst = append(dst, reason...)
		dst = append(dst, `"}`...)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"model":`...)
	dst = protocol.QuoteString(dst, w.head.Model)
	if w.tier != "" {
		dst = append(dst, `,"service_tier":`...)
		dst = protocol.QuoteString(dst, w.tier)
	}
	dst = append(dst, `,"previous_response_id":null,"store":false`...)
	if echo := w.x.Request.Echo; len(echo) > 0 {
		dst = append(dst, echo...)
	} else {
		dst = new(responsesEcho).append(dst, nil)
	}
	dst = append(dst, `,"output":[`...)
	dst = append(dst, w.items...)
	dst = append(dst, `],"usage":`...)
	if !end {
		return append(dst, "null}"...)
	}
	return append(appendResponsesUsage(dst, w.usage), '}')
}

// appendCompletedAt appends when the answer was whole, null where it is not.
func (w *responsesWriter) appendCompletedAt(dst []byte, status string) []byte {
	switch {
	case status != "completed":
		return append(dst, "null"...)
	case w.x.Clock == nil:
		return appendInt(dst, w.head.CreatedAt)
	}
	return appendInt(dst, max(w.x.Clock().Unix(), w.head.CreatedAt))
}

// appendResponsesUsage appends a usage object. Cached tokens are part of the
// input there.
func appendResponsesUsage(dst []byte, u protocol.Usage) []byte {
	input := u.Input + u.CacheRead + u.CacheWrite
	dst = append(dst, `{"input_tokens":`...)
	dst = appendInt(dst, input)
	dst = append(dst, `,"input_tokens_details":{"cached_tokens":`...)
	dst = appendInt(dst, u.CacheRead)
	dst = append(dst, `,"cache_write_tokens":`...)
	dst = appendInt(dst, u.CacheWrite)
	dst = append(dst, `},"output_tokens":`...)
	dst = appendInt(dst, u.Output)
	dst = append(dst, `,"output_tokens_details":{"reasoning_tokens":`...)
	dst = appendInt(dst, u.Reasoning)
	dst = append(dst, `},"total_tokens":`...)
	dst = appendInt(dst, input+u.Output)
	return append(dst, '}')
}

// trimID takes the prefix off that the provider's API gives its answers' ids.
func trimID(id string) string {
	for _, prefix := range [...]string{"resp_", "chatcmpl-", "msg_"} {
		if rest, ok := strings.CutPrefix(id, prefix); ok && rest != "" {
			return rest
		}
	}
	return id
}
