package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// watch cancels a call whose next byte does not come in time. Arming it for a
// read only notes the time; the timer, set for the soonest end there was, looks
// at the note when it fires, and goes on if it is early.
type watch struct {
	cancel   context.CancelCauseFunc
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
	w.cancel(w.why)
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = time.Time{}
	if w.timer != nil {
		w.timer.Stop()
	}
}

// body is a response's body under watch. Read and Close are called from one
// goroutine.
type body struct {
	ctx   context.Context
	src   io.ReadCloser
	watch *watch
	idle  time.Duration
	armed bool // for the first Read, by Do
}

// Read returns data as it comes. At a timer's end it returns ErrIdle or
// ErrTimeout, when the connection breaks ErrCut, when the caller's context
// ended its cause.
func (b *body) Read(p []byte) (int, error) {
	if !b.armed {
		b.watch.arm(b.idle, ErrIdle)
	}
	b.armed = false
	n, err := b.src.Read(p)
	b.watch.rest()
	if err != nil {
		err = b.explain(err)
	}
	return n, err
}

func (b *body) explain(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if cause := context.Cause(b.ctx); cause != nil {
		return cause
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCut, err)
}

// Close ends the call, also one whose body was not read to its end.
func (b *body) Close() error {
	b.watch.stop()
	err := b.src.Close()
	b.watch.cancel(nil)
	return err
}
