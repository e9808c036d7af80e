package cluster

import (
	"bytes"
	"crypto/ed25519"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

var (
	secretA = bytes.Repeat([]byte{1}, 32)
	secretB = bytes.Repeat([]byte{2}, 32)
)

// handshake connects the two over TCP, because both may write an alert at once,
// and returns both sides' errors after one byte from the server.
func handshake(t *testing.T, server, client *tls.Config) (serverErr, clientErr error, state tls.ConnectionState) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() {
		s, err := l.Accept()
		if err == nil {
			s.SetDeadline(time.Now().Add(10 * time.Second))
			_, err = s.Write([]byte("x"))
			s.Close()
		}
		done <- err
	}()
	raw, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	raw.SetDeadline(time.Now().Add(10 * time.Second))
	c := tls.Client(raw, client)
	clientErr = c.Handshake()
	if clientErr == nil {
		_, clientErr = io.ReadFull(c, make([]byte, 1)) // TLS 1.3: the server's refusal of the client comes here
	}
	state = c.ConnectionState()
	raw.Close()
	return <-done, clientErr, state
}

func mustPeerTLS(t *testing.T, secret []byte, name string) (server, client *tls.Config) {
	t.Helper()
	server, client, err := PeerTLS(secret, name, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

func TestPeerTLS(t *testing.T) {
	server, _ := mustPeerTLS(t, secretA, "gw-1")
	_, client := mustPeerTLS(t, secretA, "gw-2")
	serverErr, clientErr, state := handshake(t, server, client)
	if serverErr != nil || clientErr != nil {
		t.Fatalf("one secret: server %v, client %v", serverErr, clientErr)
	}
	if state.Version != tls.VersionTLS13 || state.PeerCertificates[0].Subject.CommonName != "gw-1" {
		t.Errorf("version %x, peer %v", state.Version, state.PeerCertificates[0].Subject)
	}
}

func TestPeerTLSRefuses(t *testing.T) {
	server, client := mustPeerTLS(t, secretA, "gw-1")
	_, stranger := mustPeerTLS(t, secretB, "gw-1")
	nobody := client.Clone()
	nobody.Certificates = nil
	old := client.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	trusting := stranger.Clone() // wrong secret, but accepts any server
	trusting.InsecureSkipVerify = true
	other := client.Clone() // signed by the right CA, but not for a node
	other.Certificates = []tls.Certificate{leafFor(t, secretA, "example.org")}
	for name, c := range map[string]*tls.Config{
		"another secret": stranger, "no certificate": nobody, "TLS 1.2": old,
		"another secret, not verifying": trusting, "certificate for something else": other,
	} {
		serverErr, clientErr, _ := handshake(t, server, c)
		if serverErr == nil || clientErr == nil {
			t.Errorf("%s: server %v, client %v", name, serverErr, clientErr)
		}
	}
	impostor := server.Clone()
	impostor.Certificates = other.Certificates
	if _, clientErr, _ := handshake(t, impostor, client); clientErr == nil {
		t.Error("the client accepts a server that is no node")
	}
	foreign, _ := mustPeerTLS(t, secretB, "gw-1")
	_, clientErr, _ := handshake(t, foreign, client)
	var unknown *tls.CertificateVerificationError
	if !errors.As(clientErr, &unknown) {
		t.Errorf("a server with another secret: %v", clientErr)
	}
}

func leafFor(t *testing.T, secret []byte, name string) tls.Certificate {
	t.Helper()
	ca, key, err := peerCA(secret)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(crand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(7), DNSNames: []string{name}, NotBefore: peerNotBefore, NotAfter: peerNotAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, ca, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

// TestPeerTLSClocks: a node whose clock is decades off still talks to the others.
func TestPeerTLSClocks(t *testing.T) {
	server, client := mustPeerTLS(t, secretA, "gw-1")
	client = client.Clone()
	client.Time = func() time.Time { return time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC) }
	server.Time = func() time.Time { return time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC) }
	if serverErr, clientErr, _ := handshake(t, server, client); serverErr != nil || clientErr != nil {
		t.Errorf("server %v, client %v", serverErr, clientErr)
	}
	for _, now := range []time.Time{time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if _, _, err := PeerTLS(secretA, "gw-1", now); err == nil || !strings.Contains(err.Error(), "clock") {
			t.Errorf("at %v: %v", now, err)
		}
	}
	for _, s := range [][]byte{nil, secretA[:31]} {
		if _, _, err := PeerTLS(s, "gw-1", time.Now()); err == nil || !strings.Contains(err.Error(), "32 are needed") {
			t.Errorf("a secret of %d bytes: %v", len(s), err)
		}
	}
}

func TestPeerCAIsTheSameEverywhere(t *testing.T) {
	a, _, err := peerCA(secretA)
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := peerCA(secretA)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := peerCA(secretB)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Equal(b) || a.Equal(c) {
		t.Error("the CA must depend on the secret and on nothing else")
	}
}
