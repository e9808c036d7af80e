// Package mock is a stand-in provider: the three dialects, streamed and not,
// with tools, a simulated prompt cache and scripted faults. It serves the demo,
// the tests and users' own tests (`llmgw mock`); it generates no text of worth
// and costs nothing.
package mock

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options make a provider.
type Options struct {
	Dialect    string            // openai, anthropic or gemini
	Name       string            // shown in answers and in the header x-mock-instance
	APIKey     string            // "" accepts any; else others get the dialect's 401
	Delay      time.Duration     // before the first byte
	EventDelay time.Duration     // between two events of a stream
	Tokens     int               // words of an answer; default 16
	FailEvery  int               // every so many requests one fails; 0: none
	FailStatus int               // the status of those; default 503
	Tools      map[string]string // tools to call before others, and the input of each: JSON, or a custom tool's text
	Forbidden  []string          // texts that must appear nowhere in a request, such as clients' keys
	Now        func() time.Time
}

// Request is one request as it was seen.
type Request struct {
	Method, Path, Query string
	Header              http.Header
	Body                []byte
	Time                time.Time
	Canceled            time.Time // when the client went; zero: it stayed
	Finished            bool
}

// Provider is an http.Handler. Its methods may be called from any goroutine.
type Provider struct {
	o     Options
	cache *promptCache

	mu         sync.Mutex
	script     []Step
	always     *Step
	requests   []*Request
	violations []string
	serial     int
}

// keepRequests bounds the memory of a stand-in that runs for long.
const keepRequests = 10_000

// New makes a provider.
func New(o Options) *Provider {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Tokens <= 0 {
		o.Tokens = 16
	}
	if o.FailStatus == 0 {
		o.FailStatus = http.StatusServiceUnavailable
	}
	return &Provider{o: o, cache: &promptCache{until: make(map[[32]byte]time.Time)}}
}

// Script makes the next requests behave as told, one step each.
func (p *Provider) Script(steps ...Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = append(p.script, steps...)
}

// Always makes every request without a step of its own behave so; nil ends it.
func (p *Provider) Always(s *Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.always = s
}

// Down makes every request fail with 503, or ends that.
func (p *Provider) Down(down bool) {
	if down {
		p.Always(&Step{Status: 503})
	} else {
		p.Always(nil)
	}
}

// Requests returns what was seen, oldest first, at most the last 10,000.
func (p *Provider) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Request, len(p.requests))
	for i, r := range p.requests {
		out[i] = *r
	}
	return out
}

// Violations lists what no gateway may send: its own headers, foreign
// credentials, forbidden texts.
func (p *Provider) Violations() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.violations)
}

// Reset forgets requests, violations and scripts.
func (p *Provider) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests, p.violations, p.script, p.always = nil, nil, nil, nil
}

// note records a request, and takes its step.
func (p *Provider) note(r *http.Request, body []byte) (*Request, Step, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := &Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: body, Time: p.o.Now()}
	p.requests = append(p.requests, seen)
	if len(p.requests) > keepRequests {
		p.requests = slices.Delete(p.requests, 0, keepRequests/10)
	}
	for name := range r.Header {
		if strings.HasPrefix(strings.ToLower(name), "x-llm") {
			p.violations = append(p.violations, "header "+name+" reached the provider")
		}
	}
	for _, f := range p.o.Forbidden {
		if strings.Contains(r.URL.String(), f) || strings.Contains(fmt.Sprint(r.Header), f) || strings.Contains(string(body), f) {
			p.violations = append(p.violations, "a forbidden text reached the provider at "+r.URL.Path)
		}
	}
	p.serial++
	if len(p.script) > 0 {
		s := p.script[0]
		p.script = p.script[1:]
		return seen, s, p.serial
	}
	if p.always != nil {
		return seen, *p.always, p.serial
	}
	if p.o.FailEvery > 0 && p.serial%p.o.FailEvery == 0 {
		return seen, Step{Status: p.o.FailStatus}, p.serial
	}
	return seen, Step{}, p.serial
}

// ServeHTTP answers one request.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/mock/") {
		p.control(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		return
	}
	seen, step, serial := p.note(r, body)
	x := &exchange{p: p, w: w, r: r, body: body, step: step, serial: serial, began: p.o.Now(), flush: http.NewResponseController(w)}
	x.serve()
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Context().Err() != nil {
		seen.Canceled = p.o.Now()
	} else {
		seen.Finished = true
	}
}
