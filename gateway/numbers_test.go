package gateway_test

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"testing"
	"text/tabwriter"
	"time"
)

// TestNumbers prints what the design promises and what this machine does, a
// line each. It is for make bench: LLMGW_BENCH is a regular expression for the
// lines to measure, and with LLMGW_BENCH_STRICT=1 a broken promise fails it.
func TestNumbers(t *testing.T) {
	lines := os.Getenv("LLMGW_BENCH")
	if lines == "" {
		t.Skip("only for make bench")
	}
	n := &numbers{t: t, lines: regexp.MustCompile(lines), out: tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)}
	n.row("what", "yardstick", "llmgw", "figure", "promised", "")
	provider := newResponder(t).Addr().String()
	stick, node := spawn(t, "yardstick", provider), spawn(t, "node", provider)
	roomy := spawn(t, "roomy yardstick", provider)
	const chat, messages = chatPath, "/v1/messages"
	const perStream = streamEvents
	key := benchKey(0)
	n.compare("chat of 1 KB, CPU per request", stick, node, request(key, chat, "whole", chatRequest(false)), shape{clients: 16, requests: 600}, 1.35)
	n.compare("chat of 1 KB, the yardstick with the node's heap floor", roomy, node, request(key, chat, "whole", chatRequest(false)), shape{clients: 16, requests: 600}, 0)
	n.compare("agent's body of 75 KB, CPU per request", stick, node, request(key, messages, "whole", agentRequest()), shape{clients: 16, requests: 300}, 1.35)
	n.compare("stream of 200 events one by one, CPU per event", stick, node, request(key, chat, "paced", chatRequest(true)), shape{clients: 16, requests: 16, per: perStream}, 1.25)
	n.compare("stream of 200 events at once, CPU per event", stick, node, request(key, chat, "burst", chatRequest(true)), shape{clients: 16, requests: 160, per: perStream}, 1.25)
	n.hop(provider)
	n.idle(provider, request(key, chat, "idle", chatRequest(true)))
	n.lookups()
	n.cluster()
	n.conversions()
	if err := n.out.Flush(); err != nil {
		t.Fatal(err)
	}
	if n.over > 0 && os.Getenv("LLMGW_BENCH_STRICT") == "1" {
		t.Errorf("%d lines are over what is promised", n.over)
	}
}

// numbers is the table.
type numbers struct {
	t     *testing.T
	lines *regexp.Regexp
	out   *tabwriter.Writer
	over  int
}

func (n *numbers) wanted(what string) bool { return n.lines.MatchString(what) }

func (n *numbers) row(what, yardstick, node, figure, promised, verdict string) {
	_, err := fmt.Fprintf(n.out, "%s\t%s\t%s\t%s\t%s\t%s\n", what, yardstick, node, figure, promised, verdict)
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *numbers) verdict(ok bool) string {
	if ok {
		return "OK"
	}
	n.over++
	return "OVER"
}

const chatPath = "/v1/chat/completions"

// shape is the load of a round.
type shape struct {
	clients, requests int
	per               int // what one request counts as; 0: 1
}

// rounds is how often both are measured, in turns: what else the machine does
// hits both.
const rounds = 41

// compare measures two processes under the same load; most is the promised
// ratio, 0 for none.
func (n *numbers) compare(what string, a, b *process, request []byte, s shape, most float64) {
	if !n.wanted(what) {
		return
	}
	s.per = max(s.per, 1)
	costs := n.turns(s, [2]*process{a, b}, [2]*load{
		dial(n.t, a.addrs[0], s.clients, request), dial(n.t, b.addrs[0], s.clients, request),
	})
	ratio := ratios(costs)
	promised, verdict := "", ""
	if most > 0 {
		promised, verdict = fmt.Sprintf("%.2fx", most), n.verdict(ratio <= most)
	}
	n.row(what, micro(median(costs[0])), micro(median(costs[1])), fmt.Sprintf("%.2fx", ratio), promised, verdict)
}

// turns gives the processor time per piece of two loads, for each round.
func (n *numbers) turns(s shape, p [2]*process, l [2]*load) (costs [2][]time.Duration) {
	for i := range l {
		l[i].run(n.t, s.requests) // connections are made, buffers grow
	}
	for round := range rounds {
		for turn := range l {
			i := turn ^ round&1
			before, _ := p[i].usage()
			l[i].run(n.t, s.requests)
			after, _ := p[i].usage()
			costs[i] = append(costs[i], (after-before)/time.Duration(s.requests*s.per))
		}
	}
	return costs
}

// ratios is the median of the rounds' ratios.
func ratios(costs [2][]time.Duration) float64 {
	all := make([]float64, len(costs[0]))
	for i := range all {
		all[i] = float64(costs[1][i]) / float64(costs[0][i])
	}
	return median(all)
}

func median[T ~int64 | ~float64](all []T) T {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}

func micro(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1e3) }

// hop compares requests that reach their key's owner with requests that reach
// another node, on two nodes whose processor time counts together. Each way has
// a key of its own: one that came both ways would be hot, and not be forwarded.
func (n *numbers) hop(provider string) {
	const cpu, latency = "the hop to the owner, CPU per request", "the hop to the owner, time at the median"
	if !n.wanted(cpu) && !n.wanted(latency) {
		return
	}
	pair := spawn(n.t, "pair", provider)
	owner, edge := pair.addrs[0], pair.addrs[1]
	body := chatRequest(false)
	near, far := request(pair.addrs[2], chatPath, "whole", body), request(pair.addrs[3], chatPath, "whole", body)
	s := shape{clients: 16, requests: 600, per: 1}
	costs := n.turns(s, [2]*process{pair, pair}, [2]*load{dial(n.t, owner, s.clients, near), dial(n.t, edge, s.clients, far)})
	added := ratios(costs) - 1
	n.row(cpu, micro(median(costs[0])), micro(median(costs[1])), fmt.Sprintf("+%.2fx", added), "+0.90x", n.verdict(added <= 0.9))

	direct, through := dial(n.t, owner, 1, near), dial(n.t, edge, 1, far)
	var took [2][]time.Duration
	for range 3000 {
		for i, l := range [2]*load{direct, through} {
			began := time.Now()
			l.run(n.t, 1)
			took[i] = append(took[i], time.Since(began))
		}
	}
	a, b := median(took[0]), median(took[1])
	n.row(latency, micro(a), micro(b), "+"+micro(b-a), "+300 µs", n.verdict(b-a < 300*time.Microsecond))
}

// idle opens streams that say one event and go silent.
func (n *numbers) idle(provider string, request []byte) {
	const what, streams = "2,000 idle streams, memory of each", 2000
	if !n.wanted(what) {
		return
	}
	var held [2]int64
	for i, role := range [2]string{"yardstick", "node"} {
		p := spawn(n.t, role, provider)
		dial(n.t, p.addrs[0], 1, chatOnce()).run(n.t, 200)
		_, before := p.usage()
		open := dial(n.t, p.addrs[0], streams, request)
		for _, c := range open.clients {
			if _, err := c.conn.Write(request); err != nil {
				n.t.Fatal(err)
			}
			if err := c.untilFirstEvent(); err != nil {
				n.t.Fatal(err)
			}
		}
		_, after := p.usage()
		held[i] = (after - before) / streams
		for _, c := range open.clients {
			_ = c.conn.Close()
		}
	}
	kib := func(b int64) string { return fmt.Sprintf("%.1f KiB", float64(b)/1024) }
	n.row(what, kib(held[0]), kib(held[1]), kib(held[1]), "45 KiB", n.verdict(held[1] <= 45<<10))
}

func chatOnce() []byte { return request(benchKey(0), chatPath, "whole", chatRequest(false)) }

// untilFirstEvent reads a stream's head and its first event.
func (w *wire) untilFirstEvent() error {
	n := 0
	for {
		m, err := w.conn.Read(w.buf[n:])
		if err != nil {
			return err
		}
		if n += m; n == len(w.buf) {
			return io.ErrShortBuffer
		}
		if hasEvent(w.buf[:n]) {
			return nil
		}
	}
}
