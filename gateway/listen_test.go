package gateway

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway/config"
)

// A certificate is taken when its files change, and one that is none is told
// once: nobody watches a certificate that runs out.
func TestCertificateIsReadAnew(t *testing.T) {
	var logs bytes.Buffer
	dir := t.TempDir()
	c := &certificate{certFile: filepath.Join(dir, "tls.crt"), keyFile: filepath.Join(dir, "tls.key"), log: slog.New(slog.NewTextHandler(&logs, nil))}
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	write := func(file string, text []byte, at time.Time) {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	want := func(name string, warnings int) {
		t.Helper()
		c.checked = time.Time{} // else it is looked for once a second
		pair, err := c.get(nil)
		if err != nil || pair.Leaf.Subject.CommonName != name {
			t.Fatalf("%v, %v; want %s", pair, err, name)
		}
		if n := strings.Count(logs.String(), "level=WARN"); n != warnings {
			t.Errorf("%d warnings, want %d:\n%s", n, warnings, logs.String())
		}
	}
	cert, key := selfSigned(t, "one")
	write(c.certFile, cert, noon)
	write(c.keyFile, key, noon)
	want("one", 0)
	write(c.certFile, []byte("half of"), noon.Add(time.Minute))
	want("one", 1)
	want("one", 1)
	cert, key = selfSigned(t, "two")
	write(c.certFile, cert, noon.Add(2*time.Minute))
	want("one", 2) // the key is still the old one's
	write(c.keyFile, key, noon.Add(3*time.Minute))
	want("two", 2)
}

func selfSigned(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: b})
}

// What is served is agreed to, and nothing else: a client that speaks HTTP/2
// alone learns so before it sends a key.
func TestProtocolsUnderTLS(t *testing.T) {
	dir := t.TempDir()
	c := config.Server{Listen: "127.0.0.1:0", TLS: &config.TLS{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key")}}
	cert, key := selfSigned(t, "gateway")
	if err := errors.Join(os.WriteFile(c.TLS.CertFile, cert, 0o600), os.WriteFile(c.TLS.KeyFile, key, 0o600)); err != nil {
		t.Fatal(err)
	}
	l, err := listenPublic(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.(interface{ Handshake() error }).Handshake() // the client tells how it went
			_ = conn.Close()
		}
	})
	defer accepting.Wait()
	defer shutListener(l)
	for offered, agreed := range map[string]string{"": "", "h2,http/1.1": "http/1.1", "http/1.0": "http/1.0", "h2": "none"} {
		o := &tls.Config{InsecureSkipVerify: true}
		if offered != "" {
			o.NextProtos = strings.Split(offered, ",")
		}
		conn, err := tls.Dial("tcp", l.Addr().String(), o)
		if (err != nil) != (agreed == "none") || err == nil && conn.ConnectionState().NegotiatedProtocol != agreed {
			t.Errorf("%q: want %q, %v", offered, agreed, err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}

// full is a listener of a process that has too many files open for a while.
type full struct {
	net.Listener
	left int
}

func (f *full) Accept() (net.Conn, error) {
	if f.left > 0 {
		f.left--
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return f.Listener.Accept()
}

// A burst of connections must not be a node's end: once files are free again it
// takes them.
func TestTooManyOpenFiles(t *testing.T) {
	raw, err := listen("server.listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var logs bytes.Buffer
	l := &steady{Listener: &full{raw, 3}, log: slog.New(slog.NewTextHandler(&logs, nil))}
	near, err := net.Dial("tcp", raw.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = far.Close()
	if n := strings.Count(logs.String(), "too many open files"); n != 1 {
		t.Errorf("told %d times: %s", n, logs.String())
	}
	_ = raw.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed one: %v", err)
	}
}
