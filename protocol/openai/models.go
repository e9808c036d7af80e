package openai

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

// model is what of a model's name changes a request to it.
type model struct {
	own         bool // OpenAI's own; others are what compatible servers serve
	modern      bool // o series, gpt-5 and later: role developer, no stop
	reasons     bool // can think before it answers
	thinks      bool // and does, unless told not to
	fixed       bool // but how hard cannot be chosen
	quiet       bool // effort none is accepted
	minimal     bool // effort minimal is accepted
	oneCall     bool // calls one tool at a time, and takes no parallel_tool_calls
	highest     protocol.Effort
	toolsMute   bool // with tools, effort must not be given to the chat API
	toolsQuiet  bool // with tools, effort must be none there
	breakpoints bool // prompt_cache_breakpoint is known
	search      bool // web_search_options is known
	noSchema    bool // response_format takes no schema
}

// TakesCacheKey tells whether a model is one of OpenAI's own, whose API knows
// prompt_cache_key; compatible servers may refuse it.
func TakesCacheKey(model string) bool { return modelOf(model).own }

// modelOf reads a model's name. Names of aggregators (openai/gpt-5) and of
// fine-tuned models (ft:gpt-4o:...) are those of their base.
func modelOf(target string) model {
	name := target[strings.LastIndexByte(target, '/')+1:]
	name = strings.TrimPrefix(name, "ft:")
	m := model{highest: protocol.EffortMax, search: strings.Contains(name, "-search"), noSchema: strings.HasPrefix(name, "deepseek")}
	switch {
	case len(name) > 1 && name[0] == 'o' && isDigit(name[1]), strings.HasPrefix(name, "codex-"):
		m.own, m.modern, m.oneCall = true, true, true
		m.reasons, m.thinks, m.highest = true, true, protocol.EffortHigh
	case strings.HasPrefix(name, "chatgpt-"):
		m.own = true
	case isThinker(name):
		m.reasons, m.highest = true, protocol.EffortHigh
	case strings.HasPrefix(name, "gpt-"):
		if major, minor, rest, ok := version(name[len("gpt-"):]); ok {
			m.gpt(major*100+minor, rest)
		}
	}
	return m
}

// thinkers are models of compatible servers that take an effort. Others are
// sent none: many servers refuse what they do not know.
var thinkers = [...]string{"gpt-oss", "gemini-", "claude-", "grok-3-mini", "deepseek", "qwen", "glm-", "kimi-"}

func isThinker(name string) bool {
	for _, prefix := range thinkers {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// gpt sets what depends on a version, 501 for 5.1, and on what stands behind.
func (m *model) gpt(version int, rest string) {
	m.own = true
	m.noSchema = version < 400 || version == 400 && !strings.HasPrefix(rest, "o")
	if version < 500 || version == 500 && strings.HasPrefix(rest, "-chat") {
		return
	}
	m.modern, m.reasons = true, true
	chat, pro := strings.HasPrefix(rest, "-chat"), strings.HasPrefix(rest, "-pro")
	switch {
	case version == 500:
		m.thinks, m.minimal, m.highest = true, true, protocol.EffortHigh
	case chat:
		m.thinks, m.fixed, m.highest = true, true, protocol.EffortMedium
	case pro, version == 501 && strings.HasPrefix(rest, "-codex"):
		m.thinks, m.highest = true, protocol.EffortXHigh
	case version == 501:
		m.quiet, m.highest = true, protocol.EffortHigh
	case version < 506:
		m.quiet, m.thinks, m.highest = true, version == 505, protocol.EffortXHigh
	default:
		m.quiet, m.thinks = true, true
	}
	m.toolsQuiet = version >= 502 && m.thinks && m.quiet
	m.toolsMute = version >= 502 && !m.toolsQuiet
	m.breakpoints = version >= 506
}

// version reads "5.1-codex" as 5, 1 and "-codex".
func version(s string) (major, minor int, rest string, ok bool) {
	if major, s, ok = number(s); !ok {
		return 0, 0, "", false
	}
	if strings.HasPrefix(s, ".") {
		if n, after, ok := number(s[1:]); ok {
			return major, n, after, true
		}
	}
	return major, 0, s, true
}

func number(s string) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && i < 3 && isDigit(s[i]) {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, s[i:], i > 0
}

func isDigit(b byte) bool { return b-'0' <= 9 }

// effort is what the model is told for a wish, "" for nothing at all; exact
// tells that it is what was wished.
func (m *model) effort(e protocol.Effort) (word string, exact bool) {
	switch {
	case e == protocol.EffortUnset:
		return "", true
	case !m.reasons:
		return "", e == protocol.EffortNone
	case e == protocol.EffortNone && !m.own: // no word for it that all servers know
		return "", false
	case m.fixed:
		return "", e == protocol.EffortMedium
	}
	wish := e
	if e == protocol.EffortNone && !m.quiet {
		e = protocol.EffortMinimal
	}
	if e == protocol.EffortMinimal && !m.minimal {
		e = protocol.EffortLow
	}
	e = min(e, m.highest)
	return e.String(), e == wish
}

// effortOf is the effort that a client's wish amounts to in OpenAI's words.
// Off where the wish is that there be no thinking.
func effortOf(r protocol.Reasoning) protocol.Effort {
	switch {
	case r.Mode == protocol.ThinkOff:
		return protocol.EffortNone
	case r.Effort != protocol.EffortUnset || r.Mode != protocol.ThinkBudget:
		return r.Effort
	case r.Budget <= 4096:
		return protocol.EffortLow
	case r.Budget <= 12000:
		return protocol.EffortMedium
	case r.Budget <= 24576:
		return protocol.EffortHigh
	}
	return protocol.EffortXHigh
}

// carriesThinking tells whether a compatible server wants its model's thinking
// back as reasoning_content.
func carriesThinking(target string) bool {
	name := target[strings.LastIndexByte(target, '/')+1:]
	return strings.HasPrefix(name, "deepseek") || strings.HasPrefix(name, "kimi")
}
