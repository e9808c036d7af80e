package sdks

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/option"

	"github.com/llmgw/llmgw/gateway/gatewaytest"
)

// claude is the SDK that sends its key as a bearer and version 2026-10-21.
type claude struct{ c anthropic.Client }

func anthropicClient(node, key string, retries int) anthropic.Client {
	return anthropic.NewClient(option.WithBaseURL(node), option.WithAPIKey(key), option.WithMaxRetries(retries))
}

// newAnthropicBefore sends what the SDK's generation before sends: x-api-key and
// version 2023-06-01. Both are in use at once.
func newAnthropicBefore(_ *testing.T, node, key string, retries int) sdk {
	return &claude{anthropic.NewClient(option.WithBaseURL(node), option.WithAPIKey("unused"), option.WithMaxRetries(retries),
		option.WithHeaderDel("Authorization"), option.WithHeader("X-Api-Key", key), option.WithHeader("Anthropic-Version", "2023-06-01"))}
}

func newAnthropic(_ *testing.T, node, key string, retries int) sdk {
	return &claude{anthropicClient(node, key, retries)}
}

func (s *claude) refused(err error) (int, http.Header) {
	var e *anthropic.Error
	if !errors.As(err, &e) {
		return 0, nil
	}
	return e.StatusCode, e.Response.Header
}

func (s *claude) params(model string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: model, MaxTokens: 1024,
		System:   []anthropic.TextBlockParam{{Text: system}},
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(question))},
	}
}

// send asks once, whole or as a stream put together again.
func (s *claude) send(ctx context.Context, p anthropic.MessageNewParams, stream bool) (*anthropic.Message, int, error) {
	if !stream {
		m, err := s.c.Messages.New(ctx, p)
		return m, 1, err
	}
	events := s.c.Messages.NewStreaming(ctx, p)
	var whole anthropic.Message
	pieces, ended := 0, false
	for events.Next() {
		pieces++
		if err := whole.Accumulate(events.Current()); err != nil {
			return nil, pieces, err
		}
		ended = ended || events.Current().Type == "message_stop"
	}
	if err := events.Err(); err != nil {
		return nil, pieces, err
	}
	if !ended || whole.Usage.OutputTokens == 0 {
		return nil, pieces, errors.New("the stream has no end or no usage")
	}
	return &whole, pieces, nil
}

func (s *claude) text(m *anthropic.Message) string {
	var b strings.Builder
	for _, block := range m.Content {
		b.WriteString(block.Text)
	}
	return b.String()
}

func (s *claude) ask(ctx context.Context, model string) (string, error) {
	m, _, err := s.send(ctx, s.params(model), false)
	if err != nil {
		return "", err
	}
	return s.text(m), nil
}

func (s *claude) stream(ctx context.Context, model string) (string, int, error) {
	m, pieces, err := s.send(ctx, s.params(model), true)
	if err != nil {
		return "", pieces, err
	}
	return s.text(m), pieces, nil
}

func (s *claude) weather(ctx context.Context, model string, stream bool) (text, city string, err error) {
	p := s.params(model)
	p.Tools = []anthropic.ToolUnionParam{{OfTool: &anthropic.ToolParam{
		Name: "weather", Description: anthropic.String("The weather in a city"),
		InputSchema: anthropic.ToolInputSchemaParam{Properties: weatherSchema["properties"], Required: []string{"city"}},
	}}}
	for {
		m, _, err := s.send(ctx, p, stream)
		if err != nil {
			return "", city, err
		}
		var results []anthropic.ContentBlockParamUnion
		for _, block := range m.Content {
			if block.Type == "tool_use" {
				var args struct{ City string }
				if err := json.Unmarshal(block.Input, &args); err != nil {
					return "", "", err
				}
				city = args.City
				results = append(results, anthropic.NewToolResultBlock(block.ID, sunny, false))
			}
		}
		if len(results) == 0 {
			return s.text(m), city, nil
		}
		p.Messages = append(p.Messages, m.ToParam(), anthropic.NewUserMessage(results...))
	}
}

func TestAnthropicCountAndModels(t *testing.T) {
	c := gatewaytest.New(t, gatewaytest.Options{Nodes: 3})
	client := anthropicClient("http://"+c.Nodes[2].Addr(), gatewaytest.Keys["dave"], 0)
	n, err := client.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{
		Model: "claude-sonnet-4-5", Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(question))},
	})
	if err != nil || n.InputTokens == 0 {
		t.Errorf("count: %+v, %v", n, err)
	}
	found := false
	models := client.Models.ListAutoPaging(t.Context(), anthropic.ModelListParams{})
	for models.Next() {
		found = found || models.Current().ID == "smart" && models.Current().DisplayName == "Smart"
	}
	if err := models.Err(); err != nil || !found {
		t.Errorf("models: smart is listed: %v, %v", found, err)
	}
}
