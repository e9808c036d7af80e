package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/llmgw/llmgw/gateway"
	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/protocol"
	"github.com/llmgw/llmgw/protocol/anthropic"
	"github.com/llmgw/llmgw/protocol/gemini"
	"github.com/llmgw/llmgw/protocol/openai"
	"github.com/llmgw/llmgw/protocol/sse"
)

// clinic is a gateway node with the one instance.
type clinic struct {
	*patient
	node    *gateway.Node
	records chan gateway.Record
}

const clientKey = "doctor"

// open starts the node.
func (x *patient) open(ctx context.Context) (*clinic, error) {
	env := map[string]string{
		"BASE_URL": x.instance.BaseURL.String(), "API_KEY": x.instance.APIKey.Reveal(), "CLIENT": clientKey,
	}
	var b strings.Builder
	b.WriteString(`
node_name = "doctor"
server {
  listen = "127.0.0.1:0"
}
admin {
  listen = "127.0.0.1:0"
}
api_key "doctor" {
  key = env("CLIENT")
}
`)
	fmt.Fprintf(&b, "provider %q {\n  dialect = %q\n  instance %q {\n    base_url = env(\"BASE_URL\")\n", x.provider.Name, x.provider.Dialect, x.instance.Name)
	if env["API_KEY"] != "" {
		b.WriteString("    api_key = env(\"API_KEY\")\n")
	}
	for name, d := range map[string]time.Duration{"timeout": x.instance.Timeout, "first_byte_timeout": x.instance.FirstByteTimeout, "idle_timeout": x.instance.IdleTimeout} {
		fmt.Fprintf(&b, "    %s = %q\n", name, d)
	}
	if len(x.instance.Headers) > 0 {
		b.WriteString("    headers = {\n")
		for name, v := range x.instance.Headers {
			variable := "HEADER_" + strconv.Itoa(len(env))
			env[variable] = v.Reveal()
			fmt.Fprintf(&b, "      %q = env(%q)\n", name, variable)
		}
		b.WriteString("    }\n")
	}
	b.WriteString("  }\n}\n")
	cfg, err := config.Parse(map[string][]byte{"doctor.hcl": []byte(b.String())}, config.Options{Env: func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}})
	if err != nil {
		return nil, fmt.Errorf("the configuration for the examination is not valid: %w", err)
	}
	c := &clinic{patient: x, records: make(chan gateway.Record, 64)}
	c.node, err = gateway.New(gateway.Options{Config: cfg, Observe: func(r gateway.Record) {
		select {
		case c.records <- r:
		default:
		}
	}})
	if err != nil {
		return nil, err
	}
	return c, c.node.Start(ctx)
}

// answer is what came back for a request.
type answer struct {
	*protocol.Response
	first time.Duration // until the first event of a stream
}

// text is the words of the first choice.
func (a *answer) text() string {
	var b strings.Builder
	for _, p := range a.Choices[0].Parts {
		if p.Kind == protocol.PartText {
			b.WriteString(p.Text.String())
		}
	}
	return b.String()
}

// part is the first part of a kind, nil for none.
func (a *answer) part(k protocol.PartKind) *protocol.Part {
	for i := range a.Choices[0].Parts {
		if p := &a.Choices[0].Parts[i]; p.Kind == k {
			return p
		}
	}
	return nil
}

// dialect is how the instance's own API is spoken.
type dialect struct {
	encode  func([]byte, *protocol.Exchange) ([]byte, error)
	decode  func(*protocol.Exchange, []byte) (*protocol.Response, error)
	decoder func(*protocol.Exchange) protocol.StreamDecoder
	path    func(model string, stream bool) string
}

func dialectOf(name string) dialect {
	switch name {
	case "anthropic":
		return dialect{anthropic.EncodeRequest, anthropic.DecodeResponse, anthropic.NewStreamDecoder, func(string, bool) string { return "/v1/messages" }}
	case "gemini":
		return dialect{gemini.EncodeRequest, gemini.DecodeResponse, gemini.NewStreamDecoder, func(model string, stream bool) string {
			if stream {
				return "/v1beta/models/" + gemini.PathModel(model) + ":streamGenerateContent?alt=sse"
			}
			return "/v1beta/models/" + gemini.PathModel(model) + ":generateContent"
		}}
	}
	return dialect{openai.EncodeChatRequest, openai.DecodeChatResponse, openai.NewChatStreamDecoder, func(string, bool) string { return "/v1/chat/completions" }}
}

// ask sends a request in the instance's own dialect and reads the answer.
func (c *clinic) ask(ctx context.Context, r *protocol.Request) (*answer, error) {
	d := dialectOf(c.provider.Dialect)
	x := &protocol.Exchange{Request: r, Model: c.model, Target: c.model, Now: c.o.Now(), Rand: protocol.NewRand(uint64(c.o.Now().UnixNano()), 1)}
	protocol.Arrange(x)
	body, err := d.encode(nil, x)
	if err != nil {
		return nil, err
	}
	began := c.o.Now()
	resp, err := c.post(ctx, d.path(c.model, r.Stream), body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if !r.Stream {
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, errors.New("the answer broke off")
		}
		whole, err := d.decode(x, b)
		if err != nil {
			return nil, err
		}
		return full(&answer{Response: whole})
	}
	return c.collect(resp, d.decoder(x), began)
}

// collect reads a stream to its end.
func (c *clinic) collect(resp *http.Response, dec protocol.StreamDecoder, began time.Time) (*answer, error) {
	if t := resp.Header.Get("Content-Type"); !strings.HasPrefix(t, "text/event-stream") {
		return nil, fmt.Errorf("asked for a stream, it answers %q", t)
	}
	var all protocol.Collector
	a := new(answer)
	frames := sse.NewReader(resp.Body)
	for {
		frame, err := frames.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, errors.New("the stream broke off")
		}
		for _, e := range dec.Frame(nil, frame) {
			if e.Kind == protocol.EventDelta && a.first == 0 {
				a.first = c.o.Now().Sub(began)
			}
			all.Add(&e)
		}
	}
	for _, e := range dec.End(nil) {
		all.Add(&e)
	}
	r, failed := all.Response()
	if failed != nil {
		return nil, failed
	}
	a.Response = r
	return full(a)
}

func full(a *answer) (*answer, error) {
	if len(a.Choices) == 0 {
		return nil, errors.New("the answer is empty")
	}
	return a, nil
}

// post sends a body to the node; an answer other than 200 is an error that
// tells what it says.
func (c *clinic) post(ctx context.Context, path string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.node.Addr()+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+clientKey)
	r.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(path, "/v1/messages") {
		r.Header.Set("Anthropic-Version", "2023-06-01")
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == 200 {
		return resp, nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what arrived is enough for an error
	return nil, &statusError{resp.StatusCode, protocol.DecodeError(resp.StatusCode, text).Message}
}

// statusError is an answer other than 200.
type statusError struct {
	status  int
	message string
}

func (e *statusError) Error() string {
	message := strings.Join(strings.Fields(e.message), " ")
	if len(message) > 200 {
		message = strings.ToValidUTF8(message[:200], "") + "..."
	}
	return fmt.Sprintf("HTTP %d: %s", e.status, message)
}

// statusOf is the status of a failed call, 0 where there was no answer.
func statusOf(err error) int {
	var s *statusError
	if errors.As(err, &s) {
		return s.status
	}
	return 0
}
