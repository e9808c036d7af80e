// Package cluster keeps the membership of a cluster of llmgw nodes and carries
// small shared facts between them by gossip.
//
// It wraps github.com/hashicorp/memberlist and closes its gaps: processes have
// unique names, so that a restart is known at once; a split cluster is joined
// again after any time; a node that is alive twice is told; membership comes as
// whole lists, coalesced, from one goroutine. The package knows nothing of
// rings, HTTP or health: who places keys takes the members that are Serving,
// who shares facts gives a State. DESIGN.md beside this file has the wire and
// the trade-offs.
package cluster

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// State is what the nodes share. Its Merge must commute, repeat harmlessly and
// expire by itself: messages arrive late, doubled, out of order, or not at all.
type State interface {
	// MarshalBinary returns everything; it is exchanged when a node joins and
	// every 15 s between two random nodes. It is called from memberlist's
	// goroutines and must be quick.
	MarshalBinary() ([]byte, error)

	// Merge takes in a delta or a whole State of another node; it may keep b. It
	// calls relay for each piece that was news, so that the piece spreads on:
	// memberlist itself does not pass messages on. Calls come one at a time, from
	// one goroutine; while a call lasts, messages wait, and are dropped beyond
	// 1024 (the next exchange of states repairs that).
	Merge(b []byte, relay func(name string, delta []byte)) error
}

// Meta is what a node tells about itself; it travels with its membership. All
// of it together must fit into 512 bytes.
type Meta struct {
	PeerAddress  string // host:port of the listener for forwarded requests
	APIAddress   string // host:port of the public listener
	Version      string // of the program
	ConfigDigest string // short digest of the configuration
	RingVersion  int    // layout of the ring, 0 to 65535; nodes of another one are not Serving
}

// Status is what a node announces of itself.
type Status string

// A node goes from starting to active to draining, never back.
const (
	StatusStarting Status = "starting"
	StatusActive   Status = "active"
	StatusDraining Status = "draining"
)

// The values of Member.State. Suspect means that this node's own probe of the
// member, direct, through others and by TCP, went unanswered; what other nodes
// suspect is not visible here. A suspect is still a member.
const (
	StateAlive   = "alive"
	StateSuspect = "suspect"
	StateLeft    = "left"   // it announced that it would go
	StateFailed  = "failed" // it stopped answering
)

// Member is one node as this node sees it. Members are comparable by ==.
type Member struct {
	Name    string // stable node name
	Address string // gossip address
	Meta
	State      string    // StateAlive, StateSuspect, StateLeft or StateFailed
	Status     Status    // as announced last; "" when what it announced cannot be read
	Serving    bool      // belongs in the ring: here, active, the same ring version, not superseded
	Started    time.Time // when the process started, by its own clock
	Self       bool
	Superseded bool // another live process, started later, has the same name
}

// Options are the settings of a node.
type Options struct {
	// Name is the stable name of the node, distinct in the cluster.
	Name string

	// Bind is the gossip address, host:port, TCP and UDP; port 0 takes a free
	// one. "" makes a cluster of one: the same methods, no sockets.
	Bind string

	// Advertise is the address that others reach this node at, host or
	// host:port; a name is looked up once. Default: the bound address, and where
	// that is 0.0.0.0 the first private, else the first public address of the
	// host.
	Advertise string

	// Join lists gossip addresses of nodes, "host:port" or "dns+host:port"; every
	// address of a name counts, names are looked up anew at every try.
	Join []string

	// Secret is the cluster secret, 32 bytes; the gossip key is derived of it.
	Secret []byte

	Meta  Meta
	State State // nil: nothing is shared

	// OnChange gets the members after each change, coalesced over 30 ms, and once
	// after Start. It is called from one goroutine, never concurrently. It must
	// not call Leave or Close, which wait for it.
	OnChange func([]Member)

	Log     *slog.Logger // nil: nothing is logged
	Network Network      // nil: real sockets

	// Resolve looks up the addresses of a host; nil: net.DefaultResolver.
	Resolve func(ctx context.Context, host string) ([]string, error)

	// Now is the clock that tells when the node booted; nil: time.Now.
	Now func() time.Time

	// Rand makes the name of the process and the jitter of the rejoin loop; nil:
	// seeded from crypto/rand. It is not used elsewhere while the node lives.
	Rand *rand.Rand
}

// Stats counts what a node could not carry.
type Stats struct {
	Oversized  uint64 // broadcasts over 1200 bytes, refused
	Overrun    uint64 // messages dropped because Merge was too slow
	Unreadable uint64 // messages that Merge refused
	Unknown    uint64 // messages of a kind or version that this node does not know
	Conflicts  int    // two live processes with one name
}

// ErrClosed is returned by methods of a node that has left or was closed.
var ErrClosed = errors.New("cluster: the node has left or is closed")
