package cluster

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// Transport and Packet are memberlist's: what a Network gives to a node.
type (
	Transport = memberlist.Transport
	Packet    = memberlist.Packet
)

// Network gives a node its sockets. The package clustertest has one in memory.
type Network interface {
	// Listen binds the address and returns the transport and the bound address,
	// in which a port of 0 is replaced. Transport.FinalAdvertiseAddr is not used;
	// Shutdown must end what DialTimeout still waits for.
	Listen(bind netip.AddrPort, log *log.Logger) (Transport, netip.AddrPort, error)
}

const (
	dialTimeout = 2 * time.Second // memberlist would wait as long as for a whole exchange

	// inboundLimit bounds the connections that this node serves at once; each
	// holds a goroutine for up to streamTimeout, also when its peer has no secret.
	inboundLimit = 256

	// What inbound connections may send while they are open, each and together.
	// memberlist reads a message whole, up to 20 MB, before it checks whether its
	// sender has the secret.
	inboundBytes      = 8 << 20
	inboundBytesTotal = 64 << 20
)

var errInboundBytes = errors.New("cluster: an inbound gossip connection sent too much")

// sockets is the real network.
type sockets struct{}

func (sockets) Listen(bind netip.AddrPort, log *log.Logger) (Transport, netip.AddrPort, error) {
	const attempts = 10 // port 0: the port that TCP got may be taken in UDP
	var err error
	for range attempts {
		var t *memberlist.NetTransport
		t, err = memberlist.NewNetTransport(&memberlist.NetTransportConfig{
			BindAddrs: []string{bind.Addr().String()}, BindPort: int(bind.Port()), Logger: log,
		})
		if err == nil {
			ctx, cancel := context.WithCancel(context.Background())
			bound := netip.AddrPortFrom(bind.Addr(), uint16(t.GetAutoBindPort()))
			return &socketTransport{NetTransport: t, ctx: ctx, cancel: cancel}, bound, nil
		}
		if bind.Port() != 0 {
			break
		}
	}
	return nil, netip.AddrPort{}, err
}

// socketTransport dials with a context, so that Shutdown ends dials under way.
type socketTransport struct {
	*memberlist.NetTransport
	ctx    context.Context
	cancel context.CancelFunc
}

func (t *socketTransport) DialTimeout(address string, timeout time.Duration) (net.Conn, error) {
	d := net.Dialer{Timeout: timeout}
	return d.DialContext(t.ctx, "tcp", address)
}

func (t *socketTransport) Shutdown() error {
	t.cancel()
	return t.NetTransport.Shutdown()
}

// tracker stands between memberlist and a transport: it answers with the
// advertised address, bounds inbound connections, and closes every connection
// at Shutdown, so that memberlist's goroutines end then and not at a deadline.
type tracker struct {
	Transport
	advertise netip.AddrPort
	streams   chan net.Conn
	stop      chan struct{}
	relay     sync.WaitGroup

	mu      sync.Mutex
	conns   map[*trackedConn]struct{}
	inbound int
	bytes   int // read from the inbound connections that are open
	closed  bool
}

func track(t Transport, advertise netip.AddrPort) *tracker {
	tr := &tracker{
		Transport: t, advertise: advertise,
		streams: make(chan net.Conn), stop: make(chan struct{}),
		conns: map[*trackedConn]struct{}{},
	}
	tr.relay.Go(tr.accept)
	return tr
}

// FinalAdvertiseAddr returns the address that New decided on, whatever
// memberlist's configuration says.
func (t *tracker) FinalAdvertiseAddr(string, int) (net.IP, int, error) {
	return net.IP(t.advertise.Addr().AsSlice()), int(t.advertise.Port()), nil
}

func (t *tracker) StreamCh() <-chan net.Conn { return t.streams }

func (t *tracker) DialTimeout(address string, timeout time.Duration) (net.Conn, error) {
	c, err := t.Transport.DialTimeout(address, min(timeout, dialTimeout))
	if err != nil {
		return nil, err
	}
	if tc := t.add(c, false); tc != nil {
		return tc, nil
	}
	return nil, errors.New("the node is closed")
}

// accept hands inbound connections to memberlist, which starts a goroutine for
// each. It keeps taking them while the inner transport shuts down, because that
// waits for its own hand-over.
func (t *tracker) accept() {
	for {
		select {
		case <-t.stop:
			return
		case c := <-t.Transport.StreamCh():
			tc := t.add(c, true)
			if tc == nil {
				continue
			}
			select {
			case t.streams <- tc:
			case <-t.stop:
				tc.Close()
				return
			}
		}
	}
}

// add tracks a connection; it closes it and returns nil when there are too many
// or the node is closed.
func (t *tracker) add(c net.Conn, inbound bool) *trackedConn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || inbound && t.inbound >= inboundLimit {
		c.Close()
		return nil
	}
	tc := &trackedConn{Conn: c, tracker: t, inbound: inbound}
	t.conns[tc] = struct{}{}
	if inbound {
		t.inbound++
	}
	return tc
}

// Shutdown closes listeners and connections and ends the relay. It may be
// called more than once.
func (t *tracker) Shutdown() error {
	t.mu.Lock()
	first := !t.closed
	t.closed = true
	open := make([]*trackedConn, 0, len(t.conns))
	for c := range t.conns {
		open = append(open, c)
	}
	t.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
	if !first {
		return nil
	}
	err := t.Transport.Shutdown()
	close(t.stop)
	t.relay.Wait()
	if err != nil {
		return fmt.Errorf("cluster: close the gossip sockets: %w", err)
	}
	return nil
}

type trackedConn struct {
	net.Conn
	tracker *tracker
	inbound bool
	bytes   int // read, if inbound; guarded by tracker.mu
}

// Read counts what an inbound connection sends and ends it when that is too much.
func (c *trackedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.inbound || n == 0 {
		return n, err
	}
	t := c.tracker
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.conns[c]; ok {
		c.bytes += n
		t.bytes += n
	}
	if c.bytes > inboundBytes || t.bytes > inboundBytesTotal {
		return 0, errInboundBytes
	}
	return n, err
}

// Close forgets the connection, the first time, and closes it.
func (c *trackedConn) Close() error {
	t := c.tracker
	t.mu.Lock()
	if _, ok := t.conns[c]; ok {
		delete(t.conns, c)
		if c.inbound {
			t.inbound--
			t.bytes -= c.bytes
		}
	}
	t.mu.Unlock()
	return c.Conn.Close()
}
