package cluster_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/llmgw/llmgw/cluster"
	"github.com/llmgw/llmgw/cluster/clustertest"
)

// bubble runs a test in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// find returns the members of a name that a node sees.
func find(node *cluster.Node, name string) []cluster.Member {
	var found []cluster.Member
	for _, m := range node.Members() {
		if m.Name == name {
			found = append(found, m)
		}
	}
	return found
}

// state returns the state of the only member of a name, "" if there is none.
func state(node *cluster.Node, name string) string {
	found := find(node, name)
	if len(found) != 1 {
		return ""
	}
	return found[0].State
}

func TestJoinIsKnown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, nil)
		c.Start("gw-4")
		took := c.WaitView(4, time.Second)
		t.Logf("a join is known to all of 4 nodes %v after Activate", took)
		want := cluster.Member{
			Name: "gw-4", Address: c.Address("gw-4"), State: cluster.StateAlive, Status: cluster.StatusActive, Serving: true,
			Meta: cluster.Meta{Version: "test", RingVersion: 1, PeerAddress: "peer-" + c.Address("gw-4"), APIAddress: "api-" + c.Address("gw-4")},
		}
		got := find(c.Node("gw-1"), "gw-4")[0]
		if age := time.Since(got.Started); age < 0 || age > 10*time.Second {
			t.Errorf("started %v ago", age)
		}
		got.Started = time.Time{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the member (-want +got):\n%s", diff)
		}
		if self := find(c.Node("gw-4"), "gw-4")[0]; !self.Self || c.Node("gw-4").Address() != self.Address {
			t.Errorf("gw-4 does not know itself: %+v", self)
		}
	})
}

func TestLifeOfANode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, nil)
		n := c.Make("gw-4")
		if got := find(n, "gw-4")[0]; got.State != cluster.StateAlive || got.Serving || got.Status != cluster.StatusStarting {
			t.Errorf("before Start: %+v", got)
		}
		if err := n.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		c.Wait("gw-4 is seen starting", time.Second, func() bool { return state(c.Node("gw-1"), "gw-4") == cluster.StateAlive })
		if got := clustertest.Serving(c.Node("gw-1")); slices.Contains(got, "gw-4") {
			t.Error("a starting node serves")
		}
		if err := n.Activate(); err != nil {
			t.Fatal(err)
		}
		c.WaitView(4, time.Second)
		if err := n.Drain(); err != nil {
			t.Fatal(err)
		}
		c.Wait("gw-4 is out of all rings", time.Second, func() bool {
			for _, name := range c.Names() {
				if slices.Contains(clustertest.Serving(c.Node(name)), "gw-4") {
					return false
				}
			}
			return true
		})
		if got := state(c.Node("gw-1"), "gw-4"); got != cluster.StateAlive {
			t.Errorf("a draining node is %q", got)
		}
		if err := n.Activate(); err == nil {
			t.Error("a draining node became active")
		}
		c.Leave("gw-4")
		c.Wait("gw-4 is known to have left", 100*time.Millisecond, func() bool {
			return state(c.Node("gw-1"), "gw-4") == cluster.StateLeft && state(c.Node("gw-3"), "gw-4") == cluster.StateLeft
		})
		for name, err := range map[string]error{"Activate": n.Activate(), "Drain": n.Drain(), "SetConfigDigest": n.SetConfigDigest("x"), "Start": n.Start(context.Background())} {
			if !errors.Is(err, cluster.ErrClosed) {
				t.Errorf("%s after Leave: %v", name, err)
			}
		}
		if err := errors.Join(n.Leave(context.Background()), n.Close()); err != nil {
			t.Errorf("leaving and closing again: %v", err)
		}
		c.Crash("gw-2") // an hour of one node alone costs less real time
		c.Crash("gw-3")
		time.Sleep(59 * time.Minute)
		if got := state(c.Node("gw-1"), "gw-4"); got != cluster.StateLeft {
			t.Errorf("after 59 min gw-4 is %q", got)
		}
		time.Sleep(2 * time.Minute)
		if got := find(c.Node("gw-1"), "gw-4"); len(got) != 0 {
			t.Errorf("after 61 min gw-4 is still remembered: %+v", got)
		}
	})
}

func TestLeaveWithoutDrain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 4, nil)
		began := time.Now()
		c.Leave("gw-2")
		t.Logf("Leave took %v", time.Since(began))
		for _, name := range c.Names() {
			if got := state(c.Node(name), "gw-2"); got != cluster.StateLeft {
				t.Errorf("%s sees gw-2 %q", name, got)
			}
		}
		if limit := 3 * time.Second; time.Since(began) > limit {
			t.Errorf("Leave took %v", time.Since(began))
		}
	})
}

func TestLeaveWithoutTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, nil)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		began := time.Now()
		n := c.Node("gw-2")
		if err := n.Leave(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("leave with a context that has ended: %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v", took)
		}
		if err := n.Activate(); !errors.Is(err, cluster.ErrClosed) {
			t.Errorf("the node is not closed: %v", err)
		}
	})
}

func TestCrashIsKnown(t *testing.T) {
	for _, n := range []int{3, 4, 10, 50} {
		t.Run(nodeName(n-1), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := clustertest.New(t, n, nil)
				c.Crash("gw-2")
				suspected := false
				limit := 5 * time.Second
				if n == 50 {
					limit = 7 * time.Second // one in 40 takes 5 s: who is probed when is memberlist's own chance
				}
				took := c.Wait("the crash is known to all", limit, func() bool {
					all := true
					for _, name := range c.Names() {
						s := state(c.Node(name), "gw-2")
						suspected = suspected || s == cluster.StateSuspect
						all = all && s == cluster.StateFailed
					}
					return all
				})
				t.Logf("a crash is known to all of %d nodes after %v", n, took)
				if !suspected {
					t.Error("nobody saw it suspect first")
				}
			})
		})
	}
}

func TestLeaveThenCrash(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 4, nil)
		c.Leave("gw-4")
		c.Crash("gw-3")
		t.Logf("a crash after a leave is known after %v", c.WaitView(2, 7*time.Second))
	})
}

func TestRestartUnderTheSameName(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 5, nil)
		c.Crash("gw-2")
		time.Sleep(300 * time.Millisecond)
		n := c.Make("gw-2") // at a new address
		began := time.Now()
		if err := n.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		started := time.Since(began)
		c.Wait("all see the new process", time.Second-started, func() bool {
			for _, name := range c.Names() {
				found := find(c.Node(name), "gw-2")
				if len(found) == 0 || found[0].Address != c.Address("gw-2") || found[0].Superseded {
					return false
				}
			}
			return true
		})
		t.Logf("a restart is known to all after %v", time.Since(began))
		if err := n.Activate(); err != nil {
			t.Fatal(err)
		}
		c.WaitView(5, time.Second)
		time.Sleep(30 * time.Second)
		for _, name := range c.Names() {
			if found := find(c.Node(name), "gw-2"); len(found) != 1 || found[0].State != cluster.StateAlive {
				t.Errorf("%s still shows the old process: %+v", name, found)
			}
			if got := c.Node(name).Conflicts(); got != 0 {
				t.Errorf("%s took the restart for %d conflicts", name, got)
			}
		}
	})
}

// buffer is a log for tests.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) lines(part string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(strings.Split(b.b.String(), "\n"), func(s string) bool { return !strings.Contains(s, part) })
}

func TestTwoLiveNodesOfOneName(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log buffer
		c := clustertest.New(t, 3, func(name string, o *cluster.Options) {
			if name == "gw-1" {
				o.Log = slog.New(slog.NewTextHandler(&log, nil))
			}
		})
		oldAddress, old := c.Address("gw-2"), c.Node("gw-2")
		c.Start("gw-2")
		c.Wait("all know of two nodes gw-2", 10*time.Second, func() bool {
			for _, name := range c.Names() {
				found := find(c.Node(name), "gw-2")
				if len(found) != 2 || c.Node(name).Conflicts() != 1 {
					return false
				}
				if found[0].Superseded || !found[0].Serving || found[0].Address != c.Address("gw-2") ||
					!found[1].Superseded || found[1].Serving || found[1].Address != oldAddress {
					t.Fatalf("%s sees %+v", name, found)
				}
			}
			return true
		})
		time.Sleep(time.Minute)
		if got := c.Node("gw-1").Conflicts(); got != 1 {
			t.Errorf("the conflict was counted %d times", got)
		}
		lines := log.lines("level=ERROR")
		if len(lines) != 1 || !strings.Contains(lines[0], oldAddress) || !strings.Contains(lines[0], c.Address("gw-2")) {
			t.Errorf("logged as errors: %q", lines)
		}
		if err := old.Leave(context.Background()); err != nil {
			t.Fatal(err)
		}
		c.Wait("one gw-2 is left", time.Second, func() bool { return len(find(c.Node("gw-1"), "gw-2")) == 1 })
	})
}

func TestOtherRingVersionIsAMemberButNotServing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.Empty(t, func(name string, o *cluster.Options) {
			if name == "gw-3" {
				o.Meta.RingVersion = 2
			}
		})
		c.SetJoin(clustertest.Addresses(3)...)
		c.StartAll(3)
		c.Wait("all see all", 5*time.Second, func() bool {
			return clustertest.Present(c.Node("gw-1")) == 3 && clustertest.Present(c.Node("gw-3")) == 3 && len(clustertest.Serving(c.Node("gw-1"))) == 2
		})
		if got := clustertest.Serving(c.Node("gw-3")); !slices.Equal(got, []string{"gw-3"}) {
			t.Errorf("gw-3 has %q in its ring", got)
		}
	})
}

func TestConfigDigestSpreads(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := clustertest.New(t, 3, nil)
		if err := c.Node("gw-1").SetConfigDigest("d1g35t"); err != nil {
			t.Fatal(err)
		}
		c.Wait("all know the digest", time.Second, func() bool {
			return find(c.Node("gw-2"), "gw-1")[0].ConfigDigest == "d1g35t" && find(c.Node("gw-3"), "gw-1")[0].ConfigDigest == "d1g35t"
		})
		if err := c.Node("gw-1").SetConfigDigest(strings.Repeat("x", 400)); err == nil {
			t.Error("a digest of 400 bytes was accepted")
		}
		if got := find(c.Node("gw-1"), "gw-1")[0].ConfigDigest; got != "d1g35t" {
			t.Errorf("after a refused digest the node announces %q", got)
		}
	})
}

// TestOnChange checks that changes come as whole lists from one goroutine, and
// that many changes at once are few calls.
func TestOnChange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		var calls [][]cluster.Member
		busy := false
		c := clustertest.Empty(t, func(name string, o *cluster.Options) {
			if name != "gw-1" {
				return
			}
			o.OnChange = func(m []cluster.Member) {
				mu.Lock()
				if busy {
					t.Error("called concurrently")
				}
				busy = true
				mu.Unlock()
				time.Sleep(5 * time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				busy, calls = false, append(calls, m)
			}
		})
		n := c.Start("gw-1")
		time.Sleep(time.Second)
		mu.Lock()
		if len(calls) == 0 || len(calls) > 2 || !slices.Equal(calls[len(calls)-1], n.Members()) {
			t.Errorf("after Start and Activate: %v", calls)
		}
		before := len(calls)
		mu.Unlock()
		c.SetJoin(c.Address("gw-1"))
		for i := range 20 {
			c.Make(nodeName(i + 1))
		}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() { c.Node(nodeName(i + 1)).Start(context.Background()) })
		}
		wg.Wait()
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		if got := len(calls) - before; got == 0 || got > 10 {
			t.Errorf("20 joins at once made %d calls", got)
		}
		if last := calls[len(calls)-1]; len(last) != 21 || !slices.Equal(last, n.Members()) {
			t.Errorf("the last call had %d members", len(last))
		}
	})
}

func TestClusterOfOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		var last []cluster.Member
		n, err := cluster.New(cluster.Options{
			Name: "solo", State: &facts{}, Meta: cluster.Meta{RingVersion: 1},
			OnChange: func(m []cluster.Member) { mu.Lock(); defer mu.Unlock(); last = m },
		})
		if err != nil {
			t.Fatal(err)
		}
		n.Broadcast("a", []byte("x"))
		if err := n.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(n.Activate(), n.SetConfigDigest("d")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		mu.Lock()
		want := []cluster.Member{{
			Name: "solo", Meta: cluster.Meta{RingVersion: 1, ConfigDigest: "d"}, State: cluster.StateAlive,
			Status: cluster.StatusActive, Serving: true, Self: true, Started: n.Members()[0].Started,
		}}
		if diff := cmp.Diff(want, last); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
		mu.Unlock()
		if n.Address() != "" || n.Conflicts() != 0 {
			t.Errorf("address %q, conflicts %d", n.Address(), n.Conflicts())
		}
		if err := errors.Join(n.Drain(), n.Leave(context.Background()), n.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestRandomLife starts, crashes, restarts and lets leave nodes at random and
// checks that the views agree in the end, over many seeds.
func TestRandomLife(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(nodeName(int(seed)), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(seed, 7))
				c := clustertest.New(t, 5, nil)
				for range 12 {
					name := nodeName(rnd.IntN(8))
					switch running := slices.Contains(c.Names(), name); {
					case !running:
						c.SetJoin(c.Address(c.Names()[0]))
						c.Start(name)
					case len(c.Names()) < 3:
					case rnd.IntN(2) == 0:
						c.Crash(name)
					default:
						c.Leave(name)
					}
					time.Sleep(time.Duration(rnd.IntN(3000)) * time.Millisecond)
				}
				c.WaitView(len(c.Names()), 20*time.Second)
				for _, name := range c.Names() {
					if got := c.Node(name).Conflicts(); got != 0 {
						t.Errorf("%s counted %d conflicts", name, got)
					}
				}
			})
		})
	}
}
