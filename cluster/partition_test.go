package cluster_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/llmgw/llmgw/cluster"
	"github.com/llmgw/llmgw/cluster/clustertest"
)

// TestPartitionHeals cuts a cluster in two for longer and longer. memberlist
// alone forgets its dead after 30 s and never meets them again.
func TestPartitionHeals(t *testing.T) {
	for _, cut := range []time.Duration{10 * time.Second, 25 * time.Second, 75 * time.Second, 10 * time.Minute} {
		for _, group := range [][]string{{"gw-1", "gw-2", "gw-3"}, {"gw-6"}} {
			t.Run(fmt.Sprintf("%v/%d", cut, len(group)), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					all, options := withFacts(0)
					c := clustertest.New(t, 6, options)
					c.Partition(true, group...)
					c.Node("gw-1").Broadcast("a", all["gw-1"].set("a", 1))
					c.Node("gw-6").Broadcast("b", all["gw-6"].set("b", 1))
					time.Sleep(cut)
					for _, name := range c.Names() {
						want := 6 - len(group)
						if slices.Contains(group, name) {
							want = len(group)
						}
						// A node that hears nobody doubts itself first and takes up to 45 s.
						if got := len(clustertest.Serving(c.Node(name))); cut > time.Minute && got != want {
							t.Errorf("%s has %d members in its ring, want %d\n%s", name, got, want, c)
						}
					}
					c.Partition(false, group...)
					t.Logf("one cluster again %v after the heal", c.WaitView(6, 15*time.Second))
					took := c.Wait("all know the facts of both sides", time.Minute, func() bool {
						return missing(all, "a", 1)+missing(all, "b", 1) == 0
					})
					t.Logf("and one state after %v more", took)
					for _, name := range c.Names() {
						if got := c.Node(name).Conflicts(); got != 0 {
							t.Errorf("%s counted %d conflicts", name, got)
						}
					}
				})
			})
		}
	}
}

// TestTwoNodesMeetAgain is the smallest partition: each side has one node to try
// the other from.
func TestTwoNodesMeetAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 2, nil)
		c.Net.SetCut(c.Address("gw-2"), true)
		time.Sleep(10 * time.Minute)
		c.Net.SetCut(c.Address("gw-2"), false)
		t.Logf("one cluster again after %v", c.WaitView(2, 15*time.Second))
	})
}

func TestColdStartWithOneSeed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n = 50
		c := clustertest.Empty(t, nil)
		c.SetJoin(clustertest.Addresses(1)...)
		began := time.Now()
		c.StartAll(n)
		c.WaitView(n, 15*time.Second)
		t.Logf("%d nodes with one seed see each other after %v", n, time.Since(began))
	})
}

// TestSeedComesLast starts nodes whose only seed is not there yet.
func TestSeedComesLast(t *testing.T) {
	bubble(t, func(t *testing.T) {
		seed := clustertest.Addresses(4)[3]
		c := clustertest.Empty(t, nil)
		c.SetJoin(seed)
		c.StartAll(3)
		for _, name := range c.Names() {
			if got := clustertest.Serving(c.Node(name)); !slices.Equal(got, []string{name}) {
				t.Errorf("%s alone has %q in its ring", name, got)
			}
		}
		time.Sleep(10 * time.Minute)
		c.Start("gw-4")
		t.Logf("one cluster %v after the seed came", c.WaitView(4, 15*time.Second))
	})
}

// TestOneWayLoss: packets from one node to another are lost; others carry the
// probes, so nobody is declared dead and no ring changes.
func TestOneWayLoss(t *testing.T) {
	bubble(t, func(t *testing.T) {
		changes := &counter{}
		c := clustertest.New(t, 5, changes.options)
		time.Sleep(time.Minute)
		changes.reset()
		c.Net.OneWay(c.Address("gw-1"), c.Address("gw-4"), true)
		time.Sleep(3 * time.Minute)
		if got := changes.total(); got != 0 {
			t.Errorf("%d changes of the members in the ring", got)
		}
	})
}

// TestPacketLoss: a fifth of all packets is lost.
func TestPacketLoss(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all, base := withFacts(0)
		changes := &counter{}
		c := clustertest.New(t, 8, func(name string, o *cluster.Options) { base(name, o); changes.options(name, o) })
		time.Sleep(time.Minute)
		changes.reset()
		c.Net.Loss(0.2, rand.New(rand.NewPCG(3, 4)))
		time.Sleep(2 * time.Minute)
		if got := changes.total(); got != 0 {
			t.Errorf("%d changes of the members in the ring", got)
		}
		c.Node("gw-3").Broadcast("x", all["gw-3"].set("x", 9))
		t.Logf("a fact is known to all after %v", c.Wait("all know the fact", 20*time.Second, func() bool { return missing(all, "x", 9) == 0 }))
	})
}

func TestSlowNetwork(t *testing.T) {
	bubble(t, func(t *testing.T) {
		changes := &counter{}
		c := clustertest.Empty(t, changes.options)
		c.Net.Delay(60 * time.Millisecond) // there and back 120 ms, as between continents
		c.SetJoin(clustertest.Addresses(3)...)
		c.StartAll(6)
		c.WaitView(6, 5*time.Second)
		time.Sleep(time.Second)
		changes.reset()
		time.Sleep(2 * time.Minute)
		if got := changes.total(); got != 0 {
			t.Errorf("%d changes of the members in the ring", got)
		}
		c.Crash("gw-5")
		t.Logf("a crash is known after %v", c.WaitView(5, 8*time.Second))
	})
}

// TestNamesAreLookedUpAnew changes what a name means while the cluster runs.
func TestNamesAreLookedUpAnew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		var answer []string
		c := clustertest.Empty(t, func(name string, o *cluster.Options) {
			o.Resolve = func(ctx context.Context, host string) ([]string, error) {
				mu.Lock()
				defer mu.Unlock()
				if host != "llmgw-gossip" || len(answer) == 0 {
					return nil, fmt.Errorf("no such host %s", host)
				}
				return slices.Clone(answer), nil
			}
		})
		c.SetJoin("dns+llmgw-gossip:7946")
		c.StartAll(3)
		time.Sleep(time.Minute)
		if got := clustertest.Present(c.Node("gw-1")); got != 1 {
			t.Fatalf("without a name there are %d members", got)
		}
		mu.Lock()
		answer = []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}
		mu.Unlock()
		t.Logf("one cluster %v after the name came", c.WaitView(3, 15*time.Second))
	})
}

// TestCloseDoesNotWaitForJoins: seeds that swallow packets hold a dial for 2 s
// and a name for ever; Close ends them.
func TestCloseDoesNotWaitForJoins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.Empty(t, func(name string, o *cluster.Options) {
			o.Join = []string{"10.9.9.9:7946", "slow-name:7946"}
			o.Resolve = func(ctx context.Context, host string) ([]string, error) { <-ctx.Done(); return nil, ctx.Err() }
		})
		c.Net.SetCut("10.9.9.9:7946", true)
		n := c.Make("gw-1")
		done := make(chan error, 1)
		go func() { done <- n.Start(context.Background()) }()
		time.Sleep(2500 * time.Millisecond)
		began := time.Now()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 10*time.Millisecond {
			t.Errorf("Close took %v", took)
		}
		if err := <-done; err == nil {
			t.Error("Start of a closed node reports success")
		}
	})
}

func TestStartEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.Empty(t, nil)
		c.SetJoin("10.9.9.9:7946")
		n := c.Make("gw-1")
		ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := n.Start(ctx); err == nil {
			t.Error("Start reports success")
		}
		if took := time.Since(began); took != 500*time.Millisecond {
			t.Errorf("Start took %v", took)
		}
	})
}

// counter counts changes of who is in the ring, over all nodes.
type counter struct {
	mu   sync.Mutex
	last map[string][]string
	n    int
}

func (c *counter) options(name string, o *cluster.Options) {
	o.OnChange = func(members []cluster.Member) {
		var serving []string
		for _, m := range members {
			if m.Serving {
				serving = append(serving, m.Name)
			}
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.last == nil {
			c.last = map[string][]string{}
		}
		if !slices.Equal(c.last[name], serving) {
			c.n++
		}
		c.last[name] = serving
	}
}

func (c *counter) reset() { c.mu.Lock(); defer c.mu.Unlock(); c.n = 0 }

func (c *counter) total() int { c.mu.Lock(); defer c.mu.Unlock(); return c.n }
