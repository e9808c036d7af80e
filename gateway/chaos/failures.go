package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"
)

// failure is one way to break a fleet of three.
type failure struct {
	name, what string
	short      bool // part of the short selection
	network    bool // needs namespaces
	promise    promise
	// load is what is sent meanwhile; nil: the usual load, through all nodes.
	load func(b *bed) *load
	// run breaks, and takes back what can be taken back. What it finds out beside
	// the table is an error.
	run func(ctx context.Context, b *bed) error
}

// bed is one fleet under one failure.
type bed struct {
	o         options
	ground    *ground
	fleet     *fleet
	providers *providers
	load      *load
	owners    map[string]int
	victim    int // the owner of the metered key
	crashes   []crash
	cause     func(key, provider string) bool // see evidence
}

// takesOver is what it may cost a client that its owner is dead: its node is
// refused, or has waited for as long as its patience, and asks the stand-by.
const takesOver = 50 * time.Millisecond

var failures = []failure{
	{
		name: "nothing", what: "no failure: the limits alone",
		run: func(ctx context.Context, b *bed) error { sleep(ctx, 6*time.Second); return nil },
	},
	{
		name: "restart", what: "every node is restarted, one after the other", short: true,
		run: func(ctx context.Context, b *bed) error {
			for n := 1; n <= 3; n++ {
				if err := b.fleet.stop(n); err != nil {
					return err
				}
				if err := b.fleet.start(ctx, n); err != nil {
					return err
				}
				if err := await(ctx, 15*time.Second, "the ring is whole again", b.fleet.whole); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		name: "kill", what: "kill -9 of the owner of the keys with limits, which starts again", short: true,
		promise: promise{over: meteredRate, overFew: fewLimit, takeover: takesOver, healed: 15 * time.Second},
		run: func(ctx context.Context, b *bed) error {
			if err := b.crash(b.victim, func() error { return b.fleet.kill(b.victim) }); err != nil {
				return err
			}
			sleep(ctx, 5*time.Second)
			return b.fleet.start(ctx, b.victim)
		},
	},
	{
		name: "hang", what: "SIGSTOP of the owner for 5 s, then SIGCONT; clients use the other two",
		promise: promise{over: meteredRate, overFew: fewLimit, slowest: time.Second, takeover: patience + takesOver, healed: 15 * time.Second},
		load:    func(b *bed) *load { return newLoad(b.fleet, b.victim) },
		run: func(ctx context.Context, b *bed) error {
			err := b.crash(b.victim, func() error { return b.fleet.signal(b.victim, syscall.SIGSTOP) })
			sleep(ctx, 5*time.Second)
			return errors.Join(err, b.fleet.signal(b.victim, syscall.SIGCONT))
		},
	},
	{
		name: "partition", what: "the owner is cut off from the other two for 10 s; all of them get requests", short: true, network: true,
		promise: promise{over: meteredLimit, overFew: fewLimit, slowest: time.Second, takeover: patience + takesOver, healed: 15 * time.Second},
		run: func(ctx context.Context, b *bed) error {
			err := b.crash(b.victim, func() error { return b.ground.part(b.victim, b.others()...) })
			sleep(ctx, 10*time.Second)
			return errors.Join(err, b.ground.mend())
		},
	},
	{
		name: "one-way", what: "one edge does not hear the owner for 10 s", network: true,
		promise: promise{over: meteredLimit, overFew: fewLimit, slowest: time.Second, healed: 15 * time.Second},
		run: func(ctx context.Context, b *bed) error {
			err := b.ground.deaf(b.others()[0], b.victim)
			sleep(ctx, 10*time.Second)
			return errors.Join(err, b.ground.mend())
		},
	},
	{
		name: "loss", what: "the owner loses 30 % of what the other nodes send, for 10 s", network: true,
		promise: promise{over: meteredLimit, overFew: fewLimit, healed: 15 * time.Second},
		run: func(ctx context.Context, b *bed) error {
			err := b.ground.lossy(b.victim, 0.3)
			sleep(ctx, 10*time.Second)
			return errors.Join(err, b.ground.mend())
		},
	},
	{
		name: "slow", what: "all that reaches and leaves the owner's peer port is 400 ms late, for 8 s", network: true,
		promise: promise{over: meteredLimit, overFew: fewLimit, slowest: 2 * time.Second, healed: 15 * time.Second},
		run: func(ctx context.Context, b *bed) error {
			end, err := b.slow(ctx, b.victim, 400*time.Millisecond)
			if err != nil {
				return err
			}
			sleep(ctx, 8*time.Second)
			return errors.Join(b.ground.mend(), end())
		},
	},
	{
		name: "egress", what: "the owner cannot reach one instance, which is well, for 6 s", network: true,
		run: func(ctx context.Context, b *bed) error { return b.egress(ctx, "REJECT", "--reject-with", "tcp-reset") },
	},
	{
		name: "egress-silent", what: "the same, without a word from the network", network: true,
		run: func(ctx context.Context, b *bed) error { return b.egress(ctx, "DROP") },
	},
	{
		name: "wrong-secret", what: "a stranger with another secret knocks for 5 s",
		run: func(ctx context.Context, b *bed) error {
			if err := b.fleet.startAs(ctx, 4, "gw-4", b.fleet.source("gw-4", b.fleet.sites[4], newSecret())); err != nil {
				return err
			}
			sleep(ctx, 5*time.Second)
			if alone := b.fleet.ring(4); alone != "gw-4" {
				return fmt.Errorf("the stranger's ring: %s", alone)
			}
			if !b.fleet.whole() {
				return errors.New("the stranger changed the ring")
			}
			return b.fleet.kill(4)
		},
		load: func(b *bed) *load { return newLoad(b.fleet, 4) },
	},
	{
		name: "same-name", what: "a second node takes the owner's name for 5 s, then is killed",
		promise: promise{over: meteredRate, overFew: fewLimit, healed: 15 * time.Second},
		load:    func(b *bed) *load { return newLoad(b.fleet, 4) },
		run: func(ctx context.Context, b *bed) error {
			name := fmt.Sprintf("gw-%d", b.victim)
			if err := b.fleet.startAs(ctx, 4, name, b.fleet.source(name, b.fleet.sites[4], b.fleet.secret)); err != nil {
				return err
			}
			sleep(ctx, 5*time.Second)
			if !b.superseded(name) {
				return errors.New("no node shows that the name is taken twice")
			}
			return b.crash(b.victim, func() error { return b.fleet.kill(4) })
		},
	},
	{
		name: "two-configs", what: "one node starts again with another configuration",
		run: func(ctx context.Context, b *bed) error {
			n := b.others()[0]
			if err := b.fleet.stop(n); err != nil {
				return err
			}
			name := fmt.Sprintf("gw-%d", n)
			source := b.fleet.source(name, b.fleet.sites[n], b.fleet.secret) + "\napi_key \"another\" { key = \"sk-another\" }\n"
			if err := b.fleet.startAs(ctx, n, name, source); err != nil {
				return err
			}
			return await(ctx, 10*time.Second, "every node shows two configurations", func() bool { return b.digests() == 2 })
		},
	},
}

// attempt runs one failure on a fleet of its own.
func attempt(ctx context.Context, o options, g *ground, dir string, f failure) (result, error) {
	b, err := newBed(ctx, o, g, dir)
	if err != nil {
		return result{}, err
	}
	defer b.end()
	if f.load == nil {
		f.load = func(b *bed) *load { return newLoad(b.fleet) }
	}
	b.load = f.load(b)
	b.load.usual(o.rate)
	sleep(ctx, 3*time.Second)
	failed := f.run(ctx, b)
	over := time.Now()
	failed = errors.Join(failed, await(ctx, time.Minute, "the ring is whole again", b.fleet.whole))
	healed := time.Since(over)
	sleep(ctx, 3*time.Second)
	e := evidence{outcomes: b.load.stop(), owners: b.owners, crashes: b.crashes, cause: b.cause}
	e.sights = b.providers.sights()
	r := judge(e)
	r.healed, r.stall = healed, b.load.stall
	for _, v := range b.providers.violations() {
		r.failed++
		r.fault("%s", v)
	}
	if failed != nil {
		r.failed++
		r.fault("%v", failed)
	}
	return r, ctx.Err()
}

func newBed(ctx context.Context, o options, g *ground, dir string) (*bed, error) {
	if err := g.mend(); err != nil {
		return nil, err
	}
	p, err := newProviders(g.host())
	if err != nil {
		return nil, err
	}
	b := &bed{o: o, ground: g, providers: p, owners: map[string]int{}}
	if b.fleet, err = newFleet(g, o.program, dir, p.blocks(g.host())); err != nil {
		p.stop()
		return nil, err
	}
	if err := b.begin(ctx); err != nil {
		b.end()
		return nil, err
	}
	return b, nil
}

func (b *bed) begin(ctx context.Context) error {
	for n := 1; n <= 3; n++ {
		if err := b.fleet.start(ctx, n); err != nil {
			return err
		}
	}
	if err := await(ctx, 20*time.Second, "every node sees every node", b.fleet.whole); err != nil {
		return err
	}
	keys := []string{meteredKey, fewKey}
	for i := range plainKeys {
		keys = append(keys, plainKey(i))
	}
	for _, key := range keys {
		n, err := b.fleet.owner(key)
		if err != nil {
			return err
		}
		b.owners[key] = n
	}
	b.victim = b.owners[meteredKey]
	return nil
}

func (b *bed) end() {
	b.fleet.end()
	b.providers.stop()
	if err := b.ground.mend(); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
	}
}

func (b *bed) others() []int {
	return slices.DeleteFunc([]int{1, 2, 3}, func(n int) bool { return n == b.victim })
}

// crash notes when a node went.
func (b *bed) crash(n int, how func() error) error {
	c := crash{node: n, from: time.Now()}
	err := how()
	c.to = time.Now()
	b.crashes = append(b.crashes, c)
	return err
}

// slow puts a node's peer port behind a delaying proxy.
func (b *bed) slow(ctx context.Context, n int, by time.Duration) (end func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := b.fleet.sites[n]
	at := netOf + fmt.Sprint(n) + ":7957"
	cmd := b.ground.command(n, self, "-delay-listen", at, "-delay-to", s.peer, "-delay-by", by.String())
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	sleep(ctx, 300*time.Millisecond) // it binds
	err = b.ground.tables(n, "-t", "nat", "-A", "PREROUTING", "-p", "tcp", "--dport", "7947", "-j", "REDIRECT", "--to-ports", "7957")
	return func() error {
		_ = cmd.Process.Kill() // it runs until then
		_ = cmd.Wait()
		return nil
	}, err
}

// egress cuts the owner off from one instance, and looks at what the others
// think of that.
func (b *bed) egress(ctx context.Context, how ...string) error {
	b.cause = func(key, provider string) bool { return provider == "openai" && b.owners[key] == b.victim }
	port := b.providers.ports["openai/a"]
	rule := append([]string{"-A", "OUTPUT", "-p", "tcp", "-d", hubAddress, "--dport", port, "-j"}, how...)
	if err := b.ground.tables(b.victim, rule...); err != nil {
		return err
	}
	var wrong error
	for range 12 {
		sleep(ctx, 500*time.Millisecond)
		for _, n := range b.others() {
			if !b.healthy(n, "openai", "a") {
				wrong = fmt.Errorf("gw-%d holds openai/a for ill: it is the owner's own way that is broken", n)
			}
		}
	}
	return errors.Join(wrong, b.ground.mend())
}

func (b *bed) healthy(n int, provider, instance string) bool {
	var v struct {
		Instances []struct {
			Provider, Instance string
			Healthy            bool
		}
	}
	if b.fleet.admin(n, "/api/instances", &v) != nil {
		return true // it did not say
	}
	for _, in := range v.Instances {
		if in.Provider == provider && in.Instance == instance {
			return in.Healthy
		}
	}
	return false
}

type member struct {
	Name, State  string
	ConfigDigest string `json:"config_digest"`
	Superseded   bool
}

func (b *bed) members(n int) []member {
	var v struct{ Members []member }
	if b.fleet.admin(n, "/api/members", &v) != nil {
		return nil
	}
	return v.Members
}

// superseded tells whether the others show a name that is taken twice.
func (b *bed) superseded(name string) bool {
	for _, n := range b.others() {
		if !slices.ContainsFunc(b.members(n), func(m member) bool { return m.Name == name && m.Superseded }) {
			return false
		}
	}
	return true
}

// digests is how many configurations every node shows; 0: they do not agree.
func (b *bed) digests() int {
	most := 0
	for n := 1; n <= 3; n++ {
		seen := map[string]bool{}
		for _, m := range b.members(n) {
			if m.State == "alive" {
				seen[m.ConfigDigest] = true
			}
		}
		if n > 1 && len(seen) != most {
			return 0
		}
		most = len(seen)
	}
	return most
}
