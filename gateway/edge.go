package gateway

import (
	"bytes"
	"net"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/connwatch"
	"github.com/llmgw/llmgw/gateway/hop"
	"github.com/llmgw/llmgw/gateway/scope"
	"github.com/llmgw/llmgw/gateway/upstream"
	"github.com/llmgw/llmgw/protocol"
)

// Limits of the public listener, each measured in the design's http.md.
const (
	readTimeout     = 60 * time.Second  // headers and body of one request
	writeTimeout    = 30 * time.Second  // one write; a stalled reader is dropped
	idleTimeout     = 120 * time.Second // longer than load balancers keep connections
	maxHeaderBytes  = 16 << 10          // also held by each connection
	writeBufferSize = 2 << 10           // a stream holds it, and writes what is larger past it
)

// serverConfig is what the benchmark's yardstick shares with a node.
func serverConfig(c config.Server) fiber.Config {
	return fiber.Config{
		DisableStartupMessage:        true,
		DisablePreParseMultipartForm: true,
		ReduceMemoryUsage:            true,
		BodyLimit:                    int(c.MaxBodySize),
		ReadBufferSize:               maxHeaderBytes,
		WriteBufferSize:              writeBufferSize,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
	}
}

// newApp is the public listener's server. fiber stays in this file: what leaves
// it is a call, what comes back an answer.
func (n *Node) newApp(c config.Server) *fiber.App {
	shape := serverConfig(c)
	shape.ErrorHandler = n.refuse
	app := fiber.New(shape)
	app.Use(n.door)
	s := app.Server()
	s.CloseOnShutdown = true
	s.SecureErrorLogMessage = true
	s.Logger = quietLogger{n.log}
	s.NoDefaultServerHeader = true

	s.ConnState = nextLine

	// What HTTP/1.0 does not know it cannot have asked for (RFC 9110, 10.1.1).
	s.HeaderReceived = func(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
		if !h.IsHTTP11() {
			h.Del("Expect")
		}
		return fasthttp.RequestConfig{}
	}

	// Who asks first whether to send a body is told at once that it is too large.
	s.ExpectHandler = func(ctx *fasthttp.RequestCtx) int {
		if ctx.Request.Header.ContentLength() <= int(c.MaxBodySize) {
			return fasthttp.StatusContinue
		}
		s.ErrorHandler(ctx, fasthttp.ErrBodyTooLarge)
		return ctx.Response.StatusCode()
	}

	// fiber answers a method it does not know in text of its own, before any
	// handler; GET stands in for it, and the door reads the original.
	inner := app.Handler()
	s.Handler = func(ctx *fasthttp.RequestCtx) {
		if !knownMethod(ctx.Method()) {
			ctx.SetUserValue(originalMethod, string(ctx.Method()))
			ctx.Request.Header.SetMethod(fiber.MethodGet)
		}
		inner(ctx)
	}
	return app
}

// originalMethod keys the user value that holds a method fiber does not know.
const originalMethod = "llmgw.method"

func knownMethod(m []byte) bool {
	switch string(m) {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH":
		return true
	}
	return false
}

// door is every request's first step on the node that it reached.
func (n *Node) door(c *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			n.panicked(string(c.Request().URI().Path()), r)
			err = n.reply(c, n.failure(dialectOf(c.Path()), "", internalError()))
		}
	}()
	in, a := n.receive(c)
	if a != nil {
		return n.reply(c, a)
	}
	return n.carry(c, in)
}

// receive reads a request up to the call that it makes; else the answer is
// known.
func (n *Node) receive(c *fiber.Ctx) (*call, *answer) {
	if n.draining.Load() {
		c.Response().Header.SetConnectionClose()
	}
	n.visited.Store(n.pulse.now.Load())
	method, path := c.Method(), string(c.Request().URI().Path())
	if m, ok := c.Context().UserValue(originalMethod).(string); ok {
		method = m
	}
	id := n.requestID(c.Request().Header.Peek("X-Request-Id"))
	if ambiguous(&c.Request().Header) {
		connwatch.Linger(c.Context().Conn())
		c.Response().Header.SetConnectionClose()
		return nil, n.failure(dialectOf(path), id, &protocol.Error{Code: protocol.InvalidRequest, Message: "The request tells the length of its body in two ways, Content-Length and Transfer-Encoding."})
	}
	if a := n.plain(method, path, id); a != nil {
		return nil, a
	}
	e, allow := endpointOf(method, path)
	form := callersForm(&c.Request().Header, e, path)
	if e.kind == kindNone {
		return nil, n.noEndpoint(c, method, path, form, allow, id)
	}
	if enc := c.Request().Header.Peek("Content-Encoding"); len(enc) > 0 && !strings.EqualFold(string(enc), "identity") {
		return nil, n.failure(form, id, &protocol.Error{Code: protocol.UnsupportedMedia, Message: "Compressed request bodies are not accepted; send the JSON without Content-Encoding."})
	}
	snap := n.snap.Load()
	key, perr := authenticate(snap, credential(c.Request(), e.dialect))
	if perr != nil {
		n.metrics.refused(key, perr)
		return nil, n.failure(form, id, perr)
	}
	switch e.kind {
	case kindModels, kindModel:
		return nil, n.models(snap, key, e, form, id)
	}
	return readCall(c, e, method, path, key.Name, id, n.name), nil
}

// carry runs a call and writes its answer, while the connection is watched for
// the client's leaving.
func (n *Node) carry(c *fiber.Ctx, in *call) error {
	ctx := new(scope.Scope)
	ctx.Begin(n.life)
	left := func() {
		n.metrics.disconnects.Inc()
		ctx.End(errClientLeft)
	}
	stop := connwatch.Watch(c.Context().Conn(), left)
	end := func() {
		stop()
		ctx.End(nil)
		n.inFlight.Done()
		n.heat.running.Add(-1)
	}
	n.inFlight.Add(1)
	n.heat.edge.Add(1)
	n.heat.running.Add(1)
	finished := false
	defer func() {
		if !finished {
			end()
		}
	}()

	a, late := n.patiently(ctx, in)
	if late != nil {
		a = n.lateAnswer(ctx, in, late)
	}
	if a == nil { // nobody is there to read
		c.Context().SetConnectionClose()
		c.Status(499)
		return nil
	}
	a.replace("X-Request-Id", in.requestID)
	if in.endpoint.dialect == protocol.Anthropic {
		a.replace("Request-Id", in.requestID)
		a.dateResets(n.now())
	}
	a.replace("X-LLM-Gateway-Node", n.name)
	if a.stream == nil {
		return n.reply(c, a)
	}
	finished = true
	stream := &clientStream{ctx: c.Context(), conn: c.Context().Conn(), relay: n.newRelay(ctx, in, a), finish: end}
	chunks, piece := c.Request().Header.IsHTTP11(), stream.relay.form.keepalive()
	if chunks {
		piece = asChunk(piece)
	}
	stream.beat = n.pulse.follow(stream.conn, piece, left)
	if late != nil {
		stream.relay.wait(stream.relay.form.keepalive())
	} else {
		stream.relay.prime()
		if chunks { // else fasthttp looks again
			// Header and body would be held as long as the stream, and the body's
			// buffer must not go to another request: a conversion may point into it.
			c.Context().Request = fasthttp.Request{}
		}
		in.body, in.header = nil, nil
	}
	a.replace("X-Accel-Buffering", "no")
	if a.field("Cache-Control") == "" {
		a.set("Cache-Control", "no-cache")
	}
	n.head(c, a)
	if !chunks {
		return stream.untilClose(c)
	}
	if stream.relay.waiting() == 0 { // else the head goes out with the first piece
		c.Context().Response.ImmediateHeaderFlush, stream.headed = true, true
	}
	c.Context().SetBodyStream(stream, -1)
	return nil
}

// ambiguous tells whether a request's framing can be read in two ways. A proxy
// in front may have read it in the other one, and what it took for a body would
// be served as the next request.
func ambiguous(h *fasthttp.RequestHeader) bool {
	if h.ContentLength() > 0 { // that of a body in chunks is told as -1, or as 0 once it was empty
		return false
	}
	raw := bytes.ToLower(h.RawHeaders())
	has := func(name string) bool {
		return bytes.HasPrefix(raw, []byte(name)) || bytes.Contains(raw, []byte("\n"+name))
	}
	return has("transfer-encoding:") && (!h.IsHTTP11() || has("content-length:"))
}

// plain answers what needs no key: health, readiness, HEAD /. nil: it is
// something else.
func (n *Node) plain(method, path, id string) *answer {
	if method != "GET" && method != "HEAD" {
		return nil
	}
	a := &answer{status: 200}
	switch path {
	case "/health", "/healthz":
		a.body = []byte("ok\n")
	case "/ready", "/readyz":
		a.body = []byte("ready\n")
		if why := n.notReady(); why != "" {
			a.status, a.body = 503, []byte(why+"\n")
		}
	case "/":
		a.body = []byte("llmgw\n")
	default:
		return nil
	}
	a.set("Content-Type", "text/plain; charset=utf-8")
	a.set("X-Request-Id", id)
	a.set("X-LLM-Gateway-Node", n.name)
	return a
}

// callersForm is whose words a caller understands: the endpoint's, or where
// clients of several dialects ask at one path, those of the client that asks.
func callersForm(h *fasthttp.RequestHeader, e endpoint, path string) protocol.Dialect {
	d := e.dialect
	if d == protocol.None {
		d = dialectOf(path)
	}
	models := path == "/v1/models" || strings.HasPrefix(path, "/v1/models/")
	switch {
	case d != protocol.OpenAI || e.dialect != protocol.None && !models:
		return d
	case models && len(h.Peek("X-Goog-Api-Key")) > 0:
		return protocol.Gemini
	case len(h.Peek("Anthropic-Version")) > 0:
		return protocol.Anthropic
	}
	return d
}

// noEndpoint is the answer where nothing is served: another method, the
// WebSocket upgrade that Codex tries first, or an unknown path.
func (n *Node) noEndpoint(c *fiber.Ctx, method, path string, form protocol.Dialect, allow, id string) *answer {
	if allow == "" {
		return n.failure(form, id, &protocol.Error{Code: protocol.NotFound, Message: "Unknown request URL: " + method + " " + clip(path, 200) + ". This gateway serves /v1/chat/completions, /v1/responses, /v1/embeddings, /v1/messages, /v1/models and /v1beta/models/{model}:generateContent."})
	}
	if path == "/v1/responses" && method == "GET" && len(c.Request().Header.Peek("Upgrade")) > 0 {
		a := n.failure(form, id, &protocol.Error{Code: protocol.UpgradeRequired, Message: "WebSocket is not offered here; send POST /v1/responses."})
		a.set("Upgrade", "HTTP/1.1") // a 426 says what is offered (RFC 9110, 15.5.22)
		a.set("Connection", "Upgrade")
		return a
	}
	a := n.failure(form, id, &protocol.Error{Code: protocol.MethodNotAllowed, Message: clip(method, 20) + " is not allowed for " + clip(path, 200) + "; use " + allow + "."})
	a.set("Allow", allow)
	return a
}

// reply writes a whole answer.
func (n *Node) reply(c *fiber.Ctx, a *answer) error {
	n.head(c, a)
	c.Response().SetBodyRaw(a.body)
	return nil
}

func (n *Node) head(c *fiber.Ctx, a *answer) {
	c.Status(a.status)
	h := &c.Response().Header
	h.DisableNormalizing() // X-LLM-Gateway-... is not X-Llm-Gateway-...
	for i := range a.header {
		f := &a.header[i]
		if f.Name == "Content-Type" {
			h.SetContentType(f.Value)
		} else {
			h.Add(f.Name, f.Value)
		}
	}
}

// readCall copies out of fiber's buffers all that outlives the handler.
func readCall(c *fiber.Ctx, e endpoint, method, path, key, id, edge string) *call {
	query := withoutKey(string(c.Request().URI().QueryString()))
	target := path
	if query != "" {
		target += "?" + query
	}
	return &call{
		endpoint:  e,
		method:    strings.Clone(method),
		target:    target,
		query:     query,
		header:    readHeader(&c.Request().Header),
		body:      c.BodyRaw(),
		key:       key,
		requestID: id,
		clientIP:  hostOf(c.Context().RemoteAddr()),
		edge:      edge,
		began:     time.Now(),
	}
}

func hostOf(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.IP.String()
	}
	return ""
}

// readHeader copies the headers that may travel on to the owner and to the
// provider, all values into one string: never credentials, never what belongs
// to this connection or is said to. A body that was read as JSON travels as
// JSON, whatever it was called: curl's -d says that it is a form.
func readHeader(h *fasthttp.RequestHeader) []hop.Field {
	named := h.Peek("Connection")
	if bytes.EqualFold(named, []byte("keep-alive")) || bytes.EqualFold(named, []byte("close")) {
		named = nil
	}
	fields := make([]hop.Field, 0, 16)
	var values strings.Builder
	values.Grow(len(h.RawHeaders()))
	for k, v := range h.All() {
		if name, ok := upstream.Forwardable(k); ok && !lists(named, k) && (name != "Content-Type" || isJSON(v)) {
			at := values.Len()
			values.Write(v)
			fields = append(fields, hop.Field{Name: name, Value: values.String()[at:]})
		}
	}
	return fields
}

func clip(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
