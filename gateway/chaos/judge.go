package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// evidence is all that is known of a run.
type evidence struct {
	outcomes []outcome
	sights   map[string][]sight
	owners   map[string]int // of the keys, in the whole ring
	crashes  []crash
	cause    func(key, provider string) bool // such a session had a reason to move; nil: none
}

// crash is a node that went without a word: what it was serving goes with it.
type crash struct {
	node     int
	from, to time.Time
}

// result is what a run's evidence comes to.
type result struct {
	sent       int
	failed     int
	inFlight   int // failed, or done twice, in flight on a node that crashed
	duplicated int
	over       int           // requests above the limit of a minute, in its worst 60 s
	overFew    int           // requests above the limit of running ones, at the worst moment
	denied     int           // requests refused although the minute had room
	beyond     []string      // the admissions that over is about
	moved      int           // sessions
	slowest    time.Duration // to the head of an answer, of a stream that is slow by itself not
	slowestOf  string
	takeover   time.Duration // beyond the usual: see takeover.go
	takeoverOf string
	healed     time.Duration
	stall      time.Duration // for so long the machine let this process wait
	faults     []string
}

// judge counts what went wrong.
func judge(e evidence) result {
	r := result{sent: len(e.outcomes)}
	places := map[string]map[string]bool{}
	for _, o := range e.outcomes {
		excused := e.excused(o)
		seen := e.sights[o.id]
		switch {
		case o.canceled, refused(o):
		case o.err != "" && excused:
			r.inFlight++
		case o.err != "":
			r.failed++
			r.fault("%s after %s: %s", e.way(o), o.ended.Sub(o.began).Round(time.Millisecond), o.err)
		case len(seen) == 0:
			r.failed++
			r.fault("%s was answered, and no provider saw it", o.id)
		}
		if len(seen) > 1 && excused {
			r.inFlight++
		} else if len(seen) > 1 {
			r.duplicated++
			r.fault("%s %s was seen by %s", o.id, o.kind.name, told(seen))
		}
		if refused(o) && len(seen) > 0 && excused {
			r.inFlight++
		} else if refused(o) && len(seen) > 0 {
			r.failed++
			r.fault("%s was refused after %s, and seen by %s", e.way(o), o.ended.Sub(o.began).Round(time.Millisecond), told(seen))
		}
		if o.instance != "" && o.err == "" && !excused && (e.cause == nil || !e.cause(o.key, o.kind.provider)) {
			session := o.key + " at " + o.kind.provider
			if places[session] == nil {
				places[session] = map[string]bool{}
			}
			places[session][o.instance] = true
		}
		if first := o.head.Sub(o.began); !excused && !o.head.IsZero() && o.kind.name != slowStream.name && first > r.slowest {
			r.slowest, r.slowestOf = first, e.way(o)
		}
	}
	var first outcome
	if r.takeover, first = e.takeover(); first.id != "" {
		r.takeoverOf = e.way(first)
	}
	for session, at := range places {
		if len(at) > 1 {
			r.moved++
			r.fault("the session %s was at %d instances", session, len(at))
		}
	}
	r.over, r.denied = e.minute()
	r.beyond = e.beyond()
	r.overFew = max(e.running()-fewLimit, 0)
	return r
}

// way is a request's, in a line.
func (e evidence) way(o outcome) string {
	return fmt.Sprintf("%s %s through gw-%d, owner gw-%d, %s", o.id, o.kind.name, o.edge, e.owners[o.key], o.began.Format("05.000"))
}

func told(seen []sight) string {
	var parts []string
	for _, s := range seen {
		parts = append(parts, s.instance+" at "+s.began.Format("05.000"))
	}
	return strings.Join(parts, ", ")
}

const faultsMost = 20

func (r *result) fault(format string, args ...any) {
	if len(r.faults) < faultsMost {
		r.faults = append(r.faults, fmt.Sprintf(format, args...))
	}
}

// refused tells a limit's answer.
func refused(o outcome) bool {
	return o.status == 429 && o.instance == "" && (o.key == meteredKey || o.key == fewKey)
}

// unaware is how long the load balancer goes on to send requests to a node that
// has crashed, until it learns of it.
const unaware = 50 * time.Millisecond

// excused tells whether a request was in flight on a node when that crashed.
func (e evidence) excused(o outcome) bool {
	for _, c := range e.crashes {
		to := c.to
		if o.edge == c.node {
			to = to.Add(unaware)
		}
		if (o.edge == c.node || e.owners[o.key] == c.node) && o.began.Before(to) && o.ended.After(c.from) {
			return true
		}
	}
	return false
}

// minute finds the 60 seconds in which the metered key was served most.
func (e evidence) minute() (over, denied int) {
	var at []time.Time
	var late time.Time // the first refusal
	for _, o := range e.outcomes {
		if o.key != meteredKey {
			continue
		}
		for _, s := range e.sights[o.id] {
			at = append(at, s.began)
			break // done twice is counted as that
		}
		if refused(o) && (late.IsZero() || o.began.Before(late)) {
			late = o.began
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	most, first := 0, 0
	for i := range at {
		for at[i].Sub(at[first]) >= time.Minute {
			first++
		}
		most = max(most, i-first+1)
	}
	if !late.IsZero() {
		denied = max(meteredLimit-most, 0)
	}
	return max(most-meteredLimit, 0), denied
}

// beyond lists what was admitted after the first refusal, and around it.
func (e evidence) beyond() []string {
	var list []outcome
	for _, o := range e.outcomes {
		if o.key == meteredKey {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b outcome) int { return a.began.Compare(b.began) })
	first := slices.IndexFunc(list, refused)
	var lines []string
	for i, o := range list {
		if first >= 0 && i >= first-3 && !refused(o) && len(lines) < faultsMost {
			lines = append(lines, fmt.Sprintf("%s was admitted by %s through gw-%d at %s", o.id, o.owner, o.edge, o.began.Format("05.000")))
		}
	}
	return lines
}

// ending is how much later than the gateway a provider notes that a request has
// ended.
const ending = 50 * time.Millisecond

// running finds how many requests of the key with few ran at once.
func (e evidence) running() int {
	type edge struct {
		at time.Time
		by int
	}
	var edges []edge
	for _, o := range e.outcomes {
		if o.key != fewKey {
			continue
		}
		for _, s := range e.sights[o.id] {
			end := s.end.Add(-ending)
			if s.end.IsZero() || end.Before(s.began) {
				end = s.began
			}
			edges = append(edges, edge{s.began, 1}, edge{end, -1})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		if d := a.at.Compare(b.at); d != 0 {
			return d
		}
		return a.by - b.by
	})
	now, most := 0, 0
	for _, x := range edges {
		now += x.by
		most = max(most, now)
	}
	return most
}
