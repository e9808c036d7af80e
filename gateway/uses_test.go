package gateway

import "github.com/llmgw/llmgw/gateway/limit"

// Uses is what this node knows of a key's use, as its owner or as its stand-by.
func (n *Node) Uses(key string) limit.State { return n.limits.State(key) }
