package connwatch

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// Listener watches the TCP connections that it accepts. Its methods may be
// called from any goroutine.
type Listener struct {
	net.Listener
	lingering atomic.Int64
	epoll     *os.File
	raw       syscall.RawConn // of epoll
	done      chan struct{}   // closed when the goroutine has ended

	mu    sync.Mutex
	conns map[uint64]*conn // by id; an id is never used again, as file descriptors are
	next  uint64
	shut  bool // the listener is closed
	over  bool // epoll is closed
}

// Listen takes l over and watches the TCP connections that it accepts; others
// it passes on as they are.
func Listen(l net.Listener) (*Listener, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("connwatch: create an epoll instance: %w", err)
	}
	// A non-blocking file is waited for by Go's own poller: an epoll instance in
	// an epoll instance, no thread that blocks, and Close that wakes the waiter.
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(fmt.Errorf("connwatch: make the epoll instance non-blocking: %w", err), unix.Close(fd))
	}
	f := os.NewFile(uintptr(fd), "epoll")
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connwatch: use the epoll instance: %w", err), f.Close())
	}
	w := &Listener{Listener: l, epoll: f, raw: raw, done: make(chan struct{}), conns: make(map[uint64]*conn)}
	go w.loop()
	return w, nil
}

// Accept returns the next connection, watched and with TCP keep-alive set to
// notice a vanished client within 30 s. A connection that the system cannot
// watch for want of resources is served without.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	t, ok := c.(*net.TCPConn)
	if !ok {
		return c, nil
	}
	_ = t.SetKeepAliveConfig(keepAlive) // fails when the connection has failed: its first read tells
	w := &conn{TCPConn: t, l: l}
	l.register(w)
	return w, nil
}

// register makes the connection known before epoll may speak of it. A client
// that has left already is reported at once: registering reports the state.
func (l *Listener) register(c *conn) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	l.next++
	c.id = l.next
	l.conns[c.id] = c
	_ = raw.Control(func(fd uintptr) {
		_ = l.raw.Control(func(epoll uintptr) {
			event := unix.EpollEvent{Events: unix.EPOLLRDHUP | unix.EPOLLET&0xffffffff, Fd: int32(c.id), Pad: int32(c.id >> 32)}
			_ = unix.EpollCtl(int(epoll), unix.EPOLL_CTL_ADD, int(fd), &event)
		})
	})
}

// forget ends the watch of a connection that is about to be closed; the system
// takes it out of the epoll instance. The last one of a closed listener ends
// the goroutine.
func (l *Listener) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c.id)
	if l.shut && len(l.conns) == 0 {
		l.end()
	}
}

// end makes the goroutine return. l.mu is held.
func (l *Listener) end() {
	if !l.over {
		l.over = true
		_ = l.epoll.Close() // nothing was written to it
	}
}

func (l *Listener) loop() {
	defer close(l.done)
	events := make([]unix.EpollEvent, 128)
	gone := make([]*conn, 0, len(events))
	for {
		n := 0
		err := l.raw.Read(func(fd uintptr) bool {
			n, _ = unix.EpollWait(int(fd), events, 0) // fails when interrupted; n is -1 then
			return n != 0
		})
		if err != nil {
			return // closed by end
		}
		l.mu.Lock()
		for i := range max(n, 0) {
			id := uint64(uint32(events[i].Fd)) | uint64(uint32(events[i].Pad))<<32
			if c := l.conns[id]; c != nil {
				gone = append(gone, c)
			}
		}
		l.mu.Unlock()
		for _, c := range gone {
			c.leave()
		}
		clear(gone)
		gone = gone[:0]
	}
}

// Close closes the listener. Connections that are open live on and stay
// watched, for clients leave during a drain, too; with the last of them the
// goroutine ends. Without any, Close waits for its end.
func (l *Listener) Close() error {
	err := l.Listener.Close()
	l.mu.Lock()
	l.shut = true
	idle := len(l.conns) == 0
	if idle {
		l.end()
	}
	l.mu.Unlock()
	if idle {
		<-l.done
	}
	return err
}

// Stop closes the listener, ends all watching at once and waits for the
// goroutine. Connections that are open live on unwatched. It may be called
// after Close, and again, but not by a left function.
func (l *Listener) Stop() error {
	err := l.Listener.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	l.mu.Lock()
	l.shut = true
	l.end()
	l.mu.Unlock()
	<-l.done
	return err
}
