package cluster

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// show is one line a member: name, address, state, and what else is special.
func show(v *view) []string {
	var lines []string
	for _, m := range v.members() {
		line := fmt.Sprintf("%s %s %s", m.Name, m.Address, m.State)
		for what, is := range map[string]bool{" serving": m.Serving, " superseded": m.Superseded, " self": m.Self} {
			if is {
				line += what
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func wantView(t *testing.T, v *view, want ...string) {
	t.Helper()
	got := show(v)
	for i := range got { // the marks come in any order
		if i < len(want) && len(got[i]) == len(want[i]) && strings.HasPrefix(got[i], strings.Join(strings.Fields(want[i])[:3], " ")) {
			got[i] = want[i]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

func told(name string, s Status, boot int64) []byte {
	return announcement{name: name, status: s, boot: time.Unix(boot, 0), meta: Meta{RingVersion: 1}}.encode()
}

func testView() *view { return newView("self~1", 1, func() {}) }

func TestViewOfARestart(t *testing.T) {
	v := testView()
	v.join("a~1", "h1:1", told("a", StatusActive, 100))
	v.join("b~1", "h2:1", told("b", StatusActive, 100))
	wantView(t, v, "a h1:1 alive serving", "b h2:1 alive serving")
	v.join("a~2", "h3:1", told("a", StatusStarting, 200))
	wantView(t, v, "a h3:1 alive", "a h1:1 alive superseded", "b h2:1 alive serving")
	v.join("a~2", "h3:1", told("a", StatusActive, 200))
	v.leave("a~1")
	wantView(t, v, "a h3:1 alive serving", "b h2:1 alive serving")
	v.leave("a~2")
	wantView(t, v, "a h3:1 failed", "b h2:1 alive serving")
	if v.conflictCount() != 0 {
		t.Error("a restart was taken for a conflict")
	}
}

func TestViewOfTheLateOldProcess(t *testing.T) {
	v := testView()
	v.join("a~2", "h3:1", told("a", StatusActive, 200))
	v.join("a~1", "h1:1", told("a", StatusActive, 100)) // older, heard of later
	wantView(t, v, "a h3:1 alive serving", "a h1:1 alive superseded")
	v.leave("a~2") // the older one has the name again
	wantView(t, v, "a h1:1 alive serving")
}

func TestViewOfOneBootTime(t *testing.T) {
	v := testView()
	v.join("a~1", "h1:1", told("a", StatusActive, 100))
	v.join("a~2", "h2:1", told("a", StatusActive, 100))
	wantView(t, v, "a h2:1 alive serving", "a h1:1 alive superseded")
}

func TestViewLeftOrFailed(t *testing.T) {
	v := testView()
	v.join("a~1", "h1:1", told("a", StatusDraining, 100))
	v.join("b~1", "h2:1", told("b", StatusActive, 100))
	v.leave("a~1")
	v.leave("b~1")
	v.leave("nobody~1")
	wantView(t, v, "a h1:1 left", "b h2:1 failed")
	live, failed := v.addresses()
	if len(live) != 0 || !cmp.Equal(failed, []string{"h2:1"}) {
		t.Errorf("live %q failed %q", live, failed)
	}
	v.join("b~1", "h2:1", told("b", StatusActive, 100)) // it was only unreachable
	wantView(t, v, "a h1:1 left", "b h2:1 alive serving")
}

func TestViewUnreadable(t *testing.T) {
	v := testView()
	v.join("a~1", "h1:1", []byte{99})
	v.join("evil\n\x1b~1", "h2:1", nil)
	v.join("~1", "h3:1", nil)
	wantView(t, v, `"evil\n\x1b" h2:1 alive`, "a h1:1 alive", "~1 h3:1 alive")
	if v.live() != 3 {
		t.Errorf("%d live", v.live())
	}
}

func TestViewSuspicion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := testView()
		v.join("a~1", "h1:1", told("a", StatusActive, 100))
		v.unanswered("a~1")
		wantView(t, v, "a h1:1 suspect serving")
		v.answered("a~1", time.Millisecond)
		wantView(t, v, "a h1:1 alive serving")
		v.unanswered("a~1")
		time.Sleep(suspectFor)
		wantView(t, v, "a h1:1 alive serving")
		v.refresh()
		v.unanswered("a~1")
		v.join("a~1", "h1:1", told("a", StatusDraining, 100))
		wantView(t, v, "a h1:1 alive")
		v.leave("a~1")
		v.unanswered("a~1")
		wantView(t, v, "a h1:1 left")
	})
}

// TestViewConflictNeedsProof: only an answer that was asked for after the newer
// process came, or a long time, tells a duplicate from a restart.
func TestViewConflictNeedsProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := testView()
		v.join("a~1", "h1:1", told("a", StatusActive, 100))
		time.Sleep(time.Second)
		v.join("a~2", "h2:1", told("a", StatusActive, 200))
		time.Sleep(100 * time.Millisecond)
		v.answered("a~1", 200*time.Millisecond) // asked before
		if v.conflictCount() != 0 {
			t.Fatal("a late answer was taken for a sign of life")
		}
		v.answered("a~1", time.Millisecond)
		v.answered("a~1", time.Millisecond)
		if got := v.takeConflicts(); len(got) != 1 || got[0] != (conflict{"a", "h2:1", "h1:1"}) || v.conflictCount() != 1 {
			t.Fatalf("conflicts %+v", got)
		}

		v = testView()
		v.join("a~1", "h1:1", told("a", StatusActive, 100))
		v.join("a~2", "h2:1", told("a", StatusActive, 200))
		time.Sleep(conflictAfter)
		v.refresh()
		if v.conflictCount() != 0 {
			t.Error("a conflict too early")
		}
		time.Sleep(time.Second)
		v.refresh()
		if v.conflictCount() != 1 {
			t.Error("no conflict after a long time")
		}

		v = testView()
		v.join("self~1", "h1:1", told("self", StatusActive, 100))
		v.join("self~2", "h2:1", told("self", StatusActive, 200))
		if v.conflictCount() != 1 {
			t.Error("this process knows that it lives itself")
		}

		v = testView()
		v.collide("a~1", "h1:1", "h2:1")
		v.collide("a~1", "h1:1", "h2:1")
		if v.conflictCount() != 1 {
			t.Errorf("one process name at two addresses: %d conflicts", v.conflictCount())
		}
	})
}

func TestViewForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := testView()
		v.join("a~1", "h1:1", told("a", StatusActive, 100))
		v.leave("a~1")
		time.Sleep(remember - time.Second)
		v.refresh()
		wantView(t, v, "a h1:1 failed")
		time.Sleep(time.Second)
		if got := v.members(); len(got) != 0 {
			t.Errorf("still shown: %+v", got)
		}
		v.refresh()
		if len(v.processes) != 0 {
			t.Error("still remembered")
		}
	})
}

// TestViewIsBoundedByNames: a node that crashes and starts for ever takes one
// place.
func TestViewIsBoundedByNames(t *testing.T) {
	v := testView()
	for i := range 3000 {
		id := fmt.Sprintf("a~%d", i)
		v.join(id, "h:1", told("a", StatusActive, int64(i)))
		if i%3 > 0 {
			v.leave(id)
		}
		if i%3 == 2 {
			v.leave(fmt.Sprintf("a~%d", i-2))
		}
	}
	if len(v.processes) > 1 {
		t.Errorf("%d processes of one name are kept", len(v.processes))
	}
}
