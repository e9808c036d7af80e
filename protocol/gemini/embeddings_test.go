package gemini_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/gemini"
)

func TestEmbeddings(t *testing.T) {
	for _, c := range []struct {
		body  string
		batch bool
		want  string
	}{
		{`{"content":{"parts":[{"text":"a"},{"text":"b"}]},"task_type":"retrieval_query","outputDimensionality":3}`, false,
			`{"requests":[{"model":"models/e","content":{"parts":[{"text":"a\nb"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":3}]}`},
		{`{"requests":[{"model":"models/x","content":{"parts":{"text":"a"}},"title":"t"},{"content":{"parts":[{"text":"b"}]}}]}`, true,
			`{"requests":[{"model":"models/e","content":{"parts":[{"text":"a"}]},"title":"t"},{"model":"models/e","content":{"parts":[{"text":"b"}]},"title":"t"}]}`},
	} {
		x := &protocol.Exchange{Target: "e"}
		e, err := gemini.DecodeEmbeddingsRequest(x, []byte(c.body), c.batch)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := gemini.EncodeEmbeddingsRequest(nil, x, e); err != nil || string(got) != c.want {
			t.Errorf("%s became %s, %v", c.body, got, err)
		}
	}
}

func TestEmbeddingsFaults(t *testing.T) {
	for body, param := range map[string]string{
		`{}`:                "content",
		`{"requests":[]}`:   "content",
		`{"requests":[{}]}`: "requests[0]",
		`{"requests":[{"content":{"parts":[{"inlineData":{}}]}}]}`:                                                          "requests[0].content.parts[0].inlineData",
		`{"requests":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"a"}]},"outputDimensionality":5}]}`: "requests[1].outputDimensionality",
	} {
		_, err := gemini.DecodeEmbeddingsRequest(&protocol.Exchange{}, []byte(body), true)
		if e, ok := errors.AsType[*protocol.Error](err); !ok || e.Code != protocol.InvalidRequest || e.Param != param {
			t.Errorf("%s: %v, %q", body, err, e.Param)
		}
	}
	e := &protocol.Embeddings{Inputs: make([]protocol.Text, 101)}
	if _, err := gemini.EncodeEmbeddingsRequest(nil, &protocol.Exchange{}, e); err == nil || !strings.Contains(err.Error(), "100") {
		t.Errorf("101 inputs: %v", err)
	}
}

func TestEmbeddingsAnswers(t *testing.T) {
	e := &protocol.Embeddings{Inputs: []protocol.Text{protocol.TextOf("a"), protocol.TextOf("b")}}
	r, err := gemini.DecodeEmbeddingsResponse(e, []byte(`{"embeddings":[{"values":[0.5]},{"values":[1e-3]}],"usageMetadata":{"promptTokenCount":7}}`))
	if err != nil || r.Tokens != 7 {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := string(gemini.EncodeEmbeddingsResponse(nil, e, r)); got != `{"embeddings":[{"values":[0.5]},{"values":[1e-3]}]}` {
		t.Error(got)
	}
	e = &protocol.Embeddings{Single: true, Inputs: e.Inputs[:1]}
	r, err = gemini.DecodeEmbeddingsResponse(e, []byte(`{"embedding":{"values":[0.5]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(gemini.EncodeEmbeddingsResponse(nil, e, r)); got != `{"embedding":{"values":[0.5]}}` {
		t.Error(got)
	}
	for _, body := range []string{``, `{}`, `{"embeddings":[]}`, `{"embedding":{"values":["x"]}}`, `{"error":{"code":429,"message":"slow"}}`} {
		if _, err := gemini.DecodeEmbeddingsResponse(e, []byte(body)); err == nil {
			t.Errorf("%s is taken for an answer", body)
		}
	}
}
