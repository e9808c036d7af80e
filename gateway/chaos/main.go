package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

type options struct {
	program string
	only    string
	short   bool
	list    bool
	keep    bool
	rate    int
	soak    time.Duration
	seed    uint64
	inside  string // the prefix of the namespaces that this process is in the middle of
}

func main() {
	var o options
	var d delayer
	flag.StringVar(&o.program, "program", "bin/llmgw", "the gateway's program")
	flag.StringVar(&o.only, "run", "", "only the failures whose names hold one of these, comma-separated")
	flag.BoolVar(&o.short, "short", false, "the short selection")
	flag.BoolVar(&o.list, "list", false, "list the failures and end")
	flag.BoolVar(&o.keep, "keep", false, "keep the nodes' logs")
	flag.IntVar(&o.rate, "rate", 40, "requests a second, beside those of the keys with limits")
	flag.DurationVar(&o.soak, "soak", 0, "instead: so long of mixed load with random failures")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "of the soak's random failures")
	flag.StringVar(&o.inside, "inside", "", "internal: the namespaces that are ready")
	flag.StringVar(&d.listen, "delay-listen", "", "internal: be a delaying proxy on this address")
	flag.StringVar(&d.to, "delay-to", "", "internal: ... to this one")
	flag.DurationVar(&d.by, "delay-by", 0, "internal: ... by so much")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case d.listen != "":
		err = d.run(ctx)
	case o.list:
		for _, f := range failures {
			fmt.Printf("%-16s %s\n", f.name, f.what)
		}
	default:
		err = o.run(ctx)
	}
	if err != nil {
		if !errors.Is(err, errTold) {
			fmt.Fprintln(os.Stderr, "chaos:", err)
		}
		stop()
		os.Exit(1) //nolint // everything that was started has ended
	}
}

// errTold is a failure that the table has told already.
var errTold = errors.New("a promise is broken")

func (o options) run(ctx context.Context) error {
	program, err := filepath.Abs(o.program)
	if err != nil {
		return err
	}
	if _, err := os.Stat(program); err != nil {
		return fmt.Errorf("%w: run 'make build' first", err)
	}
	o.program = program
	if o.inside != "" {
		return o.inGround(ctx, &ground{prefix: o.inside})
	}
	prefix, err := raise(nodesMost)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos: no network namespaces here, so the network's failures are skipped:", err)
		return o.inGround(ctx, &ground{})
	}
	defer raze(prefix, nodesMost)
	return enter(ctx, prefix)
}

// inGround runs what was asked for, where nodes can be started.
func (o options) inGround(ctx context.Context, g *ground) error {
	dir, err := os.MkdirTemp("", "llmgw-chaos-")
	if err != nil {
		return err
	}
	if o.keep {
		fmt.Fprintln(os.Stderr, "chaos: logs are in", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	if o.soak > 0 {
		return soak(ctx, o, g, dir, os.Stdout)
	}
	return o.each(ctx, g, dir, os.Stdout)
}

// each runs the failures one after the other, each on a fleet of its own.
func (o options) each(ctx context.Context, g *ground, dir string, out io.Writer) error {
	t := &table{}
	for _, f := range failures {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !o.wants(f) {
			continue
		}
		if f.network && g.prefix == "" {
			t.skip(f)
			continue
		}
		fmt.Fprintf(os.Stderr, "chaos: %s\n", f.what)
		r, err := attempt(ctx, o, g, filepath.Join(dir, f.name), f)
		if err != nil {
			t.write(out) // what the others came to
			return fmt.Errorf("%s: %w", f.name, err)
		}
		t.add(f, r)
	}
	t.write(out)
	if t.broken {
		return errTold
	}
	return ctx.Err()
}

func (o options) wants(f failure) bool {
	if o.only == "" {
		return !o.short || f.short
	}
	for part := range strings.SplitSeq(o.only, ",") {
		if strings.Contains(f.name, part) {
			return true
		}
	}
	return false
}
