package upstream

import (
	"context"
	"net"
	"sync/atomic"
)

// abortable is a connection whose closing while the instance owes an answer
// takes back what has not been delivered. The kernel would go on trying for
// minutes, and an instance that was cut off would still run, and bill, a
// request that another one has served meanwhile.
type abortable struct {
	net.Conn
	tcp  *net.TCPConn // the same
	owed atomic.Bool  // something was written since the last read
}

func (c *abortable) Write(p []byte) (int, error) {
	c.owed.Store(true)
	return c.Conn.Write(p)
}

func (c *abortable) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.owed.Store(false)
	}
	return n, err
}

func (c *abortable) Close() error {
	if c.owed.Load() {
		_ = c.tcp.SetLinger(0) // fails on a connection that is closed
	}
	return c.Conn.Close()
}

// aborting makes the connections of a dialer abortable.
func aborting(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if t, ok := c.(*net.TCPConn); ok && err == nil {
			return &abortable{Conn: c, tcp: t}, nil
		}
		return c, err
	}
}
