package health

import (
	"sync/atomic"
	"time"
)

// state is what Check reads of a configured instance.
type state struct {
	target  Target
	down    atomic.Bool
	here    atomic.Bool  // down for this node alone
	until   atomic.Int64 // the table's clock
	delay   atomic.Int64 // from until to this node's turn at a trial
	pause   atomic.Int64 // the pause that ends at until
	trial   atomic.Int64 // the lease of a trial of this node; 0: none
	cooling atomic.Pointer[map[string]time.Time]

	// Under the table's lock:
	lastDown time.Time            // when it went down here
	shown    *record              // what made it what it is
	doubt    map[string]time.Time // nodes whose reports are not believed, and until when
}

func (s *state) doubtAll(origins []string, until time.Time) {
	for _, o := range origins {
		if s.doubt == nil {
			s.doubt = make(map[string]time.Time)
		}
		s.doubt[o] = until
	}
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
	return s.trialVerdict(t.clock(now))
}

func (s *state) trialVerdict(now int64) Verdict {
	until := s.until.Load()
	if now < until+s.delay.Load() || now < s.trial.Load() {
		return Down
	}
	if now-until >= overdueAfter*s.pause.Load() {
		return Overdue
	}
	return Trial
}

// ProbeLifts tells whether the next probe that succeeds takes an instance up
// again, before its pause is over: what a probe found is what a probe can find
// again. Calls that fail are no such thing: an instance may list its models and
// fail at every answer.
func (t *Table) ProbeLifts(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.known[id]
	if s == nil || !s.down.Load() || s.shown == nil || s.shown.claim {
		return false
	}
	return s.shown.cause == CauseProbe || s.shown.cause == CauseConnect && s.shown.origin == t.o.Origin
}

// OnlyHere tells whether an instance is down for this node alone: others may
// reach it.
func (t *Table) OnlyHere(id string) bool {
	s := (*t.view.Load())[id]
	return s != nil && s.here.Load()
}

// BeginTrial claims the one trial of an instance whose pause is over, for the
// whole cluster unless the instance is down for this node alone. The claim ends
// with Succeed, with a Fail that says so, or with Release, at the latest after
// two minutes. true also when the instance is up.
func (t *Table) BeginTrial(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.known[id]
	if s == nil || !s.down.Load() {
		return true
	}
	now := t.o.Now()
	if s.trialVerdict(t.clock(now)) == Down {
		return false
	}
	lease := now.Add(trialLease)
	s.trial.Store(t.clock(lease))
	if !s.here.Load() {
		r := *s.shown
		r.claim, r.until, r.origin = true, lease, t.o.Origin
		t.put(key{id: id}, &r)
	}
	return true
}

// Release ends a trial that this node has claimed without a verdict: the
// client left, or the fault was its own.
func (t *Table) Release(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.known[id]
	if s == nil || s.trial.Swap(0) == 0 {
		return
	}
	if r := t.records[key{id: id}]; r != nil && r.claim && r.origin == t.o.Origin {
		free := *r
		free.claim, free.until = false, t.o.Now()
		t.put(key{id: id}, &free)
	}
}

// counts tells whether a report is of effect: the instance has not been proved
// well since, and its time is not long over.
func (t *Table) counts(id string, k key, r *record) bool {
	if r == nil || !r.down {
		return false
	}
	if all := t.records[key{id: id}]; all != nil && !all.down && all.version > r.version {
		return false
	}
	return k.origin == t.o.Origin || t.o.Now().Before(r.until.Add(keepAfter))
}

// reporters are the nodes that cannot reach an instance, as far as they are
// believed.
func (t *Table) reporters(id string, s *state) []string {
	var by []string
	for k, r := range t.records {
		if k.kind != report || k.id != id || !t.counts(id, k, r) {
			continue
		}
		if k.origin == t.o.Origin || !t.o.Now().Before(s.doubt[k.origin]) {
			by = append(by, k.origin)
		}
	}
	return by
}

// resolve makes of an instance's records what Check sees.
func (t *Table) resolve(id, source string) {
	s := t.known[id]
	if s == nil {
		return
	}
	all := t.records[key{id: id}]
	mine := key{kind: report, id: id, origin: t.o.Origin}
	own := t.records[mine]
	if !t.counts(id, mine, own) {
		own = nil
	}
	by := t.reporters(id, s)
	var down *record
	var until time.Time
	take := func(r *record) {
		if down == nil {
			down = r
		}
		if r.until.After(until) {
			until = r.until
		}
	}
	if all != nil && all.down {
		take(all)
	}
	if own != nil {
		take(own)
	}
	if len(by) > 1 {
		for _, o := range by {
			take(t.records[key{kind: report, id: id, origin: o}])
		}
	}
	here := down != nil && down == own && len(by) < 2
	s.here.Store(here)
	if down == nil {
		s.shown = all
		t.flip(id, s, false, source)
		return
	}
	delay := time.Duration(0)
	if !here {
		delay = t.turn(id, s)
	}
	s.until.Store(t.clock(until))
	s.delay.Store(int64(delay))
	s.pause.Store(max(int64(s.target.RecoveryAfter), 1))
	if s.shown != down && !down.claim {
		s.lastDown = t.o.Now()
	}
	s.shown = down
	t.flip(id, s, true, source)
}

func (t *Table) flip(id string, s *state, down bool, source string) {
	if s.down.Load() == down {
		return
	}
	s.down.Store(down)
	f := Flip{ID: id, Provider: s.target.Provider, Instance: s.target.Instance, To: "healthy", Here: s.here.Load(), Source: source}
	if down {
		f.To = "unhealthy"
	}
	if s.shown != nil {
		f.Reason, f.Origin = s.shown.reason, s.shown.origin
	}
	t.o.OnFlip(f)
}

func (t *Table) applyCooling(id string) {
	s := t.known[id]
	if s == nil {
		return
	}
	now := t.o.Now()
	var m map[string]time.Time
	for k, r := range t.records {
		if k.id == id && k.kind == cooling && now.Before(r.until) {
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
		at = t.at(max(s.until.Load(), s.trial.Load()), now)
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
