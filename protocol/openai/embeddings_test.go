package openai_test

import (
	"errors"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/openai"
)

func TestEmbeddings(t *testing.T) {
	for body, want := range map[string]string{
		`{"model":"e","input":"x","encoding_format":"base64"}`:         `{"model":"gpt-4o","encoding_format":"float","input":["x"]}`,
		`{"input":["a","b\n"],"dimensions":3,"user":"u","extra":null}`: `{"model":"gpt-4o","dimensions":3,"user":"u","encoding_format":"float","input":["a","b\n"]}`,
	} {
		x := exchange(nil)
		e, err := openai.DecodeEmbeddingsRequest(x, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := openai.EncodeEmbeddingsRequest(nil, x, e); err != nil || string(got) != want {
			t.Errorf("%s became %s, %v", body, got, err)
		}
	}
}

func TestEmbeddingsFaults(t *testing.T) {
	for body, param := range map[string]string{
		`{}`:                                    "input",
		`{"input":[]}`:                          "input",
		`{"input":""}`:                          "input",
		`{"input":[1,2]}`:                       "input[0]",
		`{"input":[[1,2]]}`:                     "input[0]",
		`{"input":7}`:                           "input",
		`{"input":"x","dimensions":0}`:          "dimensions",
		`{"input":"x","encoding_format":"hex"}`: "encoding_format",
		`{"input":"x"`:                          "",
	} {
		_, err := openai.DecodeEmbeddingsRequest(exchange(nil), []byte(body))
		if e, ok := errors.AsType[*protocol.Error](err); !ok || e.Code != protocol.InvalidRequest || e.Param != param {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestEmbeddingsAnswers(t *testing.T) {
	e := &protocol.Embeddings{Inputs: []protocol.Text{protocol.TextOf("a"), protocol.TextOf("b")}}
	r, err := openai.DecodeEmbeddingsResponse(e, []byte(`{"object":"list","data":[{"index":1,"embedding":"zczMPQ=="},{"index":0,"embedding":[0.5,-1]}],"model":"m","usage":{"prompt_tokens":4,"total_tokens":4}}`))
	if err != nil {
		t.Fatal(err)
	}
	x := exchange(nil)
	want := `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1]},{"object":"embedding","index":1,"embedding":[0.1]}],"model":"asked","usage":{"prompt_tokens":4,"total_tokens":4}}`
	if got := string(openai.EncodeEmbeddingsResponse(nil, x, e, r)); got != want {
		t.Errorf("got %s", got)
	}
	e.Base64 = true
	want = `{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AAAAPwAAgL8="},{"object":"embedding","index":1,"embedding":"zczMPQ=="}],"model":"asked","usage":{"prompt_tokens":4,"total_tokens":4}}`
	if got := string(openai.EncodeEmbeddingsResponse(nil, x, e, r)); got != want {
		t.Errorf("got %s", got)
	}
	for _, body := range []string{``, `{}`, `{"data":[]}`, `{"data":[{"index":0,"embedding":[1]}]}`, `{"data":[{"index":9,"embedding":[1]},{"embedding":[1]}]}`, `{"data":[{"embedding":"!"},{"embedding":[1]}]}`, `{"error":{"message":"no"}}`} {
		if _, err := openai.DecodeEmbeddingsResponse(e, []byte(body)); err == nil {
			t.Errorf("%s is taken for an answer", body)
		}
	}
}
