package hop

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// kept is how many unused connections there are to addr.
func (c *Client) kept(addr string) int {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	return len(c.pool.free[addr])
}

func TestUnusedConnectionsAreBounded(t *testing.T) {
	release := make(chan bool)
	running := make(chan bool, 5)
	n := start(t, ServerOptions{Handler: func(ctx context.Context, r *Request) *Response {
		running <- true
		<-release
		return echo(ctx, r)
	}}, ClientOptions{MaxIdle: 2})
	done := make(chan error, 5)
	for range 5 {
		go func() {
			resp, err := n.client.Do(t.Context(), n.addr, request(nil))
			if err == nil {
				err = resp.Body.Close()
			}
			done <- err
		}()
	}
	for range 5 {
		wait(t, running, "the handler")
	}
	close(release)
	for range 5 {
		if err := wait(t, done, "Do"); err != nil {
			t.Error(err)
		}
	}
	if kept := n.client.kept(n.addr); kept != 2 {
		t.Errorf("%d connections are kept", kept)
	}
	n.client.CloseIdle(n.addr)
	if kept := n.client.kept(n.addr); kept != 0 {
		t.Errorf("%d connections are kept after CloseIdle", kept)
	}
	n.idle(t)
	n.client.Close()
	resp, err := n.client.Do(t.Context(), n.addr, request(nil))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if kept := n.client.kept(n.addr); kept != 0 {
		t.Errorf("%d connections are kept after Close", kept)
	}
}

func TestUnusedConnectionsAreClosedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(ServerOptions{Handler: echo})
		c := NewClient(ClientOptions{Dial: func(context.Context, string) (net.Conn, error) {
			edge, owner := net.Pipe()
			s.start(owner)
			return edge, nil
		}})
		n := &nodes{client: c, server: s, addr: "owner"}
		get(t, n, "first", "good")
		time.Sleep(25 * time.Second)
		get(t, n, "within the idle timeout", "good")
		synctest.Wait()
		if kept, conns := c.kept("owner"), n.conns(); kept != 1 || conns != 1 {
			t.Errorf("%d are kept, the owner has %d", kept, conns)
		}
		time.Sleep(46 * time.Second)
		synctest.Wait()
		if kept, conns := c.kept("owner"), n.conns(); kept != 0 || conns != 0 {
			t.Errorf("unused for 46 s: %d are kept, the owner has %d", kept, conns)
		}
		if c.pool.sweeps != nil {
			t.Error("the sweep goes on without connections")
		}
		get(t, n, "afterwards", "good")
		c.Close()
		// Whoever keeps a connection longer than the owner does is cut off.
		edge, owner := net.Pipe()
		defer edge.Close()
		s.start(owner)
		synctest.Wait()
		if conns := n.conns(); conns != 1 {
			t.Errorf("the owner has %d connections", conns)
		}
		time.Sleep(121 * time.Second)
		synctest.Wait()
		if conns := n.conns(); conns != 0 {
			t.Errorf("the owner keeps %d connections for two minutes", conns)
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A connection that was unused for long is looked at before it is used.
func TestClosedConnectionsAreNotTaken(t *testing.T) {
	l := listen(t)
	var p pool
	p.init(30*time.Second, 8)
	defer p.close()
	put := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		cn := &clientConn{link: newLink(c, nil, nil, time.Second), probe: prober(c)}
		p.put("owner", cn)
		cn.unused = time.Now().Add(-2 * probeAfter)
		return s
	}
	open := put()
	if cn := p.take("owner"); cn == nil {
		t.Error("an open connection was not taken")
	} else {
		cn.kill()
	}
	_ = open.Close()
	_ = put().Close()
	chatty := put()
	if _, err := io.WriteString(chatty, "unasked"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Millisecond) // until FIN and bytes are there
	if cn := p.take("owner"); cn != nil {
		t.Error("a closed connection, or one with something unasked, was taken")
	}
	_ = chatty.Close()
}

// The promise is fewer than 40 for both sides together.
func TestAllocations(t *testing.T) {
	n := start(t, ServerOptions{Handler: echo}, ClientOptions{})
	r := request(make([]byte, 1024))
	p := make([]byte, 1024)
	got := testing.AllocsPerRun(200, func() {
		resp, err := n.client.Do(t.Context(), n.addr, r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Body, p); err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	})
	if got > 40 {
		t.Errorf("%v allocations an exchange", got)
	}
	t.Logf("%v allocations an exchange", got)
}
