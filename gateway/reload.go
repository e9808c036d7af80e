package gateway

import (
	"errors"
	"fmt"
	"strings"

	"github.com/llmgw/llmgw/gateway/config"
)

// Reload reads the configuration again and puts it in force as a whole, or
// refuses it as a whole and keeps the old one. Sessions, streams, health and
// connections of what did not change survive. It returns what changed, in
// plain words.
func (n *Node) Reload() ([]string, error) {
	n.reloading.Lock()
	defer n.reloading.Unlock()
	changes, err := n.reload()
	if err != nil {
		n.metrics.reloadOK.Set(0)
		n.log.Error("the new configuration is refused; the old one stays in force", "error", err)
		return nil, err
	}
	n.metrics.reloadOK.Set(1)
	n.log.Info("configuration reloaded", "changes", len(changes), "config", n.snap.Load().digest)
	return changes, nil
}

func (n *Node) reload() ([]string, error) {
	if n.load == nil {
		return nil, errors.New("this node was not started from a file: there is nothing to read again")
	}
	if n.draining.Load() {
		return nil, errors.New("this node is leaving")
	}
	next, err := n.load()
	if err != nil {
		return nil, err
	}
	old := n.snap.Load()
	if fixed := config.NeedsRestart(old.config, next); len(fixed) > 0 {
		return nil, fmt.Errorf("only a restart can change: %s", strings.Join(fixed, "; "))
	}
	s, err := newSnapshot(next, old, n.dialing, n.metrics)
	if err != nil {
		return nil, err
	}
	changes := config.Changes(old.config, next)
	n.install(s)
	if n.reloaded != nil {
		n.reloaded(next)
	}
	if n.cluster != nil {
		if err := n.cluster.SetConfigDigest(s.digest); err != nil {
			n.log.Warn("could not tell the cluster the new configuration's digest", "error", err)
		}
	}
	return changes, nil
}
