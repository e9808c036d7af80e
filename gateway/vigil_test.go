package gateway

import (
	"context"
	"sync/atomic"
	"testing"
	"time"
)

func TestVigilGivesUpThoseThatAreLostAndSilent(t *testing.T) {
	var now atomic.Int64
	now.Store(1)
	v := newVigil(&now)
	lost := func(peer string) bool { return peer == "frozen" }
	carry := func(peer string) (context.Context, *carriage) { return v.begin(t.Context(), peer) }

	frozen, a := carry("frozen")
	alive, b := carry("alive")
	speaking, c := carry("frozen") // it has just said something
	c.resume()
	defer a.end()
	defer b.end()
	defer c.end()
	sweep := func(after time.Duration) {
		now.Store(1 + int64(after))
		v.sweep(lost)
	}
	sweep(frozenAfter)
	if frozen.Err() != nil {
		t.Error("given up too early")
	}
	sweep(frozenAfter + time.Second)
	if context.Cause(frozen) != error(errPeerLost) {
		t.Errorf("a frozen peer: %v", context.Cause(frozen))
	}
	if alive.Err() != nil || speaking.Err() != nil {
		t.Errorf("alive: %v, speaking: %v", alive.Err(), speaking.Err())
	}
	now.Store(int64(time.Minute))
	c.wait()
	sweep(time.Minute)
	if speaking.Err() != nil {
		t.Error("the time before it spoke counts")
	}
	a.end()
	b.end()
	c.end()
	if len(v.open) != 0 {
		t.Errorf("%d are still watched", len(v.open))
	}
}
