package gateway_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/llmgw/llmgw/cluster"
	"github.com/llmgw/llmgw/cluster/clustertest"
	"github.com/llmgw/llmgw/gateway"
	"github.com/llmgw/llmgw/gateway/balance"
	"github.com/llmgw/llmgw/gateway/gatewaytest"
	"github.com/llmgw/llmgw/gateway/mock"
	"github.com/llmgw/llmgw/health"
	"github.com/llmgw/llmgw/ring"
)

// benchPair starts two nodes and gives their addresses, and two keys that the
// first one owns.
func benchPair(t testing.TB, provider string) []string {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		t.Fatal(err)
	}
	var nodes []*gateway.Node
	join := ""
	for _, name := range []string{"gw-1", "gw-2"} {
		n := benchNode(t, provider, name, fmt.Sprintf(`cluster {
  bind = "127.0.0.1:0"
  peer_listen = "127.0.0.1:0"
  join = [%s]
  secret = %q
}`, join, base64.StdEncoding.EncodeToString(secret)))
		nodes = append(nodes, n)
		join = fmt.Sprintf("%q", n.GossipAddr())
	}
	for deadline := time.Now().Add(10 * time.Second); shares(t, nodes[0]) != 2 || shares(t, nodes[1]) != 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("two nodes do not find each other")
		}
	}
	found := []string{nodes[0].Addr(), nodes[1].Addr()}
	for i := range benchKeys {
		var v struct{ Owner string }
		if ask(t, nodes[0], "/api/ring/"+benchKey(i), &v); v.Owner == nodes[0].Name() {
			found = append(found, benchKey(i))
		}
	}
	if len(found) < 4 {
		t.Fatal("a node owns less than two keys")
	}
	return found
}

func shares(t testing.TB, n *gateway.Node) int {
	var v struct{ Nodes []struct{ Name string } }
	ask(t, n, "/api/ring", &v)
	return len(v.Nodes)
}

func ask(t testing.TB, n *gateway.Node, path string, v any) {
	r, err := http.Get("http://" + n.AdminAddr() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		t.Fatal(err)
	}
}

// lookups measures what each request asks the ring and the balancer.
func (n *numbers) lookups() {
	r, err := ring.New([]string{"gw-1", "gw-2", "gw-3"})
	if err != nil {
		n.t.Fatal(err)
	}
	n.operation("the ring's lookup", func() { r.Owner("search-team") })

	g := balance.NewGroup("openai", time.Hour, []balance.Instance{{ID: "openai/one@1", Weight: 100}, {ID: "openai/two@1", Weight: 100}, {ID: "openai/three@1", Weight: 100}})
	table := health.New(health.Options{})
	table.Configure([]health.Target{{ID: "openai/one@1"}, {ID: "openai/two@1"}, {ID: "openai/three@1"}})
	judge := func(id, model string) uint8 { return uint8(table.Check(id, model)) }
	b, k := balance.New(time.Now), balance.Key{APIKey: "search-team", Conversation: "session_0d1c8f52-7a6e-4c0c-9c4e-1f6a2b7d9e35"}
	c, _ := b.Pick(g, k, "gpt-5", 0, judge)
	b.Settle(g, k, c, false)
	n.operation("the session's pick, of three instances", func() { b.Pick(g, k, "gpt-5", 0, judge) })
}

func (n *numbers) operation(what string, f func()) { // the least of all tries: what else runs only adds
	if !n.wanted(what) {
		return
	}
	const times, tries = 100_000, 20
	each := make([]time.Duration, tries)
	for i := range each {
		before := processorTime(n.t)
		for range times {
			f()
		}
		each[i] = (processorTime(n.t) - before) / times
	}
	took, allocations := slices.Min(each), testing.AllocsPerRun(1000, f)
	n.row(what, "", "", fmt.Sprintf("%d ns, %.0f allocations", took.Nanoseconds(), allocations), "200 ns, 0", n.verdict(took < 200 && allocations == 0))
}

// cluster measures how fast the nodes learn what they must.
func (n *numbers) cluster() {
	n.within("a flip is known to 3 nodes, real sockets, worst of 6", 500*time.Millisecond, n.flips)
	n.within("a flip is known to 50 nodes, virtual time, worst of 20", time.Second, func() (took time.Duration) {
		synctest.Test(n.t, func(t *testing.T) { took = virtualFlips(t) })
		return took
	})
	n.within("a crash is known to 10 nodes, virtual time, worst of 5", 5*time.Second, func() (worst time.Duration) {
		for range 5 {
			synctest.Test(n.t, func(t *testing.T) { worst = max(worst, virtualCrash(t)) })
		}
		return worst
	})
}

func (n *numbers) within(what string, most time.Duration, measure func() time.Duration) {
	if !n.wanted(what) {
		return
	}
	took := measure()
	n.row(what, "", "", took.Round(time.Millisecond).String(), most.String(), n.verdict(took < most))
}

// flips makes each instance fail once, and takes the time from the request that
// meets the failure until every node knows.
func (n *numbers) flips() (worst time.Duration) {
	c := gatewaytest.New(n.t, gatewaytest.Options{Nodes: 3})
	for _, p := range []struct{ provider, path, body string }{
		{"openai", gatewaytest.ChatPath, gatewaytest.Chat},
		{"anthropic", gatewaytest.MessagesPath, gatewaytest.Messages},
		{"gemini", gatewaytest.GeminiPath, gatewaytest.Gemini},
	} {
		for range 2 { // its instances, one after the other
			in := c.Post(c.Nodes[0], "alice", p.path, p.body).Instance()
			c.Mocks[p.provider+"/"+in].Always(&mock.Step{Status: http.StatusInternalServerError})
			began := time.Now()
			c.Post(c.Nodes[0], "alice", p.path, p.body)
			for _, node := range c.Nodes {
				c.Await(5*time.Second, "the flip is known", func() bool { return !c.Healthy(node, p.provider, in) })
			}
			worst = max(worst, time.Since(began))
		}
	}
	return worst
}

// fleet is n nodes in virtual time, each with a health table of the instance
// "p/i@1".
func fleet(t *testing.T, n int) (*clustertest.Cluster, map[string]*health.Table) {
	tables := make(map[string]*health.Table)
	nodes := make(map[string]*cluster.Node)
	c := clustertest.New(t, n, func(name string, o *cluster.Options) {
		table := health.New(health.Options{Origin: name, Broadcast: func(what string, delta []byte) { nodes[name].Broadcast(what, delta) }})
		table.Configure([]health.Target{{ID: "p/i@1", Provider: "p", Instance: "i", RecoveryAfter: time.Minute}})
		tables[name], o.State = table, table
	})
	for _, name := range c.Names() {
		nodes[name] = c.Node(name)
	}
	return c, tables
}

func virtualFlips(t *testing.T) (worst time.Duration) {
	c, tables := fleet(t, 50)
	for i := range 20 {
		want := health.Down
		if i%2 == 0 {
			tables["gw-7"].Fail("p/i@1", health.Failure{Cause: "reset", Reason: "bench"})
		} else {
			tables["gw-7"].Succeed("p/i@1", time.Now())
			want = health.Up
		}
		worst = max(worst, c.Wait("all nodes know the flip", 10*time.Second, func() bool {
			for _, table := range tables {
				if table.Check("p/i@1", "m") != want {
					return false
				}
			}
			return true
		}))
	}
	return worst
}

func virtualCrash(t *testing.T) time.Duration {
	c, _ := fleet(t, 10)
	c.Crash("gw-2")
	return c.Wait("all nodes know the crash", 20*time.Second, func() bool {
		for _, name := range c.Names() {
			for _, m := range c.Node(name).Members() {
				if m.Name == "gw-2" && m.State != cluster.StateFailed {
					return false
				}
			}
		}
		return true
	})
}
