package mock

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// anthropic answers the Messages API.
func (x *exchange) anthropic(path string) {
	version := x.r.Header.Get("Anthropic-Version")
	switch {
	case version == "":
		x.fail(400, "anthropic-version: header is required")
		return
	case !slices.Contains([]string{"2023-01-01", "2023-06-01", "2026-10-21"}, version):
		x.fail(400, "anthropic-version: \""+version+"\" is not a valid version")
		return
	}
	id, one := strings.CutPrefix(path, "/models/")
	switch {
	case x.r.Method == "POST" && path == "/messages":
		check := messageOld
		if version == "2026-10-21" {
			check = messageRequest
		}
		if x.betas() {
			check = betaMessage
		}
		if x.passes(check, false) {
			x.message()
		}
	case x.r.Method == "POST" && path == "/messages/count_tokens":
		check := countRequest
		if x.betas() {
			check = betaCount
		}
		if x.passes(check, true) {
			x.json(200, map[string]any{"input_tokens": tokensOf(x.anthropicPrompt())})
		}
	case x.r.Method == "GET" && path == "/models":
		x.json(200, map[string]any{"data": []any{anthropicModel("claude-mock")}, "has_more": false, "first_id": "claude-mock", "last_id": "claude-mock"})
	case x.r.Method == "GET" && one && id != "":
		x.json(200, anthropicModel(id))
	default:
		x.fail(404, "Not found: "+path)
	}
}

func (x *exchange) betas() bool {
	return x.r.Header.Get("Anthropic-Beta") != "" || x.r.URL.Query().Get("beta") == "true"
}

func anthropicModel(id string) map[string]any {
	return map[string]any{"type": "model", "id": id, "display_name": "Mock", "created_at": "2026-01-01T00:00:00Z"}
}

// passes judges the request, and answers where it fails.
func (x *exchange) passes(check rule, counting bool) bool {
	f := check("", any(x.in))
	if f == nil {
		f = x.judge(counting)
	}
	if f != nil {
		x.invalid(f)
	}
	return f == nil
}

// anthropicPrompt is the request in the order that its cache sees.
func (x *exchange) anthropicPrompt() []segment {
	var prompt []segment
	add := func(raw json.RawMessage) {
		var m struct {
			CacheControl *struct {
				TTL string `json:"ttl"`
			} `json:"cache_control"`
		}
		s := segment{bytes: stable(raw)}
		if json.Unmarshal(raw, &m) == nil && m.CacheControl != nil {
			s.mark = cacheTTL
			if m.CacheControl.TTL == "1h" {
				s.mark = time.Hour
			}
		}
		prompt = append(prompt, s)
	}
	for _, name := range []string{"tools", "system"} {
		for _, raw := range parts(x.raw[name]) {
			add(raw)
		}
	}
	for _, raw := range parts(x.raw["messages"]) {
		var m struct {
			Role    string
			Content json.RawMessage
		}
		if json.Unmarshal(raw, &m) != nil {
			continue
		}
		prompt = append(prompt, segment{bytes: []byte(m.Role)})
		for _, block := range parts(m.Content) {
			add(block)
		}
	}
	if n := len(prompt); n > 0 && x.in["cache_control"] != nil {
		prompt[n-1].mark = cacheTTL
	}
	return prompt
}

func (x *exchange) anthropicQuestion() question {
	in := x.in
	choice := obj(in, "tool_choice")
	q := question{
		choice: str(choice, "type"), only: str(choice, "name"), parallel: !flag(choice, "disable_parallel_tool_use"),
		schema: obj(obj(obj(in, "output_config"), "format"), "schema"),
	}
	for _, t := range objects(arr(in, "tools")) {
		if schema := obj(t, "input_schema"); schema != nil {
			q.tools = append(q.tools, tool{name: str(t, "name"), schema: schema})
		}
	}
	if kind := str(obj(in, "thinking"), "type"); kind == "enabled" || kind == "adaptive" || kind == "" && claudeOf(str(in, "model")).thinks {
		q.reasoning = true
	}
	most, _ := num(in, "max_tokens")
	q.most = int(most)
	for _, s := range arr(in, "stop_sequences") {
		q.stops = append(q.stops, s.(string))
	}
	for _, m := range objects(arr(in, "messages")) {
		if str(m, "role") != "user" {
			continue
		}
		q.user, q.results, q.resulted = str(m, "content"), nil, false
		for _, b := range objects(arr(m, "content")) {
			switch str(b, "type") {
			case "text":
				q.user = str(b, "text")
			case "tool_result":
				q.resulted = true
				q.results = append(q.results, plain(b["content"]))
			}
		}
	}
	return q
}

// plain is the text of a content that is a string or a list of parts.
func plain(content any) string {
	if s, ok := content.(string); ok {
		return s
	}
	list, _ := content.([]any)
	var texts []string
	for _, m := range objects(list) {
		if t := str(m, "text"); t != "" {
			texts = append(texts, t)
		} else {
			texts = append(texts, "["+str(m, "type")+"]")
		}
	}
	return strings.Join(texts, " ")
}

var anthropicEnds = map[ending]string{endTurn: "end_turn", endTools: "tool_use", endLong: "max_tokens", endStop: "stop_sequence"}

func (x *exchange) message() {
	prompt := x.anthropicPrompt()
	total := tokensOf(prompt)
	read, w := x.p.cache.marked(prompt, x.p.o.Now())
	a := x.answer(x.anthropicQuestion())
	output, reasoning := a.tokens()
	usage := map[string]any{
		"input_tokens": max(total-read-w.short-w.long, 0), "cache_read_input_tokens": read, "cache_creation_input_tokens": w.short + w.long,
		"cache_creation": map[string]any{"ephemeral_5m_input_tokens": w.short, "ephemeral_1h_input_tokens": w.long},
		"output_tokens":  output, "service_tier": "standard",
	}
	if reasoning > 0 {
		usage["output_tokens_details"] = map[string]any{"thinking_tokens": reasoning}
	}
	stop, sequence := anthropicEnds[a.end], any(nil)
	if a.stop != "" {
		sequence = a.stop
	}
	if x.step.Stop != "" {
		stop = x.step.Stop
	}
	message := map[string]any{
		"id": "msg_" + x.id("msg", 0), "type": "message", "role": "assistant", "model": x.in["model"],
		"content": x.anthropicBlocks(a), "stop_reason": stop, "stop_sequence": sequence, "stop_details": nil, "usage": usage,
	}
	if !flag(x.in, "stream") {
		x.json(200, message)
		return
	}
	x.anthropicStream(a, message, usage)
}

func (x *exchange) anthropicBlocks(a answer) []any {
	blocks := []any{}
	if a.reasoning != "" {
		shown := a.reasoning
		if str(obj(x.in, "thinking"), "type") != "enabled" && str(obj(x.in, "thinking"), "display") != "summarized" {
			shown = "" // newer models sign what they do not show
		}
		blocks = append(blocks, map[string]any{"type": "thinking", "thinking": shown, "signature": sign("anthropic", shown)})
	}
	if len(a.words) > 0 || len(a.calls) == 0 {
		blocks = append(blocks, map[string]any{"type": "text", "text": a.text()})
	}
	for _, c := range a.calls {
		blocks = append(blocks, map[string]any{"type": "tool_use", "id": "toolu_" + c.id, "name": c.name, "input": json.RawMessage(c.args), "caller": map[string]any{"type": "direct"}})
	}
	return blocks
}

func (x *exchange) anthropicStream(a answer, message, usage map[string]any) {
	blocks := message["content"].([]any)
	delta := map[string]any{"stop_reason": message["stop_reason"], "stop_sequence": message["stop_sequence"], "stop_details": nil}
	first := map[string]any{}
	for k, v := range usage {
		first[k] = v
	}
	first["output_tokens"] = 1
	delete(first, "output_tokens_details")
	message["content"], message["stop_reason"], message["stop_sequence"], message["usage"] = []any{}, nil, nil, first
	send := func(kind string, fields map[string]any) bool {
		fields["type"] = kind
		return x.event(kind, fields)
	}
	if !send("message_start", map[string]any{"message": message}) {
		return
	}
	for i, b := range blocks {
		start, deltas := anthropicPieces(b.(map[string]any), a)
		if !send("content_block_start", map[string]any{"index": i, "content_block": start}) || i == 0 && !send("ping", map[string]any{}) {
			return
		}
		for _, d := range deltas {
			if !send("content_block_delta", map[string]any{"index": i, "delta": d}) {
				return
			}
		}
		if !send("content_block_stop", map[string]any{"index": i}) {
			return
		}
	}
	_ = send("message_delta", map[string]any{"delta": delta, "usage": usageDelta(usage)}) && send("message_stop", map[string]any{})
}

// usageDelta is what a message_delta repeats of the usage.
func usageDelta(usage map[string]any) map[string]any {
	out := map[string]any{}
	for _, name := range []string{"input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens", "output_tokens_details"} {
		if v, ok := usage[name]; ok {
			out[name] = v
		}
	}
	return out
}

// anthropicPieces cuts a block into its start and its deltas.
func anthropicPieces(b map[string]any, a answer) (start map[string]any, deltas []map[string]any) {
	switch b["type"] {
	case "thinking":
		if t := b["thinking"].(string); t != "" {
			deltas = append(deltas, map[string]any{"type": "thinking_delta", "thinking": t})
		}
		deltas = append(deltas, map[string]any{"type": "signature_delta", "signature": b["signature"]})
		return map[string]any{"type": "thinking", "thinking": "", "signature": ""}, deltas
	case "text":
		for _, w := range a.words {
			deltas = append(deltas, map[string]any{"type": "text_delta", "text": w})
		}
		return map[string]any{"type": "text", "text": ""}, deltas
	default:
		for _, piece := range halves(string(b["input"].(json.RawMessage))) {
			deltas = append(deltas, map[string]any{"type": "input_json_delta", "partial_json": piece})
		}
		return map[string]any{"type": "tool_use", "id": b["id"], "name": b["name"], "input": map[string]any{}, "caller": b["caller"]}, deltas
	}
}

// halves cuts arguments as a stream does: not between values.
func halves(args string) []string {
	if len(args) < 4 {
		return []string{args}
	}
	at := len(args) / 2
	for at < len(args) && args[at]&0xC0 == 0x80 { // not inside a character: each piece is a JSON string of its own
		at++
	}
	return []string{args[:at], args[at:]}
}
