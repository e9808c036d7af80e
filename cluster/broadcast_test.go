package cluster_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/llmgw/llmgw/cluster"
	"github.com/llmgw/llmgw/cluster/clustertest"
)

func TestFlipsReachFiftyNodes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all, options := withFacts(0)
		c := clustertest.New(t, 50, options)
		rnd := rand.New(rand.NewPCG(5, 6))
		var worst, sum time.Duration
		for i := range 20 {
			name, version := fmt.Sprintf("instance-%d", rnd.IntN(5)), uint64(i+1)
			origin := nodeName(rnd.IntN(50))
			c.Node(origin).Broadcast(name, all[origin].set(name, version))
			took := c.Wait("all nodes know the flip", time.Second, func() bool { return missing(all, name, version) == 0 })
			worst, sum = max(worst, took), sum+took
		}
		t.Logf("20 flips known to all of 50 nodes: mean %v, worst %v", sum/20, worst)
	})
}

// TestBurst sends many facts at once from many nodes; all must arrive though
// packets are small.
func TestBurst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all, options := withFacts(0)
		c := clustertest.New(t, 10, options)
		for i := range 200 {
			origin := nodeName(i % 10)
			c.Node(origin).Broadcast(fmt.Sprint(i), all[origin].set(fmt.Sprint(i), 1))
		}
		took := c.Wait("all nodes know 200 facts", 45*time.Second, func() bool {
			for i := range 200 {
				if missing(all, fmt.Sprint(i), 1) > 0 {
					return false
				}
			}
			return true
		})
		t.Logf("200 facts known to all of 10 nodes after %v", took)
	})
}

func TestBroadcastBeforeStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all, options := withFacts(0)
		c := clustertest.New(t, 3, options)
		n := c.Make("gw-4")
		n.Broadcast("early", all["gw-4"].set("early", 1))
		time.Sleep(10 * time.Second)
		if missing(all, "early", 1) != 3 {
			t.Fatal("a node that was not started gossips")
		}
		if err := n.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		c.Wait("all know what was said before Start", time.Second, func() bool { return missing(all, "early", 1) == 0 })
	})
}

// TestStateIsThereWhenStartReturns: a node that joins must not begin to serve
// before it knows what the others know.
func TestStateIsThereWhenStartReturns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all, options := withFacts(2 * time.Second)
		c := clustertest.New(t, 3, options)
		all["gw-1"].set("old", 7)
		all["gw-2"].set("old", 7)
		all["gw-3"].set("old", 7)
		c.Start("gw-4")
		if got := all["gw-4"].get("old"); got != 7 {
			t.Errorf("after Start the node knows version %d, want 7", got)
		}
	})
}

// TestSlowStateDoesNotBlockMembership: a Merge of 2 s must not delay probes, or
// its node would be taken for dead, nor joins and crashes.
func TestSlowStateDoesNotBlockMembership(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all, options := withFacts(2 * time.Second)
		changes := &counter{}
		c := clustertest.New(t, 4, func(name string, o *cluster.Options) { options(name, o); changes.options(name, o) })
		time.Sleep(time.Second)
		changes.reset()
		for i := range 30 {
			c.Node("gw-1").Broadcast(fmt.Sprint(i), all["gw-1"].set(fmt.Sprint(i), 1))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(20 * time.Second)
		if got := changes.total(); got != 0 {
			t.Errorf("%d changes of the members in the ring", got)
		}
		c.Crash("gw-4")
		c.WaitView(3, 5*time.Second)
	})
}

// TestTamperedPackets doubles, delays, swaps and damages packets: facts still
// reach all, old ones replace no newer ones, and nobody is given up.
func TestTamperedPackets(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all, base := withFacts(0)
		changes := &counter{}
		c := clustertest.New(t, 6, func(name string, o *cluster.Options) { base(name, o); changes.options(name, o) })
		time.Sleep(time.Second)
		changes.reset()
		rnd := rand.New(rand.NewPCG(8, 9)) // the network's
		var held [][]byte
		c.Net.Tamper(func(b []byte) [][]byte {
			damaged := append([]byte(nil), b...)
			damaged[rnd.IntN(len(damaged))] ^= byte(1 + rnd.IntN(255))
			switch rnd.IntN(6) {
			case 0: // for whom it was not meant, and late
				held = append(held, b)
				return nil
			case 1:
				out := append(held, b)
				held = nil
				return out
			case 2:
				return [][]byte{damaged}
			case 3:
				return [][]byte{b[:rnd.IntN(len(b))], damaged, b, b}
			}
			return [][]byte{b}
		})
		own := rand.New(rand.NewPCG(10, 11))
		for i := range 200 {
			name, origin := fmt.Sprint(own.IntN(10)), nodeName(own.IntN(6))
			c.Node(origin).Broadcast(name, all[origin].set(name, uint64(i+1)))
			time.Sleep(20 * time.Millisecond)
		}
		c.Net.Tamper(nil)
		c.Wait("all agree", 60*time.Second, func() bool {
			for i := range 10 {
				name := fmt.Sprint(i)
				if missing(all, name, all["gw-1"].get(name)) > 0 {
					return false
				}
			}
			return true
		})
		if got := changes.total(); got != 0 {
			t.Errorf("%d changes of the members in the ring", got)
		}
		for _, name := range c.Names() {
			if s := c.Node(name).Stats(); s.Conflicts != 0 || s.Unreadable != 0 {
				t.Errorf("%s counts %+v", name, s)
			}
		}
	})
}

func TestOversizedDeltaComesByExchange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all, options := withFacts(0)
		c := clustertest.New(t, 3, options)
		n := c.Node("gw-1")
		n.Broadcast("big", append(make([]byte, 1190), all["gw-1"].set("big", 1)...))
		if got := n.Stats().Oversized; got != 1 {
			t.Errorf("%d oversized deltas counted, want 1", got)
		}
		n.Broadcast("small", all["gw-1"].set("small", 1))
		c.Wait("the small one arrives", time.Second, func() bool { return missing(all, "small", 1) == 0 })
		c.Wait("the big one arrives by an exchange", time.Minute, func() bool { return missing(all, "big", 1) == 0 })
	})
}

// TestLargestDeltaArrives: what Broadcast takes must fit a packet, or it would
// wait in memberlist's queue for ever.
func TestLargestDeltaArrives(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all, options := withFacts(0)
		c := clustertest.New(t, 3, options)
		var delta []byte
		for i := 0; len(delta)+20 <= 1199; i++ {
			delta = append(delta, encodeFact(fmt.Sprintf("fact-%06d", i), 1)...)
		}
		name := "fact-000000"
		c.Node("gw-1").Broadcast("large", delta)
		c.Wait("the large delta arrives", time.Second, func() bool { return all["gw-2"].get(name) == 1 && all["gw-3"].get(name) == 1 })
		if got := c.Node("gw-1").Stats().Oversized; got != 0 || len(delta) < 1180 {
			t.Errorf("%d bytes counted as oversized: %d", len(delta), got)
		}
	})
}
