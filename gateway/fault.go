package gateway

import (
	"bytes"
	"fmt"
	"time"

	"github.com/llmgw/llmgw/gateway/upstream"
	"github.com/llmgw/llmgw/health"
	"github.com/llmgw/llmgw/protocol"
)

const (
	// coolDefault is how long a model rests at an instance that answered 429
	// without saying how long.
	coolDefault = 10 * time.Second
	// quotaPause is how long an instance rests whose account has no money left:
	// it comes back by a human's hand, not by waiting.
	quotaPause = 15 * time.Minute
)

// fault is an attempt that served nobody, with what the instance said of it.
type fault struct {
	*upstream.Fault
	said *protocol.Error // nil: it did not say anything
}

// understand reads the answer of an attempt that failed. A body can tell what
// its status does not: a quota that is used up, a bad key behind a 400.
func understand(f *upstream.Fault) *fault {
	if f.Response == nil {
		return &fault{Fault: f}
	}
	said := protocol.DecodeError(f.Status, f.Response.Body)
	if f.Status < 400 || f.Status > 599 { // a redirect is no answer, and not for the client to follow
		said = protocol.Errorf(protocol.BadGateway, "The provider answered with status %d.", f.Status)
		f.Response = nil
	}
	said.RetryAfter = f.RetryAfter
	if o := outcomeOf(said); o == upstream.Credentials || o == upstream.Exhausted {
		f.Outcome = o
	}
	return &fault{Fault: f, said: said}
}

// translate takes out of a fault what only clients of the instance's own
// dialect understand.
func (f *fault) translate() {
	f.Response = nil
	if f.said != nil {
		f.said = translated(f.said)
	}
}

// translated is a provider's error in words for a client of another dialect.
// What it says of this gateway's own credentials is for nobody else.
func translated(e *protocol.Error) *protocol.Error {
	switch e.Code {
	case protocol.Authentication, protocol.Permission:
		return refusedCredentials("The provider")
	}
	said := *e
	said.Type, said.Status, said.Param = "", 0, ""
	switch {
	case said.Code == protocol.NotFound:
		said.Code = protocol.ModelNotFound // the path is ours and exists
	case said.Code == protocol.ClientClosed:
		said.Code = protocol.BadGateway // who left is not this client
	case said.Code == protocol.Unavailable:
		said.Code = protocol.Overloaded // a provider that is there and serves nobody
	case said.Reason == protocol.ReasonContextLength:
		said.Param = "messages"
	}
	if said.Reason != protocol.ReasonContextLength && said.Reason != protocol.ReasonNoQuota && !said.Unusable {
		said.Reason = ""
	}
	return &said
}

// refusedCredentials is what a client is told where an instance refuses this
// gateway.
func refusedCredentials(who string) *protocol.Error {
	return &protocol.Error{
		Code: protocol.BadGateway, Reason: "upstream_auth", ShouldRetry: no(),
		Message: who + " refuses the gateway's own credentials; its operator has been told in the log.",
	}
}

// embedded is the fault of an error inside of a 200: that of the status which
// the error stands for.
func embedded(e *protocol.Error) *fault {
	f := &upstream.Fault{
		Outcome: outcomeOf(e), Status: e.HTTPStatus(), RetryAfter: e.RetryAfter, Cause: "status",
		Reason: fmt.Sprintf("an error inside of a 200: %s", e.Code),
	}
	if e.Code == protocol.Overloaded || e.Code == protocol.Unavailable {
		f.Cause = "overloaded"
	}
	return &fault{Fault: f, said: e}
}

// outcomeOf is what a provider's error means for its instance.
func outcomeOf(e *protocol.Error) upstream.Outcome {
	if e.Unusable {
		return upstream.CallerFault
	}
	switch e.Code {
	case protocol.Authentication, protocol.Permission:
		return upstream.Credentials
	case protocol.RateLimited:
		if e.Reason == protocol.ReasonNoQuota {
			return upstream.Exhausted
		}
		return upstream.Cooling
	case protocol.Internal, protocol.BadGateway, protocol.Unavailable, protocol.GatewayTimeout, protocol.Overloaded,
		protocol.RequestTimeout, protocol.NotImplemented:
		return upstream.Failed
	}
	return upstream.CallerFault
}

// blame tells the health table what an instance's fault means for others.
func (n *Node) blame(t *trip, p *provider, in *instance, model string, f *fault) {
	n.metrics.instanceRequests.WithLabelValues(p.Name, in.Name, "failure").Inc()
	if t.endpoint.kind == kindCount {
		n.release(t, in) // counting says nothing about generating
		return
	}
	if f.Scarce || f.Cause == "timeout" && n.lapses.since(t.began, time.Now()) {
		n.release(t, in) // it was this process that had no way out, or was silent
		return
	}
	failure := health.Failure{Cause: blamed(f.Fault), Reason: f.Reason, Wait: f.RetryAfter, Trial: t.trial}
	switch f.Outcome {
	case upstream.Cooling:
		wait := f.RetryAfter
		if wait <= 0 {
			wait = coolDefault
		}
		n.health.Cool(in.id, model, wait)
		n.release(t, in)
		return
	case upstream.Exhausted:
		n.log.Error("a provider says that the account of this instance has no quota left; the instance rests",
			"provider", p.Name, "instance", in.Name, "status", f.Status, "for", quotaPause, "request_id", t.requestID)
		n.health.Cool(in.id, "", quotaPause)
		n.release(t, in)
		return
	case upstream.Credentials:
		n.log.Error("a provider refuses this gateway's credentials; the instance is not used until the configuration is reloaded",
			"provider", p.Name, "instance", in.Name, "status", f.Status, "request_id", t.requestID)
		failure.Cause, failure.Wait = health.CauseCredentials, 0
	}
	n.health.Fail(in.id, failure)
	t.trial = false
}

// blamed is the cause that the health table is told. A connection that breaks
// before a byte of an answer may have broken anywhere on the way, as one that
// cannot be made.
func blamed(f *upstream.Fault) health.Cause {
	if f.Cause == "reset" && f.Unanswered {
		return health.CauseConnect
	}
	return health.Cause(f.Cause)
}

// release gives an instance's trial back without a verdict.
func (n *Node) release(t *trip, in *instance) {
	if t.trial {
		t.trial = false
		n.health.Release(in.id)
	}
}

// wellFormed tells whether a body is an error as the dialect's clients expect
// it. Proxies answer in HTML, compatible servers in forms of their own.
func wellFormed(d protocol.Dialect, body []byte) bool {
	text, ok := protocol.Find(body, "error", "message")
	if !ok || text[0] != '"' {
		return false
	}
	if d == protocol.Gemini {
		code, ok := protocol.Find(body, "error", "code")
		_, number := protocol.Int(code)
		return ok && number
	}
	kind, ok := protocol.Find(body, "error", "type")
	if !ok || kind[0] != '"' {
		return false
	}
	outer, _ := protocol.Find(body, "type")
	return d != protocol.Anthropic || bytes.Equal(outer, []byte(`"error"`))
}

// foreign tells whether a status is not known to a dialect's clients.
func foreign(d protocol.Dialect, status int) bool {
	return status == protocol.Overloaded.Status() && d != protocol.Anthropic
}

// passError gives the client the error of an instance of its own dialect: the
// bytes as they are where its SDK can read them, else the same in good form.
func (n *Node) passError(t *trip, said *protocol.Error, got *upstream.Buffered) *answer {
	d := t.endpoint.dialect
	if got == nil || !wellFormed(d, got.Body) || foreign(d, said.HTTPStatus()) {
		e := *said
		if foreign(d, e.Status) {
			e.Status = 0
		}
		return n.failure(d, t.requestID, &e)
	}
	return &answer{status: said.HTTPStatus(), body: protocol.Discreet(got.Body), header: fieldsOf(got.Header)}
}
