package doctor_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/doctor"
	"github.com/llmgw/llmgw/gateway/mock"
)

// examine runs the doctor over one provider and returns the ends of its checks.
func examine(t *testing.T, dialect, baseURL, key string, live bool) (map[string]doctor.Result, bool) {
	t.Helper()
	models := map[string]string{"openai": "gpt-5.4", "anthropic": "claude-sonnet-4-5", "gemini": "gemini-3-pro"}
	hcl := fmt.Sprintf(`
provider %q {
  instance "one" {
    base_url = %q
    api_key  = %q
    headers  = { "x-team" = "search" }
  }
}
route %q { provider = %q }
api_key "me" { key = "sk-me" }
`, dialect, baseURL, key, models[dialect], dialect)
	c, err := config.Parse(map[string][]byte{"a.hcl": []byte(hcl)}, config.Options{Hostname: func() (string, error) { return "gw", nil }})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]doctor.Result)
	ok := doctor.Run(t.Context(), c, doctor.Options{Live: live, Now: time.Now, Report: func(r doctor.Result) {
		if strings.Contains(r.Detail, key) && key != "" {
			t.Errorf("%s tells the key: %s", r.Check, r.Detail)
		}
		got[r.Check] = r
	}})
	return got, ok
}

func stand(t *testing.T, dialect string) (*mock.Provider, string) {
	m := mock.New(mock.Options{Dialect: dialect, Name: "one", APIKey: "provider-secret"})
	s := httptest.NewServer(m)
	t.Cleanup(s.Close)
	return m, s.URL + map[string]string{"openai": "/v1", "anthropic": "/v1", "gemini": "/v1beta"}[dialect]
}

func TestHealthyProviders(t *testing.T) {
	for _, dialect := range []string{"openai", "anthropic", "gemini"} {
		t.Run(dialect, func(t *testing.T) {
			_, url := stand(t, dialect)
			got, ok := examine(t, dialect, url, "provider-secret", true)
			if !ok {
				for _, r := range got {
					if r.Status == doctor.Fail {
						t.Errorf("%s: %s", r.Check, r.Detail)
					}
				}
			}
			for _, must := range []string{"credentials", "answer", "stream", "json schema", "tool call and result", "tools in a stream", "thinking round trip", "count_tokens", "prompt cache"} {
				if got[must].Status != doctor.Pass {
					t.Errorf("%s: %s %s", must, got[must].Status, got[must].Detail)
				}
			}
			if len(got) < 17 {
				t.Errorf("%d checks", len(got))
			}
		})
	}
}

func TestWithoutLiveNothingIsGenerated(t *testing.T) {
	m, url := stand(t, "anthropic")
	if got, ok := examine(t, "anthropic", url, "provider-secret", false); !ok || got["answers"].Status != doctor.Skip {
		t.Errorf("%v %v", ok, got)
	}
	for _, r := range m.Requests() {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s was called", r.Method, r.Path)
		}
	}
}

func TestWhatIsWrongIsTold(t *testing.T) {
	t.Run("credentials", func(t *testing.T) {
		_, url := stand(t, "anthropic")
		got, ok := examine(t, "anthropic", url, "not-the-secret", true)
		if ok || got["credentials"].Status != doctor.Fail || !strings.Contains(got["credentials"].Detail, "api_key") {
			t.Errorf("%v %+v", ok, got["credentials"])
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		s := httptest.NewServer(http.NotFoundHandler())
		s.Close()
		got, ok := examine(t, "openai", s.URL+"/v1", "x", true)
		if ok || got["connection"].Status != doctor.Fail {
			t.Errorf("%v %v", ok, got)
		}
	})
	t.Run("answers fail", func(t *testing.T) {
		m, url := stand(t, "openai")
		m.Script(mock.Step{}, mock.Step{Status: 500})
		got, ok := examine(t, "openai", url, "provider-secret", true)
		if ok || got["answer"].Status != doctor.Fail || got["stream"].Status != "" {
			t.Errorf("%v %v", ok, got)
		}
	})
	t.Run("streams break", func(t *testing.T) {
		m, url := stand(t, "gemini")
		m.Script(mock.Step{}, mock.Step{}, mock.Step{CutAfterEvents: 2})
		got, ok := examine(t, "gemini", url, "provider-secret", true)
		if ok || got["stream"].Status != doctor.Fail {
			t.Errorf("%v %+v", ok, got["stream"])
		}
	})
}

func TestCanceledRunEnds(t *testing.T) {
	_, url := stand(t, "openai")
	c, err := config.Parse(map[string][]byte{"a.hcl": fmt.Appendf(nil, `
provider "openai" {
  instance "one" { base_url = %q }
}
api_key "me" { key = "k" }
`, url)}, config.Options{Hostname: func() (string, error) { return "gw", nil }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if doctor.Run(ctx, c, doctor.Options{Live: true, Now: time.Now, Report: func(doctor.Result) {}}) {
		t.Error("an examination that was canceled passed")
	}
}
