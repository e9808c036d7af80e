package anthropic

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// Peek validates the body of a request to /v1/messages or its count_tokens
// and reads what routing needs. Errors are *protocol.Error: broken JSON, or a
// model or stream of the wrong type. A missing model is no error here.
func Peek(body []byte) (protocol.Peek, error) {
	var p protocol.Peek
	var metadata protocol.Member
	signs, err := protocol.ScanSigns(body, func(name []byte, m protocol.Member) {
		switch string(name) {
		case "model":
			p.ModelSpan = m
		case "stream":
			p.StreamSpan = m
		case "metadata":
			metadata = m
		case "system":
			p.System = m
		case "tools":
			p.Tools = m
		case "messages":
			p.Messages, p.HasMessages = m, true
		case "max_tokens":
			p.ReadMaxOutput(m.Of(body))
		}
	})
	if err != nil {
		return protocol.Peek{}, err
	}
	p.Signs = signs
	if err := p.ReadModelAndStream(body); err != nil {
		return protocol.Peek{}, err
	}
	if m, ok := protocol.Get(body, metadata, "user_id"); ok {
		p.UserID, _ = protocol.String(m.Of(body))
		p.SessionID = sessionOf(p.UserID)
	}
	return p, nil
}

// sessionOf finds the session in a user id as Claude Code writes it: JSON
// with session_id, or user_X_account_Y_session_Z before 2.1.
func sessionOf(userID string) string {
	if strings.HasPrefix(userID, "{") {
		if v, ok := protocol.Find([]byte(userID), "session_id"); ok {
			session, _ := protocol.String(v)
			return session
		}
		return ""
	}
	if _, session, ok := strings.Cut(userID, "_session_"); ok && strings.HasPrefix(userID, "user_") {
		return session
	}
	return ""
}
