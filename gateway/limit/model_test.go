package limit

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// clock is a hand-moved one with a monotonic reading's behaviour.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

// admitted is a request of the brute-force model.
type admitted struct {
	at     time.Time
	tokens int64
}

// In no 60 seconds more than the limit, at any load; and what is refused would
// have made more than the limit in a window of 61 seconds: the price of cells.
func TestWindowAgainstBruteForce(t *testing.T) {
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := newClock()
		c.advance(time.Duration(r.Int64N(1e9)))
		table := New("a", c.now)
		c.advance(time.Duration(r.Int64N(5e9)))
		limits := Limits{Requests: 1 + r.Int64N(40), Tokens: 100 + r.Int64N(4000)}
		pace := time.Duration(1 + r.Int64N(int64(4*time.Second)))
		var all []admitted
		used := func(span time.Duration) (requests, tokens int64) {
			for _, x := range all {
				if c.at.Sub(x.at) < span {
					requests++
					tokens += x.tokens
				}
			}
			return
		}
		for i := range 400 {
			c.advance(time.Duration(r.Int64N(int64(pace))))
			if r.IntN(50) == 0 {
				c.advance(time.Duration(r.Int64N(int64(90 * time.Second))))
			}
			want := r.Int64N(300)
			k, v := table.Take("key", limits, Need{Tokens: want})
			requests, tokens := used(60 * time.Second)
			if v.Over == None {
				if k.tokens != min(want, limits.Tokens) {
					t.Fatalf("seed %d: %d tokens reserved of %d", seed, k.tokens, want)
				}
				if requests+1 > limits.Requests || tokens+k.tokens > limits.Tokens {
					t.Fatalf("seed %d, step %d: admitted as number %d with %d tokens; the limits are %+v", seed, i, requests+1, tokens+k.tokens, limits)
				}
				all = append(all, admitted{c.at, k.tokens})
				switch r.IntN(4) {
				case 0: // it used less, or more than was reserved
					actual := r.Int64N(k.tokens + 1)
					table.Settle(k, actual, 0)
					all[len(all)-1].tokens = actual
				case 1:
					table.Cancel(k)
					all = all[:len(all)-1]
				default:
					table.Settle(k, k.tokens, 0)
				}
				continue
			}
			requests, tokens = used(61 * time.Second)
			if requests+1 <= limits.Requests && tokens+max(min(want, limits.Tokens), 1) <= limits.Tokens {
				t.Fatalf("seed %d, step %d: refused with %d requests and %d tokens in 61 s; the limits are %+v", seed, i, requests, tokens, limits)
			}
			if r.IntN(4) == 0 { // the wait is true, and not a moment too long
				before := c.at
				c.at = before.Add(v.Wait - 1)
				if _, w := table.Take("key", limits, Need{Tokens: want}); w.Over == None {
					t.Fatalf("seed %d: there was room before the wait of %s was over", seed, v.Wait)
				}
				c.at = before.Add(v.Wait)
				k, w := table.Take("key", limits, Need{Tokens: want})
				if w.Over != None {
					t.Fatalf("seed %d: no room after the wait of %s: %+v", seed, v.Wait, w)
				}
				all = append(all, admitted{c.at, k.tokens})
			}
		}
		s := table.State("key")
		requests, _ := used(60 * time.Second)
		if s.Requests.Used < requests {
			t.Fatalf("seed %d: %d requests are used, the state says %d", seed, requests, s.Requests.Used)
		}
	}
}

// The sum over rows that travel between nodes in any order, late and twice,
// admits as one table would: nothing double, nothing lost.
func TestRowsAgainstBruteForce(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 2))
		c := newClock()
		tables := make([]*Table, 4)
		for i := range tables {
			tables[i] = New(fmt.Sprint("node-", i), c.now)
			c.advance(time.Duration(r.Int64N(3e9)))
		}
		limits := Limits{Requests: 30}
		var all []admitted
		var late [][]byte
		owner := 0
		for i := range 400 {
			c.advance(time.Duration(r.Int64N(int64(700 * time.Millisecond))))
			if r.IntN(20) == 0 { // the key moves, after the rows have
				next := r.IntN(len(tables))
				message := tables[owner].Append(nil, "key")
				late = append(late, message)
				for range 1 + r.IntN(2) {
					if err := tables[next].Merge(message, func(string) {}); err != nil {
						t.Fatal(err)
					}
				}
				owner = next
			}
			if seed%2 == 0 && len(late) > 0 && r.IntN(10) == 0 { // an old message, to anybody
				if err := tables[r.IntN(len(tables))].Merge(late[r.IntN(len(late))], func(string) {}); err != nil {
					t.Fatal(err)
				}
			}
			if r.IntN(15) == 0 {
				for _, x := range tables {
					x.Sweep()
				}
			}
			k, v := tables[owner].Take("key", limits, Need{})
			var in60, in61 int64
			for _, x := range all {
				if c.at.Sub(x.at) < 60*time.Second {
					in60++
				}
				if c.at.Sub(x.at) < 61*time.Second {
					in61++
				}
			}
			if v.Over == None {
				if in60+1 > limits.Requests {
					t.Fatalf("seed %d, step %d: admitted as number %d of %d", seed, i, in60+1, limits.Requests)
				}
				all = append(all, admitted{at: c.at})
				tables[owner].Settle(k, 0, 0)
			} else if seed%2 == 1 && in61+1 <= limits.Requests { // what a message waits makes it restrictive
				t.Fatalf("seed %d, step %d: refused with %d in 61 s", seed, i, in61)
			}
		}
	}
}
