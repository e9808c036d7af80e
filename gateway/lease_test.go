package gateway_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// sticky_by conversation: one key's conversations use all instances, each
// conversation always the same one, through any node.
func TestConversationsOfOneKeySpread(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 3, Provider: `sticky_by = ["conversation", "api_key"]`})
	where := map[string]string{}
	used := map[string]int{}
	for i := range 60 {
		conversation := fmt.Sprint("conversation-", i%20)
		r := Request(c.Nodes[i%3], "alice", ChatPath, Chat)
		r.Header.Set("X-Session-Id", conversation)
		got := c.Do(r).Instance()
		if first := where[conversation]; first == "" {
			where[conversation] = got
			used[got]++
		} else if first != got {
			t.Errorf("%s moved from %s to %s", conversation, first, got)
		}
	}
	if len(used) != 2 || used["one"] < 4 || used["two"] < 4 {
		t.Errorf("20 conversations on two instances: %v", used)
	}
}

func replaceKey(source, from, to string) string {
	return strings.Replace(source, fmt.Sprintf("api_key %q", from), fmt.Sprintf("api_key %q", to), 1)
}

// An owner whose configuration does not have the key refuses it: its stand-by
// goes on with what was counted, and gives it back.
func TestAnOwnerWithoutTheKeyIsStoodInFor(t *testing.T) {
	t.Parallel()
	const limit = 20
	c := New(t, Options{Nodes: 3, Limits: limitAll(fmt.Sprintf("requests_per_minute = %d", limit))})
	owner := c.Owner("alice")
	for range limit / 2 {
		if r := c.Post(c.Nodes[0], "alice", ChatPath, Chat); r.Status != 200 {
			t.Fatalf("%d %s", r.Status, r.Body)
		}
	}
	standby := c.Standby("alice")
	c.Await(awhile, "the stand-by knows", func() bool { return standby.Uses("alice").Requests.Used == limit/2 })
	c.Edit(owner.Name(), func(s string) string { return replaceKey(s, "alice", "somebody") })
	if _, err := owner.Reload(); err != nil {
		t.Fatal(err)
	}
	admitted := 0
	for i := range 3 * limit {
		n := c.Nodes[i%3]
		if n == owner {
			continue
		}
		if c.Post(n, "alice", ChatPath, Chat).Status == 200 {
			admitted++
		}
	}
	if admitted != limit/2 {
		t.Errorf("the stand-by admitted %d of the %d that were left", admitted, limit/2)
	}
	// The key comes back, with what was used meanwhile.
	c.Edit(owner.Name(), func(s string) string { return replaceKey(s, "somebody", "alice") })
	if _, err := owner.Reload(); err != nil {
		t.Fatal(err)
	}
	c.Await(awhile, "the owner knows", func() bool { return owner.Uses("alice").Requests.Used == limit })
	if r := c.Post(owner, "alice", ChatPath, Chat); r.Status != 429 {
		t.Errorf("%d %s", r.Status, r.Body)
	}
}
