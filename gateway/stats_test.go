package gateway_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
	"github.com/llmgw/llmgw/gateway/mock"
)

func TestStatsAddUpTheFleetAtEveryNode(t *testing.T) {
	t.Parallel()
	c := New(t, Options{Nodes: 3, Extra: "price \"gpt-*\" {\n  input = 1000000\n  output = 0\n}\n"})
	for key := range Keys {
		c.Post(c.Nodes[0], key, ChatPath, Chat)
	}
	c.Mocks["anthropic/one"].Always(&mock.Step{Status: 400})
	c.Mocks["anthropic/two"].Always(&mock.Step{Status: 400})
	c.Post(c.Nodes[1], "alice", MessagesPath, Messages)
	var input int64
	for _, r := range c.Records() {
		input += r.Usage.Input
	}
	for _, n := range c.Nodes {
		var v struct {
			Total struct {
				Requests, Errors int64
				Input            int64   `json:"input_tokens"`
				Cost             float64 `json:"cost_usd"`
			}
			Nodes     []struct{ Name string }
			Providers []struct {
				Provider string
				Total    struct{ Requests, Errors int64 }
			}
		}
		c.Admin(n, "/api/stats", &v)
		if v.Total.Requests != 5 || v.Total.Errors != 1 || v.Total.Input != input || v.Total.Cost != float64(input) || len(v.Nodes) != 3 {
			t.Errorf("%s: %+v, want 5 requests, 1 error, %d tokens for as many dollars", n.Name(), v, input)
		}
		if len(v.Providers) != 2 || v.Providers[0].Provider != "anthropic" || v.Providers[0].Total.Errors != 1 || v.Providers[1].Total.Requests != 4 {
			t.Errorf("%s: %+v", n.Name(), v.Providers)
		}
	}
}

func TestPage(t *testing.T) {
	c := New(t, Options{Nodes: 1})
	resp, err := http.Get("http://" + c.Nodes[0].AdminAddr() + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	page, policy := string(b), resp.Header.Get("Content-Security-Policy")
	if resp.StatusCode != 200 || !strings.HasPrefix(policy, "default-src 'none'; script-src 'sha256-") || strings.Contains(policy, "unsafe") {
		t.Errorf("%d %s", resp.StatusCode, policy)
	}
	for _, foreign := range []string{`https?://`, `\ssrc=`, `<link`, `@import`, `url\(`, `innerHTML`, `\sstyle=`, `\son[a-z]+=`} {
		if found := regexp.MustCompile(foreign).FindString(page); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
	for _, element := range []string{"script", "style"} {
		if strings.Count(page, "<"+element) != 1 {
			t.Errorf("the policy knows one %s", element)
		}
	}
	if resp, err := http.Get("http://" + c.Nodes[0].AdminAddr() + "/nothing"); err != nil || resp.StatusCode != 404 {
		t.Errorf("another path: %v %v", resp.Status, err)
	} else {
		resp.Body.Close()
	}
}
