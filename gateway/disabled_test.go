package gateway_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// Operators see apart what is broken and what waits for them: an instance that
// refuses its credentials is disabled on every node, until they are read anew.
func TestAnInstanceThatRefusesItsCredentials(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 2, Extra: s.blocks(1, "")})
	chat := forms[0].in(0)
	await := func(state, gauge string) {
		t.Helper()
		for _, n := range c.Nodes {
			c.Await(5*time.Second, "both instances are "+state+" for "+n.Name(), func() bool {
				var v struct {
					Instances []struct{ Provider, Instance, State string }
				}
				var metrics string
				c.Admin(n, "/api/instances", &v)
				c.Admin(n, "/metrics", &metrics)
				found := 0
				for _, in := range v.Instances {
					shown := `llm_gateway_instance_health_status{instance="` + in.Instance + `",provider="` + in.Provider + `"} ` + gauge + "\n"
					if in.Provider == chat.provider && in.State == state && strings.Contains(metrics, shown) {
						found++
					}
				}
				return found == 2
			})
		}
	}
	s.then(whole(401, "application/json", `{"error":{"message":"m","type":"invalid_request_error"}}`), whole(403, "application/json", `{"error":{"message":"m"}}`))
	if r := c.Post(c.Nodes[0], "alice", chat.path, chat.body); r.Status != 502 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	await("disabled", "0")
	for _, n := range c.Nodes {
		if _, err := n.Reload(); err != nil {
			t.Fatal(err)
		}
	}
	await("healthy", "1")
	s.then(chat.stream(chat.prelude, chat.content, chat.end))
	if r := c.Post(c.Nodes[1], "alice", chat.path, chat.body); r.Status != 200 {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	await("healthy", "1")
}
