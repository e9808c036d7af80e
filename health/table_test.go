package health

import (
	"testing"
	"testing/synctest"
	"time"
)

func table(name string, out *[][]byte) *Table {
	t := New(Options{Origin: name, Broadcast: func(_ string, d []byte) { *out = append(*out, append([]byte(nil), d...)) }})
	t.Configure([]Target{{ID: "p/a@1", Provider: "p", Instance: "a", RecoveryAfter: time.Second}})
	return t
}

func TestPausesDoubleWhileTrialsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent [][]byte
		h := table("n", &sent)
		pause := time.Second
		h.Fail("p/a@1", Failure{Cause: CauseStatus, Reason: "HTTP 500"})
		h.Fail("p/a@1", Failure{Cause: CauseStatus, Reason: "HTTP 500"}) // in flight with the first: no news
		for range 4 {
			time.Sleep(pause - time.Millisecond)
			if v := h.Check("p/a@1", "m"); v != Down {
				t.Fatalf("before %s: %d", pause, v)
			}
			time.Sleep(2 * time.Millisecond)
			if v := h.Check("p/a@1", "m"); v != Trial {
				t.Fatalf("after %s: %d", pause, v)
			}
			if !h.BeginTrial("p/a@1") || h.BeginTrial("p/a@1") {
				t.Fatal("not exactly one trial")
			}
			h.Fail("p/a@1", Failure{Cause: CauseStatus, Reason: "HTTP 500", Trial: true})
			pause *= 2
		}
		time.Sleep(pause)
		began := time.Now()
		h.BeginTrial("p/a@1")
		time.Sleep(time.Millisecond)
		h.Succeed("p/a@1", began)
		if v := h.Check("p/a@1", "m"); v != Up {
			t.Errorf("after a success: %d", v)
		}
	})
}

// A probe takes back what a probe found, on whatever node, and nothing else.
func TestAProbeLiftsWhatAProbeFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			cause        Cause
			here, others bool
		}{{CauseProbe, true, true}, {CauseConnect, true, false}, {CauseTimeout, false, false}, {CauseStatus, false, false}, {CauseCredentials, false, false}} {
			var sent, unsent [][]byte
			x, y := table("x", &sent), table("y", &unsent)
			if x.ProbeLifts("p/a@1") {
				t.Error("an instance that is up is lifted")
			}
			x.Fail("p/a@1", Failure{Cause: tt.cause, Reason: "why"})
			for _, m := range sent {
				if err := y.Merge(m, func(string, []byte) {}); err != nil {
					t.Fatal(err)
				}
			}
			if x.ProbeLifts("p/a@1") != tt.here || y.ProbeLifts("p/a@1") != tt.others {
				t.Errorf("%s: %t, %t", tt.cause, x.ProbeLifts("p/a@1"), y.ProbeLifts("p/a@1"))
			}
			time.Sleep(time.Millisecond)
			began := time.Now()
			time.Sleep(time.Millisecond)
			if x.Succeed("p/a@1", began); x.Check("p/a@1", "m") != Up || x.ProbeLifts("p/a@1") {
				t.Errorf("%s: after a success: %d", tt.cause, x.Check("p/a@1", "m"))
			}
		}
	})
}

func TestMergeDoesNotDependOnOrderOrRepetition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a, b [][]byte
		x, y := table("x", &a), table("y", &b)
		x.Fail("p/a@1", Failure{Cause: CauseConnect, Reason: "refused"})
		time.Sleep(2 * time.Second)
		x.BeginTrial("p/a@1")
		began := time.Now()
		time.Sleep(time.Millisecond)
		x.Succeed("p/a@1", began)
		for _, order := range [][]int{{0, 1, 0, 1}, {1, 0, 0}} {
			for _, i := range order {
				if err := y.Merge(a[i], func(string, []byte) {}); err != nil {
					t.Fatal(err)
				}
			}
			if v := y.Check("p/a@1", "m"); v != Up {
				t.Errorf("order %v: %d", order, v)
			}
		}
	})
}

func FuzzMerge(f *testing.F) {
	var sent [][]byte
	h := table("n", &sent)
	h.Fail("p/a@1", Failure{Cause: CauseStatus, Reason: "HTTP 500"})
	h.Cool("p/a@1", "m", time.Second)
	for _, b := range sent {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var out [][]byte
		h := table("n", &out)
		if err := h.Merge(b, func(string, []byte) {}); err != nil {
			if whole, _ := h.MarshalBinary(); len(whole) != 1 {
				t.Error("a message that cannot be read changed the table")
			}
		}
	})
}

// An instance whose credentials were refused is disabled for every node, until
// its configuration is read anew, a trial is due, or one has found otherwise.
func TestRefusedCredentialsDisable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent, answered [][]byte
		x, y := table("x", &sent), table("y", &answered)
		states := func(here, there string) {
			t.Helper()
			for _, m := range sent {
				if err := y.Merge(m, func(string, []byte) {}); err != nil {
					t.Fatal(err)
				}
			}
			sent = nil
			if a, b := x.Rows()[0], y.Rows()[0]; a.State != here || b.State != there || a.Healthy != (here == "healthy") || b.Healthy != (there == "healthy") {
				t.Errorf("%s and %s, want %s and %s", a.State, b.State, here, there)
			}
		}
		refused := Failure{Cause: CauseCredentials, Reason: "HTTP 401"}
		x.Fail("p/a@1", refused)
		states("disabled", "disabled")
		x.Configure([]Target{{ID: "p/a@1", Provider: "p", Instance: "a", RecoveryAfter: time.Second}})
		states("healthy", "disabled")
		x.Fail("p/a@1", refused)
		states("disabled", "disabled")

		time.Sleep(credentialPause + time.Minute)
		states("probing", "probing")
		if !x.BeginTrial("p/a@1") {
			t.Fatal("no trial")
		}
		states("probing", "probing")
		refused.Trial = true
		x.Fail("p/a@1", refused)
		states("disabled", "disabled")

		time.Sleep(credentialPause + time.Minute)
		if !x.BeginTrial("p/a@1") {
			t.Fatal("no trial")
		}
		x.Fail("p/a@1", Failure{Cause: CauseStatus, Reason: "HTTP 500", Trial: true})
		states("unhealthy", "unhealthy") // the credentials may be right again: it has not said

		time.Sleep(time.Hour)
		began := time.Now()
		x.BeginTrial("p/a@1")
		time.Sleep(time.Millisecond)
		x.Succeed("p/a@1", began)
		states("healthy", "healthy")
	})
}
