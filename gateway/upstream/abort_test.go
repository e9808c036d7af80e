package upstream

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"
)

// An attempt that is given up takes back what the network has not delivered; a
// connection that owes nothing ends as any.
func TestAbandonedRequestsAreTakenBack(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ends := make(chan error, 2)
	go func() {
		for answer := range 2 {
			c, err := l.Accept()
			if err != nil {
				return
			}
			in := bufio.NewReader(c)
			if _, err := http.ReadRequest(in); err != nil {
				t.Error(err)
			}
			if answer == 1 {
				if _, err := io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n"); err != nil {
					t.Error(err)
				}
			}
			_, err = in.ReadByte()
			ends <- err
			c.Close()
		}
	}()
	base, err := url.Parse("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := New(Target{BaseURL: base, FirstByteTimeout: 50 * time.Millisecond}, Options{})
	call := func() *Call { return &Call{Method: "GET", Path: "/", Header: http.Header{}} }
	if _, f := c.Do(t.Context(), call()); f == nil || f.Cause != "timeout" || !f.Unanswered {
		t.Fatalf("a silent instance: %+v", f)
	}
	if err := <-ends; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the instance sees an attempt given up end with %v", err)
	}
	c.target.FirstByteTimeout = time.Minute
	r, f := c.Do(t.Context(), call())
	if f != nil {
		t.Fatal(f)
	}
	r.Body.Close()
	c.Close()
	if err := <-ends; err != io.EOF {
		t.Errorf("the instance sees an unused connection end with %v", err)
	}
}
