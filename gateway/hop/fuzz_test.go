package hop

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func wireOf(f *testing.F, r *Request) []byte {
	b, err := appendRequest(nil, r)
	if err != nil {
		f.Fatal(err)
	}
	return append(appendHeader(b, frameBody, len(r.Body)), r.Body...)
}

// A head that is taken apart can be put together again, and says the same.
func FuzzParseRequest(f *testing.F) {
	wire := wireOf(f, request([]byte("body")))
	f.Add(wire[frameHeader : len(wire)-frameHeader-4])
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, head []byte) {
		r, n, err := parseRequest(string(head))
		if err != nil {
			if !errors.Is(err, errFrame) {
				t.Error(err)
			}
			return
		}
		if n > 1<<20 {
			return
		}
		r.Body = make([]byte, n)
		b, err := appendRequest(nil, r)
		if err != nil {
			return // longer than a head may be
		}
		again, m, err := parseRequest(string(b[frameHeader:]))
		if err != nil || m != n {
			t.Fatalf("%d, %v", m, err)
		}
		r.Body = nil
		if diff := cmp.Diff(r, again); diff != "" {
			t.Error(diff)
		}
	})
}

func FuzzParseResponse(f *testing.F) {
	b, err := appendResponse(nil, &Response{Status: 200, Header: []Field{{"A", "b"}}, Bytes: []byte("body")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b[frameHeader:])
	f.Fuzz(func(t *testing.T, head []byte) {
		var r Response
		if err := parseResponse(string(head), &r); err != nil {
			if !errors.Is(err, errFrame) {
				t.Error(err)
			}
			return
		}
		if r.Status < 100 || r.Status > 999 || r.Length < -1 || r.Streamed != (r.Length < 0) || len(r.Header) > maxFields {
			t.Errorf("%+v", r)
		}
	})
}

// Whatever a peer sends, an owner neither panics nor hangs, and runs no request
// whose body is not whole.
func FuzzOwner(f *testing.F) {
	f.Add(wireOf(f, request([]byte("body"))))
	f.Add(append(wireOf(f, request(nil)), wireOf(f, request(make([]byte, 3000)))...))
	f.Add(wireOf(f, request(make([]byte, 5000))))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		s := NewServer(ServerOptions{MaxBody: 4000, Handler: func(ctx context.Context, r *Request) *Response {
			if len(r.Body) > 4000 || !bytes.Contains(wire, r.Body) {
				t.Errorf("ran with a body of %d bytes that was not sent", len(r.Body))
			}
			return echo(ctx, r)
		}})
		edge, owner := net.Pipe()
		s.start(owner)
		go func() { _, _ = io.Copy(io.Discard, edge) }()
		_, _ = edge.Write(wire) // fails where the owner cuts it off
		_ = edge.Close()
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// Whatever a peer answers, an edge neither panics nor hangs, gives no more than
// was sent, and sees no end where there is none.
func FuzzEdge(f *testing.F) {
	f.Add(append(bytes.Clone(accept), answer(f)...))
	whole, err := appendResponse(nil, &Response{Status: 200, Bytes: []byte("body")})
	if err != nil {
		f.Fatal(err)
	}
	whole = append(append(bytes.Clone(accept), whole...), "D\x00\x00\x00\x04bodyE\x00\x00\x00\x00"...)
	f.Add(whole)
	f.Add(appendReason(nil, frameRefuse, "no"))
	f.Add(appendReason(bytes.Clone(accept), frameAbort, "no"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		c := NewClient(ClientOptions{AcceptTimeout: time.Minute, Dial: func(context.Context, string) (net.Conn, error) {
			edge, owner := net.Pipe()
			go func() {
				go func() { _, _ = io.Copy(io.Discard, owner) }()
				_, _ = owner.Write(wire) // fails where the edge cuts it off
				_ = owner.Close()
			}()
			return edge, nil
		}})
		defer c.Close()
		resp, err := c.Do(context.Background(), "owner", request([]byte("body")))
		if err != nil {
			if errors.Is(err, ErrNotAccepted) == errors.Is(err, ErrBroken) {
				t.Error(err)
			}
			return
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if len(b) > len(wire) || err == nil && (!bytes.Contains(wire, []byte("E\x00\x00\x00\x00")) || resp.Length >= 0 && resp.Length != int64(len(b))) {
			t.Errorf("%d bytes of %d, %v", len(b), resp.Length, err)
		}
	})
}
