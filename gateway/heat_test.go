package gateway

import (
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway/limit"
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
		h.arrive("key", "a", 1, false, now)
		h.edge.Add(int64(tt.door))
		for edge, n := range tt.key {
			for range n {
				h.arrive("key", edge, 1, false, now.Add(time.Millisecond))
			}
		}
		for range tt.run {
			h.arrive("key", "a", 1, true, now.Add(time.Second/2))
		}
		now = now.Add(time.Second)
		if tt.run > 0 { // they have come long ago
			h.roll(now)
			for edge, n := range tt.key {
				for range n {
					h.arrive("key", edge, 1, false, now.Add(time.Millisecond))
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
		if h.arrive("big", "a", 1, false, now.Add(time.Duration(i)*10*time.Millisecond)) {
			warnings++
		}
		if i%10 == 0 && h.arrive("small", "a", 1, false, now.Add(time.Duration(i)*10*time.Millisecond)) {
			t.Fatal("the small key is reported")
		}
	}
	if warnings != 1 {
		t.Errorf("%d warnings", warnings)
	}
}

// Purses: what is lent ahead is spent while it holds, the wish follows what is
// needed, and what is left is found when its time is over.
func TestPurses(t *testing.T) {
	h, now := newHeat(), time.Now()
	if _, ok := h.spend("key", 0, now); ok {
		t.Error("without a lease")
	}
	h.lease("key", now)
	wish := func() int64 { w, _ := h.wants("key"); return w }
	grant := func(n int64) purse {
		return purse{lender: "a", grant: limit.Grant{Extra: n, Tokens: 100}, ends: now.Add(time.Second)}
	}
	for _, want := range []int64{1, 2, 4} { // an empty purse asks for more
		h.fill("key", grant(0), now)
		if got := wish(); got != want {
			t.Errorf("wish %d, want %d", got, want)
		}
	}
	h.fill("key", grant(3), now)
	if _, ok := h.spend("key", 201, now); ok {
		t.Error("a request far larger than what was lent")
	}
	for range 2 {
		if p, ok := h.spend("key", 150, now); !ok || p.lender != "a" {
			t.Error("not spent")
		}
	}
	if _, served := h.wants("key"); served != 2 {
		t.Errorf("%d served", served)
	}
	if _, ok := h.spend("key", 1, now.Add(time.Second)); ok {
		t.Error("spent when its time was over")
	}
	if got := h.lapsed(now.Add(500 * time.Millisecond)); len(got) != 0 {
		t.Errorf("lapsed early: %v", got)
	}
	now = now.Add(1500 * time.Millisecond)
	if got := h.lapsed(now); got["key"].grant.Extra != 1 {
		t.Errorf("lapsed: %v", got)
	}
	h.fill("key", grant(12), now)
	before := wish()
	if old := h.fill("key", grant(0), now); old.grant.Extra != 12 || wish() != before/2 {
		t.Errorf("what was left: %+v, wish %d after %d", old, wish(), before)
	}
	h.unlease("key")
	h.lapsed(now.Add(time.Minute))
	h.lapsed(now.Add(time.Minute))
	if len(h.leases) != 0 {
		t.Error("a lease that is over is remembered")
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
