package balance

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"
	"time"
)

// Key is whose session it is. Conversation is "" where the provider sticks by
// API key alone.
type Key struct{ APIKey, Conversation string }

// Judge tells whether an instance may get a model's request: 0 no, 1 as a
// trial, 2 yes, 3 as a trial that is overdue.
type Judge = func(id, model string) uint8

const (
	down    = 0
	trial   = 1
	up      = 2
	overdue = 3
)

// Choice is where a request goes.
type Choice struct {
	Index int    // of the instance in the group
	ID    string // of the instance
	Trial bool   // the instance is on trial: the trial must be claimed first
	Home  int    // where the key belongs when every instance is usable
}

// Session is a live binding.
type Session struct {
	APIKey, Conversation, Provider, Instance string
	LastRequest, Expires                     time.Time
	Exception                                bool // it is not where the key's hash says
}

const (
	shards       = 64
	maxPerShard  = 1_000_000 / shards // conversations come from clients: memory must be bounded
	longestPlain = 128                // longer conversation names are kept by digest
)

// Balancer holds the sessions. It may be used from any goroutine and outlives
// reloads.
type Balancer struct {
	now    func() time.Time
	shards [shards]shard
	mu     sync.Mutex
	count  map[string]int
}

type shard struct {
	mu    sync.Mutex
	m     map[sessionKey]*session
	moved map[sessionKey]struct{} // of which others have not been told
}

type sessionKey struct {
	Key
	provider string
}

type session struct {
	instance  string // stable name
	last      time.Time
	told      time.Time // when others were last told of the exception
	ttl       time.Duration
	exception bool
}

// New makes an empty balancer.
func New(now func() time.Time) *Balancer {
	b := &Balancer{now: now, count: make(map[string]int)}
	for i := range b.shards {
		b.shards[i].m = make(map[sessionKey]*session)
		b.shards[i].moved = make(map[sessionKey]struct{})
	}
	return b
}

func (k Key) hash() uint64 {
	return mix(hashText(hashText(seed, k.APIKey), k.Conversation))
}

// short bounds what a client can make this node keep.
func (k Key) short() Key {
	if len(k.Conversation) > longestPlain {
		sum := sha256.Sum256([]byte(k.Conversation))
		k.Conversation = "sha256:" + hex.EncodeToString(sum[:16])
	}
	return k
}

func (b *Balancer) shard(h uint64) *shard { return &b.shards[h>>58] }

// Pick names the instance for a request; tried has a bit for each index that
// this request has tried already. false: none is usable.
func (b *Balancer) Pick(g *Group, k Key, model string, tried uint64, judge Judge) (Choice, bool) {
	k = k.short()
	h := k.hash()
	home := g.choose(h, g.all())
	if home < 0 {
		return Choice{}, false
	}
	var usable, trials uint64
	late := false
	for i := range g.members {
		bit := uint64(1) << uint(i)
		if tried&bit != 0 {
			continue
		}
		switch judge(g.members[i].ID, model) {
		case up:
			usable |= bit
		case trial:
			usable |= bit
			trials |= bit
		case overdue:
			usable |= bit
			trials |= bit
			late = late || i == home
		}
	}
	pick := -1
	if !late {
		pick = b.held(g, k, h, usable)
	}
	switch {
	case pick >= 0:
	case usable&(1<<uint(home)) != 0:
		pick = home // the best of all is the best of any that it is among
	default:
		pick = g.choose(h, usable)
	}
	if pick < 0 {
		return Choice{Home: home}, false
	}
	return Choice{Index: pick, ID: g.members[pick].ID, Trial: trials&(1<<uint(pick)) != 0, Home: home}, true
}

// held is the usable instance of a live exception, or -1.
func (b *Balancer) held(g *Group, k Key, h uint64, usable uint64) int {
	s := b.shard(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.m[sessionKey{k, g.provider}]
	if e == nil || !e.exception || b.now().Sub(e.last) > e.ttl {
		return -1
	}
	for i := range g.members {
		if g.members[i].name == e.instance && usable&(1<<uint(i)) != 0 {
			return i
		}
	}
	return -1
}

// Settle notes that a request was served by a choice: its session is live
// until the group's ttl has passed without another. moved tells that the key
// is away from home because of a failure, and so stays; a key that only waits
// for a rate limit's end goes home by itself.
func (b *Balancer) Settle(g *Group, k Key, c Choice, moved bool) {
	k = k.short()
	h := k.hash()
	name := g.members[c.Index].name
	s := b.shard(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	id := sessionKey{k, g.provider}
	e := s.m[id]
	now := b.now()
	if e == nil || now.Sub(e.last) > e.ttl {
		if e != nil {
			b.drop(s, id)
		}
		e = b.admit(s, id)
	}
	defer s.note(id, e, e.exception, now)
	away := c.Index != c.Home
	switch {
	case !away:
		e.exception = false
	case moved:
		e.exception = true
	case e.exception && e.instance != name:
		// The exception's own instance rests for a moment; it stays the place.
		e.last, e.ttl = now, g.ttl
		return
	}
	e.instance, e.last, e.ttl = name, now, g.ttl
}

func (b *Balancer) add(provider string, d int) {
	b.mu.Lock()
	b.count[provider] += d
	b.mu.Unlock()
}

// admit makes a session that is not there. s is locked.
func (b *Balancer) admit(s *shard, id sessionKey) *session {
	if len(s.m) >= maxPerShard {
		b.dropOldest(s)
	}
	e := &session{}
	s.m[id] = e
	b.add(id.provider, 1)
	return e
}

func (b *Balancer) drop(s *shard, id sessionKey) {
	delete(s.m, id)
	delete(s.moved, id)
	b.add(id.provider, -1)
}

// dropOldest makes room; it looks at a sample, which is enough to bound memory.
func (b *Balancer) dropOldest(s *shard) {
	var oldest sessionKey
	var at time.Time
	seen := 0
	for id, e := range s.m {
		if seen == 0 || e.last.Before(at) {
			oldest, at = id, e.last
		}
		if seen++; seen == 64 {
			break
		}
	}
	b.drop(s, oldest)
}

// Configure takes over a reload: a live session stays with its instance while
// that exists, as an exception where the hash now says otherwise; sessions of
// instances and providers that are gone are dropped.
func (b *Balancer) Configure(groups []*Group) {
	byName := make(map[string]*Group, len(groups))
	for _, g := range groups {
		byName[g.provider] = g
	}
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		for id, e := range s.m {
			g := byName[id.provider]
			at := -1
			if g != nil {
				at = slices.IndexFunc(g.members, func(m member) bool { return m.name == e.instance })
			}
			if at < 0 {
				b.drop(s, id)
				continue
			}
			e.exception = g.choose(id.hash(), g.all()) != at
			e.ttl = g.ttl
		}
		s.mu.Unlock()
	}
}

// Sweep drops expired sessions.
func (b *Balancer) Sweep() {
	now := b.now()
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		for id, e := range s.m {
			if now.Sub(e.last) > e.ttl {
				b.drop(s, id)
			}
		}
		s.mu.Unlock()
	}
}

// Count is how many sessions of a provider are held; expired ones count until
// the next Sweep.
func (b *Balancer) Count(provider string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count[provider]
}

// Sessions lists the live ones, sorted.
func (b *Balancer) Sessions() []Session {
	now := b.now()
	list := []Session{}
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		for id, e := range s.m {
			if now.Sub(e.last) <= e.ttl {
				_, instance, _ := cutLast(e.instance)
				list = append(list, Session{
					APIKey: id.APIKey, Conversation: id.Conversation, Provider: id.provider, Instance: instance,
					LastRequest: e.last, Expires: e.last.Add(e.ttl), Exception: e.exception,
				})
			}
		}
		s.mu.Unlock()
	}
	slices.SortFunc(list, func(a, b Session) int {
		return cmp.Or(cmp.Compare(a.APIKey, b.APIKey), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Conversation, b.Conversation))
	})
	return list
}

// cutLast splits "provider/instance".
func cutLast(name string) (provider, instance string, ok bool) {
	for i := 0; i < len(name); i++ {
		if name[i] == '/' {
			return name[:i], name[i+1:], true
		}
	}
	return "", name, false
}
