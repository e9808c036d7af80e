package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// What is refused before it is read is refused in the dialect of its path, as
// far as that has arrived; else in a form that SDKs of more than one can read.
func TestUnreadRequestsAreRefusedInTheirDialect(t *testing.T) {
	n := New(t, Options{Nodes: 1}).Nodes[0]
	host := "Host: gateway\r\nX-Api-Key: " + Keys["alice"] + "\r\n"
	wide := host + "X-Wide: " + strings.Repeat("x", 20<<10) + "\r\n\r\n"
	const anthropic, gemini, openai, either = `{"type":"error","error":{"type":"`, `{"error":{"code":4`, `{"error":{"message":"`, `{"error":{"code":null,"message":"`
	for _, tt := range []struct {
		name, sent string
		status     int
		form       string
	}{
		{"wide headers", "POST /v1/chat/completions HTTP/1.1\r\n" + wide, 431, openai},
		{"wide headers", "POST /v1/messages?beta=true HTTP/1.1\r\n" + wide, 431, anthropic},
		{"wide headers", "POST /v1/models/gemini-3-pro-preview-of-a-long-name:streamGenerateContent?alt=sse HTTP/1.1\r\n" + wide, 431, gemini},
		{"wide headers", "POST http://gateway:8080/v1/messages HTTP/1.1\r\n" + wide, 431, anthropic},
		{"a wide line", "POST /v1beta/models/" + strings.Repeat("x", 20<<10) + " HTTP/1.1\r\n" + host + "\r\n", 431, gemini},
		{"no host", "POST /v1beta/models/gemini-3-pro:generateContent HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 400, gemini},
		{"no colon", "POST /v1/messages HTTP/1.1\r\n" + host + "nonsense\r\n\r\n", 400, anthropic},
		{"two lengths", "POST /v1/messages HTTP/1.1\r\n" + host + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, anthropic},
		{"no chunks", "POST /v1/messages HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", 400, anthropic},
		{"no version", "POST /v1/messages\r\n\r\n", 400, anthropic},
		{"no line", "nonsense\r\n\r\n", 400, either},
		{"nothing but a method", "POST\r\n\r\n", 400, either},
		{"no path", "POST / HTTP/1.1\r\n" + wide, 431, either},
		{"too large", "POST /v1/messages HTTP/1.1\r\n" + host + "Content-Length: 99999999\r\n\r\n", 413, anthropic},
		{"too large, in chunks", "POST /v1beta/models/gemini-3-pro:generateContent HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nffffffff\r\nx", 413, gemini},
		{"too large, and asked first", "POST /v1/messages HTTP/1.1\r\n" + host + "Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n", 413, anthropic},
		{"too large for a method without a body", "GET /v1/messages HTTP/1.1\r\n" + host + "Content-Length: 99999999\r\n\r\n", 413, anthropic},
	} {
		got, closed := converse(t, n, tt.sent)
		head, body, _ := strings.Cut(got, "\r\n\r\n")
		if !strings.HasPrefix(head, fmt.Sprintf("HTTP/1.1 %d ", tt.status)) || !closed || !strings.Contains(head, "\r\nConnection: close") || !strings.Contains(head, "\r\nX-Request-Id: ") {
			t.Errorf("%s: %q, closed %t", tt.name, got, closed)
		}
		if !strings.HasPrefix(body, tt.form) {
			t.Errorf("%s: the form is another dialect's: %s", tt.name, body)
		}
	}

	conn, err := net.Dial("tcp", n.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for i, tt := range []struct {
		sent   string
		status int
		form   string
	}{
		{"POST /v1/messages HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\n{", 400, anthropic},
		{"POST /v1beta/models/m:generateContent HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\n{", 400, gemini},
		{"POST /v1/chat/completions HTTP/1.1\r\n" + wide, 431, openai},
	} {
		if _, err := io.WriteString(conn, tt.sent); err != nil {
			t.Fatal(err)
		}
		r, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != tt.status || !strings.HasPrefix(string(body), tt.form) {
			t.Errorf("request %d of a connection: %d %s %v", i, r.StatusCode, body, err)
		}
	}

	small := "POST " + ChatPath + " HTTP/1.1\r\n" + host + fmt.Sprintf("Connection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n%s", len(Chat), Chat)
	if got, _ := converse(t, n, small); !strings.HasPrefix(got, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ") {
		t.Errorf("asked first: %q", got)
	}
	if got, _ := converse(t, n, strings.Replace(small, "HTTP/1.1", "HTTP/1.0", 1)); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("asked first, in HTTP/1.0: %q", got)
	}
}
