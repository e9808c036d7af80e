package mock

import "strings"

// judgeTurns checks what one message asks of the next.
func judgeTurns(in map[string]any, c claude, thinking string) *fault {
	var open []string // tool uses of the turn before, that wait for results
	messages := objects(arr(in, "messages"))
	for i, m := range messages {
		at, role := item("messages", i), str(m, "role")
		last := i == len(messages)-1
		blocks := objects(arr(m, "content"))
		if f := judgeContent(at, m, blocks, last, c); f != nil {
			return f
		}
		if role == "system" {
			continue
		}
		if role == "assistant" {
			uses, f := judgeUses(at, blocks, open)
			if f != nil {
				return f
			}
			open = uses
			continue
		}
		if f := judgeResults(at, blocks, &open); f != nil {
			return f
		}
		if len(open) > 0 && !last && str(messages[i+1], "role") != "user" {
			return unanswered(item("messages", i-1), open)
		}
	}
	if len(open) > 0 {
		return unanswered(item("messages", len(messages)-1), open)
	}
	return judgeLastUse(messages, thinking)
}

func unanswered(at string, ids []string) *fault {
	return wrong(at, "`tool_use` ids were found without `tool_result` blocks immediately after: %s. Each `tool_use` block must have a corresponding `tool_result` block in the next message.", strings.Join(ids, ", "))
}

func judgeContent(at string, m map[string]any, blocks []map[string]any, last bool, c claude) *fault {
	whole, isText := m["content"].(string)
	empty := isText && whole == "" || !isText && len(blocks) == 0
	final := last && str(m, "role") == "assistant"
	switch {
	case empty && !final:
		return wrong(at, "all messages must have non-empty content except for the optional final assistant message")
	case isText && !empty && strings.TrimSpace(whole) == "", len(blocks) == 1 && str(blocks[0], "type") == "text" && strings.TrimSpace(str(blocks[0], "text")) == "":
		return wrong("", "messages: text content blocks must contain non-whitespace text")
	case final && !c.prefill && !endsInServerTool(blocks):
		return wrong("", "This model does not support assistant message prefill. The conversation must end with a user message.")
	}
	if final {
		if len(blocks) > 0 {
			whole = str(blocks[len(blocks)-1], "text")
		}
		if whole != strings.TrimRight(whole, " \t\r\n") {
			return wrong("", "messages: final assistant content cannot end with trailing whitespace")
		}
	}
	for i, b := range blocks {
		kind := str(b, "type")
		switch {
		case kind == "tool_result" && str(m, "role") != "user":
			return wrong(item(join(at, "content"), i), "`tool_result` blocks can only be in `user` messages")
		case (kind == "tool_use" || kind == "thinking" || kind == "redacted_thinking") && str(m, "role") != "assistant":
			return wrong(item(join(at, "content"), i), "`%s` blocks can only be in `assistant` messages", kind)
		case kind == "thinking" && !signed(b):
			return wrong(item(join(at, "content"), i), "Invalid `signature` in `thinking` block")
		}
	}
	return nil
}

// signed tells whether a thinking block comes back as it was given. A
// signature that is no stand-in's was recorded from a real provider: long, and
// not this one's to judge.
func signed(b map[string]any) bool {
	signature := str(b, "signature")
	if strings.HasPrefix(signature, signaturePrefix) {
		return signature == sign("anthropic", str(b, "thinking"))
	}
	return len(signature) >= 100 && !strings.HasPrefix(signature, "llmgw")
}

// endsInServerTool: a paused turn is continued by sending it back.
func endsInServerTool(blocks []map[string]any) bool {
	for _, b := range blocks {
		if k := str(b, "type"); strings.HasPrefix(k, "server_") || strings.HasSuffix(k, "_tool_result") {
			return true
		}
	}
	return false
}

func judgeUses(at string, blocks []map[string]any, open []string) ([]string, *fault) {
	seen := map[string]bool{}
	for _, id := range open {
		seen[id] = true
	}
	for i, b := range blocks {
		if str(b, "type") != "tool_use" {
			continue
		}
		id := str(b, "id")
		if seen[id] {
			return nil, wrong(item(join(at, "content"), i), "`tool_use` ids must be unique")
		}
		seen[id] = true
		open = append(open, id)
	}
	return open, nil
}

// judgeResults takes the ids that a user's turn answers off the open ones.
func judgeResults(at string, blocks []map[string]any, open *[]string) *fault {
	other := false
	for i, b := range blocks {
		where := item(join(at, "content"), i)
		if str(b, "type") != "tool_result" {
			other = true
			continue
		}
		id := str(b, "tool_use_id")
		found := -1
		for j, o := range *open {
			if o == id {
				found = j
			}
		}
		switch {
		case found < 0:
			return wrong(where, "unexpected `tool_use_id` found in `tool_result` blocks: %s. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.", id)
		case other:
			return unanswered(at, *open)
		}
		*open = append((*open)[:found:found], (*open)[found+1:]...)
	}
	return nil
}

// judgeLastUse: with thinking by budget, a turn that called tools starts with
// its thinking.
func judgeLastUse(messages []map[string]any, thinking string) *fault {
	if thinking != "enabled" {
		return nil
	}
	for i := len(messages) - 1; i >= 0; i-- {
		if str(messages[i], "role") != "assistant" {
			continue
		}
		blocks := objects(arr(messages[i], "content"))
		for _, b := range blocks {
			if k := str(blocks[0], "type"); str(b, "type") == "tool_use" && !strings.HasSuffix(k, "thinking") {
				return wrong(item(join(item("messages", i), "content"), 0), "Expected `thinking` or `redacted_thinking`, but found `%s`. When `thinking` is enabled, a final `assistant` message must start with a thinking block.", k)
			}
		}
		return nil
	}
	return nil
}
