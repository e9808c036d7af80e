package gateway

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

//go:embed page.html
var pageHTML string

// page serves the dashboard: one file that reads /api and nothing else. The
// policy names its script and its style by their digests, so that no other can
// run or be loaded, whatever a provider's error or a node's name holds.
func page() http.HandlerFunc {
	policy := fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		digestOf("script"), digestOf("style"))
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		_, _ = w.Write([]byte(pageHTML)) // an error: the reader is gone
	}
}

// digestOf is the source expression of the page's one element of that name.
func digestOf(element string) string {
	_, rest, _ := strings.Cut(pageHTML, "<"+element+">")
	inside, _, _ := strings.Cut(rest, "</"+element+">")
	sum := sha256.Sum256([]byte(inside))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
