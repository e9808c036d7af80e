package gateway_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway"
	. "github.com/llmgw/llmgw/gateway/gatewaytest"
	"github.com/llmgw/llmgw/gateway/mock"
)

// balancer is a load balancer that knows of /ready and nothing else: it asks
// every node over and over, keeps its connections, and never tries twice.
type balancer struct {
	mu    sync.Mutex
	nodes []*gateway.Node
	ready []*gateway.Node
	next  int

	client http.Client
	quit   chan struct{}
	done   sync.WaitGroup
}

func newBalancer(nodes []*gateway.Node) *balancer {
	b := &balancer{nodes: slices.Clone(nodes), quit: make(chan struct{})}
	b.client.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	b.look()
	b.done.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-b.quit:
				return
			case <-tick.C:
				b.look()
			}
		}
	})
	return b
}

func (b *balancer) stop() {
	close(b.quit)
	b.done.Wait()
	b.client.CloseIdleConnections()
}

func (b *balancer) look() {
	b.mu.Lock()
	nodes := slices.Clone(b.nodes)
	b.mu.Unlock()
	up := make([]bool, len(nodes))
	var asked sync.WaitGroup
	for i, n := range nodes {
		asked.Go(func() {
			resp, err := http.Get("http://" + n.Addr() + "/ready")
			if err == nil {
				resp.Body.Close()
				up[i] = resp.StatusCode == 200
			}
		})
	}
	asked.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ready = nil
	for i, n := range nodes {
		if up[i] {
			b.ready = append(b.ready, n)
		}
	}
}

func (b *balancer) replace(old, now *gateway.Node) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes = append(slices.DeleteFunc(b.nodes, func(n *gateway.Node) bool { return n == old }), now)
}

func (b *balancer) pick() *gateway.Node {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	return b.ready[b.next%len(b.ready)]
}

// send sends one request and says what was wrong with its answer.
func (b *balancer) send(key, path, body, end string) (fault, instance string) {
	n := b.pick()
	resp, err := b.client.Do(Request(n, key, path, body))
	if err != nil {
		return n.Name() + ": " + err.Error(), ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || !strings.HasSuffix(string(text), end) {
		return fmt.Sprintf("%s at owner %s: %d %v %q", n.Name(), resp.Header.Get("X-Llm-Gateway-Owner"), resp.StatusCode, err, tail(string(text))), ""
	}
	return "", resp.Header.Get("X-Llm-Gateway-Instance")
}

// Every node of a fleet is restarted, one after the other, under load: no
// request fails, no stream breaks, no session changes its instance.
func TestARollingRestartFailsNoRequest(t *testing.T) {
	t.Parallel()
	var told bytes.Buffer
	c := New(t, Options{Nodes: 3, Drain: "20s", Timeout: "30s", Log: slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	defer func() {
		if t.Failed() {
			t.Log(told.String())
		}
	}()
	for _, m := range c.Mocks {
		m.Always(&mock.Step{EventDelay: 25 * time.Millisecond})
	}
	b := newBalancer(c.Nodes)
	var sent, streams atomic.Int64
	var mu sync.Mutex
	var faults []string
	instances := map[string]map[string]bool{}
	stop := make(chan struct{})
	var workers sync.WaitGroup
	for i := range 8 {
		keys := []string{"alice", "bob", "carol", "dave"}
		kinds := []struct{ path, body, end string }{
			{ChatPath, Chat, "}}"}, {ChatPath, ChatStream, "data: [DONE]\n\n"},
			{MessagesPath, strings.Replace(Messages, `"max_tokens"`, `"stream":true,"max_tokens"`, 1), "{\"type\":\"message_stop\"}\n\n"},
		}
		workers.Go(func() {
			for round := i; ; round++ {
				select {
				case <-stop:
					return
				default:
				}
				key, kind := keys[i%len(keys)], kinds[round%len(kinds)]
				fault, instance := b.send(key, kind.path, kind.body, kind.end)
				sent.Add(1)
				if kind.body != Chat {
					streams.Add(1)
				}
				mu.Lock()
				if fault != "" {
					faults = append(faults, fault)
				} else {
					session := key + " " + kind.path
					if instances[session] == nil {
						instances[session] = map[string]bool{}
					}
					instances[session][instance] = true
				}
				mu.Unlock()
			}
		})
	}
	for _, n := range slices.Clone(c.Nodes) {
		if err := n.Stop(t.Context()); err != nil {
			t.Errorf("stop %s: %v", n.Name(), err)
		}
		c.Forget(n)
		fresh := c.Start(n.Name())
		b.replace(n, fresh)
		c.Await(awhile, "the ring is whole again", func() bool {
			for _, x := range c.Nodes {
				if len(c.Ring(x)) != 3 {
					return false
				}
			}
			return true
		})
	}
	close(stop)
	workers.Wait()
	b.stop()
	t.Logf("%d requests, %d of them streams", sent.Load(), streams.Load())
	for _, f := range faults {
		t.Error(f)
	}
	for session, at := range instances {
		if len(at) != 1 {
			t.Errorf("%s was at %v", session, at)
		}
	}
	if sent.Load() < 100 {
		t.Errorf("only %d requests", sent.Load())
	}
}
