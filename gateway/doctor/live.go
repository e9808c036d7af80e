package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/llmgw/llmgw/protocol"
)

// live makes the checks that cost tokens: some hundred each, and twice a long
// prompt for the cache.
func (x *patient) live(ctx context.Context) {
	c, err := x.open(ctx)
	if err != nil {
		x.check("gateway", func() (Status, string) { return Fail, err.Error() })
		if c == nil {
			return
		}
	}
	defer c.node.Kill()
	if !c.check("answer", func() (Status, string) { return c.answers(ctx) }) {
		return // nothing else would pass
	}
	c.check("stream", func() (Status, string) { return c.streams(ctx) })
	c.check("json schema", func() (Status, string) { return c.structured(ctx) })
	c.check("tool call and result", func() (Status, string) { return c.tools(ctx, protocol.Reasoning{}, false) })
	c.check("tools in a stream", func() (Status, string) { return c.tools(ctx, protocol.Reasoning{}, true) })
	c.check("thinking", func() (Status, string) { return c.thinks(ctx) })
	c.check("thinking round trip", func() (Status, string) { return c.tools(ctx, thoughtful, true) })
	c.check("count_tokens", func() (Status, string) { return c.counts(ctx) })
	c.check("prompt cache", func() (Status, string) { return c.caches(ctx) })
	c.check("cancel", func() (Status, string) { return c.cancels(ctx) })
	c.check("unknown model", func() (Status, string) { return c.refuses(ctx) })
	for _, api := range foreign {
		if api.dialect != c.provider.Dialect || api.name == "responses" {
			c.check("from "+api.name, func() (Status, string) { return c.converts(ctx, api) })
		}
	}
}

var thoughtful = protocol.Reasoning{Effort: protocol.EffortLow, Show: protocol.Yes}

// question is a request with one user's text.
func question(text string) *protocol.Request {
	return &protocol.Request{
		MaxTokens: 4096, // thinking counts
		Messages:  []protocol.Message{{Role: protocol.RoleUser, Parts: []protocol.Part{{Kind: protocol.PartText, Text: protocol.TextOf(text)}}}},
	}
}

func (c *clinic) answers(ctx context.Context) (Status, string) {
	a, err := c.ask(ctx, question("Reply with the word pong."))
	switch {
	case err != nil:
		return Fail, err.Error()
	case a.text() == "":
		return Fail, "the answer has no text"
	case a.Usage.Input+a.Usage.CacheRead+a.Usage.CacheWrite == 0 || a.Usage.Output == 0:
		return Fail, "the answer has no usage: costs and token limits cannot be counted"
	}
	return Pass, fmt.Sprintf("model %s, %d tokens in, %d out", c.model, a.Usage.Input, a.Usage.Output)
}

func (c *clinic) streams(ctx context.Context) (Status, string) {
	r := question("Count from one to ten in words.")
	r.Stream, r.IncludeUsage = true, true
	a, err := c.ask(ctx, r)
	switch {
	case err != nil:
		return Fail, err.Error()
	case a.text() == "":
		return Fail, "the stream has no text"
	case a.Usage.Output == 0:
		return Fail, "the stream ends without usage: costs and token limits cannot be counted"
	case a.first > c.instance.FirstByteTimeout/2:
		return Fail, fmt.Sprintf("the first event took %v, more than half of first_byte_timeout", a.first.Round(time.Millisecond))
	}
	return Pass, fmt.Sprintf("first event after %v", a.first.Round(time.Millisecond))
}

const citySchema = `{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}`

func (c *clinic) structured(ctx context.Context) (Status, string) {
	r := question("Name the capital of France.")
	r.Format = &protocol.Format{Name: protocol.TextOf("capital"), Schema: protocol.Raw(citySchema), Strict: protocol.Yes}
	a, err := c.ask(ctx, r)
	if err != nil {
		return Fail, err.Error()
	}
	var v struct{ City *string }
	if err := json.Unmarshal([]byte(a.text()), &v); err != nil || v.City == nil {
		return Fail, "the answer does not keep to the schema"
	}
	return Pass, "kept"
}

// tools makes the model call a tool and gives it the result, with all that the
// answer carried.
func (c *clinic) tools(ctx context.Context, think protocol.Reasoning, stream bool) (Status, string) {
	r := question("What is the weather in Paris? Use the tool.")
	r.Stream, r.IncludeUsage, r.Reasoning = stream, stream, think
	r.Tools = []protocol.Tool{{Name: protocol.TextOf("weather"), Description: protocol.TextOf("The weather in a city."), Schema: protocol.Raw(citySchema)}}
	a, err := c.ask(ctx, r)
	if err != nil {
		return Fail, err.Error()
	}
	call := a.part(protocol.PartCall)
	if call == nil {
		return Fail, "the model did not call the tool"
	}
	var args struct{ City *string }
	if err := json.Unmarshal(call.Args, &args); err != nil || args.City == nil {
		return Fail, "the call's arguments do not keep to the schema"
	}
	signed := 0
	for _, p := range a.Choices[0].Parts {
		if p.Signature.Present() {
			signed++
		}
	}
	r.Messages = append(r.Messages,
		protocol.Message{Role: protocol.RoleAssistant, Parts: a.Choices[0].Parts},
		protocol.Message{Role: protocol.RoleUser, Parts: []protocol.Part{{Kind: protocol.PartResult, ID: call.ID, Name: call.Name, Parts: []protocol.Part{{Kind: protocol.PartText, Text: protocol.TextOf("18 degrees, sunny")}}}}})
	if a, err = c.ask(ctx, r); err != nil {
		return Fail, "with the result: " + err.Error()
	}
	if a.text() == "" {
		return Fail, "with the result there is no text"
	}
	if think == (protocol.Reasoning{}) {
		return Pass, "called, and answered from the result"
	}
	return Pass, fmt.Sprintf("%d signed parts went back", signed)
}

func (c *clinic) thinks(ctx context.Context) (Status, string) {
	r := question("How many prime numbers are there below 20? Think first.")
	r.Reasoning = thoughtful
	a, err := c.ask(ctx, r)
	switch {
	case err != nil:
		return Fail, err.Error()
	case a.part(protocol.PartThinking) != nil:
		return Pass, "shown"
	case a.Usage.Reasoning > 0:
		return Pass, fmt.Sprintf("%d tokens, not shown", a.Usage.Reasoning)
	}
	return Skip, "the model gives no sign of thinking"
}

func (c *clinic) counts(ctx context.Context) (Status, string) {
	path, body := "/v1/responses/input_tokens", fmt.Sprintf(`{"model":%q,"input":"hello"}`, c.model)
	switch c.provider.Dialect {
	case "anthropic":
		path, body = "/v1/messages/count_tokens", fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"hello"}]}`, c.model)
	case "gemini":
		path, body = "/v1beta/models/"+c.model+":countTokens", `{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}`
	}
	resp, err := c.post(ctx, path, []byte(body))
	if s := statusOf(err); s == 404 || s == 405 {
		return Skip, fmt.Sprintf("HTTP %d: not offered; the gateway estimates for clients of other dialects", s)
	}
	if err != nil {
		return Fail, err.Error()
	}
	defer resp.Body.Close()
	var n struct {
		InputTokens int `json:"input_tokens"`
		TotalTokens int
	}
	if err := json.NewDecoder(resp.Body).Decode(&n); err != nil || n.InputTokens+n.TotalTokens == 0 {
		return Fail, "the answer has no count"
	}
	return Pass, fmt.Sprintf("%d tokens", n.InputTokens+n.TotalTokens)
}

// caches sends one long prompt until the provider reads it from its cache.
func (c *clinic) caches(ctx context.Context) (Status, string) {
	// Different from run to run, so that the first call is a miss, and longer
	// than any model's minimum.
	salt := fmt.Sprintf("Run %d. ", c.o.Now().UnixNano())
	system := salt + strings.Repeat("The quick brown fox jumps over the lazy dog near the river bank. ", 450)
	for call := 1; call <= 3; call++ {
		r := question("Reply with the word pong.")
		r.Messages = append([]protocol.Message{{Role: protocol.RoleSystem, Parts: []protocol.Part{{Kind: protocol.PartText, Text: protocol.TextOf(system)}}}}, r.Messages...)
		a, err := c.ask(ctx, r)
		if err != nil {
			return Fail, err.Error()
		}
		if call > 1 && a.Usage.CacheRead > 0 {
			return Pass, fmt.Sprintf("call %d read %d tokens from the cache", call, a.Usage.CacheRead)
		}
	}
	if c.provider.Dialect == "anthropic" {
		return Fail, "three calls with one long prompt, and none read from the cache"
	}
	return Skip, "no hit in three calls; this provider promises none"
}

// cancels leaves a stream after its first bytes: the call to the provider must
// end, and the instance must stay usable.
func (c *clinic) cancels(ctx context.Context) (Status, string) {
	r := question("Write a long story about a lighthouse, at least two thousand words.")
	r.Stream = true
	d := dialectOf(c.provider.Dialect)
	x := &protocol.Exchange{Request: r, Model: c.model, Target: c.model, Now: c.o.Now(), Rand: protocol.NewRand(1, 2)}
	protocol.Arrange(x)
	body, err := d.encode(nil, x)
	if err != nil {
		return Fail, err.Error()
	}
	for len(c.records) > 0 {
		<-c.records // of the checks before
	}
	leaving, leave := context.WithCancel(ctx)
	defer leave()
	resp, err := c.post(leaving, d.path(c.model, true), body)
	if err != nil {
		return Fail, err.Error()
	}
	if _, err := resp.Body.Read(make([]byte, 1)); err != nil {
		return Fail, "the stream gave nothing"
	}
	leave()
	_ = resp.Body.Close() // it was left
	select {
	case rec := <-c.records:
		if rec.Status == 499 {
			return Pass, "the call ended with the client"
		}
		return Skip, "the answer was whole before the client could leave"
	case <-time.After(3 * time.Second):
		return Fail, "the call to the provider went on for 3 s after its client had left"
	}
}

// refuses asks for a model that does not exist: the client's mistake, which
// must not take the instance away.
func (c *clinic) refuses(ctx context.Context) (Status, string) {
	was := c.model
	c.model = "llmgw-doctor-no-such-model"
	_, err := c.ask(ctx, question("hi"))
	c.model = was
	status := statusOf(err)
	switch {
	case err == nil:
		return Skip, "the instance answers for any model"
	case status < 400 || status >= 500 || status == 429:
		return Fail, "not told as the client's mistake: " + err.Error()
	}
	if _, err := c.ask(ctx, question("Reply with the word pong.")); err != nil {
		return Fail, "the instance is not used any more after a client's mistake: " + err.Error()
	}
	return Pass, fmt.Sprintf("HTTP %d, and the instance stays in use", status)
}

// foreign are the client APIs, to be converted to the instance's dialect.
var foreign = []clientAPI{
	{"chat completions", "openai", "/v1/chat/completions", `{"model":%q,"messages":[{"role":"user","content":"Reply with the word pong."}]}`, `"choices"`},
	{"responses", "openai", "/v1/responses", `{"model":%q,"store":false,"input":"Reply with the word pong."}`, `"output"`},
	{"messages", "anthropic", "/v1/messages", `{"model":%q,"max_tokens":4096,"messages":[{"role":"user","content":"Reply with the word pong."}]}`, `"stop_reason"`},
	{"generateContent", "gemini", "/v1beta/models/%s:generateContent", `{"contents":[{"role":"user","parts":[{"text":"Reply with the word pong."}]}]}`, `"candidates"`},
}

type clientAPI struct {
	name, dialect, path, body, sign string
}

func (c *clinic) converts(ctx context.Context, api clientAPI) (Status, string) {
	path, body := api.path, api.body
	if strings.Contains(path, "%s") {
		path = fmt.Sprintf(path, c.model)
	} else {
		body = fmt.Sprintf(body, c.model)
	}
	resp, err := c.post(ctx, path, []byte(body))
	if s := statusOf(err); api.name == "responses" && api.dialect == c.provider.Dialect && (s == 404 || s == 405) {
		return Skip, fmt.Sprintf("HTTP %d: this server has no Responses API", s)
	}
	if err != nil {
		return Fail, err.Error()
	}
	defer resp.Body.Close()
	var got bytes.Buffer
	if _, err := got.ReadFrom(resp.Body); err != nil {
		return Fail, errors.New("the answer broke off").Error()
	}
	if !strings.Contains(got.String(), api.sign) {
		return Fail, "the answer is not of that API's form"
	}
	if w := resp.Header.Get("X-Llm-Gateway-Warnings"); w != "" {
		return Pass, "warnings: " + w
	}
	return Pass, "answered"
}
