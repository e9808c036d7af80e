package limit

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestMessagesTellKeysApart(t *testing.T) {
	c := newClock()
	a, b := New("a", c.now), New("b", c.now)
	for _, key := range []string{"one", "two", "three"} {
		a.Take(key, Limits{}, Need{Tokens: 10})
	}
	var m []byte
	for _, key := range a.Changed() {
		m = a.Append(m, key)
	}
	if len(a.Changed()) != 0 {
		t.Error("told once is told")
	}
	a.Touch("two")
	a.Touch("nobody")
	if again := a.Changed(); len(again) != 1 || again[0] != "two" {
		t.Errorf("touched: %v", again)
	}
	var fresh []string
	take := func() error {
		fresh = nil
		return b.Merge(m, func(key string) { fresh = append(fresh, key) })
	}
	if err := take(); err != nil || len(fresh) != 3 {
		t.Fatalf("%v %v", fresh, err)
	}
	if err := take(); err != nil || len(fresh) != 0 {
		t.Errorf("the same again is news: %v %v", fresh, err)
	}
	if b.State("one").Tokens.Used != 10 || b.State("three").Tokens.Used != 10 {
		t.Error("what was merged")
	}
	if got := a.Append(nil, "unknown"); len(got) != 0 {
		t.Errorf("an unknown key: %x", got)
	}
	for i := range m {
		if err := New("x", c.now).Merge(m[:i], func(string) {}); err == nil && i > 0 && m[i] != wireVersion {
			t.Errorf("cut at %d of %d: no error", i, len(m))
		}
	}
}

// Clocks differ by days between processes, and a row does not notice.
func TestNoClockTravels(t *testing.T) {
	c := newClock()
	off := newClock()
	off.advance(-26 * time.Hour)
	a, b := New("a", c.now), New("b", off.now)
	l := Limits{Requests: 1}
	a.Take("key", l, Need{})
	k, _ := a.Take("money", l, Need{})
	a.Settle(k, 0, 5)
	send(t, a, b)
	_, v := b.Take("key", l, Need{})
	if v.Over != Requests || v.Wait != 61*time.Second {
		t.Errorf("%+v", v)
	}
	if s := b.State("money"); s.DayLeft != 2*time.Hour {
		t.Errorf("%+v", s)
	}
}

func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New("a", time.Now)
		peer := New("b", time.Now)
		l := Limits{Requests: 100, Concurrent: 7}
		var mu sync.Mutex
		var admitted, running, most int
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				for range 20 {
					time.Sleep(time.Duration(i) * time.Millisecond)
					k, v := table.Take("key", l, Need{Tokens: 3})
					if v.Over != None {
						continue
					}
					mu.Lock()
					admitted++
					running++
					most = max(most, running)
					mu.Unlock()
					time.Sleep(10 * time.Millisecond)
					mu.Lock()
					running--
					mu.Unlock()
					table.Settle(k, 3, 1)
					_ = peer.Merge(table.Append(nil, "key"), func(string) {})
					table.Sweep()
				}
			})
		}
		wg.Wait()
		if admitted != 100 || most > 7 {
			t.Errorf("%d admitted of 100, %d of 7 at once", admitted, most)
		}
		if a, b := table.State("key"), peer.State("key"); a.Requests.Used != b.Requests.Used || a.Spent != b.Spent || a.Flying != 0 {
			t.Errorf("%+v\n%+v", a, b)
		}
	})
}

func FuzzMerge(f *testing.F) {
	c := newClock()
	a := New("a", c.now)
	k, _ := a.Take("key", Limits{}, Need{Tokens: 9})
	a.Take("key", Limits{}, Need{})
	a.Settle(k, 3, 4)
	f.Add(a.Append(nil, "key"))
	f.Add([]byte{wireVersion, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		table := New("b", c.now)
		_ = table.Merge(b, func(string) {})
		for key := range table.Keys() {
			s := table.State(key)
			if s.Requests.Used < 0 || s.Tokens.Used < 0 || s.Flying < 0 || s.Spent < 0 || s.Requests.Reset < 0 {
				t.Fatalf("%+v", s)
			}
			if _, v := table.Take(key, Limits{Requests: 5, Tokens: 5, Concurrent: 1, Day: 5}, Need{Tokens: 2}); v.Over != None && v.Wait <= 0 {
				t.Fatalf("%+v", v)
			}
			if again := New("c", c.now); again.Merge(table.Append(nil, key), func(string) {}) != nil && len(key) <= maxText {
				t.Fatal("its own message is not read")
			}
		}
	})
}

func BenchmarkTake(b *testing.B) {
	table := New("a", time.Now)
	l := Limits{Requests: 1 << 40, Tokens: 1 << 50, Concurrent: 1 << 20, Day: 1 << 60}
	b.ReportAllocs()
	for b.Loop() {
		k, _ := table.Take("search-team", l, Need{Tokens: 100})
		table.Settle(k, 120, 3)
	}
}

func BenchmarkTakeParallel(b *testing.B) {
	table := New("a", time.Now)
	l := Limits{Requests: 1 << 40, Tokens: 1 << 50}
	keys := []string{"a", "b", "c", "d"}
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			k, _ := table.Take(keys[i%4], l, Need{Tokens: 100})
			table.Settle(k, 120, 3)
		}
	})
}

func BenchmarkRefuse(b *testing.B) {
	table := New("a", time.Now)
	l := Limits{Requests: 1}
	table.Take("key", l, Need{})
	b.ReportAllocs()
	for b.Loop() {
		table.Take("key", l, Need{})
	}
}

func TestNoAllocations(t *testing.T) {
	table := New("a", time.Now)
	l := Limits{Requests: 1 << 40, Tokens: 1 << 50, Concurrent: 1 << 20, Day: 1 << 60}
	if n := testing.AllocsPerRun(1000, func() {
		k, _ := table.Take("key", l, Need{Tokens: 100})
		table.Settle(k, 120, 3)
	}); n != 0 {
		t.Errorf("%v allocations a request", n)
	}
	tight := Limits{Requests: 1}
	if n := testing.AllocsPerRun(1000, func() { table.Take("key", tight, Need{}) }); n != 0 {
		t.Errorf("%v allocations a refusal", n)
	}
}
