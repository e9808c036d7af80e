package gateway

import (
	"github.com/llmgw/llmgw/protocol"
)

// conversationHeaders are where agents put the id of a conversation, the most
// specific first: Claude Code, Codex (thread before session), opencode, and
// the header that anyone may send.
var conversationHeaders = [...]string{
	"X-Session-Id",
	"X-Claude-Code-Session-Id",
	"Thread-Id",
	"Session-Id",
	"Session_id",
	"X-Session-Affinity",
}

// conversationOf finds the conversation that a request belongs to; "" when it
// names none. Headers come before the body: they are what a user sets by hand.
func conversationOf(c *call, p *protocol.Peek) string {
	for _, name := range conversationHeaders {
		if v := c.field(name); v != "" {
			return v
		}
	}
	for _, v := range [...]string{p.PromptCacheKey, p.SessionID, p.UserID} {
		if v != "" {
			return v
		}
	}
	return ""
}
