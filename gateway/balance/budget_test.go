package balance

import (
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	spend := func(b *Budget) (n int) {
		for b.Again(now) {
			n++
		}
		return n
	}
	b := &Budget{}
	if n := spend(b); n != budgetFloor {
		t.Errorf("at first: %d", n)
	}
	now = now.Add(3 * time.Second)
	if n := spend(b); n != 3 {
		t.Errorf("after 3 s: %d", n)
	}
	now = now.Add(time.Hour)
	if n := spend(b); n != budgetFloor {
		t.Errorf("after an hour: %d", n)
	}
	for range 1000 {
		b.First(now)
	}
	if n := spend(b); n < 99 || n > 100 {
		t.Errorf("after 1000 first tries: %d", n)
	}
	for range 1_000_000 {
		b.First(now)
	}
	if n := spend(b); n != budgetMost {
		t.Errorf("after a million first tries: %d", n)
	}
}
