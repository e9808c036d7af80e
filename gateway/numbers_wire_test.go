package gateway_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// benchHeader tells the benchmark's provider how to answer.
const benchHeader = "X-Bench"

// responder is a provider that costs as little as one can: it looks for nothing
// in a request but its end and the header that names the answer.
type responder struct {
	net.Listener
	whole, head, burst []byte
	each               [][]byte // the events as chunks
}

func newResponder(t testing.TB) *responder {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	r := &responder{Listener: l}
	const common = "HTTP/1.1 200 OK\r\nDate: Wed, 02 Sep 2026 10:00:00 GMT\r\nX-Request-Id: req_0123456789abcdef\r\n" +
		"Openai-Organization: acme\r\nOpenai-Processing-Ms: 412\r\nOpenai-Version: 2020-10-01\r\n" +
		"X-Ratelimit-Limit-Requests: 10000\r\nX-Ratelimit-Remaining-Requests: 9999\r\n"
	r.whole = fmt.Appendf(nil, "%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", common, len(chatAnswer), chatAnswer)
	r.head = []byte(common + "Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n")
	for _, e := range chatEvents() {
		chunk := fmt.Appendf(nil, "%x\r\n%s\r\n", len(e), e)
		r.each = append(r.each, chunk)
		r.burst = append(r.burst, chunk...)
	}
	r.burst = append(r.burst, lastChunk...)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.serve(c)
		}
	}()
	return r
}

var lastChunk = []byte("0\r\n\r\n")

func (r *responder) serve(c net.Conn) {
	defer c.Close()
	in := &wire{conn: c, buf: make([]byte, 128<<10)}
	for {
		head, err := in.message()
		if err != nil {
			return
		}
		_, mode, _ := bytes.Cut(head, []byte(benchHeader+": "))
		switch {
		case bytes.HasPrefix(mode, []byte("paced")):
			err = r.paced(c)
		case bytes.HasPrefix(mode, []byte("burst")):
			_, err = c.Write(append(append(make([]byte, 0, len(r.head)+len(r.burst)), r.head...), r.burst...))
		case bytes.HasPrefix(mode, []byte("idle")):
			_, err = c.Write(append(append([]byte(nil), r.head...), r.each[0]...))
		default:
			_, err = c.Write(r.whole)
		}
		if err != nil {
			return
		}
	}
}

// gap is the time between two events of a paced stream: long enough for each to
// be read, written and waited for on its own.
const gap = time.Millisecond

func (r *responder) paced(c net.Conn) error {
	if _, err := c.Write(r.head); err != nil {
		return err
	}
	next := time.NewTicker(gap)
	defer next.Stop()
	for _, chunk := range r.each {
		<-next.C
		if _, err := c.Write(chunk); err != nil {
			return err
		}
	}
	_, err := c.Write(lastChunk)
	return err
}

// wire reads HTTP messages off a connection, one after the other.
type wire struct {
	conn net.Conn
	buf  []byte
}

// message reads a whole message and returns its head, valid until the next.
func (w *wire) message() ([]byte, error) {
	head, end, n := []byte(nil), 0, 0
	chunked := false
	var tail [5]byte
	for {
		m, err := w.conn.Read(w.buf[n:])
		if m == 0 {
			if err == nil {
				err = io.ErrNoProgress
			}
			return nil, err
		}
		got := w.buf[n : n+m]
		n += m
		if head == nil {
			i := bytes.Index(w.buf[:n], []byte("\r\n\r\n"))
			if i < 0 {
				continue
			}
			head = w.buf[:i+4]
			chunked = bytes.Contains(head, []byte("\r\nTransfer-Encoding: chunked"))
			end = len(head) + contentLength(head)
			got = w.buf[len(head):n]
		}
		if !chunked {
			if n >= end {
				return head, nil
			}
			continue
		}
		keepTail(&tail, got)
		if bytes.Equal(tail[:], lastChunk) {
			return head, nil
		}
		n = len(head)
	}
}

func keepTail(tail *[5]byte, got []byte) {
	if len(got) >= len(tail) {
		copy(tail[:], got[len(got)-len(tail):])
		return
	}
	k := copy(tail[:], tail[len(got):])
	copy(tail[k:], got)
}

func contentLength(head []byte) int {
	_, rest, ok := bytes.Cut(head, []byte("\r\nContent-Length: "))
	if !ok {
		return 0
	}
	digits, _, _ := bytes.Cut(rest, []byte("\r"))
	n, _ := strconv.Atoi(string(digits))
	return n
}

// load is a number of clients that send the same request, each over its own
// connection.
type load struct {
	request []byte
	clients []*wire
}

// dial connects the clients to a server.
func dial(t testing.TB, addr string, clients int, request []byte) *load {
	l := &load{request: request}
	for range clients {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		l.clients = append(l.clients, &wire{conn: c, buf: make([]byte, 64<<10)})
	}
	return l
}

// run sends n requests, spread over the clients.
func (l *load) run(t testing.TB, n int) {
	var wg sync.WaitGroup
	for i, c := range l.clients {
		share := n / len(l.clients)
		if i < n%len(l.clients) {
			share++
		}
		wg.Go(func() {
			for range share {
				if err := l.once(c); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func (l *load) once(c *wire) error {
	if _, err := c.conn.Write(l.request); err != nil {
		return err
	}
	head, err := c.message()
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		return fmt.Errorf("answered %q", c.buf[:min(len(c.buf), 700)])
	}
	return nil
}

// request writes a client's POST, with the headers that the official SDKs send.
func request(key, path, mode, body string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: gateway.example.net\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\n", path, "sk-"+key)
	b.WriteString("Accept: application/json\r\nUser-Agent: OpenAI/JS 6.1.0\r\nX-Stainless-Lang: js\r\nX-Stainless-Package-Version: 6.1.0\r\n" +
		"X-Stainless-Os: Linux\r\nX-Stainless-Arch: x64\r\nX-Stainless-Runtime: node\r\nX-Stainless-Runtime-Version: v22.1.0\r\nX-Stainless-Retry-Count: 0\r\n")
	if strings.HasPrefix(path, "/v1/messages") {
		b.WriteString("Anthropic-Version: 2023-06-01\r\nAnthropic-Beta: claude-code-20250219,interleaved-thinking-2025-05-14\r\nX-App: cli\r\n")
	}
	fmt.Fprintf(&b, "%s: %s\r\nContent-Length: %d\r\n\r\n%s", benchHeader, mode, len(body), body)
	return []byte(b.String())
}

// hasEvent tells whether a stream's answer holds its head and an event.
func hasEvent(b []byte) bool {
	_, body, ok := bytes.Cut(b, []byte("\r\n\r\n"))
	return ok && bytes.Contains(body, []byte("\n\n"))
}
