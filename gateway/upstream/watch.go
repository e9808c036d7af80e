package upstream

import (
	"sync"
	"time"

	"github.com/llmgw/llmgw/gateway/scope"
)

// watch ends a call whose next byte does not come in time. Arming it for a
// read only notes the time; the timer, set for the soonest end there was, looks
// at the note when it fires, and goes on if it is early.
type watch struct {
	call     *scope.Scope
	deadline time.Time // of the whole call; zero: none

	mu    sync.Mutex
	due   time.Time // of the next byte; zero: nobody waits
	why   error
	timer *time.Timer
	fires time.Time // zero: the timer does not run
}

// arm gives the next byte at most d (0: no bound of its own), and never more
// than the call's deadline.
func (w *watch) arm(d time.Duration, why error) {
	if d <= 0 && w.deadline.IsZero() {
		return
	}
	now := time.Now()
	due := now.Add(d)
	if d <= 0 || !w.deadline.IsZero() && w.deadline.Before(due) {
		due, why = w.deadline, ErrTimeout
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due, w.why = due, why
	if w.fires.IsZero() || due.Before(w.fires) {
		w.set(due, due.Sub(now))
	}
}

// rest is for the time in which nobody waits for a byte.
func (w *watch) rest() {
	w.mu.Lock()
	w.due = time.Time{}
	w.mu.Unlock()
}

// set lets the timer fire at a time that is d away; w.mu is held.
func (w *watch) set(at time.Time, d time.Duration) {
	w.fires = at
	if w.timer == nil {
		w.timer = time.AfterFunc(d, w.fire)
	} else {
		w.timer.Reset(d)
	}
}

func (w *watch) fire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fires = time.Time{}
	if w.due.IsZero() {
		return
	}
	if left := time.Until(w.due); left > 0 {
		w.set(w.due, left)
		return
	}
	w.call.End(w.why)
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = time.Time{}
	if w.timer != nil {
		w.timer.Stop()
	}
}
