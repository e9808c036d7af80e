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

// A clock that is set back after a lapse does not excuse timeouts until it is
// that late again.
func TestLapsesWhileTheClockIsSetBack(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(1_700_000_000+int64(s), 0) }
	l := &lapses{}
	l.beat(at(86400))
	l.beat(at(86405))
	l.beat(at(10))
	if l.since(at(11), at(11)) {
		t.Error("a lapse of the day before that never was")
	}
	if !l.since(at(9), at(10)) {
		t.Error("the lapse is forgotten")
	}
}
