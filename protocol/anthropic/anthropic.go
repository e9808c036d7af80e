// Package anthropic knows the wire format of Anthropic's Messages API. It
// reads what routing and accounting need of requests and answers, which
// otherwise pass as bytes, and writes errors in Anthropic's form.
//
// Sources: the types of @anthropic-ai/sdk and recorded traffic; where they
// differ the recordings win.
package anthropic
