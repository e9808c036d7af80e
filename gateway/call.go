package gateway

import (
	"context"
	"time"

	"github.com/llmgw/llmgw/gateway/hop"
)

// call is one client request, the same value whether it came through the
// public door or over the hop. Everything in it is the call's own: nothing
// points into fiber's buffers.
type call struct {
	endpoint  endpoint
	method    string
	target    string // path and query, the client's key removed
	query     string // the query alone
	header    []hop.Field
	body      []byte
	key       string // the key's configured name
	requestID string
	clientIP  string
	edge      string // the node that the client reached
	silent    string // the node that was asked before this one, and did not answer
	handed    bool   // the owner could not reach the provider: it has admitted the call and keeps its accounts
	leased    bool   // the key's owner only decides; its word is needed
	began     time.Time
	peeked    peeked
}

// field returns the first value of a request header, "" when it is absent.
// Names in header are canonical, as fasthttp writes them.
func (c *call) field(name string) string {
	for i := range c.header {
		if c.header[i].Name == name {
			return c.header[i].Value
		}
	}
	return ""
}

// answer is what goes back: a whole body, or a stream in frames.
type answer struct {
	status int
	header []hop.Field
	body   []byte
	stream frameSource // nil: body is the answer
}

func (a *answer) set(name, value string) {
	a.header = append(a.header, hop.Field{Name: name, Value: value})
}

// replace sets a header that may be there already.
func (a *answer) replace(name, value string) {
	for i := range a.header {
		if a.header[i].Name == name {
			a.header[i].Value = value
			return
		}
	}
	a.set(name, value)
}

// Reasons for which a call's context ends; context.Cause tells them apart.
var (
	errClientLeft = &cause{"the client left"}
	errDraining   = &cause{"this node is shutting down"}
)

type cause struct{ text string }

func (c *cause) Error() string { return c.text }

// clientLeft tells whether nobody waits for the answer any more.
func clientLeft(ctx context.Context) bool { return context.Cause(ctx) == errClientLeft }

// field returns the first value of a header, "" when it is absent.
func (a *answer) field(name string) string {
	for i := range a.header {
		if a.header[i].Name == name {
			return a.header[i].Value
		}
	}
	return ""
}
