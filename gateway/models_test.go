package gateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/gateway"
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

// get asks the first node for a path with a key of Keys, "" for none, and
// headers.
func get(c *Cluster, key, path string, header ...string) Reply {
	return getFrom(c, c.Nodes[0], key, path, header...)
}

func getFrom(c *Cluster, n *gateway.Node, key, path string, header ...string) Reply {
	r, err := http.NewRequest("GET", "http://"+n.Addr()+path, nil)
	if err != nil {
		panic(err)
	}
	if key != "" {
		r.Header.Set("X-Api-Key", Keys[key])
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return c.Do(r)
}

// A key sees the models that it may use, with the fields of every dialect whose
// clients ask there.
func TestModelsOfAKey(t *testing.T) {
	c := New(t, Options{Nodes: 1, Extra: `
api_key "narrow" {
  key = "sk-narrow"
  models = ["gpt-*"]
}
api_key "off" {
  key = "sk-off"
  enabled = false
}
route "gpt-5" { provider = "openai" }
`})
	n := c.Nodes[0]
	list := get(c, "alice", "/v1/models")
	var union struct {
		Object  string
		HasMore *bool  `json:"has_more"`
		FirstID string `json:"first_id"`
		LastID  string `json:"last_id"`
		Data    []map[string]any
	}
	if err := json.Unmarshal([]byte(list.Body), &union); err != nil {
		t.Fatal(err)
	}
	if union.Object != "list" || union.HasMore == nil || union.FirstID != "gpt-5" || union.LastID != "smart" || len(union.Data) != 2 {
		t.Errorf("%s", list.Body)
	}
	for _, field := range []string{"id", "object", "created", "owned_by", "type", "display_name", "created_at"} {
		if union.Data[1][field] == nil {
			t.Errorf("no %s in %v", field, union.Data[1])
		}
	}
	for path, want := range map[string][]string{
		"/v1/models":       {`"object":"list"`, `"data":[{"id":"gpt-5",`, `"models":[{"name":"models/gpt-5",`},
		"/v1/models/smart": {`"name":"models/smart"`, `"displayName":"Smart"`, `"id":"smart"`, `"display_name":"Smart"`},
	} {
		r := get(c, "", path, "X-Goog-Api-Key", Keys["alice"])
		for _, w := range want {
			if r.Status != 200 || !strings.Contains(r.Body, w) {
				t.Errorf("%s for Gemini's clients: %d, no %s in %s", path, r.Status, w, r.Body)
			}
		}
	}
	for _, tt := range []struct {
		key, path, anthropic string
		status               int
		want                 string
	}{
		{"alice", "/v1/models/smart", "", 200, `"display_name":"Smart"`},
		{"alice", "/v1/models/claude-x", "", 200, `"owned_by":"anthropic"`},
		{"alice", "/v1beta/models", "", 200, `"displayName":"Smart"`},
		{"alice", "/v1beta/models/gemini-9", "", 200, `"name":"models/gemini-9"`},
		{"alice", "/v1beta/models/models%2Fgemini-9", "", 200, `"name":"models/gemini-9"`},
		{"alice", "/v1/models/nope", "", 404, `"code":"model_not_found"`},
		{"alice", "/v1/models/nope", "2023-06-01", 404, `"type":"not_found_error"`},
		{"alice", "/v1beta/models/nope", "", 404, `"status":"NOT_FOUND"`},
		{"narrow", "/v1/models", "", 200, `"data":[{"id":"gpt-5"`},
		{"narrow", "/v1/models/smart", "", 404, `"code":"model_not_found"`},
		{"", "/v1/models", "", 401, `"code":"invalid_api_key"`},
		{"", "/v1/models", "2023-06-01", 401, `"type":"authentication_error"`},
		{"", "/v1beta/models", "2023-06-01", 401, `"status":"UNAUTHENTICATED"`},
		{"off", "/v1/models", "2023-06-01", 403, `"type":"permission_error"`},
	} {
		header := []string{"X-Api-Key", map[string]string{"narrow": "sk-narrow", "off": "sk-off"}[tt.key]}
		if tt.key == "alice" {
			header = nil
		}
		r := get(c, tt.key, tt.path, append(header, "Anthropic-Version", tt.anthropic)...)
		if r.Status != tt.status || !strings.Contains(r.Body, tt.want) || strings.Contains(r.Body, "smart") && tt.key == "narrow" && tt.status == 200 {
			t.Errorf("%s at %s (%s): %d %s", tt.key, tt.path, tt.anthropic, r.Status, r.Body)
		}
	}
	var metrics string
	c.Admin(n, "/metrics", &metrics)
	if want := `llm_errors_total{api_key="off",error_type="permission",model="other",provider=""} 1`; !strings.Contains(metrics, want) {
		t.Errorf("no %s", want)
	}
}
