package gemini

import "github.com/llmgw/llmgw/protocol"

// NeedsBytes tells whether what a part points to must be fetched before
// [EncodeRequest]: the API takes URLs of Google's own places alone.
func NeedsBytes(p *protocol.Part) bool {
	m := p.Media
	return m != nil && m.FileID == nil && !m.URL.Empty() && !isGoogles(m.URL.String())
}
