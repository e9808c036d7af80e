package gateway_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
	"github.com/llmgw/llmgw/gateway/mock"
)

// A connection that breaks before any answer may have broken on this node's own
// side: it is no reason for the others to give the instance up.
func TestAConnectionThatBreaksIsNoTruth(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 3})
	for _, m := range []string{"openai/one", "openai/two"} {
		c.Mocks[m].Script(mock.Step{CloseBeforeHeaders: true})
	}
	if r := c.Post(c.Nodes[0], "alice", ChatPath, Chat); r.Status == 200 && r.Header.Get("X-Llm-Gateway-Attempts") == "1" {
		t.Fatalf("nothing broke: %v", r.Header)
	}
	owner := c.OwnerName("alice")
	for _, in := range []string{"one", "two"} {
		for _, n := range c.Nodes {
			if n.Name() != owner && !c.Healthy(n, "openai", in) {
				t.Errorf("%s has given %s up for what %s saw", n.Name(), in, owner)
			}
		}
	}
}

// A node that was stopped finds its timers over when it runs again: that says
// nothing of the instance, and no session moves.
func TestANodeThatSleptBlamesNobody(t *testing.T) {
	c := New(t, Options{Nodes: 1, Timeout: "1s"})
	n := c.Nodes[0]
	home := c.Post(n, "alice", ChatPath, Chat).Instance()
	before := len(c.Mocks["openai/"+home].Requests())
	c.Mocks["openai/"+home].Script(mock.Step{Hang: true})
	answered := make(chan Reply, 1)
	go func() { answered <- c.Post(n, "alice", ChatPath, Chat) }()
	c.Await(awhile, "the request is with the instance", func() bool { return len(c.Mocks["openai/"+home].Requests()) > before })
	n.Lapse()
	if r := <-answered; r.Status != 200 || r.Instance() == home {
		t.Errorf("%d from %q", r.Status, r.Instance())
	}
	if !c.Healthy(n, "openai", home) {
		t.Error("the instance was silent only as long as the node")
	}
	if r := c.Post(n, "alice", ChatPath, Chat); r.Instance() != home {
		t.Errorf("the session has moved to %q", r.Instance())
	}
}

// A node that has no file or port left for a connection blames nobody, and
// calls again as soon as it has.
func TestANodeWithoutFilesBlamesNobody(t *testing.T) {
	var none atomic.Bool
	c := New(t, Options{Nodes: 1, Dial: func(ctx context.Context, _, network, address string) (net.Conn, error) {
		if none.Load() {
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("socket", syscall.EMFILE)}
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}})
	n := c.Nodes[0]
	none.Store(true)
	if r := c.Post(n, "alice", ChatPath, Chat); r.Status < 500 || r.Header.Get("X-Llm-Gateway-Attempts") != "2" {
		t.Fatalf("%d %v %s", r.Status, r.Header, r.Body)
	}
	for _, in := range []string{"one", "two"} {
		if !c.Healthy(n, "openai", in) {
			t.Errorf("%s is blamed", in)
		}
	}
	none.Store(false)
	if r := c.Post(n, "alice", ChatPath, Chat); r.Status != 200 {
		t.Errorf("%d %s", r.Status, r.Body)
	}
}

// While two live processes have one name, the later one counts for both; when it
// is gone, the earlier one goes on with what it counted.
func TestOneNameTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	const limit = 60
	s := &stalls{}
	c := New(t, Options{Nodes: 3, Log: slog.New(s), Limits: limitAll(fmt.Sprintf("requests_per_minute = %d", limit))})
	admitted := 0
	spend := func(count int) {
		for i := range count {
			if c.Post(c.Nodes[i%len(c.Nodes)], "alice", ChatPath, Chat).Status == 200 {
				admitted++
			}
		}
	}
	spend(15)
	name := c.OwnerName("alice")
	second := c.Start(name)
	c.Await(awhile, "every node knows that the name is taken twice", func() bool {
		for _, n := range c.Nodes {
			var text string
			c.Admin(n, "/api/members", &text)
			if !strings.Contains(text, `"superseded"`) {
				return false
			}
		}
		return true
	})
	spend(40)
	if admitted != 55 {
		s.check(t)
		t.Errorf("%d admitted of 55, the limit is %d", admitted, limit)
	}
	standby := c.Standby("alice")
	c.Await(awhile, "the stand-by knows", func() bool { return standby.Uses("alice").Requests.Used == 55 })
	c.Forget(second)
	second.Kill()
	c.Await(awhile, "the name is one node's again", func() bool {
		for _, n := range c.Nodes {
			var text string
			c.Admin(n, "/api/members", &text)
			if strings.Contains(text, `"superseded"`) {
				return false
			}
		}
		return true
	})
	spend(40)
	if admitted != limit {
		t.Errorf("%d admitted, the limit is %d", admitted, limit)
	}
}
