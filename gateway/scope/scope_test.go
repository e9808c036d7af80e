package scope_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/llmgw/llmgw/gateway/scope"
)

var (
	errOne = errors.New("one")
	errTwo = errors.New("two")
)

func begin(parent context.Context) *scope.Scope {
	s := new(scope.Scope)
	s.Begin(parent)
	return s
}

func ended(s context.Context) bool {
	select {
	case <-s.Done():
		return true
	default:
		return false
	}
}

func TestAScopeEndsOnceForItsCause(t *testing.T) {
	s := begin(t.Context())
	if s.Err() != nil || ended(s) || context.Cause(s) != nil {
		t.Fatal("it has ended before it was")
	}
	s.End(errOne)
	s.End(errTwo)
	if s.Err() != errOne || context.Cause(s) != errOne || !ended(s) {
		t.Errorf("%v, %v", s.Err(), context.Cause(s))
	}
	s = begin(t.Context())
	s.End(nil)
	if s.Err() != context.Canceled {
		t.Error(s.Err())
	}
}

func TestScopesEndWithTheirParents(t *testing.T) {
	top := begin(context.Background())
	first, gone, last := begin(top), begin(top), begin(top)
	below := begin(first)
	derived, cancel := context.WithCancel(below)
	defer cancel()
	gone.End(errTwo)
	first.End(errOne)
	if below.Err() != errOne || !ended(below) || last.Err() != nil || top.Err() != nil {
		t.Errorf("%v, %v, %v", below.Err(), last.Err(), top.Err())
	}
	<-derived.Done()
	if context.Cause(derived) != errOne {
		t.Error(context.Cause(derived))
	}
	top.End(errTwo)
	if first.Err() != errOne || last.Err() != errTwo || gone.Err() != errTwo {
		t.Errorf("%v, %v, %v", first.Err(), last.Err(), gone.Err())
	}
	if late := begin(top); late.Err() != errTwo || !ended(late) {
		t.Error(late.Err())
	}
}

func TestAScopeEndsWithAnotherContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithCancelCause(t.Context())
		s, left := begin(parent), begin(parent)
		left.End(errTwo)
		cancel(errOne)
		synctest.Wait()
		if s.Err() != errOne || left.Err() != errTwo {
			t.Errorf("%v, %v", s.Err(), left.Err())
		}
	})
}

func TestAfterFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := begin(t.Context())
		ran := make(chan string, 8)
		stop := context.AfterFunc(s, func() { ran <- "stopped" })
		late := s.AfterFunc(func() { ran <- "one" })
		s.AfterFunc(func() { ran <- "two" })
		if !stop() || stop() {
			t.Error("stop tells whether it stopped it")
		}
		s.End(errOne)
		synctest.Wait()
		if late() {
			t.Error("it was too late to stop it")
		}
		s.AfterFunc(func() { ran <- "three" })
		synctest.Wait()
		close(ran)
		seen := map[string]bool{}
		for r := range ran {
			seen[r] = true
		}
		if len(seen) != 3 || seen["stopped"] {
			t.Error(seen)
		}
	})
}

// Scopes come, end and are asked from many goroutines while their parent ends.
func TestManyAtOnce(t *testing.T) {
	for range 50 {
		top := begin(context.Background())
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 50 {
					s := begin(top)
					below, cancel := context.WithCancelCause(s)
					inner := begin(s)
					if s.Err() != nil && s.Err() != errOne {
						t.Error(s.Err())
					}
					s.End(errTwo)
					<-below.Done()
					<-inner.Done()
					cancel(nil)
					inner.End(nil)
				}
			})
		}
		wg.Go(func() { top.End(errOne) })
		wg.Wait()
	}
}

func BenchmarkScope(b *testing.B) {
	type call struct{ outer, inner scope.Scope }
	root := begin(context.Background())
	b.Run("scope", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c := new(call)
			c.outer.Begin(root)
			c.inner.Begin(&c.outer)
			_, cancel := context.WithCancelCause(&c.inner)
			cancel(nil)
			c.inner.End(nil)
			c.outer.End(nil)
		}
	})
	b.Run("context", func(b *testing.B) {
		root, end := context.WithCancelCause(context.Background())
		defer end(nil)
		b.ReportAllocs()
		for b.Loop() {
			outer, endOuter := context.WithCancelCause(root)
			inner, endInner := context.WithCancelCause(outer)
			_, cancel := context.WithCancelCause(inner)
			cancel(nil)
			endInner(nil)
			endOuter(nil)
		}
	})
}
