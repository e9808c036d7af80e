package hop

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Handler runs a request. ctx ends when the edge goes away, when the server is
// shut down, and when the response has been sent. It returns the response, or
// nil when there is none to give, which the edge sees as ErrBroken. A panic is a
// response with status 500, or an abort if the response had begun.
type Handler func(ctx context.Context, r *Request) *Response

// ServerOptions make a server; what is zero takes its default.
type ServerOptions struct {
	// TLS authenticates both sides; nil: the listener's connections are used as
	// they are.
	TLS     *tls.Config
	Handler Handler
	// Accept decides over a request's head before its body is sent; an error
	// refuses it, with the error's text for a reason. nil: every request.
	Accept func(*Request) error
	// MaxBody is the size of the largest body that is accepted: 64 MiB.
	MaxBody int64
	// Watch calls left when the peer closes a connection, until stop; it is given
	// the connections of Serve's listener. After stop, left does nothing.
	// connwatch.Watch is one. nil: a goroutine reads while a handler runs.
	Watch func(c net.Conn, left func()) (stop func())

	HandshakeTimeout time.Duration // of TLS: 5 s
	IdleTimeout      time.Duration // how long a connection may be unused, longer than the clients': 120 s
	BodyTimeout      time.Duration // how long the edge may be silent while it sends its body: 30 s
	WriteTimeout     time.Duration // of each write: 30 s

	Log *slog.Logger // panics, and a listener that fails; nil: nothing
}

// Server answers edges. Its methods may be called from any goroutine.
type Server struct {
	o       ServerOptions
	buffers buffers
	life    context.Context // ends when running requests are cut
	cut     context.CancelCauseFunc
	shut    atomic.Bool
	running sync.WaitGroup // a connection each

	mu        sync.Mutex
	listeners map[net.Listener]bool
	conns     map[*serverConn]bool
}

// errShutdown is the cause of the contexts of requests that are cut.
var errShutdown = errors.New("the node is shutting down")

// NewServer makes a server.
func NewServer(o ServerOptions) *Server {
	if o.TLS != nil {
		o.TLS = o.TLS.Clone()
		o.TLS.DynamicRecordSizingDisabled = true // small first records would cost writes
	}
	orDefault(&o.MaxBody, 64<<20)
	orDefault(&o.HandshakeTimeout, 5*time.Second)
	orDefault(&o.IdleTimeout, 120*time.Second)
	orDefault(&o.BodyTimeout, 30*time.Second)
	orDefault(&o.WriteTimeout, 30*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{o: o, listeners: make(map[net.Listener]bool), conns: make(map[*serverConn]bool)}
	s.life, s.cut = context.WithCancelCause(context.Background())
	return s
}

// Serve takes connections from l, which it closes at its end. It returns nil
// after Shutdown, or why l failed; short of resources it waits and goes on.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.listeners[l] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, l)
		s.mu.Unlock()
		_ = l.Close() // closed by Shutdown, or failed
	}()
	pause := time.Duration(0)
	for !s.shut.Load() {
		c, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			s.start(c)
		case s.shut.Load():
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("hop: accept: %w", err)
		default: // such as: too many open files
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.o.Log.Warn("cannot take connections of peers; trying again", "error", err, "pause", pause)
			select {
			case <-time.After(pause):
			case <-s.life.Done():
			}
		}
	}
	return nil
}

func (s *Server) start(raw net.Conn) {
	c := &serverConn{s: s, link: newLink(raw, s.o.TLS, tls.Server, s.o.WriteTimeout)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut.Load() {
		c.kill()
		return
	}
	s.conns[c] = true
	s.running.Go(c.serve)
}

func (s *Server) forget(c *serverConn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

// lastWords is how long requests that are cut have for telling their edges.
const lastWords = 100 * time.Millisecond

// Shutdown stops accepting, closes unused connections and waits for the running
// requests. When ctx ends, it cuts those that are left: it ends their contexts,
// and 100 ms later closes their connections; it then returns how many they were.
// It returns when every goroutine of the server has ended, which a handler that
// does not heed its context holds up.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.shut.Store(true)
	for l := range s.listeners {
		_ = l.Close() // Serve returns, whatever this says
	}
	for c := range s.conns {
		c.closeUnused()
	}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	select {
	case <-done:
		s.cut(errShutdown)
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	n := len(s.conns)
	s.mu.Unlock()
	s.cut(errShutdown)
	select {
	case <-done:
	case <-time.After(lastWords):
		s.mu.Lock()
		for c := range s.conns {
			c.kill()
		}
		s.mu.Unlock()
		<-done
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("hop: shutdown: %d requests of peers were cut: %w", n, because(ctx, nil))
}
