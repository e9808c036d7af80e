//go:build linux

package connwatch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large"

// refuse answers each connection in the middle of its upload, lingering.
func refuse(l *Listener, linger bool) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			_, _ = io.ReadAtLeast(c, make([]byte, 4096), 1024)
			_, _ = io.WriteString(c, refusal)
			if linger {
				Linger(c)
			}
			_ = c.Close()
		}()
	}
}

func TestRefusalReachesAGoClient(t *testing.T) {
	l := listen(t)
	go refuse(l, true)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequest("POST", "http://"+l.Addr().String(), bytes.NewReader(make([]byte, 30<<20)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != 413 || string(body) != "too large" || err != nil {
		t.Fatalf("%d %q %v", resp.StatusCode, body, err)
	}
}

// python's http.client, and with it the requests library, sends all of a body
// before it reads: without lingering it never learns why it was cut.
func TestRefusalReachesAPythonClient(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	const upload = `
import http.client, sys
c = http.client.HTTPConnection(sys.argv[1])
try:
    c.request("POST", "/", b"x" * (30 << 20))
    r = c.getresponse()
    print(r.status, r.read().decode())
except OSError as e:
    print("lost:", type(e).__name__)
`
	for _, linger := range []bool{true, false} {
		l := listen(t)
		go refuse(l, linger)
		out, err := exec.Command(python, "-c", upload, l.Addr().String()).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		got := strings.TrimSpace(string(out))
		if linger && got != "413 too large" || !linger && !strings.HasPrefix(got, "lost:") {
			t.Errorf("lingering %v: the client saw %q", linger, got)
		}
	}
}

func TestLingeringIsBounded(t *testing.T) {
	l := listen(t)
	closed := make(chan net.Conn, lingerMost+1)
	var late net.Conn
	for i := range lingerMost + 1 {
		_, served := pair(t, l)
		Linger(served)
		if i == lingerMost {
			late = served
			break
		}
		go func() { _ = served.Close(); closed <- served }()
	}
	for deadline := time.Now().Add(2 * time.Second); l.lingering.Load() < lingerMost; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d linger", l.lingering.Load())
		}
	}
	began := time.Now()
	if err := late.Close(); err != nil {
		t.Error(err)
	}
	if d := time.Since(began); d > time.Second {
		t.Errorf("one more than the bound lingered for %v", d)
	}
	for range lingerMost {
		select {
		case <-closed:
		case <-time.After(2 * lingerTime):
			t.Fatal("a connection lingers for ever")
		}
	}
	if n := l.lingering.Load(); n != 0 {
		t.Errorf("%d still count as lingering", n)
	}
}

func TestASecondCloseEndsTheLingering(t *testing.T) {
	_, served := pair(t, listen(t))
	Linger(served)
	first := make(chan error, 1)
	go func() { first <- served.Close() }()
	for served.(*conn).l.lingering.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := served.Close(); err != nil {
		t.Error(err)
	}
	select {
	case err := <-first:
		if !errors.Is(err, net.ErrClosed) {
			t.Error(fmt.Errorf("the first Close: %w", err))
		}
	case <-time.After(time.Second):
		t.Fatal("still lingering")
	}
}
