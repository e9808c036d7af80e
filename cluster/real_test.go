package cluster

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/memberlist"
)

// realNode makes a node on 127.0.0.1 with real sockets.
func realNode(t *testing.T, o Options) *Node {
	t.Helper()
	if o.Bind == "" {
		o.Bind = "127.0.0.1:0"
	}
	if o.Secret == nil {
		o.Secret = secretA
	}
	n, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func startReal(t *testing.T, n *Node) {
	t.Helper()
	if err := errors.Join(n.Start(t.Context()), n.Activate()); err != nil {
		t.Fatal(err)
	}
}

// eventually waits in real time.
func eventually(t *testing.T, what string, limit time.Duration, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > limit {
			t.Fatalf("not within %v: %s", limit, what)
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(began)
}

func serving(n *Node) int {
	count := 0
	for _, m := range n.Members() {
		if m.Serving {
			count++
		}
	}
	return count
}

// lines is a log that can be searched while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }

func (l *lines) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

func TestRealThreeNodes(t *testing.T) {
	var log lines
	states := []*words{{}, {}, {}}
	seed := realNode(t, Options{Name: "gw-1", State: states[0], Log: log.logger()})
	startReal(t, seed)
	nodes := []*Node{seed}
	for i := 1; i < 3; i++ {
		n := realNode(t, Options{Name: []string{"", "gw-2", "gw-3"}[i], State: states[i], Join: []string{seed.Address()}})
		startReal(t, n)
		nodes = append(nodes, n)
	}
	if _, port, err := splitPort(seed.Address()); err != nil || port == 0 {
		t.Errorf("advertised %s", seed.Address())
	}
	if !strings.Contains(log.String(), "advertised="+seed.Address()) || !strings.Contains(log.String(), `because="the address bound"`) {
		t.Errorf("the advertised address is not logged: %s", log.String())
	}
	eventually(t, "all serve", 2*time.Second, func() bool {
		return serving(nodes[0]) == 3 && serving(nodes[1]) == 3 && serving(nodes[2]) == 3
	})
	var worst time.Duration
	for _, word := range []string{"a", "b", "c", "d"} {
		nodes[1].Broadcast(word, []byte(word))
		worst = max(worst, eventually(t, "the flip is known", 500*time.Millisecond, func() bool { return states[0].knows(word) && states[2].knows(word) }))
	}
	t.Logf("a flip is known to 3 nodes after at most %v", worst)
	if err := nodes[2].Leave(t.Context()); err != nil {
		t.Error(err)
	}
	eventually(t, "gw-3 has left", time.Second, func() bool { m := nodes[0].Members(); return len(m) == 3 && m[2].State == StateLeft })
}

func (w *words) knows(word string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.known, word)
}

// TestRealWrongSecret: neither side lets the other in, and the log of the one
// that joins says what to do.
func TestRealWrongSecret(t *testing.T) {
	t.Parallel()
	var log, seedLog lines
	seed := realNode(t, Options{Name: "gw-1", Log: seedLog.logger()})
	startReal(t, seed)
	n := realNode(t, Options{Name: "gw-2", Secret: secretB, Join: []string{seed.Address()}, Log: log.logger()})
	startReal(t, n)
	if serving(seed) != 1 || serving(n) != 1 {
		t.Errorf("they see each other: %v %v", seed.Members(), n.Members())
	}
	if got := log.String(); !strings.Contains(got, "cluster.secret") {
		t.Errorf("the joining node logs\n%s", got)
	}
	if got := seedLog.String(); !strings.Contains(got, "a node connects whose gossip this node's cluster secret cannot decrypt") {
		t.Errorf("the joined node logs\n%s", got)
	}
	for _, s := range []string{log.String(), seedLog.String()} {
		if strings.Contains(s, string(secretA)) || strings.Contains(s, string(secretB)) {
			t.Error("a secret is in the log")
		}
	}
}

// TestRealForeignMemberlists joins processes that are no llmgw nodes, or not of
// this cluster: the texts that explain knows must be memberlist's own.
func TestRealForeignMemberlists(t *testing.T) {
	t.Parallel()
	key, err := gossipKey(secretA)
	if err != nil {
		t.Fatal(err)
	}
	n := realNode(t, Options{Name: "gw-1"})
	plain := foreign(t, func(c *memberlist.Config) { c.Label = label })
	labelled := foreign(t, func(c *memberlist.Config) { c.SecretKey, c.Label = key, "other" })
	for _, c := range []struct {
		from *memberlist.Memberlist
		to   string
		want string
	}{
		{plain, n.Address(), "that node has one, this node has none"},
		{labelled, n.Address(), "not the gossip port"},
	} {
		_, err := c.from.Join([]string{c.to})
		if err == nil {
			t.Fatalf("a stranger joined, want: %s", c.want)
		}
		if got := explain(c.to, err); !strings.Contains(got.Error(), c.want) {
			t.Errorf("%v\nbecame %v\nwant %q", err, got, c.want)
		}
	}
	for _, c := range []struct{ to, want string }{
		{plain.LocalNode().Address(), "this node has one, that process has none"},
		{labelled.LocalNode().Address(), "not the gossip port"},
		{"127.0.0.1:1", "nothing listens there"},
	} {
		if err := n.joinOne(c.to); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("join %s: %v, want %q", c.to, err, c.want)
		}
	}
	if len(n.Members()) != 1 {
		t.Errorf("members %v", n.Members())
	}
}

func foreign(t *testing.T, change func(*memberlist.Config)) *memberlist.Memberlist {
	t.Helper()
	c := memberlist.DefaultLocalConfig()
	c.Name, c.BindAddr, c.BindPort, c.LogOutput = "stranger", "127.0.0.1", 0, io.Discard
	c.EnableCompression = false
	change(c)
	m, err := memberlist.Create(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Shutdown() })
	return m
}

// TestRealGarbage sends rubbish to the port of a node; it goes on.
func TestRealGarbage(t *testing.T) {
	t.Parallel()
	state := &words{}
	n := realNode(t, Options{Name: "gw-1", State: state})
	startReal(t, n)
	rnd := rand.New(rand.NewPCG(1, 1))
	udp, err := net.Dial("udp", n.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	for i := range 500 {
		b := make([]byte, 1+rnd.IntN(1400))
		for j := range b {
			b[j] = byte(rnd.Uint32())
		}
		if i%2 == 0 { // past the label, at least
			b = append([]byte{244, byte(len(label))}, append([]byte(label), b...)...)
		}
		udp.Write(b)
		if i%25 == 0 {
			tcp, err := net.Dial("tcp", n.Address())
			if err != nil {
				t.Fatal(err)
			}
			tcp.Write(b)
			tcp.Close()
		}
	}
	other := realNode(t, Options{Name: "gw-2", State: &words{}, Join: []string{n.Address()}})
	startReal(t, other)
	other.Broadcast("up", []byte("up"))
	eventually(t, "the node still takes part", time.Second, func() bool { return serving(n) == 2 && state.knows("up") })
}

// TestRealSilentConnections: connections that say nothing are bounded and do not
// hold Close.
func TestRealSilentConnections(t *testing.T) {
	t.Parallel()
	n := realNode(t, Options{Name: "gw-1"})
	for range inboundLimit + 20 {
		c, err := net.Dial("tcp", n.Address())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	inbound := func() int { n.transport.mu.Lock(); defer n.transport.mu.Unlock(); return n.transport.inbound }
	eventually(t, "the limit is reached", 2*time.Second, func() bool { return inbound() == inboundLimit })
	began := time.Now()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("Close took %v", took)
	}
	eventually(t, "all connections are forgotten", time.Second, func() bool { return inbound() == 0 })
}

// TestRealFloodWithoutSecret sends a message as long as memberlist reads before
// it looks at the key; the node stops listening to it long before.
func TestRealFloodWithoutSecret(t *testing.T) {
	t.Parallel()
	n := realNode(t, Options{Name: "gw-1"})
	c, err := net.Dial("tcp", n.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	const encrypted, length = 10, 20 << 20
	header := append([]byte{244, byte(len(label))}, label...)
	header = append(header, encrypted, length>>24, length>>16&255, length>>8&255, length&255)
	sent := 0
	for chunk := header; ; chunk = make([]byte, 64<<10) {
		w, err := c.Write(chunk)
		if sent += w; err != nil {
			break
		}
		if sent > length {
			t.Fatalf("%d bytes were taken", sent)
		}
	}
	t.Logf("the connection broke after %d bytes", sent)
	eventually(t, "the connection is forgotten", time.Second, func() bool {
		n.transport.mu.Lock()
		defer n.transport.mu.Unlock()
		return n.transport.inbound == 0 && n.transport.bytes == 0
	})
	other := realNode(t, Options{Name: "gw-2", Join: []string{n.Address()}})
	startReal(t, other)
	if len(other.Members()) != 2 {
		t.Error("the node no longer lets others join")
	}
}

// TestRealCloseLeavesNothing compares goroutines before and after; memberlist
// may end its own up to 5 s later.
func TestRealCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		a := realNode(t, Options{Name: "gw-1"})
		b := realNode(t, Options{Name: "gw-2", Join: []string{a.Address(), "127.0.0.1:1"}})
		startReal(t, a)
		startReal(t, b)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { a.Close() })
			wg.Go(func() { b.Leave(context.Background()) })
			wg.Go(func() { b.Close() })
		}
		wg.Wait()
	}
	eventually(t, "all goroutines have ended", 15*time.Second, func() bool { return runtime.NumGoroutine() <= before })
}

func TestRealPortTaken(t *testing.T) {
	n := realNode(t, Options{Name: "gw-1"})
	_, err := New(Options{Name: "gw-2", Bind: n.Address(), Secret: secretA})
	if err == nil || !strings.Contains(err.Error(), "bind the gossip address "+n.Address()) {
		t.Errorf("binding a taken port: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	before := runtime.NumGoroutine()
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"no name":         {Options{Bind: "127.0.0.1:0", Secret: secretA}, "the node name is empty"},
		"no secret":       {Options{Name: "a", Bind: "127.0.0.1:0"}, "llmgw keygen"},
		"short secret":    {Options{Name: "a", Bind: "127.0.0.1:0", Secret: secretA[:16]}, "16 bytes, 32 are needed"},
		"join, no bind":   {Options{Name: "a", Join: []string{"b:1"}}, "set cluster.bind"},
		"bad join":        {Options{Name: "a", Bind: "127.0.0.1:0", Secret: secretA, Join: []string{"b"}}, "write host:port"},
		"bad bind":        {Options{Name: "a", Bind: "7946", Secret: secretA}, "is not host:port"},
		"foreign bind":    {Options{Name: "a", Bind: "192.0.2.1:0", Secret: secretA}, "bind the gossip address"},
		"loopback":        {Options{Name: "a", Bind: "127.0.0.1:0", Secret: secretA, Join: []string{"192.0.2.1:7946"}}, "set cluster.advertise"},
		"unroutable":      {Options{Name: "a", Bind: "127.0.0.1:0", Secret: secretA, Advertise: "0.0.0.0:7946"}, "set cluster.advertise"},
		"long version":    {Options{Name: "a", Bind: "127.0.0.1:0", Secret: secretA, Meta: Meta{Version: strings.Repeat("v", 300)}}, "at most 255"},
		"all of it":       {Options{Name: strings.Repeat("a", 255), Meta: Meta{Version: strings.Repeat("v", 255)}}, "at most 512 fit"},
		"unknown address": {Options{Name: "a", Bind: "127.0.0.1:0", Secret: secretA, Advertise: "nowhere:1", Resolve: testResolver}, "look up nowhere"},
	} {
		n, err := New(c.o)
		if err == nil {
			n.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), string(secretA[:16])) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	eventually(t, "nothing runs on after a refusal", 5*time.Second, func() bool { return runtime.NumGoroutine() <= before })
}

// An announcement that a refutation overtakes is made again: memberlist drops
// it without a word.
func TestAnOvertakenAnnouncementIsMadeAgain(t *testing.T) {
	a := realNode(t, Options{Name: "a"})
	startReal(t, a)
	b := realNode(t, Options{Name: "b", Join: []string{a.address}})
	publish, lost := b.publish, 0
	b.publish = func(limit time.Duration) error {
		if lost < 3 {
			lost++
			return errors.New("timeout waiting for update broadcast")
		}
		return publish(limit)
	}
	startReal(t, b)
	eventually(t, "a has b in its ring", 5*time.Second, func() bool {
		return slices.ContainsFunc(a.Members(), func(m Member) bool { return m.Name == "b" && m.Serving })
	})
	if lost != 3 {
		t.Errorf("%d announcements were lost", lost)
	}
}
