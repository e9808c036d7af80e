package cluster_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/llmgw/llmgw/cluster/clustertest"
)

func TestJoinLeaveCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clustertest.New(t, 3, nil)
		t.Logf("crash of one of 3 known after %v", func() time.Duration { c.Crash("gw-3"); return c.WaitView(2, 5*time.Second) }())
	})
}
