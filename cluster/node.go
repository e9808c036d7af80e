package cluster

import (
	"context"
	"crypto/hkdf"
	crand "crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// Settings of memberlist. Measured in virtual time: a crash is known to all of 3
// nodes after 2.2 s (97 %: 2.6 s), to all of 50 after 3.5 s (97 %: 4.5 s); with a
// probe interval of 500 ms it would be 2.8 and 4.4 s (3.4 and 5.9 s). A node that
// stands still for less than 1.6 s is not given up.
//
// retransmitMult is twice memberlist's default: with 4, every node of 5 to 9
// sends a message 4 times, and a given node hears of it from nobody in 1 % of
// all cases; with 8 it is 0.02 %.
const (
	label             = "llmgw"
	probeInterval     = 400 * time.Millisecond
	probeTimeout      = 200 * time.Millisecond
	suspicionMult     = 4
	suspicionMaxMult  = 3
	gossipInterval    = 100 * time.Millisecond
	gossipNodes       = 3
	retransmitMult    = 8
	pushPullInterval  = 15 * time.Second
	packetSize        = 1400
	streamTimeout     = 5 * time.Second
	updateTimeout     = 2 * time.Second
	delegateVersion   = 1
	coalesce          = 30 * time.Millisecond
	lingerAfterLeave  = time.Second
	defaultLeaveLimit = 3 * time.Second
)

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

	list      *memberlist.Memberlist // nil in a cluster of one
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

// New validates the options and binds the sockets. Nothing is joined, and no
// state is exchanged, until Start; but a node that binds answers others.
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
	if n.resolve == nil {
		n.resolve = net.DefaultResolver.LookupHost
	}
	if n.rand == nil {
		var seed [32]byte
		crand.Read(seed[:])
		n.rand = rand.New(rand.NewChaCha8(seed))
	}
	n.own = announcement{name: o.Name, status: StatusStarting, boot: time.Now(), meta: o.Meta}
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

// listen binds the sockets and creates the memberlist on them.
func (n *Node) listen() error {
	bind, err := bindAddress(n.ctx, n.resolve, n.options.Bind)
	if err != nil {
		return err
	}
	network := n.options.Network
	if network == nil {
		network = sockets{}
	}
	logger := log.New(&bridge{log: n.log, warn: n.warn, unanswered: n.view.unanswered}, "", 0)
	inner, bound, err := network.Listen(bind, logger)
	if err != nil {
		return fmt.Errorf("cluster: bind the gossip address %s: %w", bind, err)
	}
	told, err := n.advertise(bound)
	if err != nil {
		shutdownUnused(inner)
		return err
	}
	n.address = told.addr.String()
	n.transport = track(inner, told.addr)
	key, err := gossipKey(n.options.Secret)
	if err != nil {
		shutdownUnused(n.transport)
		return err
	}
	n.list, err = memberlist.Create(n.config(told.addr, key, logger))
	if err != nil {
		shutdownUnused(n.transport)
		return fmt.Errorf("cluster: start the gossip: %w", err)
	}
	n.log.Info("gossip is bound", "bind", bound.String(), "advertised", n.address, "because", told.why, "process", n.view.self)
	return nil
}

func (n *Node) advertise(bound netip.AddrPort) (advertised, error) {
	told, err := advertiseAddress(n.ctx, n.resolve, n.options.Advertise, bound, hostAddresses)
	if err != nil {
		return told, err
	}
	return told, checkRoutable(n.ctx, n.resolve, told.addr, n.join)
}

// shutdownUnused closes a transport that no memberlist reads from; packets that
// have arrived would block its Shutdown.
func shutdownUnused(t Transport) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.Shutdown()
	}()
	for {
		select {
		case <-t.PacketCh():
		case c := <-t.StreamCh():
			c.Close()
		case <-done:
			return
		}
	}
}

func gossipKey(secret []byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "llmgw gossip", 32)
	if err != nil {
		return nil, fmt.Errorf("cluster: derive the gossip key: %w", err)
	}
	return key, nil
}

func (n *Node) config(told netip.AddrPort, key []byte, logger *log.Logger) *memberlist.Config {
	c := memberlist.DefaultLANConfig()
	d := delegate{view: n.view, gossip: n.gossip, meta: n.announcement}
	c.Name, c.Label, c.SecretKey = n.view.self, label, key
	c.Transport, c.Logger = n.transport, logger
	// Both, always: with only the address set memberlist advertises port 7946.
	c.AdvertiseAddr, c.AdvertisePort = told.Addr().String(), int(told.Port())
	c.BindAddr, c.BindPort = c.AdvertiseAddr, c.AdvertisePort
	c.Delegate, c.Events, c.Conflict, c.Ping = d, d, d, d
	c.DelegateProtocolMin, c.DelegateProtocolMax, c.DelegateProtocolVersion = delegateVersion, delegateVersion, delegateVersion
	c.ProbeInterval, c.ProbeTimeout = probeInterval, probeTimeout
	c.SuspicionMult, c.SuspicionMaxTimeoutMult = suspicionMult, suspicionMaxMult
	c.GossipInterval, c.GossipNodes, c.RetransmitMult = gossipInterval, gossipNodes, retransmitMult
	c.PushPullInterval, c.TCPTimeout = pushPullInterval, streamTimeout
	c.UDPBufferSize, c.EnableCompression = packetSize, false
	c.DeadNodeReclaimTime = 0 // names are never used again
	return c
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

// announcement encodes what this process tells about itself. It was validated
// when it was set.
func (n *Node) announcement() []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.own.encode()
}

// Activate announces that the node takes part: it is now in the rings of those
// that hear it. It returns when the announcement was sent, or after 2 s.
func (n *Node) Activate() error { return n.setStatus(StatusActive) }

// Drain announces that the node will go: it is out of the rings and still a
// member. It returns when the announcement was sent, or after 2 s.
func (n *Node) Drain() error { return n.setStatus(StatusDraining) }

func (n *Node) setStatus(s Status) error {
	return n.update(func(a *announcement) error {
		if a.status == StatusDraining && s == StatusActive {
			return errors.New("cluster: a draining node cannot become active again")
		}
		a.status = s
		return nil
	})
}

// SetConfigDigest announces another configuration. It returns when the
// announcement was sent, or after 2 s.
func (n *Node) SetConfigDigest(d string) error {
	return n.update(func(a *announcement) error {
		a.meta.ConfigDigest = d
		return nil
	})
}

// update changes the announcement and spreads it.
func (n *Node) update(change func(*announcement) error) error {
	n.updateMu.Lock()
	defer n.updateMu.Unlock()
	n.mu.Lock()
	if n.closed || n.leaving {
		n.mu.Unlock()
		return ErrClosed
	}
	next := n.own
	if err := change(&next); err != nil {
		n.mu.Unlock()
		return err
	}
	if err := next.validate(); err != nil {
		n.mu.Unlock()
		return fmt.Errorf("cluster: %w", err)
	}
	same := next == n.own
	n.own = next
	n.mu.Unlock()
	if !same {
		n.spread(updateTimeout)
	}
	return nil
}

// spread tells the others what this process announces now; callers hold
// updateMu. A timeout is no error: the announcement stays queued, and exchanges
// of states carry it too.
func (n *Node) spread(limit time.Duration) {
	if n.list == nil {
		n.view.join(n.view.self, "", n.announcement())
		return
	}
	if err := n.list.UpdateNode(limit); err != nil {
		n.log.Debug("the node's announcement is not sent yet", "error", err)
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

// Leave tells the others that the node goes, for as long as ctx allows (3 s if
// it has no deadline), keeps answering them for up to 1 s more, and closes the
// node. Its error says that the others may not know yet; the node is closed in
// any case.
func (n *Node) Leave(ctx context.Context) error {
	n.mu.Lock()
	if n.closed || n.leaving {
		n.mu.Unlock()
		select { // of two calls the first does the work
		case <-n.done:
		case <-ctx.Done():
		}
		return n.Close()
	}
	n.leaving = true
	n.mu.Unlock()
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultLeaveLimit)
		defer cancel()
	}
	var err error
	if n.list != nil {
		err = n.sayGoodbye(ctx)
	}
	return errors.Join(err, n.Close())
}

// sayGoodbye announces draining, because memberlist does not tell others
// whether a node left or died, then leaves and lingers.
func (n *Node) sayGoodbye(ctx context.Context) error {
	told := make(chan error, 1)
	if !n.task(func() { told <- n.goodbye(ctx) }) {
		return ErrClosed
	}
	select {
	case err := <-told:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return fmt.Errorf("cluster: leave: %w", ctx.Err())
	}
	select {
	case <-time.After(lingerAfterLeave):
	case <-ctx.Done(): // the others know; lingering is only a courtesy
	case <-n.ctx.Done():
	}
	return nil
}

func (n *Node) goodbye(ctx context.Context) error {
	n.updateMu.Lock()
	defer n.updateMu.Unlock()
	n.mu.Lock()
	drained := n.own.status == StatusDraining
	n.own.status = StatusDraining
	n.mu.Unlock()
	if limit := remaining(ctx); !drained && limit > 0 {
		n.spread(min(limit, updateTimeout))
	}
	limit := remaining(ctx)
	if limit <= 0 || n.ctx.Err() != nil {
		return fmt.Errorf("cluster: leave: %w", context.DeadlineExceeded)
	}
	if err := n.list.Leave(limit); err != nil {
		return fmt.Errorf("cluster: leave: %w", err)
	}
	return nil
}

// remaining is the time until ctx ends, at most 0 when it has ended.
func remaining(ctx context.Context) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	deadline, _ := ctx.Deadline()
	return time.Until(deadline)
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

// Close closes the sockets without telling the others, who find out within
// seconds, and waits for every goroutine of the node. It may be called more than
// once. Timers of memberlist that are under way run out by themselves within a
// few seconds, without effect.
func (n *Node) Close() error {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		<-n.done
		return nil
	}
	n.closed = true
	n.mu.Unlock()
	defer close(n.done)
	n.cancel()
	if n.list == nil {
		n.tasks.Wait()
		return nil
	}
	// Without connections every task ends soon. memberlist itself comes last: a
	// Leave that is under way would panic after its Shutdown.
	err := n.transport.Shutdown()
	n.tasks.Wait()
	return errors.Join(err, n.list.Shutdown())
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
