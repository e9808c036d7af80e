package health

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Table is safe for use from any goroutine. Check takes no lock.
type Table struct {
	o Options

	mu      sync.Mutex
	clock   uint64 // Lamport
	records map[key]*record
	targets []Target
	known   map[string]*state
	view    atomic.Pointer[map[string]*state] // known, for Check: replaced, never changed
}

// key names a record: an instance's health (model "", cooling false) or the
// rest of a model there.
type key struct {
	id, model string
	cooling   bool
}

// record is what is gossiped. Times are this node's own.
type record struct {
	version uint64
	down    bool
	until   time.Time
	streak  uint8 // failed trials in a row
	cause   Cause
	reason  string
	origin  string
	since   time.Time
}

// state is what Check reads of a configured instance.
type state struct {
	target   Target
	down     atomic.Bool
	until    atomic.Int64 // Unix nanoseconds
	pause    atomic.Int64 // the pause that ends at until
	trial    atomic.Int64 // the lease of a trial under way; 0: none
	cooling  atomic.Pointer[map[string]time.Time]
	lastDown time.Time // under the table's lock: when it went down here
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
	t := &Table{o: o, records: make(map[key]*record), known: make(map[string]*state)}
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
			t.clock++
			t.records[k] = &record{version: t.clock, origin: t.o.Origin, since: t.o.Now(), reason: "configuration reloaded"}
		}
	}
	t.known = next
	for _, g := range targets {
		t.apply(key{id: g.ID}, "local")
		t.applyCooling(g.ID)
	}
	t.view.Store(&next)
}

// Check tells whether a request for a model may go to an instance. It takes no
// lock and allocates nothing.
func (t *Table) Check(id, model string) Verdict {
	s := (*t.view.Load())[id]
	if s == nil {
		return Up
	}
	cooling := s.cooling.Load()
	down := s.down.Load()
	if cooling == nil && !down {
		return Up
	}
	now := t.o.Now()
	if cooling != nil {
		if until, ok := (*cooling)[model]; ok && now.Before(until) {
			return Down
		}
		if until, ok := (*cooling)[""]; ok && now.Before(until) {
			return Down
		}
	}
	if !down {
		return Up
	}
	return s.trialVerdict(now.UnixNano())
}

func (s *state) trialVerdict(now int64) Verdict {
	until := s.until.Load()
	if now < until || now < s.trial.Load() {
		return Down
	}
	if now-until >= overdueAfter*s.pause.Load() {
		return Overdue
	}
	return Trial
}

// BeginTrial claims the one trial of an instance whose pause is over. The
// claim ends with Succeed, Fail or Release, at the latest after two minutes.
func (t *Table) BeginTrial(id string) bool {
	s := (*t.view.Load())[id]
	if s == nil {
		return true
	}
	now := t.o.Now()
	held := s.trial.Load()
	if v := s.trialVerdict(now.UnixNano()); !s.down.Load() || v == Down {
		return !s.down.Load()
	}
	return s.trial.CompareAndSwap(held, now.Add(trialLease).UnixNano())
}

// Release ends a trial without a verdict: the client left, or the fault was
// its own.
func (t *Table) Release(id string) {
	if s := (*t.view.Load())[id]; s != nil && s.trial.Load() != 0 {
		s.trial.Store(0)
	}
}

// Fail takes an instance down, at once and for everybody. wait is what the
// instance asked for; 0 takes its RecoveryAfter, doubled for every trial that
// failed in a row, at most ten minutes. Failures of requests that were under
// way when it went down are no news.
func (t *Table) Fail(id string, c Cause, reason string, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.known[id]
	if s == nil {
		return
	}
	now := t.o.Now()
	k := key{id: id}
	old := t.records[k]
	tried := s.trial.Swap(0) != 0
	wasDown := old != nil && old.down
	if wasDown && !tried && now.Before(old.until) && c != CauseCredentials {
		return
	}
	r := &record{down: true, cause: c, reason: clip(reason), origin: t.o.Origin, since: now}
	if wasDown {
		r.since = old.since
		r.streak = min(old.streak+1, 20)
	}
	pause := s.target.RecoveryAfter
	for range r.streak {
		pause = min(2*pause, max(maxPause, s.target.RecoveryAfter))
	}
	if c == CauseCredentials {
		pause = credentialPause
	}
	if wait > 0 {
		pause = max(min(wait, credentialPause), min(pause, time.Second))
	}
	r.until = now.Add(pause)
	t.put(k, r, "local")
}

// Succeed notes a call that worked. It takes an instance up again if the call
// began after the instance went down: an older call's success says nothing.
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
	t.put(key{id: id}, &record{origin: t.o.Origin, since: t.o.Now(), reason: "a request succeeded"}, "local")
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
	k := key{id: id, model: model, cooling: true}
	until := now.Add(min(wait, credentialPause))
	if old := t.records[k]; old != nil && !until.After(old.until) {
		return
	}
	t.put(k, &record{down: true, until: until, origin: t.o.Origin, since: now}, "local")
}

// put stores a record of this node's own and tells everybody.
func (t *Table) put(k key, r *record, source string) {
	t.clock++
	r.version = t.clock
	t.store(k, r, source)
	t.o.Broadcast(nameOf(k), t.encode([]key{k}))
}

func (t *Table) store(k key, r *record, source string) {
	t.records[k] = r
	if k.cooling {
		t.applyCooling(k.id)
	} else {
		t.apply(k, source)
	}
}

// apply makes an instance's record what Check sees.
func (t *Table) apply(k key, source string) {
	s, r := t.known[k.id], t.records[k]
	if s == nil || r == nil {
		return
	}
	was := s.down.Load()
	if r.down {
		s.until.Store(r.until.UnixNano())
		s.pause.Store(max(int64(s.target.RecoveryAfter), 1))
		s.trial.Store(0)
		s.lastDown = t.o.Now()
	}
	if was == r.down {
		return
	}
	s.down.Store(r.down)
	to := "healthy"
	if r.down {
		to = "unhealthy"
	}
	t.o.OnFlip(Flip{ID: k.id, Provider: s.target.Provider, Instance: s.target.Instance, To: to, Reason: r.reason, Source: source, Origin: r.origin})
}

func (t *Table) applyCooling(id string) {
	s := t.known[id]
	if s == nil {
		return
	}
	now := t.o.Now()
	var m map[string]time.Time
	for k, r := range t.records {
		if k.id == id && k.cooling && now.Before(r.until) {
			if m == nil {
				m = make(map[string]time.Time)
			}
			m[k.model] = r.until
		}
	}
	if m == nil {
		s.cooling.Store(nil)
		return
	}
	s.cooling.Store(&m)
}

// RetryAt is when an instance may be called for a model again; zero: now.
func (t *Table) RetryAt(id, model string) time.Time {
	s := (*t.view.Load())[id]
	if s == nil {
		return time.Time{}
	}
	now := t.o.Now()
	var at time.Time
	if s.down.Load() {
		at = time.Unix(0, max(s.until.Load(), s.trial.Load()))
	}
	if c := s.cooling.Load(); c != nil {
		for _, m := range [...]string{model, ""} {
			if until := (*c)[m]; until.After(at) {
				at = until
			}
		}
	}
	if !at.After(now) {
		return time.Time{}
	}
	return at
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
		if r := t.records[key{id: g.ID}]; r != nil {
			row.Since, row.Reason, row.ReportedBy = r.since, r.reason, r.origin
			if r.down {
				row.State, row.Healthy, row.RetryAt = "unhealthy", false, r.until
				if !now.Before(r.until) {
					row.State = "probing"
				}
			}
		}
		if c := s.cooling.Load(); c != nil {
			for m, until := range *c {
				if now.Before(until) {
					if row.Cooling == nil {
						row.Cooling = make(map[string]time.Time)
					}
					row.Cooling[m] = until
				}
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func clip(s string) string {
	if len(s) > maxReason {
		s = s[:maxReason]
	}
	return s
}

func nameOf(k key) string {
	if k.cooling {
		return k.id + "\x00" + k.model
	}
	return k.id
}
