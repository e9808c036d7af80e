// Package clustertest is a network in memory for clusters in tests, and a helper
// that runs clusters on it. It works inside testing/synctest, in virtual time.
package clustertest

import (
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/llmgw/llmgw/cluster"
)

// Network carries packets and connections between the nodes bound on it. A
// packet to a node that is cut off, closed or slow is dropped, as UDP would;
// nothing blocks a sender. It is a cluster.Network. All methods may be called
// from any goroutine, at any time.
type Network struct {
	mu     sync.Mutex
	ports  map[netip.AddrPort]*port
	cut    map[netip.AddrPort]bool
	links  map[link]bool // cut in this direction
	loss   float64
	rand   *rand.Rand
	delay  time.Duration
	tamper func(b []byte) [][]byte
	conns  map[*conn]struct{}
	free   uint16 // next port for binds to 0
}

// link is a direction between two addresses.
type link struct{ from, to netip.AddrPort }

var _ cluster.Network = (*Network)(nil)

// NewNetwork returns a network without faults.
func NewNetwork() *Network {
	return &Network{
		ports: map[netip.AddrPort]*port{}, cut: map[netip.AddrPort]bool{}, links: map[link]bool{},
		conns: map[*conn]struct{}{}, free: 20000,
	}
}

// Listen binds an address; see cluster.Network.
func (n *Network) Listen(bind netip.AddrPort, _ *log.Logger) (cluster.Transport, netip.AddrPort, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if bind.Port() == 0 {
		n.free++
		bind = netip.AddrPortFrom(bind.Addr(), n.free)
	}
	if n.ports[bind] != nil {
		return nil, netip.AddrPort{}, fmt.Errorf("clustertest: %s: address already in use", bind)
	}
	p := &port{
		network: n, address: bind,
		packets: make(chan *cluster.Packet, 1024), streams: make(chan net.Conn, 64), closed: make(chan struct{}),
	}
	n.ports[bind] = p
	return p, bind, nil
}

// SetCut cuts an address, "ip:port", off from all others, or ends that. The
// connections that it has break; packets to and from it are dropped.
func (n *Network) SetCut(address string, cut bool) {
	a := parse(address)
	n.change(func() { n.cut[a] = cut })
}

// CutLink cuts two addresses off from each other, or ends that.
func (n *Network) CutLink(a, b string, cut bool) {
	x, y := parse(a), parse(b)
	n.change(func() { n.links[link{x, y}], n.links[link{y, x}] = cut, cut })
}

// OneWay drops all that goes from one address to another, or ends that. What
// goes the other way arrives; connections need both ways.
func (n *Network) OneWay(from, to string, cut bool) {
	l := link{parse(from), parse(to)}
	n.change(func() { n.links[l] = cut })
}

// Loss drops each packet with probability p, drawn from r, which the network
// then owns. Connections lose nothing.
func (n *Network) Loss(p float64, r *rand.Rand) {
	n.change(func() { n.loss, n.rand = p, r })
}

// Delay is the time that a packet, the opening of a connection, and each write
// to it take one way.
func (n *Network) Delay(d time.Duration) { n.change(func() { n.delay = d }) }

// Tamper delivers what f returns in place of each packet: nothing, several, other
// bytes. Calls of f never overlap; f may keep b. nil ends it.
func (n *Network) Tamper(f func(b []byte) [][]byte) { n.change(func() { n.tamper = f }) }

// change applies f and breaks the connections that no longer have a way.
func (n *Network) change(f func()) {
	n.mu.Lock()
	f()
	var broken []*conn
	for c := range n.conns {
		if !n.open(c.from, c.to) || !n.open(c.to, c.from) {
			broken = append(broken, c)
		}
	}
	n.mu.Unlock()
	for _, c := range broken {
		c.Close()
	}
}

// open reports whether bytes go from one address to another; n.mu is held.
func (n *Network) open(from, to netip.AddrPort) bool {
	return !n.cut[from] && !n.cut[to] && !n.links[link{from, to}]
}

// port is the transport of one node.
type port struct {
	network *Network
	address netip.AddrPort
	packets chan *cluster.Packet
	streams chan net.Conn
	closed  chan struct{}
}

func (p *port) PacketCh() <-chan *cluster.Packet { return p.packets }
func (p *port) StreamCh() <-chan net.Conn        { return p.streams }

func (p *port) FinalAdvertiseAddr(string, int) (net.IP, int, error) {
	return p.address.Addr().AsSlice(), int(p.address.Port()), nil
}

// WriteTo sends a packet, or drops it; the sender cannot tell.
func (p *port) WriteTo(b []byte, address string) (time.Time, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return time.Time{}, fmt.Errorf("clustertest: %w", err)
	}
	n := p.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.open(p.address, to) || n.loss > 0 && n.rand.Float64() < n.loss {
		return time.Now(), nil
	}
	packets := [][]byte{append([]byte(nil), b...)}
	if n.tamper != nil {
		packets = n.tamper(packets[0])
	}
	for _, b := range packets {
		if n.delay > 0 {
			time.AfterFunc(n.delay, func() {
				n.mu.Lock()
				defer n.mu.Unlock()
				n.deliver(p.address, to, b)
			})
		} else {
			n.deliver(p.address, to, b)
		}
	}
	return time.Now(), nil
}

// deliver hands a packet over, or drops it; n.mu is held.
func (n *Network) deliver(from, to netip.AddrPort, b []byte) {
	q := n.ports[to]
	if q == nil {
		return
	}
	select {
	case q.packets <- &cluster.Packet{Buf: b, From: net.UDPAddrFromAddrPort(from), Timestamp: time.Now()}:
	default:
	}
}

// DialTimeout opens a connection. An address that nobody bound refuses at once,
// one that is cut off lets the caller wait for the whole timeout.
func (p *port) DialTimeout(address string, timeout time.Duration) (net.Conn, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("clustertest: %w", err)
	}
	n := p.network
	n.mu.Lock()
	q := n.ports[to]
	reachable := n.open(p.address, to) && n.open(to, p.address)
	wait := 2 * n.delay
	n.mu.Unlock()
	if !reachable || wait > timeout {
		wait = timeout
	}
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-p.closed:
			return nil, net.ErrClosed
		}
	}
	switch {
	case !reachable || wait == timeout && wait > 0:
		return nil, fmt.Errorf("clustertest: dial %s: %w", to, os.ErrDeadlineExceeded)
	case q == nil:
		return nil, fmt.Errorf("clustertest: dial %s: connection refused", to)
	}
	return n.connect(p.address, to, q)
}

func (n *Network) connect(from, to netip.AddrPort, q *port) (net.Conn, error) {
	near, far := net.Pipe()
	a := &conn{Conn: near, network: n, from: from, to: to}
	b := &conn{Conn: far, network: n, from: to, to: from}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ports[to] != q {
		return nil, fmt.Errorf("clustertest: dial %s: connection refused", to)
	}
	select {
	case q.streams <- b:
		n.conns[a], n.conns[b] = struct{}{}, struct{}{}
		return a, nil
	default:
		near.Close()
		far.Close()
		return nil, errors.New("clustertest: dial: backlog full")
	}
}

// Shutdown unbinds the address. What was cut stays cut.
func (p *port) Shutdown() error {
	p.network.mu.Lock()
	bound := p.network.ports[p.address] == p
	if bound {
		delete(p.network.ports, p.address)
	}
	p.network.mu.Unlock()
	if bound {
		close(p.closed)
	}
	for {
		select {
		case c := <-p.streams:
			c.Close()
		default:
			return nil
		}
	}
}

// conn is one side of a connection.
type conn struct {
	net.Conn
	network  *Network
	from, to netip.AddrPort
}

func (c *conn) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(c.from) }
func (c *conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.to) }

func (c *conn) Write(b []byte) (int, error) {
	c.network.mu.Lock()
	delay := c.network.delay
	c.network.mu.Unlock()
	if delay > 0 {
		time.Sleep(delay)
	}
	n, err := c.Conn.Write(b)
	if errors.Is(err, io.ErrClosedPipe) {
		err = net.ErrClosed
	}
	return n, err
}

func (c *conn) Close() error {
	c.network.mu.Lock()
	delete(c.network.conns, c)
	c.network.mu.Unlock()
	return c.Conn.Close()
}

// parse reads an address that a test wrote; a wrong one is the test's bug.
func parse(address string) netip.AddrPort { return netip.MustParseAddrPort(address) }
