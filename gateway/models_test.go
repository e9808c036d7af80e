package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// The three dialects' SDKs list models, two of them and the newest of Gemini's
// at one path.
func TestModelListsAreInTheCallersForm(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	get := func(path, header string) Reply {
		r := Request(c.Nodes[0], "alice", path, "")
		key := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		r.Method = http.MethodGet
		r.Header = http.Header{header: {key}}
		return c.Do(r)
	}
	for _, path := range []string{"/v1/models", "/v1/models?limit=1000"} {
		r := get(path, "X-Api-Key")
		for _, want := range []string{`"object":"list"`, `"first_id":`, `"has_more":false`, `"owned_by":"anthropic","type":"model","display_name":"Smart","created_at":`} {
			if r.Status != 200 || !strings.Contains(r.Body, want) {
				t.Errorf("%s: %d, no %s in %s", path, r.Status, want, r.Body)
			}
		}
	}
	for _, path := range []string{"/v1/models", "/v1beta/models"} {
		if r := get(path, "X-Goog-Api-Key"); r.Status != 200 || !strings.Contains(r.Body, `{"name":"models/smart","version":"001","displayName":"Smart"`) {
			t.Errorf("%s for Gemini's SDK: %d %s", path, r.Status, r.Body)
		}
	}
	if r := get("/v1/models/smart", "X-Goog-Api-Key"); !strings.HasPrefix(r.Body, `{"name":"models/smart"`) {
		t.Errorf("one model for Gemini's SDK: %d %s", r.Status, r.Body)
	}
	if r := get("/v1/models/gpt-9-which-a-pattern-covers", "X-Api-Key"); !strings.Contains(r.Body, `"id":"gpt-9-which-a-pattern-covers"`) {
		t.Errorf("one model: %d %s", r.Status, r.Body)
	}
	if r := get("/v1/models/none-at-all", "X-Goog-Api-Key"); r.Status != 404 || !strings.Contains(r.Body, `"NOT_FOUND"`) {
		t.Errorf("an unknown model: %d %s", r.Status, r.Body)
	}
}
