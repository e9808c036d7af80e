package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/llmgw/llmgw/gateway"
	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/mock"
)

// demoKeys are not secrets: they open nothing but the demo.
var demoKeys = []struct{ name, key string }{{"alice", "demo-key-1"}, {"bob", "demo-key-2"}, {"carol", "demo-key-3"}, {"dave", "demo-key-4"}}

// fleet is the demo's cluster with its providers and its front.
type fleet struct {
	secret    string
	nodes     []*gateway.Node
	mocks     map[string]*mock.Provider // "provider/instance"
	addresses map[string]string
	servers   []*http.Server
	front     *front
	line      func(string)
	instances []string // of each provider

	mu    sync.Mutex
	extra string // more configuration, for the reload
	made  int
}

func newFleet(nodes int, instances []string, line func(string)) (*fleet, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	f := &fleet{secret: base64.StdEncoding.EncodeToString(secret), mocks: map[string]*mock.Provider{}, addresses: map[string]string{}, instances: instances, line: line}
	if err := f.start(nodes); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *fleet) start(nodes int) (err error) {
	for _, dialect := range []string{"openai", "anthropic", "gemini"} {
		for _, instance := range f.instances {
			if err := f.addProvider(dialect, instance); err != nil {
				return err
			}
		}
	}
	if f.front, err = newFront(); err != nil {
		return err
	}
	for range nodes {
		if _, err := f.add(); err != nil {
			return err
		}
	}
	return nil
}

func (f *fleet) addProvider(dialect, instance string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	m := mock.New(mock.Options{Dialect: dialect, Name: instance, EventDelay: 5 * time.Millisecond})
	s := &http.Server{Handler: m}
	go func() { _ = s.Serve(l) }() // ends with close
	name := dialect + "/" + instance
	f.mocks[name], f.addresses[name] = m, l.Addr().String()
	f.servers = append(f.servers, s)
	return nil
}

// add starts a node that joins the others.
func (f *fleet) add() (*gateway.Node, error) {
	f.made++
	name := fmt.Sprintf("gw-%d", f.made)
	var join []string
	for _, n := range f.nodes {
		join = append(join, fmt.Sprintf("%q", n.GossipAddr()))
	}
	load := func() (*config.Config, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return config.Parse(map[string][]byte{"demo.hcl": []byte(f.config(name, join) + f.extra)}, config.Options{})
	}
	cfg, err := load()
	if err != nil {
		return nil, err
	}
	n, err := gateway.New(gateway.Options{Config: cfg, Load: load, Version: version, Observe: f.observe})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := n.Start(ctx); err != nil {
		return nil, err
	}
	f.nodes = append(f.nodes, n)
	f.point()
	return n, nil
}

// remove takes a node out of the list and the front.
func (f *fleet) remove(n *gateway.Node) {
	for i, x := range f.nodes {
		if x == n {
			f.nodes = append(f.nodes[:i:i], f.nodes[i+1:]...)
			break
		}
	}
	f.point()
}

func (f *fleet) point() {
	addrs := make([]string, len(f.nodes))
	for i, n := range f.nodes {
		addrs[i] = n.Addr()
	}
	f.front.nodes.Store(&addrs)
}

func (f *fleet) config(name string, join []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `
node_name = %q
server {
  listen = "127.0.0.1:0"
  drain_timeout = "3s"
}
admin { listen = "127.0.0.1:0" }
cluster {
  bind = "127.0.0.1:0"
  peer_listen = "127.0.0.1:0"
  join = [%s]
  secret = %q
}
route "gpt-*" { provider = "openai" }
route "claude-*" { provider = "anthropic" }
route "gemini-*" { provider = "gemini" }
`, name, strings.Join(join, ", "), f.secret)
	for _, models := range []string{"gpt-*", "claude-*", "gemini-*"} {
		fmt.Fprintf(&b, "price %q {\n  input = %g\n  output = %g\n  cache_read = %g\n  cache_write = %g\n}\n", models, prices.input, prices.output, prices.read, prices.write)
	}
	for _, k := range demoKeys {
		fmt.Fprintf(&b, "api_key %q {\n  key = %q\n}\n", k.name, k.key)
	}
	for _, p := range []struct{ dialect, version string }{{"openai", "/v1"}, {"anthropic", "/v1"}, {"gemini", "/v1beta"}} {
		fmt.Fprintf(&b, "provider %q {\n  health {\n    recovery_after = \"1s\"\n  }\n", p.dialect)
		for _, in := range f.instances {
			fmt.Fprintf(&b, "  instance %q {\n    base_url = \"http://%s%s\"\n    api_key = \"demo\"\n  }\n", in, f.addresses[p.dialect+"/"+in], p.version)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// observe prints a line a request.
func (f *fleet) observe(r gateway.Record) {
	if f.line == nil {
		return
	}
	cache := "cache miss"
	if r.Usage.CacheRead > 0 {
		cache = fmt.Sprintf("cache hit %d tokens", r.Usage.CacheRead)
	}
	f.line(fmt.Sprintf("%s  %-6s %s -> %s  %s/%s  %d  %s  %s", r.Time.Format("15:04:05.000"), r.APIKey, r.Edge, r.Owner, r.Provider, r.Instance, r.Status, cache, r.Duration.Round(100*time.Microsecond)))
}

func (f *fleet) close() {
	if f.front != nil {
		f.front.close()
	}
	var wg sync.WaitGroup
	for _, n := range f.nodes {
		wg.Go(n.Kill)
	}
	wg.Wait()
	for _, s := range f.servers {
		_ = s.Close()
	}
}
