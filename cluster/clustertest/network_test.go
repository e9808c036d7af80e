package clustertest

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/llmgw/llmgw/cluster"
)

const a, b = "10.0.0.1:1", "10.0.0.2:1"

// pair binds a and b on a network, in virtual time.
func pair(t *testing.T, f func(t *testing.T, n *Network, pa, pb cluster.Transport)) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork()
		bind := func(address string) cluster.Transport {
			p, bound, err := n.Listen(netip.MustParseAddrPort(address), nil)
			if err != nil || bound.String() != address {
				t.Fatal(bound, err)
			}
			t.Cleanup(func() { p.Shutdown() })
			return p
		}
		f(t, n, bind(a), bind(b))
	})
}

// packet returns the packet that waits for a transport, "" if there is none.
func packet(p cluster.Transport) string {
	synctest.Wait()
	select {
	case got := <-p.PacketCh():
		return string(got.Buf)
	default:
		return ""
	}
}

// sent reports whether a packet from one transport comes to the other.
func sent(t *testing.T, from, to cluster.Transport, address string) bool {
	t.Helper()
	if _, err := from.WriteTo([]byte("x"), address); err != nil {
		t.Fatal(err)
	}
	return packet(to) == "x"
}

func TestFaults(t *testing.T) {
	pair(t, func(t *testing.T, n *Network, pa, pb cluster.Transport) {
		want := func(what string, ab, ba bool) {
			t.Helper()
			if got := sent(t, pa, pb, b); got != ab {
				t.Errorf("%s: a packet from a to b arrived: %v", what, got)
			}
			if got := sent(t, pb, pa, a); got != ba {
				t.Errorf("%s: a packet from b to a arrived: %v", what, got)
			}
		}
		want("no fault", true, true)
		n.SetCut(a, true)
		want("a cut", false, false)
		n.SetCut(a, false)
		n.CutLink(a, b, true)
		want("link cut", false, false)
		n.CutLink(a, b, false)
		n.OneWay(a, b, true)
		want("one way", false, true)
		n.OneWay(a, b, false)
		n.Loss(1, rand.New(rand.NewPCG(1, 1)))
		want("all lost", false, false)
		n.Loss(0, nil)
		want("no fault again", true, true)
		pb.Shutdown()
		want("b closed", false, true)
		if _, err := pa.WriteTo(nil, "nonsense"); err == nil {
			t.Error("a packet to nonsense was sent")
		}
	})
}

func TestLossDelayTamper(t *testing.T) {
	pair(t, func(t *testing.T, n *Network, pa, pb cluster.Transport) {
		n.Loss(0.3, rand.New(rand.NewPCG(1, 1)))
		got := 0
		for range 1000 {
			if sent(t, pa, pb, b) {
				got++
			}
		}
		if got < 650 || got > 750 {
			t.Errorf("%d of 1000 packets arrived at a loss of 0.3", got)
		}
		n.Loss(0, nil)
		n.Delay(50 * time.Millisecond)
		if sent(t, pa, pb, b) {
			t.Error("no delay")
		}
		time.Sleep(50 * time.Millisecond)
		if packet(pb) != "x" {
			t.Error("a delayed packet was lost")
		}
		n.Delay(0)
		n.Tamper(func(b []byte) [][]byte { return [][]byte{[]byte("one"), []byte("two")} })
		pa.WriteTo([]byte("x"), b)
		if one, two := packet(pb), packet(pb); one != "one" || two != "two" {
			t.Errorf("tampered: %q %q", one, two)
		}
	})
}

func TestSlowReceiverDropsAndNeverBlocks(t *testing.T) {
	pair(t, func(t *testing.T, n *Network, pa, pb cluster.Transport) {
		for range 5000 {
			pa.WriteTo([]byte("x"), b)
		}
		got := 0
		for packet(pb) != "" {
			got++
		}
		if got != 1024 {
			t.Errorf("%d packets were kept", got)
		}
	})
}

func TestConnections(t *testing.T) {
	pair(t, func(t *testing.T, n *Network, pa, pb cluster.Transport) {
		n.Delay(10 * time.Millisecond)
		began := time.Now()
		near, err := pa.DialTimeout(b, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		far := <-pb.StreamCh()
		if near.RemoteAddr().String() != b || far.RemoteAddr().String() != a {
			t.Errorf("addresses %v, %v", near.RemoteAddr(), far.RemoteAddr())
		}
		go near.Write([]byte("hello"))
		got := make([]byte, 5)
		if _, err := io.ReadFull(far, got); err != nil || string(got) != "hello" || time.Since(began) != 30*time.Millisecond {
			t.Errorf("got %q (%v) after %v", got, err, time.Since(began))
		}
		n.Delay(0)
		n.OneWay(b, a, true)
		if _, err := near.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a connection whose link is cut takes bytes: %v", err)
		}
		began = time.Now()
		if _, err := pa.DialTimeout(b, time.Second); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("dialling over a cut link: %v after %v", err, time.Since(began))
		}
		n.OneWay(b, a, false)
		if _, err := pa.DialTimeout("10.0.0.3:1", time.Second); err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("dialling nobody: %v", err)
		}
		n.SetCut(b, true)
		dialled := make(chan error)
		go func() { _, err := pa.DialTimeout(b, time.Hour); dialled <- err }()
		synctest.Wait()
		pa.Shutdown()
		if err := <-dialled; !errors.Is(err, net.ErrClosed) {
			t.Errorf("a dial under way at Shutdown: %v", err)
		}
	})
}

func TestListen(t *testing.T) {
	n := NewNetwork()
	host := netip.MustParseAddr("10.0.0.1")
	p, first, err := n.Listen(netip.AddrPortFrom(host, 0), nil)
	if err != nil || first.Port() == 0 {
		t.Fatal(first, err)
	}
	if _, second, err := n.Listen(netip.AddrPortFrom(host, 0), nil); err != nil || second == first {
		t.Error(second, err)
	}
	if _, _, err := n.Listen(first, nil); err == nil {
		t.Error("an address was bound twice")
	}
	for range 2 {
		if err := p.Shutdown(); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := n.Listen(first, nil); err != nil {
		t.Errorf("an address that was given back: %v", err)
	}
}
