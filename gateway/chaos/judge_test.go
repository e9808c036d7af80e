package main

import (
	"testing"
	"time"
)

// base is when the runs of these tests begin.
var base = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func after(seconds float64) time.Time {
	return base.Add(time.Duration(seconds * float64(time.Second)))
}

// good is a request that went well, and its sight.
func good(id, key string, at float64, instance string) (outcome, sight) {
	return outcome{id: id, key: key, kind: kinds[0], edge: 1, began: after(at), head: after(at + 0.1), ended: after(at + 0.1), status: 200, instance: instance},
		sight{instance: "openai/" + instance, began: after(at + 0.01), end: after(at + 0.09)}
}

func TestJudge(t *testing.T) {
	e := evidence{sights: map[string][]sight{}, owners: map[string]int{"x": 2, "y": 1}}
	add := func(id, key string, at float64, instance string, change func(o *outcome, seen []sight) []sight) {
		o, s := good(id, key, at, instance)
		seen := []sight{s}
		if change != nil {
			seen = change(&o, seen)
		}
		e.outcomes = append(e.outcomes, o)
		e.sights[id] = seen
	}
	broken := func(o *outcome, seen []sight) []sight { o.err = "connection reset"; return seen }
	twice := func(_ *outcome, seen []sight) []sight { return append(seen, seen[0]) }
	unseen := func(*outcome, []sight) []sight { return nil }

	add("x.1", "x", 1, "a", nil)
	add("y.1", "y", 1, "b", nil)
	if r := judge(e); r.failed+r.inFlight+r.duplicated+r.over+r.overFew+r.moved != 0 || r.sent != 2 || r.slowest != 100*time.Millisecond {
		t.Errorf("of a run without a fault: %+v", r)
	}

	add("x.2", "x", 5, "a", broken) // nothing crashed
	add("x.3", "x", 9.95, "a", broken)
	add("y.2", "y", 9.95, "b", broken) // neither its edge nor its owner crashed
	add("x.4", "x", 9.95, "a", twice)
	add("y.3", "y", 3, "b", twice)
	add("y.4", "y", 3, "b", unseen)
	add("y.5", "y", 4, "a", nil)
	e.crashes = []crash{{node: 2, from: after(10), to: after(10.01)}}
	r := judge(e)
	if r.failed != 3 { // x.2, y.2, y.4
		t.Errorf("failed: %d of 3: %q", r.failed, r.faults)
	}
	if r.inFlight != 2 || r.duplicated != 1 || r.moved != 1 {
		t.Errorf("in flight %d of 2, twice %d of 1, moved %d of 1", r.inFlight, r.duplicated, r.moved)
	}
}

func TestJudgeOfLimits(t *testing.T) {
	e := evidence{sights: map[string][]sight{}}
	add := func(key string, from, gap float64, count int, change func(o *outcome)) {
		for i := range count {
			o, s := good(key+time.Duration(len(e.outcomes)).String(), key, from+gap*float64(i), "a")
			e.outcomes = append(e.outcomes, o)
			e.sights[o.id] = []sight{s}
			if change != nil {
				change(&e.outcomes[len(e.outcomes)-1])
			}
		}
	}
	add(meteredKey, 0, 0.2, meteredLimit, nil)
	add(meteredKey, 61, 0.2, meteredLimit, nil)
	if r := judge(e); r.over != 0 {
		t.Errorf("two full minutes in a row: %d over", r.over)
	}
	add(meteredKey, 59, 0.1, 7, nil)
	if r := judge(e); r.over != 7 {
		t.Errorf("seven more at the end of the first one: %d over", r.over)
	}
	add(fewKey, 100, 0.001, fewLimit+2, nil)
	add(fewKey, 101, 0.2, 5, nil)
	if r := judge(e); r.overFew != 2 {
		t.Errorf("two more than may run: %d over", r.overFew)
	}
	before := judge(e)
	add(meteredKey, 200, 1, 1, func(o *outcome) { o.status, o.instance, o.err = 429, "", "HTTP 429"; e.sights[o.id] = nil })
	if r := judge(e); r.failed != before.failed {
		t.Errorf("a refusal is counted as a failure: %q", r.faults)
	}
	add(meteredKey, 200, 1, 1, func(o *outcome) { o.status, o.instance, o.err = 429, "", "HTTP 429" })
	if r := judge(e); r.failed != before.failed+1 {
		t.Error("a refused request that a provider saw is not told")
	}
}

func TestTable(t *testing.T) {
	f := failure{name: "f", promise: promise{over: 5, healed: time.Second}}
	for _, c := range []struct {
		r      result
		broken bool
	}{
		{result{over: 5, healed: time.Minute, inFlight: 3}, false}, // times only tell
		{result{over: 6}, true},
		{result{overFew: 1}, true},
		{result{failed: 1}, true},
		{result{duplicated: 1}, true},
		{result{moved: 1}, true},
		{result{moved: 1, stall: time.Second}, false}, // it was the machine
	} {
		t1 := &table{}
		t1.add(f, c.r)
		if t1.broken != c.broken {
			t.Errorf("%+v: broken is %t", c.r, t1.broken)
		}
	}
}

// What a takeover costs is told by the first request of each node that has to
// find out, over what such requests took before.
func TestTakeover(t *testing.T) {
	e := evidence{owners: map[string]int{"x": 2, "y": 1}, crashes: []crash{{node: 2, from: after(10), to: after(10.01)}}}
	add := func(id, key string, edge int, at, took float64) {
		o, _ := good(id, key, at, "a")
		o.edge, o.head, o.ended = edge, after(at+took), after(at+took)
		e.outcomes = append(e.outcomes, o)
	}
	if most, of := e.takeover(); most != 0 || of.id != "" {
		t.Errorf("without a request: %s of %q", most, of.id)
	}
	add("x.1", "x", 1, 1, 0.010)
	add("x.2", "x", 3, 2, 0.012)
	add("x.3", "x", 3, 3, 0.900)
	add("x.4", "x", 2, 4, 0.001) // it was its own edge
	add("x.5", "x", 1, 10.02, 0.030)
	add("x.6", "x", 1, 10.03, 0.500) // not the first
	add("y.1", "y", 3, 10.04, 0.700) // another owner
	add("x.7", "x", 3, 10.09, 0.040)
	if most, of := e.takeover(); most.Round(time.Millisecond) != 28*time.Millisecond || of.id != "x.7" {
		t.Errorf("%s of %q", most, of.id)
	}
}
