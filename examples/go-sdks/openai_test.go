package sdks

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"github.com/llmgw/llmgw/gateway/gatewaytest"
)

var weatherSchema = map[string]any{
	"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}, "required": []string{"city"}, "additionalProperties": false,
}

func openaiClient(node, key string, retries int) openai.Client {
	return openai.NewClient(option.WithBaseURL(node+"/v1"), option.WithAPIKey(key), option.WithMaxRetries(retries))
}

type openaiErrors struct{}

func (openaiErrors) refused(err error) (int, http.Header) {
	var e *openai.Error
	if !errors.As(err, &e) {
		return 0, nil
	}
	return e.StatusCode, e.Response.Header
}

func cityOf(args string) string {
	var v struct{ City string }
	if json.Unmarshal([]byte(args), &v) != nil {
		return "no JSON: " + args
	}
	return v.City
}

// chat is Chat Completions.
type chat struct {
	openaiErrors
	c openai.Client
}

func newChat(_ *testing.T, node, key string, retries int) sdk {
	return &chat{c: openaiClient(node, key, retries)}
}

func (s *chat) params(model string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.SystemMessage(system), openai.UserMessage(question)}}
}

// send asks once, whole or as a stream put together again.
func (s *chat) send(ctx context.Context, p openai.ChatCompletionNewParams, stream bool) (openai.ChatCompletionMessage, int, error) {
	if !stream {
		r, err := s.c.Chat.Completions.New(ctx, p)
		if err != nil {
			return openai.ChatCompletionMessage{}, 0, err
		}
		return r.Choices[0].Message, 1, nil
	}
	p.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
	events := s.c.Chat.Completions.NewStreaming(ctx, p)
	var whole openai.ChatCompletionAccumulator
	pieces := 0
	for events.Next() {
		if !whole.AddChunk(events.Current()) {
			return openai.ChatCompletionMessage{}, pieces, errors.New("a chunk that does not fit")
		}
		pieces++
	}
	if err := events.Err(); err != nil {
		return openai.ChatCompletionMessage{}, pieces, err
	}
	if whole.Usage.TotalTokens == 0 || whole.Choices[0].FinishReason == "" {
		return openai.ChatCompletionMessage{}, pieces, errors.New("the stream has no usage or no end")
	}
	return whole.Choices[0].Message, pieces, nil
}

func (s *chat) ask(ctx context.Context, model string) (string, error) {
	m, _, err := s.send(ctx, s.params(model), false)
	return m.Content, err
}

func (s *chat) stream(ctx context.Context, model string) (string, int, error) {
	m, pieces, err := s.send(ctx, s.params(model), true)
	return m.Content, pieces, err
}

func (s *chat) weather(ctx context.Context, model string, stream bool) (text, city string, err error) {
	p := s.params(model)
	p.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
		Name: "weather", Description: openai.String("The weather in a city"), Parameters: weatherSchema, Strict: openai.Bool(true),
	})}
	for {
		m, _, err := s.send(ctx, p, stream)
		if err != nil || len(m.ToolCalls) == 0 {
			return m.Content, city, err
		}
		p.Messages = append(p.Messages, m.ToParam())
		for _, call := range m.ToolCalls {
			city = cityOf(call.Function.Arguments)
			p.Messages = append(p.Messages, openai.ToolMessage(sunny, call.ID))
		}
	}
}

// responsesAPI is the Responses API.
type responsesAPI struct {
	openaiErrors
	c openai.Client
}

func newResponses(_ *testing.T, node, key string, retries int) sdk {
	return &responsesAPI{c: openaiClient(node, key, retries)}
}

func (s *responsesAPI) params(model string) responses.ResponseNewParams {
	return responses.ResponseNewParams{
		Model: model, Instructions: openai.String(system), Store: openai.Bool(false),
		Input: responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{
			responses.ResponseInputItemParamOfMessage(question, responses.EasyInputMessageRoleUser),
		}},
	}
}

func (s *responsesAPI) send(ctx context.Context, p responses.ResponseNewParams, stream bool) (*responses.Response, int, error) {
	if !stream {
		r, err := s.c.Responses.New(ctx, p)
		return r, 1, err
	}
	events := s.c.Responses.NewStreaming(ctx, p)
	var done *responses.Response
	pieces := 0
	for events.Next() {
		pieces++
		if e := events.Current(); e.Type == "response.completed" {
			done = &e.Response
		}
	}
	if err := events.Err(); err != nil {
		return nil, pieces, err
	}
	if done == nil {
		return nil, pieces, errors.New("the stream ended before the response was completed")
	}
	return done, pieces, nil
}

func (s *responsesAPI) ask(ctx context.Context, model string) (string, error) {
	r, _, err := s.send(ctx, s.params(model), false)
	if err != nil {
		return "", err
	}
	return r.OutputText(), nil
}

func (s *responsesAPI) stream(ctx context.Context, model string) (string, int, error) {
	r, pieces, err := s.send(ctx, s.params(model), true)
	if err != nil {
		return "", pieces, err
	}
	return r.OutputText(), pieces, nil
}

func (s *responsesAPI) weather(ctx context.Context, model string, stream bool) (text, city string, err error) {
	p := s.params(model)
	p.Tools = []responses.ToolUnionParam{responses.ToolParamOfFunction("weather", weatherSchema, true)}
	for {
		r, _, err := s.send(ctx, p, stream)
		if err != nil {
			return "", city, err
		}
		calls := 0
		for _, item := range r.Output {
			if item.Type != "function_call" {
				continue
			}
			calls++
			call := item.AsFunctionCall()
			city = cityOf(call.Arguments)
			output := responses.ResponseInputItemParamOfFunctionCallOutput(sunny)
			output.OfFunctionCallOutput.CallID = openai.String(call.CallID)
			p.Input.OfInputItemList = append(p.Input.OfInputItemList, responses.ResponseInputItemParamOfFunctionCall(call.Arguments, call.CallID, call.Name), output)
		}
		if calls == 0 {
			return r.OutputText(), city, nil
		}
	}
}

func TestOpenAIModelsAndEmbeddings(t *testing.T) {
	c := gatewaytest.New(t, gatewaytest.Options{Nodes: 3})
	client := openaiClient("http://"+c.Nodes[0].Addr(), gatewaytest.Keys["bob"], 0)
	list, err := client.Models.List(t.Context())
	if err != nil || !slices.ContainsFunc(list.Data, func(m openai.Model) bool { return m.ID == "smart" && m.Object == "model" }) {
		t.Errorf("models: %+v, %v", list, err)
	}
	if m, err := client.Models.Get(t.Context(), "smart"); err != nil || m.ID != "smart" {
		t.Errorf("a model: %+v, %v", m, err)
	}
	if _, err := client.Models.Get(t.Context(), "nothing"); err == nil {
		t.Error("a model that is none")
	}
	e, err := client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
		Model: "gpt-embedding", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"one", "two"}}, Dimensions: openai.Int(16),
	})
	if err != nil || len(e.Data) != 2 || len(e.Data[1].Embedding) != 16 || e.Usage.PromptTokens == 0 {
		t.Errorf("embeddings: %+v, %v", e, err)
	}
}
