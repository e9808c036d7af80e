package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/connwatch"
)

// listen opens a TCP listener and says which attribute asked for it when it
// cannot.
func listen(attribute, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s = %q: %w", attribute, addr, err)
	}
	return l, nil
}

// listenPublic opens the clients' listener: watched for their leaving, under
// TLS where configured.
func listenPublic(c config.Server, log *slog.Logger) (net.Listener, error) {
	raw, err := listen("server.listen", c.Listen)
	if err != nil {
		return nil, err
	}
	watched, err := connwatch.Listen(raw)
	if err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("watch client connections: %w", err)
	}
	if c.TLS == nil {
		return lineListener{&steady{Listener: watched, log: log}, watched}, nil
	}
	cert := &certificate{certFile: c.TLS.CertFile, keyFile: c.TLS.KeyFile, log: log}
	if _, err := cert.get(nil); err != nil {
		_ = watched.Close()
		return nil, err
	}
	secure := tls.NewListener(watched, &tls.Config{GetCertificate: cert.get, NextProtos: []string{"http/1.1", "http/1.0"}, MinVersion: tls.VersionTLS12})
	return lineListener{&steady{Listener: secure, log: log}, watched}, nil
}

// steady is a listener that goes on where a connection cannot be taken, as when
// too many files are open: fasthttp would give it up for good.
type steady struct {
	net.Listener
	log  *slog.Logger
	told time.Time
}

// Accept is called from one goroutine.
func (l *steady) Accept() (net.Conn, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		c, err := l.Listener.Accept()
		if err == nil || errors.Is(err, net.ErrClosed) {
			return c, err
		}
		if now := time.Now(); now.Sub(l.told) > 10*time.Second {
			l.told = now
			l.log.Error("cannot take connections of clients; trying again", "error", err)
		}
		time.Sleep(pause) // close to nothing for who waits for its end
	}
}

// shutListener closes a listener for good. One that watches is stopped: Close
// would watch on for as long as a client keeps its connection open.
func shutListener(l net.Listener) {
	if s, ok := l.(interface{ Stop() error }); ok {
		_ = s.Stop() // closed already where a server ran on it
		return
	}
	_ = l.Close()
}

// certificate is read anew when its files change. A file that cannot be read
// while it is being replaced leaves the old one in use.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	checked time.Time
	mtime   time.Time
	refused time.Time // the mtime of files that were told to be no certificate
	current *tls.Certificate
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); c.current != nil && now.Sub(c.checked) < time.Second {
		return c.current, nil
	} else {
		c.checked = now
	}
	newest := newestOf(c.certFile, c.keyFile)
	if c.current != nil && newest.Equal(c.mtime) {
		return c.current, nil
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		if c.current != nil {
			if !newest.Equal(c.refused) {
				c.refused = newest
				c.log.Warn("the new TLS certificate cannot be used; the old one stays", "cert_file", c.certFile, "key_file", c.keyFile, "error", err)
			}
			return c.current, nil
		}
		return nil, fmt.Errorf("server.tls: %w", err)
	}
	if c.current != nil {
		c.log.Info("the TLS certificate was read anew", "cert_file", c.certFile)
	}
	c.current, c.mtime = &pair, newest
	return c.current, nil
}

func newestOf(files ...string) time.Time {
	var newest time.Time
	for _, f := range files {
		if st, err := os.Stat(f); err == nil && st.ModTime().After(newest) {
			newest = st.ModTime()
		}
	}
	return newest
}

// quietLogger takes fasthttp's own messages: each tells of one connection, so
// they are for debugging only, and never hold a request's text
// (SecureErrorLogMessage).
type quietLogger struct{ log *slog.Logger }

// Printf implements fasthttp.Logger.
func (l quietLogger) Printf(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug("http", "message", fmt.Sprintf(format, args...))
	}
}
