package gateway_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
	"github.com/llmgw/llmgw/gateway/mock"
)

// A peer that the cluster takes for failed says nothing: whoever waits for its
// answer is served elsewhere, and a stream that had begun ends with an error.
func TestWhatIsUnderWayAtALostPeer(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 3, Timeout: "60s", Extra: strings.NewReplacer(`"500ms"`, `"30s"`, `"2s"`, `"30s"`).Replace(s.blocks(1, ""))})
	edge, owner := c.NonOwner("alice"), c.Owner("alice")
	f := forms[0].in(0)
	s.then(func(w http.ResponseWriter, r *http.Request) {
		f.stream(f.prelude, f.content)(w, r)
		<-r.Context().Done()
	})
	stream, err := http.DefaultClient.Do(Request(edge, "alice", f.path, f.body))
	if err != nil || stream.StatusCode != 200 {
		t.Fatalf("%v %v", stream, err)
	}
	defer stream.Body.Close()
	for _, m := range []string{"openai/one", "openai/two"} {
		c.Mocks[m].Always(&mock.Step{Hang: true})
	}
	answered := make(chan Reply, 1)
	go func() { answered <- c.Post(edge, "alice", ChatPath, Chat) }()
	seen := func() int { return len(c.Mocks["openai/one"].Requests()) + len(c.Mocks["openai/two"].Requests()) }
	c.Await(awhile, "the request is with a provider", func() bool { return seen() == 1 })
	for _, m := range []string{"openai/one", "openai/two"} {
		c.Mocks[m].Always(nil)
	}
	edge.Lose(owner.Name())
	select {
	case r := <-answered:
		if r.Status != 200 || r.Header.Get("X-Llm-Gateway-Owner") == owner.Name() {
			t.Errorf("%d by %s: %s", r.Status, r.Header.Get("X-Llm-Gateway-Owner"), r.Body)
		}
	case <-time.After(awhile):
		t.Error("the request still waits for the lost peer")
	}
	body, err := io.ReadAll(stream.Body)
	if err != nil || !strings.Contains(string(body), "error") || strings.Contains(string(body), "[DONE]") {
		t.Errorf("the stream ends with %q, %v", tail(string(body)), err)
	}
}

// A connection that breaks before any answer may have broken on this node's own
// side: it is no reason for the others to give the instance up.
func TestAConnectionThatBreaksIsNoTruth(t *testing.T) {
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

// While two live processes have one name, the later one counts for both; when it
// is gone, the earlier one goes on with what it counted.
func TestOneNameTwiceCountsOnce(t *testing.T) {
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
	c.Await(10*time.Second, "every node knows that the name is taken twice", func() bool {
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
	s.check(t)
	if admitted != 55 {
		t.Errorf("%d admitted of 55, the limit is %d", admitted, limit)
	}
	standby := c.Standby("alice")
	c.Await(2*time.Second, "the stand-by knows", func() bool { return standby.Uses("alice").Requests.Used == 55 })
	c.Forget(second)
	second.Kill()
	c.Await(15*time.Second, "the name is one node's again", func() bool {
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
