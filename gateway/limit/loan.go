package limit

import "time"

// loan is room that this node granted to another one, which runs the request
// and says so in its own row within a second. Until that has arrived, the loan
// stands for it.
type loan struct {
	origin  string
	id      uint64 // the borrower's number
	at      int64
	pending Money
}

// patience is how long a loan waits for its borrower's row: several rounds of
// it. A borrower that is silent for longer has died or never got the answer.
const patience = 5 * time.Second

// Question is a request for room at another node.
type Question struct {
	account *account
	ID      uint64
}

// Ask begins a request for room at the node that counts for the key. It ends
// with Borrow or Drop.
func (t *Table) Ask(key string) Question {
	s := t.shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := t.account(s, key)
	id := t.serial.Add(1)
	a.asked = append(a.asked, id)
	return Question{a, id}
}

// Borrow enters a request that the asked node has granted and counted, with so
// many tokens reserved there.
func (t *Table) Borrow(q Question, tokens int64, cost Money) Ticket {
	a := q.account
	a.shard.mu.Lock()
	defer a.shard.mu.Unlock()
	t.answered(a, q.ID)
	r := a.own()
	r.advance(t.clock())
	r.flying++
	r.pending += cost
	return Ticket{account: a, second: r.head, tokens: tokens, pending: cost, lent: true}
}

// Drop ends a question without a grant, or with one that may be lost.
// The zero Question is none.
func (t *Table) Drop(q Question) {
	a := q.account
	if a == nil {
		return
	}
	a.shard.mu.Lock()
	defer a.shard.mu.Unlock()
	t.answered(a, q.ID)
}

// answered strikes a question off. The row's settled then says which loans the
// other side may strike off.
func (t *Table) answered(a *account, id uint64) {
	for i, x := range a.asked {
		if x == id {
			a.asked = append(a.asked[:i], a.asked[i+1:]...)
			break
		}
	}
	t.changed(a)
	r := a.own()
	r.settled = r.version
	if len(a.asked) > 0 {
		r.settled = a.asked[0] - 1 // they are in the order of their numbers
	}
}

// Grant is what Lend gave: room for one request and for Extra more of the same
// size, which must start within For, counted from before the question was sent.
type Grant struct {
	Second int64 // in which they are counted, for Return
	Tokens int64 // reserved for each
	Extra  int64
	For    time.Duration
}

// hoard is the part of what is left of a limit that one borrower may get beyond
// its request.
const hoard = 8

// Lend grants room to another process as Take does to this one: the request is
// counted here and runs there. Where nothing but the minute is limited, or the
// day has hardly begun, it grants up to extra more on top; they hold until the
// end of the second in which they are counted, so that the window stays exact.
func (t *Table) Lend(key, origin string, id uint64, l Limits, n Need, extra int64) (Grant, Verdict) {
	s := t.shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := t.account(s, key)
	now := t.clock()
	v, tokens := t.judge(a, l, n, now)
	if v.Over != None {
		return Grant{}, v
	}
	k := t.count(a, tokens, now)
	k.pending = n.Cost
	a.loans = append(a.loans, loan{origin: origin, id: id, at: now, pending: n.Cost})
	r := a.own()
	v.counted(r, k, now)
	v.Untold = a.untold
	g := Grant{Second: k.second, Tokens: k.tokens, Extra: spare(l, v.State, k.tokens, extra)}
	if g.Extra > 0 {
		g.For = time.Duration(r.base + (k.second+1)*second - now)
		r.add(k.second, g.Extra, g.Extra*k.tokens)
		v.State.Requests.Used += g.Extra
		a.untold += g.Extra
		v.State.Tokens.Used += g.Extra * k.tokens
	}
	return g, v
}

// spare is how much of extra may be lent.
func spare(l Limits, s State, tokens, extra int64) int64 {
	if l.Concurrent > 0 || l.Day > 0 && s.Spent+s.Pending > l.Day/2 {
		return 0
	}
	if l.Requests > 0 {
		extra = min(extra, s.Requests.Remaining(l.Requests)/hoard)
	}
	if l.Tokens > 0 {
		extra = min(extra, s.Tokens.Remaining(l.Tokens)/hoard/max(tokens, 1))
	}
	return max(extra, 0)
}

// Return takes back what Lend granted in a second and was not used.
func (t *Table) Return(key string, second int64, f Refund) {
	s := t.shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.m[key]
	if a == nil {
		return
	}
	r := a.own()
	r.advance(t.clock())
	if !r.holds(second) {
		return
	}
	c := r.cell(second)
	r.add(second, -min(f.Requests, c.requests), -min(f.Tokens, c.tokens))
	t.changed(a)
}

// lent drops the loans that their borrowers' rows tell of, or that nobody can
// tell of any more, and returns the others.
func (t *Table) lent(a *account, now int64) []loan {
	kept := a.loans[:0]
	for _, b := range a.loans {
		if now-b.at >= int64(patience) || !t.alive(b.origin) {
			continue
		}
		told := false
		for _, r := range a.rows[1:] {
			told = told || r.origin == b.origin && r.settled >= b.id
		}
		if !told {
			kept = append(kept, b)
		}
	}
	a.loans = kept
	return kept
}
