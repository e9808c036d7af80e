package gateway_test

import (
	"net"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// An owner that takes connections and says nothing costs a client the patience
// of one node, not of each node that asks it.
func TestASilentOwnerIsWaitedForOnce(t *testing.T) {
	const patience = 300 * time.Millisecond
	c := New(t, Options{Nodes: 3, Limits: map[string]string{"alice": "requests_per_minute = 100"}})
	owner, standby := c.Owner("alice"), c.Standby("alice")
	addr := owner.PeerAddr()
	c.Forget(owner)
	owner.Kill()
	silent, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skip("another process has taken the port: ", err)
	}
	defer silent.Close()
	edge := c.Nodes[0]
	if edge == standby {
		edge = c.Nodes[1]
	}
	began := time.Now()
	r := c.Post(edge, "alice", ChatPath, Chat)
	took := time.Since(began)
	if by := r.Header.Get("X-Llm-Gateway-Owner"); r.Status != 200 || by != standby.Name() {
		t.Fatalf("%d by %q, the stand-by is %s: %s", r.Status, by, standby.Name(), r.Body)
	}
	if took < patience || took > 2*patience-20*time.Millisecond {
		t.Errorf("answered after %s: a node's patience is %s", took, patience)
	}
	t.Log(took)
}
