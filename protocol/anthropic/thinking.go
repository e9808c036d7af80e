package anthropic

import (
	"strconv"

	"github.com/llmgw/llmgw/protocol"
)

// The values of thinking.type.
const (
	thinkEnabled  = "enabled"
	thinkAdaptive = "adaptive"
	thinkDisabled = "disabled"
)

// minBudget is the least that thinking.budget_tokens may be.
const minBudget = 1024

// planThinking decides thinking, effort and max_tokens, which bound each
// other.
func (e *encoder) planThinking() {
	e.maxTokens = e.r.MaxTokens
	if e.maxTokens > e.m.max {
		e.x.Warn("max_tokens", "capped to the model's maximum")
		e.maxTokens = e.m.max
	}
	switch r := &e.r.Reasoning; {
	case r.Mode == protocol.ThinkOff, r.Mode == protocol.ThinkUnset && r.Effort == protocol.EffortNone:
		e.thinkNot()
	case r.Mode == protocol.ThinkBudget, r.Mode == protocol.ThinkAdaptive, r.Effort > protocol.EffortNone, r.Show == protocol.Yes && e.m.adaptive:
		e.think()
	}
	if e.maxTokens == 0 {
		e.maxTokens = e.m.defaultMax(e.r.Stream)
		if e.thinking == thinkEnabled {
			e.maxTokens = min(e.maxTokens+e.budget, e.m.max)
		}
	}
	if e.thinking == thinkEnabled {
		e.budget = max(min(e.budget, e.maxTokens-1), minBudget)
	}
}

func (e *encoder) thinkNot() {
	if !e.m.adaptive {
		return // these think when they are told to
	}
	effort := e.r.Reasoning.Effort
	switch {
	case e.m.always:
		e.x.Warn("reasoning_effort", "this model cannot stop thinking")
		e.setEffort(protocol.EffortLow)
		return
	case e.m.calmOff && effort > protocol.EffortHigh:
		e.x.Warn("reasoning_effort", "lowered to high without thinking")
		effort = protocol.EffortHigh
	}
	e.thinking = thinkDisabled
	if effort > protocol.EffortNone {
		e.setEffort(effort)
	}
}

func (e *encoder) think() {
	r := &e.r.Reasoning
	effort := r.Effort
	switch {
	case !e.m.budget && !e.m.adaptive:
		e.x.Warn("reasoning_effort", "this model does not think")
		return
	case e.m.adaptive && r.Mode == protocol.ThinkBudget && !e.m.budget:
		e.x.Warn("thinking", "the budget becomes an effort")
		if effort == protocol.EffortUnset {
			effort = effortOf(r.Budget)
		}
		fallthrough
	case e.m.adaptive && r.Mode != protocol.ThinkBudget:
		e.thinking = thinkAdaptive
	default:
		if e.budget = r.Budget; r.Mode != protocol.ThinkBudget {
			if effort <= protocol.EffortNone {
				effort = protocol.EffortHigh // what adaptive thinking does by itself
			}
			e.budget = budgets[effort]
			effort = protocol.EffortUnset
		}
		if !e.roomToThink() {
			return
		}
		e.thinking = thinkEnabled
	}
	if effort > protocol.EffortNone && e.m.efforts != effortsNone {
		e.setEffort(effort)
	}
}

// roomToThink tells whether the request lets a model think with a budget.
func (e *encoder) roomToThink() bool {
	why := ""
	switch {
	case e.maxTokens > 0 && e.maxTokens <= minBudget:
		why = "max_tokens leaves no room"
	case e.prefill != nil:
		why = "not together with the beginning of an answer"
	case e.bareCall():
		why = "a tool call of the history lacks its thinking"
	default:
		return true
	}
	e.x.Warn("thinking", why)
	return false
}

// bareCall tells whether the last assistant's turn that says anything calls
// tools and has no thinking in front that could be sent.
func (e *encoder) bareCall() bool {
	for i := len(e.r.Messages) - 1; i >= 0; i-- {
		m := &e.r.Messages[i]
		if m.Role != protocol.RoleAssistant || silent(m.Parts) {
			continue
		}
		for j := range m.Parts {
			switch p := &m.Parts[j]; p.Kind {
			case protocol.PartThinking, protocol.PartRedacted:
				if ours(p) {
					return false
				}
			case protocol.PartCall:
				return true
			}
		}
		return false
	}
	return false
}

// ours tells whether a part's signature is Anthropic's.
func ours(p *protocol.Part) bool {
	return p.Signature.Maker == protocol.MadeByAnthropic && p.Signature.Present()
}

func (e *encoder) setEffort(want protocol.Effort) {
	effort, whole := e.m.effort(want)
	if !whole {
		e.x.Warn("reasoning_effort", "capped to "+effort.String())
	}
	e.effort = effort
}

// planFormat decides how an answer in JSON is asked for.
func (e *encoder) planFormat() {
	f := e.r.Format
	switch {
	case f == nil:
	case f.Schema == nil:
		e.x.Warn("response_format", "asked for in words")
		e.instruction = "Answer with one JSON object and nothing else."
	case e.m.formats:
		e.native = true
	case !describesObject(f.Schema): // what a tool's arguments cannot be
		e.x.Warn("response_format", "asked for in words")
		e.instruction = "Answer with JSON alone, no code fence around it, that matches this JSON schema: " + string(f.Described().Compact())
	default:
		e.x.Warn("response_format", "asked for as a tool")
		e.x.FormatTool = "json_output"
		for e.x.Tool(protocol.TextOf(e.x.FormatTool)) != nil {
			e.x.FormatTool += "_"
		}
	}
}

// outputConfig writes thinking and output_config.
func (e *encoder) outputConfig() {
	if e.thinking != "" {
		e.dst = append(e.dst, `,"thinking":{"type":"`+e.thinking+`"`...)
		if e.thinking == thinkEnabled {
			e.dst = append(e.dst, `,"budget_tokens":`...)
			e.dst = strconv.AppendInt(e.dst, e.budget, 10)
		}
		if show := e.r.Reasoning.Show; e.thinking != thinkDisabled && e.m.adaptive && show != protocol.Unset {
			if show == protocol.Yes {
				e.dst = append(e.dst, `,"display":"summarized"`...)
			} else {
				e.dst = append(e.dst, `,"display":"omitted"`...)
			}
		}
		e.dst = append(e.dst, '}')
	}
	if e.effort == protocol.EffortUnset && !e.native {
		return
	}
	e.dst = append(e.dst, `,"output_config":{`...)
	if e.effort != protocol.EffortUnset {
		e.dst = append(e.dst, `"effort":"`+e.effort.String()+`"`...)
		if e.native {
			e.dst = append(e.dst, ',')
		}
	}
	if e.native {
		e.dst = append(e.dst, `"format":{"type":"json_schema","schema":`...)
		e.dst = appendClosed(e.dst, e.r.Format.Described())
		e.dst = append(e.dst, '}')
	}
	e.dst = append(e.dst, '}')
}
