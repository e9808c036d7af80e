package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A scenario is what happens to the first request of every client.
type scenario struct {
	name, script string
	signal       syscall.Signal // to the node that owns the key, inside the stream
}

const slowly = "no-tool,tokens=20,event-delay=200ms"

var scenarios = []scenario{
	{"instance answers 503", "status=503", 0},
	{"instance answers 429, retry-after 2 s", "status=429,retry-after=2s", 0},
	{"instance answers 529", "status=529", 0},
	{"connection cut before the answer", "close", 0},
	{"connection cut as the stream begins", "no-tool,tokens=20,event-delay=20ms,cut-after=4", 0},
	{"connection cut late in the stream", "no-tool,tokens=30,event-delay=20ms,cut-after=18", 0},
	{"owner of the key killed inside the stream", slowly, syscall.SIGKILL},
	{"owner of the key drained inside the stream", slowly, syscall.SIGTERM},
}

// harm is what a client had of a scenario.
type harm struct {
	ok    bool
	delay time.Duration // until the request that was answered; or until it gave up
	said  string
}

func (s harm) String() string {
	switch d := s.delay.Round(10 * time.Millisecond); {
	case !s.ok:
		return "gives up after " + s.delay.Round(100*time.Millisecond).String()
	case d == 0:
		return "nothing"
	default:
		return "+" + d.String()
	}
}

// suffering plays every scenario without the gateway, straight to an instance,
// and with it, where a second instance stands by. only is a part of their names.
func (r *runner) suffering(ctx context.Context, in *installer, only string) (err error) {
	batches, missing := in.victims(ctx)
	for _, why := range missing {
		fmt.Println("skipped:", why)
	}
	if r.fleet, err = newFleet(ctx, in, r.temp, "one", "two"); err != nil {
		return err
	}
	defer r.fleet.stop()
	const row = "%-42s %-13s %-24s %s\n"
	fmt.Printf(row, "what happens", "client", "without llmgw", "with llmgw")
	for _, s := range scenarios {
		if !strings.Contains(s.name, only) {
			continue
		}
		for _, batch := range batches {
			without := make([]string, len(batch))
			for i := range without {
				without[i] = "there is no node"
			}
			if s.signal == 0 {
				list, err := r.suffer(ctx, s, batch, false)
				if err != nil {
					return err
				}
				for i := range list {
					without[i] = list[i].String()
				}
			}
			with, err := r.suffer(ctx, s, batch, true)
			if err != nil {
				return err
			}
			for i, v := range batch {
				fmt.Printf(row, s.name, v.client.name, without[i], with[i])
			}
		}
	}
	return nil
}

// victim is a client at the provider of its own dialect. requests is how many
// it begins with.
type victim struct {
	client   *client
	provider int // in dialects
	requests int
}

// victims are agents and SDKs, in batches in which no two have one provider.
func (in *installer) victims(ctx context.Context) (batches [][]victim, missing []string) {
	agent := map[string]*client{}
	for _, c := range in.agents() {
		if agent[c.name] == nil {
			agent[c.name] = c
		}
	}
	plain := func(name, way string) *client {
		return in.driver(name, "", "", "plain", way)
	}
	for _, batch := range [][]victim{
		{{plain("openai-js", "openai"), 0, 1}, {plain("anthropic-js", "anthropic"), 1, 1}, {plain("genai-js", "genai"), 2, 1}},
		{{agent["codex"], 0, 1}, {agent["claude-code"], 1, 1}, {agent["gemini-cli"], 2, 1}},
		{{agent["opencode"], 0, 2}}, // a title is asked for at the same time
	} {
		if why := in.install(ctx, batch[0].client.group); why != "" {
			missing = append(missing, why)
			continue
		}
		batches = append(batches, batch)
	}
	return batches, missing
}

// suffer runs a batch at once: each has a provider for itself.
func (r *runner) suffer(ctx context.Context, s scenario, batch []victim, gateway bool) ([]harm, error) {
	f := r.fleet
	if err := f.ready(ctx); err != nil {
		return nil, err
	}
	if err := f.recovered(ctx); err != nil {
		return nil, err
	}
	tasks := make([]task, len(batch))
	for i, v := range batch {
		for _, instance := range f.instances {
			if err := post(ctx, f.mocks[dialects[v.provider].name+"/"+instance]+"/mock/reset", ""); err != nil {
				return nil, err
			}
		}
		if err := post(ctx, f.mocks[dialects[v.provider].name+"/one"]+"/mock/script", strings.Repeat(s.script+"\n", v.requests)); err != nil {
			return nil, err
		}
		dir, err := os.MkdirTemp(r.temp, v.client.name+"-")
		if err != nil {
			return nil, err
		}
		tasks[i] = task{dir: filepath.Join(dir, "work"), home: filepath.Join(dir, "home"), url: f.front, model: dialects[v.provider].model, dialect: dialects[v.provider].name, marker: "task-" + rand.Text()[:10], result: "sunny"}
		if !gateway {
			tasks[i].url = f.mocks[dialects[v.provider].name+"/one"]
		}
		if err := write(filepath.Join(tasks[i].dir, "note.txt"), tasks[i].result); err != nil {
			return nil, err
		}
	}
	out := make([]harm, len(batch))
	var wg sync.WaitGroup
	for i, v := range batch {
		wg.Go(func() {
			said, err := r.execute(ctx, v.client, tasks[i])
			out[i] = harm{ok: err == nil && answered(v.client, said), said: said}
		})
	}
	var struck time.Time
	var err error
	if s.signal != 0 {
		struck, err = f.strike(ctx, s.signal, batch, tasks)
	}
	wg.Wait()
	if err != nil {
		return nil, err
	}
	for i, v := range batch {
		requests, err := f.seen(ctx, dialects[v.provider].name)
		if err != nil {
			return nil, err
		}
		if out[i].measure(tasks[i], v, requests, struck); !out[i].ok {
			name := strings.ReplaceAll(fmt.Sprintf("%s-%s-%t.log", v.client.name, s.name, gateway), " ", "-")
			if err := write(filepath.Join(r.logs, name), out[i].said+"\n"+tellRequests(tasks[i], requests)); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// answered tells whether the client got an answer: an agent by what it says, an
// SDK by what its driver found.
func answered(c *client, said string) bool {
	if c.plain {
		said, _, _ = strings.Cut(said, "\n--- standard error\n")
		return strings.TrimSpace(said) != ""
	}
	var v struct{ Answer string }
	return json.Unmarshal([]byte(said), &v) == nil && v.Answer != ""
}

// measure reads the delay off the requests that reached an instance: from the
// first, or the strike, to the last, tools' results aside. Beside a title's
// request it is the one with tools that counts.
func (s *harm) measure(t task, v victim, requests []seen, struck time.Time) {
	from, to := struck, struck
	for _, q := range requests {
		if !bytes.Contains(q.Body, []byte(t.marker)) || carriesResult(q.Body) || q.Time.Before(struck) || v.requests > 1 && !bytes.Contains(q.Body, []byte(`"tools"`)) {
			continue
		}
		if from.IsZero() {
			from = q.Time
		}
		to = q.Time
	}
	s.delay = to.Sub(from)
}

// strike signals the node that owns the clients' key while the streams of all
// run, and starts it again when it has ended.
func (f *fleet) strike(ctx context.Context, signal syscall.Signal, batch []victim, tasks []task) (time.Time, error) {
	for i, v := range batch {
		if err := until(ctx, 90*time.Second, v.client.name+" asks", func() bool {
			requests, err := f.seen(ctx, dialects[v.provider].name)
			if err != nil {
				return false
			}
			for _, q := range requests {
				if bytes.Contains(q.Body, []byte(tasks[i].marker)) {
					return true
				}
			}
			return false
		}); err != nil {
			return time.Time{}, err
		}
	}
	var v struct{ Owner string }
	if err := getJSON(ctx, f.admins[0]+"/api/ring/clients", &v); err != nil {
		return time.Time{}, err
	}
	for i := range f.nodes {
		if nodeName(i) != v.Owner {
			continue
		}
		p, struck := f.processes[v.Owner], time.Now()
		if err := p.cmd.Process.Signal(signal); err != nil {
			return struck, err
		}
		<-p.ended // within its drain_timeout
		return struck, f.startNode(i)
	}
	return time.Time{}, fmt.Errorf("the key's owner is %q, no node of this fleet", v.Owner)
}

// recovered waits until every instance is in use again, which takes a request,
// and until no session is left of the runs before.
func (f *fleet) recovered(ctx context.Context) error {
	if err := until(ctx, 60*time.Second, "every instance is healthy", func() bool {
		var v struct{ Instances []struct{ Healthy bool } }
		if err := getJSON(ctx, f.admins[0]+"/api/instances", &v); err != nil {
			return false
		}
		if !slices.Contains(v.Instances, struct{ Healthy bool }{false}) {
			return true
		}
		for _, d := range dialects {
			_ = post(ctx, f.front+"/v1/chat/completions", `{"model":"`+d.model+`","messages":[{"role":"user","content":"hi"}]}`) // or the next one
		}
		return false
	}); err != nil {
		return err
	}
	return until(ctx, 30*time.Second, "sessions end", func() bool {
		var v struct{ Sessions []any }
		err := getJSON(ctx, f.admins[0]+"/api/sessions", &v)
		return err == nil && len(v.Sessions) == 0
	})
}

func post(ctx context.Context, url, body string) error {
	r, err := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+clientKey)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 {
		return fmt.Errorf("%s: HTTP %d %s", url, resp.StatusCode, b)
	}
	return nil
}
