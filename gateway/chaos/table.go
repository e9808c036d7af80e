package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// promise is what a failure may cost. Zero is zero; what is in flight on a node
// that crashes may be lost, and is counted apart.
type promise struct {
	over     int           // above the limit of a minute
	overFew  int           // above the limit of running requests
	slowest  time.Duration // only told, as the next ones; 0: nothing is promised
	takeover time.Duration
	healed   time.Duration
}

// patience is how long a live node may keep a peer waiting before it is taken
// for dead. Where the machine lets a process wait for longer, a fleet without
// any fault is one with several.
const patience = 300 * time.Millisecond

type table struct {
	rows   [][]string
	notes  []string
	broken bool
}

func (t *table) skip(f failure) {
	t.rows = append(t.rows, []string{f.name, "", "", "", "", "", "", "", "", "", "", "skipped: needs network namespaces"})
}

func (t *table) add(f failure, r result) {
	verdict := "OK"
	switch {
	case r.failed > 0 || r.duplicated > 0 || r.over > f.promise.over || r.overFew > f.promise.overFew || r.moved > 0:
		verdict = "OVER"
		if r.stall > patience {
			verdict = fmt.Sprintf("not judged: the machine stood still for %s", r.stall.Round(time.Millisecond))
			break
		}
		t.broken = true
	case late(r.slowest, f.promise.slowest) || late(r.takeover, f.promise.takeover) || late(r.healed, f.promise.healed):
		verdict = "OK, but slow"
	}
	takeover := "-"
	if f.promise.takeover > 0 && r.takeoverOf != "" {
		takeover = r.takeover.Round(time.Millisecond).String()
	}
	healed := "-"
	if f.promise.healed > 0 {
		healed = r.healed.Round(100 * time.Millisecond).String()
	}
	t.rows = append(t.rows, []string{
		f.name, fmt.Sprint(r.sent), fmt.Sprint(r.failed), fmt.Sprint(r.inFlight), fmt.Sprint(r.duplicated),
		fmt.Sprint(r.over), fmt.Sprint(r.overFew), fmt.Sprint(r.moved), r.slowest.Round(time.Millisecond).String(), takeover, healed, verdict + f.promise.bounds(),
	})
	for _, x := range r.faults {
		t.notes = append(t.notes, f.name+": "+x)
	}
	if r.over > f.promise.over {
		for _, x := range r.beyond {
			t.notes = append(t.notes, f.name+": "+x)
		}
	}
	if r.denied > 0 {
		t.notes = append(t.notes, fmt.Sprintf("%s: %d requests of the minute were lost to the key", f.name, r.denied))
	}
	if verdict == "OK, but slow" {
		t.notes = append(t.notes, f.name+": the slowest was "+r.slowestOf)
	}
	if late(r.takeover, f.promise.takeover) {
		t.notes = append(t.notes, f.name+": the slowest to be taken over was "+r.takeoverOf)
	}
}

// late tells whether a time is beyond what was promised, if anything was.
func late(took, promised time.Duration) bool { return promised > 0 && took > promised }

// bounds says what is allowed beyond nothing.
func (p promise) bounds() string {
	s := ""
	if p.over > 0 || p.overFew > 0 {
		s += fmt.Sprintf(" (over: at most %d/min, %d running)", p.over, p.overFew)
	}
	if p.slowest > 0 {
		s += fmt.Sprintf(" (answers: %s)", p.slowest)
	}
	if p.takeover > 0 {
		s += fmt.Sprintf(" (taken over: %s)", p.takeover)
	}
	if p.healed > 0 {
		s += fmt.Sprintf(" (heals: %s)", p.healed)
	}
	return s
}

const legend = `
  FAILED        lost, cut short, refused without reason, or against what the failure's own look at the fleet expects
  IN FLIGHT     failed or done twice, under way on the very node that went: nobody can save those
  TWICE         seen by more than one provider's instance
  OVER/MIN      admitted above a limit of a minute, in its worst 60 seconds
  OVER RUNNING  ran at once above a limit of concurrent requests
  MOVED         sessions that changed their instance without a reason
  SLOWEST       until the head of an answer
  TAKEN OVER    what the first request of each node cost beyond the usual, whose owner had gone
  HEALED        from the failure's end until every node's ring is whole
  PROMISE       OK or OVER, and in brackets what is allowed beyond nothing; times only tell
`

func (t *table) write(w io.Writer) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "FAILURE\tSENT\tFAILED\tIN FLIGHT\tTWICE\tOVER/MIN\tOVER RUNNING\tMOVED\tSLOWEST\tTAKEN OVER\tHEALED\tPROMISE")
	for _, r := range t.rows {
		for i, c := range r {
			if i > 0 {
				fmt.Fprint(tw, "\t")
			}
			fmt.Fprint(tw, c)
		}
		fmt.Fprintln(tw)
	}
	tw.Flush()
	fmt.Fprint(w, legend)
	for _, n := range t.notes {
		fmt.Fprintln(w, "  "+n)
	}
}
