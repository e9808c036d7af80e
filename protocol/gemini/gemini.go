// Package gemini knows the wire format of the Gemini API's generateContent.
// It reads what routing and accounting need of requests and answers that pass
// as bytes, converts requests, answers and streams from and to the hub of
// package protocol, and reads and writes errors in Google's form.
//
// Sources: the types and converters of @google/genai and recorded traffic;
// where they differ the recordings win.
package gemini

import "github.com/llmgw/llmgw/protocol"

// Peek validates the body of a request and reads what routing needs. The model
// and the wish for a stream stand in the path. Errors are *protocol.Error.
func Peek(body []byte) (protocol.Peek, error) {
	var p protocol.Peek
	var config protocol.Member
	signs, err := protocol.ScanSigns(body, func(name []byte, m protocol.Member) {
		switch string(name) {
		case "generationConfig", "generation_config":
			config = m
		}
	})
	if err != nil {
		return protocol.Peek{}, err
	}
	p.Signs = signs
	for _, name := range [...]string{"maxOutputTokens", "max_output_tokens"} {
		if m, ok := protocol.Get(body, config, name); ok {
			p.ReadMaxOutput(m.Of(body))
		}
	}
	return p, nil
}
