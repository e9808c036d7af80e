package gateway

import (
	"sync/atomic"
	"time"
)

// A process that was stopped, or starved of the processor, finds every timer
// over when it runs again, and every instance silent: not theirs was the
// silence. lapseAfter is how late it must be to doubt what its timers say.
const (
	lapseTick  = 250 * time.Millisecond
	lapseAfter = time.Second
)

// lapses knows when this process did not run. Times are the wall clock's: others
// stand still in a machine that is suspended.
type lapses struct {
	last atomic.Int64 // when it was seen running
	end  atomic.Int64 // of the latest lapse
}

func (l *lapses) run(quit <-chan struct{}) {
	tick := time.NewTicker(lapseTick)
	defer tick.Stop()
	for {
		l.beat(time.Now())
		select {
		case <-quit:
			return
		case <-tick.C:
		}
	}
}

func (l *lapses) beat(now time.Time) {
	at := now.UnixNano()
	switch last := l.last.Swap(at); {
	case last != 0 && at-last > int64(lapseAfter):
		l.end.Store(at)
	case at < last: // the clock was set back; a lapse must not seem to last until it is that late again
		l.end.Add(at - last)
	}
}

// since tells whether this process did not run for a while after t. The one who
// asks may be the first to run again.
func (l *lapses) since(t, now time.Time) bool {
	last := l.last.Load()
	return last != 0 && now.UnixNano()-last > int64(lapseAfter) || l.end.Load() >= t.UnixNano()
}
