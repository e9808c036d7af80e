package gemini

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// Rename returns the edits that give a request another model's name where its
// body repeats the one of its path: at the top, in what countTokens counts, in
// each text that batchEmbedContents embeds. body must have been validated.
func Rename(body []byte, model string) []protocol.Edit {
	var edits []protocol.Edit
	_ = protocol.ScanObject(body, func(name []byte, m protocol.Member) { // it has been validated
		var with []byte
		switch string(name) {
		case "model":
			with = renamed(m.Of(body), model)
		case "generateContentRequest", "generate_content_request":
			with = renameIn(m.Of(body), model)
		case "requests":
			if body[m.Start] == '[' {
				with = protocol.RewriteArray(m.Of(body), func(request []byte) []byte {
					if other := renameIn(request, model); other != nil {
						return other
					}
					return request
				})
			}
		}
		if with != nil {
			edits = append(edits, protocol.Replace(m, with))
		}
	})
	return edits
}

// renameIn is an object whose "model" is renamed, nil where it names none.
func renameIn(object []byte, model string) []byte {
	m, ok := protocol.Get(object, protocol.Member{End: len(object)}, "model")
	if !ok {
		return nil
	}
	with := renamed(m.Of(object), model)
	if with == nil {
		return nil
	}
	return protocol.Splice(nil, object, protocol.Replace(m, with))
}

// renamed is another model's name in the form of the one that stands there;
// nil where that is none.
func renamed(value []byte, model string) []byte {
	name, ok := protocol.String(value)
	switch {
	case !ok || name == "":
		return nil
	case strings.HasPrefix(name, "models/"):
		model = "models/" + model
	}
	return protocol.QuoteString(nil, model)
}
