package connwatch

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Listener wraps accepted TCP connections; see the package. Its goroutine ends
// when the listener and all of its connections are closed: clients may leave
// during a drain, too.
type Listener struct {
	net.Listener
	epoll     int
	wake      int // eventfd: tells the loop to end
	loopDone  chan struct{}
	closeOnce sync.Once
	closeErr  error
	lingering atomic.Int64

	mu    sync.Mutex
	conns map[int32]*conn // by an id that no other live connection has: fds are reused at once
	next  int32
	shut  bool
}

type conn struct {
	*net.TCPConn
	l      *Listener
	id     int32
	linger atomic.Bool
	once   sync.Once

	mu   sync.Mutex
	gone bool
	left func()
}

// wakeID is the eventfd's; ids of connections are positive.
const wakeID = -1

// Listen watches the connections that l accepts. It takes l over.
func Listen(l net.Listener) (*Listener, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create an epoll instance: %w", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create an eventfd: %w", err), unix.Close(ep))
	}
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: wakeID}
	if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, wake, &ev); err != nil {
		return nil, errors.Join(fmt.Errorf("watch the eventfd: %w", err), unix.Close(wake), unix.Close(ep))
	}
	w := &Listener{Listener: l, epoll: ep, wake: wake, loopDone: make(chan struct{}), conns: make(map[int32]*conn)}
	go w.loop()
	return w, nil
}

// Accept returns the next connection, registered.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	t, ok := c.(*net.TCPConn)
	if !ok {
		return c, nil
	}
	// A client that vanished without a word is found by TCP itself. The error
	// is that of a connection that is closed already.
	_ = t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 15e9, Interval: 5e9, Count: 3})
	w := &conn{TCPConn: t, l: l}
	l.register(w)
	return w, nil
}

// register makes the connection known to the loop before epoll may speak of it.
func (l *Listener) register(w *conn) {
	l.mu.Lock()
	for taken := true; taken; _, taken = l.conns[l.next] {
		if l.next++; l.next <= 0 {
			l.next = 1
		}
		w.id = l.next
	}
	l.conns[w.id] = w
	l.mu.Unlock()
	raw, err := w.SyscallConn()
	if err != nil {
		return // closed already: the first read tells
	}
	_ = raw.Control(func(fd uintptr) {
		ev := unix.EpollEvent{Events: unix.EPOLLRDHUP | unix.EPOLLET&0xffffffff, Fd: w.id}
		_ = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, int(fd), &ev) // unwatched, it still serves
	})
}

func (l *Listener) loop() {
	defer close(l.loopDone)
	events := make([]unix.EpollEvent, 128)
	for {
		n, err := unix.EpollWait(l.epoll, events, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return
		}
		for i := range n {
			if events[i].Fd == wakeID {
				return
			}
			l.mu.Lock()
			w := l.conns[events[i].Fd]
			l.mu.Unlock()
			if w != nil {
				w.leave()
			}
		}
	}
}

// Close closes the listener. Its connections live on and stay watched until
// they are closed; with the last one the watch ends.
func (l *Listener) Close() error {
	l.closeOnce.Do(func() {
		l.closeErr = l.Listener.Close()
		l.mu.Lock()
		l.shut = true
		last := len(l.conns) == 0
		l.mu.Unlock()
		if last {
			l.end()
		}
	})
	return l.closeErr
}

// end stops the loop and waits for it; it is called once, by whoever closed
// last.
func (l *Listener) end() {
	one := [8]byte{1}
	if _, err := unix.Write(l.wake, one[:]); err != nil {
		return // cannot fail on an eventfd of our own; leaving the loop is safe
	}
	<-l.loopDone
	_ = unix.Close(l.wake)
	_ = unix.Close(l.epoll)
}

func (w *conn) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone = true
	if f := w.left; f != nil {
		w.left = nil
		f()
	}
}

func (w *conn) watch(left func()) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		left()
		return func() {}
	}
	w.left = left
	return w.unwatch
}

func (w *conn) unwatch() {
	w.mu.Lock()
	w.left = nil
	w.mu.Unlock()
}

// Close closes the connection, lingering if it was asked to.
func (w *conn) Close() error {
	w.once.Do(func() {
		l := w.l
		l.mu.Lock()
		delete(l.conns, w.id)
		last := l.shut && len(l.conns) == 0
		l.mu.Unlock()
		if last {
			go l.end() // Close may run on the loop itself, inside left
		}
	})
	if w.linger.Swap(false) {
		return lingering(w.TCPConn, &w.l.lingering)
	}
	return w.TCPConn.Close()
}
