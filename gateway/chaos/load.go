package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// kind is a form of request.
type kind struct {
	name, provider, path, body, end string
	stream                          bool
	leave                           time.Duration // when the client leaves; 0: it stays
}

var kinds = []kind{
	{"chat", "openai", "/v1/chat/completions", `{"model":"gpt-5","messages":[{"role":"user","content":"ID"}]}`, "", false, 0},
	{"chat stream", "openai", "/v1/chat/completions", `{"model":"gpt-5","stream":true,"messages":[{"role":"user","content":"ID"}]}`, "data: [DONE]\n\n", true, 0},
	{"messages", "anthropic", "/v1/messages", `{"model":"claude-sonnet-5","max_tokens":64,"messages":[{"role":"user","content":"ID"}]}`, "", false, 0},
	{"messages stream", "anthropic", "/v1/messages", `{"model":"claude-sonnet-5","stream":true,"max_tokens":64,"messages":[{"role":"user","content":"ID"}]}`, "{\"type\":\"message_stop\"}\n\n", true, 0},
}

// slowStream takes about two seconds: it is under way whenever a node goes.
var slowStream = kind{"long stream", "anthropic", "/v1/messages", `{"model":"claude-sonnet-5+event-delay=100ms","stream":true,"max_tokens":64,"messages":[{"role":"user","content":"ID"}]}`, "{\"type\":\"message_stop\"}\n\n", true, 0}

// busyStream takes a third of a second.
var busyStream = kind{"busy stream", "anthropic", "/v1/messages", `{"model":"claude-sonnet-5+event-delay=15ms","stream":true,"max_tokens":64,"messages":[{"role":"user","content":"ID"}]}`, "{\"type\":\"message_stop\"}\n\n", true, 0}

// faulty asks for an error of the caller's own making.
var faulty = kind{"error", "openai", "/v1/chat/completions", `{"model":"gpt-5+status=400","messages":[{"role":"user","content":"ID"}]}`, "", false, 0}

// outcome is a request as its client saw it.
type outcome struct {
	id, key     string
	kind        kind
	edge        int
	began, head time.Time
	ended       time.Time
	status      int
	owner       string
	instance    string
	err         string // what was wrong with the answer; "" nothing
	canceled    bool   // by the client
}

// load sends requests by the clock, whatever comes back, through a load balancer
// that asks /ready and nothing else, keeps connections, and goes to another node
// only where no connection could be made.
type load struct {
	fleet  *fleet
	client http.Client
	avoid  map[int]bool // nodes that get no requests

	mu       sync.Mutex
	ready    []int
	next     int
	serial   int
	outcomes []outcome
	stall    time.Duration // by how much this process was late at most

	quit    chan struct{}
	looking sync.WaitGroup
	sending sync.WaitGroup
	running sync.WaitGroup
}

func newLoad(f *fleet, avoid ...int) *load {
	l := &load{fleet: f, avoid: map[int]bool{}, quit: make(chan struct{})}
	for _, n := range avoid {
		l.avoid[n] = true
	}
	l.client.Transport = &http.Transport{MaxIdleConnsPerHost: 64, DialContext: (&net.Dialer{Timeout: time.Second}).DialContext}
	l.client.Timeout = time.Minute
	l.look()
	l.looking.Go(func() {
		for l.pause(100 * time.Millisecond) {
			l.look()
		}
	})
	return l
}

// pause waits; false: the load ends.
func (l *load) pause(d time.Duration) bool {
	select {
	case <-l.quit:
		return false
	case <-time.After(d):
		return true
	}
}

func (l *load) look() {
	var list []int
	var mu sync.Mutex
	var asked sync.WaitGroup
	for _, n := range l.fleet.numbers() {
		x := l.fleet.node(n)
		if l.avoid[n] || x == nil {
			continue
		}
		asked.Go(func() {
			if l.fleet.ready(x) {
				mu.Lock()
				list = append(list, n)
				mu.Unlock()
			}
		})
	}
	asked.Wait()
	l.mu.Lock()
	l.ready = list
	l.mu.Unlock()
}

// pick is the next ready node that is not among those.
func (l *load) pick(tried map[int]bool) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range l.ready {
		l.next++
		if n := l.ready[l.next%len(l.ready)]; !tried[n] {
			return n
		}
	}
	return 0
}

// every sends a request so many times a second.
func (l *load) every(rate int, what func(i int) (key string, k kind)) {
	if rate <= 0 {
		return
	}
	l.sending.Go(func() {
		gap := time.Second / time.Duration(rate)
		next := time.Now()
		for i := 0; ; i++ {
			key, k := what(i)
			l.running.Go(func() { l.note(l.send(key, k)) })
			next = next.Add(gap)
			if !l.pause(time.Until(next)) {
				return
			}
			l.late(time.Since(next))
		}
	})
}

func (l *load) late(by time.Duration) {
	l.mu.Lock()
	l.stall = max(l.stall, by)
	l.mu.Unlock()
}

// usual is the load of every failure: keys without limits in all forms, some
// long streams, and the two keys with limits, both beyond them.
func (l *load) usual(rate int) {
	l.every(rate, func(i int) (string, kind) { return plainKey(i / len(kinds)), kinds[i%len(kinds)] })
	l.every(2, func(i int) (string, kind) { return plainKey(i), slowStream })
	l.every(meteredRate, func(int) (string, kind) { return meteredKey, kinds[0] })
	l.every(fewRate, func(int) (string, kind) { return fewKey, busyStream })
}

// mixed is the usual load, and clients that leave or are at fault.
func (l *load) mixed(rate int) {
	l.usual(rate)
	gone := slowStream
	gone.leave = 300 * time.Millisecond
	l.every(3, func(i int) (string, kind) { return plainKey(i), gone })
	l.every(3, func(i int) (string, kind) { return plainKey(i), faulty })
}

const (
	meteredRate = 20
	fewRate     = 20
)

func plainKey(i int) string { return fmt.Sprintf("plain-%d", i%plainKeys) }

// stop ends the load and waits for its answers.
func (l *load) stop() []outcome {
	close(l.quit)
	l.sending.Wait()
	l.running.Wait()
	l.looking.Wait()
	l.client.CloseIdleConnections()
	return l.outcomes
}

func (l *load) note(o outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outcomes = append(l.outcomes, o)
}

func (l *load) send(key string, k kind) outcome {
	l.mu.Lock()
	l.serial++
	o := outcome{id: fmt.Sprintf("%s.%d", key, l.serial), key: key, kind: k}
	l.mu.Unlock()
	o.began = time.Now()
	tried := map[int]bool{}
	for {
		o.edge = l.pick(tried)
		if o.edge == 0 {
			o.err = "no node is ready"
			break
		}
		if o.err = l.try(&o); o.err != notConnected {
			break
		}
		tried[o.edge] = true
	}
	o.ended = time.Now()
	return o
}

const notConnected = "no connection"

// try says what was wrong with the answer.
func (l *load) try(o *outcome) string {
	ctx := context.Background()
	if leave := o.kind.leave; leave > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, leave)
		defer cancel()
	}
	r, err := http.NewRequestWithContext(ctx, "POST", "http://"+l.fleet.sites[o.edge].public+o.kind.path, strings.NewReader(strings.Replace(o.kind.body, "ID", "id="+o.id, 1)))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+keySecret+o.key)
	r.Header.Set("Anthropic-Version", "2023-06-01")
	resp, err := l.client.Do(r)
	var b []byte
	if err == nil {
		defer resp.Body.Close()
		o.head, o.status = time.Now(), resp.StatusCode
		o.owner, o.instance = resp.Header.Get("X-Llm-Gateway-Owner"), resp.Header.Get("X-Llm-Gateway-Instance")
		b, err = io.ReadAll(resp.Body)
	}
	var op *net.OpError
	switch {
	case err != nil && ctx.Err() != nil:
		o.canceled = true
		return ""
	case errors.As(err, &op) && op.Op == "dial":
		return notConnected
	case err != nil:
		return err.Error()
	case o.kind.name == faulty.name && o.status == 400:
		return ""
	case o.status != 200:
		return fmt.Sprintf("HTTP %d %.200s", o.status, b)
	case o.kind.stream && !strings.HasSuffix(string(b), o.kind.end):
		return fmt.Sprintf("the stream ends with %q", b[max(0, len(b)-200):])
	case !o.kind.stream && !json.Valid(b):
		return fmt.Sprintf("an answer cut short: %.200q", b)
	}
	return ""
}
