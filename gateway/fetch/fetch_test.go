package fetch_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway/fetch"
)

var png = []byte("\x89PNG\r\n\x1a\n and so on")

func server(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/a.png", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png; x=y")
		w.Write(png)
	})
	mux.HandleFunc("/untyped", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(png)
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) {
		for range 64 {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestGet(t *testing.T) {
	s := server(t)
	f := fetch.New(fetch.Options{AllowPrivate: true, MaxBytes: 32 << 10, Timeout: 300 * time.Millisecond})
	defer f.Close()
	for path, want := range map[string]string{
		"/a.png":   "image/png",
		"/untyped": "image/png",
		"/big":     "larger than",
		"/loop":    "redirects",
		"/file":    "only http",
		"/slow":    "in time",
		"/none":    "status 404",
	} {
		typ, body, err := f.Get(t.Context(), s.URL+path+"?token=hush")
		if err != nil {
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%s: %v, want %q", path, err, want)
			}
			continue
		}
		if typ != want || string(body) != string(png) {
			t.Errorf("%s: %s, %d bytes", path, typ, len(body))
		}
	}
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	s := server(t)
	f := fetch.New(fetch.Options{})
	defer f.Close()
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	for _, u := range []string{
		s.URL + "/a.png", "http://localhost" + port + "/a.png", "http://[::1]" + port, "http://10.0.0.1/", "http://169.254.169.254/latest",
		"http://[::ffff:127.0.0.1]" + port, "http://0.0.0.0" + port, "http://100.64.0.1/", "http://[64:ff9b::a00:1]/", "http://127.1" + port,
	} {
		if _, _, err := f.Get(t.Context(), u); err == nil || !strings.Contains(err.Error(), "private") && !strings.Contains(err.Error(), "not known") {
			t.Errorf("%s: %v", u, err)
		}
	}
	for _, u := range []string{"ftp://example.org/a", "data:text/plain,x", "http:///x", "::"} {
		if _, _, err := f.Get(t.Context(), u); err == nil {
			t.Errorf("%s is fetched", u)
		}
	}
}
