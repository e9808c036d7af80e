package gemini

import (
	"net/url"
	"strings"
)

// PathModel returns a model's name as it stands in the path of a URL, behind
// "models/": escaped, and without that prefix where the name has it.
func PathModel(model string) string {
	return url.PathEscape(strings.TrimPrefix(model, "models/"))
}

// traits are how a model's requests differ from another's.
type traits struct {
	// budget and level tell how thinking is bounded: a number of tokens, or a
	// word. A model that has neither does not think.
	budget, level bool
	// lowest and highest bound the budget; lowest > 0: it cannot be switched off.
	lowest, highest int64
	// noMinimal: the lowest level is LOW.
	noMinimal bool
	// ids: calls and their results carry ids.
	ids bool
	// signatures: the first call of a step needs one.
	signatures bool
	// mixes: functions may stand beside Google's own tools and beside a schema
	// of the answer.
	mixes bool
	// resultMedia: images and files may stand inside of a tool's result.
	resultMedia bool
	// validated: the mode VALIDATED is known.
	validated bool
}

// traitsOf reads a model's traits from its name. A Gemini model whose
// generation the name does not tell ("gemini-flash-latest") and a name of the
// operator's own are treated as the newest; Google's other models as the
// oldest, which think nothing.
func traitsOf(model string) traits {
	model = model[strings.LastIndexByte(model, '/')+1:]
	rest, isGemini := strings.CutPrefix(model, "gemini-")
	major, minor, told := version(rest)
	pro, lite := strings.Contains(rest, "pro"), strings.Contains(rest, "lite")
	switch {
	case !isGemini && (strings.HasPrefix(model, "gemma") || strings.HasPrefix(model, "learnlm")), isGemini && told && (major < 2 || major == 2 && minor < 5):
		return traits{}
	case isGemini && told && major == 2:
		t := traits{budget: true, highest: 24576, validated: true}
		if pro {
			t.lowest, t.highest = 128, 32768
		}
		return t
	}
	newFlash := major > 3 || major == 3 && minor >= 7
	return traits{
		level: true, ids: true, signatures: true, mixes: true, resultMedia: true, validated: true,
		noMinimal: isGemini && (pro || newFlash && !lite),
	}
}

// version reads the "3", "2.5" or "3.1" that a name begins with.
func version(s string) (major, minor int, told bool) {
	major, s, told = number(s)
	if after, dot := strings.CutPrefix(s, "."); told && dot {
		minor, _, _ = number(after)
	}
	return major, minor, told
}

func number(s string) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && i < 4 && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, s[i:], i > 0
}
