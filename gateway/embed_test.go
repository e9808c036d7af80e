package gateway_test

import (
	"encoding/json"
	"strings"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// Clients of either API get their vectors from a provider of the other.
func TestEmbeddingsAcrossDialects(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	n := c.Nodes[0]
	for name, tc := range map[string]struct {
		path, body string
		status     int
		want       string // in the body
		estimated  bool   // and the client is told that its tokens are
	}{
		"one":    {"/v1/embeddings", `{"model":"gemini-3-pro","input":"two words","dimensions":4}`, 200, `"object":"embedding"`, true},
		"many":   {"/v1/embeddings", `{"model":"gemini-3-pro","input":["a","b"]}`, 200, `"index":1`, true},
		"base64": {"/v1/embeddings", `{"model":"gemini-3-pro","input":["a"],"encoding_format":"base64"}`, 200, `"embedding":"`, true},
		"tokens": {"/v1/embeddings", `{"model":"gemini-3-pro","input":[1,2]}`, 400, `"param":"input[0]"`, false},
		"nobody": {"/v1/embeddings", `{"model":"claude-sonnet-4-5","input":"a"}`, 400, `no embeddings`, false},
		"single": {"/v1beta/models/gpt-5:embedContent", `{"content":{"parts":[{"text":"a"}]}}`, 200, `{"embedding":{"values":[`, false},
		"batch":  {"/v1beta/models/gpt-5:batchEmbedContents", `{"requests":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]}}]}`, 200, `{"embeddings":[{"values":[`, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := c.Post(n, "alice", tc.path, tc.body)
			if r.Status != tc.status || !strings.Contains(r.Body, tc.want) || !json.Valid([]byte(r.Body)) {
				t.Errorf("%d %s, want %d with %s", r.Status, r.Body, tc.status, tc.want)
			}
			if got := strings.Contains(r.Header.Get("X-Llm-Gateway-Warnings"), "usage: estimated offline"); got != tc.estimated {
				t.Errorf("warnings %q", r.Header.Get("X-Llm-Gateway-Warnings"))
			}
		})
	}
}
