// Package gemini knows the wire format of the Gemini API's generateContent.
// It reads what routing and accounting need of requests and answers that pass
// as bytes, converts requests, answers and streams from and to the hub of
// package protocol, and reads and writes errors in Google's form.
//
// Sources: the types and converters of @google/genai and recorded traffic;
// where they differ the recordings win.
package gemini

import "github.com/llmgw/llmgw/protocol"

// Check validates the body of a request. The model and the wish for a stream
// stand in the path. Errors are *protocol.Error.
func Check(body []byte) error {
	return protocol.ScanObject(body, func([]byte, protocol.Member) {})
}
