package gateway_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// A provider that refuses everything is not asked twice as often as one that
// is well.
func TestRetriesHaveABudget(t *testing.T) {
	s := newScripted(t)
	c := New(t, Options{Nodes: 1, Extra: s.blocks(1, "") + "route \"many-*\" { provider = \"openai-0\" }\n"})
	s.forever(whole(429, "application/json", `{"error":{"message":"m","type":"rate_limit_error","param":null,"code":null}}`))
	const first = 200
	began := time.Now()
	for i := range first { // a rate limit is a model's: each of these finds both instances usable
		r := c.Post(c.Nodes[0], "alice", ChatPath, fmt.Sprintf(`{"model":"many-%d","messages":[{"role":"user","content":"hi"}]}`, i))
		if r.Status != 429 {
			t.Fatalf("%d %s", r.Status, r.Body)
		}
	}
	most := first/10 + 10 + int(time.Since(began).Seconds()) + 1 // a tenth, the floor, and what comes back of it
	if again := len(s.requests()) - first; again < 10 || again > most {
		t.Errorf("%d more tries for %d requests; at most %d were expected", again, first, most)
	}
}
