package gemini

import (
	"time"

	"github.com/llmgw/llmgw/protocol"
)

// DecodeError reads an error of Google's, with the status of its response, 0
// inside of a stream. The model stands in the path, so that what is not found
// is the model. The wait of a RetryInfo is rounded up to seconds, as
// retry-after counts.
func DecodeError(status int, body []byte) *protocol.Error {
	e := protocol.DecodeError(status, body)
	e.Status = 0
	switch e.Code {
	case protocol.NotFound:
		e.Code = protocol.ModelNotFound
	case protocol.Unavailable:
		e.Code = protocol.Overloaded
	}
	e.RetryAfter = (e.RetryAfter + time.Second - 1).Truncate(time.Second)
	return e
}
