package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settled is how long what a load leaves may take to go: connections to
// providers are kept for 90 s.
const settled = 2 * time.Minute

// soak keeps a fleet under mixed load and random failures, and looks at what it
// leaves behind. Node 1 is never killed: it is the one that is measured.
func soak(ctx context.Context, o options, g *ground, dir string, out io.Writer) error {
	b, err := newBed(ctx, o, g, dir)
	if err != nil {
		return err
	}
	defer b.end()
	fmt.Fprintf(out, "soak of %s, seed %d\n", o.soak, o.seed)
	slow, fast, err := b.gossip(ctx, min(10*time.Second, o.soak/6))
	if err != nil {
		return err
	}
	sleep(ctx, 3*time.Second)
	first, err := b.weigh()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%8s  %s\n", "start", first)

	b.providers.forget()
	b.load = newLoad(b.fleet)
	b.load.mixed(o.rate)
	began := time.Now()
	counts, failed := b.havoc(ctx, rand.New(rand.NewPCG(o.seed, 1)), o.soak, func() {
		if now, err := b.weigh(); err == nil {
			fmt.Fprintf(out, "%8s  %s\n", time.Since(began).Round(time.Second), now)
		}
	})
	failed = errors.Join(failed, await(ctx, time.Minute, "the ring is whole again", b.fleet.whole))
	sleep(ctx, 2*time.Second)
	r := judge(evidence{outcomes: b.load.stop(), sights: b.providers.sights(), owners: b.owners, crashes: b.crashes})
	fmt.Fprintf(out, "%v: %d sent, %d failed, %d in flight on a node that went, %d twice, %d sessions moved, slowest %s\n", counts, r.sent, r.failed, r.inFlight, r.duplicated, r.moved, r.slowest.Round(time.Millisecond))
	for _, f := range r.faults {
		fmt.Fprintln(out, "  "+f)
	}
	if b.load.stall > patience {
		fmt.Fprintf(out, "the machine stood still for %s: what failed is not judged\n", b.load.stall.Round(time.Millisecond))
	}
	var last weight
	back := await(ctx, settled, "goroutines are back to the start", func() bool {
		var err error
		last, err = b.weigh()
		return err == nil && last.goroutines <= first.goroutines+spareGoroutines
	})
	fmt.Fprintf(out, "%8s  %s\n", "end", last)
	if last.heap > 2*first.heap+spareHeap {
		failed = errors.Join(failed, fmt.Errorf("the heap has grown from %d to %d MiB", first.heap>>20, last.heap>>20))
	}
	if g.prefix != "" {
		fmt.Fprintf(out, "gossip of a node: %d B/s at %d requests a second, %d B/s at %d\n", slow, soakSlow, fast, soakFast)
		if fast > 2*slow+spareGossip {
			failed = errors.Join(failed, errors.New("gossip grows with the request rate"))
		}
	}
	if failed = errors.Join(failed, back, ctx.Err()); failed != nil {
		return failed
	}
	if r.failed+r.duplicated+r.moved > 0 && b.load.stall <= patience {
		return errTold
	}
	return nil
}

const (
	soakSlow, soakFast = 10, 100 // requests a second
	spareGoroutines    = 10
	spareHeap          = 16 << 20
	spareGossip        = 500 // bytes a second
)

// weight is what a process holds, garbage apart.
type weight struct{ goroutines, heap, resident int64 }

func (w weight) String() string {
	return fmt.Sprintf("%d goroutines, heap %.1f MiB, resident %.1f MiB", w.goroutines, float64(w.heap)/(1<<20), float64(w.resident)/(1<<20))
}

func (b *bed) weigh() (weight, error) {
	if _, err := b.fleet.text(1, "/debug/pprof/heap?gc=1"); err != nil {
		return weight{}, err
	}
	text, err := b.fleet.text(1, "/metrics")
	if err != nil {
		return weight{}, err
	}
	var w weight
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		into := map[string]*int64{"go_goroutines": &w.goroutines, "go_memstats_heap_alloc_bytes": &w.heap, "process_resident_memory_bytes": &w.resident}[name]
		if into == nil {
			continue
		}
		f, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return w, err
		}
		*into = int64(f)
	}
	return w, nil
}

// gossip measures what node 1 gossips under little load and under much; it is
// a warm-up, too.
func (b *bed) gossip(ctx context.Context, each time.Duration) (slow, fast int64, err error) {
	if b.ground.prefix != "" {
		for _, proto := range []string{"udp", "tcp"} {
			for _, port := range []string{"--sport", "--dport"} {
				if err := b.ground.tables(1, "-A", "OUTPUT", "-p", proto, port, "7946"); err != nil {
					return 0, 0, err
				}
			}
		}
	}
	var rates [2]int64
	for i, rate := range []int{soakSlow, soakFast} {
		l := newLoad(b.fleet)
		l.every(rate, func(i int) (string, kind) { return plainKey(i), kinds[i%len(kinds)] })
		sleep(ctx, time.Second)
		before, err := b.gossiped()
		if err != nil {
			return 0, 0, err
		}
		from := time.Now()
		sleep(ctx, each)
		after, err := b.gossiped()
		if err != nil {
			return 0, 0, err
		}
		rates[i] = int64(float64(after-before) / time.Since(from).Seconds())
		l.stop()
	}
	return rates[0], rates[1], b.ground.mend()
}

// gossiped is how many bytes have left node 1 for gossip. A packet from the
// gossip port to the gossip port of a peer counts twice: all of them do.
func (b *bed) gossiped() (int64, error) {
	if b.ground.prefix == "" {
		return 0, nil
	}
	text, err := b.ground.command(1, "iptables", "-w", "-nvxL", "OUTPUT").Output()
	if err != nil {
		return 0, err
	}
	var sum int64
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 2 && strings.Contains(line, "pt:7946") {
			n, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				return 0, err
			}
			sum += n
		}
	}
	return sum, nil
}

// havoc breaks something every few seconds, one thing at a time.
func (b *bed) havoc(ctx context.Context, r *rand.Rand, most time.Duration, look func()) (counts map[string]int, err error) {
	counts = map[string]int{}
	whole := func() error { return await(ctx, time.Minute, "the ring is whole again", b.fleet.whole) }
	hold := func() { sleep(ctx, time.Second+time.Duration(r.Int64N(int64(5*time.Second)))) }
	breaks := map[string]func() error{
		"kill": func() error {
			n := 2 + r.IntN(2)
			err := b.crash(n, func() error { return b.fleet.kill(n) })
			hold()
			return errors.Join(err, b.fleet.start(ctx, n))
		},
		"restart": func() error {
			n := 2 + r.IntN(2)
			return errors.Join(b.fleet.stop(n), b.fleet.start(ctx, n))
		},
		"hang": func() error {
			n := 1 + r.IntN(3)
			err := b.crash(n, func() error { return b.fleet.signal(n, syscall.SIGSTOP) })
			hold()
			return errors.Join(err, b.fleet.signal(n, syscall.SIGCONT))
		},
		"partition": func() error {
			n := 1 + r.IntN(3)
			err := b.crash(n, func() error { return b.ground.part(n, n%3+1, (n+1)%3+1) })
			hold()
			return errors.Join(err, b.ground.mend())
		},
		"loss": func() error {
			err := b.ground.lossy(1+r.IntN(3), 0.3)
			hold()
			return errors.Join(err, b.ground.mend())
		},
	}
	names := []string{"kill", "restart", "hang"}
	if b.ground.prefix != "" {
		names = append(names, "partition", "loss")
	}
	end, shown := time.Now().Add(most), time.Now()
	for time.Now().Before(end) && ctx.Err() == nil {
		name := names[r.IntN(len(names))]
		counts[name]++
		fmt.Fprintln(os.Stderr, "chaos:", time.Now().Format("05.000"), name)
		if err := errors.Join(breaks[name](), whole()); err != nil {
			return counts, fmt.Errorf("%s: %w", name, err)
		}
		sleep(ctx, 3*time.Second)
		if time.Since(shown) > most/10 {
			look()
			shown = time.Now()
		}
	}
	return counts, nil
}
