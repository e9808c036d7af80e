package gateway

import (
	"testing"
	"time"
)

// A key is hot when it brings its owner clearly more than the owner's door, and
// when moving its work would spread it.
func TestHeat(t *testing.T) {
	for _, tt := range []struct {
		name string
		door int            // requests at the node's own door
		key  map[string]int // decided over, by edge
		run  int            // of the key, running here
		hot  bool
	}{
		{"all of a fleet's traffic", 100, map[string]int{"a": 100, "b": 100, "c": 100}, 0, true},
		{"a fair share", 300, map[string]int{"a": 100, "b": 100, "c": 100}, 0, false},
		{"little traffic", 10, map[string]int{"a": 10, "b": 10, "c": 10}, 0, false},
		{"few, long streams", 5, map[string]int{"a": 5, "b": 5, "c": 5}, 200, true},
		{"one edge brings it all", 0, map[string]int{"b": 300}, 0, false},
		{"all comes in at the owner", 300, map[string]int{"a": 300}, 0, false},
		{"two nodes", 100, map[string]int{"a": 100, "b": 100}, 0, true},
	} {
		h, now := newHeat(), time.Now()
		h.arrive("key", "a", false, now)
		h.edge.Add(int64(tt.door))
		for edge, n := range tt.key {
			for range n {
				h.arrive("key", edge, false, now.Add(time.Millisecond))
			}
		}
		for range tt.run {
			h.arrive("key", "a", true, now.Add(time.Second/2))
		}
		now = now.Add(time.Second)
		if tt.run > 0 { // they have come long ago
			h.roll(now)
			for edge, n := range tt.key {
				for range n {
					h.arrive("key", edge, false, now.Add(time.Millisecond))
				}
			}
			h.edge.Add(int64(tt.door))
			now = now.Add(time.Second)
		}
		if got := h.hot("key", now); got != tt.hot {
			t.Errorf("%s: hot is %v", tt.name, got)
		}
		if h.hot("another", now) {
			t.Errorf("%s: another key is hot", tt.name)
		}
		for range tt.run {
			h.leave("key")
		}
		h.roll(now.Add(time.Minute))
		h.roll(now.Add(2 * time.Minute))
		if len(h.keys) != 0 {
			t.Errorf("%s: a key without requests is remembered", tt.name)
		}
	}
}

func TestADominantKeyIsReportedOnce(t *testing.T) {
	h, now := newHeat(), time.Now()
	warnings := 0
	for i := range 3000 { // 100 a second
		if h.arrive("big", "a", false, now.Add(time.Duration(i)*10*time.Millisecond)) {
			warnings++
		}
		if i%10 == 0 && h.arrive("small", "a", false, now.Add(time.Duration(i)*10*time.Millisecond)) {
			t.Fatal("the small key is reported")
		}
	}
	if warnings != 1 {
		t.Errorf("%d warnings", warnings)
	}
}

func TestALeaseEnds(t *testing.T) {
	h, now := newHeat(), time.Now()
	h.lease("key", now)
	if !h.leased("key", now) || h.leased("key", now.Add(leaseFor)) || h.leased("another", now) {
		t.Error("for how long")
	}
	h.unlease("key")
	if h.leased("key", now) {
		t.Error("it was given back")
	}
}
