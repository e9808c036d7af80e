package health

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// fleet is some tables with clocks of their own, and a network that loses,
// doubles, delays and reorders.
type fleet struct {
	elapsed time.Duration
	tables  []*Table
	names   []string
	skew    []time.Duration
	flights []flight
	reports []string
}

type flight struct {
	to    int
	delta []byte
}

const subject = "p/a@1"

func newFleet(n int, recovery time.Duration) *fleet {
	f := &fleet{}
	for i := range n {
		f.names = append(f.names, fmt.Sprint("n", i))
		f.skew = append(f.skew, time.Duration(i*i)*31*time.Hour)
		f.tables = append(f.tables, New(Options{
			Origin:    f.names[i],
			Now:       func() time.Time { return f.now(i) },
			Broadcast: func(_ string, d []byte) { f.send(i, d) },
			OnReport:  func(id, origin string) { f.reports = append(f.reports, f.names[i]+" hears "+origin) },
		}))
	}
	for i := range n {
		f.tables[i].SetMembers(f.names)
		f.tables[i].Configure([]Target{{ID: subject, Provider: "p", Instance: "a", RecoveryAfter: recovery}})
	}
	return f
}

func (f *fleet) now(i int) time.Time {
	return time.Unix(1_700_000_000, 0).Add(f.skew[i] + f.elapsed)
}

func (f *fleet) send(from int, d []byte) {
	for to := range f.tables {
		if to != from {
			f.flights = append(f.flights, flight{to, slices.Clone(d)})
		}
	}
}

// land delivers all that is under way, in order.
func (f *fleet) land() {
	for len(f.flights) > 0 {
		x := f.flights[0]
		f.flights = f.flights[1:]
		_ = f.tables[x.to].Merge(x.delta, func(_ string, d []byte) { f.send(x.to, d) })
	}
}

// exchange is a push/pull of everybody with everybody, twice.
func (f *fleet) exchange() {
	f.flights = nil
	for range 2 {
		for i := range f.tables {
			whole, _ := f.tables[i].MarshalBinary()
			for j := range f.tables {
				_ = f.tables[j].Merge(whole, nil)
			}
		}
	}
}

func (f *fleet) verdicts() []Verdict {
	out := make([]Verdict, len(f.tables))
	for i, t := range f.tables {
		out[i] = t.Check(subject, "m")
	}
	return out
}

func (f *fleet) expect(t *testing.T, what string, want ...Verdict) {
	t.Helper()
	if got := f.verdicts(); !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func refused() Failure { return Failure{Cause: CauseConnect, Reason: "connection refused"} }

// facts is what a table holds, without what depends on when it was heard.
func facts(t *Table) map[string]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := map[string]string{}
	for k, r := range t.records {
		if k.kind != cooling {
			out[fmt.Sprint(k)] = fmt.Sprint(r.version, r.down, r.claim, r.streak, r.cause, r.origin)
		}
	}
	return out
}

// Whatever is lost, doubled and reordered, an exchange of whole tables makes
// all of them one, and the clocks play no part.
func TestTablesConverge(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		f := newFleet(4, time.Second)
		for range 60 {
			i := r.IntN(4)
			n := f.tables[i]
			switch r.IntN(9) {
			case 0:
				n.Fail(subject, Failure{Cause: CauseStatus, Reason: "HTTP 500"})
			case 1:
				n.Fail(subject, refused())
			case 2:
				n.Cool(subject, "m", time.Duration(1+r.IntN(5))*10*time.Second)
			case 3:
				if n.Check(subject, "") != Down && n.BeginTrial(subject) && r.IntN(2) == 0 {
					n.Fail(subject, Failure{Cause: CauseTimeout, Trial: true})
				}
			case 4:
				n.Succeed(subject, f.now(i).Add(time.Nanosecond))
			case 5:
				n.Release(subject)
			case 6:
				f.elapsed += time.Duration(r.IntN(3000)) * time.Millisecond
			default: // some of what is under way arrives, in any order
				r.Shuffle(len(f.flights), func(a, b int) { f.flights[a], f.flights[b] = f.flights[b], f.flights[a] })
				for range min(len(f.flights), r.IntN(6)) {
					x := f.flights[0]
					if r.IntN(3) > 0 { // else it comes again
						f.flights = f.flights[1:]
					}
					if r.IntN(4) > 0 { // else it is lost
						_ = f.tables[x.to].Merge(x.delta, func(_ string, d []byte) { f.send(x.to, d) })
					}
				}
			}
		}
		f.exchange()
		want := facts(f.tables[0])
		for i, n := range f.tables[1:] {
			if got := facts(n); !maps.Equal(got, want) {
				t.Fatalf("seed %d: n%d holds\n%v\nn0\n%v", seed, i+1, got, want)
			}
			a, b := f.tables[0].RetryAt(subject, "m"), n.RetryAt(subject, "m")
			if n.Check(subject, "m") == f.tables[0].Check(subject, "m") {
				continue
			}
			// They may differ where a report of one's own counts for itself alone,
			// where a reporter was proved wrong, and in whose turn a trial is.
			if !anyReport(want) && f.tables[0].Check(subject, "m") == Up != (n.Check(subject, "m") == Up) {
				t.Fatalf("seed %d: n%d %d until %v, n0 %d until %v: %v", seed, i+1, n.Check(subject, "m"), b, f.tables[0].Check(subject, "m"), a, want)
			}
		}
	}
}

// What a table holds depends on what it heard, not on the order nor on how
// often. Versions of different nodes are often equal here.
func TestMergeCommutesAndRepeatsHarmlessly(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 11))
		f := newFleet(4, time.Second)
		var news [][]byte
		for range 40 {
			n := f.tables[r.IntN(4)]
			switch r.IntN(4) {
			case 0:
				n.Fail(subject, Failure{Cause: CauseStatus, Trial: true})
			case 1:
				n.Fail(subject, refused())
			case 2:
				n.Succeed(subject, f.now(slices.Index(f.tables, n)).Add(time.Nanosecond))
			case 3:
				n.BeginTrial(subject)
			}
			for _, x := range f.flights {
				news = append(news, x.delta)
			}
			f.flights = nil
			f.elapsed += time.Duration(r.IntN(100)) * time.Millisecond
		}
		var want map[string]string
		for order := range 3 {
			g := &fleet{tables: []*Table{New(Options{Origin: "listener", Now: func() time.Time { return f.now(0) }})}}
			for _, i := range r.Perm(2 * len(news)) {
				_ = g.tables[0].Merge(news[i%len(news)], nil)
			}
			if got := facts(g.tables[0]); order == 0 {
				want = got
			} else if !maps.Equal(got, want) {
				t.Fatalf("seed %d:\n%v\n%v", seed, got, want)
			}
		}
	}
}

func anyReport(facts map[string]string) bool {
	for k := range facts {
		if strings.HasPrefix(k, fmt.Sprintf("{%d ", report)) {
			return true
		}
	}
	return false
}

func TestOneNodesNetworkBlackensNothing(t *testing.T) {
	f := newFleet(3, time.Second)
	f.tables[0].Fail(subject, refused())
	f.land()
	f.expect(t, "one report", Down, Up, Up)
	if !f.tables[0].OnlyHere(subject) || f.tables[1].OnlyHere(subject) {
		t.Error("who is it down for?")
	}
	if len(f.reports) != 2 {
		t.Errorf("told to look after it: %v", f.reports)
	}
	confirm := 0
	for i, n := range f.tables {
		if n.Confirms(subject, f.names[0]) {
			confirm++
			if i == 0 {
				t.Error("a node confirms its own report")
			}
		}
	}
	if confirm != 1 {
		t.Errorf("%d nodes look after one report", confirm)
	}

	f.tables[1].Fail(subject, refused())
	f.land()
	f.expect(t, "two reports", Down, Down, Down)
	if f.tables[0].OnlyHere(subject) {
		t.Error("two nodes say so")
	}
}

// What an instance said itself needs no second witness.
func TestTruthIsTruthAtOnce(t *testing.T) {
	for _, c := range []Cause{CauseStatus, CauseReset, CauseOverloaded, CauseCredentials} {
		f := newFleet(3, time.Second)
		f.tables[2].Fail(subject, Failure{Cause: c})
		f.land()
		f.expect(t, string(c), Down, Down, Down)
	}
	f := newFleet(3, time.Second)
	f.tables[2].Cool(subject, "m", time.Minute)
	f.land()
	f.expect(t, "429", Down, Down, Down)
}

// One node at a time tries, in an order, and the others know.
func TestOneTrialInTheWholeCluster(t *testing.T) {
	f := newFleet(3, 8*time.Second) // a step of 2 s
	f.tables[0].Fail(subject, Failure{Cause: CauseStatus})
	f.land()
	f.elapsed += 8 * time.Second
	count := func() (n, who int) {
		for i, v := range f.verdicts() {
			if v == Trial {
				n, who = n+1, i
			}
		}
		return n, who
	}
	n, first := count()
	if n != 1 || !f.tables[first].Leads(subject) {
		t.Fatalf("%d nodes may try at first: %v", n, f.verdicts())
	}
	f.elapsed += 2 * time.Second // the first has no request to try with
	if n, _ := count(); n != 2 {
		t.Fatalf("%d nodes may try after a step: %v", n, f.verdicts())
	}
	second := slices.IndexFunc(f.tables, func(x *Table) bool { return x != f.tables[first] && x.Check(subject, "") == Trial })
	if !f.tables[second].BeginTrial(subject) {
		t.Fatal("no trial")
	}
	f.land()
	f.elapsed += time.Minute
	if n, _ := count(); n != 0 || f.tables[first].BeginTrial(subject) {
		t.Fatalf("a second trial beside the first: %v", f.verdicts())
	}
	if row := f.tables[first].Rows()[0]; row.State != "probing" || row.Healthy {
		t.Errorf("shown as %+v", row)
	}
	f.tables[second].Fail(subject, Failure{Cause: CauseStatus, Trial: true})
	f.land()
	f.elapsed += 15 * time.Second // the pause has doubled to 16 s
	f.expect(t, "during the second pause", Down, Down, Down)
	f.elapsed += time.Second
	if n, who := count(); n != 1 || who != first {
		t.Fatalf("after the second pause: %v", f.verdicts())
	}
	f.tables[first].BeginTrial(subject)
	f.tables[first].Release(subject) // its client left
	f.land()
	if n, who := count(); n != 1 || who != first {
		t.Fatalf("after a trial without a verdict: %v", f.verdicts())
	}
	f.tables[first].BeginTrial(subject)
	began := f.now(first).Add(time.Nanosecond)
	f.tables[first].Succeed(subject, began)
	f.land()
	f.expect(t, "after a success", Up, Up, Up)
}

// A trial that fails for the trier's own network is nobody's proof: the next
// node has its turn at once.
func TestATrialThatCannotReachItPassesTheTurnOn(t *testing.T) {
	f := newFleet(3, 8*time.Second)
	f.tables[0].Fail(subject, Failure{Cause: CauseStatus})
	f.land()
	f.elapsed += 8 * time.Second
	first := slices.Index(f.verdicts(), Trial)
	f.tables[first].BeginTrial(subject)
	f.land()
	f.tables[first].Fail(subject, Failure{Cause: CauseConnect, Trial: true})
	f.land()
	f.elapsed += 2 * time.Second
	next := slices.Index(f.verdicts(), Trial)
	if next < 0 || next == first {
		t.Fatalf("%v after n%d could not reach it", f.verdicts(), first)
	}
	f.tables[next].BeginTrial(subject)
	f.land()
	f.tables[next].Succeed(subject, f.now(next).Add(time.Nanosecond))
	f.land()
	f.expect(t, "after a success", Up, Up, Up)
}

// Two nodes with a broken network take an instance from the third once, not
// again and again.
func TestReportersThatWereProvedWrongAreNotBelieved(t *testing.T) {
	f := newFleet(3, time.Second)
	lead := slices.IndexFunc(f.tables, func(x *Table) bool { return x.Leads(subject) })
	others := []int{(lead + 1) % 3, (lead + 2) % 3}
	report := func() {
		for _, i := range others {
			f.tables[i].Fail(subject, refused())
		}
		f.land()
	}
	report()
	f.expect(t, "reported twice", Down, Down, Down)
	f.elapsed += time.Second
	if !f.tables[lead].BeginTrial(subject) {
		t.Fatal("no trial")
	}
	f.tables[lead].Succeed(subject, f.now(lead).Add(time.Nanosecond))
	f.land()
	f.expect(t, "proved well", Up, Up, Up)
	f.elapsed += time.Second
	report()
	if v := f.tables[lead].Check(subject, "m"); v != Up {
		t.Errorf("the node that reaches it: %d", v)
	}
	if v := f.tables[others[0]].Check(subject, "m"); v != Down {
		t.Errorf("a node that does not: %d", v)
	}
	f.elapsed += doubtFor + time.Second
	report()
	f.expect(t, "reported again, much later", Down, Down, Down)
}

// A node that starts again does not believe what a process of its name said of
// its own network.
func TestANewProcessTriesForItself(t *testing.T) {
	f := newFleet(2, time.Second)
	f.tables[0].Fail(subject, refused())
	f.land()
	f.tables[0] = New(Options{Origin: f.names[0], Now: func() time.Time { return f.now(0) }})
	f.tables[0].Configure([]Target{{ID: subject, Provider: "p", Instance: "a", RecoveryAfter: time.Second}})
	whole, _ := f.tables[1].MarshalBinary()
	if err := f.tables[0].Merge(whole, nil); err != nil {
		t.Fatal(err)
	}
	f.expect(t, "after a restart", Up, Up)
	f.tables[0].Fail(subject, refused()) // its version is above the one of before
	f.land()
	f.tables[1].Fail(subject, refused())
	f.land()
	f.expect(t, "reported by both", Down, Down)
}

// A report dies out where nobody repeats it; for its own node it stays until
// that has tried.
func TestReportsExpire(t *testing.T) {
	f := newFleet(3, time.Second)
	f.tables[0].Fail(subject, refused())
	f.tables[1].Fail(subject, refused())
	f.land()
	f.elapsed += keepAfter + 2*time.Second
	f.exchange()
	f.expect(t, "long after", Overdue, Overdue, Up)
}
