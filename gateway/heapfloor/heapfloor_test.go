package heapfloor

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

func TestPercent(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		floor, live uint64
		want        int
	}{
		{32 * mib, 0, 800},
		{32 * mib, mib, 800},       // Go's smallest heap is 32 MiB then
		{32 * mib, 4 * mib, 700},   // 4 + 28
		{32 * mib, 8 * mib, 300},   // 8 + 24
		{32 * mib, 16 * mib, 100},  // as always
		{32 * mib, 400 * mib, 100}, // as always
		{4 * mib, mib, 100},
		{1, mib, 100},
	} {
		if got := percent(c.floor, c.live); got != c.want {
			t.Errorf("%d, %d: %d, want %d", c.floor, c.live, got, c.want)
		}
	}
}

func goal() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// The goal follows the floor while little lives, and what lives afterwards.
func TestKeep(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	const floor = 64 << 20
	stop := Keep(floor)
	until := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); !ok(); {
			if time.Now().After(deadline) {
				t.Fatalf("never %s: the goal is %d MiB", what, goal()>>20)
			}
			runtime.GC()
		}
	}
	until("at the floor", func() bool { return goal() >= floor*9/10 && goal() < 2*floor })
	held := make([]byte, 3*floor)
	until("as always", func() bool { return goal() >= 5*floor && goal() < 8*floor })
	runtime.KeepAlive(held)
	held = nil
	until("at the floor again", func() bool { return goal() >= floor*9/10 && goal() < 2*floor })
	stop()
	until("stopped", func() bool { return goal() < floor/2 })
}
