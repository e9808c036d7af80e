// Package mock is a stand-in provider: the three dialects, streamed and not,
// with tools, a simulated prompt cache and scripted faults. It serves the demo,
// the tests and users' own tests (`llmgw mock`); it generates no text of worth
// and costs nothing.
package mock

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options make a provider.
type Options struct {
	Dialect    string        // openai, anthropic or gemini
	Name       string        // shown in answers and in the header x-mock-instance
	APIKey     string        // "" accepts any; else others get the dialect's 401
	Delay      time.Duration // before the first byte
	EventDelay time.Duration // between two events of a stream
	Tokens     int           // words of an answer; default 16
	Forbidden  []string      // texts that must appear nowhere in a request, such as clients' keys
	Now        func() time.Time
}

// Step scripts how one request is answered. The zero Step answers normally.
type Step struct {
	Status             int           // of an error in the dialect's form
	RetryAfter         time.Duration // told with Status
	Delay              time.Duration
	Hang               bool // not a byte until the client goes
	CloseBeforeHeaders bool
	CloseAfterHeaders  bool // a 200's head, then the connection breaks
	CutAfterEvents     int  // the connection breaks behind so many events of a stream
	ErrorAfterEvents   int  // the dialect's error event behind so many events
	Tool               string
	Text               string
	Tokens             int
	EventDelay         time.Duration
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
	return &Provider{o: o, cache: &promptCache{seen: make(map[[32]byte]time.Time)}}
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
	if v := r.Header.Get("x-mock"); v != "" {
		step = parseStep(v)
	}
	x := &exchange{p: p, w: w, r: r, body: body, step: step, serial: serial, flush: http.NewResponseController(w)}
	x.serve()
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Context().Err() != nil {
		seen.Canceled = p.o.Now()
	} else {
		seen.Finished = true
	}
}

// control lets a test in another process script this one.
func (p *Provider) control(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.Method + " " + r.URL.Path {
	case "POST /mock/script":
		b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			return
		}
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line != "" {
				p.Script(parseStep(line))
			}
		}
		fmt.Fprintln(w, `{}`)
	case "POST /mock/down":
		p.Down(r.URL.Query().Get("down") != "false")
		fmt.Fprintln(w, `{}`)
	case "GET /mock/requests":
		_ = json.NewEncoder(w).Encode(map[string]any{"requests": p.Requests(), "violations": p.Violations()}) // the reader is gone
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintln(w, `{"error":"POST /mock/script, POST /mock/down?down=true, GET /mock/requests"}`)
	}
}

// parseStep reads "status=503,delay=2s,retry-after=1s,hang,cut-after=3".
// What it does not know it ignores: a typo shows in the test that it is for.
func parseStep(text string) Step {
	var s Step
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		number, _ := strconv.Atoi(value)
		wait, err := time.ParseDuration(value)
		if err != nil {
			wait = time.Duration(number) * time.Second
		}
		switch name {
		case "status":
			s.Status = number
		case "delay":
			s.Delay = wait
		case "event-delay":
			s.EventDelay = wait
		case "retry-after":
			s.RetryAfter = wait
		case "hang":
			s.Hang = true
		case "close":
			s.CloseBeforeHeaders = true
		case "close-after-headers":
			s.CloseAfterHeaders = true
		case "cut-after":
			s.CutAfterEvents = number
		case "error-after":
			s.ErrorAfterEvents = number
		case "tool":
			s.Tool = value
		case "text":
			s.Text = value
		case "tokens":
			s.Tokens = number
		}
	}
	return s
}

// promptCache counts how much of a prompt was seen before, in blocks of 256
// bytes (about 64 tokens), for five minutes.
type promptCache struct {
	mu   sync.Mutex
	seen map[[32]byte]time.Time
}

const (
	cacheBlock = 256
	cacheTTL   = 5 * time.Minute
	cacheMost  = 1 << 16
)

// hit returns how many tokens of the prompt were cached, and remembers it.
func (c *promptCache) hit(prompt []byte, now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seen) > cacheMost {
		clear(c.seen)
	}
	h := sha256.New()
	cached, missed := 0, false
	for i := 0; i+cacheBlock <= len(prompt); i += cacheBlock {
		h.Write(prompt[i : i+cacheBlock])
		var sum [32]byte
		h.Sum(sum[:0])
		if at, ok := c.seen[sum]; ok && now.Sub(at) < cacheTTL && !missed {
			cached = i + cacheBlock
		} else {
			missed = true
		}
		c.seen[sum] = now
	}
	return cached / 4
}
