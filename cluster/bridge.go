package cluster

import (
	"context"
	"log/slog"
	"strings"
)

// bridge takes memberlist's own log lines: debug for all, and a warning in our
// words, once a minute a kind, for those that an operator can act on. It also
// reads the one fact there that memberlist has no callback for: which member
// did not answer this node's probe.
type bridge struct {
	log        *slog.Logger
	warn       *limiter
	unanswered func(id string)
}

// notices are the lines worth a warning: a part of memberlist v0.7.0's text, and
// what it means.
var notices = []struct{ part, text string }{
	{"Conflicting address for", "two nodes claim one process name at different addresses"},
	{"over TCP but UDP probes failed", "a member answers over TCP but not over UDP: open the gossip port for UDP too, or membership and health changes spread slowly"},
	{"Decrypt packet failed", "gossip arrives that this node's cluster secret cannot decrypt: a node there has another cluster.secret"},
	{"o installed keys could decrypt", "a node connects whose gossip this node's cluster secret cannot decrypt: it has another cluster.secret"},
	{"encryption is configured but remote state is not encrypted", "a process without a cluster secret connects to the gossip port"},
	{"with unacceptable label", "gossip arrives from a process that is no llmgw node: is its list of members or a reused address wrong?"},
	{"Too many pending push/pull requests", "more nodes exchange states with this one than it takes at once"},
	{"handler queue full", "membership messages arrive faster than they can be handled; some were dropped"},
	{"state size is", "a node sends more state than the limit allows"},
}

const suspectLine = "[INFO] memberlist: Suspect "

// Write takes one line of memberlist's logger. It is called with memberlist's
// locks held.
func (b *bridge) Write(p []byte) (int, error) {
	line := strings.TrimSuffix(string(p), "\n")
	if rest, ok := strings.CutPrefix(line, suspectLine); ok {
		if id, ok := strings.CutSuffix(rest, " has failed, no acks received"); ok {
			b.unanswered(id)
		}
	}
	b.log.LogAttrs(context.Background(), slog.LevelDebug, "memberlist", slog.String("line", line))
	for _, n := range notices {
		if strings.Contains(line, n.part) {
			b.warn.do(n.part, func(more int) {
				b.log.Warn(n.text, "memberlist", line, "more", more)
			})
			break
		}
	}
	return len(p), nil
}
