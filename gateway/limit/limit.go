package limit

import (
	"math"
	"time"
)

// Money is an amount in billionths of a US dollar: cheap tokens cost a few
// dozen each, and a day of any key fits.
type Money int64

// Dollars converts an amount; what cannot be held is the most that can.
func Dollars(usd float64) Money {
	n := math.Round(usd * 1e9)
	switch {
	case !(n > 0): // NaN, too
		return 0
	case n >= math.MaxInt64/4:
		return math.MaxInt64 / 4
	}
	return Money(n)
}

// USD is the amount in dollars.
func (m Money) USD() float64 { return float64(m) / 1e9 }

// Limits bound a key; what is zero is not limited. They are given anew with
// each call, so that a changed configuration holds at once.
type Limits struct {
	Requests   int64 // in any 60 s
	Tokens     int64 // in any 60 s
	Concurrent int64 // at the same time
	Day        Money // a UTC day
}

// Need is what a request is expected to use. Tokens beyond the limit of a
// minute count as the limit: a large request waits for an empty window, and is
// not refused for ever.
type Need struct {
	Tokens int64
	Cost   Money
}

// Kind names a limit.
type Kind uint8

// The limits.
const (
	None Kind = iota
	Requests
	Tokens
	Concurrent
	Day
)

// Verdict is the answer to a request for room.
type Verdict struct {
	// Over is the limit that refuses; None: admitted. Of several it is the one
	// with the longest wait.
	Over Kind
	// Wait is when to come back. For requests, tokens and the day it is exact:
	// there is room then, unless others took it. It is a second for what depends
	// on running requests: nobody knows when they end.
	Wait time.Duration
	// State is what the key has used, this request included if it was admitted.
	State State
	// Untold is how many of the requests counted here nobody else knows of.
	Untold int64
}

// State is a key's use at a moment.
type State struct {
	Requests, Tokens Minute
	Flying           int64 // running requests
	Spent            Money // today
	Pending          Money // what the running requests are expected to cost
	DayLeft          time.Duration
}

// Minute is the use of a window.
type Minute struct {
	Used  int64
	Reset time.Duration // until nothing is used any more; 0: nothing is
}

// Remaining is what is left of a limit.
func (m Minute) Remaining(limit int64) int64 { return max(limit-m.Used, 0) }

const (
	second = int64(time.Second)
	// window is how many cells a row remembers: that of now and those of the 60
	// seconds before.
	window = 61
	// trust is how long another process's word on its running requests holds,
	// and refresh how often it is repeated.
	trust   = 30 * time.Second
	refresh = 10 * time.Second
	// soon is the wait that is told where the end depends on running requests.
	soon = time.Second
)
