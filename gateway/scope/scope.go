// Package scope has a context for calls: one that ends once, for a cause. A
// gateway makes two for every request. Each is part of a larger value, and
// joins its parent's list without an allocation, where one of package context
// takes five.
package scope

import (
	"context"
	"sync"
	"time"
)

// Scope is a [context.Context] without values and without a deadline. Err, and
// so [context.Cause], return what it was ended with. It begins with Begin, must
// not be copied from then on, and has to be ended, or else its parent holds it
// for as long as it lives. Its methods may be called from any goroutine.
type Scope struct {
	parent *Scope
	place  link        // among what ends with the parent; the parent's lock guards it
	detach func() bool // from a parent that is no Scope

	mu    sync.Mutex
	cause error         // nil: it lasts
	done  chan struct{} // nil: nobody has asked for it
	below *link         // what ends with this one
	first link          // the first AfterFunc's
}

// link is a place in the list of what ends with a scope.
type link struct {
	prev, next *link
	scope      *Scope
	f          func() // of AfterFunc; nil: scope
	in         bool
}

// Begin starts a scope that ends with its parent, for the parent's cause, if it
// is not ended before.
func (s *Scope) Begin(parent context.Context) {
	s.place.scope = s
	p, ok := parent.(*Scope)
	if !ok {
		if parent.Done() != nil {
			s.detach = context.AfterFunc(parent, func() { s.end(context.Cause(parent)) })
		}
		return
	}
	s.parent = p
	p.mu.Lock()
	cause := p.cause
	if cause == nil {
		p.join(&s.place)
	}
	p.mu.Unlock()
	if cause != nil {
		s.end(cause)
	}
}

// End ends the scope and all below it, for a cause; nil stands for
// context.Canceled. Only the first end counts.
func (s *Scope) End(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	s.end(cause)
	if s.detach != nil {
		s.detach()
	}
	if p := s.parent; p != nil {
		p.mu.Lock()
		p.part(&s.place)
		p.mu.Unlock()
	}
}

// end takes the locks of a scope and of those below it, from top to bottom.
func (s *Scope) end(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause != nil {
		return
	}
	s.cause = cause
	if s.done != nil {
		close(s.done)
	}
	for s.below != nil {
		l := s.below
		s.part(l)
		if l.f != nil {
			go l.f()
		} else {
			l.scope.end(cause)
		}
	}
}

// join puts a link at the list's front; the lock is held.
func (s *Scope) join(l *link) {
	l.in, l.next = true, s.below
	if l.next != nil {
		l.next.prev = l
	}
	s.below = l
}

// part takes a link off the list, if it is there; the lock is held.
func (s *Scope) part(l *link) bool {
	if !l.in {
		return false
	}
	if l.prev != nil {
		l.prev.next = l.next
	} else {
		s.below = l.next
	}
	if l.next != nil {
		l.next.prev = l.prev
	}
	l.in, l.prev, l.next = false, nil, nil
	return true
}

// Err returns the cause for which the scope has ended, nil while it lasts.
func (s *Scope) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause
}

// Done returns a channel that is closed when the scope has ended.
func (s *Scope) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil {
		s.done = make(chan struct{})
		if s.cause != nil {
			close(s.done)
		}
	}
	return s.done
}

// AfterFunc runs f in a goroutine of its own once the scope has ended. stop
// prevents that, and tells whether it did. Package context looks for this
// method when it derives a context.
func (s *Scope) AfterFunc(f func()) (stop func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause != nil {
		go f()
		return func() bool { return false }
	}
	l := &s.first
	if l.f != nil {
		l = new(link)
	}
	l.f = f
	s.join(l)
	return func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.part(l)
	}
}

// Deadline tells that there is none.
func (s *Scope) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// Value returns nil.
func (s *Scope) Value(any) any { return nil }
