package mock_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// Whatever is asked, the answer is JSON or a stream, with a status of its own.
func FuzzRequests(f *testing.F) {
	paths := []string{chatPath, "/v1/responses", messagesPath, geminiPath, "/v1/embeddings", "/v1/messages/count_tokens", "/v1beta/models/m:countTokens", "/v1beta/models/m:embedContent"}
	for i, path := range paths {
		for _, body := range questions[path] {
			f.Add(uint8(i), strings.Replace(body, "STREAM", "", 1), false)
			f.Add(uint8(i), strings.Replace(body, "STREAM", `,"stream":true`, 1), true)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body string, betas bool) {
		path := paths[int(which)%len(paths)]
		var headers []string
		if betas {
			headers = []string{"Anthropic-Beta", "x"}
		}
		w := post(t, standIn(path), path, body, headers...)
		if strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
			return
		}
		if w.Code != 200 && w.Code != 400 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	})
}
