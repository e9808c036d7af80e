package upstream

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// What an instance compresses without being asked comes plain, piece by piece
// as it was flushed.
func TestCompressedAnswers(t *testing.T) {
	more := make(chan struct{})
	r, f := instance(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Content-Encoding", "GZIP")
		z := gzip.NewWriter(w)
		for _, piece := range []string{"data: 1\n\n", "data: 2\n\n"} {
			_, _ = io.WriteString(z, piece)
			_ = z.Flush()
			flush(w)
			<-more
		}
		_ = z.Close()
	}).Do(t.Context(), ask())
	if f != nil {
		t.Fatal(f.Reason)
	}
	defer r.Body.Close()
	if r.Header.Get("Content-Encoding") != "" || r.Length != -1 || !r.Stream {
		t.Errorf("%v, %d bytes", r.Header, r.Length)
	}
	room := make([]byte, 100)
	n, err := r.Body.Read(room)
	if string(room[:n]) != "data: 1\n\n" || err != nil {
		t.Fatalf("%q %v", room[:n], err)
	}
	close(more)
	if rest, err := io.ReadAll(r.Body); string(rest) != "data: 2\n\n" || err != nil {
		t.Errorf("%q %v", rest, err)
	}
}

// An error's body comes plain, too; what is no gzip is a broken answer.
func TestCompressedFaults(t *testing.T) {
	packed := func(status int, cut int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			var b strings.Builder
			z := gzip.NewWriter(&b)
			_, _ = io.WriteString(z, `{"error":{"message":"busy"}}`)
			_ = z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, b.String()[cut:b.Len()-cut])
		}
	}
	if _, f := instance(t, packed(503, 0)).Do(t.Context(), ask()); f == nil || string(f.Response.Body) != `{"error":{"message":"busy"}}` {
		t.Errorf("%+v", f)
	}
	r, f := instance(t, packed(200, 1)).Do(t.Context(), ask())
	if f != nil {
		t.Fatal(f.Reason)
	}
	defer r.Body.Close()
	if _, err := io.ReadAll(r.Body); !errors.Is(err, ErrCut) {
		t.Errorf("a broken one ends with %v", err)
	}
}
