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

// credential finds the client's key in any of its four forms. The dialect's
// own form is looked at first; an empty value counts as absent. The result
// points into the request: hash it, never keep it.
func credential(req *fasthttp.Request, d protocol.Dialect) []byte {
	bearer := func() []byte { return bearerToken(req.Header.Peek("Authorization")) }
	anthropic := func() []byte { return req.Header.Peek("X-Api-Key") }
	gemini := func() []byte { return req.Header.Peek("X-Goog-Api-Key") }
	query := func() []byte { return req.URI().QueryArgs().Peek("key") }

	order := [4]func() []byte{bearer, anthropic, gemini, query}
	switch d {
	case protocol.Anthropic:
		order = [4]func() []byte{anthropic, bearer, gemini, query}
	case protocol.Gemini:
		order = [4]func() []byte{gemini, query, bearer, anthropic}
	}
	for _, form := range order {
		if k := bytes.TrimSpace(form()); len(k) > 0 {
			return k
		}
	}
	return nil
}

func bearerToken(v []byte) []byte {
	const scheme = "bearer "
	if len(v) < len(scheme) || !bytes.EqualFold(v[:len(scheme)], []byte(scheme)) {
		return nil
	}
	return v[len(scheme):]
}

// authenticate turns a presented key into a configured one. The digest is
// what is compared, so neither timing nor a log can tell a key. A disabled key
// comes with the error.
func authenticate(s *snapshot, presented []byte) (*config.APIKey, *protocol.Error) {
	if len(presented) == 0 {
		return nil, &protocol.Error{Code: protocol.Authentication, Message: "No API key was given. Send it as 'Authorization: Bearer KEY', 'x-api-key: KEY', 'x-goog-api-key: KEY' or '?key=KEY'."}
	}
	key, ok := s.config.KeyByDigest(sha256.Sum256(presented))
	if !ok {
		return nil, &protocol.Error{Code: protocol.Authentication, Message: "The API key is not known to this gateway."}
	}
	if !key.Enabled {
		return key, &protocol.Error{Code: protocol.Permission, Message: "The API key \"" + key.Name + "\" is disabled."}
	}
	return key, nil
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
