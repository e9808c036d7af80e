package cluster

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"log"
	"net/netip"
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
	label            = "llmgw"
	probeInterval    = 400 * time.Millisecond
	probeTimeout     = 200 * time.Millisecond
	suspicionMult    = 4
	suspicionMaxMult = 3
	gossipInterval   = 100 * time.Millisecond
	gossipNodes      = 3
	retransmitMult   = 8
	pushPullInterval = 15 * time.Second
	packetSize       = 1400
	streamTimeout    = 5 * time.Second
	delegateVersion  = 1
)

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
	n.publish = n.list.UpdateNode
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
