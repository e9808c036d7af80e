package balance

import "time"

// Move is where a session is, in the words that travel between nodes: an
// exception, or the end of one. Ages travel, never a clock's reading.
type Move struct {
	APIKey       string        `json:"k"`
	Conversation string        `json:"c,omitempty"`
	Provider     string        `json:"p"`
	Instance     string        `json:"i"` // stable name
	Exception    bool          `json:"e"` // false: it is at home again
	Age          time.Duration `json:"a"` // since its last request
	TTL          time.Duration `json:"t"`
}

// repeat is the part of a session's life after which an exception that lives on
// is told again.
const repeat = 8

// note remembers what others are to be told of a session. s is locked.
func (s *shard) note(id sessionKey, e *session, was bool, now time.Time) {
	if e.exception == was && !(e.exception && now.Sub(e.told) > e.ttl/repeat) {
		return
	}
	e.told = now
	s.moved[id] = struct{}{}
}

// Moves returns the exceptions, and the ends of some, that others have not been
// told, and takes them to be told: Retell a key's again when that failed.
func (b *Balancer) Moves() []Move {
	now := b.now()
	var list []Move
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		for id := range s.moved {
			if e := s.m[id]; e != nil {
				list = append(list, e.move(id, now))
			}
		}
		clear(s.moved)
		s.mu.Unlock()
	}
	return list
}

// Retell makes Moves return every live exception of the API keys that match.
func (b *Balancer) Retell(match func(apiKey string) bool) {
	now := b.now()
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		for id, e := range s.m {
			if e.exception && now.Sub(e.last) <= e.ttl && match(id.APIKey) {
				s.moved[id] = struct{}{}
			}
		}
		s.mu.Unlock()
	}
}

// Exception returns where a session is, if that is not at home.
func (b *Balancer) Exception(k Key, provider string) (Move, bool) {
	k = k.short()
	s := b.shard(k.hash())
	s.mu.Lock()
	defer s.mu.Unlock()
	id, now := sessionKey{k, provider}, b.now()
	e := s.m[id]
	if e == nil || !e.exception || now.Sub(e.last) > e.ttl {
		return Move{}, false
	}
	return e.move(id, now), true
}

func (e *session) move(id sessionKey, now time.Time) Move {
	return Move{APIKey: id.APIKey, Conversation: id.Conversation, Provider: id.provider, Instance: e.instance, Exception: e.exception, Age: now.Sub(e.last), TTL: e.ttl}
}

// Adopt takes over what another node tells of a session, unless more is known
// here. The same told twice changes nothing.
func (b *Balancer) Adopt(m Move) {
	k := Key{m.APIKey, m.Conversation}.short()
	h := k.hash()
	s := b.shard(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	id := sessionKey{k, m.Provider}
	e := s.m[id]
	last := b.now().Add(-max(m.Age, 0))
	switch {
	case e != nil && !e.last.Before(last):
		return
	case e == nil && (!m.Exception || m.Age > m.TTL):
		return
	case e == nil:
		e = b.admit(s, id)
	}
	e.instance, e.exception, e.last, e.ttl = m.Instance, m.Exception, last, m.TTL
}
