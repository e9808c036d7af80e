package cluster

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrSecret is in the errors of joins that failed because the two nodes do not
// have the same cluster secret.
var ErrSecret = errors.New("the cluster secrets differ")

// explain says what a failed join means and what to do about it. memberlist
// v0.7.0 has no typed errors for these; the tests hold its texts.
func explain(address string, err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "no installed keys could decrypt"):
		return fmt.Errorf("join %s: %w: give every node the same cluster.secret", address, ErrSecret)
	case strings.Contains(text, "encryption is not configured"):
		return fmt.Errorf("join %s: %w: that node has one, this node has none: set cluster.secret", address, ErrSecret)
	case strings.Contains(text, "encryption is configured but remote state is not encrypted"):
		return fmt.Errorf("join %s: %w: this node has one, that process has none: set cluster.secret there", address, ErrSecret)
	case errors.Is(err, io.EOF), strings.HasSuffix(strings.TrimSpace(text), "EOF"),
		strings.Contains(text, "connection reset by peer"): // it closed with bytes unread
		return fmt.Errorf("join %s: it closed the connection without an answer: that is not the gossip port (cluster.bind) of an llmgw node", address)
	case strings.Contains(text, "connection refused"):
		return fmt.Errorf("join %s: nothing listens there (yet)", address)
	}
	return fmt.Errorf("join %s: %s", address, strings.Join(strings.Fields(text), " "))
}
