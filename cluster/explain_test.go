package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"strings"
	"testing"
)

// The texts are memberlist's own; real_test.go has the first from a real node.
func TestExplain(t *testing.T) {
	for _, c := range []struct {
		err    error
		secret bool
		want   string
	}{
		{errors.New("1 error occurred:\n\t* failed to join 10.0.0.1:7946: no installed keys could decrypt the message\n\n"), true, "give every node the same cluster.secret"},
		{errors.New("failed to join 10.0.0.1:7946: remote state is encrypted and encryption is not configured"), true, "this node has none: set cluster.secret"},
		{errors.New("failed to join 10.0.0.1:7946: encryption is configured but remote state is not encrypted"), true, "set cluster.secret there"},
		{errors.New("1 error occurred:\n\t* failed to join 10.0.0.1:7946: EOF\n\n"), false, "not the gossip port (cluster.bind) of an llmgw node"},
		{errors.New("failed to join 127.0.0.1:46851: read tcp 127.0.0.1:48034->127.0.0.1:46851: read: connection reset by peer"), false, "not the gossip port"},
		{fmt.Errorf("join: %w", io.EOF), false, "not the gossip port"},
		{errors.New("dial tcp 10.0.0.1:7946: connect: connection refused"), false, "nothing listens there"},
		{errors.New("1 error occurred:\n\t* something else\n\n"), false, "1 error occurred: * something else"},
	} {
		got := explain("10.0.0.1:7946", c.err)
		if !strings.Contains(got.Error(), c.want) || !strings.HasPrefix(got.Error(), "join 10.0.0.1:7946: ") || errors.Is(got, ErrSecret) != c.secret || strings.Contains(got.Error(), "\n") {
			t.Errorf("%q became %q", c.err, got)
		}
	}
}

func TestBridge(t *testing.T) {
	var out bytes.Buffer
	var unanswered []string
	b := &bridge{
		log:  slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})),
		warn: newLimiter(), unanswered: func(id string) { unanswered = append(unanswered, id) },
	}
	l := log.New(b, "", 0)
	l.Printf("[DEBUG] memberlist: Stream connection from=10.0.0.1:5")
	l.Printf("[INFO] memberlist: Suspect %s has failed, no acks received", "gw-1~00000001")
	l.Printf("[INFO] memberlist: Suspect nothing else")
	if out.Len() != 0 || len(unanswered) != 1 || unanswered[0] != "gw-1~00000001" {
		t.Errorf("log %s, unanswered %q", &out, unanswered)
	}
	for range 3 {
		l.Printf("[WARN] memberlist: Was able to connect to gw-1~00000001 over TCP but UDP probes failed, network may be misconfigured")
		l.Printf("[ERR] memberlist: Decrypt packet failed: no installed keys could decrypt the message from=10.0.0.1:7946")
		l.Printf("[ERR] memberlist: failed to receive: no installed keys could decrypt the message from=10.0.0.2:7946")
		l.Printf("[ERR] memberlist: Conflicting address for gw-1~00000001. Mine: 10.0.0.1:7946 Theirs: 10.0.0.2:7946 Old state: 0")
	}
	for _, want := range []string{"open the gossip port for UDP too", "gossip arrives that this node's cluster secret cannot decrypt", "a node connects whose gossip", "two nodes claim one process name"} {
		if got := strings.Count(out.String(), want); got != 1 {
			t.Errorf("%q is logged %d times in\n%s", want, got, &out)
		}
	}
	if strings.Count(out.String(), "level=WARN") != 4 || !strings.Contains(out.String(), "10.0.0.2:7946") {
		t.Errorf("log:\n%s", &out)
	}
}
