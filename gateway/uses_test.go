package gateway

import (
	"context"

	"github.com/llmgw/llmgw/gateway/limit"
)

// Uses is what this node knows of a key's use, as its owner or as its stand-by.
func (n *Node) Uses(key string) limit.State { return n.limits.State(key) }

// CountApart counts a request here, and takes it that a node cannot be told.
func (n *Node) CountApart(key, unreachable string) {
	n.limits.Take(key, limit.Limits{Requests: 1}, limit.Need{})
	entry := n.limits.Append(nil, key)
	n.limits.Changed() // it is not told the usual way
	n.onwards(context.Background(), unreachable, [][]byte{entry})
}
