package hop

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// ServerOptions make a server.
type ServerOptions struct {
	TLS     *tls.Config          // mutual; nil: plain TCP, for tests
	Accept  func(*Request) error // decides over a head, before the body comes; nil: everything
	Handler func(context.Context, *Request) *Response
	MaxBody int64
	// Watch reports that the peer closed a connection while a handler runs.
	Watch        func(net.Conn, func()) (stop func())
	WriteTimeout time.Duration // one write; default 30 s
	IdleTimeout  time.Duration // of a connection without a request; default 120 s, longer than clients keep theirs
}

// Server answers peers. Serve and Shutdown may be called from any goroutine.
type Server struct {
	o ServerOptions

	mu    sync.Mutex
	conns map[net.Conn]bool // value: a request runs on it
	l     net.Listener
	shut  bool
	wg    sync.WaitGroup
}

// NewServer makes a server.
func NewServer(o ServerOptions) *Server {
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = 30 * time.Second
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = 120 * time.Second
	}
	return &Server{o: o, conns: make(map[net.Conn]bool)}
}

// Serve accepts peers until Shutdown; it then returns net.ErrClosed.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.l = l
	shut := s.shut
	s.mu.Unlock()
	if shut {
		return errors.Join(net.ErrClosed, l.Close())
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		if s.o.TLS != nil {
			c = tls.Server(c, s.o.TLS)
		}
		s.mu.Lock()
		if s.shut {
			s.mu.Unlock()
			_ = c.Close()
			continue
		}
		s.conns[c] = false
		s.wg.Add(1)
		s.mu.Unlock()
		go s.serve(c)
	}
}

// Shutdown stops accepting, closes idle connections, waits for running
// requests until ctx ends, then cuts them, and waits for every goroutine.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.shut = true
	if s.l != nil {
		_ = s.l.Close() // its error is that it is closed already
	}
	for c, busy := range s.conns {
		if !busy {
			_ = c.Close()
		}
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	n := len(s.conns)
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	<-done
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d forwarded requests were cut", n)
}

// busy marks a connection; false: the server is shutting down and the
// connection must take no further request.
func (s *Server) busy(c net.Conn, b bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = b
	return !s.shut
}

func (s *Server) closing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shut
}

func (s *Server) serve(c net.Conn) {
	defer s.wg.Done()
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		_ = c.Close()
	}()
	sc := &serverConn{s: s, conn: c, r: bufio.NewReaderSize(c, 8<<10)}
	for sc.one() && !s.closing() {
	}
}

type serverConn struct {
	s       *Server
	conn    net.Conn
	r       *bufio.Reader
	w       []byte
	data    []byte
	scratch [frameHeader]byte
}

// one serves one exchange; false: the connection is over.
func (sc *serverConn) one() bool {
	if sc.conn.SetReadDeadline(time.Now().Add(sc.s.o.IdleTimeout)) != nil {
		return false
	}
	kind, n, err := readHeader(sc.r, &sc.scratch, maxHead)
	if err != nil || kind != frameRequest {
		return false
	}
	if !sc.s.busy(sc.conn, true) {
		sc.refuse("this node is shutting down")
		return false
	}
	defer sc.s.busy(sc.conn, false)
	if sc.conn.SetReadDeadline(time.Now().Add(sc.s.o.WriteTimeout)) != nil {
		return false
	}
	head := make([]byte, n)
	if _, err := io.ReadFull(sc.r, head); err != nil {
		return false
	}
	r, length, err := parseRequest(head, sc.s.o.MaxBody)
	if err == nil && sc.s.o.Accept != nil {
		err = sc.s.o.Accept(r)
	}
	if err != nil {
		return sc.refuse(err.Error())
	}
	if !sc.write([]byte{frameAccept, 0, 0, 0, 0}) {
		return false
	}
	if kind, _, err := readHeader(sc.r, &sc.scratch, 0); err != nil || kind != frameBody {
		return false // the edge has gone elsewhere: nothing runs
	}
	r.Body = make([]byte, length)
	if _, err := io.ReadFull(sc.r, r.Body); err != nil {
		return false
	}
	return sc.answer(r)
}

func (sc *serverConn) refuse(why string) bool {
	return sc.write(wholeFrame(nil, frameRefuse, []byte(why[:min(len(why), 500)])))
}

func (sc *serverConn) write(b []byte) bool {
	if sc.conn.SetWriteDeadline(time.Now().Add(sc.s.o.WriteTimeout)) != nil {
		return false
	}
	_, err := sc.conn.Write(b)
	return err == nil
}

// answer runs the handler and sends what it gives.
func (sc *serverConn) answer(r *Request) bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := func() {}
	if sc.s.o.Watch != nil {
		stop = sc.s.o.Watch(sc.conn, cancel)
	}
	defer stop()
	resp := sc.handle(ctx, r)
	if resp == nil {
		return false // nobody waits for it
	}
	if !resp.Streamed {
		resp.Length = int64(len(resp.Bytes))
		return sc.whole(resp)
	}
	defer resp.Body.Close()
	return sc.stream(resp)
}

// handle calls the handler; a panic in it is the request's end, not the node's.
func (sc *serverConn) handle(ctx context.Context, r *Request) (resp *Response) {
	defer func() {
		if p := recover(); p != nil {
			resp = &Response{Status: 500}
		}
	}()
	return sc.s.o.Handler(ctx, r)
}

// whole sends a response in one write where it is small.
func (sc *serverConn) whole(resp *Response) bool {
	sc.w = appendResponse(sc.w[:0], resp)
	for b := resp.Bytes; len(b) > 0; {
		piece := b[:min(len(b), maxData)]
		b = b[len(piece):]
		sc.w = wholeFrame(sc.w, frameData, piece)
		if len(sc.w) >= 1<<20 {
			if !sc.write(sc.w) {
				return false
			}
			sc.w = sc.w[:0]
		}
	}
	sc.w = append(sc.w, frameEnd, 0, 0, 0, 0)
	ok := sc.write(sc.w)
	if cap(sc.w) > maxData {
		sc.w = nil
	}
	return ok
}

// stream sends every Read of the body as one frame, at once.
func (sc *serverConn) stream(resp *Response) bool {
	if !sc.write(appendResponse(sc.w[:0], resp)) {
		return false
	}
	if sc.data == nil {
		sc.data = make([]byte, frameHeader+8<<10)
	}
	for {
		n, err := readSafely(resp.Body, sc.data[frameHeader:])
		if n > 0 {
			sc.data[0] = frameData
			binary.BigEndian.PutUint32(sc.data[1:], uint32(n))
			if !sc.write(sc.data[:frameHeader+n]) {
				return false
			}
		}
		switch {
		case err == io.EOF:
			return sc.write([]byte{frameEnd, 0, 0, 0, 0})
		case err != nil:
			reason := []byte(err.Error())
			sc.write(wholeFrame(nil, frameAbort, reason[:min(len(reason), 500)]))
			return false
		}
	}
}

// readSafely reads a handler's body; a panic in it is an error of the stream.
func readSafely(r io.Reader, p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, errors.New("the stream made the node panic")
		}
	}()
	return r.Read(p)
}
