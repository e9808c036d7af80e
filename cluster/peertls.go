package cluster

import (
	"crypto/ed25519"
	"crypto/hkdf"
	crand "crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"
)

// peerName is the name that the certificate of every node is for. Nodes do not
// tell each other apart by certificate: who has the secret is a node.
const peerName = "llmgw"

// The certificates hold from before any clock to after this program: they live
// in memory only, and a wrong clock must not split a cluster.
var (
	peerNotBefore = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	peerNotAfter  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// PeerTLS returns the TLS settings of connections between nodes: TLS 1.3, both
// sides with a certificate that a CA derived of the cluster secret signed. Every
// process makes a throw-away certificate of its own, in the name of the node; a
// node with another secret fails in the handshake. secret is the cluster secret,
// 32 bytes; now is the time of the host, refused outside 1970 to 2100.
func PeerTLS(secret []byte, name string, now time.Time) (server, client *tls.Config, err error) {
	if len(secret) != 32 {
		return nil, nil, fmt.Errorf("cluster: peer TLS: the cluster secret has %d bytes, 32 are needed", len(secret))
	}
	if now.Before(peerNotBefore) || !now.Before(peerNotAfter) {
		return nil, nil, fmt.Errorf("cluster: peer TLS: the clock of this host says %s: set it", now.Format(time.DateOnly))
	}
	ca, key, err := peerCA(secret)
	if err != nil {
		return nil, nil, fmt.Errorf("cluster: peer TLS: make the CA: %w", err)
	}
	leaf, err := peerLeaf(ca, key, name)
	if err != nil {
		return nil, nil, fmt.Errorf("cluster: peer TLS: make the certificate: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	server = &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{leaf},
		ClientAuth:             tls.RequireAndVerifyClientCert,
		ClientCAs:              pool,
		SessionTicketsDisabled: true, // connections between nodes last
		VerifyConnection:       verifyPeer,
	}
	client = &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{leaf},
		RootCAs:      pool,
		ServerName:   peerName,
	}
	return server, client, nil
}

// verifyPeer checks on the server's side what a client checks by ServerName:
// that the certificate is a node's.
func verifyPeer(s tls.ConnectionState) error { return s.PeerCertificates[0].VerifyHostname(peerName) }

// peerCA derives the CA: the same key and the same certificate on every node.
func peerCA(secret []byte) (*x509.Certificate, ed25519.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, secret, nil, "llmgw peer ca", ed25519.SeedSize)
	if err != nil {
		return nil, nil, err
	}
	key := ed25519.NewKeyFromSeed(seed)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "llmgw peer CA"},
		NotBefore:             peerNotBefore,
		NotAfter:              peerNotAfter,
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(crand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	ca, err := x509.ParseCertificate(der)
	return ca, key, err
}

// peerLeaf makes the certificate of this process, with a key that no other has.
func peerLeaf(ca *x509.Certificate, caKey ed25519.PrivateKey, name string) (tls.Certificate, error) {
	public, private, err := ed25519.GenerateKey(crand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := crand.Int(crand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{peerName},
		NotBefore:    peerNotBefore,
		NotAfter:     peerNotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(crand.Reader, template, ca, public, caKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private, Leaf: leaf}, err
}
