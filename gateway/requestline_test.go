package gateway

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway/config"
)

// A request that does not arrive in time is refused in its path's dialect, as
// soon as that much of it is there.
func TestSlowRequestsAreRefusedInTheirDialect(t *testing.T) {
	c, err := config.Parse(map[string][]byte{"one.hcl": []byte(`
server { listen = "127.0.0.1:0" }
admin { listen = "127.0.0.1:0" }
provider "openai" {
  instance "one" {
    base_url = "http://127.0.0.1:1/v1"
    api_key  = "x"
  }
}
`)}, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	n.app.Server().ReadTimeout = 100 * time.Millisecond
	if err := n.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer n.Kill()
	for _, tt := range []struct{ sent, want string }{
		{"POST /v1/messages HTTP/1.1\r\nHost: gate", `{"type":"error"`},
		{"POST /v1/messages HTTP/1.1\r\nHost: gateway\r\nContent-Length: 9\r\n\r\n{", `{"type":"error"`},
		{"POST /v1beta/models/m:generateContent HTTP/1.1\r\nX-A: b\r\n", `{"error":{"code":408`},
		{"POST /v1/chat/compl", `{"error":{"message"`},
		{"POST", `{"error":{"code":null`},
	} {
		conn, err := net.Dial("tcp", n.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, tt.sent); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 408 ") || !strings.Contains(string(got), "\r\n\r\n"+tt.want) {
			t.Errorf("%q: %q %v", tt.sent, got, err)
		}
		_ = conn.Close()
	}
}
