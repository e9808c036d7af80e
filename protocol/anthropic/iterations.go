package anthropic

import "github.com/llmgw/llmgw/protocol"

// sumIterations adds up usage.iterations where the counts of the message
// itself leave some out: they exclude the compaction of the context, which is
// charged. It returns false where they are right: without a compaction, and
// with a fallback model, whose iterations they hold. The advisor's iterations
// never count here.
//
// The rule is that of vercel/ai's convert-anthropic-usage.ts.
func sumIterations(iterations []byte) (protocol.Usage, bool) {
	var sum protocol.Usage
	compacted, fallback := false, false
	err := protocol.ScanArray(iterations, func(m protocol.Member) {
		item := m.Of(iterations)
		kind, ok := protocol.Find(item, "type")
		if !ok {
			return
		}
		switch string(kind) {
		case `"fallback_message"`:
			fallback = true
		case `"compaction"`:
			compacted = true
			add(&sum, item)
		case `"message"`:
			add(&sum, item)
		}
	})
	return sum, err == nil && compacted && !fallback
}

// add adds the counts of one iteration.
func add(sum *protocol.Usage, item []byte) {
	part := func(name string) int64 {
		n, _ := protocol.IntAt(item, name)
		return max(n, 0)
	}
	sum.Input += part("input_tokens")
	sum.Output += part("output_tokens")
	sum.CacheRead += part("cache_read_input_tokens")
	sum.CacheWrite += part("cache_creation_input_tokens")
}
