// Package gatewaytest makes clusters of real nodes in one process, with
// stand-in providers, for tests and the demo: real sockets on loopback, real
// gossip, real forwarding.
package gatewaytest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway"
	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/mock"
)

// Cluster is a fleet with its providers.
type Cluster struct {
	t       testing.TB
	secret  string
	Nodes   []*gateway.Node
	Mocks   map[string]*mock.Provider // by "provider/instance"
	servers map[string]*httptest.Server
	log     *slog.Logger
	extra   func(node int) string
	dial    func(ctx context.Context, node, network, address string) (net.Conn, error)
	drain   string
	alive   time.Duration
	now     func(node string) time.Time

	mu      sync.Mutex
	records []gateway.Record
	sources map[string]string
}

// Options shape a cluster.
type Options struct {
	Nodes    int
	Recovery string            // recovery_after of every provider; default 60s
	Drain    string            // default 5s
	Provider string            // more lines for each provider block
	Extra    string            // more blocks for each configuration
	Limits   map[string]string // lines of the limits block, by key name
	Log      *slog.Logger

	Keepalive time.Duration // default 15 s
	Timeout   string        // first_byte_timeout and idle_timeout of the instances; default 30s

	// Now is the clock of a node; nil: all have the right one.
	Now func(node string) time.Time

	// Dial opens a node's connections to providers; nil: as in production.
	Dial func(ctx context.Context, node, network, address string) (net.Conn, error)
}

// Keys that every cluster knows, by name.
var Keys = map[string]string{"alice": "sk-alice-secret", "bob": "sk-bob-secret", "carol": "sk-carol-secret", "dave": "sk-dave-secret"}

// New starts a cluster with two instances of each dialect, and stops it at the
// test's end.
func New(t testing.TB, o Options) *Cluster {
	t.Helper()
	CheckLeaks(t)
	if o.Recovery == "" {
		o.Recovery = "60s"
	}
	if o.Timeout == "" {
		o.Timeout = "30s"
	}
	if o.Drain == "" {
		o.Drain = "5s"
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		t.Fatal(err)
	}
	c := &Cluster{t: t, secret: base64.StdEncoding.EncodeToString(secret), Mocks: map[string]*mock.Provider{}, servers: map[string]*httptest.Server{}, log: o.Log, sources: map[string]string{}}
	for _, d := range []string{"openai", "anthropic", "gemini"} {
		for _, in := range []string{"one", "two"} {
			var forbidden []string
			for _, k := range Keys {
				forbidden = append(forbidden, k)
			}
			m := mock.New(mock.Options{Dialect: d, Name: in, APIKey: "provider-secret-" + d, Forbidden: forbidden})
			s := httptest.NewServer(m)
			t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
			c.Mocks[d+"/"+in], c.servers[d+"/"+in] = m, s
		}
	}
	c.now = o.Now
	c.dial, c.drain, c.alive = o.Dial, o.Drain, o.Keepalive
	c.extra = func(int) string { return c.blocks(o) }
	c.startTogether(o.Nodes)
	t.Cleanup(func() {
		var wg sync.WaitGroup
		for _, n := range c.Nodes {
			wg.Go(n.Kill)
		}
		wg.Wait()
		for name, m := range c.Mocks {
			if v := m.Violations(); len(v) > 0 {
				t.Errorf("provider %s saw what it must not: %v", name, v)
			}
		}
	})
	c.Await(30*time.Second, "every node sees every node", func() bool {
		for _, n := range c.Nodes {
			if len(c.Ring(n)) != len(c.Nodes) {
				return false
			}
		}
		return true
	})
	return c
}

func (c *Cluster) blocks(o Options) string {
	var b strings.Builder
	for name, key := range Keys {
		fmt.Fprintf(&b, "api_key %q {\n  key = %q\n", name, key)
		if l := o.Limits[name]; l != "" {
			fmt.Fprintf(&b, "  limits {\n    %s\n  }\n", l)
		}
		b.WriteString("}\n")
	}
	for d, version := range map[string]string{"openai": "/v1", "anthropic": "/v1", "gemini": "/v1beta"} {
		fmt.Fprintf(&b, "provider %q {\n  %s\n  health {\n    recovery_after = %q\n  }\n", d, o.Provider, o.Recovery)
		for _, in := range []string{"one", "two"} {
			fmt.Fprintf(&b, "  instance %q {\n    base_url = %q\n    api_key = %q\n    first_byte_timeout = %[4]q\n    idle_timeout = %[4]q\n  }\n", in, c.servers[d+"/"+in].URL+version, "provider-secret-"+d, o.Timeout)
		}
		b.WriteString("}\n")
	}
	b.WriteString(`
route "gpt-*" { provider = "openai" }
route "claude-*" { provider = "anthropic" }
route "gemini-*" { provider = "gemini" }
route "smart" {
  provider = "anthropic"
  model = "claude-sonnet-5"
  display_name = "Smart"
}
`)
	b.WriteString(o.Extra)
	return b.String()
}

// Start adds a node; it joins the others.
func (c *Cluster) Start(name string) *gateway.Node {
	c.t.Helper()
	n := c.make(name, len(c.Nodes))
	if err := begin(n); err != nil {
		c.t.Fatal(err)
	}
	c.Nodes = append(c.Nodes, n)
	return n
}

// startTogether starts the first node, and then the others at one moment.
func (c *Cluster) startTogether(count int) {
	c.t.Helper()
	if count == 0 {
		return
	}
	c.Start("gw-1")
	errs := make(chan error, count)
	for i := 1; i < count; i++ {
		c.Nodes = append(c.Nodes, c.make(fmt.Sprintf("gw-%d", i+1), i))
	}
	for _, n := range c.Nodes[1:] {
		go func() { errs <- begin(n) }()
	}
	for range count - 1 {
		if err := <-errs; err != nil {
			c.t.Fatal(err)
		}
	}
}

// begin starts a node.
func begin(n *gateway.Node) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return n.Start(ctx)
}

// make makes a node that joins those which run; index counts from 0.
func (c *Cluster) make(name string, index int) *gateway.Node {
	c.t.Helper()
	var join []string
	for _, n := range c.Nodes {
		if a := n.GossipAddr(); a != "" { // else it is about to start
			join = append(join, fmt.Sprintf("%q", a))
		}
	}
	c.mu.Lock()
	c.sources[name] = fmt.Sprintf(`
node_name = %q
server {
  listen = "127.0.0.1:0"
  drain_timeout = %q
}
admin { listen = "127.0.0.1:0" }
cluster {
  bind = "127.0.0.1:0"
  peer_listen = "127.0.0.1:0"
  join = [%s]
  secret = %q
}
`, name, c.drain, strings.Join(join, ", "), c.secret) + c.extra(index)
	c.mu.Unlock()
	load := func() (*config.Config, error) {
		c.mu.Lock()
		src := c.sources[name]
		c.mu.Unlock()
		return config.Parse(map[string][]byte{name + ".hcl": []byte(src)}, config.Options{})
	}
	cfg, err := load()
	if err != nil {
		c.t.Fatal(err)
	}
	o := gateway.Options{Config: cfg, Load: load, Version: "test", Log: c.log, Keepalive: c.alive, Observe: func(r gateway.Record) {
		c.mu.Lock()
		c.records = append(c.records, r)
		c.mu.Unlock()
	}}
	if c.now != nil {
		o.Now = func() time.Time { return c.now(name) }
	}
	if c.dial != nil {
		o.Upstream.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			return c.dial(ctx, name, network, address)
		}
	}
	n, err := gateway.New(o)
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

// Edit changes the configuration text that a node's next Reload reads.
func (c *Cluster) Edit(name string, edit func(string) string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sources[name] = edit(c.sources[name])
}

// Records returns the finished requests so far.
func (c *Cluster) Records() []gateway.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]gateway.Record(nil), c.records...)
}

// Ring returns the names in a node's ring.
func (c *Cluster) Ring(n *gateway.Node) []string {
	var v struct{ Nodes []struct{ Name string } }
	c.Admin(n, "/api/ring", &v)
	var names []string
	for _, x := range v.Nodes {
		names = append(names, x.Name)
	}
	return names
}

// Owner and NonOwner pick nodes by their part in a key's life.
func (c *Cluster) Owner(key string) *gateway.Node { return c.byName(c.OwnerName(key), true) }

// NonOwner is a live node that does not own the key.
func (c *Cluster) NonOwner(key string) *gateway.Node { return c.byName(c.OwnerName(key), false) }

// OwnerName asks the first node.
func (c *Cluster) OwnerName(key string) string {
	var v struct{ Owner string }
	c.Admin(c.Nodes[0], "/api/ring/"+key, &v)
	return v.Owner
}

func (c *Cluster) byName(name string, same bool) *gateway.Node {
	for _, n := range c.Nodes {
		if (n.Name() == name) == same {
			return n
		}
	}
	c.t.Fatalf("no such node: %s", name)
	return nil
}

// Forget takes a node that the test has stopped or killed off the list.
func (c *Cluster) Forget(n *gateway.Node) {
	for i, x := range c.Nodes {
		if x == n {
			c.Nodes = append(c.Nodes[:i:i], c.Nodes[i+1:]...)
			return
		}
	}
}

// Admin reads JSON of a node's admin listener.
func (c *Cluster) Admin(n *gateway.Node, path string, v any) {
	c.t.Helper()
	r, err := http.Get("http://" + n.AdminAddr() + path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if s, ok := v.(*string); ok {
		*s = string(b)
		return
	}
	if err := json.Unmarshal(b, v); err != nil {
		c.t.Fatalf("%s: %v in %s", path, err, b)
	}
}

// Healthy tells what a node thinks of an instance.
func (c *Cluster) Healthy(n *gateway.Node, provider, instance string) bool {
	var v struct {
		Instances []struct {
			Provider, Instance string
			Healthy            bool
		}
	}
	c.Admin(n, "/api/instances", &v)
	for _, in := range v.Instances {
		if in.Provider == provider && in.Instance == instance {
			return in.Healthy
		}
	}
	c.t.Fatalf("no instance %s/%s", provider, instance)
	return false
}

// Await polls until ok, and fails the test when it takes longer than most.
func (c *Cluster) Await(most time.Duration, what string, ok func() bool) time.Duration {
	c.t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > most {
			c.t.Fatalf("not within %s: %s", most, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}

// Reply is an answer, read whole.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// Instance, Owner and Attempts are what the gateway's headers say.
func (r Reply) Instance() string { return r.Header.Get("X-Llm-Gateway-Instance") }

// Bodies for each dialect, and the path they go to.
var (
	ChatPath     = "/v1/chat/completions"
	Chat         = `{"model":"gpt-5","messages":[{"role":"user","content":"hi"}]}`
	ChatStream   = `{"model":"gpt-5","stream":true,"messages":[{"role":"user","content":"hi"}]}`
	MessagesPath = "/v1/messages"
	Messages     = `{"model":"claude-sonnet-5","max_tokens":64,"messages":[{"role":"user","content":"hi"}]}`
	GeminiPath   = "/v1beta/models/gemini-3-pro:generateContent"
	Gemini       = `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`
)

// Request builds a POST to a node with a key of Keys.
func Request(n *gateway.Node, key, path, body string) *http.Request {
	r, err := http.NewRequest("POST", "http://"+n.Addr()+path, bytes.NewReader([]byte(body)))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+Keys[key])
	if strings.HasPrefix(path, "/v1/messages") {
		r.Header.Set("Anthropic-Version", "2023-06-01")
	}
	return r
}

// Post sends a body through a node and reads the answer.
func (c *Cluster) Post(n *gateway.Node, key, path, body string) Reply {
	c.t.Helper()
	return c.Do(Request(n, key, path, body))
}

// Do sends a request and reads the answer.
func (c *Cluster) Do(r *http.Request) Reply {
	c.t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		b = append(b, []byte("\nREAD ERROR: "+err.Error())...)
	}
	return Reply{resp.StatusCode, resp.Header, string(b)}
}

// Standby is the node that would own the key next.
func (c *Cluster) Standby(key string) *gateway.Node {
	var v struct{ Standby string }
	c.Admin(c.Nodes[0], "/api/ring/"+key, &v)
	return c.byName(v.Standby, true)
}
