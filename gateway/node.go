package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/llmgw/llmgw/cluster"
	"github.com/llmgw/llmgw/gateway/balance"
	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/connwatch"
	"github.com/llmgw/llmgw/gateway/hop"
	"github.com/llmgw/llmgw/gateway/limit"
	"github.com/llmgw/llmgw/gateway/recall"
	"github.com/llmgw/llmgw/gateway/scope"
	"github.com/llmgw/llmgw/gateway/tokens"
	"github.com/llmgw/llmgw/gateway/upstream"
	"github.com/llmgw/llmgw/health"
)

// Options make a node.
type Options struct {
	Config  *config.Config
	Load    func() (*config.Config, error) // reads the configuration again, for Reload; nil: reload is refused
	Log     *slog.Logger                   // nil: nothing is logged
	Version string
	Observe func(Record) // one call a finished request, on the node that served it; it must not block

	// Reloaded is called with each configuration that Reload takes, before Reload
	// returns; nil: nobody is told.
	Reloaded func(*config.Config)

	// Keepalive is how long a client's stream may be silent before the client
	// gets a sign of life; default 15 s.
	Keepalive time.Duration

	// Upstream shapes the connections to providers; the zero value is good for
	// production.
	Upstream upstream.Options

	// Now is the node's clock, with a monotonic reading; nil: time.Now. It is for
	// tests of hosts whose time of day is wrong.
	Now func() time.Time
}

// Node is one llmgw. Its methods may be called from any goroutine.
type Node struct {
	name     string
	version  string
	log      *slog.Logger
	load     func() (*config.Config, error)
	reloaded func(*config.Config)
	observe  func(Record)
	dialing  upstream.Options
	now      func() time.Time
	metrics  *metrics
	stats    stats

	snap      atomic.Pointer[snapshot]
	reloading sync.Mutex
	balance   *balance.Balancer
	limits    *limit.Table
	recall    *recall.Memory
	tokens    tokens.Counter
	origin    string // of what this process counts, see originOf
	handover  *handover
	heat      *heat
	health    *health.Table
	judge     func(id, model string) uint8
	prober    *prober
	pulse     *pulse
	lapses    lapses
	vigil     *vigil

	buffers buffers

	placement *placement
	peers     *avoidance
	members   atomic.Pointer[[]cluster.Member]
	membersMu sync.Mutex // held by who changes them and the ring
	cluster   *cluster.Node
	hop       *hop.Client
	hopServer *hop.Server
	app       *fiber.App
	admin     *http.Server

	public, peer, adminListener net.Listener

	ready     atomic.Bool
	draining  atomic.Bool
	visited   atomic.Int64 // when the last request came, by the pulse; 0: none has
	started   time.Time
	life      *scope.Scope // ends when the drain's time is over: every request descends from it
	inFlight  sync.WaitGroup
	workers   sync.WaitGroup // the listeners' and the housekeeping goroutines
	quit      chan struct{}
	stopOnce  sync.Once
	stopped   chan struct{}
	stopAsked chan struct{}
	stopErr   error
}

// New makes a node of a valid configuration. Nothing is bound and nothing runs
// until Start.
func New(o Options) (*Node, error) {
	if o.Config == nil {
		return nil, errors.New("gateway: no configuration")
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	n := &Node{
		name:      o.Config.NodeName,
		version:   o.Version,
		log:       log.With("node", o.Config.NodeName),
		load:      o.Load,
		reloaded:  o.Reloaded,
		observe:   o.Observe,
		dialing:   o.Upstream,
		now:       o.Now,
		metrics:   newMetrics(o.Version),
		balance:   balance.New(o.Now),
		recall:    recall.New(o.Now),
		peers:     newAvoidance(),
		handover:  newHandover(),
		heat:      newHeat(),
		quit:      make(chan struct{}),
		stopped:   make(chan struct{}),
		stopAsked: make(chan struct{}, 1),
	}
	n.placement = newPlacement(n.name)
	n.members.Store(new([]cluster.Member))
	n.life = new(scope.Scope)
	n.life.Begin(context.Background())
	if o.Keepalive <= 0 {
		o.Keepalive = keepaliveAfter
	}
	n.pulse = newPulse(o.Keepalive)
	n.vigil = newVigil(&n.pulse.now)
	n.prober = newProber(n)
	n.health = health.New(health.Options{Origin: n.name, Now: o.Now, Broadcast: n.broadcast, OnFlip: n.flipped, OnReport: n.prober.report})
	n.judge = func(id, model string) uint8 { return uint8(n.health.Check(id, model)) }
	s, err := newSnapshot(o.Config, nil, n.dialing, n.metrics)
	if err != nil {
		return nil, err
	}
	n.install(s)
	n.app = n.newApp(o.Config.Server)
	return n, nil
}

// install makes a snapshot the one in force. Nothing in it can fail.
func (n *Node) install(s *snapshot) {
	old := n.snap.Swap(s)
	n.health.Configure(s.targets())
	n.balance.Configure(s.groups())
	n.metrics.configInfo.Reset()
	n.metrics.configInfo.WithLabelValues(s.digest).Set(1)
	n.showHealth()
	if old != nil {
		old.close(s)
	}
}

// Start binds the listeners, joins the cluster, waits for its view to settle,
// and is ready when it returns. After an error nothing is left running.
func (n *Node) Start(ctx context.Context) error {
	n.started = time.Now()
	if err := n.start(ctx); err != nil {
		n.Kill()
		return err
	}
	n.ready.Store(true)
	n.log.Info("ready", "listen", n.Addr(), "admin", n.AdminAddr(), "peers", n.PeerAddr(), "gossip", n.GossipAddr(), "version", n.version, "config", n.snap.Load().digest)
	return nil
}

func (n *Node) start(ctx context.Context) error {
	c := n.snap.Load().config
	if err := n.bind(c); err != nil {
		return err
	}
	if err := n.joinable(c); err != nil {
		return err
	}
	n.admin = n.newAdmin()
	n.work(n.serveAdmin)
	n.work(n.housekeep)
	n.work(n.share)
	n.work(n.prober.run)
	n.work(func() { n.pulse.run(n.quit) })
	n.work(func() { n.lapses.run(n.quit) })
	if n.hopServer != nil {
		n.work(func() { _ = n.hopServer.Serve(n.peer) }) // ends with Shutdown
	}
	n.work(func() {
		if err := n.app.Listener(n.public); err != nil && !n.draining.Load() {
			n.log.Error("the public listener ended", "error", err)
		}
	})
	if err := n.cluster.Start(ctx); err != nil {
		return fmt.Errorf("join the cluster: %w", err)
	}
	n.membersChanged() // without this node: whom its keys come from is known before they do
	if err := n.cluster.Activate(); err != nil {
		return fmt.Errorf("announce this node as active: %w", err)
	}
	n.membersChanged()
	return nil
}

// bind opens every listener before others can learn of this node.
func (n *Node) bind(c *config.Config) error {
	var err error
	if n.public, err = listenPublic(c.Server, n.log); err != nil {
		return err
	}
	if n.adminListener, err = listen("admin.listen", c.Admin.Listen); err != nil {
		return err
	}
	if c.Cluster == nil {
		return nil
	}
	raw, err := listen("cluster.peer_listen", c.Cluster.PeerListen)
	if err != nil {
		return err
	}
	if n.peer, err = connwatch.Listen(raw); err != nil {
		return fmt.Errorf("watch peer connections: %w", err)
	}
	return nil
}

// joinable makes the cluster node and the hop; a single node is a cluster of
// one and has no hop.
func (n *Node) joinable(c *config.Config) error {
	o := cluster.Options{
		Name:     n.name,
		State:    n.health,
		OnChange: func([]cluster.Member) { n.membersChanged() },
		Log:      n.log,
		Meta:     n.meta(),
		Now:      n.now,
	}
	if c.Cluster != nil {
		secret := c.Cluster.Key()
		server, client, err := cluster.PeerTLS(secret, n.name, n.now())
		if err != nil {
			return fmt.Errorf("make the peers' TLS of the cluster secret: %w", err)
		}
		n.hop = hop.NewClient(hop.ClientOptions{TLS: client})
		n.hopServer = hop.NewServer(hop.ServerOptions{TLS: server, MaxBody: c.Server.MaxBodySize, Accept: n.accept, Handler: n.fromPeer, Watch: connwatch.Watch})
		o.Bind, o.Advertise, o.Join, o.Secret = c.Cluster.Bind, c.Cluster.Advertise, c.Cluster.Join, secret
	}
	node, err := cluster.New(o)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	n.cluster = node
	n.origin = originOf(node.Members())
	n.limits = limit.New(n.origin, n.now)
	return nil
}

func (n *Node) work(f func()) {
	n.workers.Add(1)
	go func() {
		defer n.workers.Done()
		f()
	}()
}

// Stop takes the node out of the cluster, lets what is in flight end within
// the drain timeout, and shuts down. It may be called more than once; every
// call waits for the end.
func (n *Node) Stop(ctx context.Context) error {
	n.stopOnce.Do(func() {
		defer close(n.stopped)
		n.stopErr = n.stop(ctx)
	})
	<-n.stopped
	return n.stopErr
}

func (n *Node) stop(ctx context.Context) error {
	began, timeout := time.Now(), n.snap.Load().config.Server.DrainTimeout
	n.log.Info("leaving", "drain_timeout", timeout.String())
	n.ready.Store(false)
	n.draining.Store(true)
	end := time.AfterFunc(timeout, func() { n.life.End(errDraining) })
	defer end.Stop()

	if n.cluster != nil {
		if err := n.cluster.Drain(); err != nil {
			n.log.Warn("could not tell the cluster that this node leaves", "error", err)
		}
		n.membersChanged() // late arrivals are forwarded
		n.shareNow(ctx)    // before streams end: what this node counted is the new owners'
	}
	drain, cancel := context.WithTimeout(ctx, timeout+2*time.Second)
	defer cancel()
	n.lameDuck(drain, began, timeout)
	var errs []error
	if n.public != nil {
		if err := n.app.ShutdownWithContext(drain); err != nil {
			errs = append(errs, fmt.Errorf("drain the public listener: %w", err))
		}
	}
	if n.hopServer != nil {
		if err := n.hopServer.Shutdown(drain); err != nil {
			errs = append(errs, fmt.Errorf("drain the peer listener: %w", err))
		}
	}
	waited := make(chan struct{})
	go func() { n.inFlight.Wait(); close(waited) }()
	select {
	case <-waited:
	case <-drain.Done():
		errs = append(errs, errors.New("some requests were still running when the drain's time was over"))
	}
	n.life.End(errDraining)
	n.shareNow(ctx)
	if n.cluster != nil {
		leave, cancel := context.WithTimeout(ctx, 3*time.Second)
		if err := n.cluster.Leave(leave); err != nil {
			n.log.Warn("could not say good-bye to the cluster", "error", err)
		}
		cancel()
	}
	errs = append(errs, n.shut())
	n.log.Info("stopped")
	return errors.Join(errs...)
}

// A node that leaves still takes requests for a while, to forward them: load
// balancers ask for /ready every few seconds, and clients hold connections that
// they learn to be at their end only with an answer.
const (
	lameDuckShare = 5 // of the drain's time: one part in five
	lameDuckMost  = 3 * time.Second
	unvisited     = 10 * time.Second // without a request for so long there is nobody to wait for
)

// lameDuck waits until those who send requests here know better.
func (n *Node) lameDuck(ctx context.Context, began time.Time, timeout time.Duration) {
	if last := n.visited.Load(); last == 0 || n.pulse.clock(began)-last > int64(unvisited) {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Until(began.Add(min(timeout/lameDuckShare, lameDuckMost)))):
	}
}

// Kill closes everything at once, as a crash would: no leave, no drain. For
// tests and the demo; also the way out of a failed Start.
func (n *Node) Kill() {
	n.stopOnce.Do(func() {
		defer close(n.stopped)
		n.ready.Store(false)
		n.draining.Store(true)
		n.life.End(errDraining)
		now, cancel := context.WithCancel(context.Background())
		cancel()
		if n.cluster != nil {
			n.stopErr = n.cluster.Close()
		}
		if n.public != nil {
			_ = n.app.ShutdownWithContext(now) // cut, not drained: the error is the point
		}
		if n.hopServer != nil {
			_ = n.hopServer.Shutdown(now)
		}
		n.stopErr = errors.Join(n.stopErr, n.shut())
	})
	<-n.stopped
}

// shut ends what is left in the reverse order of its start, and waits.
func (n *Node) shut() error {
	var errs []error
	close(n.quit)
	if n.cluster != nil {
		errs = append(errs, n.cluster.Close())
	}
	if n.admin != nil {
		errs = append(errs, n.admin.Close())
	}
	for _, l := range []net.Listener{n.public, n.peer, n.adminListener} {
		if l != nil {
			shutListener(l)
		}
	}
	if n.hop != nil {
		n.hop.Close()
	}
	n.workers.Wait()
	n.snap.Load().close(nil)
	return errors.Join(errs...)
}

// Addr is the public listener's address, "" before Start.
func (n *Node) Addr() string { return addrOf(n.public) }

// AdminAddr is the admin listener's address, "" before Start.
func (n *Node) AdminAddr() string { return addrOf(n.adminListener) }

// PeerAddr is the address of the listener for forwarded requests, "" without a
// cluster.
func (n *Node) PeerAddr() string { return addrOf(n.peer) }

// GossipAddr is the advertised gossip address, "" without a cluster.
func (n *Node) GossipAddr() string {
	if n.cluster == nil {
		return ""
	}
	return n.cluster.Address()
}

// Name is the node's stable name.
func (n *Node) Name() string { return n.name }

func addrOf(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// notReady says why this node should get no requests, "" when it should. It
// depends on this node alone: a dead peer must not take live nodes out of a
// load balancer.
func (n *Node) notReady() string {
	switch {
	case n.draining.Load():
		return "draining"
	case !n.ready.Load():
		return "starting"
	}
	for _, p := range n.snap.Load().providers {
		for _, in := range p.instances {
			if n.health.Check(in.id, "") != health.Down {
				return ""
			}
		}
	}
	return "no provider has a usable instance"
}
