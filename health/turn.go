package health

import "time"

// turn is how long after a pause this node may try an instance. The nodes have
// an order for each instance, so that one of them tries alone; the next ones
// follow where it has no request to try with, or is gone.
func (t *Table) turn(id string, s *state) time.Duration {
	step := min(max(s.target.RecoveryAfter/4, leastStep), mostStep)
	return time.Duration(min(t.before(id, ""), mostTurns)) * step
}

// Leads tells whether this node is the one that looks after an instance for
// all, by active probes.
func (t *Table) Leads(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.before(id, "") == 0
}

// Confirms tells whether this node is the one to look after another's report.
func (t *Table) Confirms(id, reporter string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return reporter != t.o.Origin && t.before(id, reporter) == 0
}

// before counts the members that come before this node for an instance, one
// left out.
func (t *Table) before(id, without string) int {
	own, n := score(id, t.o.Origin), 0
	for _, m := range t.members {
		if m != t.o.Origin && m != without && score(id, m) > own {
			n++
		}
	}
	return n
}

// score is a rendezvous hash: FNV-1a and the finalizer of splitmix64. Every
// node computes the same.
func score(id, member string) uint64 {
	const prime = 1099511628211
	h := uint64(14695981039346656037)
	for _, text := range [...]string{id, member} {
		for i := 0; i < len(text); i++ {
			h = (h ^ uint64(text[i])) * prime
		}
		h = (h ^ 0xff) * prime
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
