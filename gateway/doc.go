// Package gateway is the node: one running llmgw, an embeddable value with
// New, Start, Reload and Stop. Several nodes can live in one process.
//
// The way of a request, from top to bottom:
//
//  1. edge.go: fiber hands over a request; what outlives the handler is copied.
//  2. auth.go: the client's key becomes a configured name, by digest.
//  3. placement.go: the ring names the key's owner. "It is you" is the answer
//     on a single node: a cluster of one.
//  4. forward.go: the same bytes go to the owner over the hop; an owner that
//     does not accept in time is passed over for the stand-by, else this node
//     serves. A forwarded request is terminal: its receiver never asks a ring.
//  5. limits.go: the key's limits are asked for room; handover.go and lease.go
//     keep them exact while keys change owners and where an owner only decides.
//  6. serve.go: the owner routes the model to a provider, picks the session's
//     instance, and calls it; an instance's fault before the first content
//     (fault.go, instancestream.go) moves the request to the next instance.
//     elsewhere.go: where only this node's way is broken, to a peer.
//  7. body.go: same dialect, same bytes; model and stream options are spliced.
//  8. relay.go: a stream flows back frame by frame, usage is read on the way,
//     and a stream that breaks ends with the dialect's error event. patience.go
//     and pulse.go: a client of a silent provider gets its head after 15 s, and
//     signs of life.
//  9. record.go: metrics, the log line, the session's touch; once a request,
//     on the node that served it.
//
// Beside the requests, probe.go looks after instances for all nodes, and
// vigil.go gives up peers that froze.
//
// What changes together is one immutable snapshot (snapshot.go), loaded once a
// request. What outlives a reload is keyed by identity.
package gateway
