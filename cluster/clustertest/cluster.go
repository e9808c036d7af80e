package clustertest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/llmgw/llmgw/cluster"
)

// Secret is the cluster secret of test clusters.
var Secret = []byte("0123456789abcdef0123456789abcdef")

// Cluster is a cluster of nodes gw-1, gw-2, ... on a Network. Its methods fail
// the test where something goes wrong; they may be called from the goroutine of
// the test only. Inside testing/synctest nothing takes real time.
type Cluster struct {
	Net *Network

	t       testing.TB
	options func(name string, o *cluster.Options)
	nodes   map[string]*cluster.Node
	addr    map[string]string // of every name, the last one
	join    []string
	used    int // addresses given out
}

// New starts n nodes at the same time, with the first three as the join list,
// waits until all see all of them, and activates them. options, which may be
// nil, changes the options of a node before it is made. The test's cleanup
// closes the cluster.
func New(t testing.TB, n int, options func(name string, o *cluster.Options)) *Cluster {
	t.Helper()
	c := Empty(t, options)
	c.join = Addresses(min(n, 3))
	c.StartAll(n)
	// Gossip misses a node once in a few thousand starts of 5 to 9 nodes; the next
	// exchange of states repairs that.
	c.WaitView(n, 45*time.Second)
	return c
}

// Empty returns a cluster without nodes.
func Empty(t testing.TB, options func(name string, o *cluster.Options)) *Cluster {
	c := &Cluster{
		Net: NewNetwork(), t: t, options: options,
		nodes: map[string]*cluster.Node{}, addr: map[string]string{},
	}
	t.Cleanup(c.Close)
	return c
}

// Addresses returns the gossip addresses that the first n nodes get.
func Addresses(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("10.0.%d.%d:7946", i/250, i%250+1)
	}
	return list
}

// SetJoin sets the join list of nodes made from now on.
func (c *Cluster) SetJoin(entries ...string) { c.join = entries }

// StartAll makes, starts and activates the nodes gw-1 to gw-n, all at once.
func (c *Cluster) StartAll(n int) {
	c.t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		node := c.make(fmt.Sprintf("gw-%d", i+1))
		wg.Go(func() { c.start(node) })
	}
	wg.Wait()
}

// Start makes, starts and activates one node, at an address never used before.
func (c *Cluster) Start(name string) *cluster.Node {
	c.t.Helper()
	node := c.make(name)
	c.start(node)
	return node
}

// Make makes a node and does not start it. A node of the same name that runs
// goes on running, but is no longer under this cluster's control except for
// Close.
func (c *Cluster) Make(name string) *cluster.Node {
	c.t.Helper()
	return c.make(name)
}

func (c *Cluster) make(name string) *cluster.Node {
	c.t.Helper()
	c.used++
	address := Addresses(c.used)[c.used-1]
	o := cluster.Options{
		Name: name, Bind: address, Join: slices.Clone(c.join), Secret: Secret, Network: c.Net,
		Meta: cluster.Meta{Version: "test", RingVersion: 1, PeerAddress: "peer-" + address, APIAddress: "api-" + address},
		Rand: rand.New(rand.NewPCG(uint64(c.used), 1)),
	}
	if c.options != nil {
		c.options(name, &o)
	}
	node, err := cluster.New(o)
	if err != nil {
		c.t.Fatalf("make %s: %v", name, err)
	}
	key := name
	if c.nodes[key] != nil {
		key = fmt.Sprintf("%s@%s", name, c.addr[name])
		c.nodes[key] = c.nodes[name]
	}
	c.nodes[name], c.addr[name] = node, address
	return node
}

func (c *Cluster) start(node *cluster.Node) {
	if err := node.Start(context.Background()); err != nil {
		c.t.Errorf("start: %v", err)
		return
	}
	if err := node.Activate(); err != nil {
		c.t.Errorf("activate: %v", err)
	}
}

// Node returns a running node.
func (c *Cluster) Node(name string) *cluster.Node {
	c.t.Helper()
	if c.nodes[name] == nil {
		c.t.Fatalf("no node %s runs", name)
	}
	return c.nodes[name]
}

// Address returns the address that a name has or had last.
func (c *Cluster) Address(name string) string { return c.addr[name] }

// Names returns the names of the running nodes, sorted.
func (c *Cluster) Names() []string { return slices.Sorted(maps.Keys(c.nodes)) }

// Crash takes a node away without a word, as kill -9 would.
func (c *Cluster) Crash(name string) {
	c.t.Helper()
	node := c.Node(name)
	c.Net.SetCut(c.addr[name], true)
	delete(c.nodes, name)
	if err := node.Close(); err != nil {
		c.t.Errorf("close %s: %v", name, err)
	}
	c.Net.SetCut(c.addr[name], false)
}

// Leave lets a node leave in good order.
func (c *Cluster) Leave(name string) {
	c.t.Helper()
	node := c.Node(name)
	delete(c.nodes, name)
	if err := node.Leave(context.Background()); err != nil {
		c.t.Errorf("leave %s: %v", name, err)
	}
}

// Partition cuts, or joins again, every link between one group of names and the
// running nodes outside of it.
func (c *Cluster) Partition(cut bool, group ...string) {
	for _, in := range group {
		for out := range c.nodes {
			if !slices.Contains(group, out) {
				c.Net.CutLink(c.addr[in], c.addr[out], cut)
			}
		}
	}
}

// Present counts the members that a node sees as alive or suspect and not
// superseded.
func Present(node *cluster.Node) int {
	n := 0
	for _, m := range node.Members() {
		if (m.State == cluster.StateAlive || m.State == cluster.StateSuspect) && !m.Superseded {
			n++
		}
	}
	return n
}

// Serving returns the names of the members that a node would put in a ring.
func Serving(node *cluster.Node) []string {
	var names []string
	for _, m := range node.Members() {
		if m.Serving {
			names = append(names, m.Name)
		}
	}
	return names
}

// WaitView waits until every running node sees n members, all of them Serving,
// and returns how long that took.
func (c *Cluster) WaitView(n int, limit time.Duration) time.Duration {
	c.t.Helper()
	return c.Wait(fmt.Sprintf("every node sees %d members", n), limit, func() bool {
		for _, node := range c.nodes {
			if Present(node) != n || len(Serving(node)) != n {
				return false
			}
		}
		return true
	})
}

// Wait waits until ok holds and returns how long that took; the test fails when
// it takes longer than limit.
func (c *Cluster) Wait(what string, limit time.Duration, ok func() bool) time.Duration {
	c.t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > limit {
			c.t.Fatalf("not within %v: %s\n%s", limit, what, c)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return time.Since(began)
}

// String shows what every node sees, of the members that serve only how many.
func (c *Cluster) String() string {
	var b strings.Builder
	for _, name := range c.Names() {
		fmt.Fprintf(&b, "%s sees %d serving", name, len(Serving(c.nodes[name])))
		for _, m := range c.nodes[name].Members() {
			if !m.Serving {
				fmt.Fprintf(&b, ", %s %s %s", m.Name, m.State, m.Status)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Close closes all nodes without a word.
func (c *Cluster) Close() {
	var wg sync.WaitGroup
	for _, node := range c.nodes {
		wg.Go(func() {
			if err := node.Close(); err != nil {
				c.t.Errorf("close: %v", err)
			}
		})
	}
	wg.Wait()
	clear(c.nodes)
	Drain()
}

// Drain lets the timers of closed nodes run out: memberlist has probes under way
// for up to 5 s after its Shutdown, and a synctest bubble stops its clock, and
// panics about them, when its first goroutine returns. Outside of a bubble it
// does nothing.
func Drain() {
	bubble := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // where every bubble's clock starts
	if time.Since(bubble) < 10*365*24*time.Hour {
		time.Sleep(time.Minute)
	}
}
