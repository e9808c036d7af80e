package hop

import (
	"context"
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

// testTLS makes the two sides' settings of a cluster of its own.
func testTLS(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	if ca, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"peer"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if der, err = x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey); err != nil {
		t.Fatal(err)
	}
	cert := []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	cas := x509.NewCertPool()
	cas.AddCert(ca)
	server = &tls.Config{MinVersion: tls.VersionTLS13, Certificates: cert, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: cas, SessionTicketsDisabled: true}
	client = &tls.Config{MinVersion: tls.VersionTLS13, Certificates: cert, RootCAs: cas, ServerName: "peer"}
	return server, client
}

type nodes struct {
	client *Client
	server *Server
	addr   string
}

// start runs an owner and an edge with TLS between them. At the test's end both
// are closed, and no goroutine may be left.
func start(t testing.TB, so ServerOptions, co ClientOptions) *nodes {
	t.Helper()
	noLeaks(t)
	so.TLS, co.TLS = testTLS(t)
	return serveOn(t, listen(t), so, co)
}

// serveOn runs an owner on l and an edge. What a test does not set waits long,
// for a slow machine.
func serveOn(t testing.TB, l net.Listener, so ServerOptions, co ClientOptions) *nodes {
	t.Helper()
	orDefault(&so.HandshakeTimeout, time.Minute)
	orDefault(&co.DialTimeout, time.Minute)
	orDefault(&co.AcceptTimeout, time.Minute)
	n := &nodes{client: NewClient(co), server: NewServer(so), addr: l.Addr().String()}
	done := make(chan error, 1)
	go func() { done <- n.server.Serve(l) }()
	t.Cleanup(func() {
		n.client.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := n.server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return n
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// noLeaks fails a test that leaves goroutines of this package.
func noLeaks(t testing.TB) {
	t.Helper()
	t.Cleanup(func() {
		var left []string
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			b := make([]byte, 1<<20)
			left = left[:0]
			for g := range strings.SplitSeq(string(b[:runtime.Stack(b, true)]), "\n\n") {
				if strings.Contains(g, "gateway/hop.") && !strings.Contains(g, "testing.tRunner(") {
					left = append(left, g)
				}
			}
			if len(left) == 0 {
				return
			}
		}
		t.Errorf("goroutines are left:\n%s", strings.Join(left, "\n\n"))
	})
}

func wait[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("timed out waiting: %s", what)
		panic("unreachable")
	}
}

// promptly runs what is timed until it takes no longer than most, up to five
// times: the machine that runs the tests may pause, the code may not.
func promptly(t *testing.T, most time.Duration, what string, try func(t *testing.T) time.Duration) {
	t.Helper()
	best := time.Hour
	for range 5 {
		if best = min(best, try(t)); best <= most || t.Failed() {
			return
		}
	}
	t.Errorf("%s took %v at best, more than %v", what, best, most)
}

// echo answers with the request's body.
func echo(_ context.Context, r *Request) *Response {
	return &Response{Status: 200, Header: []Field{{"Content-Type", "application/json"}}, Bytes: r.Body}
}

// pieces is a stream of the given frames.
type pieces struct {
	frames []string
	fail   error // in the place of the end
	closed chan<- bool
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.frames) == 0 {
		if p.fail != nil {
			return 0, p.fail
		}
		return 0, io.EOF
	}
	n := copy(b, p.frames[0])
	if p.frames[0] = p.frames[0][n:]; p.frames[0] == "" {
		p.frames = p.frames[1:]
	}
	return n, nil
}

func (p *pieces) Close() error {
	if p.closed != nil {
		p.closed <- true
	}
	return nil
}

// silent is a stream that says nothing until ctx ends.
type silent struct {
	ctx    context.Context
	closed chan<- bool
	ended  chan<- time.Time
}

func (s *silent) Read([]byte) (int, error) {
	<-s.ctx.Done()
	select {
	case s.ended <- time.Now():
	default: // nobody asks
	}
	return 0, s.ctx.Err()
}

func (s *silent) Close() error {
	s.closed <- true
	return nil
}
