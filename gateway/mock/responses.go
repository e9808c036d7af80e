package mock

import "slices"

func (x *exchange) responsesQuestion() question {
	in := x.in
	q := question{choice: "auto", parallel: in["parallel_tool_calls"] != false}
	for _, t := range objects(arr(in, "tools")) {
		switch str(t, "type") {
		case "function":
			q.tools = append(q.tools, tool{name: str(t, "name"), schema: obj(t, "parameters")})
		case "custom":
			q.tools = append(q.tools, tool{name: str(t, "name"), raw: true})
		}
	}
	if s := str(in, "tool_choice"); s != "" {
		q.choice = s
	}
	choice := obj(in, "tool_choice")
	q.only = str(choice, "name")
	if allowed := objects(arr(choice, "tools")); len(allowed) > 0 {
		q.only = str(allowed[0], "name")
	}
	format := obj(obj(in, "text"), "format")
	q.schema, q.jsonOnly = obj(format, "schema"), str(format, "type") == "json_object"
	most, _ := num(in, "max_output_tokens")
	q.most = int(most)
	q.user = str(in, "input")
	for _, it := range objects(arr(in, "input")) {
		switch kind := str(it, "type"); {
		case kind == "function_call_output" || kind == "custom_tool_call_output":
			q.resulted = true
			q.results = append(q.results, plain(it["output"]))
		case str(it, "role") == "user":
			q.user, q.results, q.resulted = plain(it["content"]), nil, false
		case str(it, "role") == "assistant", kind == "function_call", kind == "custom_tool_call":
			if q.resulted {
				q.results, q.resulted = nil, false
			}
		}
	}
	// Reasoning is an item of its own, with its summary where one is asked for.
	effort := str(obj(in, "reasoning"), "effort")
	q.reasoning = in["reasoning"] != nil && hidden(str(in, "model"), effort) > 0
	return q
}

// responseObject is a response with what the request said repeated.
func (x *exchange) responseObject(status string, output []any, usage, failure any) map[string]any {
	v := map[string]any{
		"id": "resp_" + x.id("resp", 0), "object": "response", "created_at": made, "status": status, "model": x.in["model"], "output": output, "usage": usage,
		"error": failure, "incomplete_details": nil, "instructions": x.in["instructions"], "max_output_tokens": x.in["max_output_tokens"],
		"metadata": map[string]any{}, "parallel_tool_calls": x.in["parallel_tool_calls"] != false, "previous_response_id": x.in["previous_response_id"],
		"reasoning": map[string]any{"effort": obj(x.in, "reasoning")["effort"], "summary": obj(x.in, "reasoning")["summary"]}, "store": x.in["store"] != false,
		"temperature": 1, "top_p": 1, "tool_choice": "auto", "tools": []any{}, "truncation": "disabled", "text": map[string]any{"format": map[string]any{"type": "text"}},
	}
	for _, name := range []string{"tool_choice", "tools", "temperature", "top_p", "metadata", "text"} {
		if given := x.in[name]; given != nil {
			v[name] = given
		}
	}
	return v
}

// items writes the answer down as output items.
func (x *exchange) items(a answer) []any {
	items := []any{}
	if a.reasoning != "" {
		it := map[string]any{"type": "reasoning", "id": "rs_" + x.id("rs", 0), "summary": []any{}}
		shown := ""
		if obj(x.in, "reasoning")["summary"] != nil || x.step.Reasoning != "" {
			shown = a.reasoning
			it["summary"] = []any{map[string]any{"type": "summary_text", "text": shown}}
		}
		if slices.Contains(arr(x.in, "include"), any("reasoning.encrypted_content")) {
			it["encrypted_content"] = sign("responses", shown)
		}
		items = append(items, it)
	}
	if len(a.words) > 0 || len(a.calls) == 0 {
		items = append(items, map[string]any{"type": "message", "id": "msg_" + x.id("msg", 0), "status": "completed", "role": "assistant", "content": []any{outputText(a.text())}})
	}
	for i, c := range a.calls {
		if c.raw {
			items = append(items, map[string]any{"type": "custom_tool_call", "id": "ctc_" + x.id("ctc", i), "call_id": "call_" + c.id, "name": c.name, "input": c.args})
			continue
		}
		items = append(items, map[string]any{"type": "function_call", "id": "fc_" + x.id("fc", i), "status": "completed", "call_id": "call_" + c.id, "name": c.name, "arguments": c.args})
	}
	return items
}

func outputText(s string) map[string]any {
	return map[string]any{"type": "output_text", "text": s, "annotations": []any{}, "logprobs": []any{}}
}

func (x *exchange) responses() {
	prompt := x.openaiPrompt()
	input, cached := tokensOf(prompt), x.p.cache.automatic(prompt, x.p.o.Now())
	a := x.answer(x.responsesQuestion())
	output, reasoning := a.tokens()
	if a.reasoning == "" {
		reasoning = hidden(str(x.in, "model"), str(obj(x.in, "reasoning"), "effort"))
		output += reasoning
	}
	usage := map[string]any{
		"input_tokens": input, "input_tokens_details": map[string]any{"cached_tokens": cached},
		"output_tokens": output, "output_tokens_details": map[string]any{"reasoning_tokens": reasoning}, "total_tokens": input + output,
	}
	items := x.items(a)
	status, details := "completed", any(nil)
	if a.end == endLong {
		status, details = "incomplete", map[string]any{"reason": "max_output_tokens"}
	}
	done := x.responseObject(status, items, usage, nil)
	done["incomplete_details"] = details
	if !flag(x.in, "stream") {
		x.json(200, done)
		return
	}
	x.responsesEvents(a, items, done)
}

// teller writes the events of a Responses stream, numbered.
type teller struct {
	x  *exchange
	at int
	ok bool
}

func (t *teller) say(kind string, fields map[string]any) {
	if !t.ok {
		return
	}
	fields["type"], fields["sequence_number"] = kind, t.at
	t.at++
	t.ok = t.x.event(kind, fields)
}

func (x *exchange) responsesEvents(a answer, items []any, done map[string]any) {
	t := &teller{x: x, ok: true}
	t.say("response.created", map[string]any{"response": x.responseObject("in_progress", []any{}, nil, nil)})
	t.say("response.in_progress", map[string]any{"response": x.responseObject("in_progress", []any{}, nil, nil)})
	for i, it := range items {
		it := it.(map[string]any)
		begun := map[string]any{}
		for k, v := range it {
			begun[k] = v
		}
		if _, ok := it["status"]; ok {
			begun["status"] = "in_progress"
		}
		at := func(fields map[string]any) map[string]any {
			fields["item_id"], fields["output_index"] = it["id"], i
			return fields
		}
		added := map[string]any{"output_index": i, "item": begun}
		switch it["type"] {
		case "reasoning":
			begun["summary"] = []any{}
			delete(begun, "encrypted_content")
			t.say("response.output_item.added", added)
			for j, s := range it["summary"].([]any) {
				t.summary(at, j, s.(map[string]any))
			}
		case "message":
			begun["content"] = []any{}
			t.say("response.output_item.added", added)
			t.message(at, a)
		case "custom_tool_call":
			begun["input"] = ""
			t.say("response.output_item.added", added)
			for _, piece := range halves(it["input"].(string)) {
				t.say("response.custom_tool_call_input.delta", at(map[string]any{"delta": piece}))
			}
			t.say("response.custom_tool_call_input.done", at(map[string]any{"input": it["input"]}))
		default:
			begun["arguments"] = ""
			t.say("response.output_item.added", added)
			for _, piece := range halves(it["arguments"].(string)) {
				t.say("response.function_call_arguments.delta", at(map[string]any{"delta": piece}))
			}
			t.say("response.function_call_arguments.done", at(map[string]any{"arguments": it["arguments"], "name": it["name"]}))
		}
		t.say("response.output_item.done", map[string]any{"output_index": i, "item": it})
	}
	t.say("response."+done["status"].(string), map[string]any{"response": done})
}

func (t *teller) summary(at func(map[string]any) map[string]any, index int, part map[string]any) {
	here := func(fields map[string]any) map[string]any {
		fields["summary_index"] = index
		return at(fields)
	}
	t.say("response.reasoning_summary_part.added", here(map[string]any{"part": map[string]any{"type": "summary_text", "text": ""}}))
	t.say("response.reasoning_summary_text.delta", here(map[string]any{"delta": part["text"]}))
	t.say("response.reasoning_summary_text.done", here(map[string]any{"text": part["text"]}))
	t.say("response.reasoning_summary_part.done", here(map[string]any{"part": part}))
}

func (t *teller) message(at func(map[string]any) map[string]any, a answer) {
	here := func(fields map[string]any) map[string]any {
		fields["content_index"] = 0
		return at(fields)
	}
	t.say("response.content_part.added", here(map[string]any{"part": outputText("")}))
	for _, w := range a.words {
		t.say("response.output_text.delta", here(map[string]any{"delta": w, "logprobs": []any{}}))
	}
	t.say("response.output_text.done", here(map[string]any{"text": a.text(), "logprobs": []any{}}))
	t.say("response.content_part.done", here(map[string]any{"part": outputText(a.text())}))
}
