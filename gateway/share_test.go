package gateway_test

import (
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// A node whose way to an owner is broken is heard by way of a third one.
func TestCountsGoRoundABrokenLink(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 3, Limits: map[string]string{"alice": "requests_per_minute = 100"}})
	owner, standby := c.Owner("alice"), c.Standby("alice")
	for _, n := range c.Nodes {
		if n == owner || n == standby {
			continue
		}
		n.CountApart("alice", owner.Name())
		for _, x := range []string{"owner", "stand-by"} {
			c.Await(awhile, "the "+x+" knows", func() bool {
				if x == "owner" {
					return owner.Uses("alice").Requests.Used == 1
				}
				return standby.Uses("alice").Requests.Used == 1
			})
		}
	}
}
