package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway"
	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// say sends bytes to a node as they are.
func say(t *testing.T, n *gateway.Node, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", n.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// converse sends bytes to a node as they are, and reads to the connection's end.
func converse(t *testing.T, n *gateway.Node, text string) (answer string, closed bool) {
	t.Helper()
	b, err := io.ReadAll(say(t, n, text))
	return string(b), err == nil
}

// The names are on the wire as they are documented, in whole answers, streams
// and errors, of the node's own and of another's.
func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 2})
	for _, n := range c.Nodes {
		for _, tt := range []struct {
			path, body string
			status     int
			want       []string
		}{
			{ChatPath, Chat, 200, []string{"Node", "Owner", "Provider", "Instance", "Attempts: 1"}},
			{ChatPath, ChatStream, 200, []string{"Node", "Owner", "Provider", "Instance", "Attempts: 1"}},
			{MessagesPath, strings.Replace(Messages, "claude-sonnet-5", "gpt-5", 1), 200, []string{"Node", "Owner", "Provider: openai", "Instance", "Attempts: 1"}},
			{MessagesPath, strings.Replace(Messages, `"claude-sonnet-5"`, `"gpt-5","stream":true,"top_k":3`, 1), 200, []string{"Node", "Owner", "Provider: openai", "Instance", "Warnings: top_k: "}},
			{MessagesPath, `{"model":"nope"}`, 404, []string{"Node", "Owner"}},
			{MessagesPath, `{`, 400, []string{"Node", "Owner"}},
			{"/v1/nothing", `{}`, 404, []string{"Node"}},
		} {
			head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: gateway\r\nX-Api-Key: %s\r\nX-Request-Id: mine.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", tt.path, Keys["alice"], len(tt.body))
			got, closed := converse(t, n, head+tt.body)
			if !closed || !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d ", tt.status)) {
				t.Fatalf("%s %s: %q", tt.path, tt.body, got)
			}
			for _, name := range tt.want {
				if !strings.Contains(got, "\r\nX-LLM-Gateway-"+name) {
					t.Errorf("%s %s: no %s in %q", tt.path, tt.body, name, got)
				}
			}
			if !strings.Contains(got, "\r\nX-Request-Id: mine.1\r\n") || tt.path == MessagesPath && !strings.Contains(got, "\r\nRequest-Id: ") {
				t.Errorf("%s %s: the request's id is missing in %q", tt.path, tt.body, got)
			}
		}
	}
	for _, path := range []string{"/", "/health", "/ready", "/healthz", "/readyz"} {
		r := get(c, "", path, "X-Request-Id", "bad id")
		if id := r.Header.Get("X-Request-Id"); r.Status != 200 || r.Header.Get("X-LLM-Gateway-Node") != c.Nodes[0].Name() || len(id) < 20 {
			t.Errorf("%s: %d %v", path, r.Status, r.Header)
		}
	}
}

// A path that is served says by which methods, and no other path does.
func TestMethodsAndPaths(t *testing.T) {
	n := New(t, Options{Nodes: 1}).Nodes[0]
	for _, tt := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"POST", "/health", 405, "GET, HEAD"}, {"OPTIONS", "/ready", 405, "GET, HEAD"}, {"DELETE", "/", 405, "GET, HEAD"}, {"PURGE", "/readyz", 405, "GET, HEAD"},
		{"GET", ChatPath, 405, "POST"}, {"PURGE", MessagesPath, 405, "POST"}, {"POST", "/v1/models", 405, "GET, HEAD"}, {"DELETE", "/v1/models/ft:gpt-5:x", 405, "GET, HEAD"},
		{"PUT", "/v1beta/models/gemini-3-pro:generateContent", 405, "POST"},
		{"POST", "/v1beta/models/gemini-3-pro:tuneContent", 404, ""}, {"POST", "/v1beta/models/gemini-3-pro:generateContent/", 404, ""}, {"POST", "/v1/models/gemini-3-pro:x", 404, ""},
		{"POST", "/v1/models/", 404, ""}, {"POST", "/v1beta/models/:generateContent", 404, ""}, {"GET", "/v1beta/models/", 404, ""}, {"GET", "/health/", 404, ""},
	} {
		got, _ := converse(t, n, tt.method+" "+tt.path+" HTTP/1.1\r\nHost: gateway\r\nX-Api-Key: "+Keys["alice"]+"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d ", tt.status)) || strings.Contains(got, "\r\nAllow: ") != (tt.allow != "") || !strings.Contains(got, "\r\nAllow: "+tt.allow) && tt.allow != "" {
			t.Errorf("%s %s: %q", tt.method, tt.path, got)
		}
		if gemini := strings.Contains(got, fmt.Sprintf(`"code":%d`, tt.status)); gemini != (strings.HasPrefix(tt.path, "/v1beta") || tt.method == "POST" && strings.Contains(tt.path, ":")) {
			t.Errorf("%s %s: the form is another dialect's: %q", tt.method, tt.path, got)
		}
	}
}

// A key counts in each of its forms at each endpoint; of several that of the
// endpoint's dialect counts.
func TestKeysInEveryForm(t *testing.T) {
	n := New(t, Options{Nodes: 1}).Nodes[0]
	right := Keys["alice"]
	for _, e := range []struct{ path, body, own, other string }{
		{ChatPath, Chat, "Authorization: Bearer ", "X-Api-Key: "}, {MessagesPath, Messages, "X-Api-Key: ", "Authorization: Bearer "},
		{"/v1beta/models/gemini-3-pro:generateContent", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`, "X-Goog-Api-Key: ", "Authorization: Bearer "},
	} {
		for _, tt := range []struct {
			query, headers string
			status         int
		}{
			{"", "Authorization: Bearer " + right, 200}, {"", "authorization: bearer  " + right, 200}, {"", "X-Api-Key: " + right, 200}, {"", "X-Goog-Api-Key: " + right, 200}, {"?key=" + right, "X-A: b", 200},
			{"", e.own + right + "\r\n" + e.other + "other", 200}, {"", e.own + "other\r\n" + e.other + right, 401},
			{"", "Authorization: Basic " + right, 401}, {"", "Authorization: " + right, 401}, {"?key=other", "X-Api-Key: other\r\nX-Goog-Api-Key: other\r\nAuthorization: Bearer other", 401}, {"?KEY=" + right, "X-Api-Key: ", 401},
		} {
			got, _ := converse(t, n, fmt.Sprintf("POST %s%s HTTP/1.1\r\nHost: gateway\r\n%s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", e.path, tt.query, tt.headers, len(e.body), e.body))
			if !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d ", tt.status)) {
				t.Errorf("%s%s %q: want %d, got %q", e.path, tt.query, tt.headers, tt.status, got)
			}
		}
	}
}

// What belongs to the client's connection ends at the edge, and JSON travels as
// JSON.
func TestHeadersThatDoNotTravel(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	for _, tt := range []struct{ sent, name, want string }{
		{"Connection: close, X-Hop\r\nX-Hop: 1", "X-Hop", ""}, {"Connection: x-HOP,close\r\nX-Hop: 1", "X-Hop", ""}, {"Connection: close\r\nX-Hop: 1", "X-Hop", "1"},
		{"Connection: close\r\nContent-Type: application/x-www-form-urlencoded", "Content-Type", "application/json"}, {"Connection: close\r\nX-A: b", "Content-Type", "application/json"},
		{"Connection: close\r\nContent-Type: Application/JSON; charset=utf-8", "Content-Type", "Application/JSON; charset=utf-8"},
	} {
		conn := say(t, c.Nodes[0], fmt.Sprintf("POST %s HTTP/1.1\r\nHost: gateway\r\nX-Api-Key: %s\r\n%s\r\nContent-Length: %d\r\n\r\n%s", ChatPath, Keys["alice"], tt.sent, len(Chat), Chat))
		got, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || got.StatusCode != 200 {
			t.Fatalf("%q: %v %v", tt.sent, got, err)
		}
		var last http.Header
		for _, m := range c.Mocks {
			for _, r := range m.Requests() {
				last = r.Header
			}
			m.Reset()
		}
		if got := last.Get(tt.name); got != tt.want {
			t.Errorf("%q: the instance gets %s: %q, want %q", tt.sent, tt.name, got, tt.want)
		}
	}
}

// A request whose length a proxy in front may have read otherwise is refused,
// and what follows it is not read: it may be somebody else's.
func TestTwoLengthsAreRefused(t *testing.T) {
	n := New(t, Options{Nodes: 1}).Nodes[0]
	smuggled := "GET /health HTTP/1.1\r\nHost: gateway\r\n\r\n"
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(Chat), Chat)
	for _, tt := range []struct{ name, version, header, body string }{
		{"length first", "1.1", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", chunked},
		{"length last", "1.1", "Transfer-Encoding: chunked\r\nX-A: b\r\ncontent-length: 6\r\n", chunked},
		{"an empty body", "1.1", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
		{"chunks in HTTP/1.0", "1.0", "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", chunked},
	} {
		got, closed := converse(t, n, "POST /v1/messages HTTP/"+tt.version+"\r\n"+tt.header+"Host: gateway\r\nX-Api-Key: "+Keys["alice"]+"\r\n\r\n"+tt.body+smuggled)
		if !closed || strings.Count(got, "HTTP/1.1 ") != 1 || !strings.HasPrefix(got, "HTTP/1.1 400 ") || !strings.Contains(got, `"type":"error"`) {
			t.Errorf("%s: %q, closed %t", tt.name, got, closed)
		}
	}
	got, _ := converse(t, n, "POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nX-Api-Key: "+Keys["alice"]+"\r\nConnection: close\r\nX-Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"+chunked)
	if !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("chunks alone: %q", got)
	}
}

// The scheme's name is not case-sensitive (RFC 9110, 11.1), the token is. Where
// there is none, a page whose name leads to loopback is kept out.
func TestAdminGuard(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 2})
	c.Edit(c.Nodes[0].Name(), func(s string) string {
		return strings.Replace(s, `admin { listen = "127.0.0.1:0" }`, "admin {\n  listen = \"127.0.0.1:0\"\n  token = \"Sesame\"\n}", 1)
	})
	if _, err := c.Nodes[0].Reload(); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]int{"Bearer Sesame": 200, "bearer Sesame": 200, "Bearer sesame": 401, "Sesame": 401, "Basic Sesame": 401, "": 401} {
		r, err := http.NewRequest("GET", "http://"+c.Nodes[0].AdminAddr()+"/api/members", nil)
		if err != nil {
			t.Fatal(err)
		}
		if given != "" {
			r.Header.Set("Authorization", given)
		}
		if got := c.Do(r); got.Status != want {
			t.Errorf("%q: %d, want %d", given, got.Status, want)
		}
	}
	r, err := http.NewRequest("GET", "http://"+c.Nodes[1].AdminAddr()+"/api/members", nil)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{"": 200, "localhost:9090": 200, "[::1]:9090": 200, "evil.example": 403, "127.0.0.1.evil.example:9090": 403} {
		r.Host = host
		if got := c.Do(r); got.Status != want {
			t.Errorf("without a token, Host %q: %d, want %d", host, got.Status, want)
		}
	}
	// The page asks for the token itself, so it is there without.
	resp, err := http.Get("http://" + c.Nodes[0].AdminAddr() + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if line, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil || !strings.Contains(strings.ToLower(line), "<!doctype html") {
		t.Errorf("the page: %q %v", line, err)
	}
}
