package main

import (
	"slices"
	"time"
)

// takeover is how much longer than usual a client waited who was the first to
// ask a node for what a crashed one owned, at the node where that took longest.
// From then on the node asks the stand-by at once.
func (e evidence) takeover() (most time.Duration, of outcome) {
	for _, c := range e.crashes {
		first := map[int]outcome{}
		for _, o := range e.outcomes {
			if o.edge == c.node || e.owners[o.key] != c.node || !answered(o) || !o.began.After(c.to) {
				continue
			}
			if x, ok := first[o.edge]; !ok || o.began.Before(x.began) {
				first[o.edge] = o
			}
		}
		for _, o := range first {
			if more := o.head.Sub(o.began) - e.usual(c, o.kind.name); of.id == "" || more > most {
				most, of = more, o
			}
		}
	}
	return max(most, 0), of
}

// usual is how long a request of a kind took before a node crashed that served
// it for another one: the median.
func (e evidence) usual(c crash, kind string) time.Duration {
	var took []time.Duration
	for _, o := range e.outcomes {
		if o.edge != c.node && e.owners[o.key] == c.node && o.kind.name == kind && answered(o) && o.head.Before(c.from) {
			took = append(took, o.head.Sub(o.began))
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// answered tells whether an outcome's time tells anything of the gateway. A
// stream that is slow by itself does not.
func answered(o outcome) bool {
	return o.err == "" && !o.canceled && o.status == 200 && o.kind.name != slowStream.name
}
