package hop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func request(body []byte) *Request {
	return &Request{
		Kind: 1, Key: "search-team", Conversation: "c-1", RequestID: "req-1", ClientIP: "192.0.2.1",
		Method: "POST", Target: "/v1/chat/completions?x=y",
		Header: []Field{{"Content-Type", "application/json"}, {"Anthropic-Beta", ""}, {"X-Odd", "\x00\xff"}},
		Body:   body,
	}
}

func TestARequestArrivesAsItWasSent(t *testing.T) {
	var got, offered *Request
	n := start(t, ServerOptions{
		Accept: func(r *Request) error { c := *r; offered = &c; return nil },
		Handler: func(_ context.Context, r *Request) *Response {
			got = r
			return &Response{Status: 418, Header: []Field{{"A", "b"}, {"C", ""}}, Bytes: []byte("short")}
		},
	}, ClientOptions{})
	want := request([]byte("the body"))
	resp, err := n.client.Do(t.Context(), n.addr, want)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "short" {
		t.Errorf("body %q, %v", body, err)
	}
	if resp.Status != 418 || resp.Streamed || resp.Length != 5 || resp.Bytes != nil {
		t.Errorf("response %+v", resp)
	}
	if diff := cmp.Diff([]Field{{"A", "b"}, {"C", ""}}, resp.Header); diff != "" {
		t.Error(diff)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-sent +handled):\n%s", diff)
	}
	want.Body = nil
	if diff := cmp.Diff(want, offered); diff != "" {
		t.Errorf("request (-sent +offered):\n%s", diff)
	}
}

func TestBodiesOfAllSizesOnOneConnection(t *testing.T) {
	n := start(t, ServerOptions{Handler: echo}, ClientOptions{})
	random := rand.NewChaCha8([32]byte{})
	sizes := []int{0, 1, 2, 1 << 10, smallSize - 6, smallSize - 5, smallSize, 16374, 16375, 16379, 16380, 16384, 16385, 65531, 65536, 100_000, 1 << 20, 1<<20 + 1, 10 << 20}
	for _, size := range sizes {
		body := make([]byte, size)
		_, _ = random.Read(body)
		for _, read := range []func(io.Reader) ([]byte, error){
			io.ReadAll,
			func(r io.Reader) ([]byte, error) { b := make([]byte, size); _, err := io.ReadFull(r, b); return b, err }, // asks for no end
			func(r io.Reader) ([]byte, error) { return io.ReadAll(iotest.HalfReader(r)) },
		} {
			resp, err := n.client.Do(t.Context(), n.addr, request(body))
			if err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
			got, err := read(resp.Body)
			if err != nil || !bytes.Equal(got, body) || resp.Length != int64(size) {
				t.Fatalf("%d bytes: got %d of %d, %v", size, len(got), resp.Length, err)
			}
			if m, err := resp.Body.Read(make([]byte, 8)); m != 0 || err != io.EOF {
				t.Fatalf("%d bytes: after the end: %d, %v", size, m, err)
			}
			_ = resp.Body.Close()
		}
	}
	if conns := n.conns(); conns != 1 {
		t.Errorf("%d connections were used", conns)
	}
}

// conns is how many connections the owner has.
func (n *nodes) conns() int {
	n.server.mu.Lock()
	defer n.server.mu.Unlock()
	return len(n.server.conns)
}

func TestStreamsKeepTheirFrames(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var frames []string
	n := start(t, ServerOptions{Handler: func(context.Context, *Request) *Response {
		return &Response{Status: 200, Streamed: true, Body: &pieces{frames: append([]string(nil), frames...)}}
	}}, ClientOptions{})
	for _, count := range []int{0, 1, 2, 10, 1000} {
		frames = nil
		for range count {
			frames = append(frames, strings.Repeat("x", 1+random.IntN(600)))
		}
		resp, err := n.client.Do(t.Context(), n.addr, request(nil))
		if err != nil {
			t.Fatal(err)
		}
		if !resp.Streamed || resp.Length != -1 {
			t.Errorf("streamed %v, length %d", resp.Streamed, resp.Length)
		}
		var got []string
		p := make([]byte, 4096)
		for {
			m, err := resp.Body.Read(p)
			if m > 0 {
				got = append(got, string(p[:m]))
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		_ = resp.Body.Close()
		if diff := cmp.Diff(frames, got); diff != "" {
			t.Fatalf("%d frames:\n%s", count, diff)
		}
	}
	if conns := n.conns(); conns != 1 {
		t.Errorf("%d connections were used", conns)
	}
}

// A piece that is larger than the buffers arrives whole, in order.
func TestStreamsOfLargePieces(t *testing.T) {
	piece := make([]byte, 300<<10)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(piece)
	n := start(t, ServerOptions{Handler: func(context.Context, *Request) *Response {
		return &Response{Status: 200, Streamed: true, Body: io.NopCloser(iotest.DataErrReader(bytes.NewReader(piece)))}
	}}, ClientOptions{})
	for _, read := range []int{1 << 20, 1000} {
		resp, err := n.client.Do(t.Context(), n.addr, request(nil))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		_, err = io.CopyBuffer(struct{ io.Writer }{&got}, struct{ io.Reader }{resp.Body}, make([]byte, read))
		_ = resp.Body.Close()
		if err != nil || sha256.Sum256(got.Bytes()) != sha256.Sum256(piece) {
			t.Fatalf("%d bytes, %v", got.Len(), err)
		}
	}
}

// The head of a stream does not wait for its first data.
func TestAStreamsHeadComesFirst(t *testing.T) {
	first := make(chan bool)
	n := start(t, ServerOptions{Handler: func(context.Context, *Request) *Response {
		r, w := io.Pipe()
		go func() {
			<-first
			_, _ = io.WriteString(w, "data")
			_ = w.Close()
		}()
		return &Response{Status: 200, Streamed: true, Body: r}
	}}, ClientOptions{})
	resp, err := n.client.Do(t.Context(), n.addr, request(nil))
	if err != nil {
		t.Fatal(err)
	}
	close(first)
	b, err := io.ReadAll(resp.Body)
	if string(b) != "data" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	_ = resp.Body.Close()
}

func TestRefusals(t *testing.T) {
	n := start(t, ServerOptions{
		MaxBody: 1000,
		Accept: func(r *Request) error {
			switch r.Key {
			case "unknown":
				return errors.New("no such key")
			case "long":
				return errors.New(strings.Repeat("x", 5000))
			case "panic":
				panic("in Accept")
			}
			return nil
		},
		Handler: echo,
	}, ClientOptions{})
	for key, reason := range map[string]string{
		"unknown": "no such key",
		"long":    strings.Repeat("x", maxReason),
		"panic":   "the node panicked",
		"large":   "a body of 1001 bytes is larger than this node takes",
	} {
		r := request([]byte("body"))
		if r.Key = key; key == "large" {
			r.Body = make([]byte, 1001)
		}
		_, err := n.client.Do(t.Context(), n.addr, r)
		var refused *RefusedError
		if !errors.Is(err, ErrNotAccepted) || errors.Is(err, ErrBroken) || !errors.As(err, &refused) || refused.Reason != reason {
			t.Errorf("%s: %v", key, err)
		}
	}
	get(t, n, "the same connection", "good")
	if conns := n.conns(); conns != 1 {
		t.Errorf("%d connections were used", conns)
	}
}

func get(t testing.TB, n *nodes, what, body string) {
	t.Helper()
	resp, err := n.client.Do(t.Context(), n.addr, request([]byte(body)))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || string(b) != body {
		t.Fatalf("%s: %q, %v", what, b, err)
	}
}

func TestHeadsThatAreTooLargeAreNotSent(t *testing.T) {
	n := start(t, ServerOptions{Handler: func(_ context.Context, r *Request) *Response {
		return &Response{Status: 200, Header: []Field{{"Big", string(make([]byte, maxHead))}}}
	}}, ClientOptions{})
	large := request(nil)
	large.Target = string(make([]byte, maxHead))
	if _, err := n.client.Do(t.Context(), n.addr, large); !errors.Is(err, ErrNotAccepted) {
		t.Errorf("large: %v", err)
	}
	many := request(nil)
	many.Header = make([]Field, maxFields+1)
	if _, err := n.client.Do(t.Context(), n.addr, many); !errors.Is(err, ErrNotAccepted) {
		t.Errorf("many fields: %v", err)
	}
	var abort *AbortError
	if _, err := n.client.Do(t.Context(), n.addr, request(nil)); !errors.Is(err, ErrBroken) || !errors.As(err, &abort) {
		t.Errorf("response: %v", err)
	}
	fits := request(nil)
	fits.Target = string(make([]byte, maxHead-1000))
	if _, err := n.client.Do(t.Context(), n.addr, fits); !errors.Is(err, ErrBroken) {
		t.Errorf("a head that fits: %v", err)
	}
}

func TestHandlersThatFail(t *testing.T) {
	closed := make(chan bool, 1)
	n := start(t, ServerOptions{Handler: func(_ context.Context, r *Request) *Response {
		switch r.Key {
		case "panic":
			panic("in the handler")
		case "nil":
			return nil
		case "mid-stream":
			return &Response{Status: 200, Body: &pieces{frames: []string{"one", "two"}, fail: errors.New("the provider hung up"), closed: closed}}
		case "panic mid-stream":
			return &Response{Status: 200, Body: struct {
				io.Reader
				io.Closer
			}{iotest.TimeoutReader(nil), &pieces{closed: closed}}}
		case "no progress":
			return &Response{Status: 200, Body: &pieces{frames: []string{"", ""}, closed: closed}}
		}
		return echo(context.Background(), r)
	}}, ClientOptions{})
	do := func(key string) (*Response, error) {
		r := request(nil)
		r.Key = key
		return n.client.Do(t.Context(), n.addr, r)
	}
	resp, err := do("panic")
	if err != nil || resp.Status != 500 || resp.Length != 0 {
		t.Errorf("panic: %v, %v", resp, err)
	}
	var abort *AbortError
	if _, err := do("nil"); !errors.Is(err, ErrBroken) || !errors.As(err, &abort) {
		t.Errorf("nil: %v", err)
	}
	for key, want := range map[string]string{"mid-stream": "onetwo|the provider hung up", "panic mid-stream": "|the node panicked", "no progress": ""} {
		resp, err := do(key)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		wait(t, closed, key+": the handler's body was not closed")
		if want == "" {
			if err != nil || len(b) != 0 {
				t.Errorf("%s: %q, %v", key, b, err)
			}
			continue
		}
		if !errors.As(err, &abort) || abort.Lost != nil || errors.Is(err, io.EOF) || string(b)+"|"+abort.Reason != want {
			t.Errorf("%s: %q, %v", key, b, err)
		}
	}
	get(t, n, "afterwards", "good")
}

func TestManyAtOnce(t *testing.T) {
	n := start(t, ServerOptions{Handler: func(_ context.Context, r *Request) *Response {
		if len(r.Body)%2 == 0 {
			return echo(context.Background(), r)
		}
		return &Response{Status: 200, Body: io.NopCloser(iotest.OneByteReader(bytes.NewReader(r.Body[:min(len(r.Body), 50)])))}
	}}, ClientOptions{})
	var wg sync.WaitGroup
	for worker := range 64 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 0))
			for i := range 30 {
				body := []byte(strings.Repeat(fmt.Sprintf("%d/%d ", worker, i), 1+random.IntN(2000)))[:1+random.IntN(5)]
				if i%10 == 0 {
					body = bytes.Repeat(body, 40_000)
				}
				resp, err := n.client.Do(t.Context(), n.addr, request(body))
				if err != nil {
					t.Errorf("%d/%d: %v", worker, i, err)
					return
				}
				if random.IntN(8) == 0 {
					_ = resp.Body.Close() // not interested
					continue
				}
				got, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if want := body[:min(len(body), max(50, len(body)*(1-len(body)%2)))]; err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d/%d: %d bytes of %d, %v", worker, i, len(got), len(want), err)
					return
				}
			}
		})
	}
	wg.Wait()
}
