package protocol

// Usage counts the tokens of one call, in disjoint parts: their sum is what
// was processed. Reasoning tokens are part of Output.
type Usage struct {
	// Input is what was read anew: neither from a cache nor written to one.
	Input int64
	// Output is everything generated, thinking included.
	Output int64
	// CacheRead is input that came from the provider's prompt cache.
	CacheRead int64
	// CacheWrite is input that was written to it.
	CacheWrite int64
	// Reasoning is how much of Output was thinking, 0 where it is not told.
	Reasoning int64
}

// Total returns the sum of all parts.
func (u Usage) Total() int64 { return u.Input + u.Output + u.CacheRead + u.CacheWrite }

// SplitInput returns the usage of an API that counts cached tokens as part of
// its input, as OpenAI and Gemini do. No part is ever negative: some servers
// report more cached tokens than input.
func SplitInput(input, cacheRead, cacheWrite, output int64) Usage {
	u := Usage{CacheRead: max(cacheRead, 0), CacheWrite: max(cacheWrite, 0), Output: max(output, 0)}
	u.Input = max(input-u.CacheRead-u.CacheWrite, 0)
	return u
}
