package gateway

import (
	"context"
	"io"

	"github.com/valyala/fasthttp"
)

// ServerConfig is the public server's, for the yardstick of the benchmark.
var ServerConfig = serverConfig

// Handler is the door without a connection.
func (n *Node) Handler() fasthttp.RequestHandler { return n.app.Server().Handler }

// ChatRelay relays a chat stream, as the owner does.
func (n *Node) ChatRelay(src io.ReadCloser) io.ReadCloser {
	e, _ := endpointOf("POST", "/v1/chat/completions")
	m := &meter{dialect: e.dialect}
	r := n.newRelay(context.Background(), &call{endpoint: e}, &answer{stream: src})
	r.watch = m.frame
	return r
}
