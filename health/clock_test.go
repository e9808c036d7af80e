package health

import (
	"testing"
	"time"
	"unsafe"
)

// off is a reading of a clock whose time of day is wrong by so much, and whose
// monotonic part runs on: package time has no way to make one. The seconds of
// the day are above 30 bits of nanoseconds.
func off(t time.Time, by time.Duration) time.Time {
	*(*uint64)(unsafe.Pointer(&t)) += uint64(by/time.Second) << 30
	return t
}

// A host that starts with a wrong time of day has it corrected while it runs.
func TestACorrectedClockKeepsPauses(t *testing.T) {
	const day = 24 * time.Hour
	for _, wrong := range []time.Duration{day, -day} {
		by, passed, began := wrong, time.Duration(0), time.Now()
		h := New(Options{Origin: "n", Now: func() time.Time { return off(began.Add(passed), by) }})
		h.Configure([]Target{{ID: subject, Provider: "p", Instance: "a", RecoveryAfter: time.Minute}})
		h.Fail(subject, Failure{Cause: CauseStatus, Reason: "HTTP 500"})
		h.Cool(subject, "m", 30*time.Second)
		by = 0 // corrected
		for _, x := range []struct {
			after time.Duration
			want  Verdict
		}{{59 * time.Second, Down}, {61 * time.Second, Trial}} {
			passed = x.after
			if v := h.Check(subject, "m"); v != x.want {
				t.Errorf("%s wrong, after %s: %d", wrong, x.after, v)
			}
			at := h.Rows()[0].RetryAt
			if d := at.Round(0).Sub(began.Round(0)); d != time.Minute {
				t.Errorf("%s wrong, after %s: told to come back %s after the failure", wrong, x.after, d)
			}
		}
		passed = 30 * time.Second
		if d := h.RetryAt(subject, "m").Sub(began); d != time.Minute {
			t.Errorf("%s wrong: the retry is %s after the failure", wrong, d)
		}
	}
}
