package gateway

import (
	"testing"
	"time"
)

func TestLapses(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(1_700_000_000_000 + int64(ms)) }
	l := &lapses{}
	if l.since(at(0), at(5000)) {
		t.Error("a lapse before the first beat")
	}
	for _, ms := range []int{0, 250, 500, 1400} { // late, but not by so much
		l.beat(at(ms))
	}
	if l.since(at(0), at(1500)) {
		t.Error("a lapse while all went well")
	}
	if !l.since(at(0), at(6000)) {
		t.Error("the first to run again does not see the lapse")
	}
	l.beat(at(6001))
	if !l.since(at(1300), at(6100)) || !l.since(at(6000), at(6100)) {
		t.Error("a call that was under way does not see the lapse")
	}
	if l.since(at(6002), at(6100)) {
		t.Error("a call that began later sees the lapse")
	}
}
