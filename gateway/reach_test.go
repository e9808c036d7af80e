package gateway_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// networks cuts nodes off from providers' addresses.
type networks struct {
	mu  sync.Mutex
	cut map[string]bool // "node address"
}

var errCut = errors.New("network is unreachable")

func (n *networks) dial(ctx context.Context, node, network, address string) (net.Conn, error) {
	n.mu.Lock()
	cut := n.cut[node+" "+address]
	n.mu.Unlock()
	if cut {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errCut}
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

func (n *networks) set(cut bool, node string, addresses ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cut == nil {
		n.cut = make(map[string]bool)
	}
	for _, a := range addresses {
		n.cut[node+" "+a] = cut
	}
}

func (s *scripted) addresses() []string {
	var all []string
	for _, srv := range s.servers {
		all = append(all, strings.TrimPrefix(srv.URL, "http://"))
	}
	return all
}

// A node whose own way to a provider is broken harms nobody: others keep using
// the instances, and its own keys are served through a peer, counted once.
func TestANodeWithABrokenNetworkHandsItsKeysOn(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	nets := &networks{}
	c := New(t, Options{Nodes: 3, Extra: s.blocks(1, ""), Dial: nets.dial, Limits: map[string]string{"alice": "requests_per_minute = 100\n tokens_per_minute = 100000"}})
	owner := c.Owner("alice")
	nets.set(true, owner.Name(), s.addresses()...)
	usage := `data: {"id":"c","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}}` + "\n\n"
	for _, f := range forms {
		f = f.in(0)
		s.then(f.stream(f.prelude, f.content, f.end))
		want, body := f.good(), f.body
		if f.name == "chat" { // the client does not ask for the usage that the gateway wants
			body = strings.Replace(body, `"stream_options":{"include_usage":true},`, "", 1)
			s.then(f.stream(f.prelude, f.content, f.end[:1], []string{usage}, f.end[1:]))
		}
		r := c.Post(c.NonOwner("alice"), "alice", f.path, body)
		if r.Status != 200 || r.Body != want || r.Header.Get("X-Llm-Gateway-Owner") != owner.Name() || r.Instance() == "" {
			t.Fatalf("%s: %d %q %v", f.name, r.Status, r.Body, r.Header)
		}
	}
	s.then(whole(200, "application/json", `{"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`))
	if r := c.Post(c.NonOwner("alice"), "alice", ChatPath, `{"model":"s-openai-0","messages":[{"role":"user","content":"hi"}]}`); r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	for _, n := range c.Nodes {
		for _, in := range []string{"one", "two"} {
			if got := c.Healthy(n, "openai-0", in); got != (n != owner) {
				t.Errorf("%s thinks that %s is healthy: %v", n.Name(), in, got)
			}
		}
	}
	c.Await(awhile, "the accounts are closed", func() bool { return len(c.Records()) == len(forms)+1 })
	for i, r := range c.Records() {
		if r.Owner != owner.Name() || r.Status != 200 || r.Instance == "" {
			t.Errorf("%+v", r)
		}
		if i == 0 && r.Usage.Output != 5 || i == len(forms) && r.Usage.Output != 2 {
			t.Errorf("usage of the %dth: %+v", i, r.Usage)
		}
	}
	// The way is whole again: the owner serves by itself once its pause is over.
	nets.set(false, owner.Name(), s.addresses()...)
}

// When the peer cannot reach it either, the client gets one error, and nothing
// goes in circles.
func TestWhereNobodyReachesTheProvider(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	nets := &networks{}
	c := New(t, Options{Nodes: 3, Extra: s.blocks(1, ""), Dial: nets.dial})
	for _, n := range c.Nodes {
		nets.set(true, n.Name(), s.addresses()...)
	}
	f := forms[0].in(0)
	r := c.Post(c.NonOwner("alice"), "alice", f.path, f.body)
	if r.Status != 502 || !strings.Contains(r.Body, "could not be reached") {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	for _, n := range c.Nodes {
		for _, in := range []string{"one", "two"} {
			c.Await(awhile, n.Name()+" knows of "+in, func() bool { return !c.Healthy(n, f.provider, in) })
		}
	}
}

// One node's failed connection is looked after by another at once: an instance
// that is really gone is known everywhere without a second request.
func TestAnInstanceThatIsGoneIsKnownEverywhere(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	c := New(t, Options{Nodes: 3, Extra: s.blocks(1, "")})
	f := forms[0].in(0)
	s.forever(f.stream(f.prelude, f.content, f.end))
	first := c.Post(c.NonOwner("alice"), "alice", f.path, f.body).Instance()
	gone := s.servers[map[string]int{"one": 0, "two": 1}[first]]
	gone.CloseClientConnections()
	gone.Close()
	if r := c.Post(c.NonOwner("alice"), "alice", f.path, f.body); r.Status != 200 || r.Instance() == first {
		t.Fatalf("%d from %s", r.Status, r.Instance())
	}
	for _, n := range c.Nodes {
		c.Await(awhile, n.Name()+" knows", func() bool { return !c.Healthy(n, f.provider, first) })
	}
}

// One node probes for all, and another one when that leaves; what it finds is
// known to all, and it takes back what it found without waiting for the pause.
func TestProbes(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	probe := "health {\n recovery_after = \"10m\"\n probe {\n path = \"/models\"\n interval = \"500ms\"\n timeout = \"500ms\"\n }\n }"
	var mu sync.Mutex
	up, by := true, map[string]int{}
	s.forever(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		by[r.RemoteAddr]++
		if !up {
			w.WriteHeader(503)
		}
	})
	c := New(t, Options{Nodes: 3, Extra: strings.Replace(s.blocks(1, ""), "dialect = \"openai\"\n", "dialect = \"openai\"\n"+probe+"\n", 1)})
	all := func(healthy bool) func() bool {
		return func() bool {
			for _, n := range c.Nodes {
				if c.Healthy(n, "openai-0", "one") != healthy {
					return false
				}
			}
			return true
		}
	}
	set := func(v bool) {
		mu.Lock()
		defer mu.Unlock()
		up = v
	}
	probers := func() int {
		mu.Lock()
		clear(by)
		mu.Unlock()
		c.Await(awhile, "some probes", func() bool {
			mu.Lock()
			defer mu.Unlock()
			n := 0
			for _, k := range by {
				n += k
			}
			return n >= 8
		})
		mu.Lock()
		defer mu.Unlock()
		return len(by)
	}
	c.Await(awhile, "one node probes", func() bool { return probers() <= 2 }) // a connection for each of the two instances
	set(false)
	c.Await(awhile, "the probes' finding is known", all(false))
	set(true)
	c.Await(awhile, "and the recovery", all(true))

	// The node that probes leaves, or another: somebody is left to do it.
	n := c.Nodes[0]
	if err := n.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	c.Forget(n)
	set(false)
	c.Await(awhile, "known after a leave", all(false))
	set(true)
	c.Await(awhile, "recovered after a leave", all(true))
}
