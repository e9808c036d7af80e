package gateway

import (
	"bytes"
	"crypto/sha256"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/protocol"
)

// forms are the four ways to send a key, the dialect's own first. A result
// points into the request: hash it, never keep it.
func forms(req *fasthttp.Request, d protocol.Dialect) [4]func() []byte {
	bearer := func() []byte { return bearerToken(req.Header.Peek("Authorization")) }
	anthropic := func() []byte { return req.Header.Peek("X-Api-Key") }
	gemini := func() []byte { return req.Header.Peek("X-Goog-Api-Key") }
	query := func() []byte { return req.URI().QueryArgs().Peek("key") }
	switch d {
	case protocol.Anthropic:
		return [4]func() []byte{anthropic, bearer, gemini, query}
	case protocol.Gemini:
		return [4]func() []byte{gemini, query, bearer, anthropic}
	}
	return [4]func() []byte{bearer, anthropic, gemini, query}
}

func bearerToken(v []byte) []byte {
	const scheme = "bearer "
	if len(v) < len(scheme) || !bytes.EqualFold(v[:len(scheme)], []byte(scheme)) {
		return nil
	}
	return v[len(scheme):]
}

// authenticate finds the first key of a request that is configured: a client may
// send another service's beside it. An empty value counts as absent. The digest
// is what is compared, so neither timing nor a log can tell a key. A disabled key
// comes with the error.
func authenticate(s *snapshot, forms [4]func() []byte) (*config.APIKey, *protocol.Error) {
	message := "No API key was given. Send it as 'Authorization: Bearer KEY', 'x-api-key: KEY', 'x-goog-api-key: KEY' or '?key=KEY'."
	for _, form := range forms {
		presented := bytes.TrimSpace(form())
		if len(presented) == 0 {
			continue
		}
		key, ok := s.config.KeyByDigest(sha256.Sum256(presented))
		switch {
		case !ok:
			message = "The API key is not known to this gateway."
		case !key.Enabled:
			return key, &protocol.Error{Code: protocol.Permission, Message: "The API key \"" + key.Name + "\" is disabled."}
		default:
			return key, nil
		}
	}
	return nil, &protocol.Error{Code: protocol.Authentication, Message: message}
}

// withoutKey removes the client's key from a query string, so that it travels
// no further: not over the hop, not to a provider, not into a log.
func withoutKey(query string) string {
	if !strings.Contains(query, "key") && !strings.Contains(query, "%") {
		return query
	}
	kept := make([]string, 0, 4)
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if name != "key" && pair != "" {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}
