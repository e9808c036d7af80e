package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/spf13/cobra"
)

func demoCommand(w world) *cobra.Command {
	var nodes int
	var once, side bool
	c := &cobra.Command{
		Use: "demo", Short: "Run a whole cluster with stand-in providers in this process", Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if nodes < 1 || nodes > 20 {
				return usageError{errors.New("--nodes must be 1 to 20")}
			}
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			if once && side {
				return usageError{errors.New("--once and --compare exclude each other")}
			}
			if side {
				return compare(ctx, w, nodes)
			}
			if once {
				return story(ctx, w, max(nodes, 3))
			}
			return demo(ctx, w, nodes)
		},
	}
	c.Flags().IntVar(&nodes, "nodes", 3, "how many nodes")
	c.Flags().BoolVar(&once, "once", false, "play the scripted story, print PASS or FAIL rows, and end")
	c.Flags().BoolVar(&side, "compare", false, "show prompt-cache hits and cost with the ring on and off")
	return c
}

var twoInstances = []string{"east", "west"}

// demo runs until it is interrupted, with a line for every request.
func demo(ctx context.Context, w world, nodes int) error {
	f, err := newFleet(nodes, twoInstances, func(line string) { fmt.Fprintln(w.out, line) })
	if err != nil {
		return err
	}
	defer f.close()
	fmt.Fprintf(w.out, "A cluster of %d nodes runs in this process. Nothing leaves this machine.\n\n", nodes)
	fmt.Fprintf(w.out, "  round-robin front  http://%s\n", f.front.addr)
	for _, n := range f.nodes {
		fmt.Fprintf(w.out, "  node %-14s http://%s   admin http://%s\n", n.Name(), n.Addr(), n.AdminAddr())
	}
	fmt.Fprintf(w.out, `
Paste these in another terminal, several times: every node finds the same instance.

curl http://%[1]s/v1/chat/completions -H 'Authorization: Bearer %[2]s' -H 'Content-Type: application/json' -d '{"model":"gpt-5","messages":[{"role":"user","content":"Hello"}]}'

curl -N http://%[1]s/v1/messages -H 'x-api-key: %[2]s' -H 'anthropic-version: 2023-06-01' -H 'Content-Type: application/json' -d '{"model":"claude-sonnet-5","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Hello"}]}'

curl http://%[1]s/v1beta/models/gemini-3-pro:generateContent -H 'x-goog-api-key: %[2]s' -H 'Content-Type: application/json' -d '{"contents":[{"role":"user","parts":[{"text":"Hello"}]}]}'

The cluster from inside:  llmgw members --admin http://%[3]s
Ctrl-C ends it.

`, f.front.addr, demoKeys[0].key, f.nodes[0].AdminAddr())
	<-ctx.Done()
	fmt.Fprintln(w.out, "\nbye")
	return nil
}

// front is a plain round-robin load balancer, as one would stand before a
// fleet. A node that does not answer its dial is passed over.
type front struct {
	addr   string
	server *http.Server
	next   atomic.Uint64
	nodes  atomic.Pointer[[]string]
}

func newFront() (*front, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &front{addr: l.Addr().String()}
	f.nodes.Store(new([]string))
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		nodes := *f.nodes.Load()
		var last error = errors.New("no node is left")
		for range nodes {
			c, err := (&net.Dialer{}).DialContext(ctx, network, nodes[f.next.Add(1)%uint64(len(nodes))])
			if err == nil {
				return c, nil
			}
			last = err
		}
		return nil, last
	}
	transport.DisableKeepAlives = true // a new node for each request
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "fleet" },
		Transport:     transport,
		FlushInterval: -1,
	}
	f.server = &http.Server{Handler: proxy}
	go func() { _ = f.server.Serve(l) }() // ends with close
	return f, nil
}

func (f *front) close() { _ = f.server.Close() }
