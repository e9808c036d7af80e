package gateway

import (
	"context"
	"io"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/gateway/upstream"
)

// ServerConfig is the public server's, for the yardstick of the benchmark.
var ServerConfig = serverConfig

// Handler is the door without a connection.
func (n *Node) Handler() fasthttp.RequestHandler { return n.app.Server().Handler }

// ChatRelay relays a chat stream, as the owner does.
func (n *Node) ChatRelay(src io.ReadCloser) io.ReadCloser {
	e, _ := endpointOf("POST", "/v1/chat/completions")
	m := &meter{dialect: e.dialect}
	c := &call{endpoint: e}
	s := n.newInstanceStream(&trip{call: c}, nil, nil, &upstream.Response{Body: src}, m, time.Time{}, &outbound{dialect: e.dialect, path: e.path})
	return n.newRelay(context.Background(), c, &answer{stream: s})
}

// Outbound returns what reads a body and writes it for an instance of its own
// dialect.
func Outbound(path, model string, body []byte) func() []byte {
	n := new(Node)
	e, _ := endpointOf("POST", path)
	p := &provider{Provider: &config.Provider{Cache: config.Cache{AutoCacheSystem: true, AutoCacheTools: true, MinSystemTokens: 1024}}, dialect: e.dialect}
	c := &call{endpoint: e, body: body}
	return func() []byte {
		c.peeked = peeked{}
		t := &trip{call: c}
		t.peek, _ = c.peek()
		return n.native(t, p, model).body
	}
}

// Lapse makes this node take it that it has not run until a moment ago.
func (n *Node) Lapse() { n.lapses.end.Store(time.Now().UnixNano()) }
