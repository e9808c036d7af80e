package cluster

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	remember = time.Hour // how long a member that is gone is still shown

	// suspectFor bounds how long an unanswered probe is shown: a member that did
	// not die within memberlist's longest suspicion time for 100 nodes has
	// refuted it.
	suspectFor = 12 * time.Second

	// conflictAfter is when two live processes of one name are a conflict even
	// without proof: a crashed process is known as failed before that.
	conflictAfter = 10 * time.Second
)

// process is one process start of a node, by memberlist's unique name.
type process struct {
	id      string
	address string
	told    announcement // zero status: could not be read; the name is then taken from id
	gone    string       // "", StateLeft or StateFailed
	since   time.Time    // when it became alive or gone, as seen here
	suspect time.Time    // when this node's probe went unanswered
	ponged  time.Time    // when the last ping was sent that it answered
}

// view is this node's own copy of the membership. memberlist's callbacks write
// it while they hold memberlist's lock, so nothing here may call memberlist.
type view struct {
	self        string // id of this process
	ringVersion int
	changed     func() // called under the lock; must not block

	mu        sync.Mutex
	processes map[string]*process
	moved     time.Time // when the set of live processes changed last
	told      map[string]bool
	conflicts []conflict // not yet logged
	count     int        // of all conflicts
}

// conflict is two live processes with one name.
type conflict struct{ name, owner, superseded string }

func newView(self string, ringVersion int, changed func()) *view {
	return &view{
		self: self, ringVersion: ringVersion, changed: changed,
		processes: map[string]*process{}, told: map[string]bool{},
	}
}

// join notes a process that is alive, or whose announcement changed.
func (v *view) join(id, address string, meta []byte) {
	now := time.Now()
	told, err := decodeAnnouncement(meta)
	if err != nil {
		told = announcement{name: baseName(id)}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.processes[id]
	if p == nil {
		p = &process{id: id, since: now}
		v.processes[id] = p
		v.moved = now
	} else if p.gone != "" {
		p.gone, p.since, v.moved = "", now, now
	}
	p.address, p.told, p.suspect = address, told, time.Time{}
	v.tidy(told.name)
	v.check(now)
	v.changed()
}

// heard tells whether this process is known here as it announces itself.
func (v *view) heard(announcement []byte) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.processes[v.self]
	return p != nil && bytes.Equal(p.told.encode(), announcement)
}

// leave notes that a process is gone, of its own will if it announced so.
func (v *view) leave(id string) {
	now := time.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.processes[id]
	if p == nil || p.gone != "" {
		return
	}
	p.gone = StateFailed
	if p.told.status == StatusDraining {
		p.gone = StateLeft
	}
	p.since, p.suspect, v.moved = now, time.Time{}, now
	v.tidy(p.told.name)
	v.changed()
}

// unanswered notes that this node's probe of a process failed.
func (v *view) unanswered(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if p := v.processes[id]; p != nil && p.gone == "" {
		p.suspect = time.Now()
		v.changed()
	}
}

// answered notes that a process answered a ping that took rtt.
func (v *view) answered(id string, rtt time.Duration) {
	now := time.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.processes[id]
	if p == nil || p.gone != "" {
		return
	}
	p.ponged = now.Add(-rtt)
	if !p.suspect.IsZero() {
		p.suspect = time.Time{}
		v.changed()
	}
	v.check(now)
}

// tidy forgets the gone processes of a name that has a live one, and all but
// the latest of a name that has none: a node that restarts is one line.
func (v *view) tidy(name string) {
	var keep *process
	for _, p := range v.processes {
		if p.told.name == name && (keep == nil || rank(p, keep) > 0) {
			keep = p
		}
	}
	for id, p := range v.processes {
		if p.told.name == name && p.gone != "" && p != keep {
			delete(v.processes, id)
		}
	}
}

// rank orders processes of one name: live before gone, then the latest seen.
func rank(a, b *process) int {
	if (a.gone == "") != (b.gone == "") {
		if a.gone == "" {
			return 1
		}
		return -1
	}
	return cmp.Or(a.since.Compare(b.since), strings.Compare(a.id, b.id))
}

// check looks for names with two live processes. The one that booted later owns
// the name at once; it is called a conflict only when the older one is known to
// live, because a node that crashed and came back looks the same at first.
func (v *view) check(now time.Time) {
	owners := v.owners()
	for _, p := range v.processes {
		owner := owners[p.told.name]
		if p.gone != "" || owner == p || v.told[p.id+" "+owner.id] {
			continue
		}
		lives := p.id == v.self || p.ponged.After(owner.since) ||
			now.Sub(owner.since) > conflictAfter && p.suspect.IsZero()
		if lives {
			v.told[p.id+" "+owner.id] = true
			v.addConflict(conflict{name: p.told.name, owner: owner.address, superseded: p.address})
		}
	}
}

func (v *view) addConflict(c conflict) {
	v.count++
	if len(v.conflicts) < 16 {
		v.conflicts = append(v.conflicts, c)
	}
	v.changed()
}

// collide notes that two addresses claim one memberlist name, which unique
// names should make impossible; memberlist goes on ignoring the second.
func (v *view) collide(id, first, second string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if key := id + " " + second; !v.told[key] {
		v.told[key] = true
		v.addConflict(conflict{name: baseName(id), owner: first, superseded: second})
	}
}

// owners returns, for each name with a live process, the one that has the name:
// the one that booted last.
func (v *view) owners() map[string]*process {
	owners := make(map[string]*process, len(v.processes))
	for _, p := range v.processes {
		if p.gone != "" {
			continue
		}
		o := owners[p.told.name]
		if o == nil || cmp.Or(p.told.boot.Compare(o.told.boot), strings.Compare(p.id, o.id)) > 0 {
			owners[p.told.name] = p
		}
	}
	return owners
}

// takeConflicts returns the conflicts that were not yet logged.
func (v *view) takeConflicts() []conflict {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.conflicts
	v.conflicts = nil
	return c
}

func (v *view) conflictCount() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.count
}

// refresh does what time alone brings about: forgetting, ending suspicion,
// finding conflicts without proof.
func (v *view) refresh() {
	now := time.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	for id, p := range v.processes {
		if p.gone != "" && now.Sub(p.since) >= remember {
			delete(v.processes, id)
			v.changed()
		}
		if !p.suspect.IsZero() && now.Sub(p.suspect) >= suspectFor {
			p.suspect = time.Time{}
			v.changed()
		}
	}
	if len(v.told) > 1024 {
		clear(v.told) // told once more is better than growing for ever
	}
	v.check(now)
}

// live counts the live processes, this one included.
func (v *view) live() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for _, p := range v.processes {
		if p.gone == "" {
			n++
		}
	}
	return n
}

// stableFor returns how long the set of live processes has not changed.
func (v *view) stableFor() time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	return time.Since(v.moved)
}

// addresses returns the gossip addresses of live and of failed processes.
func (v *view) addresses() (live, failed []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range v.processes {
		switch p.gone {
		case "":
			live = append(live, p.address)
		case StateFailed:
			failed = append(failed, p.address)
		}
	}
	slices.Sort(failed)
	return live, failed
}

// members returns the members, sorted by name, of one name the owner first.
func (v *view) members() []Member {
	now := time.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	owners := v.owners()
	list := make([]Member, 0, len(v.processes))
	for _, p := range v.processes {
		if p.gone != "" && now.Sub(p.since) >= remember {
			continue
		}
		m := Member{
			Name: p.told.name, Address: p.address, Meta: p.told.meta, Status: p.told.status,
			State: StateAlive, Started: p.told.boot, Self: p.id == v.self,
			Superseded: p.gone == "" && owners[p.told.name] != p,
		}
		switch {
		case p.gone != "":
			m.State = p.gone
		case !p.suspect.IsZero() && now.Sub(p.suspect) < suspectFor:
			m.State = StateSuspect
		}
		m.Serving = p.gone == "" && p.told.status == StatusActive &&
			p.told.meta.RingVersion == v.ringVersion && !m.Superseded
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b Member) int {
		if a.Superseded != b.Superseded && a.Name == b.Name {
			if b.Superseded {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.Name, b.Name), b.Started.Compare(a.Started), strings.Compare(a.Address, b.Address))
	})
	return list
}

// baseName is the stable name in a process name, safe to show.
func baseName(id string) string {
	if i := strings.LastIndexByte(id, '~'); i > 0 {
		id = id[:i]
	}
	if !printable(id) {
		return strconv.Quote(id)
	}
	return id
}
