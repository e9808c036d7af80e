package gateway_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	. "github.com/llmgw/llmgw/gateway/gatewaytest"
)

// The numbered cases of what clients send.
func TestCasesOfClients(t *testing.T) {
	t.Parallel()
	k := newCaseKit(t, 20, `route "`+oddModel+"\" {\n  provider = \"k1-gemini\"\n}\n")
	t.Run("case-106 odd models", k.oddNames)
	t.Run("case-47 an image by URL", k.imageByURL)
	t.Run("case-93 the key's header", k.keyHeaders)
	t.Run("case-94 a newer version", k.newerVersion)
	t.Run("case-95 version and betas", k.versionAndBetas)
	t.Run("case-104 odd requests", k.oddRequests)
	t.Run("case-107 counting for Gemini", k.countingForGemini)
	t.Run("case-108 the list for Anthropic's clients", k.modelList)
}

// with is a request with other headers than usual.
func (k *caseKit) with(path, body string, header ...string) Reply {
	r := Request(k.Nodes[0], "alice", path, body)
	r.Header = http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return k.Do(r)
}

// Gemini wants the bytes of an image: they are fetched, from a private network
// only where the operator allows it.
func (k *caseKit) imageByURL(t *testing.T) {
	const png = "\x89PNG\r\n\x1a\n0000"
	images := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = io.WriteString(w, png)
	}))
	defer images.Close()
	for _, tc := range []struct {
		api  api
		body string
	}{
		{chatAPI, `{"model":"%s","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + images.URL + `/a.png"}}]}]}`},
		{messagesAPI, `{"model":"%s","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"` + images.URL + `/a.png"}}]}]}`},
		{responsesAPI, `{"model":"%s","input":[{"role":"user","content":[{"type":"input_image","image_url":"` + images.URL + `/a.png"}]}]}`},
	} {
		for _, allowed := range []bool{false, true} {
			k.Edit(k.Nodes[0].Name(), func(s string) string {
				s = strings.Replace(s, "  fetch_private_addresses = true\n", "", 1)
				if allowed {
					s = strings.Replace(s, "server {\n", "server {\n  fetch_private_addresses = true\n", 1)
				}
				return s
			})
			if _, err := k.Nodes[0].Reload(); err != nil {
				t.Fatal(err)
			}
			id := k.then("gemini", good("gemini"))
			r := k.Post(k.Nodes[0], "alice", tc.api.path(id, false), fmt.Sprintf(tc.body, id))
			got := k.seen(id)
			switch {
			case !allowed && (r.Status != 400 || len(got) != 0 || !strings.Contains(r.Body, "could not be fetched")):
				t.Errorf("%s, not allowed: %d %s", tc.api.name, r.Status, r.Body)
			case allowed && (r.Status != 200 || len(got) != 1 || !strings.Contains(got[0].body, `"inlineData":{"mimeType":"image/png","data":"`+base64.StdEncoding.EncodeToString([]byte(png))+`"}`) || strings.Contains(got[0].body, images.URL)):
				t.Errorf("%s, allowed: %d %s, sent %+v", tc.api.name, r.Status, r.Body, got)
			}
		}
	}
	k.leaveWhileFetching(t)
}

// Who leaves while an image is fetched has left, and has sent nothing wrong.
func (k *caseKit) leaveWhileFetching(t *testing.T) {
	asked := make(chan struct{})
	images := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer images.Close()
	id := k.then("gemini", good("gemini"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	body := `{"model":"` + id + `","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + images.URL + `/a.png"}}]}]}`
	go func() {
		<-asked
		cancel()
	}()
	resp, err := http.DefaultClient.Do(Request(k.Nodes[0], "alice", ChatPath, body).WithContext(ctx))
	if err == nil {
		_ = resp.Body.Close()
		t.Fatalf("it was answered: %d", resp.StatusCode)
	}
	k.Await(awhile, "the request is recorded", func() bool {
		for _, r := range k.Records() {
			if r.Provider == id {
				return r.Status == 499
			}
		}
		return false
	})
}

// Newer SDKs of Anthropic send the key as Bearer, older ones as x-api-key; of
// two the dialect's own counts. Neither reaches the provider.
func (k *caseKit) keyHeaders(t *testing.T) {
	id, key := k.then("anthropic", good("anthropic")), Keys["alice"]
	body := plain(messagesAPI, id, false)
	for _, tc := range []struct {
		header []string
		status int
	}{
		{[]string{"Authorization", "Bearer " + key}, 200},
		{[]string{"X-Api-Key", key}, 200},
		{[]string{"X-Api-Key", key, "Authorization", "Bearer nonsense"}, 200},
		{[]string{"X-Api-Key", "nonsense", "Authorization", "Bearer " + key}, 401},
		{[]string{"X-Api-Key", "", "Authorization", "Bearer " + key}, 200},
	} {
		if r := k.with(MessagesPath, body, tc.header...); r.Status != tc.status || r.Status != 200 && !strings.Contains(r.Body, `"authentication_error"`) {
			t.Errorf("%v: %d %s", tc.header, r.Status, r.Body)
		}
	}
	for _, s := range k.seen(id) {
		if all := strings.Join(flat(s.header), "\n"); strings.Contains(all, key) || strings.Contains(all, "nonsense") || !strings.Contains(all, "provider-secret") {
			t.Errorf("the provider saw %s", all)
		}
	}
}

func (k *caseKit) newerVersion(t *testing.T) {
	body := func(id string) string {
		return `{"model":"` + id + `","max_tokens":9,"temperature":0.25,"messages":[{"role":"user","content":"hi"}]}`
	}
	for dialect, field := range map[string]string{"anthropic": `"temperature":0.25`, "openai": `"temperature":0.25`, "gemini": `"temperature":0.25`} {
		id := k.then(dialect, good(dialect))
		r := k.with(MessagesPath, body(id), "X-Api-Key", Keys["alice"], "Anthropic-Version", "2026-10-21")
		got := k.seen(id)
		if r.Status != 200 || len(got) != 1 || !strings.Contains(got[0].body, field) {
			t.Fatalf("%s: %d %s, sent %+v", dialect, r.Status, r.Body, got)
		}
		if dialect == "anthropic" && (got[0].body != body(id) || got[0].header.Get("Anthropic-Version") != "2026-10-21") {
			t.Errorf("the bytes have changed: %+v", got[0])
		}
		if dialect != "anthropic" && got[0].header.Get("Anthropic-Version") != "" {
			t.Errorf("%s was told Anthropic's version", dialect)
		}
	}
}

func (k *caseKit) versionAndBetas(t *testing.T) {
	id := k.then("anthropic", good("anthropic"))
	r := k.with(MessagesPath+"?beta=true", plain(messagesAPI, id, false), "X-Api-Key", Keys["alice"], "Anthropic-Beta", "a-2025,b-2025", "Anthropic-Beta", "c-2026")
	got := k.seen(id)
	if r.Status != 200 || len(got) != 1 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	h := got[0].header
	if v := h.Values("Anthropic-Version"); !slices.Equal(v, []string{"2023-06-01"}) {
		t.Errorf("version %q", v)
	}
	if b := strings.Join(h.Values("Anthropic-Beta"), ","); strings.ReplaceAll(b, " ", "") != "a-2025,b-2025,c-2026" {
		t.Errorf("betas %q", b)
	}
	if got[0].query != "beta=true" {
		t.Errorf("query %q", got[0].query)
	}
	k.then("openai", good("openai"))
	k.with(MessagesPath, plain(messagesAPI, k.id("openai"), false), "X-Api-Key", Keys["alice"], "Anthropic-Beta", "a-2025")
	if got := k.seen(k.id("openai")); len(got) != 1 || got[0].header.Get("Anthropic-Beta") != "" {
		t.Errorf("betas travel to another dialect: %+v", got)
	}
}

// Whatever comes is answered in the endpoint's dialect, and the node lives on.
func (k *caseKit) oddRequests(t *testing.T) {
	paths := map[string]string{ChatPath: `"error":{"message"`, "/v1/responses": `"error":{"message"`, MessagesPath: `"type":"error"`, GeminiPath: `"error":{"code"`}
	for path, form := range paths {
		for name, body := range map[string]string{
			"no JSON": "hello", "nothing": "", "an array": "[]", "a BOM alone": "\xef\xbb\xbf", "cut": `{"model":"gpt-5","messages":[`,
			"twice": `{"model":"a","model":"b","messages":[],"contents":[]}`, "no UTF-8": "{\"model\":\"gpt-5\xff\",\"contents\":[{\"parts\":[{\"text\":\"\xff\"}]}]}",
			"deep": `{"model":"gpt-5","messages":` + strings.Repeat("[", 100_000), "too large": `{"model":"gpt-5","x":"` + strings.Repeat("A", 20<<20) + `"}`,
		} {
			r := k.Post(k.Nodes[0], "alice", path, body)
			if r.Status < 400 || r.Status >= 500 || !strings.Contains(r.Body, form) || !json.Valid([]byte(r.Body)) {
				t.Errorf("%s with %s: %d %.300s", path, name, r.Status, r.Body)
			}
		}
		for _, method := range []string{"GET", "PUT", "DELETE", "PATCH"} {
			r := Request(k.Nodes[0], "alice", path, "")
			r.Method, r.Body, r.ContentLength = method, nil, 0
			if got := k.Do(r); got.Status < 400 || got.Status >= 500 || !strings.Contains(got.Body, form) {
				t.Errorf("%s %s: %d %.300s", method, path, got.Status, got.Body)
			}
		}
		for _, method := range []string{"HEAD", "OPTIONS"} {
			r := Request(k.Nodes[0], "alice", path, "")
			r.Method, r.Body, r.ContentLength = method, nil, 0
			if got := k.Do(r); got.Status >= 500 {
				t.Errorf("%s %s: %d", method, path, got.Status)
			}
		}
	}
	k.then("openai", good("openai"))
	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		r := k.with(ChatPath, plain(chatAPI, k.id("openai"), false), "Authorization", "Bearer "+Keys["alice"], "Content-Type", contentType)
		if r.Status >= 500 || r.Status != 200 && !strings.Contains(r.Body, `"error":{"message"`) {
			t.Errorf("%s: %d %s", contentType, r.Status, r.Body)
		}
	}
}

// oddModel is the name of a model that must not become parts of a path.
const oddModel = "odd/a:b@c d?e#f%"

func (k *caseKit) oddNames(t *testing.T) {
	id := k.then("gemini", good("gemini"))
	for name, ask := range map[string]func() Reply{
		"converted": func() Reply { return k.Post(k.Nodes[0], "alice", ChatPath, plain(chatAPI, oddModel, false)) },
		"native": func() Reply {
			return k.Post(k.Nodes[0], "alice", "/v1beta/models/"+url.PathEscape(oddModel)+":generateContent", Gemini)
		},
	} {
		before := len(k.seen(id))
		r := ask()
		got := k.seen(id)
		if r.Status != 200 || len(got) != before+1 {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
			continue
		}
		rest, ok := strings.CutPrefix(got[before].path, "/v1beta/models/")
		rest, ends := strings.CutSuffix(rest, ":generateContent")
		if plain, err := url.PathUnescape(rest); !ok || !ends || err != nil || plain != oddModel || strings.ContainsAny(rest, "/ ?#") || got[before].query != "" {
			t.Errorf("%s: asked %s?%s", name, got[before].path, got[before].query)
		}
	}
}

// Gemini's own clients count in the form that has system and tools; others are
// counted for here, system and tools, too.
func (k *caseKit) countingForGemini(t *testing.T) {
	id := k.then("gemini", whole(200, "application/json", `{"totalTokens":21}`))
	full := `{"generateContentRequest":{"model":"models/` + id + `","contents":[{"role":"user","parts":[{"text":"hello"}]}],"systemInstruction":{"parts":[{"text":"be brief"}]},"tools":[{"functionDeclarations":[{"name":"f"}]}]}}`
	r := k.Post(k.Nodes[0], "alice", "/v1beta/models/"+id+":countTokens", full)
	if got := k.seen(id); r.Status != 200 || r.Body != `{"totalTokens":21}` || len(got) != 1 || got[0].body != full || !strings.HasSuffix(got[0].path, ":countTokens") {
		t.Errorf("%d %s, sent %+v", r.Status, r.Body, got)
	}
	count := func(more string) (n int) {
		r := k.Post(k.Nodes[0], "alice", MessagesPath+"/count_tokens", `{"model":"`+id+`","messages":[{"role":"user","content":"hello"}]`+more+`}`)
		var v struct {
			N int `json:"input_tokens"`
		}
		decode(t, r.Body, &v)
		return v.N
	}
	bare, system, tools := count(""), count(`,"system":"be very brief"`), count(`,"tools":[{"name":"weather","description":"tells the weather of a city","input_schema":`+schema+`}]`)
	if bare == 0 || system <= bare || tools <= bare || len(k.seen(id)) != 1 {
		t.Errorf("%d, with system %d, with tools %d; asked %d times", bare, system, tools, len(k.seen(id)))
	}
}

func (k *caseKit) modelList(t *testing.T) {
	get := func(path string, header ...string) Reply {
		r := Request(k.Nodes[0], "alice", path, "")
		r.Method, r.Body, r.ContentLength = "GET", nil, 0
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return k.Do(r)
	}
	r := get("/v1/models", "Anthropic-Version", "2023-06-01")
	var list struct {
		Data []struct {
			ID, Type    string
			DisplayName string `json:"display_name"`
			CreatedAt   string `json:"created_at"`
		}
		HasMore *bool  `json:"has_more"`
		FirstID string `json:"first_id"`
		LastID  string `json:"last_id"`
	}
	decode(t, r.Body, &list)
	if n := len(list.Data); r.Status != 200 || n == 0 || list.HasMore == nil || list.FirstID != list.Data[0].ID || list.LastID != list.Data[n-1].ID {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	for _, m := range list.Data {
		if m.ID == "" || m.Type != "model" || m.DisplayName == "" || m.CreatedAt == "" {
			t.Errorf("%+v", m)
		}
	}
	if r := get("/v1/models/nothing", "Anthropic-Version", "2023-06-01"); r.Status != 404 || !strings.Contains(r.Body, `"not_found_error"`) {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	if r := get("/v1/models/nothing"); r.Status != 404 || !strings.Contains(r.Body, `"model_not_found"`) {
		t.Errorf("%d %s", r.Status, r.Body)
	}
}
