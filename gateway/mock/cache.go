package mock

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"sync"
	"time"
)

// Of a real prompt cache: what is shorter is not kept, how long it is kept,
// and the steps in which an automatic cache counts.
const (
	cacheLeast = 1024
	cacheStep  = 128
	cacheTTL   = 5 * time.Minute
	cacheMost  = 1 << 16 // entries; a stand-in that runs for long starts over
)

// promptCache remembers prefixes of prompts until their time is over.
type promptCache struct {
	mu    sync.Mutex
	until map[[32]byte]time.Time
}

// segment is one block of a prompt. mark is how long a cache mark behind it
// keeps the prefix; 0: no mark.
type segment struct {
	bytes []byte
	mark  time.Duration
}

// tokensOf is an estimate, four bytes a token.
func tokensOf(prompt []segment) int {
	n := 0
	for _, s := range prompt {
		n += len(s.bytes)
	}
	return max(n/4, 1)
}

// automatic is the cache of OpenAI and Gemini: the longest known prefix in
// steps of 128 tokens, from 1024 on.
func (c *promptCache) automatic(prompt []segment, now time.Time) (read int) {
	var whole []byte
	for _, s := range prompt {
		whole = append(whole, s.bytes...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trim()
	h := sha256.New()
	missed := false
	for end := cacheStep * 4; end <= len(whole); end += cacheStep * 4 {
		h.Write(whole[end-cacheStep*4 : end])
		if end < cacheLeast*4 {
			continue
		}
		var sum [32]byte
		h.Sum(sum[:0])
		if !missed && c.until[sum].After(now) {
			read = end / 4
		} else {
			missed = true
		}
		c.until[sum] = now.Add(cacheTTL)
	}
	return read
}

// written is what a request with marks put into the cache, by lifetime.
type written struct{ short, long int }

// lookBack is how many blocks before a mark a prefix is looked for.
const lookBack = 20

// marked is Anthropic's cache: prefixes up to a mark, read where one was
// written before.
func (c *promptCache) marked(prompt []segment, now time.Time) (read int, w written) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trim()
	sums, tokens := make([][32]byte, len(prompt)), make([]int, len(prompt))
	h := sha256.New()
	size := 0
	for i, s := range prompt {
		h.Write(s.bytes)
		h.Sum(sums[i][:0])
		size += len(s.bytes)
		tokens[i] = size / 4
	}
	for i, s := range prompt {
		if s.mark == 0 {
			continue
		}
		for j := i; j >= max(0, i-lookBack); j-- {
			if c.until[sums[j]].After(now) {
				read = max(read, tokens[j])
				break
			}
		}
	}
	at := read
	for i, s := range prompt {
		if s.mark == 0 || tokens[i] < cacheLeast {
			continue
		}
		if end := now.Add(s.mark); end.After(c.until[sums[i]]) {
			c.until[sums[i]] = end
		}
		if more := tokens[i] - at; more > 0 {
			at = tokens[i]
			if s.mark > cacheTTL {
				w.long += more
			} else {
				w.short += more
			}
		}
	}
	return read, w
}

func (c *promptCache) trim() {
	if len(c.until) > cacheMost {
		clear(c.until)
	}
}

// stable returns a JSON object's bytes as a cache sees them: compact, members
// in their order, without the mark itself.
func stable(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return raw
	}
	d := json.NewDecoder(bytes.NewReader(b.Bytes()))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return b.Bytes()
	}
	out := []byte{'{'}
	for d.More() {
		name, err := d.Token()
		var v json.RawMessage
		if err != nil || d.Decode(&v) != nil {
			return b.Bytes()
		}
		if name == "cache_control" {
			continue
		}
		out = append(append(append(append(out, '"'), name.(string)...), '"', ':'), v...)
		out = append(out, ',')
	}
	return append(out, '}')
}

// parts returns the items of a raw list, or the value itself where it is none.
func parts(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if len(raw) == 0 {
		return nil
	}
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	return []json.RawMessage{raw}
}
