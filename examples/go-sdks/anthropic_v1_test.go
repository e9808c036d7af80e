package sdks

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

// claudeV1 is the SDK before, with x-api-key and version 2023-06-01. Both
// generations are in use at once.
type claudeV1 struct{ c anthropic.Client }

func newAnthropicV1(_ *testing.T, node, key string, retries int) sdk {
	return &claudeV1{anthropic.NewClient(option.WithBaseURL(node), option.WithAPIKey(key), option.WithMaxRetries(retries))}
}

func (s *claudeV1) refused(err error) (int, http.Header) {
	var e *anthropic.Error
	if !errors.As(err, &e) {
		return 0, nil
	}
	return e.StatusCode, e.Response.Header
}

func (s *claudeV1) params(model string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: anthropic.Model(model), MaxTokens: 1024,
		System:   []anthropic.TextBlockParam{{Text: system}},
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(question))},
	}
}

// send asks once, whole or as a stream put together again.
func (s *claudeV1) send(ctx context.Context, p anthropic.MessageNewParams, stream bool) (*anthropic.Message, int, error) {
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

func (s *claudeV1) text(m *anthropic.Message) string {
	var b strings.Builder
	for _, block := range m.Content {
		b.WriteString(block.Text)
	}
	return b.String()
}

func (s *claudeV1) ask(ctx context.Context, model string) (string, error) {
	m, _, err := s.send(ctx, s.params(model), false)
	if err != nil {
		return "", err
	}
	return s.text(m), nil
}

func (s *claudeV1) stream(ctx context.Context, model string) (string, int, error) {
	m, pieces, err := s.send(ctx, s.params(model), true)
	if err != nil {
		return "", pieces, err
	}
	return s.text(m), pieces, nil
}

func (s *claudeV1) weather(ctx context.Context, model string, stream bool) (text, city string, err error) {
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
