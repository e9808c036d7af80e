package gateway_test

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway"
	. "github.com/llmgw/llmgw/gateway/gatewaytest"
	"github.com/llmgw/llmgw/gateway/limit"
	"github.com/llmgw/llmgw/ring"
)

const claudePrice = `
price "claude-*" {
  input  = 1000
  output = 1000
}
`

// A node whose clock is off by a day counts, rests instances and hands over as
// any other, and so does the fleet when its clock is corrected.
func TestAClockOffByADay(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	three, err := ring.New([]string{"gw-1", "gw-2", "gw-3"})
	if err != nil {
		t.Fatal(err)
	}
	owner, standby := three.Owner("alice"), three.Standby("alice")
	for _, x := range []struct {
		name string
		node string
		by   time.Duration
		kill bool
	}{
		{"the owner is ahead and leaves", owner, day, false},
		{"the stand-by is behind when the owner is killed", standby, -day, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			clockOff(t, x.node, x.by, x.kill)
		})
	}
}

func clockOff(t *testing.T, wrong string, by time.Duration, kill bool) {
	const most = 60
	var corrected atomic.Bool
	s := &stalls{}
	c := New(t, Options{
		Nodes: 3, Recovery: "300ms", Log: slog.New(s), Extra: claudePrice,
		Limits: map[string]string{"alice": "requests_per_minute = 60\nusd_per_day = 1000"},
		Now: func(node string) time.Time {
			if node == wrong && !corrected.Load() {
				return Off(time.Now(), by)
			}
			return time.Now()
		},
	})
	admitted, instance, turn := 0, "", 0
	post := func() Reply {
		turn++
		r := c.Post(c.Nodes[turn%len(c.Nodes)], "alice", MessagesPath, Messages)
		if r.Status == 200 {
			admitted, instance = admitted+1, r.Instance()
		}
		told, err := time.Parse(time.RFC3339, r.Header.Get("Anthropic-Ratelimit-Requests-Reset"))
		edge := time.Now()
		if r.Header.Get("X-Llm-Gateway-Node") == wrong && !corrected.Load() {
			edge = Off(edge, by) // the Date beside it says the same
		}
		if d := told.Sub(edge.Round(0)); err != nil || d < 50*time.Second || d > 63*time.Second {
			t.Fatalf("%d: the window is said to end in %s: %v", r.Status, d, err)
		}
		return r
	}
	home := post().Instance()

	// The session's instance fails, and is well a moment later.
	c.Mocks["anthropic/"+home].Down(true)
	post()
	c.Mocks["anthropic/"+home].Down(false)
	if instance == home {
		t.Fatal("no instance has failed")
	}
	away := instance
	for _, n := range c.Nodes {
		c.Await(awhile, "the instance is used again by "+n.Name(), func() bool {
			if r := c.Post(n, "bob", MessagesPath, Messages); r.Status != 200 {
				t.Fatalf("%d %s", r.Status, r.Body)
			}
			c.Post(n, "carol", MessagesPath, Messages)
			c.Post(n, "dave", MessagesPath, Messages)
			return c.Healthy(n, "anthropic", home)
		})
	}
	for admitted < 40 {
		if r := post(); r.Status != 200 || r.Instance() != away {
			t.Fatalf("request %d: %d from %q, the session is at %q: %s", admitted, r.Status, r.Instance(), away, r.Body)
		}
	}

	gone, heir := c.Owner("alice"), c.Standby("alice")
	c.Await(awhile, "the stand-by knows", func() bool {
		a, b := gone.Uses("alice"), heir.Uses("alice")
		return a.Requests.Used == b.Requests.Used && a.Spent == b.Spent && a.Spent > 0
	})
	spent := gone.Uses("alice").Spent
	c.Forget(gone)
	if kill {
		s.dead.Store(gone.Name(), true)
		gone.Kill()
	} else if err := gone.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	for range 40 {
		if r := post(); r.Status == 200 && r.Instance() != away {
			s.check(t)
			t.Fatalf("the session has moved to %q", r.Instance())
		}
	}
	if admitted != most {
		s.check(t)
		t.Errorf("%d admitted, the limit is %d", admitted, most)
	}

	corrected.Store(true)
	c.Start(gone.Name()) // at once: a killed one is not yet known as dead
	c.Await(awhile, "the ring is whole", func() bool {
		for _, n := range c.Nodes {
			if len(c.Ring(n)) != 3 || c.OwnerName("alice") != gone.Name() {
				return false
			}
		}
		return true
	})
	for range 9 {
		if r := post(); r.Status != 429 {
			t.Errorf("the clock is right again, and more than the limit is admitted: %d", r.Status)
		}
	}
	back := c.Owner("alice")
	checkDay(t, back, spent)
	var v struct {
		Sessions []struct {
			APIKey      string    `json:"api_key"`
			LastRequest time.Time `json:"last_request"`
		}
	}
	c.Admin(back, "/api/sessions", &v)
	for _, x := range v.Sessions {
		if age := time.Since(x.LastRequest); age < -time.Second || age > time.Minute {
			t.Errorf("%s's session was used %s ago", x.APIKey, age)
		}
	}
}

func checkDay(t *testing.T, n *gateway.Node, least limit.Money) {
	t.Helper()
	u := n.Uses("alice")
	midnight := time.Until(time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour))
	if u.Spent < least || u.DayLeft < midnight-5*time.Second || u.DayLeft > midnight+5*time.Second {
		t.Errorf("%f USD spent, at least %f were; forgotten in %s, midnight is in %s", u.Spent.USD(), least.USD(), u.DayLeft, midnight)
	}
}
