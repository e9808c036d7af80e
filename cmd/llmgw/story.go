package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/llmgw/llmgw/gateway"
)

// storyteller plays the demo's story and keeps the score.
type storyteller struct {
	*fleet
	w      world
	ctx    context.Context
	failed int
}

type reply struct {
	status   int
	header   http.Header
	body     string
	instance string
	owner    string
}

// long is a prompt that is worth caching.
var long = strings.Repeat("The quick brown fox jumps over the lazy dog. ", 200)

func story(ctx context.Context, w world, nodes int) error {
	f, err := newFleet(nodes, twoInstances, nil)
	if err != nil {
		return err
	}
	defer f.close()
	s := &storyteller{fleet: f, w: w, ctx: ctx}
	for _, chapter := range []struct {
		title string
		play  func() error
	}{
		{"a key sticks to one instance through every node, and hits its prompt cache", s.sticky},
		{"every node names the same owner for every key", s.owners},
		{"the three dialects answer through the front", s.dialects},
		{"a stream arrives event by event", s.stream},
		{"a wrong key is refused in each dialect's own form", s.wrongKey},
		{"an instance dies: the same request succeeds elsewhere, every node knows", s.instanceDies},
		{"the instance recovers and is used again", s.instanceRecovers},
		{"a node leaves under load: no request fails, no session moves", s.nodeLeaves},
		{"a node is killed: requests go on, the ring heals within 5 s", s.nodeKilled},
		{"a node joins and owns its share; sessions stay", s.nodeJoins},
		{"a reload adds a route; sessions stay", s.reload},
	} {
		began := time.Now()
		verdict, why := "PASS", ""
		if err := chapter.play(); err != nil {
			verdict, why = "FAIL", "  "+err.Error()
			s.failed++
		}
		fmt.Fprintf(w.out, "%s  %-76s %6.2fs%s\n", verdict, chapter.title, time.Since(began).Seconds(), why)
	}
	if s.failed > 0 {
		return toldError{fmt.Errorf("%d chapters failed", s.failed)}
	}
	return nil
}

func (s *storyteller) send(addr, key, path, body string) (reply, error) {
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "POST", "http://"+addr+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return reply{}, err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Anthropic-Version", "2023-06-01")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(b), resp.Header.Get("X-LLM-Gateway-Instance"), resp.Header.Get("X-LLM-Gateway-Owner")}, err
}

func chatBody(text string) string {
	return `{"model":"gpt-5","messages":[{"role":"user","content":"` + text + `"}]}`
}

func (s *storyteller) chat(addr, key string) (reply, error) {
	r, err := s.send(addr, key, "/v1/chat/completions", chatBody(long))
	if err == nil && r.status != 200 {
		err = fmt.Errorf("HTTP %d: %s", r.status, r.body)
	}
	return r, err
}

func (s *storyteller) sticky() error {
	var first reply
	for i, n := range s.nodes {
		r, err := s.chat(n.Addr(), demoKeys[0].key)
		if err != nil {
			return err
		}
		if i == 0 {
			first = r
		} else if r.instance != first.instance || r.owner != first.owner {
			return fmt.Errorf("%s/%s, then %s/%s", first.owner, first.instance, r.owner, r.instance)
		} else if strings.Contains(r.body, `"cached_tokens":0}`) {
			return fmt.Errorf("request %d missed the prompt cache", i+1)
		}
	}
	return nil
}

func (s *storyteller) owners() error {
	for _, k := range demoKeys {
		seen := map[string]bool{}
		for _, n := range s.nodes {
			var v struct{ Owner string }
			if err := s.admin(n, "/api/ring/"+k.name, &v); err != nil {
				return err
			}
			seen[v.Owner] = true
		}
		if len(seen) != 1 {
			return fmt.Errorf("%s has %d owners", k.name, len(seen))
		}
	}
	return nil
}

func (s *storyteller) admin(n *gateway.Node, path string, v any) error {
	resp, err := http.Get("http://" + n.AdminAddr() + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(v)
}

func (s *storyteller) dialects() error {
	for path, body := range map[string]string{
		"/v1/chat/completions": chatBody("hi"),
		"/v1/responses":        `{"model":"gpt-5","input":"hi"}`,
		"/v1/messages":         `{"model":"claude-sonnet-5","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}`,
		"/v1beta/models/gemini-3-pro:generateContent": `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`,
	} {
		if r, err := s.send(s.front.addr, demoKeys[1].key, path, body); err != nil || r.status != 200 {
			return fmt.Errorf("%s: HTTP %d %s %v", path, r.status, r.body, err)
		}
	}
	return nil
}

func (s *storyteller) stream() error {
	r, err := s.send(s.front.addr, demoKeys[2].key, "/v1/messages", `{"model":"claude-sonnet-5","max_tokens":16,"stream":true,"messages":[{"role":"user","content":"hi"}]}`)
	if err != nil {
		return err
	}
	if !strings.Contains(r.body, "event: message_start") || !strings.HasSuffix(strings.TrimSpace(r.body), `{"type":"message_stop"}`) {
		return fmt.Errorf("no whole stream: %q", r.body)
	}
	return nil
}

func (s *storyteller) wrongKey() error {
	for path, want := range map[string]string{"/v1/chat/completions": "invalid_api_key", "/v1/messages": "authentication_error", "/v1beta/models/gemini-3-pro:generateContent": "UNAUTHENTICATED"} {
		r, err := s.send(s.front.addr, "wrong", path, `{}`)
		if err != nil || r.status != 401 || !strings.Contains(r.body, want) {
			return fmt.Errorf("%s: HTTP %d %s %v", path, r.status, r.body, err)
		}
	}
	return nil
}

func (s *storyteller) healthy(n *gateway.Node, instance string) bool {
	var v struct {
		Instances []struct {
			Provider, Instance string
			Healthy            bool
		}
	}
	if s.admin(n, "/api/instances", &v) != nil {
		return false
	}
	for _, in := range v.Instances {
		if in.Provider == "openai" && in.Instance == instance {
			return in.Healthy
		}
	}
	return false
}

func (s *storyteller) until(most time.Duration, what string, ok func() bool) error {
	for began := time.Now(); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > most || s.ctx.Err() != nil {
			return fmt.Errorf("not within %s: %s", most, what)
		}
	}
	return nil
}

func (s *storyteller) instanceDies() error {
	key := demoKeys[0].key
	before, err := s.chat(s.nodes[0].Addr(), key)
	if err != nil {
		return err
	}
	s.mocks["openai/"+before.instance].Down(true)
	after, err := s.chat(s.nodes[1].Addr(), key)
	if err != nil {
		return err
	}
	if after.instance == before.instance || after.header.Get("X-LLM-Gateway-Attempts") != "2" {
		return fmt.Errorf("served by %s after %s attempts", after.instance, after.header.Get("X-LLM-Gateway-Attempts"))
	}
	return s.until(time.Second, "every node knows", func() bool {
		for _, n := range s.nodes {
			if s.healthy(n, before.instance) {
				return false
			}
		}
		return true
	})
}

func (s *storyteller) instanceRecovers() error {
	for _, in := range []string{"east", "west"} {
		s.mocks["openai/"+in].Down(false)
	}
	return s.until(15*time.Second, "healthy everywhere", func() bool {
		for i, k := range demoKeys {
			if _, err := s.chat(s.nodes[i%len(s.nodes)].Addr(), k.key); err != nil {
				return false
			}
		}
		for _, n := range s.nodes {
			if !s.healthy(n, "east") || !s.healthy(n, "west") {
				return false
			}
		}
		return true
	})
}

// places is where every key's session is now. It asks the provider that no
// chapter has taken an instance from: those sessions are computed, and must
// stay wherever nodes come and go. Exceptions live on their owner alone.
func (s *storyteller) places() (map[string]string, error) {
	m := map[string]string{}
	for _, k := range demoKeys {
		r, err := s.send(s.front.addr, k.key, "/v1/messages", `{"model":"claude-sonnet-5","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}`)
		if err != nil || r.status != 200 {
			return nil, fmt.Errorf("HTTP %d %s %v", r.status, r.body, err)
		}
		m[k.name] = r.instance
	}
	return m, nil
}

func (s *storyteller) sameplaces(before map[string]string) error {
	after, err := s.places()
	if err != nil {
		return err
	}
	for k, v := range before {
		if after[k] != v {
			return fmt.Errorf("%s moved from %s to %s", k, v, after[k])
		}
	}
	return nil
}

// loaded runs what happens under a light load, and counts what failed.
func (s *storyteller) loaded(during func() error) (sent, failed int64, err error) {
	var ok, bad atomic.Int64
	var last atomic.Pointer[string]
	done := make(chan struct{})
	var wg sync.WaitGroup
	for _, k := range demoKeys {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := s.chat(s.front.addr, k.key); err != nil {
					bad.Add(1)
					text := err.Error()
					last.Store(&text)
				}
				ok.Add(1)
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	err = during()
	close(done)
	wg.Wait()
	if p := last.Load(); p != nil && err == nil {
		err = errors.New(*p)
	}
	return ok.Load(), bad.Load(), err
}

func (s *storyteller) nodeLeaves() error {
	before, err := s.places()
	if err != nil {
		return err
	}
	leaver := s.nodes[len(s.nodes)-1]
	sent, failed, err := s.loaded(func() error {
		time.Sleep(200 * time.Millisecond)
		s.remove(leaver) // as a load balancer does that sees /ready at 503
		err := leaver.Stop(context.Background())
		time.Sleep(200 * time.Millisecond)
		return err
	})
	if failed > 0 || err != nil {
		return fmt.Errorf("%d of %d requests failed: %v", failed, sent, err)
	}
	return s.sameplaces(before)
}

func (s *storyteller) nodeKilled() error {
	before, err := s.places()
	if err != nil {
		return err
	}
	victim := s.nodes[len(s.nodes)-1]
	s.remove(victim)
	victim.Kill()
	if err := s.sameplaces(before); err != nil {
		return err
	}
	return s.until(5*time.Second, "the ring is whole again", func() bool { return s.ringSize() == len(s.nodes) })
}

func (s *storyteller) ringSize() int {
	var v struct{ Nodes []any }
	if s.admin(s.nodes[0], "/api/ring", &v) != nil {
		return -1
	}
	return len(v.Nodes)
}

func (s *storyteller) nodeJoins() error {
	before, err := s.places()
	if err != nil {
		return err
	}
	for range 2 {
		if _, err := s.add(); err != nil {
			return err
		}
	}
	if err := s.until(5*time.Second, "the new nodes are in the ring", func() bool { return s.ringSize() == len(s.nodes) }); err != nil {
		return err
	}
	return s.sameplaces(before)
}

func (s *storyteller) reload() error {
	before, err := s.places()
	if err != nil {
		return err
	}
	body := strings.Replace(chatBody("hi"), "gpt-5", "brand-new", 1)
	if r, err := s.send(s.front.addr, demoKeys[0].key, "/v1/chat/completions", body); err != nil || r.status != 404 {
		return fmt.Errorf("before the reload: HTTP %d %v", r.status, err)
	}
	s.mu.Lock()
	s.extra = "route \"brand-new\" {\n  provider = \"openai\"\n  model = \"gpt-5\"\n}\n"
	s.mu.Unlock()
	for _, n := range s.nodes {
		if _, err := n.Reload(); err != nil {
			return err
		}
	}
	if r, err := s.send(s.front.addr, demoKeys[0].key, "/v1/chat/completions", body); err != nil || r.status != 200 {
		return fmt.Errorf("after the reload: HTTP %d %s %v", r.status, r.body, err)
	}
	return s.sameplaces(before)
}
