package anthropic

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// DecodeError reads the error that an instance answered with, in any form;
// status is the answer's, 0 inside of a stream. It is [protocol.DecodeError]
// with what only this API's messages tell.
func DecodeError(status int, body []byte) *protocol.Error {
	e := protocol.DecodeError(status, body)
	if e.Code == protocol.NotFound && strings.HasPrefix(e.Message, "model") {
		e.Code = protocol.ModelNotFound
	}
	return e
}
