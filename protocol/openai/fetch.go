package openai

import "github.com/llmgw/llmgw/protocol"

// NeedsBytes tells whether what a part points to must be fetched before
// [EncodeChatRequest]: the chat API takes URLs of images alone.
func NeedsBytes(p *protocol.Part) bool {
	m := p.Media
	return m != nil && m.FileID == nil && !m.URL.Empty() && p.Kind != protocol.PartImage
}
