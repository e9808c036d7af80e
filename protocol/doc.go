// Package protocol holds what the dialects of LLM APIs have in common: the
// names of the dialects, the errors that clients are told, token usage, and a
// scanner and splicer of JSON that leave a body the bytes it is.
//
// The gateway passes a body on unchanged when client and instance speak one
// dialect. It still has to know that the body is JSON, which model it asks
// for and whether it asks for a stream, and must be able to replace a few
// values. [ScanObject] validates a whole document and tells where its members
// lie; [Splice] replaces spans and copies the rest.
//
// Everything here is a value or a pure function and may be used from any
// goroutine.
package protocol
