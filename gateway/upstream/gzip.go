package upstream

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// plain returns a response's body as it was before an instance compressed it,
// which some do without being asked, and takes what tells of it off the header.
func plain(resp *http.Response) io.ReadCloser {
	switch strings.ToLower(resp.Header.Get("Content-Encoding")) {
	case "gzip", "x-gzip":
		resp.Header.Del("Content-Encoding")
		resp.ContentLength = -1
		return &inflated{src: resp.Body}
	}
	return resp.Body
}

// inflated reads the head of the gzip stream not before the first Read, which
// is under watch.
type inflated struct {
	src io.ReadCloser
	z   *gzip.Reader
	err error
}

func (g *inflated) Read(p []byte) (int, error) {
	if g.z == nil && g.err == nil {
		g.z, g.err = gzip.NewReader(g.src)
	}
	if g.err != nil {
		return 0, g.err
	}
	return g.z.Read(p)
}

func (g *inflated) Close() error { return g.src.Close() }
