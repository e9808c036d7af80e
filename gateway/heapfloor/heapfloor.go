// Package heapfloor lets a small heap grow before it is collected. A gateway
// holds a megabyte or two and throws away ten kilobytes a request: Go would
// collect every 4 MiB, which is every few hundred requests.
package heapfloor

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

const (
	usual    = 100     // GOGC's default
	smallest = 4 << 20 // the heap that Go collects first at the usual percentage
	live     = "/gc/heap/live:bytes"
)

// Keep lets the heap of this process grow to floor bytes, at least 4 MiB,
// before it is collected, whatever little of it lives. A heap of which more
// than half of floor lives is collected as always. stop ends that and waits.
//
// It changes the process's GC percentage, so it is for who owns the process,
// once, and not where GOGC is set.
func Keep(floor uint64) (stop func()) {
	k := &keeper{floor: floor, before: debug.SetGCPercent(percent(floor, 0))}
	k.now = percent(floor, 0)
	k.watch()
	return k.stop
}

type keeper struct {
	floor  uint64
	before int

	mu      sync.Mutex
	now     int
	stopped bool
}

// watch waits for the next collection.
func (k *keeper) watch() {
	runtime.SetFinalizer(&mark{}, func(*mark) { k.collected() })
}

// mark is a value that nothing points to.
type mark struct{ _ [16]byte }

// collected follows a collection.
func (k *keeper) collected() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped {
		return
	}
	sample := []metrics.Sample{{Name: live}}
	metrics.Read(sample)
	// A change stops the world for a moment: what would change little stays.
	if want := percent(k.floor, sample[0].Value.Uint64()); want < k.now || want > k.now+k.now/4 {
		k.now = want
		debug.SetGCPercent(want)
	}
	k.watch()
}

func (k *keeper) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stopped = true
	debug.SetGCPercent(k.before)
}

// percent is by how much a heap may outgrow what lives of it. Go's smallest
// heap grows with it.
func percent(floor, live uint64) int {
	most := max(floor*usual/smallest, usual)
	if live == 0 {
		return int(most)
	}
	whole := floor * usual / live
	return int(min(max(whole, 2*usual)-usual, most))
}
