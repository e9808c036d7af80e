package gateway

import (
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
)

// clientCodec converts between a client's API and the hub.
type clientCodec struct {
	request func(*protocol.Exchange, []byte) error
	answer  func([]byte, *protocol.Exchange, *protocol.Response) []byte
	stream  func(*protocol.Exchange) protocol.StreamEncoder
}

// providerCodec converts between the hub and a provider's API.
type providerCodec struct {
	maker   protocol.Maker // whose signatures it accepts
	request func([]byte, *protocol.Exchange) ([]byte, error)
	answer  func(*protocol.Exchange, []byte) (*protocol.Response, error)
	stream  func(*protocol.Exchange) protocol.StreamDecoder
	bytes   func(*protocol.Part) bool // whether what the part points to must be fetched for it
}

// clientCodecFor picks the API that an endpoint speaks. A chat request in the
// shape of the Responses API, which Cursor sends, is read as what it is and
// answered as a chat.
func clientCodecFor(e endpoint, p *protocol.Peek) clientCodec {
	switch {
	case e.dialect == protocol.Anthropic:
		return clientCodec{anthropic.DecodeRequest, anthropic.EncodeResponse, anthropic.NewStreamEncoder}
	case e.dialect == protocol.Gemini:
		return clientCodec{gemini.DecodeRequest, gemini.EncodeResponse, gemini.NewStreamEncoder}
	case isResponses(e):
		return clientCodec{openai.DecodeResponsesRequest, openai.EncodeResponsesResponse, openai.NewResponsesStreamEncoder}
	}
	c := clientCodec{openai.DecodeChatRequest, openai.EncodeChatResponse, openai.NewChatStreamEncoder}
	if responsesShaped(e, p) {
		c.request = openai.DecodeResponsesRequest
	}
	return c
}

func isResponses(e endpoint) bool {
	return e.path == "/responses" || e.path == "/responses/input_tokens"
}

func responsesShaped(e endpoint, p *protocol.Peek) bool {
	return e.path == "/chat/completions" && p.HasInput && !p.HasMessages
}

// misshaped tells whether a chat request is in another API's shape, which
// OpenAI's instances refuse.
func misshaped(e endpoint, p *protocol.Peek) bool {
	return responsesShaped(e, p) || e.path == "/chat/completions" && p.Misshaped
}

func providerCodecFor(d protocol.Dialect) providerCodec {
	switch d {
	case protocol.Anthropic:
		return providerCodec{protocol.MadeByAnthropic, anthropic.EncodeRequest, anthropic.DecodeResponse, anthropic.NewStreamDecoder, nil}
	case protocol.Gemini:
		return providerCodec{protocol.MadeByGemini, gemini.EncodeRequest, gemini.DecodeResponse, gemini.NewStreamDecoder, gemini.NeedsBytes}
	default:
		return providerCodec{protocol.MadeByOpenAI, openai.EncodeChatRequest, openai.DecodeChatResponse, openai.NewChatStreamDecoder, openai.NeedsBytes}
	}
}
