package sdks

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/genai"

	"github.com/llmgw/llmgw/gateway/gatewaytest"
)

type gemini struct{ c *genai.Client }

func genaiClient(t *testing.T, node, key string, retries int) *genai.Client {
	t.Helper()
	o := genai.HTTPOptions{BaseURL: node}
	if retries > 0 {
		attempts := int32(retries + 1)
		o.RetryOptions = &genai.HTTPRetryOptions{Attempts: &attempts}
	}
	c, err := genai.NewClient(t.Context(), &genai.ClientConfig{APIKey: key, Backend: genai.BackendGeminiAPI, HTTPOptions: o})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newGenai(t *testing.T, node, key string, retries int) sdk {
	return &gemini{genaiClient(t, node, key, retries)}
}

func (s *gemini) refused(err error) (int, http.Header) {
	var e genai.APIError
	if !errors.As(err, &e) {
		return 0, nil
	}
	return e.Code, nil // the library does not keep headers
}

var geminiSystem = &genai.GenerateContentConfig{SystemInstruction: genai.NewContentFromText(system, genai.RoleUser)}

// send asks once, whole or as a stream put together again.
func (s *gemini) send(ctx context.Context, model string, contents []*genai.Content, config *genai.GenerateContentConfig, stream bool) (*genai.Content, int, error) {
	if !stream {
		r, err := s.c.Models.GenerateContent(ctx, model, contents, config)
		if err != nil {
			return nil, 0, err
		}
		return r.Candidates[0].Content, 1, nil
	}
	whole := &genai.Content{Role: genai.RoleModel}
	pieces, finished := 0, false
	for r, err := range s.c.Models.GenerateContentStream(ctx, model, contents, config) {
		if err != nil {
			return nil, pieces, err
		}
		pieces++
		for _, c := range r.Candidates {
			if c.Content != nil {
				whole.Parts = append(whole.Parts, c.Content.Parts...)
			}
			finished = finished || c.FinishReason != ""
		}
	}
	if !finished {
		return nil, pieces, errors.New("the stream has no end")
	}
	return whole, pieces, nil
}

func textOf(c *genai.Content) string {
	var b strings.Builder
	for _, p := range c.Parts {
		if !p.Thought {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func (s *gemini) ask(ctx context.Context, model string) (string, error) {
	c, _, err := s.send(ctx, model, genai.Text(question), geminiSystem, false)
	if err != nil {
		return "", err
	}
	return textOf(c), nil
}

func (s *gemini) stream(ctx context.Context, model string) (string, int, error) {
	c, pieces, err := s.send(ctx, model, genai.Text(question), geminiSystem, true)
	if err != nil {
		return "", pieces, err
	}
	return textOf(c), pieces, nil
}

func (s *gemini) weather(ctx context.Context, model string, stream bool) (text, city string, err error) {
	config := &genai.GenerateContentConfig{
		SystemInstruction: geminiSystem.SystemInstruction,
		Tools: []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{
			Name: "weather", Description: "The weather in a city", ParametersJsonSchema: weatherSchema,
		}}}},
	}
	contents := genai.Text(question)
	for {
		c, _, err := s.send(ctx, model, contents, config, stream)
		if err != nil {
			return "", city, err
		}
		contents = append(contents, c)
		results := &genai.Content{Role: genai.RoleUser}
		for _, p := range c.Parts {
			if call := p.FunctionCall; call != nil {
				city, _ = call.Args["city"].(string)
				results.Parts = append(results.Parts, &genai.Part{FunctionResponse: &genai.FunctionResponse{ID: call.ID, Name: call.Name, Response: map[string]any{"output": sunny}}})
			}
		}
		if len(results.Parts) == 0 {
			return textOf(c), city, nil
		}
		contents = append(contents, results)
	}
}

func TestGenaiCountAndModels(t *testing.T) {
	c := gatewaytest.New(t, gatewaytest.Options{Nodes: 3})
	client := genaiClient(t, "http://"+c.Nodes[1].Addr(), gatewaytest.Keys["carol"], 0)
	n, err := client.Models.CountTokens(t.Context(), "gemini-3-pro", genai.Text(question), nil)
	if err != nil || n.TotalTokens == 0 {
		t.Errorf("count: %+v, %v", n, err)
	}
	found := false
	for m, err := range client.Models.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		found = found || m.Name == "models/smart"
	}
	if !found {
		t.Error("models/smart is not listed")
	}
}
