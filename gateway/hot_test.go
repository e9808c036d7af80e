package gateway_test

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// One key that brings all of a fleet's traffic is served where the requests
// come in; its owner decides, exactly, and its sessions stay where they are.
func TestAHotKeysWorkSpreads(t *testing.T) {
	for name, also := range map[string]string{"lent one by one": "concurrent_requests = 40", "lent ahead": "tokens_per_minute = 2000000"} {
		t.Run(name, func(t *testing.T) { hotKey(t, also) })
	}
}

func hotKey(t *testing.T, also string) {
	const limit = 900
	s := &stalls{}
	c := New(t, Options{Nodes: 3, Log: slog.New(s), Limits: map[string]string{"alice": fmt.Sprintf("requests_per_minute = %d\n%s", limit, also)}})
	owner := c.OwnerName("alice")
	var o offered
	var wg sync.WaitGroup
	tick := time.NewTicker(4 * time.Millisecond)
	defer tick.Stop()
	owners := map[string]int{}
	var mu sync.Mutex
	for i := range 1100 {
		<-tick.C
		wg.Go(func() {
			sent := time.Now()
			r := c.Post(c.Nodes[i%3], "alice", ChatPath, Chat)
			o.note("alice", sent, r)
			mu.Lock()
			owners[r.Header.Get("X-Llm-Gateway-Owner")]++
			mu.Unlock()
		})
	}
	wg.Wait()
	s.check(t)
	if most := o.most(60 * time.Second); most > limit || most < limit-50 || len(o.failed) > 0 || o.moved > 0 {
		t.Errorf("%d admitted of %d, %d moved, failed: %v", most, limit, o.moved, o.failed)
	}
	if len(owners) != 1 || owners[owner] == 0 {
		t.Errorf("the owner is %s, the answers name %v", owner, owners)
	}
	served := map[string]int{}
	for _, r := range c.Records()[500:] {
		if r.Status == 200 {
			served[r.Owner]++
		}
	}
	t.Logf("served after the first 500: %v", served)
	for _, n := range c.Nodes {
		if served[n.Name()] < 50 {
			t.Errorf("%s served %d; the owner %s did the others' work", n.Name(), served[n.Name()], owner)
		}
	}
	c.Await(awhile, "nothing runs", func() bool { return c.Owner("alice").Uses("alice").Flying == 0 })
	if used := c.Owner("alice").Uses("alice").Requests.Used; used != int64(o.most(60*time.Second)) {
		t.Errorf("%d are counted, %d were admitted", used, o.most(60*time.Second))
	}
}
