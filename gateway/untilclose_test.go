package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// A client of HTTP/1.0 knows no chunks: a stream is the bytes up to the
// connection's end, as are the keepalives in it.
func TestStreamsOfHTTP10(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	k := &streams{c: New(t, Options{Nodes: 2, Extra: s.blocks(fresh, ""), Keepalive: patience}), s: s}
	k.each(t, func(t *testing.T, c *Cluster, s *scripted, f form) {
		ask := "POST " + f.path + " HTTP/1.0\r\nX-Api-Key: " + Keys["alice"] + fmt.Sprintf("\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n%s", len(f.body), f.body)
		for _, n := range c.Nodes {
			for _, script := range []struct {
				name, want string
				answer     http.HandlerFunc
			}{
				{"at once", f.good(), f.stream(f.prelude, f.content, f.end)},
				{"late", f.good(), slowly(f, 400*time.Millisecond, f.good())},
				{"much", strings.Repeat(f.content[0], 2000), f.stream(f.prelude, f.content, []string{strings.Repeat(f.content[0], 2000)}, f.end)},
			} {
				s.then(script.answer)
				got, closed := converse(t, n, ask)
				head, body, _ := strings.Cut(got, "\r\n\r\n")
				if !closed || !strings.HasPrefix(head, "HTTP/1.1 200 ") || !strings.Contains(head, "\r\nConnection: close") || strings.Contains(head, "Transfer-Encoding") || !strings.Contains(head, "X-Accel-Buffering") {
					t.Errorf("%s: %q, closed %t", script.name, head, closed)
				}
				if plain := strings.ReplaceAll(body, f.keepalive(), ""); !strings.Contains(plain, strings.ReplaceAll(script.want, f.keepalive(), "")) || script.name == "late" && len(plain) == len(body) {
					t.Errorf("%s: %.500q", script.name, body)
				}
			}
		}
	})
	whole := "POST " + ChatPath + " HTTP/1.0\r\nX-Api-Key: " + Keys["alice"] + fmt.Sprintf("\r\nConnection: %%s\r\nContent-Length: %d\r\n\r\n%s", len(Chat), Chat)
	got, _ := converse(t, k.c.Nodes[0], fmt.Sprintf(whole, "keep-alive")+fmt.Sprintf(whole, "close"))
	if strings.Count(got, "HTTP/1.1 200 ") != 2 || strings.Count(got, "\r\nContent-Length: ") != 2 {
		t.Errorf("whole answers: %q", got)
	}
}
