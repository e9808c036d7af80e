package connwatch

import (
	"net"
	"sync"
	"sync/atomic"
)

// conn is an accepted connection.
type conn struct {
	*net.TCPConn
	l       *Listener
	id      uint64 // 0: not registered
	linger  atomic.Bool
	closing atomic.Bool

	mu   sync.Mutex // held while left runs, so that stop waits for it
	gone bool
	turn uint64 // counts watches, so that a late stop does not end another's
	left func()
}

func (c *conn) watch(left func()) (stop func()) {
	c.mu.Lock()
	c.turn++
	turn, gone := c.turn, c.gone
	if gone {
		c.left = nil
	} else {
		c.left = left
	}
	c.mu.Unlock()
	if gone {
		left()
		return nothing
	}
	return func() {
		c.mu.Lock()
		if c.turn == turn {
			c.left = nil
		}
		c.mu.Unlock()
	}
}

// leave is the listener's word that the client has left.
func (c *conn) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	if left := c.left; left != nil {
		c.left = nil
		left()
	}
}

// Close closes the connection, after lingering if that was asked for; a second
// call ends the lingering.
func (c *conn) Close() error {
	if !c.closing.Swap(true) {
		c.l.forget(c)
		if c.linger.Load() {
			discard(c.TCPConn, &c.l.lingering)
		}
	}
	return c.TCPConn.Close()
}
