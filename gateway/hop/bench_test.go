package hop

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/llmgw/llmgw/gateway/connwatch"
)

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measured reports the processor time and the allocations of both sides.
func measured(b *testing.B, per int, run func()) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used := cpu()
	run()
	used = cpu() - used
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(used.Microseconds())/float64(b.N*per), "cpu-µs/op")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(b.N*per), "mallocs/op")
	if per > 1 {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*per), "ns/event")
	}
}

// benchNodes is an owner behind connwatch, as in the gateway.
func benchNodes(b *testing.B, h Handler) *nodes {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	watched, err := connwatch.Listen(l)
	if err != nil {
		b.Fatal(err)
	}
	server, client := testTLS(b)
	n := &nodes{server: NewServer(ServerOptions{TLS: server, Handler: h, Watch: connwatch.Watch}), addr: l.Addr().String()}
	n.client = NewClient(ClientOptions{TLS: client, AcceptTimeout: 5 * time.Second})
	go func() { _ = n.server.Serve(watched) }()
	b.Cleanup(func() { n.client.Close(); _ = n.server.Shutdown(context.Background()) })
	return n
}

// httpNodes is the same with net/http: TLS, HTTP/1.1, and the same handshake
// before the body.
func httpNodes(b *testing.B, h http.HandlerFunc) (*http.Transport, string) {
	server, client := testTLS(b)
	l := listen(b)
	s := &http.Server{Handler: h, TLSConfig: server, TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
	go func() { _ = s.ServeTLS(l, "", "") }()
	t := &http.Transport{TLSClientConfig: client, DisableCompression: true, MaxIdleConnsPerHost: 256, ExpectContinueTimeout: time.Minute}
	b.Cleanup(func() { t.CloseIdleConnections(); _ = s.Close() })
	return t, "https://" + l.Addr().String() + "/v1/chat/completions"
}

var benchHeader = []Field{{"Content-Type", "application/json"}, {"Anthropic-Version", "2023-06-01"}, {"User-Agent", "client/1.0"}, {"X-Stainless-Lang", "js"}, {"Accept", "application/json"}, {"X-Stainless-Retry-Count", "0"}}

// run runs f b.N times, from c goroutines.
func run(b *testing.B, c int, f func() error) {
	left := atomic.Int64{}
	left.Store(int64(b.N))
	errs := make(chan error, c)
	for range c {
		go func() {
			for left.Add(-1) >= 0 {
				if err := f(); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range c {
		if err := <-errs; err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExchange(b *testing.B) {
	for _, size := range []int{1 << 10, 100 << 10} {
		for _, c := range []int{1, 16} {
			name := fmt.Sprintf("size=%dKB/c=%d", size>>10, c)
			body := bytes.Repeat([]byte("x"), size)
			b.Run("hop/"+name, func(b *testing.B) {
				n := benchNodes(b, echo)
				once := func() error {
					ctx, cancel := context.WithCancel(context.Background())
					defer cancel()
					resp, err := n.client.Do(ctx, n.addr, &Request{Key: "team", RequestID: "req", ClientIP: "192.0.2.1", Method: "POST", Target: "/v1/chat/completions", Header: benchHeader, Body: body})
					if err != nil {
						return err
					}
					p := make([]byte, resp.Length)
					_, err = io.ReadFull(resp.Body, p)
					_ = resp.Body.Close()
					return err
				}
				run(b, c, once)
				b.ResetTimer()
				measured(b, 1, func() { run(b, c, once) })
			})
			b.Run("nethttp/"+name, func(b *testing.B) {
				t, url := httpNodes(b, func(w http.ResponseWriter, r *http.Request) {
					p := make([]byte, r.ContentLength)
					_, _ = io.ReadFull(r.Body, p)
					w.Header().Set("Content-Type", "application/json")
					w.Header().Set("Content-Length", strconv.Itoa(len(p)))
					_, _ = w.Write(p)
				})
				once := func() error {
					ctx, cancel := context.WithCancel(context.Background())
					defer cancel()
					req, err := http.NewRequestWithContext(ctx, "POST", url, bytes.NewReader(body))
					if err != nil {
						return err
					}
					for _, f := range benchHeader {
						req.Header.Set(f.Name, f.Value)
					}
					req.Header.Set("Expect", "100-continue")
					resp, err := t.RoundTrip(req)
					if err != nil {
						return err
					}
					p := make([]byte, resp.ContentLength)
					_, err = io.ReadFull(resp.Body, p)
					_ = resp.Body.Close()
					return err
				}
				run(b, c, once)
				b.ResetTimer()
				measured(b, 1, func() { run(b, c, once) })
			})
		}
	}
}

// events is a stream of 200 events of 220 bytes.
const events = 200

var event = "data: " + strings.Repeat("x", 212) + "\n\n"

type eventStream struct{ left int }

func (s *eventStream) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	s.left--
	runtime.Gosched()
	return copy(p, event), nil
}

func (s *eventStream) Close() error { return nil }

func drain(body io.ReadCloser) error {
	p := make([]byte, 4096)
	for {
		if _, err := body.Read(p); err != nil {
			_ = body.Close()
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

func BenchmarkStream(b *testing.B) {
	b.Run("hop", func(b *testing.B) {
		n := benchNodes(b, func(context.Context, *Request) *Response {
			return &Response{Status: 200, Streamed: true, Body: &eventStream{left: events}}
		})
		measured(b, events, func() {
			run(b, 4, func() error {
				resp, err := n.client.Do(context.Background(), n.addr, &Request{Header: benchHeader})
				if err != nil {
					return err
				}
				return drain(resp.Body)
			})
		})
	})
	b.Run("nethttp", func(b *testing.B) {
		t, url := httpNodes(b, func(w http.ResponseWriter, r *http.Request) {
			p := make([]byte, 4096)
			for s := (&eventStream{left: events}); ; {
				n, err := s.Read(p)
				if err != nil {
					return
				}
				_, _ = w.Write(p[:n])
				w.(http.Flusher).Flush()
			}
		})
		measured(b, events, func() {
			run(b, 4, func() error {
				req, err := http.NewRequest("POST", url, nil)
				if err != nil {
					return err
				}
				resp, err := t.RoundTrip(req)
				if err != nil {
					return err
				}
				return drain(resp.Body)
			})
		})
	})
}
