package gemini

import "github.com/llmgw/llmgw/protocol"

// thinking writes thinkingConfig: a budget for models of 2.5, a level for
// later ones, never both.
func (e *encoder) thinking() {
	want := e.r.Reasoning
	if want == (protocol.Reasoning{}) {
		return
	}
	if !e.t.budget && !e.t.level {
		if want.Mode != protocol.ThinkOff && want.Effort != protocol.EffortNone && (want.Mode != protocol.ThinkUnset || want.Effort != protocol.EffortUnset) {
			e.x.Warn("reasoning", "the model does not think")
		}
		return
	}
	mark := len(e.dst)
	e.key("thinkingConfig")
	e.dst = append(e.dst, '{')
	first := len(e.dst)
	if e.t.budget {
		if n, said := e.budget(want); said {
			e.int("thinkingBudget", n)
		}
	} else if level := e.level(want); level != "" {
		e.key("thinkingLevel")
		e.dst = append(append(append(e.dst, '"'), level...), '"')
	}
	if want.Show == protocol.Yes {
		e.key("includeThoughts")
		e.dst = append(e.dst, "true"...)
	}
	if len(e.dst) == first {
		e.dst = e.dst[:mark]
		return
	}
	e.dst = append(e.dst, '}')
}

// budgets are the tokens that an effort stands for.
var budgets = [...]int64{
	protocol.EffortMinimal: 512,
	protocol.EffortLow:     1024,
	protocol.EffortMedium:  8192,
	protocol.EffortHigh:    24576,
	protocol.EffortXHigh:   32768,
	protocol.EffortMax:     32768,
}

// budget is the thinkingBudget of what is wanted; false: the model decides.
func (e *encoder) budget(want protocol.Reasoning) (int64, bool) {
	n := int64(-1)
	switch {
	case isOff(want):
		if e.t.lowest > 0 {
			e.x.Warn("reasoning", "the model's thinking cannot be switched off")
		}
		return e.t.lowest, true
	case want.Mode == protocol.ThinkBudget:
		n = max(want.Budget, 1)
	case want.Mode == protocol.ThinkAdaptive:
		return n, true
	case want.Effort == protocol.EffortUnset || int(want.Effort) >= len(budgets):
		return 0, false
	default:
		n = budgets[want.Effort]
	}
	return min(max(n, e.t.lowest), e.t.highest), true
}

// level is the thinkingLevel of what is wanted; "": the model decides.
func (e *encoder) level(want protocol.Reasoning) string {
	lowest := "MINIMAL"
	if e.t.noMinimal {
		lowest = "LOW"
	}
	switch {
	case isOff(want):
		e.x.Warn("reasoning", "the model's thinking cannot be switched off")
		return lowest
	case want.Mode == protocol.ThinkBudget && want.Budget <= 1024:
		return "LOW"
	case want.Mode == protocol.ThinkBudget && want.Budget <= 12000:
		return "MEDIUM"
	case want.Mode == protocol.ThinkBudget:
		return "HIGH"
	}
	switch want.Effort {
	case protocol.EffortMinimal:
		return lowest
	case protocol.EffortLow:
		return "LOW"
	case protocol.EffortMedium:
		return "MEDIUM"
	case protocol.EffortHigh:
		return "HIGH"
	case protocol.EffortXHigh, protocol.EffortMax:
		e.x.Warn("reasoning", "effort capped to high")
		return "HIGH"
	}
	return ""
}

func isOff(want protocol.Reasoning) bool {
	return want.Mode == protocol.ThinkOff || want.Mode == protocol.ThinkUnset && want.Effort == protocol.EffortNone
}
