package limit

import (
	"testing"
	"time"
)

func TestEachLimitRefusesByItsName(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limits Limits
		need   Need
		fit    int // requests that are admitted
		over   Kind
		wait   time.Duration
	}{
		{"requests", Limits{Requests: 3}, Need{}, 3, Requests, 61 * time.Second},
		{"tokens", Limits{Tokens: 100}, Need{Tokens: 40}, 2, Tokens, 61 * time.Second},
		{"one request larger than the limit", Limits{Tokens: 100}, Need{Tokens: 5000}, 1, Tokens, 61 * time.Second},
		{"concurrent", Limits{Concurrent: 2}, Need{}, 2, Concurrent, time.Second},
		{"expected cost", Limits{Day: Dollars(1)}, Need{Cost: Dollars(0.4)}, 3, Day, time.Second},
		{"the longest wait of several", Limits{Requests: 2, Concurrent: 2}, Need{}, 2, Requests, 61 * time.Second},
	} {
		c := newClock()
		table := New("a", c.now)
		for i := range tt.fit {
			if k, v := table.Take("key", tt.limits, tt.need); v.Over != None || !k.Valid() {
				t.Fatalf("%s: request %d: %+v", tt.name, i+1, v)
			}
		}
		k, v := table.Take("key", tt.limits, tt.need)
		if v.Over != tt.over || v.Wait != tt.wait || k.Valid() {
			t.Errorf("%s: %+v, want %v for %s", tt.name, v, tt.over, tt.wait)
		}
		if _, v := table.Take("another", tt.limits, tt.need); v.Over != None {
			t.Errorf("%s: another key is refused: %+v", tt.name, v)
		}
	}
}

func TestADaysBudgetLastsUntilMidnight(t *testing.T) {
	c := newClock() // 22:00 UTC
	table := New("a", c.now)
	limits := Limits{Day: Dollars(0.5)}
	k, _ := table.Take("key", limits, Need{})
	table.Settle(k, 1000, Dollars(0.5))
	_, v := table.Take("key", limits, Need{})
	if v.Over != Day || v.Wait != 2*time.Hour || v.State.Spent != limits.Day {
		t.Fatalf("%+v", v)
	}
	if _, v := table.Take("key", Limits{Day: Dollars(0.6)}, Need{}); v.Over != None {
		t.Errorf("a raised limit does not hold: %+v", v)
	}
	c.advance(v.Wait - 1)
	if _, v := table.Take("key", limits, Need{}); v.Over != Day {
		t.Errorf("admitted before midnight: %+v", v)
	}
	c.advance(1)
	k, v = table.Take("key", limits, Need{})
	if v.Over != None || v.State.Spent != 0 {
		t.Errorf("not admitted at midnight: %+v", v)
	}
	table.Settle(k, 0, Dollars(0.1))
	if s := table.State("key"); s.Spent != Dollars(0.1) || s.DayLeft != 24*time.Hour {
		t.Errorf("the new day: %+v", s)
	}
}

func TestSettlingMovesTheReservation(t *testing.T) {
	c := newClock()
	table := New("a", c.now)
	l := Limits{Tokens: 1000}
	k, v := table.Take("key", l, Need{Tokens: 800, Cost: Dollars(1)})
	if v.State.Tokens.Used != 800 || v.State.Flying != 1 || v.State.Pending != Dollars(1) {
		t.Errorf("after the take: %+v", v.State)
	}
	c.advance(5 * time.Second)
	table.Settle(k, 300, Dollars(2))
	if s := table.State("key"); s.Tokens.Used != 300 || s.Flying != 0 || s.Pending != 0 || s.Spent != Dollars(2) || s.Tokens.Reset != 56*time.Second {
		t.Errorf("it used less: %+v", s)
	}
	k, _ = table.Take("key", l, Need{Tokens: 100})
	c.advance(5 * time.Second)
	table.Settle(k, 900, 0)
	if s := table.State("key"); s.Tokens.Used != 1200 || s.Tokens.Reset != 61*time.Second || s.Tokens.Remaining(1000) != 0 {
		t.Errorf("it used more: %+v", s)
	}
	// What a long call gives back left the window long ago.
	c.advance(2 * time.Minute)
	k, _ = table.Take("key", l, Need{Tokens: 100})
	c.advance(2 * time.Minute)
	table.Settle(k, 10, 0)
	table.Cancel(Ticket{})
	table.Settle(Ticket{}, 5, 5)
	if s := table.State("key"); s.Tokens.Used != 0 || s.Requests.Used != 0 {
		t.Errorf("after a long call: %+v", s)
	}
}

func TestCancelGivesEverythingBack(t *testing.T) {
	c := newClock()
	table := New("a", c.now)
	l := Limits{Requests: 1, Tokens: 10, Concurrent: 1, Day: 1}
	for range 5 {
		k, v := table.Take("key", l, Need{Tokens: 10, Cost: 1})
		if v.Over != None {
			t.Fatalf("%+v", v)
		}
		table.Cancel(k)
	}
	if s := table.State("key"); s != (State{}) {
		t.Errorf("%+v", s)
	}
}

// A slot that a stream holds is counted where the key goes, until the stream
// ends or its node is gone.
func TestRunningRequestsTravel(t *testing.T) {
	c := newClock()
	a, b := New("a", c.now), New("b", c.now)
	l := Limits{Concurrent: 2}
	k1, _ := a.Take("key", l, Need{Cost: Dollars(1)})
	a.Take("key", l, Need{})
	send(t, a, b)
	if _, v := b.Take("key", l, Need{}); v.Over != Concurrent {
		t.Fatalf("%+v", v)
	}
	a.Settle(k1, 0, Dollars(1))
	send(t, a, b)
	k, v := b.Take("key", l, Need{})
	if v.Over != None || v.State.Spent != Dollars(1) {
		t.Fatalf("a slot is free: %+v", v)
	}
	b.Settle(k, 0, 0)

	gone := false
	b.SetLive(func(origin string) bool { return !gone || origin != "a" })
	if s := b.State("key"); s.Flying != 1 {
		t.Errorf("%+v", s)
	}
	gone = true
	if s := b.State("key"); s.Flying != 0 {
		t.Errorf("its node is gone: %+v", s)
	}

	// Without a word for half a minute it is not believed either; a word a
	// while is what Sweep makes.
	gone = false
	for range 10 {
		c.advance(12 * time.Second)
		a.Sweep()
		if changed := a.Changed(); len(changed) != 1 {
			t.Fatalf("the slot is not told of again: %v", changed)
		}
		send(t, a, b)
		if s := b.State("key"); s.Flying != 1 {
			t.Fatalf("%+v", s)
		}
	}
	c.advance(trust)
	if s := b.State("key"); s.Flying != 0 {
		t.Errorf("silence: %+v", s)
	}
}

// Loans are counted once: by the loan until the borrower's row tells of it, then
// by the row.
func TestLoansAreCountedOnce(t *testing.T) {
	c := newClock()
	owner, edge := New("owner", c.now), New("edge", c.now)
	l := Limits{Requests: 10, Tokens: 1000, Concurrent: 2}
	lend := func() (Question, int64, int64, Verdict) {
		q := edge.Ask("key")
		g, v := owner.Lend("key", "edge", q.ID, l, Need{Tokens: 100}, 5)
		if g.Extra != 0 {
			t.Fatalf("slots are not lent ahead: %+v", g)
		}
		return q, g.Second, g.Tokens, v
	}
	q1, second, tokens, v := lend()
	if v.Over != None || v.State.Flying != 1 || v.State.Requests.Used != 1 || tokens != 100 {
		t.Fatalf("%+v", v)
	}
	send(t, edge, owner) // built before the answer came
	if s := owner.State("key"); s.Flying != 1 {
		t.Fatalf("forgotten: %+v", s)
	}
	k1 := edge.Borrow(q1, tokens, 0)
	send(t, edge, owner)
	if s := owner.State("key"); s.Flying != 1 || s.Requests.Used != 1 {
		t.Fatalf("counted twice: %+v", s)
	}
	q2, _, _, v := lend()
	if v.Over != None || v.State.Flying != 2 {
		t.Fatalf("%+v", v)
	}
	if _, _, _, v := lend(); v.Over != Concurrent {
		t.Fatalf("%+v", v)
	}
	f := edge.Settle(k1, 60, Dollars(1))
	if f != (Refund{Tokens: 40}) {
		t.Errorf("refund %+v", f)
	}
	owner.Return("key", second, f)
	send(t, edge, owner)
	if s := owner.State("key"); s.Flying != 1 || s.Tokens.Used != 160 || s.Spent != Dollars(1) {
		t.Errorf("%+v", s)
	}
	// An answer that got lost: the loan goes when the borrower says so.
	edge.Drop(q2)
	send(t, edge, owner)
	if s := owner.State("key"); s.Flying != 0 {
		t.Errorf("%+v", s)
	}
	lend()
	if s := owner.State("key"); s.Flying != 1 {
		t.Errorf("%+v", s)
	}
	c.advance(patience)
	if s := owner.State("key"); s.Flying != 0 {
		t.Errorf("a loan nobody tells of: %+v", s)
	}
	if f := edge.Cancel(edge.Borrow(edge.Ask("key"), 7, 0)); f != (Refund{1, 7}) {
		t.Errorf("refund of a canceled loan: %+v", f)
	}
	// Used beyond the loan: counted at the borrower.
	if f := edge.Settle(edge.Borrow(edge.Ask("key"), 7, 0), 50, 0); f != (Refund{}) || edge.State("key").Tokens.Used != 43 {
		t.Errorf("%+v %+v", f, edge.State("key"))
	}
}

// What is lent ahead is counted at once, ends with its second, and leaves room
// for others.
func TestLendingAhead(t *testing.T) {
	for _, tt := range []struct {
		limits Limits
		extra  int64
	}{
		{Limits{Requests: 1000}, 50},
		{Limits{Requests: 81}, 10},
		{Limits{Requests: 3}, 0},
		{Limits{Tokens: 9000}, 11},
		{Limits{Requests: 1000, Concurrent: 1000}, 0},
		{Limits{Requests: 1000, Day: 100}, 50},
		{Limits{Requests: 1000, Day: 10}, 0},
	} {
		c := newClock()
		owner := New("owner", c.now)
		c.advance(300 * time.Millisecond)
		k, _ := owner.Take("money", Limits{}, Need{})
		owner.Settle(k, 0, 0)
		g, v := owner.Lend("key", "edge", 1, tt.limits, Need{Tokens: 100, Cost: 6}, 50)
		if v.Over != None || g.Extra != tt.extra || v.State.Requests.Used != 1+tt.extra {
			t.Errorf("%+v: %+v %+v", tt.limits, g, v)
		}
		if tt.extra > 0 && g.For != 700*time.Millisecond {
			t.Errorf("for %s", g.For)
		}
		owner.Return("key", g.Second, Refund{Requests: g.Extra, Tokens: g.Extra * g.Tokens})
		if s := owner.State("key"); s.Requests.Used != 1 || s.Tokens.Used != 100 {
			t.Errorf("after the return: %+v", s)
		}
	}
}

func TestIdleKeysAreForgotten(t *testing.T) {
	c := newClock()
	a, b := New("a", c.now), New("b", c.now)
	k, _ := a.Take("key", Limits{}, Need{Tokens: 5})
	held, _ := a.Take("held", Limits{}, Need{})
	send(t, a, b)
	a.Changed()
	c.advance(10 * time.Minute)
	a.Sweep()
	if len(a.Keys()) != 2 {
		t.Fatal("a running request's key is forgotten")
	}
	a.Settle(k, 5, 0)
	a.Settle(held, 0, 0)
	a.Changed()
	c.advance(2 * time.Minute)
	a.Sweep()
	b.Sweep()
	if len(a.Keys()) != 0 || len(b.Keys()) != 0 {
		t.Errorf("%v %v", a.Keys(), b.Keys())
	}
	// A key that comes back is newer than what others may still hold of it.
	send(t, a, b)
	a.Take("key", Limits{}, Need{})
	send(t, a, b)
	if s := b.State("key"); s.Requests.Used != 1 {
		t.Errorf("%+v", s)
	}
}

func send(t *testing.T, from, to *Table) {
	t.Helper()
	var b []byte
	for key := range from.Keys() {
		b = from.Append(b, key)
	}
	if err := to.Merge(b, func(string) {}); err != nil {
		t.Fatal(err)
	}
}

func TestDollars(t *testing.T) {
	if Dollars(0.000000075) != 75 || Dollars(-1) != 0 || Dollars(1e300) <= 0 || Dollars(50).USD() != 50 {
		t.Error("amounts")
	}
}
