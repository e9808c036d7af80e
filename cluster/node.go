package cluster

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// coalesce is how long changes are gathered before OnChange.
const coalesce = 30 * time.Millisecond

// Node is one process in the cluster. All methods may be called from any
// goroutine.
type Node struct {
	options Options
	log     *slog.Logger
	warn    *limiter
	resolve resolver
	join    []joinEntry
	address string
	view    *view
	gossip  *gossip
	kick    chan struct{} // one slot: the view changed

	list      *memberlist.Memberlist    // nil in a cluster of one
	publish   func(time.Duration) error // the list's UpdateNode
	transport *tracker

	ctx    context.Context // ends when the node closes
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	randMu sync.Mutex
	rand   *rand.Rand

	// updateMu serialises what is announced: memberlist reads the announcement
	// and numbers it in two steps, so that of two updates at once the older could
	// win.
	updateMu sync.Mutex

	mu      sync.Mutex // never held while memberlist is called
	own     announcement
	started bool
	leaving bool
	closed  bool
	done    chan struct{} // closed when Close has finished
}

// New validates the options and binds the sockets. The node asks nobody to join
// before Start, but answers others that join it. It must be closed in the end.
func New(o Options) (*Node, error) {
	n, err := prepare(o)
	if err != nil {
		return nil, err
	}
	if o.Bind == "" {
		n.view.join(n.view.self, "", n.announcement())
		n.begin()
		return n, nil
	}
	if err := n.listen(); err != nil {
		n.cancel()
		return nil, err
	}
	n.begin()
	return n, nil
}

// prepare builds the node without sockets and goroutines.
func prepare(o Options) (*Node, error) {
	n := &Node{
		options: o, log: o.Log, warn: newLimiter(), resolve: o.Resolve, rand: o.Rand,
		kick: make(chan struct{}, 1), done: make(chan struct{}),
	}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if n.resolve == nil {
		n.resolve = net.DefaultResolver.LookupHost
	}
	if n.rand == nil {
		var seed [32]byte
		crand.Read(seed[:])
		n.rand = rand.New(rand.NewChaCha8(seed))
	}
	n.own = announcement{name: o.Name, status: StatusStarting, boot: o.Now(), meta: o.Meta}
	if err := n.own.validate(); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	if o.Bind == "" && len(o.Join) > 0 {
		return nil, errors.New("cluster: join is set, but no gossip address to bind: set cluster.bind")
	}
	if o.Bind != "" && len(o.Secret) != 32 {
		return nil, fmt.Errorf("cluster: the cluster secret has %d bytes, 32 are needed: make one with llmgw keygen", len(o.Secret))
	}
	var err error
	if n.join, err = parseJoin(o.Join); err != nil {
		return nil, err
	}
	// A name for each start of the process: others then see a restart as a new
	// process at once, where a name used again is held to be the old one for up
	// to 44 s.
	id := fmt.Sprintf("%s~%08x", o.Name, n.random().Uint32())
	n.view = newView(id, o.Meta.RingVersion, n.notify)
	n.gossip = newGossip(o.State, n.log, n.warn, n.view.live)
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n, nil
}

// begin starts the goroutine that merges what arrives.
func (n *Node) begin() { n.tasks.Go(func() { n.gossip.run(n.ctx) }) }

// Start joins the cluster: it tries the join list and waits, at most about 3 s,
// until the number of members is stable, then keeps joining in the background
// for as long as the node lives, so that a split cluster heals. A join list of
// which nobody answers is logged and no error: the node is alone and goes on
// trying. Start returns early when ctx ends, with its error; the node must then
// be closed.
func (n *Node) Start(ctx context.Context) error {
	n.mu.Lock()
	switch {
	case n.closed || n.leaving:
		n.mu.Unlock()
		return ErrClosed
	case n.started:
		n.mu.Unlock()
		return errors.New("cluster: started twice")
	}
	n.started = true
	n.mu.Unlock()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(n.ctx, stop)()
	if n.list != nil && len(n.join) > 0 {
		n.settle(ctx)
	}
	n.gossip.flush(ctx)
	if err := ctx.Err(); err != nil {
		if n.ctx.Err() != nil {
			return ErrClosed
		}
		return fmt.Errorf("cluster: start: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed || n.leaving {
		return ErrClosed
	}
	n.tasks.Go(n.watch)
	if n.list != nil {
		n.tasks.Go(n.rejoin)
	}
	return nil
}

// watch tells OnChange of the members, once at the beginning and then after
// each change.
func (n *Node) watch() {
	var last []Member
	for first := true; ; first = false {
		for _, c := range n.view.takeConflicts() {
			n.log.Error("two running nodes have one name: give each its own node_name; the one that started later is in the ring",
				"name", c.name, "in_ring", c.owner, "superseded", c.superseded)
		}
		if members := n.Members(); first || !slices.Equal(members, last) {
			last = members
			if n.options.OnChange != nil {
				n.options.OnChange(slices.Clone(members))
			}
		}
		select {
		case <-n.kick:
		case <-n.ctx.Done():
			return
		}
		select {
		case <-time.After(coalesce):
		case <-n.ctx.Done():
			return
		}
	}
}

// notify wakes watch; it never blocks.
func (n *Node) notify() {
	select {
	case n.kick <- struct{}{}:
	default:
	}
}

// Members returns all nodes known, this one included, sorted by name. Those
// that left or failed are remembered for one hour or until a node of the same
// name comes.
func (n *Node) Members() []Member { return n.view.members() }

// Broadcast spreads a delta of the State to all nodes; one of the same name that
// is not sent yet is replaced. It never blocks and calls nothing back, may be
// called before Start, and keeps delta only by copy. A delta over 1199 bytes is
// counted and left to the exchanges of whole States.
func (n *Node) Broadcast(name string, delta []byte) {
	if n.list != nil {
		n.gossip.broadcast(name, delta)
	}
}

// task runs f in a goroutine that Close waits for, unless the node is closed.
func (n *Node) task(f func()) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return false
	}
	n.tasks.Go(f)
	return true
}

// Address returns the advertised gossip address, "" in a cluster of one.
func (n *Node) Address() string { return n.address }

// Conflicts returns how often two live processes had one name.
func (n *Node) Conflicts() int { return n.view.conflictCount() }

// Stats returns what the node could not carry since New.
func (n *Node) Stats() Stats {
	return Stats{
		Oversized: n.gossip.oversized.Load(), Overrun: n.gossip.overrun.Load(),
		Unreadable: n.gossip.unreadable.Load(), Unknown: n.gossip.unknown.Load(),
		Conflicts: n.Conflicts(),
	}
}

// random returns a generator of its own for the caller's goroutine.
func (n *Node) random() *rand.Rand {
	n.randMu.Lock()
	defer n.randMu.Unlock()
	return rand.New(rand.NewPCG(n.rand.Uint64(), n.rand.Uint64()))
}
