package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/llmgw/llmgw/gateway/mock"
)

// providers are the stand-ins: two instances each of two of them. They note
// every request.
type providers struct {
	servers []*http.Server
	mocks   []*mock.Provider
	ports   map[string]string // by instance: "openai/a"
	done    sync.WaitGroup

	mu   sync.Mutex
	seen map[string][]sight // by the request's id
}

// sight is one request at a provider.
type sight struct {
	instance   string
	began, end time.Time // end is zero while it runs
}

// dialects and the first part of their paths.
var dialects = []struct{ name, version string }{{"openai", "/v1"}, {"anthropic", "/v1"}}

var instances = []string{"a", "b"}

// idIn finds a request's id in its text: a provider sees no header of a client.
var idIn = regexp.MustCompile(`id=([a-z0-9-]+\.[0-9]+)`)

func newProviders(host string) (*providers, error) {
	p := &providers{ports: map[string]string{}, seen: map[string][]sight{}}
	for _, d := range dialects {
		for _, in := range instances {
			name := d.name + "/" + in
			l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
			if err != nil {
				p.stop()
				return nil, err
			}
			_, p.ports[name], _ = net.SplitHostPort(l.Addr().String()) // its own form
			m := mock.New(mock.Options{Dialect: d.name, Name: in, Delay: 5 * time.Millisecond, EventDelay: 5 * time.Millisecond, Forbidden: []string{keySecret}})
			s := &http.Server{Handler: p.note(name, m)}
			p.servers, p.mocks = append(p.servers, s), append(p.mocks, m)
			p.done.Go(func() { _ = s.Serve(l) }) // ends with stop
		}
	}
	return p, nil
}

func (p *providers) note(instance string, next *mock.Provider) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		id := ""
		if m := idIn.FindSubmatch(body); m != nil {
			id = string(m[1])
		}
		p.mu.Lock()
		at := len(p.seen[id])
		p.seen[id] = append(p.seen[id], sight{instance: instance, began: time.Now()})
		p.mu.Unlock()
		next.ServeHTTP(w, r)
		p.mu.Lock()
		if at < len(p.seen[id]) { // else it is forgotten
			p.seen[id][at].end = time.Now()
		}
		p.mu.Unlock()
	})
}

func (p *providers) stop() {
	for _, s := range p.servers {
		_ = s.Close() // cuts what is left
	}
	p.done.Wait()
}

// sights is what was seen, by the request's id.
func (p *providers) sights() map[string][]sight {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[string][]sight, len(p.seen))
	for id, list := range p.seen {
		out[id] = slices.Clone(list)
	}
	return out
}

// forget drops what was seen: a load numbers its requests from 1.
func (p *providers) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.seen)
}

// violations are what no gateway may send.
func (p *providers) violations() []string {
	var list []string
	for _, m := range p.mocks {
		list = append(list, m.Violations()...)
	}
	return list
}

// keys are named in the nodes' configurations. Those with limits are for one
// purpose each.
const (
	keySecret  = "sk-chaos-"
	plainKeys  = 16
	meteredKey = "metered" // so many requests a minute
	fewKey     = "few"     // so many at once
)

const (
	meteredLimit = 150
	fewLimit     = 3
)

// blocks is what every node's configuration has in common.
func (p *providers) blocks(host string) string {
	var b strings.Builder
	for i := range plainKeys {
		fmt.Fprintf(&b, "api_key \"plain-%d\" { key = \"%splain-%d\" }\n", i, keySecret, i)
	}
	fmt.Fprintf(&b, "api_key %q {\n  key = %q\n  limits { requests_per_minute = %d }\n}\n", meteredKey, keySecret+meteredKey, meteredLimit)
	fmt.Fprintf(&b, "api_key %q {\n  key = %q\n  limits { concurrent_requests = %d }\n}\n", fewKey, keySecret+fewKey, fewLimit)
	for _, d := range dialects {
		fmt.Fprintf(&b, "provider %q {\n", d.name)
		for _, in := range instances {
			fmt.Fprintf(&b, "  instance %q {\n    base_url = \"http://%s%s\"\n    api_key = \"x\"\n    first_byte_timeout = \"5s\"\n    idle_timeout = \"5s\"\n  }\n", in, net.JoinHostPort(host, p.ports[d.name+"/"+in]), d.version)
		}
		b.WriteString("}\n")
	}
	b.WriteString("route \"gpt-*\" { provider = \"openai\" }\nroute \"claude-*\" { provider = \"anthropic\" }\n")
	return b.String()
}

// readAll reads an answer whole; another status than 200 is an error.
func readAll(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != 200 {
		err = fmt.Errorf("HTTP %d: %.300s", resp.StatusCode, b)
	}
	return b, err
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
