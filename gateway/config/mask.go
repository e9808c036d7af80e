package config

import (
	"bytes"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// What a source line may show is decided by what is known to be harmless, not
// by what is known to be secret: an attribute that is not in this list, a
// misspelt api_key too, shows its name and nothing of its value.
var harmless = map[string]bool{
	"node_name": true, "listen": true, "max_body_size": true, "drain_timeout": true, "fetch_private_addresses": true, "cert_file": true, "key_file": true,
	"level": true, "format": true, "bind": true, "advertise": true, "peer_listen": true, "join": true,
	"sha256": true, "enabled": true, "models": true, "requests_per_minute": true, "tokens_per_minute": true,
	"concurrent_requests": true, "usd_per_day": true, "dialect": true, "session_ttl": true, "sticky_by": true,
	"base_url": true, "priority": true, "weight": true, "timeout": true, "first_byte_timeout": true, "idle_timeout": true,
	"recovery_after": true, "path": true, "interval": true, "auto_cache_system": true, "min_system_tokens": true,
	"auto_cache_tools": true, "provider": true, "model": true, "fallback": true, "display_name": true,
	"input": true, "output": true, "cache_read": true, "cache_write": true,
}

// hiddenTokens finds the pieces of a source that may be secrets.
func hiddenTokens(tokens hclsyntax.Tokens) []span {
	m := &masker{tokens: tokens}
	for m.next < len(tokens) {
		m.statement()
	}
	return m.spans
}

// masker goes through a body's tokens, statement by statement, without relying
// on their being right.
type masker struct {
	tokens hclsyntax.Tokens
	next   int
	blocks int // open blocks
	spans  []span
}

// statement passes one attribute, one block's header or one closing brace.
func (m *masker) statement() {
	t := m.tokens[m.next]
	switch t.Type {
	case hclsyntax.TokenNewline, hclsyntax.TokenComment, hclsyntax.TokenEOF:
		m.next++
		return
	case hclsyntax.TokenCBrace:
		m.blocks = max(m.blocks-1, 0)
		m.next++
		return
	case hclsyntax.TokenIdent:
		if m.header() {
			return
		}
		m.next++
		m.value(!harmless[string(t.Bytes)])
		return
	}
	at := m.next
	m.value(true)
	if m.next == at { // a closing bracket that nothing opened
		m.next++
	}
}

// header passes a block's header, which is what reaches an opening brace
// without an equals sign. Labels are names, and shown.
func (m *masker) header() bool {
	for i := m.next + 1; i < len(m.tokens); i++ {
		switch m.tokens[i].Type {
		case hclsyntax.TokenOBrace:
			m.blocks++
			m.next = i + 1
			return true
		case hclsyntax.TokenIdent, hclsyntax.TokenOQuote, hclsyntax.TokenQuotedLit, hclsyntax.TokenCQuote:
		default:
			return false
		}
	}
	return false
}

// value passes an attribute's value: to the end of its line, of its brackets,
// or of the block on one line that holds it.
func (m *masker) value(secret bool) {
	depth := 0
	for ; m.next < len(m.tokens); m.next++ {
		t := m.tokens[m.next]
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote,
			hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote,
			hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			if depth == 0 {
				return // the block's brace, or one too many, which the next statement passes
			}
			depth--
		case hclsyntax.TokenNewline:
			if depth == 0 {
				return
			}
		case hclsyntax.TokenComment:
			if secret { // # was sk-...
				m.spans = append(m.spans, tokenSpan(t))
			}
			if depth == 0 && bytes.HasSuffix(t.Bytes, []byte("\n")) {
				return
			}
		case hclsyntax.TokenIdent:
			// An attribute inside an unclosed bracket.
			if !secret && m.is(m.next+1, hclsyntax.TokenEqual) && !harmless[string(t.Bytes)] {
				secret = true
				continue
			}
			if secret && !m.is(m.next+1, hclsyntax.TokenOParen) && !m.key(depth) {
				m.spans = append(m.spans, tokenSpan(t))
			}
		case hclsyntax.TokenEOF:
		default:
			if secret && !plainToken(t.Type) && !m.reference() && !m.key(depth) {
				m.spans = append(m.spans, tokenSpan(t))
			}
		}
	}
}

func (m *masker) is(i int, t hclsyntax.TokenType) bool {
	return i >= 0 && i < len(m.tokens) && m.tokens[i].Type == t
}

// reference reports whether the token is the name that env() or file() is given:
// worth showing, and no secret itself.
func (m *masker) reference() bool {
	i := m.next
	if !m.is(i, hclsyntax.TokenQuotedLit) || !m.is(i-1, hclsyntax.TokenOQuote) || !m.is(i+1, hclsyntax.TokenCQuote) ||
		!m.is(i-2, hclsyntax.TokenOParen) || !m.is(i-3, hclsyntax.TokenIdent) {
		return false
	}
	switch string(m.tokens[i-3].Bytes) {
	case "env":
		return variableName.Match(m.tokens[i].Bytes)
	case "file":
		return pathLike.Match(m.tokens[i].Bytes)
	}
	return false
}

var pathLike = regexp.MustCompile(`^(\.{0,2}/[\w./-]*|[\w-]+\.[A-Za-z]{1,6})$`)

// key reports whether the token is the name in { "x-team" = "search" }.
func (m *masker) key(depth int) bool {
	i := m.next
	if m.is(i, hclsyntax.TokenQuotedLit) {
		if !m.is(i-1, hclsyntax.TokenOQuote) || !m.is(i+1, hclsyntax.TokenCQuote) {
			return false
		}
		i++
		depth--
	}
	return depth > 0 && headerLike.Match(m.tokens[m.next].Bytes) &&
		(m.is(i+1, hclsyntax.TokenEqual) || m.is(i+1, hclsyntax.TokenColon))
}

var headerLike = regexp.MustCompile(`^[A-Za-z][A-Za-z-]{0,39}$`)

// plainToken reports whether a token's text can tell nothing.
func plainToken(t hclsyntax.TokenType) bool {
	return !slices.Contains([]hclsyntax.TokenType{
		hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit, hclsyntax.TokenNumberLit, hclsyntax.TokenInvalid,
		hclsyntax.TokenBadUTF8, hclsyntax.TokenOHeredoc, hclsyntax.TokenCHeredoc,
	}, t)
}

func tokenSpan(t hclsyntax.Token) span { return span{t.Range.Start.Byte, t.Range.End.Byte} }

// maskLines hides by lines what a source with syntax errors may hold: there the
// tokens can be misunderstood, as inside a quote that is not closed.
func (s *source) maskLines() {
	var spans []span
	for _, start := range s.lines {
		l := s.line(start)
		line := s.text[l.start:l.end]
		at := len(blockHeader.Find(line))
		if a := firstWord.FindSubmatchIndex(line[at:]); a != nil {
			word := line[at+a[2] : at+a[3]]
			at += a[1]
			if harmless[string(word)] && bytes.Count(line[at:], []byte("=")) == 1 {
				continue
			}
			if !harmless[string(word)] && !secretNames[string(word)] && !bytes.HasPrefix(bytes.TrimSpace(line[at:]), []byte("=")) {
				at -= a[1] // no attribute: it may be the rest of a secret
			}
		}
		for _, p := range pieces.FindAllIndex(line[at:], -1) {
			if !bytes.Contains(line[at+p[0]:at+p[1]], []byte(`("`)) {
				spans = append(spans, span{l.start + at + p[0], l.start + at + p[1]})
			}
		}
	}
	s.hide(spans)
}

var (
	secretNames = map[string]bool{"key": true, "api_key": true, "token": true, "secret": true, "headers": true}
	blockHeader = regexp.MustCompile(`^\s*[a-z_]+(\s+"[^"]*")?\s*\{`)
	firstWord   = regexp.MustCompile(`^\s*([A-Za-z_][\w-]*)`)

	// pieces of a line that are not punctuation; what env() is given stays whole.
	pieces = regexp.MustCompile(`\benv\("[A-Za-z_][A-Za-z0-9_]*"|[^\s"'(){}\[\],=:]+`)
)

// hiddenURLs finds user names, passwords and queries in addresses.
func hiddenURLs(text []byte) []span {
	var spans []span
	for _, m := range urlSecrets.FindAllSubmatchIndex(text, -1) {
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 {
				spans = append(spans, span{m[i], m[i+1]})
			}
		}
	}
	return spans
}

var urlSecrets = regexp.MustCompile(`[A-Za-z]:/+(?:([^\s"]*)@)?[^\s"?#]*(?:[?#]([^\s"]*))?`)
