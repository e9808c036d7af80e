package limit

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

const shards = 64

// Table holds what keys use. It may be used from any goroutine, and outlives
// reloads: it knows keys by name and limits not at all.
type Table struct {
	now    func() time.Time
	start  time.Time
	origin string
	live   atomic.Pointer[func(origin string) bool]
	serial atomic.Uint64 // numbers changes and questions, over all keys
	shards [shards]shard
}

type shard struct {
	mu sync.Mutex
	m  map[string]*account
}

// account is one key's. It is guarded by its shard's lock, and stays in the
// shard while a request of the key runs.
type account struct {
	key    string
	shard  *shard
	rows   []*row   // the first is this process's own
	loans  []loan   // what other nodes were granted here and have not told of yet
	asked  []uint64 // what this node asks another one for and has no answer to
	dirty  bool     // others have not been told
	untold int64    // requests counted since they were
}

// New makes an empty table. origin names this process among all that ever
// served a key: a restart needs another one. now must have a monotonic reading.
func New(origin string, now func() time.Time) *Table {
	t := &Table{now: now, start: now(), origin: origin}
	for i := range t.shards {
		t.shards[i].m = make(map[string]*account)
	}
	return t
}

// SetLive tells which processes run: what a process that is gone was running
// has ended with it. Without a word all are alive. live must be fast, and safe
// from any goroutine.
func (t *Table) SetLive(live func(origin string) bool) { t.live.Store(&live) }

func (t *Table) alive(origin string) bool {
	f := t.live.Load()
	return f == nil || origin == t.origin || (*f)(origin)
}

func (t *Table) clock() int64 { return int64(t.now().Sub(t.start)) }

func (t *Table) shardOf(key string) *shard {
	h := uint64(14695981039346656037)
	for i := 0; i < len(key); i++ {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	return &t.shards[bits.RotateLeft64(h, 17)%shards]
}

// account returns a key's, which it makes where there is none. s is locked.
func (t *Table) account(s *shard, key string) *account {
	a := s.m[key]
	if a == nil {
		a = &account{key: key, shard: s, rows: []*row{{origin: t.origin}}}
		s.m[key] = a
	}
	return a
}

func (a *account) own() *row { return a.rows[0] }

// changed numbers a change of the own row. Numbers are the table's: those of a
// key that was forgotten and comes back must go on growing.
func (t *Table) changed(a *account) {
	a.own().version = t.serial.Add(1)
	a.dirty = true
}

// Ticket is a request that was admitted. It is settled or canceled once; the
// zero Ticket is neither.
type Ticket struct {
	account *account
	second  int64 // the cell in which it was counted
	tokens  int64 // that were reserved
	pending Money
	lent    bool // another node counted it, see Borrow
}

// Valid tells a ticket from the zero one.
func (k Ticket) Valid() bool { return k.account != nil }

// Reserved is the number of tokens that are held for the request.
func (k Ticket) Reserved() int64 { return k.tokens }

// Take asks for room for one request, which starts now if it is admitted.
func (t *Table) Take(key string, l Limits, n Need) (Ticket, Verdict) {
	s := t.shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := t.account(s, key)
	now := t.clock()
	v, tokens := t.judge(a, l, n, now)
	if v.Over != None {
		return Ticket{}, v
	}
	k := t.count(a, tokens, now)
	k.pending = n.Cost
	r := a.own()
	r.flying++
	r.pending += n.Cost
	v.counted(r, k, now)
	v.Untold = a.untold
	return k, v
}

// count enters an admitted request into the own row.
func (t *Table) count(a *account, tokens, now int64) Ticket {
	r := a.own()
	r.advance(now)
	r.add(r.head, 1, tokens)
	t.changed(a)
	a.untold++
	return Ticket{account: a, second: r.head, tokens: tokens}
}

// counted brings the state up to the request that was admitted.
func (v *Verdict) counted(r *row, k Ticket, now int64) {
	full := time.Duration(r.expiry(k.second) - now)
	v.State.Requests.Used++
	v.State.Requests.Reset = max(v.State.Requests.Reset, full)
	if k.tokens > 0 {
		v.State.Tokens.Used += k.tokens
		v.State.Tokens.Reset = max(v.State.Tokens.Reset, full)
	}
	v.State.Flying++
	v.State.Pending += k.pending
}

// judge compares an account with limits. It returns the tokens to reserve.
func (t *Table) judge(a *account, l Limits, n Need, now int64) (Verdict, int64) {
	v := Verdict{State: t.sum(a, now)}
	tokens := max(n.Tokens, 0)
	over := func(k Kind, wait time.Duration) {
		if v.Over == None || wait > v.Wait {
			v.Over, v.Wait = k, wait
		}
	}
	if l.Requests > 0 && v.State.Requests.Used >= l.Requests {
		over(Requests, time.Duration(freed(a.rows, v.State.Requests.Used+1-l.Requests, now, requestsOf)-now))
	}
	if l.Tokens > 0 {
		tokens = min(tokens, l.Tokens)
		if lack := v.State.Tokens.Used + max(tokens, 1) - l.Tokens; lack > 0 {
			over(Tokens, time.Duration(freed(a.rows, lack, now, tokensOf)-now))
		}
	}
	if l.Concurrent > 0 && v.State.Flying >= l.Concurrent {
		over(Concurrent, soon)
	}
	switch {
	case l.Day <= 0:
	case v.State.Spent >= l.Day:
		over(Day, v.State.DayLeft)
	case v.State.Spent+v.State.Pending >= l.Day:
		over(Day, soon)
	}
	return v, tokens
}

// sum adds up an account's rows, advanced to now.
func (t *Table) sum(a *account, now int64) State {
	var s State
	var requests, tokens int64
	for _, r := range a.rows {
		r.advance(now)
		if r.requests != 0 {
			s.Requests.Used += r.requests
			requests = max(requests, r.reset(requestsOf))
		}
		if r.tokens != 0 {
			s.Tokens.Used += r.tokens
			tokens = max(tokens, r.reset(tokensOf))
		}
		if r.spent > 0 {
			s.Spent += r.spent
			s.DayLeft = max(s.DayLeft, time.Duration(r.dayEnd-now))
		}
		if r == a.own() || r.runs(now) && t.alive(r.origin) {
			s.Flying += r.flying
			s.Pending += r.pending
		}
	}
	for _, b := range t.lent(a, now) {
		s.Flying++
		s.Pending += b.pending
	}
	s.Requests.Reset = time.Duration(max(requests-now, 0))
	s.Tokens.Reset = time.Duration(max(tokens-now, 0))
	return s
}

// Refund is what a node that counted a request is to be told; zero: nothing.
type Refund struct{ Requests, Tokens int64 }

// Settle ends a request that reached a provider: tokens is what it used, cost
// what that is worth. What was reserved too much is free again at once; what
// was used beyond the reservation is counted now.
func (t *Table) Settle(k Ticket, tokens int64, cost Money) Refund {
	if !k.Valid() {
		return Refund{}
	}
	a := k.account
	a.shard.mu.Lock()
	defer a.shard.mu.Unlock()
	r, now := t.end(k)
	if cost > 0 {
		if now >= r.dayEnd {
			r.dayEnd = now + untilMidnight(t.now())
		}
		r.spent += cost
	}
	switch d := max(tokens, 0) - k.tokens; {
	case d > 0:
		r.add(r.head, 0, d)
	case k.lent:
		return Refund{Tokens: -d}
	case r.holds(k.second):
		r.add(k.second, 0, d)
	}
	return Refund{}
}

// Cancel gives everything back: the request has reached nobody.
func (t *Table) Cancel(k Ticket) Refund {
	if !k.Valid() {
		return Refund{}
	}
	a := k.account
	a.shard.mu.Lock()
	defer a.shard.mu.Unlock()
	r, _ := t.end(k)
	if k.lent {
		return Refund{Requests: 1, Tokens: k.tokens}
	}
	if r.holds(k.second) {
		r.add(k.second, -1, -k.tokens)
	}
	return Refund{}
}

// end takes a request off the running ones.
func (t *Table) end(k Ticket) (r *row, now int64) {
	r, now = k.account.own(), t.clock()
	r.advance(now)
	r.flying--
	r.pending -= k.pending
	t.changed(k.account)
	return r, now
}

func untilMidnight(now time.Time) int64 {
	now = now.UTC()
	return int64(24*time.Hour - now.Sub(now.Truncate(24*time.Hour)))
}

// State is what a key has used.
func (t *Table) State(key string) State {
	s := t.shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.m[key]
	if a == nil {
		return State{}
	}
	return t.sum(a, t.clock())
}

// Sweep forgets keys and rows that say nothing any more, and repeats what
// others hold to be true for a while only. It is to be called every few seconds.
func (t *Table) Sweep() {
	now := t.clock()
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for key, a := range s.m {
			t.tidy(a, now)
			if len(a.rows) == 1 && !a.own().counts() && a.own().flying == 0 && !a.dirty && len(a.asked) == 0 && len(t.lent(a, now)) == 0 {
				delete(s.m, key)
			}
		}
		s.mu.Unlock()
	}
}

func (t *Table) tidy(a *account, now int64) {
	own := a.own()
	own.advance(now)
	if own.flying > 0 && now-own.heard > int64(refresh) {
		own.heard = now
		t.changed(a)
	}
	kept := a.rows[:1]
	for _, r := range a.rows[1:] {
		r.advance(now)
		// A row that went too early could come back as an older copy by way of a
		// third node, which would be believed about running requests.
		if r.counts() || now-r.heard < int64(2*trust) {
			kept = append(kept, r)
		}
	}
	clear(a.rows[len(kept):])
	a.rows = kept
}
