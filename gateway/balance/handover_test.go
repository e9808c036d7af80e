package balance

import (
	"testing"
	"time"
)

func TestExceptionsTravel(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	off := func() time.Time { return at.Add(-26 * time.Hour) } // clocks may differ
	g, k := group(100, 100), Key{APIKey: "k", Conversation: "c"}
	a, b := New(now), New(off)
	home, _ := a.Pick(g, k, "m", 0, allUp)
	away := Choice{Index: 1 - home.Index, Home: home.Home}

	a.Settle(g, k, home, false)
	if m := a.Moves(); len(m) != 0 {
		t.Fatalf("a session at home is told of: %+v", m)
	}
	a.Settle(g, k, away, true)
	told := a.Moves()
	if len(told) != 1 || !told[0].Exception || len(a.Moves()) != 0 {
		t.Fatalf("%+v", told)
	}
	at = at.Add(10 * time.Minute)
	a.Retell(func(key string) bool { return key == "k" })
	told = a.Moves()
	if len(told) != 1 || told[0].Age != 10*time.Minute || told[0].TTL != time.Hour {
		t.Fatalf("%+v", told)
	}
	for range 2 { // the same again changes nothing
		b.Adopt(told[0])
	}
	if c, _ := b.Pick(g, k, "m", 0, allUp); c.Index != away.Index || b.Count("p") != 1 {
		t.Errorf("the exception did not arrive: %+v", c)
	}
	if m, ok := b.Exception(k, "p"); !ok || m.Instance != told[0].Instance || m.Age != 10*time.Minute {
		t.Errorf("%+v", m)
	}

	// It goes home at its owner; an older word does not bring it back.
	a.Settle(g, k, home, false)
	end := a.Moves()
	if len(end) != 1 || end[0].Exception {
		t.Fatalf("%+v", end)
	}
	b.Adopt(end[0])
	at = at.Add(time.Second)
	told[0].Age += time.Second
	b.Adopt(told[0])
	if _, ok := b.Exception(k, "p"); ok {
		t.Error("an old exception came back")
	}

	// Nothing is made of an end, or of what has expired.
	c := New(now)
	c.Adopt(end[0])
	c.Adopt(Move{APIKey: "x", Provider: "p", Instance: "p/0", Exception: true, Age: 2 * time.Hour, TTL: time.Hour})
	if c.Count("p") != 0 {
		t.Error("kept without need")
	}
}

// An exception that is used is told again before others would forget it.
func TestALivingExceptionIsRepeated(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	b, g, k := New(func() time.Time { return at }), group(100, 100), Key{APIKey: "k"}
	home, _ := b.Pick(g, k, "m", 0, allUp)
	told := 0
	for range 120 { // two lives of a minute a request
		b.Settle(g, k, Choice{Index: 1 - home.Index, Home: home.Home}, true)
		told += len(b.Moves())
		at = at.Add(time.Minute)
	}
	if told < 2*repeat-2 || told > 2*repeat {
		t.Errorf("told %d times in two lives", told)
	}
}
