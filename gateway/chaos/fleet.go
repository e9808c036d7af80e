package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const adminToken = "chaos-admin-token"

// fleet is the nodes under test.
type fleet struct {
	ground  *ground
	program string
	dir     string
	secret  string
	blocks  string // of every configuration: keys, providers, routes
	sites   map[int]site
	client  http.Client

	mu    sync.Mutex
	nodes map[int]*node
}

// node is one process.
type node struct {
	site
	name  string
	cmd   *exec.Cmd
	ended chan struct{}
}

func newSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.StdEncoding.EncodeToString(b)
}

func newFleet(g *ground, program, dir, blocks string) (*fleet, error) {
	f := &fleet{ground: g, program: program, dir: dir, secret: newSecret(), blocks: blocks, sites: map[int]site{}, nodes: map[int]*node{}}
	f.client.Timeout = 2 * time.Second
	for n := 1; n <= nodesMost; n++ {
		s, err := g.site(n)
		if err != nil {
			return nil, err
		}
		f.sites[n] = s
	}
	return f, os.MkdirAll(dir, 0o700)
}

// source is a node's configuration.
func (f *fleet) source(name string, s site, secret string) string {
	var join []string
	for n := 1; n <= 3; n++ {
		join = append(join, fmt.Sprintf("%q", f.sites[n].gossip))
	}
	return fmt.Sprintf(`
node_name = %q
server {
  listen        = %q
  drain_timeout = "20s"
}
admin {
  listen = %q
  token  = %q
}
cluster {
  bind        = %q
  advertise   = %[5]q
  peer_listen = %q
  join        = [%s]
  secret      = %q
}
`, name, s.public, s.admin, adminToken, s.gossip, s.peer, strings.Join(join, ", "), secret) + f.blocks
}

// start runs a node of the fleet, and waits until it is ready.
func (f *fleet) start(ctx context.Context, n int) error {
	name := fmt.Sprintf("gw-%d", n)
	return f.startAs(ctx, n, name, f.source(name, f.sites[n], f.secret))
}

func (f *fleet) startAs(ctx context.Context, n int, name, source string) error {
	x := &node{site: f.sites[n], name: name, ended: make(chan struct{})}
	file := filepath.Join(f.dir, fmt.Sprintf("node-%d.hcl", n))
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(f.dir, fmt.Sprintf("node-%d.log", n)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	x.cmd = f.ground.command(n, f.program, "start", "--config", file)
	x.cmd.Stderr = log
	if err := x.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = x.cmd.Wait() // its state says how it ended
		close(x.ended)
	}()
	f.mu.Lock()
	f.nodes[n] = x
	f.mu.Unlock()
	return await(ctx, 20*time.Second, name+" is ready", func() bool { return f.ready(x) })
}

// ready asks a node as a load balancer does.
func (f *fleet) ready(x *node) bool {
	resp, err := f.client.Get("http://" + x.public + "/ready")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == 200
}

func (f *fleet) node(n int) *node {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.nodes[n]
}

func (f *fleet) numbers() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []int
	for n := 1; n <= nodesMost; n++ {
		if f.nodes[n] != nil {
			list = append(list, n)
		}
	}
	return list
}

func (f *fleet) signal(n int, s syscall.Signal) error { return f.node(n).cmd.Process.Signal(s) }

// kill ends a node as a crash does.
func (f *fleet) kill(n int) error {
	x := f.node(n)
	err := x.cmd.Process.Kill()
	<-x.ended
	f.mu.Lock()
	delete(f.nodes, n)
	f.mu.Unlock()
	return err
}

// stop ends a node gracefully.
func (f *fleet) stop(n int) error {
	x := f.node(n)
	if err := x.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-x.ended:
	case <-time.After(40 * time.Second):
		return fmt.Errorf("%s still runs 40 s after SIGTERM", x.name)
	}
	f.mu.Lock()
	delete(f.nodes, n)
	f.mu.Unlock()
	if status := x.cmd.ProcessState.ExitCode(); status != 0 {
		return fmt.Errorf("%s ended with status %d after SIGTERM", x.name, status)
	}
	return nil
}

// end kills all that is left.
func (f *fleet) end() {
	for _, n := range f.numbers() {
		_ = f.kill(n) // it may have ended
	}
}

// admin reads JSON of a node's admin listener.
func (f *fleet) admin(n int, path string, v any) error {
	b, err := f.text(n, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

func (f *fleet) text(n int, path string) ([]byte, error) {
	r, err := http.NewRequest("GET", "http://"+f.sites[n].admin+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	resp, err := f.client.Do(r)
	if err != nil {
		return nil, err
	}
	return readAll(resp)
}

// whole tells whether every node's ring holds exactly the nodes 1 to 3.
func (f *fleet) whole() bool {
	for n := 1; n <= 3; n++ {
		if f.ring(n) != "gw-1 gw-2 gw-3" {
			return false
		}
	}
	return true
}

// ring lists the names in a node's ring.
func (f *fleet) ring(n int) string {
	var v struct{ Nodes []struct{ Name string } }
	if f.admin(n, "/api/ring", &v) != nil {
		return ""
	}
	var names []string
	for _, x := range v.Nodes {
		names = append(names, x.Name)
	}
	return strings.Join(names, " ")
}

// owner is the number of the node that owns a key.
func (f *fleet) owner(key string) (int, error) {
	var v struct{ Owner string }
	if err := f.admin(1, "/api/ring/"+key, &v); err != nil {
		return 0, err
	}
	var n int
	_, err := fmt.Sscanf(v.Owner, "gw-%d", &n)
	return n, err
}

// await polls until ok.
func await(ctx context.Context, most time.Duration, what string, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %s", most, what)
		case <-tick.C:
		}
	}
	return nil
}
