package health

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Table is safe for use from any goroutine. Check takes no lock.
type Table struct {
	o     Options
	start time.Time

	mu      sync.Mutex
	lamport uint64
	records map[key]*record
	members []string
	targets []Target
	known   map[string]*state
	view    atomic.Pointer[map[string]*state] // known, for Check: replaced, never changed
}

type kind uint8

const (
	truth   kind = iota // up or down, for everybody
	cooling             // a model rests
	report              // one node cannot reach it
)

// key names a record: an instance's truth, the rest of a model there, the
// report of a node.
type key struct {
	kind              kind
	id, model, origin string // model of cooling, origin of report
}

// record is what is gossiped. Times are this node's own.
type record struct {
	version uint64
	down    bool
	claim   bool // a node is trying it, until the time is over
	until   time.Time
	streak  uint8 // failed trials in a row
	cause   Cause
	reason  string
	origin  string
	since   time.Time
}

// New makes an empty table.
func New(o Options) *Table {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Broadcast == nil {
		o.Broadcast = func(string, []byte) {}
	}
	if o.OnFlip == nil {
		o.OnFlip = func(Flip) {}
	}
	if o.OnReport == nil {
		o.OnReport = func(string, string) {}
	}
	t := &Table{o: o, start: o.Now(), records: make(map[key]*record), known: make(map[string]*state)}
	t.view.Store(&t.known)
	return t
}

// Configure names the instances there are, at start and at a reload. What is
// known of an ID stays; but an instance that was down for its credentials gets
// a fresh start on this node, since the reload may have been the cure. The
// fresh start is not gossiped: a peer that has not reloaded still knows better.
func (t *Table) Configure(targets []Target) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.known
	t.targets = slices.Clone(targets)
	next := make(map[string]*state, len(targets))
	for _, g := range targets {
		s := old[g.ID]
		if s == nil {
			s = &state{}
		}
		s.target = g
		next[g.ID] = s
		k := key{id: g.ID}
		if r := t.records[k]; r != nil && r.down && r.cause == CauseCredentials && old[g.ID] != nil {
			t.lamport++
			t.records[k] = &record{version: t.lamport, origin: t.o.Origin, since: t.o.Now(), reason: "configuration reloaded"}
		}
	}
	t.known = next
	for _, g := range targets {
		t.resolve(g.ID, "local")
		t.applyCooling(g.ID)
	}
	t.view.Store(&next)
}

// SetMembers names the nodes that serve; among them turns are computed.
func (t *Table) SetMembers(names []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.members = slices.Clone(names)
	for id := range t.known {
		t.resolve(id, "local")
	}
}

// Fail notes a failed attempt at an instance. What the instance said takes it
// down at once and for everybody; that it was out of reach takes it down here,
// and is told. The pause is what the instance asked for, else its
// RecoveryAfter, doubled for every trial that failed in a row, at most ten
// minutes. Failures of requests that were under way when it went down are no
// news.
func (t *Table) Fail(id string, f Failure) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.known[id]
	if s == nil {
		return
	}
	if f.Trial {
		s.trial.Store(0)
	}
	if f.Cause == CauseConnect || f.Cause == CauseTimeout {
		t.failReach(id, s, f)
		return
	}
	now := t.o.Now()
	old := t.records[key{id: id}]
	if old != nil && old.down && !f.Trial && now.Before(old.until) && f.Cause != CauseCredentials {
		return
	}
	t.put(key{id: id}, t.failed(old, s, f))
}

// failed is the record of a failure that follows old.
func (t *Table) failed(old *record, s *state, f Failure) *record {
	now := t.o.Now()
	r := &record{down: true, cause: f.Cause, reason: clip(f.Reason), origin: t.o.Origin, since: now}
	if old != nil && old.down {
		r.since = old.since
		r.streak = min(old.streak+1, 20)
	}
	pause := s.target.RecoveryAfter
	for range r.streak {
		pause = min(2*pause, max(maxPause, s.target.RecoveryAfter))
	}
	if f.Cause == CauseCredentials {
		pause = credentialPause
	}
	if f.Wait > 0 {
		pause = max(min(f.Wait, credentialPause), min(pause, time.Second))
	}
	r.until = now.Add(pause)
	return r
}

// failReach notes that this node cannot reach an instance. A trial for all
// that fails so counts for all only if others had reported the same; else the
// next node has its turn.
func (t *Table) failReach(id string, s *state, f Failure) {
	now := t.o.Now()
	mine := key{kind: report, id: id, origin: t.o.Origin}
	own := t.records[mine]
	if !t.counts(id, mine, own) {
		own = nil
	}
	if own != nil && !f.Trial && now.Before(own.until) {
		return
	}
	t.put(mine, t.failed(own, s, f))
	all := t.records[key{id: id}]
	if !f.Trial || all == nil || !all.down {
		return
	}
	next := *all
	if len(t.reporters(id, s)) > 1 {
		next = *t.failed(all, s, f)
	} else {
		next.claim, next.until, next.origin = false, now, t.o.Origin
	}
	t.put(key{id: id}, &next)
}

// Succeed notes a call that worked. It takes an instance up again, for
// everybody, if the call began after the instance went down: an older call's
// success says nothing. Nodes that had reported it out of reach while this one
// had not are not believed for a while: it is their network.
func (t *Table) Succeed(id string, began time.Time) {
	s := (*t.view.Load())[id]
	if s == nil || !s.down.Load() {
		return // the way of nearly every request: no lock
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !s.down.Load() || !began.After(s.lastDown) {
		return
	}
	s.trial.Store(0)
	if by := t.reporters(id, s); !slices.Contains(by, t.o.Origin) {
		s.doubtAll(by, t.o.Now().Add(doubtFor))
	}
	t.put(key{id: id}, &record{origin: t.o.Origin, since: t.o.Now(), reason: "a request succeeded"})
}

// Cool lets a model rest at an instance after a rate limit, for everybody; ""
// is every model. Of several rests the latest end counts.
func (t *Table) Cool(id, model string, wait time.Duration) {
	if wait <= 0 || len(model) > maxModel {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known[id] == nil {
		return
	}
	now := t.o.Now()
	k := key{kind: cooling, id: id, model: model}
	until := now.Add(min(wait, credentialPause))
	if old := t.records[k]; old != nil && !until.After(old.until) {
		return
	}
	t.put(k, &record{down: true, until: until, origin: t.o.Origin, since: now})
}

// put stores a record of this node's own and tells everybody.
func (t *Table) put(k key, r *record) {
	t.lamport++
	r.version = t.lamport
	t.store(k, r, "local")
	t.o.Broadcast(nameOf(k), t.encode([]key{k}))
}

func (t *Table) store(k key, r *record, source string) {
	t.records[k] = r
	if k.kind == cooling {
		t.applyCooling(k.id)
	} else {
		t.resolve(k.id, source)
	}
}

// Rows lists the configured instances in their order.
func (t *Table) Rows() []Row {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.o.Now()
	rows := make([]Row, 0, len(t.targets))
	for _, g := range t.targets {
		s := t.known[g.ID]
		row := Row{ID: g.ID, Provider: g.Provider, Instance: g.Instance, State: "healthy", Healthy: true}
		if r := s.shown; r != nil {
			row.Since, row.Reason, row.ReportedBy = t.at(t.clock(r.since), now), r.reason, r.origin
		}
		if s.down.Load() {
			row.Here = s.here.Load()
			row.State, row.Healthy, row.RetryAt = "unhealthy", false, t.at(s.until.Load(), now)
			if s.shown.cause == CauseCredentials {
				row.State = "disabled" // nothing but an operator helps, as far as is known
			}
			if s.shown.claim || s.trial.Load() != 0 || !now.Before(row.RetryAt) {
				row.State = "probing"
			}
		}
		if c := s.cooling.Load(); c != nil {
			for m, until := range *c {
				if now.Before(until) {
					if row.Cooling == nil {
						row.Cooling = make(map[string]time.Time)
					}
					row.Cooling[m] = t.at(t.clock(until), now)
				}
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// clock is a time as the table's atomics hold it: nanoseconds since its start,
// by the monotonic clock. A host whose time of day is corrected by a day must
// not rest an instance for a day.
func (t *Table) clock(at time.Time) int64 { return int64(at.Sub(t.start)) }

// at is a time of the clock as the time of day, as far as that is known now.
func (t *Table) at(clock int64, now time.Time) time.Time {
	return now.Add(time.Duration(clock - t.clock(now)))
}

func clip(s string) string {
	if len(s) > maxReason {
		s = s[:maxReason]
	}
	return s
}

// nameOf names a record's news: a later one replaces it in the outbox.
func nameOf(k key) string {
	switch k.kind {
	case cooling:
		return k.id + "\x00" + k.model
	case report:
		return k.id + "\x01" + k.origin
	}
	return k.id
}
