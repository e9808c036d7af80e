// Command clients runs real agents and SDKs, without a terminal, against a
// fleet of three llmgw processes behind a round-robin proxy, with stand-ins for
// the three providers, and prints what worked. "make clients" starts it.
//
// CLIENTS chooses: all (default), sdks, agents, names of clients with commas, or
// failures: what clients suffer when something fails, without llmgw and with it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	program := flag.String("program", "bin/llmgw", "the llmgw to try")
	source := flag.String("source", "examples/clients", "where this program's own files are")
	folder := flag.String("folder", ".clients", "where clients are installed")
	patience := flag.Duration("patience", 4*time.Minute, "for one client's run")
	only := flag.String("scenario", "", "of CLIENTS=failures those whose name contains this")
	flag.Parse()
	which := os.Getenv("CLIENTS")
	if which == "" {
		which = "all"
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *program, *source, *folder, which, *only, *patience); err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, program, source, folder, which, only string, patience time.Duration) error {
	began := time.Now()
	in, err := newInstaller(program, source, folder)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "llmgw-clients-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }() // in the temporary folder
	r := &runner{temp: temp, logs: filepath.Join(in.folder, "logs"), patience: patience}
	if which == "failures" {
		return r.suffering(ctx, in, only)
	}
	clients, err := choose(in.clients(), which)
	if err != nil {
		return err
	}
	for _, c := range clients {
		c.missing = in.install(ctx, c.group)
	}
	fmt.Printf("installed in %s\n", time.Since(began).Round(time.Second))
	if r.fleet, err = newFleet(ctx, in, temp, "one"); err != nil {
		return err
	}
	defer r.fleet.stop()
	fmt.Printf("three nodes behind %s\n\n%s", r.fleet.proxy, heading())
	results := r.all(ctx, clients)
	fmt.Printf("\n%s; %s\n", summary(results), time.Since(began).Round(time.Second))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if slices.ContainsFunc(results, func(r result) bool { return r.failed() }) {
		return errors.New("not every client works; what they said is in " + r.logs)
	}
	return nil
}

// choose picks clients by a mode or by their names.
func choose(all []*client, which string) ([]*client, error) {
	var list []*client
	names := strings.Split(which, ",")
	for _, c := range all {
		agent := c.group == "agents"
		if which == "all" || which == "agents" && agent || which == "sdks" && !agent || slices.Contains(names, c.name) {
			list = append(list, c)
		}
	}
	if list == nil {
		var known []string
		for _, c := range all {
			known = append(known, c.name)
		}
		return nil, fmt.Errorf("CLIENTS=%q: say all, sdks, agents, failures, or some of %s", which, strings.Join(known, ","))
	}
	return list, nil
}
