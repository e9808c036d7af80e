package gateway

import (
	"context"
	"sync/atomic"
	"testing"
	"time"
)

func TestVigilGivesUpThoseThatAreLostAndSilent(t *testing.T) {
	var now atomic.Int64
	at := time.Unix(1_700_000_000, 0)
	now.Store(at.UnixNano())
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
	v.sweep(at.Add(frozenAfter), lost)
	if frozen.Err() != nil {
		t.Error("given up too early")
	}
	v.sweep(at.Add(frozenAfter+time.Second), lost)
	if context.Cause(frozen) != error(errPeerLost) {
		t.Errorf("a frozen peer: %v", context.Cause(frozen))
	}
	if alive.Err() != nil || speaking.Err() != nil {
		t.Errorf("alive: %v, speaking: %v", alive.Err(), speaking.Err())
	}
	now.Store(at.Add(time.Minute).UnixNano())
	c.wait()
	v.sweep(at.Add(time.Minute), lost)
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
