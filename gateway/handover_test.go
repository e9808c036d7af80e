package gateway_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
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

// offered is what a stream of requests came to.
type offered struct {
	mu       sync.Mutex
	admitted []time.Time
	moved    int // requests that another instance served than the first one did
	failed   []string
	refused  int
	instance map[string]string
}

func (o *offered) note(key string, sent time.Time, r Reply) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch r.Status {
	case 200:
		o.admitted = append(o.admitted, sent)
		if o.instance == nil {
			o.instance = make(map[string]string)
		}
		if first := o.instance[key]; first == "" {
			o.instance[key] = r.Instance()
		} else if first != r.Instance() {
			o.moved++
		}
	case 429:
		o.refused++
	default:
		o.failed = append(o.failed, fmt.Sprintf("%d %s", r.Status, r.Body))
	}
}

// soFar tells how many requests were admitted and refused.
func (o *offered) soFar() (admitted, refused int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.admitted), o.refused
}

// most is the largest number of admitted requests in any window.
func (o *offered) most(window time.Duration) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	slices.SortFunc(o.admitted, time.Time.Compare)
	most, from := 0, 0
	for i, at := range o.admitted {
		for at.Sub(o.admitted[from]) >= window {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// front sends requests through nodes that take them, as a load balancer would.
type front struct {
	c       *Cluster
	mu      sync.Mutex
	serving []*gateway.Node
	flying  atomic.Int64 // requests that are not answered yet
}

func newFront(c *Cluster) *front {
	return &front{c: c, serving: slices.Clone(c.Nodes)}
}

func (f *front) without(n *gateway.Node) {
	f.mu.Lock()
	f.serving = slices.DeleteFunc(f.serving, func(x *gateway.Node) bool { return x == n })
	f.mu.Unlock()
}

func (f *front) with(n *gateway.Node) {
	f.mu.Lock()
	f.serving = append(f.serving, n)
	f.mu.Unlock()
}

func (f *front) post(key, path, body string) Reply {
	f.flying.Add(1)
	defer f.flying.Add(-1)
	f.mu.Lock()
	n := f.serving[rand.IntN(len(f.serving))]
	f.mu.Unlock()
	r, err := f.try(n, key, path, body)
	if err != nil {
		return Reply{Status: -1, Body: err.Error()}
	}
	return r
}

func (f *front) try(n *gateway.Node, key, path, body string) (Reply, error) {
	resp, err := http.DefaultClient.Do(Request(n, key, path, body))
	if err != nil {
		return Reply{}, err
	}
	defer resp.Body.Close()
	return Reply{Status: resp.StatusCode, Header: resp.Header}, nil
}

// load offers requests of keys at a pace until stop, which waits for their
// answers.
func (f *front) load(keys []string, pace time.Duration) (out map[string]*offered, stop func()) {
	out = make(map[string]*offered)
	for _, k := range keys {
		out[k] = &offered{}
	}
	var wg sync.WaitGroup
	quit := make(chan struct{})
	wg.Go(func() {
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			key := keys[i%len(keys)]
			wg.Go(func() {
				sent := time.Now()
				out[key].note(key, sent, f.post(key, ChatPath, Chat))
			})
		}
	})
	return out, func() {
		close(quit)
		wg.Wait()
	}
}

// stalls counts what nodes say of peers that do not answer. On a machine that is
// so busy that live nodes do not answer for 300 ms, a key has two owners for a
// moment, as in a partition; nobody can be exact then.
type stalls struct {
	slog.Handler
	n    atomic.Int64
	dead sync.Map // names of nodes that were killed: they do not answer
}

func (s *stalls) Enabled(context.Context, slog.Level) bool { return true }

func (s *stalls) WithAttrs([]slog.Attr) slog.Handler { return s }

func (s *stalls) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "a peer does not") {
		r.Attrs(func(a slog.Attr) bool {
			if _, dead := s.dead.Load(a.Value.String()); a.Key == "peer" && !dead {
				s.n.Add(1)
			}
			return true
		})
	}
	return nil
}

// check skips what is left of a test that found too much on such a machine.
func (s *stalls) check(t *testing.T) {
	t.Helper()
	if s.n.Load() > 0 {
		t.Skip("this machine is too busy: live nodes did not answer for 300 ms")
	}
}

// excuse is the most that may be admitted: nodes that stalled count apart, as in
// a partition.
func (s *stalls) excuse(exact, limit int) int {
	if s.n.Load() > 0 {
		return 2 * limit
	}
	return exact
}

func names() []string { return []string{"alice", "bob", "carol", "dave"} }

func limitAll(lines string) map[string]string {
	m := make(map[string]string)
	for _, k := range names() {
		m[k] = lines
	}
	return m
}

func TestThreeNodesAdmitAHundredOfThreeHundred(t *testing.T) {
	s := &stalls{}
	c := New(t, Options{Nodes: 3, Log: slog.New(s), Limits: limitAll("requests_per_minute = 100")})
	offers, stop := newFront(c).load(names()[:2], 5*time.Millisecond)
	for key, o := range offers {
		c.Await(50*time.Second, "300 requests of "+key, func() bool { a, r := o.soFar(); return a+r >= 300 })
	}
	stop()
	for key, o := range offers {
		if len(o.admitted) != 100 || len(o.failed) > 0 {
			s.check(t)
			t.Errorf("%s: %d admitted of 300, the limit is 100, failed: %v", key, len(o.admitted), o.failed)
		}
	}
}

// A rolling restart under load: nothing fails, no session moves, and no key gets
// more than its limit.
func TestARollingRestartLosesNoCount(t *testing.T) {
	const limit = 60
	s := &stalls{}
	c := New(t, Options{Nodes: 3, Log: slog.New(s), Limits: limitAll(fmt.Sprintf("requests_per_minute = %d", limit))})
	f := newFront(c)
	offers, stop := f.load(names(), 10*time.Millisecond) // 25 a second and key
	for range 3 {
		n := c.Nodes[0]
		f.without(n)
		c.Forget(n)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if err := n.Stop(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		f.with(c.Start(n.Name()))
	}
	stop()
	for key, o := range offers {
		if len(o.failed) > 0 || o.moved > 0 {
			t.Errorf("%s: %d failed, %d changed instance: %v", key, len(o.failed), o.moved, o.failed)
		}
		if most := o.most(60 * time.Second); most < limit || most > s.excuse(limit, limit) {
			t.Errorf("%s: %d admitted, the limit is %d", key, most, limit)
		}
		t.Logf("%s: %d admitted, %d refused", key, len(o.admitted), o.refused)
	}
}

// An owner that dies takes at most a second of its counting with it.
func TestAKilledOwnerLosesASecondAtMost(t *testing.T) {
	t.Parallel()
	const limit, perSecond = 100, 25
	s := &stalls{}
	c := New(t, Options{Nodes: 3, Log: slog.New(s), Limits: limitAll(fmt.Sprintf("requests_per_minute = %d", limit))})
	owner := c.Owner("alice")
	f := newFront(c)
	f.without(owner) // the requests come in elsewhere
	offers, stop := f.load([]string{"alice"}, time.Second/perSecond)
	o := offers["alice"]
	c.Await(awhile, "half of the limit is used", func() bool { n, _ := o.soFar(); return n >= limit/2 })
	c.Forget(owner)
	s.dead.Store(owner.Name(), true)
	flying := f.flying.Load() // they may be with the owner
	owner.Kill()
	c.Await(awhile, "the limit is reached", func() bool { _, n := o.soFar(); return n >= 2*perSecond })
	stop()
	if most := o.most(60 * time.Second); most < limit-int(flying) || most > s.excuse(limit+perSecond, limit) {
		t.Errorf("%d admitted, the limit is %d and a second brings %d", most, limit, perSecond)
	}
	if o.moved > 0 || len(o.failed) > int(flying)+1 { // one may have come between
		t.Errorf("%d changed instance, %d were in flight, failed: %v", o.moved, flying, o.failed)
	}
	t.Logf("%d admitted of %d", o.most(60*time.Second), limit)
}

func TestAJoiningNodeTakesTheCountsOver(t *testing.T) {
	const limit = 40
	s := &stalls{}
	c := New(t, Options{Nodes: 1, Log: slog.New(s), Limits: limitAll(fmt.Sprintf("requests_per_minute = %d", limit))})
	f := newFront(c)
	offers, stop := f.load(names(), 10*time.Millisecond)
	for i := range 3 {
		f.with(c.Start(fmt.Sprintf("gw-%d", i+2)))
	}
	for key, o := range offers {
		_, before := o.soFar()
		c.Await(awhile, key+" is used up", func() bool { _, n := o.soFar(); return n >= before+10 })
	}
	stop()
	for key, o := range offers {
		if most := o.most(60 * time.Second); most < limit || most > s.excuse(limit, limit) || o.moved > 0 || len(o.failed) > 0 {
			t.Errorf("%s: %d admitted of %d, %d changed instance, failed: %v", key, most, limit, o.moved, o.failed)
		}
	}
}

func TestConcurrencyIsExactOverTheFleetAndItsLeaving(t *testing.T) {
	s := &stalls{}
	c := New(t, Options{Nodes: 3, Log: slog.New(s), Limits: limitAll("concurrent_requests = 6")})
	for _, m := range []string{"openai/one", "openai/two"} {
		c.Mocks[m].Always(&mock.Step{Tokens: 400, EventDelay: 10 * time.Millisecond})
	}
	var mu sync.Mutex
	var open []*http.Response
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			r, err := http.DefaultClient.Do(Request(c.Nodes[i%3], "alice", ChatPath, ChatStream))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if r.StatusCode == 200 {
				open = append(open, r)
			} else {
				r.Body.Close()
			}
		})
	}
	wg.Wait()
	defer func() {
		for _, r := range open {
			r.Body.Close()
		}
	}()
	if len(open) != 6 {
		s.check(t)
		t.Fatalf("%d streams run, the limit is 6", len(open))
	}
	// The owner leaves. Its streams go on, and hold their slots at the next owner.
	owner := c.Owner("alice")
	c.Forget(owner)
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- owner.Stop(ctx)
	}()
	c.Await(awhile, "the others know", func() bool { return len(c.Ring(c.Nodes[0])) == 2 && len(c.Ring(c.Nodes[1])) == 2 })
	for i := range 4 {
		if r := c.Post(c.Nodes[i%2], "alice", ChatPath, ChatStream); r.Status != 429 {
			t.Fatalf("a seventh stream was admitted while six run at the node that leaves: %d", r.Status)
		}
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	c.Await(2*time.Second, "the slots are free", func() bool {
		c.Mocks["openai/one"].Always(nil)
		c.Mocks["openai/two"].Always(nil)
		return c.Post(c.Nodes[0], "alice", ChatPath, Chat).Status == 200
	})
}

func TestTokensAndMoneySurviveTheirOwner(t *testing.T) {
	t.Parallel()
	s := &stalls{}
	c := New(t, Options{Nodes: 3, Log: slog.New(s), Extra: gptPrice, Limits: map[string]string{"alice": "tokens_per_minute = 5000", "bob": "usd_per_day = 60"}})
	for _, m := range []string{"openai/one", "openai/two"} {
		c.Mocks[m].Always(&mock.Step{Tokens: 1000})
	}
	status := func(key string) int { return c.Post(c.Nodes[rand.IntN(len(c.Nodes))], key, ChatPath, Chat).Status }
	for i := range 4 {
		if s := status("alice"); s != 200 {
			t.Fatalf("request %d: %d", i, s)
		}
	}
	if s := status("alice"); s != 429 {
		t.Fatalf("tokens: %d", s)
	}
	if s := status("bob"); s != 200 {
		t.Fatalf("money: %d", s)
	}
	refused := func(when string) {
		t.Helper()
		for range 6 {
			if a, b := status("alice"), status("bob"); a != 429 || b != 429 {
				s.check(t)
				t.Fatalf("%s: tokens %d, money %d", when, a, b)
			}
		}
	}
	refused("at the owner")
	for _, n := range c.Nodes {
		if _, err := n.Reload(); err != nil {
			t.Fatal(err)
		}
	}
	refused("after a reload")
	// Both owners die, one after the other, after a round of sharing.
	for range 2 {
		for _, key := range []string{"alice", "bob"} {
			owner, standby := c.Owner(key), c.Standby(key)
			c.Await(awhile, "the stand-by of "+key+" knows", func() bool {
				a, b := owner.Uses(key), standby.Uses(key)
				return a.Tokens.Used == b.Tokens.Used && a.Spent == b.Spent
			})
		}
		owner := c.Owner("bob")
		c.Forget(owner)
		s.dead.Store(owner.Name(), true)
		owner.Kill()
		refused("after " + owner.Name() + " died")
		if len(c.Nodes) == 2 {
			c.Await(awhile, "the ring has noticed", func() bool { return len(c.Ring(c.Nodes[0])) == 2 && len(c.Ring(c.Nodes[1])) == 2 })
		}
	}
}

// A session that a failure moved stays where it is when its owner leaves.
func TestMovedSessionsAreHandedOver(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 3, Recovery: "200ms"})
	away := map[string]string{}
	for _, m := range []string{"openai/one", "openai/two"} {
		c.Mocks[m].Down(true)
		for _, key := range names() {
			if r := c.Post(c.Nodes[0], key, ChatPath, Chat); r.Status == 200 && away[key] == "" {
				away[key] = r.Instance()
			}
		}
		c.Mocks[m].Down(false)
		for _, n := range c.Nodes {
			c.Await(awhile, m+" is healthy at "+n.Name(), func() bool {
				for _, key := range names() {
					c.Post(n, key, ChatPath, Chat)
				}
				return c.Healthy(n, "openai", strings.TrimPrefix(m, "openai/"))
			})
		}
	}
	where := map[string]string{}
	for _, key := range names() {
		where[key] = c.Post(c.Nodes[0], key, ChatPath, Chat).Instance()
	}
	for range 2 {
		n := c.Nodes[0]
		c.Forget(n)
		if err := n.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		for _, key := range names() {
			for _, x := range c.Nodes {
				if got := c.Post(x, key, ChatPath, Chat).Instance(); got != where[key] {
					t.Errorf("%s moved from %s to %s when %s left", key, where[key], got, n.Name())
				}
			}
		}
	}
}

// A node that took a key over, left, and starts again does not know what the
// key has used: until it is in the ring nobody may ask it.
func TestANodeThatStartsAgainIsNotAsked(t *testing.T) {
	const limit = 20
	s := &stalls{}
	c := New(t, Options{Nodes: 2, Log: slog.New(s), Limits: limitAll(fmt.Sprintf("requests_per_minute = %d", limit))})
	f := newFront(c)
	admitted := 0
	spend := func(key string, count int) {
		for range count {
			if f.post(key, ChatPath, Chat).Status == 200 {
				admitted++
			}
		}
	}
	third := c.Start("gw-3")
	c.Await(awhile, "all see all", func() bool { return len(c.Ring(c.Nodes[0])) == 3 && len(c.Ring(c.Nodes[1])) == 3 })
	var keys []string
	for _, key := range names() {
		if c.OwnerName(key) == third.Name() {
			keys = append(keys, key)
			spend(key, limit/2) // it asks the one who counted before
		}
	}
	if len(keys) == 0 {
		t.Fatal("the third node owns none of the keys")
	}
	c.Forget(third)
	if err := third.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	for _, key := range keys {
		spend(key, limit)
	}
	offers, stop := f.load(keys, 2*time.Millisecond)
	c.Start("gw-3")
	stop()
	more := 0
	for _, o := range offers {
		more += len(o.admitted)
	}
	if more > 0 || admitted != limit*len(keys) {
		s.check(t)
		t.Errorf("%d admitted, and %d more while the node started; %d keys have a limit of %d", admitted, more, len(keys), limit)
	}
}
