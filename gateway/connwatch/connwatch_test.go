//go:build linux

package connwatch

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// soon is how long a leaving may take to be reported.
const soon = 100 * time.Millisecond

// listen opens a watched listener that must leave no goroutine behind.
func listen(t testing.TB) *Listener {
	t.Helper()
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := Listen(raw)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return l
}

// pair connects a client to l.
func pair(t testing.TB, l net.Listener) (client *net.TCPConn, served net.Conn) {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.Close(), s.Close() })
	return c.(*net.TCPConn), s
}

func told(t *testing.T, left <-chan time.Time, since time.Time) {
	t.Helper()
	select {
	case at := <-left:
		if d := at.Sub(since); d > soon {
			t.Errorf("reported after %v", d)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("never reported")
	}
}

func quiet(t *testing.T, left <-chan time.Time) {
	t.Helper()
	select {
	case <-left:
		t.Fatal("reported, though the client is there")
	case <-time.After(20 * time.Millisecond):
	}
}

// watched starts a watch whose report comes by a channel; a second report
// would block the listener and fail the test's stop.
func watched(c net.Conn) (left chan time.Time, stop func()) {
	left = make(chan time.Time, 1)
	return left, Watch(c, func() { left <- time.Now() })
}

func TestWatchReportsHowClientsLeave(t *testing.T) {
	ways := map[string]func(*net.TCPConn){
		"close":      func(c *net.TCPConn) { _ = c.Close() },
		"reset":      func(c *net.TCPConn) { _ = c.SetLinger(0); _ = c.Close() },
		"half-close": func(c *net.TCPConn) { _ = c.CloseWrite() },
		"pipelined bytes, then close": func(c *net.TCPConn) {
			_, _ = io.WriteString(c, strings.Repeat("GET / HTTP/1.1\r\n\r\n", 500))
			_ = c.Close()
		},
	}
	for name, leave := range ways {
		t.Run(name, func(t *testing.T) {
			client, served := pair(t, listen(t))
			left, stop := watched(served)
			quiet(t, left)
			at := time.Now()
			leave(client)
			told(t, left, at)
			stop()
		})
		t.Run(name+", before the watch", func(t *testing.T) {
			client, served := pair(t, listen(t))
			leave(client)
			for deadline := time.Now().Add(5 * time.Second); ; { // until the listener knows
				c := served.(*conn)
				c.mu.Lock()
				gone := c.gone
				c.mu.Unlock()
				if gone {
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("never noticed")
				}
				time.Sleep(time.Millisecond)
			}
			at := time.Now()
			left, stop := watched(served)
			told(t, left, at)
			stop()
		})
	}
}

func TestWatchDoesNotTakeBytesForALeaving(t *testing.T) {
	client, served := pair(t, listen(t))
	left, stop := watched(served)
	defer stop()
	if _, err := io.WriteString(client, "pipelined"); err != nil {
		t.Fatal(err)
	}
	quiet(t, left)
	b := make([]byte, 9)
	if _, err := io.ReadFull(served, b); err != nil || string(b) != "pipelined" {
		t.Fatalf("read %q, %v", b, err)
	}
	at := time.Now()
	_ = client.Close()
	told(t, left, at)
}

func TestWatchUnderTLS(t *testing.T) {
	l := listen(t)
	secure := tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	client, served := pair(t, secure)
	c := tls.Client(client, &tls.Config{InsecureSkipVerify: true})
	errs := make(chan error, 1)
	go func() { errs <- c.Handshake() }()
	if err := served.(*tls.Conn).Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-errs; err != nil {
		t.Fatal(err)
	}
	left, stop := watched(served)
	defer stop()
	quiet(t, left)
	at := time.Now()
	_ = c.Close() // a clean end: close_notify, then FIN
	told(t, left, at)
}

// A keep-alive connection: a watch a request, none of which outlives its stop.
func TestManyWatchesOfOneConnection(t *testing.T) {
	client, served := pair(t, listen(t))
	var stops []func()
	for range 10_000 {
		stop := Watch(served, func() { t.Error("a stopped watch was called") })
		stop()
		stops = append(stops, stop)
	}
	replaced := Watch(served, func() { t.Error("a replaced watch was called") })
	left, stop := watched(served)
	replaced()
	for _, stale := range stops {
		stale() // must not end the watch of another request
	}
	at := time.Now()
	_ = client.Close()
	told(t, left, at)
	stop()
}

// stop waits for a left that runs, so that what left uses may be given up.
func TestStopWaitsForLeft(t *testing.T) {
	client, served := pair(t, listen(t))
	running, release := make(chan bool), make(chan bool)
	done := false
	stop := Watch(served, func() { close(running); <-release; done = true })
	_ = client.Close()
	<-running
	go func() { time.Sleep(5 * time.Millisecond); close(release) }()
	stop()
	if !done {
		t.Fatal("stop returned while left was running")
	}
}

// Many connections come and go while their watches start and stop: file
// descriptors are reused all the time, and no report may reach another's watch.
func TestNoReportReachesAnotherConnection(t *testing.T) {
	l := listen(t)
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for range 150 {
				client, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					t.Error(err)
					return
				}
				served, err := l.Accept() // whosever it is
				if err != nil {
					t.Error(err)
					return
				}
				stop := Watch(served, func() {})
				_ = client.Close()
				stop()
				_ = served.Close()
			}
		})
	}
	stayer, served := pair(t, l)
	left, stop := watched(served)
	for range 200 {
		c, s := pair(t, l)
		_, _ = s.Close(), c.Close()
	}
	quiet(t, left)
	stop()
	_ = stayer
}

func TestForeignConnections(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	Linger(a)
	stop := Watch(a, func() { t.Error("called") })
	_ = b.Close()
	stop()
	stop()
}

func TestAConnectionCanCloseItselfInLeft(t *testing.T) {
	client, served := pair(t, listen(t))
	closed := make(chan error, 1)
	stop := Watch(served, func() { closed <- served.Close() })
	defer stop()
	_ = client.Close()
	select {
	case err := <-closed:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("never called")
	}
}

// A drain: the listener is closed, its connections are not, and clients leave.
func TestWatchOutlivesTheListener(t *testing.T) {
	before := runtime.NumGoroutine()
	l := listen(t)
	client, served := pair(t, l)
	left, stop := watched(served)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	quiet(t, left)
	at := time.Now()
	_ = client.Close()
	told(t, left, at)
	stop()
	_ = served.Close()
	select {
	case <-l.done:
	case <-time.After(5 * time.Second):
		t.Fatal("the goroutine outlives listener and connections")
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

func TestCloseAndStopEndTheGoroutine(t *testing.T) {
	idle := listen(t)
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-idle.done:
	default:
		t.Error("closed without connections, the goroutine lives on")
	}
	busy := listen(t)
	client, served := pair(t, busy)
	if err := busy.Stop(); err != nil {
		t.Fatal(err)
	}
	stop := Watch(served, func() { t.Error("reported after Stop") })
	_ = client.Close()
	if _, err := served.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the connection did not live on: %v", err)
	}
	stop()
}

func BenchmarkWatch(b *testing.B) {
	_, served := pair(b, listen(b))
	left := func() {}
	b.ReportAllocs()
	for b.Loop() {
		Watch(served, left)()
	}
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
