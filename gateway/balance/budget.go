package balance

import (
	"sync"
	"time"
)

// A Budget bounds what failing over adds to a provider's load, so that a
// provider that is down as a whole is not asked twice as much as when it is
// well: at most a tenth of the first tries, and a floor for little traffic.
const (
	budgetShare = 0.1  // of a try, earned by each first one
	budgetFloor = 10   // tries that are there at first, and come back one a second
	budgetMost  = 1000 // tries that can be saved up
)

// Budget is one provider's. It may be used from any goroutine.
type Budget struct {
	mu     sync.Mutex
	saved  float64
	filled time.Time
}

// First notes a request's first try, which earns a share of another one.
func (b *Budget) First(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	b.saved = min(b.saved+budgetShare, budgetMost)
}

// Again takes one more try of a request; false: there is none left.
func (b *Budget) Again(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(now)
	if b.saved < 1 {
		return false
	}
	b.saved--
	return true
}

func (b *Budget) fill(now time.Time) {
	switch {
	case b.filled.IsZero():
		b.saved = budgetFloor
	case b.saved < budgetFloor:
		b.saved = min(b.saved+now.Sub(b.filled).Seconds(), budgetFloor)
	}
	b.filled = now
}
